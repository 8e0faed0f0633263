package telemetry.daylog;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import telemetry.LogEntry;
import telemetry.Run;

/**
 * Which runs are their writers' own: a writer appends the line of a run's start, then inserts the row. Whoever inserts that row first makes
 * the writer's own statement fail. So for a minute, longer than writers wait for a lock, a start is left to its writer.
 */
public final class InFlight {

    /** The writers' own patience is 30 seconds at the most. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    private InFlight() { }

    /** True for the start of a run in the last minute. One ahead of this clock counts as now. */
    public static boolean is(Instant start, Instant now) {
        return start != null && start.isAfter(now.minus(PATIENCE));
    }

    /** True for the line of a start that is in flight. No writer waits in a file that nobody has changed for a minute. */
    public static boolean is(LogEntry start, Instant now) {
        return is(((Run) start.record()).start(), now) && isChanging(start.file(), now);
    }

    /** A file that is gone counts as changing: it may be in the archive now. */
    private static boolean isChanging(Path file, Instant now) {
        long changed = file.toFile().lastModified();
        return changed == 0 || Instant.ofEpochMilli(changed).isAfter(now.minus(PATIENCE));
    }
}
