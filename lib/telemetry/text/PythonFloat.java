package telemetry.text;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Numbers as Python's {@code repr} and {@code json.dumps} write them: the shortest digits that read back, {@code 1e+16}, {@code 0.0001}.
 */
final class PythonFloat {

    /** Decimals of so many digits are all different doubles, above the smallest normal one. */
    private static final int ALWAYS_APART = 15;
    private static final int ALWAYS_ENOUGH = 17;

    private static final RoundingMode[] NEAREST_FIRST = {RoundingMode.HALF_EVEN, RoundingMode.FLOOR, RoundingMode.CEILING};

    private PythonFloat() { }

    /** {@code 0.1}, {@code 1e+16}, {@code NaN}, {@code -Infinity}: the words for the last two as json.dumps has them. */
    static String repr(double number) {
        if (Double.isNaN(number)) return "NaN";
        if (Double.isInfinite(number)) return number > 0 ? "Infinity" : "-Infinity";
        if (number == 0) return 1 / number < 0 ? "-0.0" : "0.0";
        BigDecimal shortest = shortest(Math.abs(number));
        String digits = shortest.unscaledValue().toString();
        int point = digits.length() - shortest.scale();
        return (number < 0 ? "-" : "") + (-4 < point && point <= 16 ? fixed(digits, point) : scientific(digits, point - 1));
    }

    /** Java 17 itself prints 2e23 as 1.9999999999999998E23. */
    private static BigDecimal shortest(double number) {
        BigDecimal printed = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        boolean isApart = number >= Double.MIN_NORMAL && printed.precision() <= ALWAYS_APART;
        if (isApart) return printed;
        var exact = new BigDecimal(number);
        for (int precision = number >= Double.MIN_NORMAL ? ALWAYS_APART : 1; precision <= ALWAYS_ENOUGH; precision++)
            for (RoundingMode mode : NEAREST_FIRST) {
                BigDecimal rounded = exact.round(new MathContext(precision, mode));
                if (rounded.doubleValue() == number) return rounded.stripTrailingZeros();
            }
        return printed;
    }

    private static String fixed(String digits, int point) {
        if (point <= 0) return "0." + "0".repeat(-point) + digits;
        return point >= digits.length() ? digits + "0".repeat(point - digits.length()) + ".0"
                : digits.substring(0, point) + '.' + digits.substring(point);
    }

    private static String scientific(String digits, int exponent) {
        String magnitude = Integer.toString(Math.abs(exponent));
        return digits.charAt(0) + (digits.length() == 1 ? "" : '.' + digits.substring(1)) + 'e' + (exponent < 0 ? '-' : '+')
                + (magnitude.length() == 1 ? "0" : "") + magnitude;
    }
}
