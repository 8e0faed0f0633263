package telemetry;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The forms in which a store writes instants, and the short forms in which people give durations.
 * The forms of {@code start_time} never compare as text: {@code 2025-12-10T12:05:30.123456+00:00}, {@code 2025-12-10T12:05:30Z},
 * {@code 2025-12-10 12:05:30}, other offsets, and numbers.
 */
public final class Times {

    /** A longer text is no instant, and is not looked at. */
    public static final int MOST_CHARACTERS = 1_000;

    /** The beginning of the year 0 and the last second of 9999; parsing them would load a formatter. */
    private static final long FIRST_SECOND = -62_167_219_200L;
    private static final long LAST_SECOND = 253_402_300_799L;
    private static final long NO_DAY = Long.MIN_VALUE;
    private static final int NO_OFFSET = Integer.MIN_VALUE;

    /** In minutes, either way, as in SQLite; no place on earth is further from UTC than 14 hours. */
    private static final int MOST_OFFSET = 14 * 60 + 59;
    private static final BigInteger BILLION = BigInteger.valueOf(1_000_000_000);

    private Times() { }

    /** The form of the v3 Python writers, microseconds and offset, always in UTC: {@code 2025-12-10T12:05:30.123456+00:00}. */
    public static String text(Instant instant) {
        var t = instant.atOffset(ZoneOffset.UTC);
        var text = new StringBuilder(32);
        padded(text, t.getYear(), 4).append('-');
        padded(text, t.getMonthValue(), 2).append('-');
        padded(text, t.getDayOfMonth(), 2).append('T');
        padded(text, t.getHour(), 2).append(':');
        padded(text, t.getMinute(), 2).append(':');
        padded(text, t.getSecond(), 2).append('.');
        return padded(text, t.getNano() / 1000, 6).append("+00:00").toString();
    }

    /** As Python's {@code isoformat()} has it, in the lines of writers: the same, but a whole second has no microseconds. */
    public static String isoformat(Instant instant) {
        return instant.getNano() < 1000 ? text(instant).substring(0, 19) + "+00:00" : text(instant);
    }

    /** {@code 2025-12-10 12:05:30}, UTC: how tables show an instant. */
    public static String seconds(Instant instant) {
        return text(instant).substring(0, 19).replace('T', ' ');
    }

    /** {@code 20251210_120530}, UTC: how backups and quarantine folders are named. */
    public static String stamp(Instant instant) {
        var t = instant.atOffset(ZoneOffset.UTC);
        var text = new StringBuilder(16);
        padded(text, t.getYear(), 4);
        padded(text, t.getMonthValue(), 2);
        padded(text, t.getDayOfMonth(), 2).append('_');
        padded(text, t.getHour(), 2);
        padded(text, t.getMinute(), 2);
        return padded(text, t.getSecond(), 2).toString();
    }

    /**
     * Reads {@code 2025-12-11} or {@code 20251211}.
     *
     * @throws IllegalArgumentException when it is neither
     */
    public static LocalDate day(String text) {
        try {
            return text.length() == 8 ? LocalDate.parse(text, DateTimeFormatter.BASIC_ISO_DATE) : LocalDate.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("'" + text + "' is not a day (2025-12-11)");
        }
    }

    /**
     * Reads any form of an instant that a store holds; this is the one rule, and SQL calls it too ({@code telemetry_instant}).
     *
     * <p>A date with a T or a blank before its time, which has minutes at least: {@code 2025-12-10T12:05:30.123+05:30}. The offset may be
     * {@code +05:30}, {@code +0530}, {@code +05}, {@code Z} or UTC; without one it is UTC. The fraction follows a point or a comma and is
     * cut to nanoseconds. Second 60 is the first of the next minute. A bare date is its midnight.
     *
     * <p>A number, also as text, counts from 1970 and is told apart by its size: below 10^11 it is seconds, below 10^14 milliseconds, below
     * 10^17 microseconds, else nanoseconds. Eight digits that are a day of the years 1970 to 2099 are that day.
     *
     * @return null for whatever is no instant of the years 0 to 9999, of whatever class; it never throws
     */
    public static Instant instant(Object value) {
        if (value instanceof Number number) return epoch(number.toString());
        if (!(value instanceof String text) || text.length() > MOST_CHARACTERS) return null;
        int end = text.indexOf('\0');
        String t = (end < 0 ? text : text.substring(0, end)).trim();
        return digits(t, 0, 4) >= 0 && t.length() > 4 && t.charAt(4) == '-' ? dated(t) : epoch(t);
    }

    /** An instant of the years 0 to 9999 as a text that sorts as instants do: {@code 2025-12-10T12:05:30.123000000}, UTC. */
    public static String sortable(Instant instant) {
        String second = text(instant).substring(0, 19);
        return instant.getNano() == 0 ? second : padded(new StringBuilder(second).append('.'), instant.getNano(), 9).toString();
    }

    private static Instant dated(String t) {
        long day = day(digits(t, 0, 4), digits(t, 5, 7), digits(t, 8, 10));
        if (day == NO_DAY || t.charAt(7) != '-') return null;
        if (t.length() == 10) return at(day * 86_400, 0);
        int hour = digits(t, 11, 13);
        int minute = digits(t, 14, 16);
        if ("Tt ".indexOf(t.charAt(10)) < 0 || hour < 0 || hour > 24 || minute < 0 || minute > 59 || t.charAt(13) != ':') return null;
        int second = t.startsWith(":", 16) ? digits(t, 17, 19) : 0;
        int to = t.startsWith(":", 16) ? 19 : 16;
        if (second < 0 || second > 60) return null;
        int from = to == 19 && (t.startsWith(".", 19) || t.startsWith(",", 19)) ? 20 : to;
        if (from > to) {
            to = from;
            while (to < t.length() && t.charAt(to) >= '0' && t.charAt(to) <= '9') to++;
            if (to == from) return null;
        }
        int offset = offset(t.substring(to).trim());
        return offset == NO_OFFSET ? null : at(day * 86_400 + hour * 3_600 + minute * 60 + second - offset, nanos(t, from, to));
    }

    /** Since 1970; {@link #NO_DAY} for a day that no calendar has. */
    private static long day(int year, int month, int day) {
        if (year < 0 || month < 1 || month > 12 || day < 1) return NO_DAY;
        LocalDate first = LocalDate.of(year, month, 1);
        return day > first.lengthOfMonth() ? NO_DAY : first.toEpochDay() + day - 1;
    }

    private static int nanos(String t, int from, int to) {
        int nanos = 0;
        for (int i = 0; i < 9; i++) nanos = nanos * 10 + (from + i < to ? t.charAt(from + i) - '0' : 0);
        return nanos;
    }

    /** In seconds; {@link #NO_OFFSET} for what is none. Java adds the zone's name to an offset: {@code +01:00[Europe/Berlin]}. */
    private static int offset(String text) {
        int name = text.endsWith("]") ? text.indexOf('[') : -1;
        String zone = name > 0 ? text.substring(0, name) : text;
        if (zone.isEmpty() || zone.equalsIgnoreCase("Z") || zone.equalsIgnoreCase("UTC") || zone.equalsIgnoreCase("GMT")) return 0;
        boolean colon = zone.length() > 3 && zone.charAt(3) == ':';
        int hours = digits(zone, 1, 3);
        int minutes = zone.length() == 3 ? 0 : digits(zone, colon ? 4 : 3, colon ? 6 : 5);
        boolean isWhole = zone.length() == (colon ? 6 : 5) || zone.length() == 3;
        if ("+-".indexOf(zone.charAt(0)) < 0 || !isWhole || hours < 0 || minutes < 0 || minutes > 59 || hours * 60 + minutes > MOST_OFFSET)
            return NO_OFFSET;
        return (zone.charAt(0) == '-' ? -60 : 60) * (hours * 60 + minutes);
    }

    private static Instant epoch(String text) {
        boolean isDay = text.length() == 8 && digits(text, 0, 4) >= 1970 && digits(text, 0, 4) < 2100;
        long day = isDay ? day(digits(text, 0, 4), digits(text, 4, 6), digits(text, 6, 8)) : NO_DAY;
        if (day != NO_DAY) return at(day * 86_400, 0);
        try {
            var number = new BigDecimal(text.replace(',', '.'));
            long size = (long) number.precision() - number.scale();
            if (size > 22) return null;
            if (size < -22) return Instant.EPOCH;
            int toNanos = size <= 11 ? 9 : size <= 14 ? 6 : size <= 17 ? 3 : 0;
            BigInteger nanos = number.scaleByPowerOfTen(toNanos).setScale(0, RoundingMode.FLOOR).toBigInteger();
            BigInteger rest = nanos.mod(BILLION);
            return at(nanos.subtract(rest).divide(BILLION).longValueExact(), rest.intValue());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static Instant at(long second, int nanos) {
        return second < FIRST_SECOND || second > LAST_SECOND ? null : Instant.ofEpochSecond(second, nanos);
    }

    /** The number that these digits are; -1 when one of them is none. */
    private static int digits(String text, int from, int to) {
        if (text.length() < to) return -1;
        int number = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') return -1;
            number = number * 10 + c - '0';
        }
        return number;
    }

    /**
     * Reads {@code 90d}, {@code 24h}, {@code 30m}, {@code 45s}, {@code 2w} or {@code 500ms}: a whole number and one unit.
     *
     * @throws IllegalArgumentException when it is none, negative or beyond 1,000 years
     */
    public static Duration duration(String text) {
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') digits++;
        long unit = switch (text.substring(digits).toLowerCase(Locale.ROOT)) {
            case "ms" -> 1;
            case "s" -> 1_000;
            case "m" -> 60_000;
            case "h" -> 3_600_000;
            case "d" -> 86_400_000;
            case "w" -> 7 * 86_400_000L;
            default -> 0;
        };
        if (digits == 0 || digits > 12 || unit == 0)
            throw new IllegalArgumentException("'" + text + "' is not a duration (90d, 24h, 30m, 45s)");
        long number = Long.parseLong(text.substring(0, digits));
        if (number > 365_000L * 86_400_000 / unit)
            throw new IllegalArgumentException("'" + text + "' is longer than 1,000 years");
        return Duration.ofMillis(number * unit);
    }

    /** As a person says it, in at most two units: {@code 3 d 4 h}, {@code 12 min}, {@code 340 ms}. */
    public static String words(Duration duration) {
        long ms = duration.toMillis();
        if (ms < 0) return "-" + words(duration.negated());
        if (ms < 1_000) return ms + " ms";
        if (ms < 60_000) return String.format(Locale.ROOT, ms < 10_000 ? "%.1f s" : "%.0f s", ms / 1000.0);
        long minutes = ms / 60_000;
        if (minutes < 60) return minutes + " min";
        if (minutes < 24 * 60) return two(minutes / 60, "h", minutes % 60, "min");
        return two(minutes / (24 * 60), "d", minutes / 60 % 24, "h");
    }

    /** In milliseconds with two decimals: {@code 0.42}. */
    public static BigDecimal millis(Duration duration) {
        return BigDecimal.valueOf(duration.toNanos(), 6).setScale(2, RoundingMode.HALF_UP);
    }

    /** A point in time given by a person: a time ago, or an instant. */
    public record Since(Duration ago, Instant instant) {
        /** A number without its unit is a slip, not an instant of 1970. */
        private static final String TOO_SHORT = "[+-]?[0-9]{1,7}([.,][0-9]*)?";

        private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");
        private static final Instant LAST = Instant.parse("9999-12-30T00:00:00Z");

        /** @throws IllegalArgumentException when the text is neither a duration nor an instant */
        public static Since parse(String text) {
            Instant instant = text.strip().matches(TOO_SHORT) ? null : Times.instant(text);
            if (instant != null && (instant.isBefore(FIRST) || instant.isAfter(LAST)))
                throw new IllegalArgumentException("'" + text + "' is not within the years 0 to 9999");
            if (instant != null) return new Since(null, instant);
            try {
                return new Since(duration(text), null);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("'" + text + "' is neither a duration (24h, 7d) nor an instant (2025-12-10T12:00:00Z)");
            }
        }

        public Instant at(Clock clock) {
            return instant != null ? instant : clock.instant().minus(ago);
        }
    }

    private static String two(long big, String bigUnit, long small, String smallUnit) {
        return big + " " + bigUnit + (small == 0 ? "" : " " + small + " " + smallUnit);
    }

    private static StringBuilder padded(StringBuilder text, int number, int width) {
        int least = 1;
        for (int i = 1; i < width; i++) least *= 10;
        for (; number < least && least > 1; least /= 10) text.append('0');
        return text.append(number);
    }
}
