package telemetry.locks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Machine;
import telemetry.os.MountPoint;
import telemetry.os.Openers;
import telemetry.os.OpenersElsewhere;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.LockHolders;

/**
 * Whether a store's database can be written to at this moment, and who uses it. Looking changes nothing: no -wal, -shm or -journal is
 * removed.
 */
public final class Locks {

    /** Writers that take turns hold the lock for some milliseconds each. A longer wait than this is reported. */
    static final Duration TURN = Duration.ofSeconds(1);

    private final Store store;
    private final Clock clock;

    public Locks(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * Tries to get the write lock, waits for it, and releases it at once. On a read-only mount it only looks who has it, because others
     * may write through another mount.
     *
     * @param waiting receives, once, who holds the lock when the wait takes longer than a writer's turn
     * @throws StoreException when something else than the lock prevents writing: missing, damaged, not permitted
     */
    public LocksReport look(Duration wait, Consumer<String> waiting) {
        requireFile();
        if (MountPoint.isReadOnlyHere(store.database())) return report(holders().isEmpty(), Duration.ZERO, List.of(), false, isAlone());
        boolean isAlone = isAlone();
        boolean isLeftJournal = Database.isTorn(store.database());
        long began = System.nanoTime();
        // the next program that writes rolls back; the operator may want to keep the files as they are first
        boolean isFree = isLeftJournal || isFree(wait.compareTo(TURN) < 0 ? wait : TURN, isAlone);
        List<Long> first = isFree ? List.of() : holders();
        if (!isFree && wait.compareTo(TURN) > 0 && !areStopped(first)) {
            waiting.accept(heldBy(first) + "; waiting up to " + Times.words(wait));
            isFree = isFree(wait.minusNanos(System.nanoTime() - began), isAlone);
        }
        if (!isFree && LockHolders.areKnown() && holders().isEmpty()) isFree = isFree(Duration.ZERO, isAlone);
        Duration waited = Duration.ofNanos(System.nanoTime() - began);
        return report(isFree, waited, first, isLeftJournal, isAlone);
    }

    private boolean isAlone() {
        return openers().filter(List::isEmpty).isPresent() && holders().isEmpty();
    }

    private LocksReport report(boolean isFree, Duration waited, List<Long> first, boolean isLeftJournal, boolean isAlone) {
        return new LocksReport(store, isFree, waited, first, users(), size("-wal"), size("-journal"), isLeftJournal, isAlone,
                Files.exists(DatabaseFile.beside(store.database(), "-shm")),
                ServiceLock.check(store, Machine.environment()).orElse(null), clock.instant());
    }

    /**
     * BEGIN IMMEDIATE and ROLLBACK. The last connection to close a database folds the -wal in; a second, reading connection prevents that.
     */
    private boolean isFree(Duration patience, boolean isAlone) {
        Duration left = patience.isNegative() ? Duration.ZERO : patience;
        long end = System.nanoTime() + left.toNanos();
        boolean mayBeLeft = Files.exists(DatabaseFile.beside(store.database(), "-wal")) && (isAlone || openers().isEmpty());
        Database keeper = null;
        try {
            if (mayBeLeft) keeper = Database.openToRead(store.database(), left);
            tryLock(end);
            return true;
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.LOCKED) throw e;
            return false;
        } finally {
            if (keeper != null) keeper.close();
        }
    }

    private void tryLock(long end) {
        try (Database database = Database.open(store.database(), until(end))) {
            database.patience(until(end));
            database.execute("BEGIN IMMEDIATE");
            database.execute("ROLLBACK");
        }
    }

    /**
     * Does work that takes the write lock and gives it back. The caller has the database open to read, so that no -wal is folded in.
     *
     * @return what the work returns, which is not null; empty when the lock did not come free
     * @throws StoreException when it is not the lock that keeps the database from being written to
     */
    public static <T> Optional<T> whenFree(Path database, Duration within, Function<Database, T> work) {
        long end = System.nanoTime() + within.toNanos();
        try (Database connection = Database.open(database, within)) {
            return Optional.of(work.apply(connection.patience(until(end))));
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.LOCKED) throw e;
            return Optional.empty();
        }
    }

    /** False where nobody is ever known to hold a lock. */
    public static boolean areKnown() {
        return LockHolders.areKnown();
    }

    /** Who holds the write lock at this moment, as far as the system tells: {@code "process 4711 (stopped)"}. */
    public static List<String> writers(Path database) {
        return LockHolders.writers(database).stream().filter(pid -> pid != ProcessHandle.current().pid()).map(User::named).toList();
    }

    private static Duration until(long end) {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
    }

    /** A stopped process gives nothing back, however long it is waited for. */
    private static boolean areStopped(List<Long> holders) {
        return !holders.isEmpty() && holders.stream().allMatch(User::isStopped);
    }

    private void requireFile() {
        Path file = store.database();
        if (!Files.isRegularFile(file) || !Files.isReadable(file) || Files.isWritable(file)) return;
        boolean isReadOnly = MountPoint.isReadOnly(file);
        if (LockHolders.areKnown() && MountPoint.isReadOnlyHere(file)) return;
        throw new StoreException(StoreException.Reason.DENIED, "try the lock of", file,
                isReadOnly ? "the file system is read-only" : "no permission to write to it",
                isReadOnly ? Next.MOUNT_WRITABLE : Next.OTHER_ACCOUNT);
    }

    /** The processes that hold the write lock at this moment, without this one. */
    List<Long> holders() {
        return LockHolders.writers(store.database()).stream().filter(pid -> pid != ProcessHandle.current().pid()).toList();
    }

    static String heldBy(List<Long> holders) {
        return holders.isEmpty() ? "the lock is held" : "the lock is held by process "
                + String.join(" and ", holders.stream().map(String::valueOf).toList());
    }

    /** Empty when this system does not show them. */
    private Optional<List<Long>> openers() {
        List<Path> files = DatabaseFile.present(store.database());
        return Openers.areKnown() ? Optional.of(Openers.of(files)) : OpenersElsewhere.of(files);
    }

    private List<User> users() {
        Map<Long, Set<User.Use>> uses = new TreeMap<>();
        add(uses, openers().orElse(List.of()), User.Use.HAS_IT_OPEN);
        add(uses, LockHolders.readers(store.database()), User.Use.READS);
        add(uses, holders(), User.Use.HOLDS_THE_WRITE_LOCK);
        add(uses, appenders(), User.Use.APPENDS);
        return User.watch(uses, clock.instant()).stream().sorted(Comparator.comparing(user -> user.uses().iterator().next())).toList();
    }

    private static void add(Map<Long, Set<User.Use>> uses, List<Long> pids, User.Use use) {
        for (long pid : pids) if (pid != ProcessHandle.current().pid())
            uses.computeIfAbsent(pid, key -> EnumSet.noneOf(User.Use.class)).add(use);
    }

    private List<Long> appenders() {
        try {
            return Openers.writingDayFiles().writersOf(store.raw().resolve(DayFile.name(DayFile.dayOf(clock.instant()))));
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Bytes of the -wal or -journal; null when there is none or it is empty. */
    private Size size(String suffix) {
        long bytes = DatabaseFile.beside(store.database(), suffix).toFile().length();
        return bytes == 0 ? null : new Size(bytes);
    }
}
