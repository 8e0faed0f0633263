package telemetry.health;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Next;
import telemetry.Store;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.backup.KnownBackups;
import telemetry.text.Runbook;
import telemetry.text.Words;

/** The check {@code backup}: how old the newest verified one is, and what is wrong with newer ones. A look at manifests and sizes. */
final class NewestBackup {
    private static final Duration YOUNG = Duration.ofDays(1);

    /** A folder that nobody has made a backup to for longer is not missed. */
    private static final Duration MISSED = Duration.ofDays(30);

    private final Store store;
    private final Instant now;
    private final HealthRules rules;
    private final List<Measure> measures;

    NewestBackup(Store store, Instant now, HealthRules rules, List<Measure> measures) {
        this.store = store;
        this.now = now;
        this.rules = rules;
        this.measures = measures;
    }

    Check check(Instant begun) {
        KnownBackups known = new Backups(store, null, Clock.fixed(now, ZoneOffset.UTC), null).known();
        boolean isNone = known.backups().isEmpty() && known.away().isEmpty();
        if (isNone) return isYoung(begun) ? Check.ok("backup", "none yet, in a store younger than a day")
                : Check.warning("backup", "there is no verified backup", store.next(Runbook.CREATE_BACKUP));
        Backup newest = known.newestVerified().orElse(null);
        List<Backup> ahead = known.backups().stream().filter(backup -> backup.isAhead(now)).toList();
        Backup damaged = damagedAfter(newest, known.backups());
        String detail = detail(newest, damaged, ahead, known);
        if (!ahead.isEmpty() && (newest == null || !isTooOld(newest))) return Check.warning("backup", detail, clock(ahead));
        return newest == null || damaged != null || isTooOld(newest)
                ? Check.warning("backup", detail, store.next(Runbook.CREATE_BACKUP)) : Check.ok("backup", detail);
    }

    private boolean isTooOld(Backup newest) {
        return newest.age(now).compareTo(rules.backupAge()) > 0;
    }

    /** The newest that a verify found damaged, if no verified one was made since. */
    private Backup damagedAfter(Backup newest, List<Backup> all) {
        return all.stream().filter(backup -> backup.isDamaged() && !backup.isAhead(now))
                .filter(backup -> newest == null || backup.time().isAfter(newest.time())).findFirst().orElse(null);
    }

    private String detail(Backup newest, Backup damaged, List<Backup> ahead, KnownBackups known) {
        var detail = new StringJoiner("; ");
        detail.add(newest == null ? "there is no verified backup" : age(newest));
        if (damaged != null) detail.add(damaged.file().getFileName() + " is newer, and " + damaged.doubt());
        if (!ahead.isEmpty()) detail.add(Words.count(ahead.size(), "backup lies", "backups lie") + " ahead of the clock, the newest at "
                + Times.seconds(ahead.get(0).time()) + ", and " + (ahead.size() == 1 ? "is" : "are") + " not believed");
        for (KnownBackups.Away away : known.away())
            if (newest == null || away.newest().isAfter(now.minus(MISSED))) detail.add("not at hand: " + away);
        return detail.toString();
    }

    private String age(Backup newest) {
        Duration age = newest.age(now);
        measures.add(Measure.of("backup_age", "seconds", "Age of the newest verified backup.", age.toSeconds())
                .atMost(rules.backupAge().toSeconds()));
        return "the newest verified one is " + Times.words(age) + " old"
                + (isTooOld(newest) ? ", more than " + Times.words(rules.backupAge()) : "")
                + (newest.file().startsWith(store.backups()) ? "" : ", in " + newest.file().getParent());
    }

    private static Next clock(List<Backup> ahead) {
        return Next.words("set the clock right, or, if it was wrong when that was made, move " + ahead.get(0).file()
                + " out of its folder").in(Runbook.CREATE_BACKUP);
    }

    /** A database may have been made anew in an old folder, a folder be a copy of another. */
    private boolean isYoung(Instant begun) {
        Instant young = now.minus(YOUNG);
        try {
            return begun != null && begun.isAfter(young) && Files.readAttributes(store.base(), BasicFileAttributes.class)
                    .creationTime().toInstant().isAfter(young);
        } catch (IOException e) {
            return false;
        }
    }
}
