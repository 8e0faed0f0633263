package telemetry.backup;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.Times;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * Backups as {@code backup list} shows them; {@code toString()} is the table.
 *
 * @param all       newest first
 * @param expirable those of them that the next expiry takes; they have a star
 * @param now       from which ages are counted back
 */
public record BackupList(List<Backup> all, List<Backup> expirable, Instant now) {

    @Override
    public String toString() {
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

    /** For {@code --json}. */
    public List<Map<String, Object>> json() {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Backup backup : all) {
            Map<String, Object> entry = json(backup);
            entry.put("age_seconds", backup.age(now).toSeconds());
            entry.put("expires", expirable.contains(backup));
            list.add(entry);
        }
        return list;
    }

    /** One of them likewise. */
    public static Map<String, Object> json(Backup backup) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("file", backup.file());
        json.put("time", backup.time());
        json.put("size", backup.size());
        json.put("runs", backup.runs());
        json.put("verified", backup.isVerified());
        json.put("doubt", backup.doubt());
        return json;
    }
}
