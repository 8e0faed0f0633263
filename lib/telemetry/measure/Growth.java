package telemetry.measure;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.List;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.RunFilter;
import telemetry.Runs;
import telemetry.Size;
import telemetry.Store;

/**
 * How fast a store grows, measured over its last 30 days, or over all days of a younger store.
 *
 * @param runsPerDay     that began
 * @param databasePerDay of their rows, with their index entries
 * @param dayFilesPerDay in the day files that are not compressed
 */
public record Growth(double runsPerDay, Size databasePerDay, Size dayFilesPerDay) {
    private static final int DAYS = 30;

    /**
     * @param footprint of this database
     * @throws StoreException when the day files cannot be listed
     */
    public static Growth of(Store store, Database database, Footprint footprint, Instant now) {
        Instant from = now.minus(Duration.ofDays(DAYS));
        RunFilter lately = RunFilter.ALL.during(from, now);
        double runs = new Runs(database).count(lately) / days(first(database, from), now);
        return new Growth(runs, new Size(Math.round(runs * footprint.bytesPerRun())), new Size(dayFiles(store, DayFile.dayOf(now))));
    }

    private static Instant first(Database database, Instant from) {
        Instant first = new Runs(database).first(from);
        return first == null ? from : first;
    }

    private static double days(Instant from, Instant to) {
        return Math.max(1, Duration.between(from, to).toSeconds() / 86_400.0);
    }

    /** Without today's, which is not complete. */
    private static long dayFiles(Store store, LocalDate today) {
        List<DayFile> files = new EventLog(store).raw().stream()
                .filter(file -> file.day().isBefore(today) && !file.day().isBefore(today.minusDays(DAYS))).toList();
        long bytes = files.stream().mapToLong(file -> file.path().toFile().length()).sum();
        return files.isEmpty() ? 0 : bytes / ChronoUnit.DAYS.between(files.get(0).day(), today);
    }
}
