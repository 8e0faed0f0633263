package telemetry.backup;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import telemetry.Next;

/**
 * The backups that can be reached, wherever they were made, and the places that cannot.
 *
 * @param backups newest first
 */
public record KnownBackups(List<Backup> backups, List<Away> away) {
    static final Next MOUNT = Next.words("mount its disk, or make a backup elsewhere");

    /**
     * A folder whose backups are not at hand.
     *
     * @param newest when the newest of them was made
     * @param why    in a few words
     */
    public record Away(Path folder, Instant newest, String why) {
        @Override
        public String toString() {
            return folder + ": " + why;
        }
    }

    public Optional<Backup> newestVerified() {
        return backups.stream().filter(Backup::isVerified).findFirst();
    }

    boolean isEmpty() {
        return backups.isEmpty() && away.isEmpty();
    }

    /** {@code "; not at hand: /mnt/second: it is not there"}; empty when all are. */
    public String said() {
        return away.isEmpty() ? "" : away.stream().map(Away::toString).collect(joining("; ", "; not at hand: ", ""));
    }
}
