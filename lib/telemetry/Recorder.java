package telemetry;

import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Records what happens, the line first and the row second, for any number of threads, which share their fsyncs and transactions. Nothing
 * that goes wrong reaches the program that is recorded: it is said once, and the program goes on. That a line is lost is said even when
 * another thing was: a replay brings a row, and nothing brings a line.
 */
final class Recorder implements AutoCloseable {
    private final Clock clock;
    private final Store store;
    private final Consumer<String> warnings;
    private final AtomicBoolean warned = new AtomicBoolean();
    private final AtomicBoolean warnedOfLines = new AtomicBoolean();

    /** The first that the store refused; null when it refused nothing. */
    private volatile StoreException refusal;
    private final EventLog log;
    private final RunTable table;
    private final GroupCommit<String> lines = new GroupCommit<>(this::append);
    private final GroupCommit<Run> rows = new GroupCommit<>(group -> guarded(() -> write(group)));

    Recorder(Store store, Clock clock, Consumer<String> warnings) {
        this.store = store;
        this.clock = clock;
        this.warnings = warnings;
        this.log = new EventLog(store);
        this.table = new RunTable(store);
    }

    /** When it returns, the line is on the disk and the row in the database, or a warning was given. */
    void record(LogRecord record) {
        LineLimit.Fitting fitting = LineLimit.fit(record);
        lines.add(fitting.line());
        if (fitting.record() instanceof Run run) rows.add(run);
    }

    /** The form of the records that this store's writers use. */
    RunForm form() {
        var schema = new Schema[1];
        guarded(() -> schema[0] = table.schema());
        return new RunForm(schema[0]);
    }

    private void append(List<String> group) {
        boolean isLost = !guarded(warnedOfLines, () -> log.append(DayFile.dayOf(clock.instant()), group));
        if (isLost) warned.set(true);
    }

    private void write(List<Run> group) {
        table.write(group);
    }

    /**
     * A promise to the program that is recorded: whatever happens in here, an odd value's toString() and a missing native library included,
     * stays in here.
     */
    void guarded(Runnable work) {
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

    /** What the first warning was about; null when the store refused nothing. */
    StoreException refusal() {
        return refusal;
    }

    @Override
    public void close() {
        guarded(log::close);
        guarded(table::close);
    }
}
