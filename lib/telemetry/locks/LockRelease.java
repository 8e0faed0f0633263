package telemetry.locks;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Database;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.runs.Integrity;
import telemetry.sqlite.LockHolders;
import telemetry.text.Result;
import telemetry.text.Runbook;

/** Ends the one process that holds a database's write lock, and shows the result. */
public final class LockRelease {

    /** How long to wait for the lock after TERM, and again after KILL. */
    public static final Duration GRACE = Duration.ofSeconds(5);
    private static final Duration STEP = Duration.ofMillis(20);

    private final Store store;
    private final Locks locks;
    private final long pid;
    private final Duration grace;
    private final Instant started;

    /**
     * Takes the process, and requires that it holds the lock.
     *
     * @param grace after each signal, usually {@link #GRACE}
     * @throws StoreException {@code REFUSED} when the process does not hold the lock at this moment: a reader, a program that only has the
     *                        database open, a mistyped number
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

    /**
     * Sends TERM, and KILL if the process has the lock after the grace. Does nothing if the process is another one by now, or let go of the
     * lock.
     */
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
            if (!isReleased()) throw refused(StoreException.Reason.FAILED,
                    "it holds the lock " + Times.words(grace) + " after KILL, perhaps waiting for a disk", Next.words("look at that disk"));
        }
        List<Check> checks = new ArrayList<>();
        checks.add(Check.ok("process", pid + (process.isAlive() ? " let go of the lock" : " has ended")
                + " by " + signal + " after " + Duration.ofNanos(System.nanoTime() - began).toMillis() + " ms"));
        checks.addAll(afterwards());
        var all = new Checks(checks);
        return new Ended(all.status(), pid, all);
    }

    /** The outcome; {@code toString()} is the report. */
    public record Ended(Check.Status status, long ended, Checks checks) implements Result {
        @Override
        public String toString() {
            return checks.toString();
        }
    }

    /** False when a signal was sent and its effect is still open. */
    private boolean isEnded(boolean isSent, ProcessHandle process) {
        if (!isSent && process.isAlive())
            throw refused(StoreException.Reason.DENIED, "permission denied", Next.words("run it as that program's user"));
        return !process.isAlive();
    }

    private boolean isReleased() {
        for (long end = System.nanoTime() + grace.toNanos(); System.nanoTime() < end; User.pause(STEP)) if (!isHolder()) return true;
        return !isHolder();
    }

    /** Opens the database to write, so that SQLite rolls back the ended process's transaction, from its -journal or the -wal. */
    private List<Check> afterwards() {
        long began = System.nanoTime();
        try (Database database = Database.open(store.database(), GRACE)) {
            database.execute("BEGIN IMMEDIATE");
            database.execute("ROLLBACK");
            Check lock = Check.ok("lock", "free after " + Duration.ofNanos(System.nanoTime() - began).toMillis() + " ms");
            var found = Integrity.of(database, null, true, null);
            return List.of(lock, found.lines().isEmpty()
                    ? Check.ok("quick check", "SQLite finds no error; what was not committed is rolled back")
                    : found.trouble("quick check", store));
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.LOCKED) throw e;
            return List.of(Check.unknown("lock", Locks.heldBy(locks.holders()) + " now", store.next(Runbook.DATABASE_LOCKED)));
        }
    }

    private boolean isHolder() {
        return locks.holders().contains(pid);
    }

    private void requireHolder() {
        if (isHolder()) return;
        String who = LockHolders.areKnown() ? locks.holders().isEmpty() ? "no other process does either"
                : Locks.heldBy(locks.holders()) : "this system does not show who does";
        throw refused(StoreException.Reason.REFUSED, "it does not hold the write lock at this moment; " + who, store.command("locks"));
    }

    /** The process id alone is not enough: another process may have it by now. */
    private void requireSame() {
        if (started == null || !start().filter(started::equals).isPresent())
            throw refused(StoreException.Reason.REFUSED, "it may no longer be the process that held the lock", store.command("locks"));
    }

    private StoreException refused(StoreException.Reason reason, String why, Next next) {
        return new StoreException(reason, "end process " + pid + " for", store.database(), why, next);
    }

    private Optional<Instant> start() {
        return ProcessHandle.of(pid).flatMap(process -> process.info().startInstant());
    }
}
