package telemetry.backup;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import telemetry.Times;
import telemetry.text.Result;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * Backups as {@code backup list} shows them; {@code toString()} is the table.
 *
 * @param folder    where they are, but for those made elsewhere
 * @param all       newest first
 * @param expirable those of them that the next expiry takes; they have a star
 * @param away      folders whose backups are not at hand
 * @param now       from which ages are counted back
 */
public record BackupList(Path folder, List<Backup> all, List<Backup> expirable, List<KnownBackups.Away> away,
        Instant now) implements Result {

    private record Listed(Backup backup, Long ageSeconds, boolean expires) { }

    @Override
    public String toString() {
        if (all.isEmpty()) return "no backup in " + folder;
        var table = new Table("backup", "size", "runs", "age", "state");
        for (Backup backup : all) {
            String state = backup.isVerified() ? "verified" : backup.isDamaged() ? "damaged" : "unverified";
            table.row(backup.file().getFileName(), backup.size(), backup.runs(),
                    backup.isAhead(now) ? "future" : rough(backup.age(now)), state + (expirable.contains(backup) ? " *" : ""));
            if (!backup.file().getParent().equals(folder)) table.below("in " + backup.file().getParent());
        }
        return table.toString();
    }

    /** {@code 3 backups, 2 verified, 1 to expire, 1 folder not at hand} */
    public String sum() {
        String away = this.away.isEmpty() ? "" : ", " + Words.count(this.away.size(), "folder") + " not at hand";
        if (all.isEmpty()) return "there is no backup" + away;
        long verified = all.stream().filter(Backup::isVerified).count();
        String expiring = expirable.isEmpty() ? "" : ", " + expirable.size() + " to expire";
        return Words.count(all.size(), "backup") + ", " + verified + " verified" + expiring + away;
    }

    /** One unit: the table has 80 columns. */
    private static String rough(Duration age) {
        boolean isDays = age.compareTo(Duration.ofDays(2)) >= 0;
        boolean isHours = age.compareTo(Duration.ofHours(2)) >= 0;
        Duration unit = isDays ? Duration.ofDays(1) : isHours ? Duration.ofHours(1) : Duration.ofMinutes(1);
        if (age.compareTo(unit) < 0) return Times.words(Duration.ofSeconds(age.toSeconds()));
        return unit.toHours() == 1 ? age.toHours() + " h" : Times.words(unit.multipliedBy(age.dividedBy(unit)));
    }

    /** A list of them. */
    @Override
    public Object data() {
        return all.stream().map(one -> new Listed(one, one.isAhead(now) ? null : one.age(now).toSeconds(),
                expirable.contains(one))).toList();
    }
}
