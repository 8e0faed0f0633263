package telemetry.rebuild;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.prune.OldRuns;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.runs.WriteTrial;
import telemetry.store.Buffers;
import telemetry.store.Exchange;
import telemetry.store.Layout;
import telemetry.store.Pruned;
import telemetry.store.Quarantine;
import telemetry.store.StoreLock;
import telemetry.text.Result;

/**
 * Makes a new database from the day files and puts it in place of the old one, whatever state that is in. If it is interrupted at any
 * point, the old or the new database is there whole, and the next call starts again.
 */
public final class Rebuild {

    private final Store store;
    private final Clock clock;
    private final Sources sources;
    private boolean isFromLines;
    private LinesRead read;
    private SchemaForm asked;

    /** The version of the newest line, as far as a reading has found it. */
    private int newest;
    private Duration patience = Database.PATIENCE;
    private Reshape reshape;
    private LongConsumer progress = bytes -> { };
    private Consumer<StoreException> onDenied = denied -> {
        throw denied;
    };

    public Rebuild(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
        this.sources = new Sources(store);
    }

    /** Chooses which of the store's day files are read; the default is both kinds. */
    public Rebuild from(boolean raw, boolean archive) {
        sources.from(raw, archive);
        return this;
    }

    /** Also reads the files in which later clients keep what they could not send; see {@link Buffers}. */
    public Rebuild buffer(Path folder) {
        return also(Buffers.in(folder));
    }

    /**
     * Chooses the tables. The default is those of the old database, and those of the lines' writers where no old one tells. An old database
     * with other tables is replaced as a whole: nobody may have it open.
     */
    public Rebuild schema(SchemaForm form) {
        this.asked = form;
        return this;
    }

    /** Also reads these files. */
    public Rebuild also(List<Path> files) {
        sources.also(files);
        return this;
    }

    /** Whether the lines also replace rows that were changed after them, over HTTP say; the default is false. */
    public Rebuild fromLines(boolean isFromLines) {
        this.isFromLines = isFromLines;
        return this;
    }

    /** Gives the runs of an intact database a table of another form; see {@link Reshape}. Its other tables stay. */
    public Rebuild as(Reshape reshape) {
        this.reshape = reshape;
        return this;
    }

    /** Sets how long to wait for a lock on the database; the default is {@link Database#PATIENCE}. */
    public Rebuild patience(Duration patience) {
        this.patience = patience;
        return this;
    }

    /** Reports a file that may not be read, and goes on with the others. The default is to stop there. */
    public Rebuild onDenied(Consumer<StoreException> onDenied) {
        this.onDenied = onDenied;
        return this;
    }

    /** Receives the number of bytes read since the last call. */
    public Rebuild progress(LongConsumer bytes) {
        this.progress = bytes;
        return this;
    }

    /** The present files, in the order of reading. @throws StoreException {@code MISSING} when there is none to rebuild from */
    public List<Path> files() {
        List<Path> files = sources.files();
        if (files.isEmpty() && reshape == null) throw sources.nothing();
        return files;
    }

    /** Changes nothing. @param into the new file; null for the store's database @param isReplay whether that would stay */
    public Result preview(Path into, boolean isReplay) {
        List<Path> files = files();
        OldDatabase seen = OldDatabase.seen(store.database());
        OldDatabase.State old = seen.state();
        NewTables tables = NewTables.of(store, seen, asked, files, newest);
        boolean isComparable = into == null && old == OldDatabase.State.INTACT && !tables.isOther();
        Path database = into == null ? store.database() : into.toAbsolutePath();
        RunDifferences.Count differences = isComparable ? differences(difference -> { }) : null;
        return new RebuildPreview(new RebuildPreview.Plan(database, old, tables.isTold() ? null : tables.form().toString(), tables.doubt(),
                files, Sources.bytes(files), differences), into != null, isReplay);
    }

    /** Compares the store's database with its day files, both ways; see {@link RunDifferences}. */
    public RunDifferences.Count differences(Consumer<RunDifferences.Difference> each) {
        var differences = new RunDifferences(store, this::files, onDenied, clock);
        RunDifferences.Count count = differences.find(each);
        read = differences.read();
        return count;
    }

    /** What the last comparison has read, for a replay after it; null when more runs differ than are kept in memory. */
    public LinesRead read() {
        return read;
    }

    /** Writes a new file and touches nothing else. It also has what only the store's database has. */
    public Rebuilt into(Path file) {
        Path target = file.toAbsolutePath().normalize();
        Path damaged = target.resolveSibling(target.getFileName() + ".damaged.ndjson");
        for (Path taken : List.of(target, damaged))
            if (Files.exists(taken))
                throw new StoreException(StoreException.Reason.REFUSED, "write", taken, "it exists", Next.words("name another file"));
        return upToDate(() -> into(target, damaged));
    }

    /** Only a whole reading finds the newest line for certain; where the first guess was too old, the second is right. */
    private <T> T upToDate(Supplier<T> making) {
        try {
            return making.get();
        } catch (NewTables.TooOld e) {
            newest = e.version();
            return making.get();
        }
    }

    private Making making(Path target, Path damaged, OldDatabase old) {
        var tables = NewTables.of(store, old, asked, files(), newest);
        return new Making(store, target, damaged, tables, this::files).at(clock).fromLines(isFromLines).reshaping(reshape)
                .onDenied(onDenied).progress(progress);
    }

    private Rebuilt into(Path target, Path damaged) {
        OldDatabase old = OldDatabase.of(store.database());
        try (var making = making(target, damaged, old)) {
            making.make(old, old.state() == OldDatabase.State.INTACT ? old.file() : null, false).seal();
            making.endQuarantine();
            publish(making.file(), target);
            return making.result(target, new Rebuilt.Exchange(old.state(), null, 0, Duration.ZERO, 0), patience);
        }
    }

    /**
     * Replaces the store's database by a new one. An intact database stays in place and gets the new content in one transaction, so its
     * users may go on.
     *
     * @throws StoreException {@code LOCKED} when a restore, a recovery or another rebuild is running there
     */
    public Rebuilt inPlace() {
        return Exchange.replacing(store, () -> upToDate(this::exchange));
    }

    private Rebuilt exchange() {
        OldDatabase old = OldDatabase.of(store.database());
        if (reshape != null && old.state() != OldDatabase.State.INTACT) throw new StoreException(StoreException.Reason.DAMAGED, "upgrade",
                old.file(), String.valueOf(old.why()), store.command("recover", "--dry-run"));
        if (old.state() != OldDatabase.State.ABSENT && old.state() != OldDatabase.State.INTACT) old.requireUnused();
        makeFolder();
        Instant began = clock.instant();
        Path folder = Quarantine.folder(store, "rebuild", began);
        try (var making = making(store.database(), folder.resolve("damaged.ndjson"), old)) {
            Path kept;
            Duration locked = Duration.ZERO;
            if (old.state() == OldDatabase.State.INTACT && making.isOther()) {
                old.requireUnused();
                convert(making, old);
                kept = old.replaceBy(making.file(), store, folder);
            } else if (old.state() == OldDatabase.State.INTACT) {
                try (var swap = new LiveSwap(store.database(), patience)) {
                    kept = swap.keep(Quarantine.make(folder).resolve(store.database().getFileName()));
                    NewDatabase made = making.make(old, kept, true);
                    Exchange.begin(store, folder);
                    locked = swap.replace(made, making.refused());
                    making.leave(swap.left());
                    making.count(made.runs());
                }
                if (reshape != null) making.leave(reshape.setJournal(store.database()));
            } else {
                making.make(old, null, false).seal();
                kept = old.replaceBy(making.file(), store, folder);
            }
            making.endQuarantine();
            ReplayResult replayed = replay(making);
            var exchange = new Rebuilt.Exchange(old.state(), kept, replayed.brought(), locked, replayed.inFlight());
            return making.result(store.database(), exchange, patience);
        } finally {
            Quarantine.removeIfEmpty(folder);
        }
    }

    /**
     * Brings what the files have into the store's database, which stays; see {@link Replay}.
     *
     * @param onDamage receives each entry that cannot be used
     * @param err      where the progress is shown; null for nowhere
     * @throws StoreException {@code MISSING} when there is no database, {@code LOCKED} when a restore, a recovery or a rebuild is running
     */
    public Replayed replayOnly(Consumer<LogEntry> onDamage, PrintWriter err) {
        if (Files.notExists(store.database())) throw new StoreException(StoreException.Reason.MISSING, "replay day files into",
                store.database(), "it does not exist", store.command("recover", "--dry-run"));
        return StoreLock.replacing(store, () -> {
            Pruned pruned = Pruned.leniently(store);
            try (Database database = Database.open(store.database(), patience)) {
                Schema.refuseNewer(database);
                WriteTrial.tolerate(database);
                ReplayResult result = new Replay(database).only(sources::isWanted).also(sources.others()).at(clock).without(pruned)
                        .fromLines(isFromLines).showing(err).apply(new EventLog(store), onDamage);
                return new Replayed(store.database(), database.number("SELECT count(*) FROM agent_runs"), result);
            }
        });
    }

    /** Under the write lock, so that no row comes meanwhile. */
    private void convert(Making making, OldDatabase old) {
        try (Database locked = Database.open(old.file(), patience)) {
            locked.inTransaction(() -> making.make(old, old.file(), false).seal());
        }
    }

    private void makeFolder() {
        Path folder = store.database().getParent();
        Attempt.of("create the folder", folder, () -> Layout.makeFolders(folder));
    }

    private static void publish(Path made, Path target) {
        Attempt.of("put the new database in place as", target, () -> {
            Disk.publish(made, target);
            Disk.syncFolder(target.toAbsolutePath().getParent());
        });
    }

    /**
     * Adds runs whose line was written while the new database was made and whose row was not, and deletes what was pruned meanwhile.
     *
     * @return what was added or changed
     */
    private ReplayResult replay(Making making) {
        Pruned pruned = Pruned.leniently(store);
        boolean isMore = files().stream().anyMatch(making.read().files()::hasMore) || !making.read().runs().isEmpty();
        if (pruned.isEmpty() && !isMore) return ReplayResult.NOTHING;
        try (Database database = Database.open(store.database())) {
            WriteTrial.tolerate(database);
            ReplayResult result = new Replay(database).only(sources::isWanted).also(sources.others()).after(making.read()).at(clock)
                    .without(pruned).fromLines(isFromLines).apply(new EventLog(store));
            OldRuns.deleteAgain(database, pruned);
            making.count(database.number("SELECT count(*) FROM agent_runs"));
            return result;
        } catch (StoreException e) {
            throw new StoreException(e.reason(), "add runs that came meanwhile to", store.database(),
                    "the new database is in place and lacks them: " + e.why(), Next.command("rebuild", "--dry-run"), e);
        }
    }
}
