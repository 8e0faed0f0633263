//DEPS com.eclipsesource.minimal-json:minimal-json:0.9.5
package telemetry.text;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.eclipsesource.json.ParseException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import telemetry.Damage;
import telemetry.Event;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.Times;

/** Turns records into lines and lines into records, in the form of the Python writers: {@code ", "} and {@code ": "}, ASCII only. */
public final class Ndjson {
    /** In bytes. */
    private static final int LONG = 1 << 20;
    private static final Damage TOO_LARGE = new Damage("it needs more memory than this command has");

    private Ndjson() { }

    /** The record as one line without its newline. */
    public static String line(LogRecord record) {
        var line = new StringBuilder(1024);
        if (record instanceof Run run) {
            run.fields().forEach((name, value) -> {
                if (!name.equals("record_type")) member(line, name, value);
            });
            member(line, "record_type", "run");
        } else if (record instanceof Event event) {
            member(line, "run_id", event.runId());
            member(line, "event_type", event.type());
            member(line, "timestamp", event.timestamp() == null ? null : Times.isoformat(event.timestamp()));
            member(line, "payload_json", event.payload());
            member(line, "id", null);
            member(line, "record_type", "event");
        } else {
            throw new IllegalArgumentException("damage cannot be written");
        }
        return line.append('}').toString();
    }

    private static void member(StringBuilder line, String name, Object value) {
        line.append(line.length() == 0 ? "{" : ", ");
        quoted(line, name);
        line.append(": ");
        boolean isNull = value == null || (value instanceof Double || value instanceof Float)
                && !Double.isFinite(((Number) value).doubleValue());
        if (isNull) line.append("null");
        else if (value instanceof Boolean || value instanceof Long || value instanceof Integer) line.append(value);
        else if (value instanceof Double || value instanceof Float) line.append(PythonFloat.repr(((Number) value).doubleValue()));
        else if (value instanceof Number) line.append(new BigDecimal(value.toString()));
        else if (value instanceof PythonText json) line.append(json.text());
        else quoted(line, value.toString());
    }

    static void quoted(StringBuilder line, String text) {
        line.append('"');
        if (isPlain(text)) line.append(text);
        else text.chars().forEach(c -> escaped(line, (char) c));
        line.append('"');
    }

    /** A text as it stands between the quotation marks of a line. */
    public static String escaped(String text) {
        var quoted = new StringBuilder(text.length() + 2);
        quoted(quoted, text);
        return quoted.substring(1, quoted.length() - 1);
    }

    /** A loop of its own: with the one compiler that scripts run with, a call for each character would be slow. */
    private static boolean isPlain(String text) {
        for (int i = 0, length = text.length(); i < length; i++) {
            char c = text.charAt(i);
            if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') return false;
        }
        return true;
    }

    private static void escaped(StringBuilder line, char c) {
        switch (c) {
            case '"', '\\' -> line.append('\\').append(c);
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            case '\b' -> line.append("\\b");
            case '\f' -> line.append("\\f");
            default -> {
                if (c >= ' ' && c < 0x7f) line.append(c);
                else line.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
            }
        }
    }

    /**
     * Reads one object. Never throws on bad input: what cannot be read comes back as {@link Damage}. Of the numbers that Python writes
     * although JSON lacks them, NaN is read as null and Infinity as itself. Objects and arrays become the text that Python's json.dumps has
     * for them, with these words.
     */
    public static LogRecord read(byte[] bytes, int from, int to) {
        return read(bytes, from, to, Ndjson::record);
    }

    /** The same for an object of any kind, which need not have a run_id. @return its members in the form of a run's fields, or damage */
    public static LogRecord object(byte[] bytes, int from, int to) {
        return read(bytes, from, to, json -> json.isObject() ? run(json.asObject()) : new Damage("no object"));
    }

    private static LogRecord read(byte[] bytes, int from, int to, Function<JsonValue, LogRecord> record) {
        return to - from > LONG ? readLong(bytes, from, to, record) : readShort(bytes, from, to, record);
    }

    /** Of a long line no second copy is held as text. One that memory does not take is damage, and reading goes on behind it. */
    private static LogRecord readLong(byte[] bytes, int from, int to, Function<JsonValue, LogRecord> record) {
        boolean hasMark = bytes[from] == (byte) 0xef && bytes[from + 1] == (byte) 0xbb && bytes[from + 2] == (byte) 0xbf;
        int begin = hasMark ? from + 3 : from;
        try (Reader reader = new InputStreamReader(new ByteArrayInputStream(bytes, begin, to - begin),
                StandardCharsets.UTF_8.newDecoder())) {
            return record.apply(Json.parse(reader));
        } catch (CharacterCodingException e) {
            return new Damage("invalid UTF-8");
        } catch (ParseException e) {
            return isPerhapsNaN(bytes, begin + e.getLocation().offset, to) ? readWithNaN(bytes, from, to, record)
                    : new Damage("no JSON: " + e.getMessage());
        } catch (IOException e) {
            return new Damage("cannot be read: " + e.getMessage());
        } catch (OutOfMemoryError e) {
            return TOO_LARGE;
        }
    }

    /** The parser stops at the first letter of such a word, or behind it. */
    private static boolean isPerhapsNaN(byte[] bytes, int at, int to) {
        for (int i = Math.max(0, at - 3); i < Math.min(at + 3, to); i++) if (bytes[i] == 'N' || bytes[i] == 'I') return true;
        return false;
    }

    private static LogRecord readWithNaN(byte[] bytes, int from, int to, Function<JsonValue, LogRecord> record) {
        try {
            return readShort(bytes, from, to, record);
        } catch (OutOfMemoryError e) {
            return TOO_LARGE;
        }
    }

    private static LogRecord readShort(byte[] bytes, int from, int to, Function<JsonValue, LogRecord> record) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from)).toString();
        } catch (CharacterCodingException e) {
            return new Damage("invalid UTF-8");
        }
        if (text.startsWith("\uFEFF")) text = text.substring(1);
        try {
            return record.apply(PythonJson.parse(text));
        } catch (ParseException e) {
            return new Damage("no JSON: " + e.getMessage());
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
        return new Event(id.asString(), text(object.get("event_type")), Times.instant(text(object.get("timestamp"))),
                text(object.get("payload_json")));
    }

    private static Run run(JsonObject object) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (JsonObject.Member member : object)
            if (!member.getName().equals("record_type")) fields.put(member.getName(), plain(member.getValue()));
        return new Run(fields);
    }

    static Object plain(JsonValue value) {
        if (value.isNull()) return null;
        if (value.isBoolean()) return value.asBoolean();
        if (value.isString()) return value.asString();
        if (value.isNumber()) return value.toString().equals(PythonJson.NAN) ? null : number(value.toString());
        return PythonJson.dumps(value);
    }

    /** Whole numbers of 64 bits become a Long, all others a Double: 1e999 is infinite, as Python reads it. */
    static Object number(String text) {
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            return Double.valueOf(text);
        }
    }

    private static String text(JsonValue value) {
        return value == null || value.isNull() ? null : value.isString() ? value.asString() : PythonJson.dumps(value);
    }
}
