package telemetry.maintain;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Runs;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.BackupList;
import telemetry.backup.Backups;
import telemetry.backup.Retention;
import telemetry.health.HealthRules;
import telemetry.runs.Schema;
import telemetry.store.Occupied;
import telemetry.store.Quarantined;
import telemetry.text.Runbook;
import telemetry.text.Table;

/** What a store keeps, compared with the rules for how long. Looks only. */
public final class RetentionReview {

    /** Older day files should be archived: the runbook's monthly rule. */
    static final Duration RAW = Duration.ofDays(90);

    /** @param oldest null when there is none */
    record Kept(String what, String rule, long count, Size size, Instant oldest) {

        /** By names and sizes only. */
        static Kept dayFiles(Store store, boolean areArchived) {
            List<DayFile> files = new EventLog(store).days().stream().filter(file -> file.compressed() == areArchived).toList();
            var size = new Size(files.stream().mapToLong(file -> file.path().toFile().length()).sum());
            Instant oldest = files.isEmpty() ? null : files.get(0).day().atStartOfDay().toInstant(ZoneOffset.UTC);
            return areArchived ? new Kept("archive", "kept until expired", files.size(), size, oldest)
                    : new Kept("day files", "archived after " + Times.words(RAW), files.size(), size, oldest);
        }
    }

    private static final Retention BACKUPS = new Retention(Retention.USUAL, Retention.AT_LEAST);

    private final Store store;
    private final Clock clock;
    private final Backups backups;

    public RetentionReview(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
        this.backups = new Backups(store, null, clock, null);
    }

    /** The backups: enough of them, recent enough, and the newest unchanged in every byte. */
    public Task backups() {
        BackupList list = backups.list(BACKUPS);
        List<Backup> all = list.all();
        return judged(all.stream().filter(Backup::isVerified).toList(), list.sum()).with(all.isEmpty() ? null : list, list.data());
    }

    private Task judged(List<Backup> verified, String sum) {
        Next make = store.next(Runbook.CREATE_BACKUP);
        if (verified.isEmpty()) return Task.open("backups", Check.Status.WARNING, sum, make);
        Backup newest = verified.get(0);
        try {
            backups.prove(newest);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            return Task.open("backups", Check.Status.FAILED, newest.file().getFileName() + " is damaged: " + e.why(), make);
        }
        Duration limit = HealthRules.RUNBOOK.backupAge();
        if (newest.age(clock.instant()).compareTo(limit) > 0)
            return Task.open("backups", Check.Status.WARNING, sum + "; the newest is more than " + Times.words(limit) + " old", make);
        if (verified.size() < BACKUPS.atLeast())
            return Task.open("backups", Check.Status.WARNING, sum + "; " + BACKUPS.atLeast() + " verified ones are required", make);
        return Task.done("backups", sum + "; the newest is as it was made, byte for byte");
    }

    /** All that is kept, the rules, and what exceeds them. */
    public Task policies() {
        Instant now = clock.instant();
        Kept raw = Kept.dayFiles(store, false);
        List<Kept> kept = List.of(keptBackups(), raw, Kept.dayFiles(store, true), keptRuns(), quarantine());
        var table = new Table("what", "rule", "there is", "size", "oldest");
        for (Kept one : kept) table.row(one.what, one.rule, one.count, one.size, one.oldest == null ? null : DayFile.dayOf(one.oldest));
        return judged(now, raw.oldest, kept.get(kept.size() - 1).oldest).with(table, kept);
    }

    private Kept keptBackups() {
        List<Backup> all = backups.list();
        String rule = Times.words(BACKUPS.keep()) + ", at least " + BACKUPS.atLeast() + " verified";
        var size = new Size(all.stream().mapToLong(backup -> backup.size().bytes()).sum());
        return new Kept("backups", rule, all.size(), size, all.isEmpty() ? null : all.get(all.size() - 1).time());
    }

    private Kept keptRuns() {
        try (Database database = Database.openToRead(store.database())) {
            Schema.require(database);
            var runs = new Runs(database);
            var size = new Size(store.database().toFile().length());
            return new Kept("runs", "kept until pruned", runs.count(), size, runs.first(null));
        }
    }

    private Kept quarantine() {
        List<Path> all = Quarantined.paths(store);
        Instant oldest = all.stream().map(Quarantined::since).min(Comparator.naturalOrder()).orElse(null);
        var size = new Size(all.stream().mapToLong(Occupied::bytes).sum());
        return new Kept("quarantine", Times.words(Quarantined.USUAL) + " and taken back", all.size(), size, oldest);
    }

    private Task judged(Instant now, Instant oldest, Instant oldestSetAside) {
        boolean isRawKept = oldest != null && !oldest.plus(Duration.ofDays(1)).isAfter(now.minus(RAW));
        if (!isRawKept && oldestSetAside != null && oldestSetAside.isBefore(now.minus(Quarantined.USUAL)))
            return Task.open("retention", Check.Status.WARNING, "the quarantine has something older than " + Times.words(Quarantined.USUAL),
                    store.command("recover", "quarantine").in(Runbook.DISK_FULL));
        if (!isRawKept) return Task.done("retention", "nothing is kept beyond its rule");
        String old = "there are day files older than " + Times.words(RAW);
        return Task.open("retention", Check.Status.WARNING, old, store.next(Runbook.MAINTENANCE));
    }
}
