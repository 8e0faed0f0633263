package telemetry.locks;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.runs.Integrity;
import telemetry.sqlite.LockHolders;
import telemetry.text.Result;

/** Ends the one process that holds a database's write lock, and shows what came of it. */
public final class LockRelease {

    /** For so long after TERM, and again after KILL, the lock is waited for. */
    public static final Duration GRACE = Duration.ofSeconds(5);
    private static final Duration STEP = Duration.ofMillis(20);
    private static final int MOST_ERRORS = 10;

    private final Store store;
    private final Locks locks;
    private final long pid;
    private final Duration grace;
    private final Instant started;

    /**
     * @param grace after each signal, usually {@link #GRACE}
     * @throws StoreException {@code REFUSED} when the process does not hold the lock at this moment: a reader, a program that only has it
     *         open, a number mistyped
     */
    public LockRelease(Store store, Locks locks, long pid, Duration grace) {
        this.store = store;
        this.locks = locks;
        this.pid = pid;
        this.grace = grace;
        requireHolder();
        this.started = start().orElse(null);
        requireSame();
    }

    /** TERM, and KILL when it has the lock after the grace; nothing when it is no longer the process that it was, or let go of the lock. */
    public Ended run() {
        requireHolder();
        requireSame();
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        long began = System.nanoTime();
        String signal = "TERM";
        if (!isEnded(process.destroy(), process) && !isReleased()) {
            requireSame();
            signal = "KILL";
            isEnded(process.destroyForcibly(), process);
            if (!isReleased()) throw new StoreException(StoreException.Reason.FAILED, "end process " + pid + " for", store.database(),
                    "it holds the lock " + Times.words(grace) + " after KILL, perhaps waiting for a disk", "look at that disk");
        }
        List<Check> checks = new ArrayList<>();
        checks.add(Check.ok("process", pid + (process.isAlive() ? " let go of the lock" : " has ended")
                + " by " + signal + " after " + Duration.ofNanos(System.nanoTime() - began).toMillis() + " ms"));
        checks.addAll(afterwards());
        var all = new Checks(checks);
        return new Ended(all.status(), pid, all);
    }

    /** What came of it; {@code toString()} is the report. */
    public record Ended(Check.Status status, long ended, Checks checks) implements Result {
        @Override
        public String toString() {
            return checks.toString();
        }
    }

    /** False: a signal was sent, and what comes of it is to be seen. */
    private boolean isEnded(boolean isSent, ProcessHandle process) {
        if (!isSent && process.isAlive())
            throw new StoreException(StoreException.Reason.DENIED, "end process " + pid + " for",
                    store.database(), "permission denied", "run it as that program's user");
        return !process.isAlive();
    }

    private boolean isReleased() {
        for (long end = System.nanoTime() + grace.toNanos(); System.nanoTime() < end; User.pause(STEP)) if (!isHolder()) return true;
        return !isHolder();
    }

    /**
     * The transaction of the one that ended is rolled back by SQLite, with its -journal or out of the -wal, when the database is opened to
     * write.
     */
    private List<Check> afterwards() {
        long began = System.nanoTime();
        try (Database database = Database.open(store.database(), GRACE)) {
            database.execute("BEGIN IMMEDIATE");
            database.execute("ROLLBACK");
            Check lock = Check.ok("lock", "free after " + Duration.ofNanos(System.nanoTime() - began).toMillis() + " ms");
            List<String> errors = Integrity.errors(database, null, true, MOST_ERRORS, null);
            return List.of(lock, errors.isEmpty()
                    ? Check.ok("quick check", "SQLite finds nothing wrong; what was not committed is rolled back")
                    : Check.failed("quick check", String.join("; ", errors),
                            "Database Corrupted: " + store.command("recover", "--dry-run")));
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.LOCKED) throw e;
            return List.of(Check.unknown("lock", Locks.heldBy(locks.holders()) + " now", "Database Locked: " + store.command("locks", "")));
        }
    }

    private boolean isHolder() {
        return locks.holders().contains(pid);
    }

    private void requireHolder() {
        if (isHolder()) return;
        String who = LockHolders.areKnown() ? locks.holders().isEmpty() ? "nobody else does either"
                : Locks.heldBy(locks.holders()) : "who does this system does not tell";
        throw new StoreException(StoreException.Reason.REFUSED, "end process " + pid + " for",
                store.database(), "it does not hold the write lock at this moment; " + who, store.command("locks", ""));
    }

    /** The number alone may be another process's by now. */
    private void requireSame() {
        if (started == null || !start().filter(started::equals).isPresent())
            throw new StoreException(StoreException.Reason.REFUSED, "end process " + pid + " for",
                    store.database(), "it is not known to be the process that was seen to hold the lock", store.command("locks", ""));
    }

    private Optional<Instant> start() {
        return ProcessHandle.of(pid).flatMap(process -> process.info().startInstant());
    }
}
