package telemetry.text;

import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Java's plain data as Python's {@code json.dumps} writes it: {@code ", "} and {@code ": "}, ASCII only, floats as Python's {@code repr}.
 * What Python lacks becomes what {@link JsonText} makes of it. NaN and Infinity, which are no JSON, become null.
 *
 * @param text a JSON object or array, which stands in a line as it is and not as a text
 */
public record PythonJson(String text) {

    /** A decimal of so many digits is the only one of its length that a double can mean. */
    private static final int SURE_DIGITS = 15;
    private static final int MOST_DIGITS = 17;

    /** From this power of ten on, and below the other, Python writes an exponent. */
    private static final int FIRST_EXPONENT = 16;
    private static final int LAST_EXPONENT = -5;

    /** The data as a JSON text. */
    public static String of(Object data) {
        var text = new StringBuilder();
        any(text, data);
        return text.toString();
    }

    private static void write(StringBuilder text, Object data) {
        if (data == null || data instanceof Boolean) text.append(data);
        else if (data instanceof Double || data instanceof Float) text.append(number(((Number) data).doubleValue()));
        else if (data instanceof Number) text.append(data);
        else if (data instanceof String plain) text.append('"').append(Ndjson.escaped(plain)).append('"');
        else if (data instanceof PythonJson json) text.append(json.text);
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
            write(text, (Object) (member.getKey() instanceof Double key ? repr(key) : String.valueOf(member.getKey())));
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

    private static String number(double number) {
        return Double.isFinite(number) ? repr(number) : "null";
    }

    /**
     * A finite number as Python's {@code repr} has it: the shortest decimal that reads back as the same number, and of these the nearest;
     * {@code 1e+16}, {@code 0.0001}, {@code 1e-05}, {@code -0.0}.
     */
    public static String repr(double number) {
        if (number == 0) return 1 / number < 0 ? "-0.0" : "0.0";
        BigDecimal shortest = shortest(Math.abs(number)).stripTrailingZeros();
        String digits = shortest.unscaledValue().toString();
        int exponent = digits.length() - 1 - shortest.scale();
        String sign = number < 0 ? "-" : "";
        if (exponent >= FIRST_EXPONENT || exponent <= LAST_EXPONENT) {
            String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
            return sign + digits.charAt(0) + fraction + (exponent < 0 ? "e-" : "e+") + (Math.abs(exponent) < 10 ? "0" : "")
                    + Math.abs(exponent);
        }
        String plain = shortest.toPlainString();
        return sign + plain + (plain.indexOf('.') < 0 ? ".0" : "");
    }

    /** Java's own text is not always the shortest before Java 19, and has two digits at least. */
    private static BigDecimal shortest(double number) {
        var java = new BigDecimal(Double.toString(number));
        if (java.precision() <= SURE_DIGITS && number >= Double.MIN_NORMAL) return java;
        var exact = new BigDecimal(number);
        for (int digits = number < Double.MIN_NORMAL ? 1 : SURE_DIGITS; digits <= MOST_DIGITS; digits++) {
            BigDecimal best = null;
            for (RoundingMode mode : new RoundingMode[] {RoundingMode.HALF_EVEN, RoundingMode.DOWN, RoundingMode.UP}) {
                BigDecimal rounded = exact.round(new MathContext(digits, mode));
                if (best == null && rounded.doubleValue() == number) best = rounded;
            }
            if (best != null) return best;
        }
        return java;
    }

    @Override
    public String toString() {
        return text;
    }
}
