package telemetry;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a store keeps, held against the rules for how long. Looks only. */
public final class RetentionReview {

    /** Older day files are to be archived: the runbook's rule for each month. */
    public static final Duration RAW = Duration.ofDays(90);

    private static final Retention BACKUPS = new Retention(Retention.USUAL, Retention.AT_LEAST);

    private final Store store;
    private final Clock clock;
    private final Backups backups;

    public RetentionReview(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
        this.backups = new Backups(store, null, clock, null);
    }

    /** The backups: enough of them, young enough, and every byte of the newest as it was made. */
    public Task backups() {
        List<Backup> all = backups.list();
        var list = new BackupList(all, backups.expirable(BACKUPS), clock.instant());
        return judged(all.stream().filter(Backup::isVerified).toList(), list.sum()).with(all.isEmpty() ? null : list, list.json());
    }

    private Task judged(List<Backup> verified, String sum) {
        String make = "Create Backup: " + store.command("backup", "");
        if (verified.isEmpty()) return Task.open("backups", Check.Status.WARNING, sum, make);
        Backup newest = verified.get(0);
        try {
            backups.verify(newest);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            return Task.open("backups", Check.Status.FAILED, newest.file().getFileName() + " is damaged: " + e.why(), make);
        }
        Duration limit = HealthRules.RUNBOOK.backupAge();
        if (newest.age(clock.instant()).compareTo(limit) > 0)
            return Task.open("backups", Check.Status.WARNING, sum + "; the newest is more than " + Times.words(limit) + " old", make);
        if (verified.size() < BACKUPS.atLeast())
            return Task.open("backups", Check.Status.WARNING, sum + "; " + BACKUPS.atLeast() + " verified ones are to be there", make);
        return Task.done("backups", sum + "; the newest is as it was made, byte for byte");
    }

    /** Everything that is kept, its rule, and what is beyond it. */
    public Task policies() {
        Instant now = clock.instant();
        DayFileSizes files = DayFileSizes.of(store, DayFile.dayOf(now));
        List<Backup> all = backups.list();
        var table = new Table("what", "rule", "there is", "size", "oldest");
        List<Map<String, Object>> data = new ArrayList<>();
        Instant first = all.isEmpty() ? null : all.get(all.size() - 1).time();
        row(table, data, "backups", "7 d, 2 verified at least", all.size(), size(all), first);
        row(table, data, "day files", "archived after " + Times.words(RAW), files.raw().files(), files.raw().size(), begin(files.raw().oldest()));
        row(table, data, "archive", "kept until expired", files.archived().files(), files.archived().size(), begin(files.archived().oldest()));
        try (Database database = Database.openToRead(store.database())) {
            row(table, data, "runs", "kept until pruned", database.number("SELECT count(*) FROM agent_runs"),
                    new Size(store.database().toFile().length()), Times.instant((String) database.value("SELECT min(start_time) FROM agent_runs")));
        }
        return judged(now, files.raw().oldest()).with(table, data);
    }

    private Task judged(Instant now, LocalDate oldest) {
        Instant limit = now.minus(RAW);
        if (oldest == null || begin(oldest.plusDays(1)).isAfter(limit)) return Task.done("retention", "nothing is kept beyond its rule");
        String monthly = "Maintenance: " + store.command("maintain", "monthly");
        return Task.open("retention", Check.Status.WARNING, "there are day files older than " + Times.words(RAW), monthly);
    }

    private static void row(Table table, List<Map<String, Object>> data, String what, String rule, Object count, Size size, Instant oldest) {
        table.row(what, rule, count, size, oldest == null ? null : DayFile.dayOf(oldest));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("what", what);
        row.put("rule", rule);
        row.put("count", count);
        row.put("size", size);
        row.put("oldest", oldest);
        data.add(row);
    }

    private static Size size(List<Backup> backups) {
        return new Size(backups.stream().mapToLong(backup -> backup.size().bytes()).sum());
    }

    private static Instant begin(LocalDate day) {
        return day == null ? null : day.atStartOfDay().toInstant(ZoneOffset.UTC);
    }
}
