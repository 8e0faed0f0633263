package telemetry.restore;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import telemetry.Database;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.BackupContent;
import telemetry.os.Disk;
import telemetry.os.Sha256;
import telemetry.os.Unfinished;
import telemetry.rebuild.OldDatabase;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Quarantine;
import telemetry.text.Progress;

/**
 * The place of a store's database, into which a backup's content is put. A database that SQLite can open gets it in one transaction, so its
 * users may go on and never see half of it; what is no database any more is moved aside with its logs, once nobody has it open.
 */
final class RestorePlace {
    private static final String TRIED = "restore to";

    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final Path live;
    private Path kept;
    private Path torn;
    private String before;
    private Object identity;

    RestorePlace(Store store, Clock clock, Duration patience, PrintWriter err) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
        this.live = store.database();
    }

    /** The copy of what was there before: the database, or the folder of what was left of one; null when there was nothing. */
    Path kept() {
        return kept;
    }

    /** The copy of what a program that died while it wrote had left, from before that was rolled back; null when nothing was. */
    Path torn() {
        return torn;
    }

    /** How the database was: its version, {@link Restored#ABSENT} or {@link Restored#DAMAGED}. */
    String before() {
        return before;
    }

    /** @throws StoreException with the database as it was */
    void put(BackupContent content) {
        identity = identity();
        keepTorn();
        before = look(live, patience);
        boolean isOpenable = !before.equals(Restored.ABSENT) && !before.equals(Restored.DAMAGED);
        requireRoom(content, isOpenable);
        if (!isOpenable || !overwrite(content)) replace(content);
    }

    private Object identity() {
        try {
            return Disk.identity(live);
        } catch (IOException e) {
            throw Disk.refused(TRIED, live, e);
        }
    }

    /** A second restore at the same time would else move aside what the first has just put there. */
    private void requireSame() {
        if (!Objects.equals(identity, identity()))
            throw new StoreException(StoreException.Reason.LOCKED, TRIED, live, "another program has replaced it in the meantime",
                    Next.RUN_AGAIN);
    }

    /** Opening it to see what it is rolls its -journal back. */
    private void keepTorn() {
        if (!Database.isTorn(live)) return;
        var safety = new SafetyCopy(store, clock.instant(), err);
        try {
            if (safety.isUnused() && safety.bytes()) torn = safety.kept();
        } finally {
            if (torn == null) safety.drop();
        }
    }

    /** The database's version; or that there is none, or none that can be opened. */
    static String look(Path file, Duration patience) {
        if (Files.notExists(file)) return Restored.ABSENT;
        try (Database database = Database.openRolledBack(file, patience)) {
            return Schema.of(database).toString();
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED || Files.isDirectory(file)) throw e;
            return Restored.DAMAGED;
        }
    }

    /** A new file; or the content as log, what the database grows by, and a copy of what is there. */
    private void requireRoom(BackupContent content, boolean isOpenable) {
        try {
            long needed = Files.size(content.file());
            if (isOpenable) {
                needed += Math.max(0, Files.size(content.file()) - Files.size(live));
                for (Path file : DatabaseFile.present(live)) needed += Files.size(file);
            }
            requireRoom(live, needed);
        } catch (IOException e) {
            throw Disk.refused(TRIED, live, e);
        }
    }

    static void requireRoom(Path where, long needed) {
        try {
            long free = Disk.free(where);
            if (free < needed) throw new StoreException(StoreException.Reason.FULL, TRIED, where,
                    "it takes " + new Size(needed) + " and " + new Size(free) + " are free", Next.command("archive", "--dry-run"));
        } catch (IOException e) {
            throw Disk.refused(TRIED, where, e);
        }
    }

    /** @return false when the database turned out to be damaged so that SQLite cannot copy it or write to it */
    private boolean overwrite(BackupContent content) {
        requireSamePages(content);
        var safety = new SafetyCopy(store, clock.instant(), err);
        try {
            boolean isKept = safety.isUnused() && safety.bytes();
            try (var last = new LastState(live, patience)) {
                if (!isKept) last.keep(safety);
                copy(content, last);
                kept = safety.kept();
                last.keepIfNewer(safety);
                return true;
            }
        } catch (StoreException e) {
            if (kept != null || e.reason() != StoreException.Reason.DAMAGED) throw e;
            before = Restored.DAMAGED;
            return false;
        } finally {
            if (kept == null) safety.drop();
        }
    }

    private void copy(BackupContent content, LastState last) {
        try (Database source = Database.openFrozen(content.file());
                var progress = new Progress(err, "MB restored", content.file().toFile().length() / 1_000_000)) {
            source.copyTo(live, patience, bytes -> {
                last.pin();
                progress.at(bytes / 1_000_000);
            });
        }
    }

    private void requireSamePages(BackupContent content) {
        try (Database database = Database.openRolledBack(live, patience)) {
            long size = database.number("PRAGMA page_size");
            if (size == content.pageSize() || !"wal".equalsIgnoreCase(database.pragma("journal_mode"))) return;
            throw new StoreException(StoreException.Reason.FAILED, TRIED, live,
                    "its pages have " + size + " bytes, the backup's " + content.pageSize() + ", which cannot change in WAL mode",
                    Next.words("stop the programs that use it, move it and its -wal and -shm elsewhere, then run it again"));
        }
    }

    private void replace(BackupContent content) {
        var old = new OldDatabase(live, before.equals(Restored.ABSENT) ? OldDatabase.State.ABSENT
                : OldDatabase.State.DAMAGED, "it is damaged", null);
        old.requireUnused();
        Path made = prepare(content, live);
        Path folder = SafetyCopy.claim(store, clock.instant());
        try {
            requireSame();
            kept = old.moveAside(folder);
            Disk.ownAs(made, kept == null || Files.isDirectory(kept) ? live.getParent() : kept);
            publish(made, live);
        } finally {
            DatabaseFile.delete(made);
            Quarantine.removeIfEmpty(folder);
            Quarantine.removeIfEmpty(folder.getParent());
        }
    }

    /** Makes a new database of the content, in a folder where there is none. */
    static void putNew(BackupContent content, Path target) {
        Path made = prepare(content, target);
        try {
            publish(made, target);
        } finally {
            DatabaseFile.delete(made);
        }
    }

    /** A copy that is read back, with the journal mode that the backed up database had. */
    private static Path prepare(BackupContent content, Path target) {
        Path made = Unfinished.beside(target);
        try {
            Disk.copy(content.file(), made);
            if (!Sha256.of(made, bytes -> { }).equals(content.sha256()))
                throw new StoreException(StoreException.Reason.FAILED, TRIED, target,
                        "what was written is not what was read back", Next.RUN_AGAIN);
            try (Database database = Database.open(made)) {
                if (content.journal() != null) database.pragma("journal_mode", content.journal());
            }
            Disk.sync(made);
            return made;
        } catch (IOException e) {
            DatabaseFile.delete(made);
            throw Disk.refused(TRIED, target, e);
        } catch (StoreException e) {
            DatabaseFile.delete(made);
            throw e;
        }
    }

    private static void publish(Path made, Path target) {
        try {
            Disk.publish(made, target);
            Disk.syncFolder(target.getParent());
        } catch (FileAlreadyExistsException e) {
            throw new StoreException(StoreException.Reason.LOCKED, TRIED, target,
                    "another program has put a database there in the meantime",
                    Next.RUN_AGAIN, e);
        } catch (IOException e) {
            throw Disk.refused(TRIED, target, e);
        }
    }
}
