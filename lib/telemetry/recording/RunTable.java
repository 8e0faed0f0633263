package telemetry.recording;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import telemetry.Commit;
import telemetry.Database;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.runs.CommitTable;
import telemetry.runs.RunWriter;
import telemetry.runs.Schema;
import telemetry.sqlite.SqliteErrors;

/**
 * The table of runs for a long-running program that writes to it now and then. It has one connection, opened when first needed, and again
 * when another file has replaced the database. A locked database stalls the program once; after that each try is short until it answers
 * again. What could not be written goes with the next rows.
 */
final class RunTable implements AutoCloseable {

    /** The same as the v3 writers' busy_timeout. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** For a minute after a failure: how long to wait, and the pause between tries. */
    private static final Duration SHORT_PATIENCE = Duration.ofMillis(100);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration WARY = Duration.ofMinutes(1);

    /** For rows that still wait when the program ends. */
    private static final Duration LAST_PATIENCE = Duration.ofSeconds(2);

    /** Beyond this the oldest are left to a replay of the day files. */
    private static final int MOST_WAITING = 10_000;

    /**
     * The size of the -wal at which a commit folds it in: 16 MB. With SQLite's default of 1,000 pages, one run in a hundred waits for that
     * (bench row {@code track}).
     */
    private static final int LOG_PAGES = 4_000;

    /** Refusals that may be over when the next run comes. */
    private static final Set<StoreException.Reason> PASSING = Set.of(StoreException.Reason.LOCKED, StoreException.Reason.FULL,
            StoreException.Reason.MISSING, StoreException.Reason.DENIED);

    private final Store store;
    private final Deque<Run> waiting = new ArrayDeque<>();
    private Database database;
    private Object identity;
    private RunWriter writer;
    private volatile Schema schema;
    private long failed;
    private boolean hasFailed;

    RunTable(Store store) {
        this.store = store;
    }

    /** The shape of the table; null while it cannot be read. @throws StoreException when reading was tried now and failed */
    Schema schema() {
        return schema != null ? schema : lookedUp();
    }

    private synchronized Schema lookedUp() {
        if (schema == null && !isWithin(PAUSE)) attempt(usualPatience(), () -> { });
        return schema;
    }

    /** Writes these runs, and those that have waited, in one transaction. @throws StoreException when that was tried and failed */
    synchronized void write(List<Run> runs) {
        waiting.addAll(runs);
        while (waiting.size() > MOST_WAITING) waiting.remove();
        if (isWithin(PAUSE)) return;
        List<StoreException> refused = new ArrayList<>();
        attempt(usualPatience(), () -> writeWaiting(refused));
        if (!refused.isEmpty()) throw refused.get(0);
    }

    synchronized boolean isKnown(String runId) {
        var known = new boolean[1];
        if (!isWithin(PAUSE))
            attempt(usualPatience(), () -> known[0] = database.value("SELECT 1 FROM agent_runs WHERE run_id = ?", runId) != null);
        return known[0];
    }

    /** Makes it its run's commit. @throws StoreException when that fails */
    synchronized void write(Commit commit, Instant when) {
        attempt(usualPatience(), () -> database.inTransaction(() -> new CommitTable(database).write(commit, when)));
    }

    /** A run that the table refuses does not hold up the others. */
    private void writeWaiting(List<StoreException> refused) {
        database.inTransaction(() -> waiting.forEach(run -> {
            try {
                writer.write(run);
            } catch (StoreException e) {
                if (!SqliteErrors.isAboutTheRow(e)) throw e;
                refused.add(e);
            }
        }));
        waiting.clear();
    }

    private Duration usualPatience() {
        return isWithin(WARY) ? SHORT_PATIENCE : PATIENCE;
    }

    private void attempt(Duration patience, Runnable work) {
        try {
            open(patience);
            work.run();
            hasFailed = false;
        } catch (RuntimeException | LinkageError e) {
            failed = System.nanoTime();
            hasFailed = true;
            disconnect();
            if (!(e instanceof StoreException known && PASSING.contains(known.reason()))) waiting.clear();
            throw e;
        }
    }

    private boolean isWithin(Duration time) {
        return hasFailed && System.nanoTime() - failed < time.toNanos();
    }

    /** The journal mode is the store's own. In WAL mode a power cut may lose the last commits; a replay brings them back. */
    private void open(Duration patience) {
        if (database != null && identity != null && identity.equals(identityNow())) {
            database.patience(patience);
            return;
        }
        disconnect();
        store.orThrow();
        identity = identityNow();
        database = Database.open(store.database(), patience);
        if ("wal".equals(database.pragma("journal_mode"))) {
            database.pragma("synchronous", "NORMAL");
            database.pragma("wal_autocheckpoint", LOG_PAGES);
        }
        writer = new RunWriter(database);
        schema = writer.schema();
    }

    private Object identityNow() {
        try {
            return Disk.identity(store.database());
        } catch (IOException e) {
            throw Attempt.refused("open the database", store.database(), e);
        }
    }

    private void disconnect() {
        if (database != null) database.close();
        database = null;
    }

    /** Tries once more to write the waiting rows. @throws StoreException when that fails */
    @Override
    public synchronized void close() {
        try {
            if (!waiting.isEmpty()) attempt(LAST_PATIENCE, () -> writeWaiting(new ArrayList<>()));
        } finally {
            disconnect();
        }
    }
}
