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
 * @param folder    where they are
 * @param all       newest first
 * @param expirable those of them that the next expiry takes; they have a star
 * @param now       from which ages are counted back
 */
public record BackupList(Path folder, List<Backup> all, List<Backup> expirable, Instant now) implements Result {

    private record Listed(Backup backup, long ageSeconds, boolean expires) { }

    @Override
    public String toString() {
        if (all.isEmpty()) return "no backup in " + folder;
        var table = new Table("backup", "size", "runs", "age", "state");
        for (Backup backup : all) {
            String state = (backup.isVerified() ? "verified" : "unverified") + (expirable.contains(backup) ? " *" : "");
            table.row(backup.file().getFileName(), backup.size(), backup.runs(), rough(backup.age(now)), state);
        }
        return table.toString();
    }

    /** {@code 3 backups, 2 verified, 1 to expire} */
    public String sum() {
        if (all.isEmpty()) return "there is no backup";
        long verified = all.stream().filter(Backup::isVerified).count();
        String expiring = expirable.isEmpty() ? "" : ", " + expirable.size() + " to expire";
        return Words.count(all.size(), "backup") + ", " + verified + " verified" + expiring;
    }

    /** One unit: the table has 80 columns. */
    private static String rough(Duration age) {
        if (age.isNegative()) return "future";
        boolean isDays = age.compareTo(Duration.ofDays(2)) >= 0;
        boolean isHours = age.compareTo(Duration.ofHours(2)) >= 0;
        Duration unit = isDays ? Duration.ofDays(1) : isHours ? Duration.ofHours(1) : Duration.ofMinutes(1);
        if (age.compareTo(unit) < 0) return Times.words(Duration.ofSeconds(age.toSeconds()));
        return unit.toHours() == 1 ? age.toHours() + " h" : Times.words(unit.multipliedBy(age.dividedBy(unit)));
    }

    /** A list of them. */
    @Override
    public Object data() {
        return all.stream().map(one -> new Listed(one, one.age(now).toSeconds(), expirable.contains(one))).toList();
    }
}
