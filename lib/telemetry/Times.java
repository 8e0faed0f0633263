package telemetry;

import java.math.BigDecimal;
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
 * The three forms of {@code start_time} never compare as text: {@code 2025-12-10T12:05:30.123456+00:00},
 * {@code 2025-12-10T12:05:30Z} and {@code 2025-12-10 12:05:30} (UTC).
 */
public final class Times {
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
     * Reads any form a store holds, and a bare date (as its midnight). Without an offset it is UTC.
     *
     * @return null when the text is null or no instant
     */
    public static Instant instant(String text) {
        if (text == null) return null;
        try {
            String t = text.strip();
            if (t.length() == 10) return LocalDate.parse(t).atStartOfDay().toInstant(ZoneOffset.UTC);
            if (t.length() > 10 && t.charAt(10) == ' ') t = t.substring(0, 10) + 'T' + t.substring(11);
            int offset = Math.max(t.indexOf('+', 11), t.indexOf('-', 11));
            if (offset < 0) return Instant.parse(t.endsWith("Z") || t.endsWith("z") ? t : t + 'Z');
            ZoneOffset zone = ZoneOffset.of(t.substring(offset));
            return Instant.parse(t.substring(0, offset) + 'Z').minusSeconds(zone.getTotalSeconds());
        } catch (java.time.DateTimeException | StringIndexOutOfBoundsException e) {
            return null;
        }
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
        private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");
        private static final Instant LAST = Instant.parse("9999-12-30T00:00:00Z");

        /** @throws IllegalArgumentException when the text is neither a duration nor an instant */
        public static Since parse(String text) {
            Instant instant = Times.instant(text);
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
