package telemetry.text;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.eclipsesource.json.ParseException;
import com.eclipsesource.json.WriterConfig;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import telemetry.Next;
import telemetry.Row;
import telemetry.Run;
import telemetry.Size;
import telemetry.Times;

/**
 * Writes Java's plain data as JSON. Maps and records become objects, iterables arrays, a {@link Result} its data. An Instant becomes its
 * text in UTC, a Duration milliseconds, bytes base64, and everything else its {@code toString()}. NaN and Infinity become null. A record
 * component {@code itemsFailed} becomes the key {@code items_failed}, {@code isVerified} the key {@code verified}.
 */
public final class JsonText {

    /** A record whose members join those of the record around it, without an object of their own. */
    public interface Inline { }

    /** In characters or bytes. */
    private static final int LONG = 1 << 16;

    private JsonText() { }

    /** On several lines, for people and programs. */
    public static String pretty(Object data) {
        return value(data).toString(WriterConfig.PRETTY_PRINT);
    }

    /** The same JSON text in ASCII: a file of it that is cut short is a text all the same. */
    public static String ascii(String json) {
        int at = 0;
        while (at < json.length() && json.charAt(at) < 0x7f) at++;
        if (at == json.length()) return json;
        var ascii = new StringBuilder(json.length() + 64).append(json, 0, at);
        for (; at < json.length(); at++) {
            char c = json.charAt(at);
            if (c < 0x7f) ascii.append(c);
            else ascii.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
        }
        return ascii.toString();
    }

    /** On one line. */
    public static String line(Object data) {
        return value(data).toString();
    }

    /**
     * Appends what {@link #line} gives for a map of these values, but faster.
     *
     * @param names as JSON texts, all different
     * @return false when a value is so long that it is to be written in parts; nothing was appended then
     */
    public static boolean appendRow(StringBuilder text, List<String> names, List<?> values) {
        int before = text.length();
        for (int i = 0; i < names.size(); i++) {
            text.append(i == 0 ? '{' : ',').append(names.get(i)).append(':');
            Object value = values.get(i);
            if (value instanceof Long) text.append((long) value);
            else if (isLong(value)) {
                text.setLength(before);
                return false;
            } else if (value instanceof String plain && isPlain(plain)) text.append('"').append(plain).append('"');
            else text.append(line(value));
        }
        text.append(names.isEmpty() ? "{}" : "}");
        return true;
    }

    /** True for a value of which memory should not hold another copy. */
    public static boolean isLong(Object value) {
        return value instanceof String text ? text.length() > LONG : value instanceof byte[] blob ? blob.length > LONG
                : value instanceof LargeValue;
    }

    /** A part of a text as it stands between a JSON text's quotation marks. */
    public static String part(String text) {
        String quoted = line(text);
        return quoted.substring(1, quoted.length() - 1);
    }

    /** True when the JSON writer would escape nothing in it. */
    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c == '"' || c == '\\' || c == '\u2028' || c == '\u2029') return false;
        }
        return true;
    }

    /**
     * Reads one object; nested objects and arrays come as their JSON text.
     *
     * @throws IllegalArgumentException when the text is no JSON object
     */
    public static Map<String, Object> object(String json) {
        Map<String, Object> members = new LinkedHashMap<>();
        try {
            for (JsonObject.Member member : Json.parse(json).asObject()) members.put(member.getName(), Ndjson.plain(member.getValue()));
        } catch (ParseException | UnsupportedOperationException e) {
            throw new IllegalArgumentException("no JSON object: " + e.getMessage(), e);
        }
        return members;
    }

    /** The members of several records in turn, for one object made of all of them. */
    public static Map<String, Object> members(Record... records) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (Record record : records)
            for (RecordComponent component : record.getClass().getRecordComponents()) {
                try {
                    component.getAccessor().setAccessible(true);
                    Object value = component.getAccessor().invoke(record);
                    String name = component.getName().replaceFirst("^is(?=[A-Z])", "").replaceAll("(?<=.)([A-Z])", "_$1");
                    if (value instanceof Inline) members.putAll(members((Record) value));
                    else if (isNext(component)) {
                        members.put("hint", value == null ? null : ((Next) value).hint());
                        members.put("next", value == null ? null : ((Next) value).command());
                    }
                    else members.put(name.toLowerCase(Locale.ROOT), value);
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException("cannot read " + component, e);
                }
            }
        return members;
    }

    /** What to do next is two members: what to know, and the command as it is printed. */
    private static boolean isNext(RecordComponent component) {
        return component.getType() == Next.class && (component.getName().equals("hint") || component.getName().equals("next"));
    }

    static JsonValue value(Object data) {
        if (data == null) return Json.NULL;
        if (data instanceof Boolean bool) return Json.value(bool);
        if (data instanceof Double || data instanceof Float) {
            double number = ((Number) data).doubleValue();
            return Double.isFinite(number) ? Json.parse(BigDecimal.valueOf(number).toPlainString()) : Json.NULL;
        }
        if (data instanceof Number number) return Json.parse(number.toString());
        if (data instanceof Size size) return Json.value(size.bytes());
        if (data instanceof Instant instant) return Json.value(Times.text(instant));
        if (data instanceof Duration duration) return Json.value(duration.toMillis());
        if (data instanceof byte[] bytes) return Json.value(Base64.getEncoder().encodeToString(bytes));
        if (data instanceof Optional<?> optional) return value(optional.orElse(null));
        if (data instanceof Result result && result.data() != result) return value(result.data());
        if (data instanceof Next next) return next.command() == null ? value(next.hint()) : value(next.command());
        if (data instanceof Next.Command command) return Json.value(command.toString());
        if (data instanceof Row row) return value(row.map());
        if (data instanceof Run run) return value(run.fields());
        if (data instanceof Map<?, ?> map) return object(map);
        if (data instanceof Path path) return Json.value(path.toString());
        if (data instanceof Iterable<?> many) return array(many);
        if (data instanceof Record record) return object(members(record));
        return Json.value(data.toString());
    }

    private static JsonValue object(Map<?, ?> map) {
        var object = new JsonObject();
        map.forEach((name, value) -> object.set(String.valueOf(name), value(value)));
        return object;
    }

    private static JsonValue array(Iterable<?> many) {
        var array = new JsonArray();
        many.forEach(one -> array.add(value(one)));
        return array;
    }
}
