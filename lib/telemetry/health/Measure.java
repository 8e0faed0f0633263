package telemetry.health;

import java.math.BigDecimal;

/**
 * A number that a check measured, for monitoring systems.
 *
 * @param name     lower case with underscores: {@code disk_free}
 * @param unit     {@code "bytes"}, {@code "seconds"} or "" for a count
 * @param help     what it is, in a few words
 * @param value    in that unit
 * @param warning  the values that are all right, as monitoring plugins write it: {@code 10} is 0 to 10, {@code 10:} 10 and more; "" when
 *                 there is no threshold
 * @param critical the same for a failure
 */
public record Measure(String name, String unit, String help, BigDecimal value, String warning, String critical) {

    /** A number that nobody is warned of. */
    static Measure of(String name, String unit, String help, double value) {
        return new Measure(name, unit, help, number(value), "", "");
    }

    /** This number, of which more than so much is a warning. */
    Measure atMost(double most) {
        return new Measure(name, unit, help, value, plain(number(most)), critical);
    }

    /** This number, of which less than so much is a warning, and less than that a failure. */
    Measure atLeast(double least, double failed) {
        return new Measure(name, unit, help, value, plain(number(least)) + ":", plain(number(failed)) + ":");
    }

    /** The value without an exponent: {@code 0.00093}. */
    public String text() {
        return plain(value);
    }

    private static BigDecimal number(double value) {
        return value == Math.rint(value) ? BigDecimal.valueOf((long) value) : BigDecimal.valueOf(value);
    }

    private static String plain(BigDecimal number) {
        return number.toPlainString();
    }
}
