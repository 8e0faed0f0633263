package telemetry.logs;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.format.DateTimeFormatter;
import telemetry.DayFile;
import telemetry.Times;

/** Days of day files, from the first to the last, both included. */
public record DayRange(LocalDate first, LocalDate last) {
    public static final DayRange ALL = new DayRange(LocalDate.MIN, LocalDate.MAX);

    /**
     * Reads {@code 2025-12-11} or {@code 20251211}, {@code 2025-12} for a month, {@code today} and {@code yesterday}.
     *
     * @throws IllegalArgumentException when it is none of these
     */
    public static DayRange parse(String text, LocalDate today) {
        try {
            if (text.length() == 7) return new DayRange(YearMonth.parse(text).atDay(1), YearMonth.parse(text).atEndOfMonth());
            LocalDate day = switch (text) {
                case "today" -> today;
                case "yesterday" -> today.minusDays(1);
                default -> Times.day(text);
            };
            return new DayRange(day, day);
        } catch (DateTimeException | IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' is not a day (2025-12-11, 2025-12, today, yesterday)");
        }
    }

    /**
     * The days whose files can have records of this period.
     *
     * @param since null for the first;
     * @param until null for the last
     */
    public static DayRange during(Instant since, Instant until) {
        return new DayRange(since == null ? LocalDate.MIN : DayFile.dayOf(since),
                until == null ? LocalDate.MAX : DayFile.dayOf(until).plusDays(1));
    }

    /**
     * The days whose files can have lines of a run, by its id {@code 20251211T120530Z-…}: none before it began. All days for an id of
     * another form.
     */
    public static DayRange ofRun(String id) {
        try {
            if (id.indexOf('T') != 8) return ALL;
            return new DayRange(LocalDate.parse(id.substring(0, 8), DateTimeFormatter.BASIC_ISO_DATE), LocalDate.MAX);
        } catch (DateTimeException e) {
            return ALL;
        }
    }

    public boolean contains(DayFile file) {
        return !file.day().isBefore(first) && !file.day().isAfter(last);
    }
}
