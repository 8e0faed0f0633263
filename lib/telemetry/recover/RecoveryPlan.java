package telemetry.recover;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import telemetry.Check;
import telemetry.Checks;
import telemetry.text.Result;

/**
 * How a store was found, and what a recovery would do about it; {@code toString()} is the report.
 *
 * @param status    as a check of the store: well when there is nothing to do, failed when nothing can be done
 * @param database  how it is
 * @param source    what it is made good from
 * @param backup    the one that would be restored, or that an intact database lacks runs of; null when there is none or none is needed
 * @param missing   runs that the day files have and an intact database does not have, or not so
 * @param isShort   true when an intact database has fewer runs than its newest backup, and not because they were pruned: somebody may have
 *                  begun it anew
 * @param isResumed true when an earlier recovery did not come to its end
 * @param log       the -wal that was found beside the database; null when there was none
 * @param aside     why the backup is not copied over the database, which is moved aside once nobody has it open; null when it is, and for
 *                  one that SQLite cannot open
 * @param action    what would be done, in a sentence
 * @param checks    storage, disk, database, backups, day files, writers; besides, where something is to be said of them, an unfinished
 *                  recovery, rows, log, tables
 */
public record RecoveryPlan(Check.Status status, State database, Source source, Path backup, long missing, boolean isShort,
        boolean isResumed, LeftLog log, String aside, String action, List<Check> checks) implements Result {

    /** What the database is made good from, the best first. */
    enum Source {
        /** The database itself. */
        INTACT, BACKUP, DAY_FILES,
        /** What the damaged database still gives. */
        SALVAGE, NONE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How the database is. */
    enum State {
        INTACT, ABSENT,
        /** SQLite can open it, and something in it is wrong. */
        DAMAGED,
        /** Only indexes do not agree with their tables, which are whole. */
        INDEXES,
        /** It is sound by itself, and the -wal beside it is another one's. */
        MIXED,
        /** SQLite cannot open it. */
        UNREADABLE,
        /** A program died while it wrote, and nobody can tell before that is rolled back. */
        TORN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** True when SQLite would not read all of the -wal, or reads it together with a file that it is not of. */
    boolean isLogAtStake() {
        return log != null && (!log.isWhole() || database == State.MIXED);
    }

    /** True when there is nothing to do. */
    public boolean isHealthy() {
        return isHealthy(database, missing, isShort, isResumed, log);
    }

    static boolean isHealthy(State database, long missing, boolean isShort, boolean isResumed, LeftLog log) {
        return database == State.INTACT && missing == 0 && !isShort && !isResumed && (log == null || log.isWhole());
    }

    @Override
    public String toString() {
        return new Checks(checks) + System.lineSeparator() + action;
    }
}
