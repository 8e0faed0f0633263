package telemetry.recording;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import telemetry.Commit;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.runs.Schema;

/**
 * Records what happens, first the line and then the row, for any number of threads, which share fsyncs and transactions. While a written
 * line has its fsync, a helper thread writes the row (bench rows {@code track}, {@code track-threads}). No fault reaches the program that
 * is recorded: there is one warning, and the program goes on. A lost line is reported even after another warning, because a replay can
 * restore a row but not a line.
 */
public final class Recorder implements AutoCloseable {

    /** A line on its way, and the row that follows. */
    private static final class Entry {
        private final String line;

        /** Null when it has no row. */
        private final Run run;

        /** Null until the line is in its file. */
        private GroupCommit<Run>.Group row;

        private Entry(LineLimit.Fitting fitting) {
            this.line = fitting.line();
            this.run = fitting.record() instanceof Run known ? known : null;
        }
    }

    /** Idle time before the helper thread ends. */
    private static final long IDLE_S = 10;
    private static final int MOST_REMARKS = 20;

    private final Clock clock;
    private final Store store;
    private final Consumer<String> warnings;
    private final AtomicBoolean warned = new AtomicBoolean();
    private final AtomicBoolean warnedOfLines = new AtomicBoolean();

    private final Set<String> remarks = ConcurrentHashMap.newKeySet();

    /** The store's first refusal; null without one. */
    private volatile StoreException refusal;
    private final EventLog log;
    private final RunTable table;
    private volatile RunLine line;
    private final GroupCommit<Entry> lines = new GroupCommit<>(this::append);
    private final GroupCommit<Run> rows = new GroupCommit<>(group -> guarded(() -> write(group)));
    private final Executor helper = helper();

    public Recorder(Store store, Clock clock, Consumer<String> warnings) {
        this.store = store;
        this.clock = clock;
        this.warnings = warnings;
        this.log = new EventLog(store);
        this.table = new RunTable(store);
    }

    /** One thread, which does not keep the program from ending. */
    private static Executor helper() {
        var helper = new ThreadPoolExecutor(1, 1, IDLE_S, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
            var thread = new Thread(work, "telemetry rows");
            thread.setDaemon(true);
            return thread;
        });
        helper.allowCoreThreadTimeOut(true);
        return helper;
    }

    /** When this returns, the line is on the disk and the row in the database, or a warning was given. */
    public void record(LogRecord record) {
        var entry = new Entry(LineLimit.fit(record));
        lines.add(List.of(entry)).await();
        if (entry.run == null) return;
        if (entry.row == null) entry.row = rows.add(List.of(entry.run));
        entry.row.await();
    }

    /** The same for a commit: its line is an event of its run. */
    public void record(Commit commit) {
        Instant now = clock.instant();
        record(commit.event(now));
        table.write(commit, now);
    }

    /** False also where the database cannot be read. */
    public boolean isKnown(String runId) {
        var known = new boolean[1];
        guarded(() -> known[0] = table.isKnown(runId));
        return known[0];
    }

    /** The form of lines that this store's writers use. */
    public RunLine line() {
        var schema = new Schema[1];
        guarded(() -> schema[0] = table.schema());
        RunLine known = line;
        if (known != null && (schema[0] == null || known.isOf(schema[0]))) return known;
        line = new RunLine(schema[0]);
        return line;
    }

    private void append(List<Entry> group) {
        List<String> texts = group.stream().map(entry -> entry.line).toList();
        boolean isLost = !guarded(warnedOfLines, () -> log.append(DayFile.dayOf(clock.instant()), texts, () -> beginRows(group)));
        if (isLost) warned.set(true);
    }

    /** Hands the rows to the helper. A thread that waits for a row writes it if no other has begun to. */
    private void beginRows(List<Entry> group) {
        List<Run> runs = group.stream().map(entry -> entry.run).filter(Objects::nonNull).toList();
        if (runs.isEmpty()) return;
        GroupCommit<Run>.Group row = rows.add(runs);
        group.forEach(entry -> entry.row = row);
        try {
            helper.execute(row::begin);
        } catch (OutOfMemoryError e) {
            // the system has no thread for us: the waiting threads write the rows
        }
    }

    private void write(List<Run> group) {
        table.write(group);
    }

    /**
     * A promise to the recorded program: whatever goes wrong in here stays in here, even a value's failing toString() or a missing native
     * library.
     */
    public void guarded(Runnable work) {
        guarded(warned, work);
    }

    /** @return false when it went wrong */
    private boolean guarded(AtomicBoolean said, Runnable work) {
        try {
            work.run();
            return true;
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            if (refusal == null && e instanceof StoreException known) refusal = known;
            boolean isKnown = warned.get() && store.isMissing();
            if (said.compareAndSet(false, true) && !isKnown)
                warnings.accept(e instanceof StoreException known ? store.message(known) : "recording failed: " + e);
            return false;
        }
    }

    /** Warns of something that the program asked for and that cannot be recorded; once of each. */
    public void remark(String what) {
        if (remarks.size() < MOST_REMARKS && remarks.add(what)) warnings.accept(what);
    }

    /** The subject of the first warning; null when the store refused nothing. */
    public StoreException refusal() {
        return refusal;
    }

    @Override
    public void close() {
        guarded(log::close);
        guarded(table::close);
    }
}
