package telemetry.restore;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import telemetry.Check;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.Backup;
import telemetry.backup.BackupCheck;
import telemetry.backup.BackupContent;
import telemetry.backup.Snapshot;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.os.Inside;
import telemetry.os.Link;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.prune.OldRuns;
import telemetry.rebuild.Replay;
import telemetry.rebuild.ReplayResult;
import telemetry.runs.Schema;
import telemetry.runs.WriteTrial;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Exchange;
import telemetry.store.Layout;
import telemetry.store.Pruned;
import telemetry.store.Quarantine;

/**
 * Puts a backup's content in the database's place, and then the runs that the day files have besides. Until SQLite commits the content, the
 * database is as it was; interrupted at any point, the next call does it all again.
 */
public final class Restore {

    /** Readers at work may keep the log from being folded in; it is, sooner or later, by a writer. */
    private static final Duration CHECKPOINT = Duration.ofSeconds(1);

    private static final String TRIED = "restore to";
    private static final String DRILL = ".drill-";

    /** Bytes that a drill leaves to the writers. */
    private static final long SPARED = 100_000_000;

    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final Path live;
    private boolean isFromLines;

    /**
     * @param patience how long the database's lock is waited for
     * @param err      where the progress of long work is shown; null for nowhere
     */
    public Restore(Store store, Clock clock, Duration patience, PrintWriter err) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
        this.live = store.database();
    }

    /** Whether the lines also replace rows that were changed after them, over HTTP say; the default is false. */
    public Restore fromLines(boolean isFromLines) {
        this.isFromLines = isFromLines;
        return this;
    }

    /**
     * @param replay also bring the runs that the day files have and the backup has not, or has not as ended
     * @throws StoreException with the database as it was, unless the message says otherwise; also when the list of pruned runs cannot be
     *                        read, because the backup would bring them all back
     */
    public Restored run(Backup backup, boolean replay) {
        Link.require(TRIED, live);
        refuseItself(backup);
        Pruned.leniently(store);
        if (!Files.isDirectory(live.getParent())) {
            BackupContent.requireIntact(backup, err);
            Layout.makeFolder(live.getParent());
        }
        return Exchange.replacing(store, () -> {
            try (BackupContent content = BackupContent.open(backup, live, err)) {
                requireRuns(content);
                Restored.Place place = new RestorePlace(store, clock, patience, err).put(content);
                return bring(content, live, replay, place, place.kept());
            }
        });
    }

    /** The restore drill: the same into a folder of its own, which is removed afterwards; the database is only looked at. */
    public Restored drill(Backup backup, boolean replay) {
        Pruned.leniently(store);
        Path folder = scratch();
        Path database = folder.resolve(live.getFileName());
        try (BackupContent content = BackupContent.open(backup, database, err)) {
            requireRuns(content);
            Path there = Database.isTorn(live) ? folder.resolve("torn.sqlite") : live;
            long needed = content.file().toFile().length() + (there == live ? 0 : live.toFile().length()) + SPARED;
            DiskSpace.requireRoom(TRIED, folder, needed, Next.command("archive", "--dry-run"));
            if (there != live) copyTorn(there);
            Restored.Place drilled = new RestorePlace(store, clock, patience, err).foresee(content, there);
            RestorePlace.putNew(content, database);
            return bring(content, database, replay, drilled, drilled.before().equals(Restored.ABSENT) ? null : there);
        } finally {
            DatabaseFile.delete(database);
            DatabaseFile.delete(folder.resolve("torn.sqlite"));
            Quarantine.removeIfEmpty(folder);
        }
    }

    /** A backup of a database whose agent_runs is something else is made as pages alone. */
    private static void requireRuns(BackupContent content) {
        try (Database database = Database.openFrozen(content.file())) {
            Schema schema = Schema.of(database);
            if (schema.isForeign()) throw schema.refused(content.backup().file());
        }
    }

    /** With the -journal that a program left which died while it wrote: looking into the database itself would roll that back. */
    private void copyTorn(Path copy) {
        Attempt.of("copy " + live + " to", copy, () -> {
            Disk.copy(live, NewFile.create(copy));
            Path journal = DatabaseFile.beside(copy, "-journal");
            try {
                Disk.copy(DatabaseFile.beside(live, "-journal"), NewFile.create(journal));
            } catch (NoSuchFileException e) {
                Inside.delete(journal);
            }
        });
    }

    private void refuseItself(Backup backup) {
        if (Attempt.of("compare with the backup", live, () -> Files.exists(live) && Files.isSameFile(live, backup.file())))
            throw new StoreException(StoreException.Reason.REFUSED, TRIED, live, "the backup is the database itself",
                    Next.command("backup", "list"));
    }

    /**
     * On the store's own disk where there is one: that is the one with room for a database. Removes what drills that were killed have left
     * there.
     */
    private Path scratch() {
        Path base = store.base();
        return Attempt.of("make a scratch folder in", base, () -> {
            if (!Files.isDirectory(base) || !Files.isWritable(base)) return Files.createTempDirectory(DRILL);
            for (Path path : Inside.list(base)) if (Unfinished.isLeft(path, DRILL)) Inside.remove(path);
            return NewFile.scratchFolder(base, DRILL);
        });
    }

    /** @param old what was there before, to be compared with what is there now; null when there was nothing */
    private Restored bring(BackupContent content, Path database, boolean replay, Restored.Place place, Path old) {
        requireRows(content, database);
        try (Database restored = Database.open(database, patience)) {
            WriteTrial.tolerate(restored);
            Restored.Replayed replayed = replay ? replay(restored, new StandingRows(restored, isFromLines ? null : old, clock.instant()))
                    : null;
            BackupCheck.QUICK.run(restored, err);
            Difference lost = old == null ? new Difference(0L, List.of()) : onlyIn(old, restored);
            restored.patience(CHECKPOINT).pragma("wal_checkpoint", "TRUNCATE");
            long runs = restored.number("SELECT count(*) FROM agent_runs");
            Backup backup = content.backup();
            Check writing = WriteTrial.of(database, patience).remark();
            return new Restored(backup.file(), backup.time(), content.schema(), content.runs(), replayed, runs, place, lost.only,
                    lost.taken, writing, backup.isVerified());
        } catch (StoreException e) {
            throw new StoreException(e.reason(), "finish the restore to", database,
                    "the backup's " + content.runs() + " runs are in place, but: " + e.what(), Next.RUN_AGAIN, e);
        }
    }

    /** Through a connection of its own; writers at work may have added rows. */
    private static void requireRows(BackupContent content, Path database) {
        try (Database restored = Database.openToRead(database)) {
            var rows = Snapshot.rows(restored);
            content.rows().forEach((table, wanted) -> {
                if (rows.getOrDefault(table, -1L) < wanted)
                    throw new StoreException(StoreException.Reason.FAILED, "verify the restored database", database,
                        "its table " + table + " has " + rows.get(table) + " rows, the backup " + wanted, Next.RUN_AGAIN);
            });
        }
    }

    private Restored.Replayed replay(Database restored, StandingRows standing) {
        Pruned pruned = Pruned.leniently(store);
        standing.note();
        ReplayResult result = new Replay(restored).without(pruned).fromLines(isFromLines).showing(err).at(clock)
                .apply(new EventLog(store));
        long gone = OldRuns.deleteAgain(restored, pruned);
        long changed = result.changed() + standing.carry();
        return new Restored.Replayed(result.lines(), result.inserted(), result.updated(), result.damaged(), gone, changed,
                result.inFlight());
    }

    /**
     * What came without a line, over HTTP say, or whose lines are lost.
     *
     * @param only  runs; null when the old one is too damaged to tell
     * @param taken of all tables
     */
    private record Difference(Long only, List<TakenAway> taken) { }

    private static Difference onlyIn(Path old, Database restored) {
        if (!Files.isRegularFile(old)) return new Difference(0L, List.of());
        try (Database other = Database.openToRead(old)) {
            if (!other.pragma("encoding").equals(restored.pragma("encoding")))
                return new Difference(TakenAway.runsOnlyIn(other, restored), TakenAway.rowsOnlyIn(other, restored));
        } catch (StoreException e) {
            return new Difference(null, List.of());
        }
        try {
            restored.attachToRead(old, "old");
        } catch (StoreException e) {
            return new Difference(null, List.of());
        }
        try {
            return new Difference(runsOnlyIn(restored), TakenAway.between(restored, "old", "main"));
        } catch (StoreException e) {
            return new Difference(null, List.of());
        } finally {
            restored.detach("old");
        }
    }

    private static Long runsOnlyIn(Database restored) {
        try {
            return restored.number("SELECT count(DISTINCT run_id) FROM old.agent_runs WHERE run_id NOT IN (SELECT run_id FROM "
                    + "main.agent_runs WHERE run_id IS NOT NULL)");
        } catch (StoreException e) {
            return null;
        }
    }
}
