package telemetry.rebuild;

import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import telemetry.Damage;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.daylog.LogFiles;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.store.Pruned;

/** Reads day files into a new database, as often as lines have come, and keeps what was found besides the rows. */
final class Loading {
    private final Database database;
    private final Schema schema;
    private final RowForm form;
    private final Pruned pruned;
    private final Consumer<LogEntry> onDamage;
    private final Consumer<StoreException> onDenied;
    private final RunLoader loader;
    private final CommitLines commits = new CommitLines(null);
    private final OpenRuns begun;
    private final Unread unread = new Unread();
    private Clock clock = Clock.systemUTC();
    private RunFeed feed;

    /**
     * @param pruned   runs to leave out
     * @param onDamage receives what cannot be read, and runs that the table refuses
     * @param onDenied receives, in the reading thread, the refusal of each file that may not be read; an exception that it throws ends the
     *                 loading
     */
    Loading(Database database, Schema schema, RowForm form, Pruned pruned, Consumer<LogEntry> onDamage, Consumer<StoreException> onDenied) {
        this.database = database;
        this.schema = schema;
        this.form = form;
        this.pruned = pruned;
        this.onDamage = onDamage;
        this.onDenied = onDenied;
        this.begun = new OpenRuns(database, (before, start) -> start);
        this.loader = new RunLoader(database, schema, form, (line, why) ->
                damaged(new LogEntry(line.file(), line.offset(), line.bytes().length, line.bytes(), new Damage(why))));
    }

    /** Tells which runs are in flight; the default is the system's. */
    void at(Clock clock) {
        this.clock = clock;
    }

    /**
     * Loads the runs of files, reading in one thread and writing in another, which have about equal work. Each file is read as far as it
     * reaches when it is listed. Call it again for what has come later.
     *
     * @param files returns the files to read, and then those that have come since, until there are none
     * @param done  receives how many bytes of a file were read; this and {@code files} are called in a thread of their own
     * @return the feed, with its counts
     * @throws StoreException {@code MISSING} when a file is gone although its day was not archived meanwhile
     */
    RunFeed load(Supplier<List<Path>> files, LongConsumer done) {
        var belt = new Conveyor();
        var next = new RunFeed(schema, form, pruned, row -> belt.put(row.line().bytes().length, () -> loader.add(row)),
                row -> belt.put(row.line().bytes().length, () -> begun.add(form.key(row.values()), row.line())),
                entry -> belt.put(entry.bytes().length, () -> damaged(entry))).after(feed).at(clock);
        database.inTransaction(() -> {
            belt.run(() -> read(next, files, done));
            loader.finish();
        });
        commits.addAll(next.commits());
        feed = next;
        return feed;
    }

    private void read(RunFeed feed, Supplier<List<Path>> files, LongConsumer done) {
        List<Path> gone = new ArrayList<>();
        Set<Object> archived = new HashSet<>();
        for (List<Path> next = files.get(); !next.isEmpty(); next = files.get()) LogFiles.lengths(next).forEach((file, length) -> {
            if (!isRead(feed, file, length, done)) gone.add(file);
            DayFile.of(file).filter(DayFile::compressed).ifPresent(day -> archived.add(day.day()));
        });
        for (Path file : gone)
            if (!archived.contains(DayFile.of(file).map(DayFile::day).orElse(null)))
                throw new StoreException(StoreException.Reason.MISSING, "read", file, "it is gone", Next.RUN_AGAIN);
        feed.finish();
    }

    /** @return false when the file is gone */
    private boolean isRead(RunFeed feed, Path file, long length, LongConsumer done) {
        try {
            done.accept(feed.read(file, length));
            return true;
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.MISSING) return false;
            if (e.reason() != StoreException.Reason.DENIED || !file.equals(e.path())) throw e;
            onDenied.accept(e);
            unread.add(e);
            return true;
        }
    }

    private void damaged(LogEntry entry) {
        unread.add(entry);
        onDamage.accept(entry);
    }

    /** No loading follows: last lines that are unfinished are damage. */
    void end() {
        feed.torn().forEach(this::damaged);
    }

    /** The starts that were in flight when they were loaded: their writers may be about to insert them. */
    OpenRuns begun() {
        return begun;
    }

    /** Those of the day files. */
    CommitLines commits() {
        return commits;
    }

    /** What could not be read. */
    Unread unread() {
        return unread;
    }

    RunLoader loader() {
        return loader;
    }
}
