package telemetry.health;

import java.nio.file.Path;
import java.time.Duration;
import telemetry.Database;
import telemetry.Size;

/**
 * How thoroughly health looks, and from where on it warns.
 *
 * @param quick       SQLite's quick_check instead of its integrity_check
 * @param patience    how long a locked database is waited for
 * @param diskFailed  with less free on a disk of the store, the disk check fails
 * @param diskWarning with less free, it warns
 * @param idle        without a run for so long, activity warns
 * @param stale       a run that has been running for longer is stale
 * @param wal         a larger -wal is a warning
 * @param size        a larger database is a warning
 * @param backupAge   an older newest backup is a warning
 * @param compare     day files and database are compared so far back
 * @param buffer      another folder with buffer files of clients; null for none
 */
public record HealthRules(boolean quick, Duration patience, Size diskFailed, Size diskWarning, Duration idle, Duration stale,
        Size wal, Size size, Duration backupAge, Duration compare, Path buffer) {

    /** The runbook's thresholds; those of the -wal and of the comparison are the toolkit's own. */
    public static final HealthRules RUNBOOK = new HealthRules(false, Database.PATIENCE,
            Size.parse("1GB"), Size.parse("5GB"), Duration.ofHours(1),
            Duration.ofHours(24), Size.parse("64MB"), Size.parse("500MB"), Duration.ofHours(26), Duration.ofDays(2), null);

    /** The same rules with the quick check. */
    public HealthRules quickly() {
        return new HealthRules(true, patience, diskFailed, diskWarning, idle, stale, wal, size, backupAge, compare, buffer);
    }
}
