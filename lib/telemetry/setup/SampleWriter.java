package telemetry.setup;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.daylog.LogReader;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.rebuild.Rebuild;
import telemetry.daylog.InFlight;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Quarantine;
import telemetry.store.StoreLock;
import telemetry.text.Progress;

/**
 * Puts a sample into a store: its lines into day files, and its runs into rows by a rebuild from these lines. The day files begin in the
 * folder {@code raw/sample.unfinished}, where no reader looks. One transaction of the rebuild gives the database all new rows; after
 * it the files are moved into place. After a kill, {@link #settle} finishes a sample whose rows are there and discards any other.
 */
public final class SampleWriter {

    /** Lines, rows and the files of the rebuild together, measured, with a quarter added. */
    private static final long BYTES_A_RUN = 5_000;

    /** Files of the old database's size that a rebuild needs: the new database, a copy of the old one, and the -wal. */
    private static final int DATABASES = 3;

    /** What was added to the store. */
    public record Filled(long runs, long lines, long bytes, int dayFiles) { }

    /** What was done about a sample that was killed. */
    public enum Left { NOTHING, FINISHED, DISCARDED }

    private final Store store;
    private final Path folder;

    public SampleWriter(Store store) {
        this.store = store;
        this.folder = store.raw().resolve("sample.unfinished");
    }

    /** Finishes or discards a sample that was killed. @throws StoreException {@code LOCKED} when it is still being made */
    public Left settle() {
        return isThere() ? alone(this::settled) : Left.NOTHING;
    }

    /** @throws StoreException {@code REFUSED} when the store has runs or lines already */
    public void requireEmpty() {
        long runs = runs();
        if (runs > 0) throw refusal(String.format(Locale.ROOT, "it has %,d runs already", runs));
        if (!new EventLog(store).isEmpty()) throw refusal("it has day files already");
    }

    /** An earlier setup may have been killed while it wrote. */
    private long runs() {
        if (store.database().toFile().length() == 0) return 0;
        try (Database database = Database.openRolledBack(store.database(), Database.PATIENCE)) {
            return Schema.of(database).shape() == Schema.Shape.NONE ? 0 : database.number("SELECT count(*) FROM agent_runs");
        }
    }

    private StoreException refusal(String why) {
        return new StoreException(StoreException.Reason.REFUSED, "fill the store", store.base(),
                why, Next.words("run it again with --yes, to add the sample to them"));
    }

    /**
     * Adds the sample to the store.
     *
     * @param toRuns also when there are runs already
     * @throws StoreException {@code REFUSED} when there are and it may not, {@code LOCKED} while another sample is being made, {@code FULL}
     *                        without enough space; nothing is changed then
     */
    public Filled fill(Sample sample, boolean toRuns, Progress progress) {
        try (Database database = Database.openToRead(store.database())) {
            Schema.refuseNewer(database);
            Schema.require(database);
        }
        for (Path disk : List.of(store.raw(), store.database())) DiskSpace.requireRoom("add a sample of " + sample.runs() + " runs to", disk,
                sample.runs() * BYTES_A_RUN + DATABASES * store.database().toFile().length(), Next.words("ask for fewer with --runs"));
        return alone(() -> {
            settled();
            if (!toRuns) requireEmpty();
            try {
                Filled filled = Attempt.of("write the sample's day files in", folder, () -> lines(sample, progress));
                rows(sample);
                settled();
                return filled;
            } catch (RuntimeException e) {
                undo(e);
                throw e;
            }
        });
    }

    /** Waits for its turn: a second sample would take the first one's unfinished files for those of a dead process. */
    private <T> T alone(Supplier<T> work) {
        boolean[] hasBegun = {false};
        for (long end = System.nanoTime() + Database.PATIENCE.toNanos(); ; LockSupport.parkNanos(50_000_000)) {
            try {
                return StoreLock.replacing(store, () -> {
                    hasBegun[0] = true;
                    return work.get();
                });
            } catch (StoreException e) {
                if (hasBegun[0] || e.reason() != StoreException.Reason.LOCKED || System.nanoTime() > end) throw e;
            }
        }
    }

    /** Frees the space at once; what fails here is left for {@link #settle}. */
    private void undo(RuntimeException reason) {
        try {
            settled();
        } catch (StoreException e) {
            reason.addSuppressed(e);
        }
    }

    private Left settled() {
        if (!isThere()) return Left.NOTHING;
        try {
            boolean hasRows = hasRows();
            for (Path file : files()) {
                if (hasRows) publish(file);
                else Inside.delete(file);
            }
            Inside.delete(folder);
            Disk.syncFolder(store.raw());
            return hasRows ? Left.FINISHED : Left.DISCARDED;
        } catch (IOException e) {
            throw Attempt.refused("settle the unfinished sample in", folder, e);
        }
    }

    /** A link of that name is none of ours. */
    private boolean isThere() {
        return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
    }

    /** True when the database has the first run of the files, which means all of them. */
    private boolean hasRows() throws IOException {
        if (runs() == 0) return false;
        for (Path file : files()) {
            try (Stream<LogEntry> entries = EventLog.read(new LogReader(file));
                    Database database = Database.openToRead(store.database())) {
                var first = entries.filter(entry -> !entry.isDamaged()).findFirst();
                if (first.isEmpty()) continue;
                String id = first.get().record() instanceof Run run ? run.id() : ((Event) first.get().record()).runId();
                return database.one("SELECT 1 FROM agent_runs WHERE run_id = ?", id).isPresent();
            }
        }
        return false;
    }

    private List<Path> files() throws IOException {
        return Inside.list(folder).stream().sorted().toList();
    }

    /** A day that already has a file gets a further part: a file that an agent appends to is not touched. */
    private void publish(Path file) throws IOException {
        String name = file.getFileName().toString();
        for (int part = 2; ; part++) {
            try {
                Disk.publish(file, store.raw().resolve(name));
                return;
            } catch (FileAlreadyExistsException e) {
                name = file.getFileName().toString().replace(".ndjson", "." + part + ".ndjson");
            }
        }
    }

    private Filled lines(Sample sample, Progress progress) throws IOException {
        NewFile.folder(folder);
        try (var lines = new SampleLines(folder)) {
            return lines.write(sample, progress);
        }
    }

    /** From the sample's files alone: the store's other runs are carried over as they are, so no copy of the old database is kept. */
    private void rows(Sample sample) {
        List<Path> files = Attempt.of("read the sample in", folder, this::files);
        Duration ahead = Duration.between(Instant.now(), sample.end());
        Clock nobodyElseWritesThem = Clock.offset(Clock.systemUTC(), InFlight.PATIENCE.plus(ahead.isNegative() ? Duration.ZERO : ahead));
        Path kept = new Rebuild(store, nobodyElseWritesThem).from(false, false).also(files).inPlace().exchange().kept();
        if (kept == null) return;
        DatabaseFile.delete(kept);
        Quarantine.removeIfEmpty(kept.getParent());
    }
}
