package telemetry.measure;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import telemetry.Database;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.backup.BackupCheck;
import telemetry.backup.Backups;
import telemetry.locks.Locks;
import telemetry.locks.LocksReport;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.runs.Schema;

/**
 * Makes a store's database faster or smaller. It checks that the write lock is free and the disks have room, makes a backup, does the work,
 * and lets SQLite check the result. Writers wait during the work. Agents give up after five seconds; a replay brings their rows later.
 */
public final class Tuning {

    /** If VACUUM frees less than this share of the file, it is not worth making the writers wait. */
    static final int VACUUM_PAYS_PERCENT = 20;

    /** The largest index entry of a run with usual texts, and as much again in the log. */
    private static final int ENTRY = 2 * 100;

    /** Readers that do not end keep the log from being folded in; a later checkpoint does it. */
    private static final Duration CHECKPOINT = Duration.ofSeconds(5);

    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final Consumer<String> notes;

    /**
     * @param patience how long to wait for a lock
     * @param err      where to show the progress of the backup; null for nowhere
     * @param notes    receives who is waited for, and where the backup is
     */
    public Tuning(Store store, Clock clock, Duration patience, PrintWriter err, Consumer<String> notes) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
        this.notes = notes;
    }

    /** Advice on whether VACUUM is worth it and has room; none when it is not worth it. */
    static List<Advice> vacuumAdvice(Store store, Footprint footprint) {
        if (!isVacuumWorthIt(footprint)) return List.of();
        String why = "VACUUM would free some " + footprint.wouldFree() + " of " + footprint.size() + " ("
                + Math.round(footprint.wouldFreePercent()) + " %)";
        try {
            requireRoomToVacuum(store, footprint.size().bytes());
            return List.of(new Advice("space", why, store.command("measure_performance", "--vacuum", "--dry-run")));
        } catch (StoreException e) {
            return List.of(new Advice("space", why + ", but there is no room for it: " + e.why(), store.command("archive", "--dry-run")));
        }
    }

    public static boolean isVacuumWorthIt(Footprint footprint) {
        return footprint.wouldFreePercent() > VACUUM_PAYS_PERCENT;
    }

    /**
     * @param statements each makes an index, unless it already exists.
     * @return as {@link #vacuum}
     */
    public String makeIndexes(Collection<String> statements, long runs) {
        requireFreeLock();
        requireRoom(store.database(), runs * ENTRY * statements.size() + backupBeside(store), "the indexes and the backup");
        return done(database -> database.inTransaction(() -> statements.forEach(database::execute)));
    }

    /** Rewrites the database without unused space. @return the result: {@code "1.2 s, 54 MB before, 41 MB now"} */
    public String vacuum() {
        requireFreeLock();
        requireRoomToVacuum(store, bytes(store));
        return done(database -> database.execute("VACUUM"));
    }

    private void requireFreeLock() {
        LocksReport locks = new Locks(store, clock).look(patience, notes);
        if (locks.isFree()) return;
        String held = "the lock is " + locks.checks().list().get(0).detail();
        throw new StoreException(StoreException.Reason.LOCKED, "change", store.database(), held, store.command("locks"));
    }

    /**
     * The time is that of the work alone, while writers had to wait. While a reader is active, a database in WAL mode keeps its old size
     * until a later checkpoint.
     */
    private String done(Consumer<Database> work) {
        var before = new Size(bytes(store));
        try (Database database = Database.openToRead(store.database(), patience)) {
            Schema.refuseNewer(database);
        }
        Path backup = new Backups(store, null, clock, err).make(patience, BackupCheck.QUICK, false).backup().file();
        notes.accept("backup of the database as it is now: " + backup);
        try (Database database = Database.open(store.database(), patience)) {
            long began = System.nanoTime();
            work.accept(database);
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            BackupCheck.QUICK.run(database, err);
            database.patience(CHECKPOINT).pragma("wal_checkpoint", "TRUNCATE");
            return Times.words(took) + ", " + before + " before, " + new Size(bytes(store)) + " now";
        }
    }

    /**
     * VACUUM needs room for a copy in the folder for temporary files, for that copy as log beside the database, and for the file itself
     * until the log is folded in. The backup comes on top.
     */
    private static void requireRoomToVacuum(Store store, long bytes) {
        requireRoom(store.database(), 2 * bytes + backupBeside(store), "VACUUM and the backup");
        requireRoom(Disk.temporary(), bytes, "VACUUM");
    }

    /** What the backup needs on the database's own disk. On another disk, it checks the room itself. */
    private static long backupBeside(Store store) {
        return DiskSpace.isSame(store.database(), store.backups()) ? bytes(store) : 0;
    }

    private static long bytes(Store store) {
        return store.database().toFile().length();
    }

    private static void requireRoom(Path where, long needed, String what) {
        DiskSpace.requireRoom("find room for " + what + " on the disk of", where, needed, Next.command("archive", "--dry-run"));
    }
}
