package telemetry.rebuild;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import telemetry.Damage;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Disk;
import telemetry.os.Unfinished;
import telemetry.prune.OldRuns;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Pruned;
import telemetry.store.Quarantine;
import telemetry.store.StoreLock;

/**
 * Makes a new database from the day files, and puts it in the place of the old one, whatever state that is in. Interrupted at any point,
 * the old one or the new one stands there whole, and the next call does it all again.
 */
public final class Rebuild {

    /**
     * What was made.
     *
     * @param database   the file that has it now
     * @param schema     the version of its tables
     * @param runs       that it has
     * @param files      that were read
     * @param lines      entries in them, of these
     * @param events     no runs, and
     * @param damaged    not readable, or runs that the tables do not take
     * @param damagedIn  in which files, and how many in each
     * @param doubtful   of these files, those whose checksum failed, and how much was taken from them all the same
     * @param denied     of the files, those that may not be read: what only they know the new database does not have
     * @param repeated   records that say what another says
     * @param pruned     records left out because their run was deleted on purpose
     * @param conflicts  runs with several different ends: the later counts
     * @param quarantine where the damaged entries are kept; null when there were none
     * @param carried    what came from the old database
     * @param old        how that was: absent, intact, foreign, damaged
     * @param kept       where it is now, or a copy of it; null when there was none or it was not touched
     * @param replayed   runs whose lines came while this went on
     * @param locked     for how long writers had to wait; zero when the old one was not in use
     */
    public record Result(Path database, String schema, long runs, int files, long lines,
            long events, long damaged, Map<Path, Long> damagedIn, Map<Path, String> doubtful, List<Path> denied,
            long repeated, long pruned, Collection<String> conflicts, Path quarantine, CarryOver.Carried carried,
            String old, Path kept, long replayed, Duration locked) {

        /** False when something could not be read or taken: worth a look. */
        public boolean isWhole() {
            return damaged == 0 && denied.isEmpty() && carried.lost().isEmpty();
        }
    }

    private static final Pattern BUFFER_FILE = Pattern.compile("telemetry_.*\\.(jsonl|active|ready|synced)");

    private final Store store;
    private final Clock clock;
    private final List<Path> others = new ArrayList<>();
    private boolean raw = true;
    private boolean archive = true;
    private Duration patience = Database.PATIENCE;
    private LongConsumer progress = bytes -> { };
    private Consumer<StoreException> onDenied = denied -> {
        throw denied;
    };

    public Rebuild(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /** Which of the store's day files are read; both kinds unless said otherwise. */
    public Rebuild from(boolean raw, boolean archive) {
        this.raw = raw;
        this.archive = archive;
        return this;
    }

    /**
     * Also reads the files in which later clients keep what they could not send: {@code telemetry_*.jsonl}, also ending in .active, .ready,
     * .synced.
     */
    public Rebuild buffer(Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.toAbsolutePath())) {
            for (Path file : files) if (BUFFER_FILE.matcher(file.getFileName().toString()).matches()) others.add(file);
        } catch (IOException e) {
            throw Disk.refused("list the buffer files in", folder.toAbsolutePath(), e);
        }
        others.sort(null);
        return this;
    }

    /** How long a lock on the database is waited for; {@link Database#PATIENCE} unless said otherwise. */
    public Rebuild patience(Duration patience) {
        this.patience = patience;
        return this;
    }

    /** Goes on with the other files where one may not be read, and tells of it; unless this is said, it stops there. */
    public Rebuild onDenied(Consumer<StoreException> onDenied) {
        this.onDenied = onDenied;
        return this;
    }

    /** Is given the number of bytes that have been read so far. */
    public Rebuild progress(LongConsumer bytes) {
        this.progress = bytes;
        return this;
    }

    /** The files that are there now, in the order in which they are read. */
    public List<Path> files() {
        List<Path> files = new ArrayList<>();
        for (DayFile day : new EventLog(store).days()) if (isWanted(day)) files.add(day.path());
        files.addAll(others);
        if (files.isEmpty()) throw nothing();
        return files;
    }

    private boolean isWanted(DayFile day) {
        return day.path().startsWith(store.raw()) ? raw : archive;
    }

    private StoreException nothing() {
        boolean all = raw && archive;
        Path place = all ? store.base() : raw ? store.raw() : store.archive();
        return new StoreException(StoreException.Reason.MISSING, "rebuild from the day files in", place, "there is none",
                all ? store.command("recover").then(", which looks for other sources too")
                        : Next.words("leave --from away, to read all day files"));
    }

    /** How the store's database is: absent, intact, foreign, damaged. */
    public String state() {
        return OldDatabase.seen(store.database()).state().toString();
    }

    /** Compares the store's database with its day files, both ways; see {@link RunDifferences}. */
    public RunDifferences.Count differences(Consumer<RunDifferences.Difference> each) {
        try (var differences = new RunDifferences(store, this::files, onDenied)) {
            return differences.find(each);
        }
    }

    /** Writes a new file and touches nothing else. What only the store's database knows is in it too. */
    public Result into(Path file) {
        Path target = file.toAbsolutePath().normalize();
        Path damaged = target.resolveSibling(target.getFileName() + ".damaged.ndjson");
        for (Path taken : List.of(target, damaged))
            if (Files.exists(taken))
                throw new StoreException(StoreException.Reason.REFUSED, "write", taken, "it exists", Next.words("name another file"));
        OldDatabase old = OldDatabase.of(store.database());
        try (var work = new Work(target, damaged)) {
            NewDatabase made = work.make(old, old.state() == OldDatabase.State.INTACT ? old.file() : null);
            made.seal();
            publish(work.file, target);
            return work.result(target, old, null, 0, Duration.ZERO);
        }
    }

    /**
     * Puts a new database in the place of the store's. An intact one stays in place and gets the new content in one transaction, so its
     * users may go on.
     *
     * @throws StoreException {@code LOCKED} when a restore, a recovery or another rebuild is at work there
     */
    public Result inPlace() {
        return StoreLock.replacing(store, this::exchange);
    }

    private Result exchange() {
        OldDatabase old = OldDatabase.of(store.database());
        if (old.state() != OldDatabase.State.ABSENT && old.state() != OldDatabase.State.INTACT) old.requireUnused();
        makeFolder();
        Instant began = clock.instant();
        Path folder = Quarantine.folder(store, "rebuild", began);
        try (var work = new Work(store.database(), folder.resolve("damaged.ndjson"))) {
            Path kept;
            Duration locked = Duration.ZERO;
            if (old.state() == OldDatabase.State.INTACT) {
                try (var swap = new LiveSwap(store.database(), patience)) {
                    kept = swap.keep(Quarantine.make(folder).resolve(store.database().getFileName()));
                    locked = swap.replace(work.make(old, kept));
                    work.runs = work.made.runs();
                }
            } else {
                work.make(old, null).seal();
                kept = old.moveAside(folder);
                publish(work.file, store.database());
            }
            long replayed = replay(work);
            return work.result(store.database(), old, kept, replayed, locked);
        } finally {
            Quarantine.removeIfEmpty(folder);
        }
    }

    private void makeFolder() {
        Path folder = store.database().getParent();
        if (Files.isDirectory(folder)) return;
        Quarantine.make(folder);
        Disk.ownAs(folder, folder.getParent());
    }

    private static void publish(Path made, Path target) {
        try {
            Disk.publish(made, target);
            Disk.syncFolder(target.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw Disk.refused("put the new database in place as", target, e);
        }
    }

    /**
     * Brings runs whose line was written while the new database was made, and whose row was not; what was pruned meanwhile goes.
     *
     * @return how many rows were brought or changed
     */
    private long replay(Work work) {
        Pruned pruned = Pruned.of(store);
        if (pruned.isEmpty() && new EventLog(store).days().stream().noneMatch(work::hasMore)) return 0;
        try (Database database = Database.open(store.database())) {
            Replay.Result result = new Replay(database).only(work::hasMore).without(pruned).apply(new EventLog(store), damaged -> { });
            OldRuns.deleteAgain(database, pruned);
            work.runs = database.number("SELECT count(*) FROM agent_runs");
            return result.inserted() + result.updated();
        } catch (StoreException e) {
            throw new StoreException(e.reason(), "bring runs that came meanwhile into", store.database(),
                    "the new database is in place and lacks them: " + e.why(), Next.command("rebuild"), e);
        }
    }

    /** One making: the unfinished database, what is thrown away with it, and what was counted. */
    private final class Work implements AutoCloseable {
        private final Path file;
        private final Quarantine quarantine;

        /** The files that were read, and how long each was before. */
        private final Map<Path, Long> seen = new HashMap<>();

        private NewDatabase made;
        private RunFeed feed;
        private CarryOver.Carried carried = CarryOver.Carried.nothing();
        private long runs;
        private final List<Path> denied = new ArrayList<>();
        private final Map<Path, Long> damagedIn = new TreeMap<>();
        private final Map<Path, String> doubtful = new TreeMap<>();
        private long bytes;

        Work(Path target, Path quarantine) {
            this.file = Unfinished.beside(target);
            this.quarantine = new Quarantine(quarantine);
        }

        /** @param source the old database or a copy to carry over from; null to take what a damaged one still gives */
        NewDatabase make(OldDatabase old, Path source) {
            made = new NewDatabase(file, old.ddl(), Pruned.of(store), this::damaged, this::denied);
            feed = made.load(this::unread, this::read);
            if (source != null) carried = made.carryOver(source);
            else if (old.state() != OldDatabase.State.ABSENT) carried = salvaged(old);
            runs = made.finish(carried.runs());
            quarantine.close();
            return made;
        }

        private CarryOver.Carried salvaged(OldDatabase old) {
            Path sound = Unfinished.beside(file);
            try {
                List<String> lost = new ArrayList<>(old.salvage(sound));
                CarryOver.Carried found = Files.exists(sound) ? made.carryOver(sound) : CarryOver.Carried.nothing();
                lost.addAll(found.lost());
                return new CarryOver.Carried(found.runs(), found.running(), found.columns(), found.tables(), lost);
            } finally {
                DatabaseFile.delete(sound);
            }
        }

        private List<Path> unread() {
            return files().stream().filter(file -> seen.putIfAbsent(file, file.toFile().length()) == null).toList();
        }

        /** True for a file to which lines may have come since. */
        private boolean hasMore(DayFile day) {
            return isWanted(day) && !Long.valueOf(day.path().toFile().length()).equals(seen.get(day.path()));
        }

        private void read(Path file) {
            bytes += file.toFile().length();
            progress.accept(bytes);
        }

        private void damaged(LogEntry entry) {
            damagedIn.merge(entry.file(), 1L, Long::sum);
            if (entry.isDoubt()) doubtful.put(entry.file(), ((Damage) entry.record()).reason());
            quarantine.add(entry);
        }

        private void denied(StoreException e) {
            onDenied.accept(e);
            denied.add(e.path());
        }

        Result result(Path database, OldDatabase old, Path kept, long replayed, Duration locked) {
            long damaged = damagedIn.values().stream().mapToLong(Long::longValue).sum();
            return new Result(database, made.schema().toString(), runs, seen.size(), feed.lines(),
                    feed.events(), damaged, damagedIn, doubtful, List.copyOf(denied), made.loader().repeated(), feed.pruned(),
                    new TreeSet<>(made.loader().conflicting()), quarantine.file(), carried, old.state().toString(), kept, replayed, locked);
        }

        @Override
        public void close() {
            quarantine.discard();
            if (made != null) made.close();
            DatabaseFile.delete(file);
        }
    }
}
