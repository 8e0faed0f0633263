package telemetry.setup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.Next;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.daylog.LogReader;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.runs.RunWriter;
import telemetry.runs.Schema;
import telemetry.text.Progress;

/**
 * Puts a sample into a store: its lines into day files, each into that of the day it was written on, its runs into rows; or, when it is
 * killed on the way, neither. The day files come into being in the folder {@code raw/sample.unfinished}, which no reader looks into. One
 * transaction takes all rows; its commit decides, and after it the files are moved into place. What a kill leaves of that folder, {@link
 * #settle} ends: it moves the files of rows that were committed, and throws away all others. The database's write lock keeps two fillings
 * from meeting.
 */
public final class SampleWriter {

    /** Lines, rows and the rows' log together, measured, with a quarter added. */
    private static final long BYTES_A_RUN = 4_000;

    /** In KiB. With SQLite's usual 2 MB the pages of the indexes would be written again and again. */
    private static final int CACHE = 64 << 10;

    /** In one statement. */
    private static final int ROWS = 16;

    /** Runs whose rows are written while their lines are. */
    private static final int BATCH = 16 * ROWS;

    /** What came into the store. */
    public record Filled(long runs, long lines, long bytes, int dayFiles) { }

    /** What became of a filling that was killed. */
    public enum Left { NOTHING, FINISHED, DISCARDED }

    private final Store store;
    private final Database database;
    private final Path folder;
    private boolean begun;

    public SampleWriter(Store store, Database database) {
        this.store = store;
        this.database = database;
        this.folder = folder(store);
    }

    private static Path folder(Store store) {
        return store.raw().resolve("sample.unfinished");
    }

    /**
     * Ends a filling that was killed: what it had committed is finished, all else thrown away.
     *
     * @throws StoreException {@code LOCKED} when it goes on yet
     */
    public static Left settle(Store store) {
        if (!Files.exists(folder(store))) return Left.NOTHING;
        if (!Files.exists(store.database())) return new SampleWriter(store, null).tidied();
        try (Database database = Database.open(store.database())) {
            var writer = new SampleWriter(store, database);
            return database.inTransaction(writer::tidied);
        }
    }

    /** @throws StoreException {@code REFUSED} when the store has runs or lines already */
    public static void requireEmpty(Store store) {
        if (store.database().toFile().length() > 0) {
            try (Database database = Database.openToRead(store.database())) {
                if (Schema.of(database).shape() != Schema.Shape.NONE) new SampleWriter(store, database).requireNoRuns();
            }
        }
        if (!new EventLog(store).isEmpty()) throw refusal(store, "it has day files already");
    }

    private void requireNoRuns() {
        long runs = database.number("SELECT count(*) FROM agent_runs");
        if (runs > 0) throw refusal(store, String.format(Locale.ROOT, "it has %,d runs already", runs));
    }

    private static StoreException refusal(Store store, String why) {
        return new StoreException(StoreException.Reason.REFUSED, "fill the store", store.base(),
                why, Next.words("run it again with --yes, to add the sample to them"));
    }

    /**
     * Adds the sample to what is there.
     *
     * @param toRuns also when there are runs already
     * @throws StoreException {@code REFUSED} when there are and it may not, {@code LOCKED} while another filling goes on, {@code FULL} when
     *                        there is no room; it has changed nothing then
     */
    public Filled fill(Sample sample, boolean toRuns, Progress progress) {
        Schema.require(database);
        requireRoom(sample);
        database.pragma("cache_size", -CACHE);
        try {
            Filled filled = database.inTransaction(() -> {
                tidied();
                if (!toRuns) requireNoRuns();
                return write(sample, progress);
            });
            database.inTransaction(this::tidied);
            return filled;
        } catch (RuntimeException e) {
            if (begun) undo(e);
            throw e;
        }
    }

    /** Makes room again at once; what does not succeed is left for {@link #settle}. */
    private void undo(RuntimeException reason) {
        try {
            database.inTransaction(this::tidied);
        } catch (StoreException e) {
            reason.addSuppressed(e);
        }
    }

    private void requireRoom(Sample sample) {
        for (Path disk : List.of(store.raw(), store.database())) {
            try {
                long free = Disk.free(disk);
                if (free < sample.runs() * BYTES_A_RUN) throw new StoreException(StoreException.Reason.FULL, "fill the store", store.base(),
                        String.format(Locale.ROOT, "%,d runs need some %,d MB, and %,d MB are free",
                                sample.runs(), sample.runs() * BYTES_A_RUN >> 20, free >> 20),
                        Next.words("ask for fewer with --runs"));
            } catch (IOException e) {
                throw Attempt.refused("look for room on", disk, e);
            }
        }
    }

    private Left tidied() {
        if (!Files.isDirectory(folder)) return Left.NOTHING;
        try {
            boolean committed = isCommitted();
            for (Path file : files()) {
                if (committed) publish(file);
                else Files.delete(file);
            }
            Files.delete(folder);
            Disk.syncFolder(store.raw());
            return committed ? Left.FINISHED : Left.DISCARDED;
        } catch (IOException e) {
            throw Attempt.refused("settle the unfinished sample in", folder, e);
        }
    }

    private boolean isCommitted() throws IOException {
        if (database == null || Schema.of(database).shape() == Schema.Shape.NONE) return false;
        for (Path file : files()) {
            try (Stream<LogEntry> entries = EventLog.read(new LogReader(file))) {
                var first = entries.filter(entry -> !entry.isDamaged()).findFirst();
                if (first.isPresent())
                    return database.number("SELECT count(*) FROM agent_runs WHERE run_id = ?", runId(first.get().record())) > 0;
            }
        }
        return false;
    }

    private static String runId(LogRecord record) {
        return record instanceof Run run ? run.id() : ((Event) record).runId();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /** A day that has its file already gets a further part: what an agent is appending to is not touched. */
    private void publish(Path file) throws IOException {
        String name = file.getFileName().toString();
        for (int part = 2; ; part++) {
            Path target = store.raw().resolve(name);
            try {
                Disk.publish(file, target);
                return;
            } catch (FileAlreadyExistsException e) {
                name = file.getFileName().toString().replace(".ndjson", "." + part + ".ndjson");
            }
        }
    }

    private Filled write(Sample sample, Progress progress) {
        try {
            Files.createDirectory(folder);
            begun = true;
            try (var lines = new SampleLines(folder)) {
                var rows = new RunWriter(database);
                List<Row> indexes = droppedIndexes();
                for (int n = 0; n < sample.runs(); n += BATCH) {
                    List<Sample.Trace> batch = IntStream.range(n, Math.min(n + BATCH, sample.runs())).mapToObj(sample::trace).toList();
                    lines.add(batch);
                    for (int from = 0; from < batch.size(); from += ROWS)
                        rows.insert(batch.subList(from, Math.min(from + ROWS, batch.size())).stream().map(Sample.Trace::last).toList());
                    progress.at(n);
                }
                indexes.forEach(index -> database.execute(index.text("sql")));
                lines.finish();
                return lines.filled(sample.runs());
            }
        } catch (IOException | UncheckedIOException e) {
            throw Attempt.refused("write the sample's day files in", folder, e instanceof UncheckedIOException u
                    ? u.getCause() : (IOException) e);
        }
    }

    /** Indexes of an empty table are cheaper made when it is full. */
    private List<Row> droppedIndexes() {
        if (database.one("SELECT 1 FROM agent_runs").isPresent()) return List.of();
        List<Row> indexes = database.query("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'agent_runs' AND sql "
                + "IS NOT NULL").list();
        indexes.forEach(index -> database.execute("DROP INDEX " + Database.quoted(index.text("name"))));
        return indexes;
    }
}
