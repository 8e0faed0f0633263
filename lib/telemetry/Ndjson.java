//DEPS com.eclipsesource.minimal-json:minimal-json:0.9.5
package telemetry;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.eclipsesource.json.ParseException;
import com.eclipsesource.json.PrettyPrint;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Line and record, one into the other, in the form of the Python writers: {@code ", "} and {@code ": "}, ASCII only. */
public final class Ndjson {
    private Ndjson() { }

    /** The record as one line without its newline. */
    public static String line(LogRecord record) {
        var object = new JsonObject();
        if (record instanceof Run run) {
            run.fields().forEach((name, value) -> object.set(name, value(value)));
            object.set("record_type", "run");
        } else if (record instanceof Event event) {
            object.add("run_id", event.runId()).add("event_type", event.type())
                    .add("timestamp", event.timestamp() == null ? null : Times.text(event.timestamp()))
                    .add("payload_json", event.payload()).add("id", Json.NULL).add("record_type", "event");
        } else {
            throw new IllegalArgumentException("damage is nothing to write");
        }
        return ascii(object.toString(PrettyPrint.singleLine()));
    }

    /**
     * Reads one object. Never throws on bad input: what cannot be read comes back as {@link Damage}.
     * NaN and Infinity, which Python writes and JSON has no word for, are read as null.
     */
    static LogRecord read(byte[] bytes, int from, int to) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from)).toString();
        } catch (CharacterCodingException e) {
            return new Damage("invalid UTF-8");
        }
        if (text.startsWith("\uFEFF")) text = text.substring(1);
        try {
            return record(parse(text));
        } catch (ParseException e) {
            return new Damage("no JSON: " + e.getMessage());
        }
    }

    private static JsonValue parse(String text) {
        try {
            return Json.parse(text);
        } catch (ParseException e) {
            String cleaned = withoutNaN(text);
            if (cleaned.equals(text)) throw e;
            return Json.parse(cleaned);
        }
    }

    private static LogRecord record(JsonValue json) {
        if (!json.isObject()) return new Damage("no object");
        JsonObject object = json.asObject();
        JsonValue id = object.get("run_id");
        if (id == null || !id.isString() || id.asString().isBlank()) return new Damage("no run_id");
        JsonValue type = object.get("record_type");
        boolean event = type != null && type.isString() ? type.asString().equals("event") : object.get("event_type") != null;
        if (!event) return run(object);
        return new Event(id.asString(), text(object.get("event_type")), Times.instant(text(object.get("timestamp"))), text(object.get("payload_json")));
    }

    private static Run run(JsonObject object) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (JsonObject.Member member : object)
            if (!member.getName().equals("record_type")) fields.put(member.getName(), plain(member.getValue()));
        return new Run(fields);
    }

    private static Object plain(JsonValue value) {
        if (value.isNull()) return null;
        if (value.isBoolean()) return value.asBoolean();
        if (value.isString()) return value.asString();
        if (value.isNumber()) return number(value.toString());
        return value.toString();
    }

    /** Whole numbers of 64 bits as Long, what a double can hold as Double, anything beyond as its text. */
    static Object number(String text) {
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            double number = Double.parseDouble(text);
            return Double.isFinite(number) ? (Object) number : text;
        }
    }

    private static String text(JsonValue value) {
        return value == null || value.isNull() ? null : value.isString() ? value.asString() : value.toString();
    }

    private static JsonValue value(Object plain) {
        if (plain == null) return Json.NULL;
        if (plain instanceof Boolean bool) return Json.value(bool);
        if (plain instanceof Double number && !Double.isFinite(number)) return Json.NULL;
        if (plain instanceof Number) return Json.parse(new BigDecimal(plain.toString()).toString());
        return Json.value(plain.toString());
    }

    private static String withoutNaN(String text) {
        var cleaned = new StringBuilder(text.length());
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') quoted = !quoted;
            if (quoted) {
                cleaned.append(c);
                if (c == '\\' && i + 1 < text.length()) cleaned.append(text.charAt(++i));
                continue;
            }
            String word = text.startsWith("NaN", i) ? "NaN" : text.startsWith("Infinity", i) ? "Infinity"
                    : text.startsWith("-Infinity", i) ? "-Infinity" : null;
            if (word == null) {
                cleaned.append(c);
            } else {
                cleaned.append("null");
                i += word.length() - 1;
            }
        }
        return cleaned.toString();
    }

    private static String ascii(String json) {
        int plain = 0;
        while (plain < json.length() && json.charAt(plain) < 0x7f) plain++;
        if (plain == json.length()) return json;
        var text = new StringBuilder(json.length() + 64).append(json, 0, plain);
        for (int i = plain; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c < 0x7f) text.append(c);
            else text.append(String.format("\\u%04x", (int) c));
        }
        return text.toString();
    }
}
