package telemetry.measure;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.TelemetryClient;
import telemetry.Times;
import telemetry.os.Attempt;
import telemetry.os.NewFile;
import telemetry.text.Result;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * How long it takes to track a run, through the client that programs use, and how many runs a second are possible; {@code toString()} is
 * the table, times in milliseconds.
 *
 * @param schema and journal mode of the database: {@code "v3, WAL"}
 * @param load   what was to be written
 * @param paced  a run's start and end, each a line on the disk and a row
 * @param rates  of several threads of one program, then of several programs
 * @param sync   a line written and fsynced, nothing else: the time of the disk itself
 */
public record WriteTimes(String schema, Load load, Latencies paced, List<Rate> rates, Latencies sync) implements Result {

    /**
     * How much is written.
     *
     * @param runs      in each of the measurements
     * @param perSecond how many begin in a second when single runs are timed
     * @param threads   threads in one program; one measurement for each number
     * @param processes programs at a time; 0 for no such measurement
     */
    public record Load(int runs, int perSecond, List<Integer> threads, int processes) {

        /** All tracked runs, including those that are not measured. */
        public int all() {
            return runs * (1 + threads.size() + Math.min(1, processes)) + (1 + processes) * warming(runs);
        }
    }

    /** How many runs were tracked in which time, as fast as possible. @param who {@code "4 threads"} */
    record Rate(String who, int runs, Duration took) {

        private record Figures(String who, int runs, BigDecimal tookMs, long runsPerSecond) { }

        double perSecond() {
            return runs * 1e9 / Math.max(1, took.toNanos());
        }

        private Figures figures() {
            return new Figures(who, runs, Times.millis(took), Math.round(perSecond()));
        }
    }

    /** A JVM's first runs take several times as long. */
    private static final int WARMING = 50;

    /** As long as a line of a run's start. */
    private static final int LINE = 700;

    /**
     * Measures in a scratch store.
     *
     * @param program  a main class of this class path and its arguments, for {@link WriterProcesses}
     * @param progress receives the number of runs so far
     * @throws StoreException when a run was not recorded correctly: then no time is valid
     */
    public static WriteTimes of(ScratchStore scratch, Load load, List<String> program, LongConsumer progress) throws InterruptedException {
        var writing = new Writing(scratch.store(), progress);
        Latencies paced = writing.paced(load.runs, load.perSecond);
        List<Rate> rates = new ArrayList<>();
        for (int number : load.threads) rates.add(writing.threads(number, load.runs));
        if (load.processes > 0) rates.add(writing.processes(scratch, program, load.processes, load.runs));
        writing.requireAllRecorded();
        return new WriteTimes(scratch.schema(), load, paced, rates, syncs(scratch.store().raw(), load.runs));
    }

    /** Tracks this many runs, one after the other, like one of several programs. */
    static void track(TelemetryClient client, int runs) {
        for (int n = 0; n < runs; n++)
            client.track("measure_performance", "write", run -> run.metrics(metrics -> metrics.itemsDiscovered(10).itemsSucceeded(10)));
    }

    /** How many runs to track before the measured ones: as many, but no more than {@value #WARMING}. */
    static int warming(int runs) {
        return Math.min(runs, WARMING);
    }

    private static Latencies syncs(Path folder, int times) {
        var latencies = new Latencies();
        Path file = folder.resolve("fsync");
        try (FileChannel channel = NewFile.create(file)) {
            for (int n = 0; n < times; n++) {
                long began = System.nanoTime();
                channel.write(ByteBuffer.allocate(LINE));
                channel.force(false);
                latencies.add(System.nanoTime() - began);
            }
            return latencies;
        } catch (IOException e) {
            throw Attempt.refused("measure the disk with", file, e);
        }
    }

    /** The slowest of the rates. */
    Rate slowest() {
        return rates.stream().min(Comparator.comparing(Rate::perSecond)).orElseThrow();
    }

    @Override
    public Object data() {
        record Document(String schema, int begunPerSecond, Latencies.Figures run, List<Rate.Figures> rates, Latencies.Figures fsync) { }
        return new Document(schema, load.perSecond, paced.figures(), rates.stream().map(Rate::figures).toList(), sync.figures());
    }

    /** The numbers of the trends. */
    void summary(Map<String, Object> summary) {
        paced.summary("write", summary);
        summary.put("write_p99_ms", paced.figures().p99Ms());
        summary.put("write_max_ms", paced.figures().maxMs());
        summary.put("runs_per_second", Math.round(slowest().perSecond()));
        for (Rate rate : rates) summary.put("runs_per_second_" + rate.who().replace(' ', '_'), Math.round(rate.perSecond()));
        sync.summary("fsync", summary);
    }

    @Override
    public String toString() {
        var table = new Table("write", "runs", "runs/s", "p50 ms", "p95 ms", "p99 ms", "max ms");
        row(table, "one run, " + load.perSecond + " begin a second", load.perSecond, paced);
        for (Rate rate : rates) table.row(rate.who(), rate.runs(), Math.round(rate.perSecond()));
        row(table, "fsync of one line", null, sync);
        return table + System.lineSeparator() + "in a scratch store beside it (" + schema + "), which is gone again";
    }

    private static void row(Table table, String what, Integer perSecond, Latencies took) {
        Latencies.Figures figures = took.figures();
        table.row(what, figures.times(), perSecond, figures.p50Ms(), figures.p95Ms(), figures.p99Ms(), figures.maxMs());
    }

    /** One measuring, and what went wrong in it. */
    private static final class Writing {
        private final Store store;
        private final LongConsumer progress;
        private volatile String warning;
        private int tracked;

        Writing(Store store, LongConsumer progress) {
            this.store = store;
            this.progress = progress;
        }

        /**
         * Runs are due at fixed times. A run that could not begin because the one before was still in progress is timed from when it was
         * due. So a stall counts for every run behind it, as it does for programs that do not wait for each other (coordinated omission). A
         * late wake-up of this thread itself does not count.
         */
        Latencies paced(int runs, int perSecond) {
            var latencies = new Latencies();
            try (TelemetryClient client = client()) {
                track(client, warming(runs));
                add(warming(runs));
                long between = 1_000_000_000L / perSecond;
                long due = System.nanoTime();
                for (int n = 0; n < runs; n++, due += between) {
                    boolean late = System.nanoTime() > due;
                    waitUntil(due);
                    long from = late ? due : System.nanoTime();
                    track(client, 1);
                    latencies.add(System.nanoTime() - from);
                    add(1);
                }
            }
            return latencies;
        }

        private static void waitUntil(long time) {
            for (long left = time - System.nanoTime(); left > 0; left = time - System.nanoTime()) LockSupport.parkNanos(left);
        }

        /** Threads of one program share one client, and so their fsyncs and transactions. */
        Rate threads(int number, int runs) throws InterruptedException {
            int each = Math.max(1, runs / number);
            ExecutorService pool = Executors.newFixedThreadPool(number);
            try (TelemetryClient client = client()) {
                pool.invokeAll(Collections.nCopies(number, Executors.callable(() -> track(client, 1))));
                long began = System.nanoTime();
                pool.invokeAll(Collections.nCopies(number, Executors.callable(() -> track(client, each))));
                long took = System.nanoTime() - began;
                add(number * (1 + each));
                return new Rate(Words.count(number, "thread"), number * each, Duration.ofNanos(took));
            } finally {
                pool.shutdownNow();
            }
        }

        Rate processes(ScratchStore scratch, List<String> program, int number, int runs) throws InterruptedException {
            int each = Math.max(1, runs / number);
            Duration took = WriterProcesses.run(program, scratch, number, each);
            add(number * (warming(each) + each));
            return new Rate(Words.count(number, "process"), number * each, took);
        }

        private TelemetryClient client() {
            return TelemetryClient.at(store, Clock.systemUTC(), said -> warning = said);
        }

        private void add(int runs) {
            tracked += runs;
            progress.accept(tracked);
        }

        void requireAllRecorded() {
            if (warning != null) throw failed(warning);
            try (Database database = Database.openToRead(store.database())) {
                long rows = database.number("SELECT count(*) FROM agent_runs WHERE status = 'success'");
                if (rows != tracked) throw failed("of " + tracked + " runs " + rows + " are in the database");
            }
        }

        private StoreException failed(String why) {
            return new StoreException(StoreException.Reason.FAILED, "measure writing in", store.base(), why, null);
        }
    }
}
