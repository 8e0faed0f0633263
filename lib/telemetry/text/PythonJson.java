package telemetry.text;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.eclipsesource.json.ParseException;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * JSON inside a column, which Python's writers hand over as an object or as its text: written as {@code json.dumps} writes it, and compared
 * by value. NaN and Infinity, which Python reads and writes although JSON lacks them, are values as others are.
 */
public final class PythonJson {

    /** Numbers that stand for Python's words while JSON is read; nobody writes them. */
    static final String NAN = "0e90000001";
    static final String INFINITY = "1e90000002";
    static final String MINUS_INFINITY = "-1e90000002";

    private PythonJson() { }

    /** True for a column whose text may be JSON: {@code metrics_json}, {@code context_json}, {@code payload_json}, {@code metadata}. */
    public static boolean isColumn(String column) {
        return column.endsWith("_json") || column.endsWith("metadata");
    }

    /** True when both are equal, or JSON of equal value. The order of keys and the form of numbers do not count. */
    public static boolean isSame(Object a, Object b) {
        if (a == null || b == null || a.equals(b)) return a == b || a != null && a.equals(b);
        return a instanceof String one && b instanceof String other && isPerhaps(one) && isPerhaps(other)
                && canonical(one).equals(canonical(other));
    }

    /** A text that is the same for JSON of equal value: keys in order, one form for equal numbers. What is no object or array, as it is. */
    public static String canonical(String text) {
        if (!isPerhaps(text)) return text;
        try {
            var canonical = new StringBuilder(text.length());
            write(canonical, parse(text), true);
            return canonical.toString();
        } catch (ParseException e) {
            return text;
        }
    }

    /** An object or an array may begin like this. */
    private static boolean isPerhaps(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > ' ') return c == '{' || c == '[';
        }
        return false;
    }

    /** Reads JSON with Python's words in it. */
    static JsonValue parse(String text) {
        try {
            return Json.parse(text);
        } catch (ParseException e) {
            String marked = marked(text);
            if (marked.equals(text)) throw e;
            return Json.parse(marked);
        }
    }

    /** As json.dumps writes what json.loads has read. */
    static String dumps(JsonValue value) {
        var text = new StringBuilder();
        write(text, value, false);
        return text.toString();
    }

    private static void write(StringBuilder text, JsonValue value, boolean isCanonical) {
        if (value.isObject()) writeObject(text, value.asObject(), isCanonical);
        else if (value.isArray()) {
            text.append('[');
            for (Iterator<JsonValue> all = value.asArray().iterator(); all.hasNext();) {
                write(text, all.next(), isCanonical);
                if (all.hasNext()) text.append(", ");
            }
            text.append(']');
        } else if (value.isString()) Ndjson.quoted(text, value.asString());
        else if (value.isNumber()) text.append(isCanonical ? canonicalNumber(value.toString()) : number(value.toString()));
        else text.append(value);
    }

    /** Of two members of one name the last counts, at the place of the first. */
    private static void writeObject(StringBuilder text, JsonObject object, boolean isCanonical) {
        Map<String, JsonValue> members = isCanonical ? new TreeMap<>() : new LinkedHashMap<>();
        for (JsonObject.Member member : object) members.put(member.getName(), member.getValue());
        String before = "{";
        for (Map.Entry<String, JsonValue> member : members.entrySet()) {
            Ndjson.quoted(text.append(before), member.getKey());
            write(text.append(": "), member.getValue(), isCanonical);
            before = ", ";
        }
        text.append(members.isEmpty() ? "{}" : "}");
    }

    private static String number(String text) {
        return isWhole(text) ? text.equals("-0") ? "0" : text : PythonFloat.repr(real(text));
    }

    /** Python compares whole numbers and floats exactly: 1 is 1.0, and 2^53 + 1 is no float. */
    private static String canonicalNumber(String text) {
        if (isWhole(text)) return number(text);
        double number = real(text);
        if (!Double.isFinite(number)) return PythonFloat.repr(number);
        boolean isWhole = number == Math.rint(number);
        return isWhole ? new BigDecimal(number).toBigInteger().toString() : PythonFloat.repr(number);
    }

    private static boolean isWhole(String text) {
        for (int i = 0; i < text.length(); i++) if (".eE".indexOf(text.charAt(i)) >= 0) return false;
        return true;
    }

    private static double real(String text) {
        return text.equals(NAN) ? Double.NaN : Double.parseDouble(text);
    }

    /** With numbers in place of Python's words. */
    static String marked(String text) {
        var marked = new StringBuilder(text.length());
        boolean isQuoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') isQuoted = !isQuoted;
            String number = isQuoted || c != 'N' && c != 'I' && c != '-' ? null : text.startsWith("NaN", i) ? NAN
                    : text.startsWith("Infinity", i) ? INFINITY : text.startsWith("-Infinity", i) ? MINUS_INFINITY : null;
            if (number != null) {
                marked.append(number);
                i += (number.equals(NAN) ? "NaN" : number.equals(INFINITY) ? "Infinity" : "-Infinity").length() - 1;
                continue;
            }
            marked.append(c);
            if (isQuoted && c == '\\' && i + 1 < text.length()) marked.append(text.charAt(++i));
        }
        return marked.toString();
    }
}
