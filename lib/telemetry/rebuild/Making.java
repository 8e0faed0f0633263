package telemetry.rebuild;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Unfinished;
import telemetry.runs.Ddl;
import telemetry.runs.WriteTrial;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Pruned;
import telemetry.store.Quarantine;

/** One making of a database: the unfinished file, its other temporary files, and the counts. Nothing of it stays but what was published. */
final class Making implements AutoCloseable {
    private final Store store;
    private final Path file;
    private final Quarantine quarantine;
    private final NewTables tables;
    private final Supplier<List<Path>> files;
    private final Set<Path> seen = new HashSet<>();
    private final RefusedRows refused;
    private final List<String> lost = new ArrayList<>();
    private final List<String> left = new ArrayList<>();
    private Rebuilt.Carried carried = Rebuilt.Carried.nothing();
    private Clock clock;
    private boolean isFromLines;
    private Reshape reshape;
    private LongConsumer progress;
    private Consumer<StoreException> onDenied;
    private NewDatabase made;
    private RunFeed feed;
    private long runs;

    /**
     * @param target     what it is to become
     * @param quarantine the file for damaged entries
     * @param files      lists what is to be read
     */
    Making(Store store, Path target, Path quarantine, NewTables tables, Supplier<List<Path>> files) {
        this.store = store;
        this.file = NewDatabase.unfinished(target, store.database());
        this.quarantine = new Quarantine(quarantine);
        this.tables = tables;
        this.files = files;
        this.refused = new RefusedRows(this.quarantine);
    }

    Making at(Clock clock) {
        this.clock = clock;
        return this;
    }

    Making fromLines(boolean isFromLines) {
        this.isFromLines = isFromLines;
        return this;
    }

    /** @param reshape null when the tables keep their form */
    Making reshaping(Reshape reshape) {
        this.reshape = reshape;
        return this;
    }

    Making onDenied(Consumer<StoreException> onDenied) {
        this.onDenied = onDenied;
        return this;
    }

    Making progress(LongConsumer progress) {
        this.progress = progress;
        return this;
    }

    /**
     * @param source the old database or a copy to carry over from; null to take what a damaged one still has
     * @param ofRuns whether nothing but the runs is wanted of it
     */
    NewDatabase make(OldDatabase old, Path source, boolean ofRuns) {
        Ddl ddl = reshape == null ? tables.ddl() : reshape.ddl(old.ddl());
        made = new NewDatabase(file, ddl, tables.form(), Pruned.leniently(store), quarantine::add, onDenied).at(clock)
                .fromLines(isFromLines).reshaping(reshape);
        feed = made.loading().load(this::unread, progress);
        tables.requireUpToDate(made);
        made.loading().end();
        if (source != null) carried = carriedOver(source);
        else if (old.state() != OldDatabase.State.ABSENT) carried = salvaged(old);
        else made.leaveInFlight(null);
        runs = ofRuns ? made.finishRuns(carried.runs()) : made.finish(carried.runs(), old.file());
        left.addAll(made.left());
        return made;
    }

    private List<Path> unread() {
        return files.get().stream().filter(seen::add).toList();
    }

    private Rebuilt.Carried salvaged(OldDatabase old) {
        Path sound = Unfinished.beside(file);
        try {
            lost.addAll(old.salvage(sound, refused));
            made.leavingInFlight();
            if (Files.exists(sound)) return carriedOver(sound);
            made.leaveInFlight(null);
            return Rebuilt.Carried.nothing();
        } finally {
            DatabaseFile.delete(sound);
        }
    }

    private Rebuilt.Carried carriedOver(Path source) {
        if (!tables.isOther()) return made.carryOver(source, refused);
        Path converted = Unfinished.beside(file);
        try {
            lost.addAll(Converted.make(source, converted, tables.form(), refused));
            return made.carryOver(converted, refused);
        } finally {
            DatabaseFile.delete(converted);
        }
    }

    /** The unfinished file. */
    Path file() {
        return file;
    }

    /** True when the old database has other tables, so that its rows must be converted. */
    boolean isOther() {
        return tables.isOther();
    }

    RefusedRows refused() {
        return refused;
    }

    /** What has been read so far, for a replay after it. */
    LinesRead read() {
        return new LinesRead(feed.files(), made.loading().begun(), List.of(), new CommitLines(null), 0);
    }

    /** Notes what could not be made elsewhere, in words. */
    void leave(List<String> words) {
        left.addAll(words);
    }

    /** Notes how many runs there are in the end. */
    void count(long runs) {
        this.runs = runs;
    }

    /** No damaged entry follows. */
    void endQuarantine() {
        quarantine.close();
    }

    /** @param database where it stands now */
    Rebuilt result(Path database, Rebuilt.Exchange exchange, Duration patience) {
        var read = new Rebuilt.Read(seen.size(), feed.lines(), feed.events());
        for (String row : refused.named()) lost.add(row + ", which the new database does not take");
        Loading loading = made.loading();
        return new Rebuilt(database, made.schema().toString(), tables.doubt(), runs, read, loading.unread().damaged(), loading.unread(),
                loading.loader().repeated(), feed.pruned(), loading.loader().conflicting(), quarantine.file(), carried.losing(lost, left),
                exchange, WriteTrial.of(database, patience).remark());
    }

    @Override
    public void close() {
        quarantine.discard();
        if (made != null) made.close();
        DatabaseFile.delete(file);
    }
}
