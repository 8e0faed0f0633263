package telemetry.runs;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.regex.Pattern;

/** What SQLite keeps of a value in a column of another type; see "type affinity" in its manual. */
final class Affinity {
    private static final Pattern WHOLE = Pattern.compile("[ \\t\\n\\f\\r]*[+-]?[0-9]{1,18}[ \\t\\n\\f\\r]*");
    private static final Pattern DECIMAL = Pattern.compile(
            "[ \\t\\n\\f\\r]*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?[ \\t\\n\\f\\r]*");

    /** As many digits of a number has a text that the SQLite of today's writers makes of it. */
    private static final int DIGITS = 15;
    private static final int LOWEST_PLAIN = -4;

    private Affinity() { }

    /** In a column of numbers: a Long, a Double, or the text itself when it is no number. */
    static Object number(String text) {
        if (WHOLE.matcher(text).matches()) return Long.valueOf(text.strip());
        return DECIMAL.matcher(text).matches() ? number(Double.parseDouble(text.strip())) : text;
    }

    /** The same of a number; NaN is NULL. */
    static Object number(double number) {
        if (Double.isNaN(number)) return null;
        boolean isWhole = number == Math.rint(number) && Math.abs(number) < Long.MAX_VALUE;
        return isWhole ? (Object) (long) number : (Object) number;
    }

    /** In a column of texts. */
    static String text(double number) {
        if (!Double.isFinite(number)) return Double.isNaN(number) ? null : number > 0 ? "Inf" : "-Inf";
        if (number == 0) return "0.0";
        BigDecimal rounded = new BigDecimal(number).round(new MathContext(DIGITS)).stripTrailingZeros();
        int exponent = rounded.precision() - 1 - rounded.scale();
        if (exponent >= LOWEST_PLAIN && exponent < DIGITS) {
            String plain = rounded.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = rounded.unscaledValue().abs().toString();
        return (number < 0 ? "-" : "") + digits.charAt(0) + "." + (digits.length() == 1 ? "0" : digits.substring(1))
                + (exponent < 0 ? "e-" : "e+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
