package telemetry.text;

import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Java's plain data as Python's {@code json.dumps} writes it: {@code ", "} and {@code ": "}, ASCII only, floats as Python's {@code repr}.
 * What Python lacks becomes what {@link JsonText} makes of it.
 *
 * @param text a JSON object or array, which stands in a line as it is and not as a text
 */
public record PythonText(String text) {

    /** The data as a JSON text. */
    public static String of(Object data) {
        var text = new StringBuilder();
        any(text, data);
        return text.toString();
    }

    private static void write(StringBuilder text, Object data) {
        if (data == null || data instanceof Boolean) text.append(data);
        else if (data instanceof Double || data instanceof Float) text.append(PythonFloat.repr(((Number) data).doubleValue()));
        else if (data instanceof Number) text.append(data);
        else if (data instanceof String plain) text.append('"').append(Ndjson.escaped(plain)).append('"');
        else if (data instanceof PythonText json) text.append(json.text);
        else if (data instanceof Map<?, ?> map) object(text, map);
        else if (data instanceof Iterable<?> many) array(text, many);
        else write(text, JsonText.value(data));
    }

    private static void write(StringBuilder text, JsonValue value) {
        if (value instanceof JsonArray array) array(text, array.values());
        else if (value instanceof JsonObject object) {
            Map<String, Object> members = new LinkedHashMap<>();
            object.forEach(member -> members.put(member.getName(), member.getValue()));
            object(text, members);
        } else if (value.isString()) write(text, (Object) value.asString());
        else text.append(value);
    }

    private static void object(StringBuilder text, Map<?, ?> map) {
        String before = "{";
        for (Map.Entry<?, ?> member : map.entrySet()) {
            text.append(before);
            write(text, (Object) (member.getKey() instanceof Double key ? PythonFloat.repr(key) : String.valueOf(member.getKey())));
            text.append(": ");
            any(text, member.getValue());
            before = ", ";
        }
        text.append(map.isEmpty() ? "{}" : "}");
    }

    private static void array(StringBuilder text, Iterable<?> many) {
        String before = "[";
        for (Object one : many) {
            text.append(before);
            any(text, one);
            before = ", ";
        }
        text.append(before.equals("[") ? "[]" : "]");
    }

    private static void any(StringBuilder text, Object data) {
        if (data instanceof JsonValue value) write(text, value);
        else write(text, data);
    }

    @Override
    public String toString() {
        return text;
    }
}
