package telemetry.maintain;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.Times;
import telemetry.alert.HealthLog;
import telemetry.alert.HealthRecord;
import telemetry.health.HealthRules;
import telemetry.measure.Footprint;
import telemetry.measure.Growth;
import telemetry.os.Attempt;
import telemetry.os.DiskSpace;
import telemetry.text.Runbook;
import telemetry.text.Table;

/** How a store's disk fills and its database grows, by the records of {@code health --record}, and how long that can go on. */
public final class Forecast {

    /** Before that time a later look may come too late. */
    private static final int SOON_DAYS = 30;
    private static final int VERY_SOON_DAYS = 7;

    /** A daily record with a last entry older than this has stopped. */
    private static final Duration STOPPED = Duration.ofDays(2);

    /** How many days are shown. */
    private static final int SHOWN = 10;

    private final Store store;
    private final Instant now;
    private final List<HealthRecord> records = new ArrayList<>();

    /** Reads the records. A record from the future comes from a wrong clock and is ignored. */
    public Forecast(Store store, Instant now) {
        this.store = store;
        this.now = now;
        for (HealthRecord record : new HealthLog(store).since(now.minus(Trend.WINDOW)))
            if (!record.time().isAfter(now)) records.add(record);
    }

    /** The disk's free space: its trend, and when it is used up. */
    public Task disk() {
        long free = free();
        Trend trend = trend("disk_free", free);
        OptionalDouble days = trend.daysUntil(0);
        String detail = new Size(free) + " free, " + trend + (days.isPresent() ? ": full " + Trend.about(days.getAsDouble()) : "");
        Task task = judged("disk", detail, days, store.next(Runbook.DISK_FULL));
        return task.with(days(), data("disk_free", free, trend, days));
    }

    /** Database and day files: their growth, and when the database becomes larger than health accepts. */
    public Task growth() {
        long size = store.database().toFile().length();
        long limit = HealthRules.RUNBOOK.size().bytes();
        Trend trend = trend("database_size", size);
        OptionalDouble days = size > limit ? OptionalDouble.empty() : trend.daysUntil(limit);
        String when = days.isPresent() ? ": over " + new Size(limit) + " " + Trend.about(days.getAsDouble()) : "";
        Next remedy = store.command("prune", "runs", "--older-than", "180d", "--dry-run").in(Runbook.PRUNE);
        Task task = judged("growth", "database " + new Size(size) + ", " + trend + when, days, remedy);
        return task.with(parts(), data("database_size", size, trend, days));
    }

    private Task judged(String name, String detail, OptionalDouble days, Next remedy) {
        if (days.isPresent() && days.getAsDouble() < SOON_DAYS)
            return Task.open(name, days.getAsDouble() < VERY_SOON_DAYS ? Check.Status.FAILED : Check.Status.WARNING, detail, remedy);
        Instant last = records.stream().map(HealthRecord::time).max(Instant::compareTo).orElse(null);
        Next daily = Next.words("record it each day").then(store.command("health", "--record")).in(Runbook.HEALTH_CHECKS);
        Duration age = last == null ? Trend.WINDOW : Duration.between(last, now);
        if (age.compareTo(STOPPED) <= 0) return Task.done(name, detail);
        String since = last == null ? "nothing was recorded in " + age.toDays() + " d" : "last recorded " + Times.words(age) + " ago";
        return Task.open(name, Check.Status.WARNING, detail + "; " + since, daily);
    }

    private Trend trend(String measure, double present) {
        List<Trend.Point> points = new ArrayList<>();
        for (HealthRecord record : records) {
            Number value = record.measures().get(measure);
            if (value != null) points.add(new Trend.Point(record.time(), value.doubleValue()));
        }
        points.add(new Trend.Point(now, present));
        return Trend.of(points);
    }

    private static Map<String, Object> data(String measure, long present, Trend trend, OptionalDouble days) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put(measure, present);
        data.put("days", trend.days());
        data.put("per_day", trend.isClear() ? Math.round(trend.perDay()) : null);
        data.put("days_left", days.isPresent() ? Math.round(days.getAsDouble()) : null);
        return data;
    }

    /** The smaller free space of the disks of database and day files. */
    private long free() {
        return Attempt.of("measure the disk of", store.base(), () -> Math.min(DiskSpace.free(store.database()), DiskSpace.free(store.raw())));
    }

    /** The last recorded days; null without one. */
    private Table days() {
        var daily = new TreeMap<LocalDate, HealthRecord>();
        for (HealthRecord record : records)
            daily.merge(DayFile.dayOf(record.time()), record, (one, other) -> other.time().isBefore(one.time()) ? one : other);
        var table = new Table("day", "health", "disk free", "database", "runs");
        daily.forEach((day, record) -> {
            if (day.isBefore(daily.lastKey().minusDays(SHOWN - 1))) return;
            Map<String, Number> measures = record.measures();
            table.row(day, record.status(), size(measures.get("disk_free")), size(measures.get("database_size")), measures.get("runs"));
        });
        return table.isEmpty() ? null : table;
    }

    private static Size size(Number bytes) {
        return bytes == null ? null : new Size(bytes.longValue());
    }

    /** From the runs and day files themselves, which needs no record. */
    private Table parts() {
        var table = new Table("what", "there is", "more a day");
        try (Database database = Database.openToRead(store.database())) {
            Footprint footprint = Footprint.byPages(database);
            Growth growth = Growth.of(store, database, footprint, now);
            table.row("runs", footprint.runs(), Math.round(growth.runsPerDay()));
            table.row("database", footprint.size(), growth.databasePerDay());
            table.row("day files", RetentionReview.Kept.dayFiles(store, false).size(), growth.dayFilesPerDay());
        }
        return table.row("archive", RetentionReview.Kept.dayFiles(store, true).size(), null);
    }
}
