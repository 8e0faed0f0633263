package telemetry.restore;

import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import telemetry.Database;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.BackupContent;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.os.NewFile;
import telemetry.os.Openers;
import telemetry.os.Sha256;
import telemetry.os.Unfinished;
import telemetry.rebuild.OldDatabase;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.WriteAheadLog;
import telemetry.store.Quarantine;
import telemetry.text.Progress;

/**
 * The place of a store's database, into which a backup's content is put. A database that SQLite can open gets it in one transaction, so its
 * users may go on and never see half of it; what is no database any more, or one of another form, is moved aside with its logs, once nobody
 * has it open.
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
    private PageForm form;
    private String aside;
    private Object identity;

    RestorePlace(Store store, Clock clock, Duration patience, PrintWriter err) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
        this.live = store.database();
    }

    /** @throws StoreException with the database as it was */
    Restored.Place put(BackupContent content) {
        identity = identity();
        keepTorn();
        before = look(live, patience);
        boolean isOpenable = !before.equals(Restored.ABSENT) && !before.equals(Restored.DAMAGED);
        if (isOpenable) compareForms(content, live);
        if (aside != null) PageForm.requireUnused(TRIED, live, aside);
        requireRoom(content, isOpenable && aside == null);
        if (!isOpenable || aside != null || !overwrite(content)) replace(content);
        return place(live, kept == null ? null : DatabaseFile.beside(Files.isDirectory(kept) ? kept.resolve(live.getFileName()) : kept,
                "-wal"));
    }

    /**
     * What {@link #put} would find, of a database or a copy of it. Changes nothing.
     *
     * @throws StoreException as {@link #put} when a program has the database open that would have to be moved aside
     */
    Restored.Place foresee(BackupContent content, Path there) {
        before = look(there, patience);
        if (before.equals(Restored.DAMAGED)) old().requireUnused();
        else if (!before.equals(Restored.ABSENT)) compareForms(content, there);
        if (aside != null) PageForm.requireUnused(TRIED, live, aside);
        boolean isOpenable = !before.equals(Restored.ABSENT) && !before.equals(Restored.DAMAGED);
        boolean isLeft = !isOpenable || Openers.isNobody(DatabaseFile.present(live));
        return place(null, isLeft ? DatabaseFile.beside(live, "-wal") : null);
    }

    /** @param log which may not exist, or be empty */
    private Restored.Place place(Path database, Path log) {
        if (log == null || log.toFile().length() == 0) return new Restored.Place(database, kept, torn, before, aside, null, 0);
        if (!before.equals(Restored.ABSENT)) return new Restored.Place(database, kept, torn, before, aside, log, 0);
        try (WriteAheadLog read = WriteAheadLog.read(log, 0)) {
            return new Restored.Place(database, kept, torn, before, aside, log, read.commits());
        }
    }

    private void compareForms(BackupContent content, Path there) {
        form = PageForm.ofLive(there, patience);
        aside = form == null ? null : form.whyNot(PageForm.ofFrozen(content.file()));
    }

    private Object identity() {
        return Attempt.of(TRIED, live, () -> Disk.identity(live));
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
            Schema.refuseNewer(database);
            return Schema.of(database).toString();
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED || Files.isDirectory(file)) throw e;
            return Restored.DAMAGED;
        }
    }

    /** A new file; or the content as log, what the database grows by, and a copy of what is there. */
    private void requireRoom(BackupContent content, boolean isOpenable) {
        long needed = Attempt.of(TRIED, live, () -> {
            long size = Files.size(content.file());
            if (!isOpenable) return size;
            long bytes = size + Math.max(0, size - Files.size(live));
            for (Path file : DatabaseFile.present(live)) bytes += file.toFile().length();
            return bytes;
        });
        DiskSpace.requireRoom(TRIED, live, needed, Next.command("archive", "--dry-run"));
    }

    /** @return false when the database turned out to be damaged so that SQLite cannot copy it or write to it */
    private boolean overwrite(BackupContent content) {
        var safety = new SafetyCopy(store, clock.instant(), err);
        try {
            boolean isKept = safety.isUnused() && safety.bytes();
            try (var last = new LastState(live, patience)) {
                if (!isKept) last.keep(safety);
                safety.begin();
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

    private OldDatabase old() {
        return new OldDatabase(live, OldDatabase.State.DAMAGED, aside == null ? "it is damaged" : aside, null);
    }

    /** One of another form keeps the journal mode that its users know. */
    private void replace(BackupContent content) {
        OldDatabase old = old();
        old.requireUnused();
        prepare(content, aside == null ? content.journal() : form.journal(), live, made -> exchange(old, made));
    }

    private void exchange(OldDatabase old, Path made) {
        Path folder = SafetyCopy.claim(store, clock.instant());
        try {
            requireSame();
            kept = old.replaceBy(made, store, folder);
        } finally {
            Quarantine.removeIfEmpty(folder);
            Quarantine.removeIfEmpty(folder.getParent());
        }
    }

    /** Makes a new database of the content, in a folder where there is none. */
    static void putNew(BackupContent content, Path target) {
        prepare(content, content.journal(), target, made -> publish(made, target));
    }

    /** Makes a copy that is read back. @param journal the mode it gets; null for its own @param then puts it in its place */
    private static void prepare(BackupContent content, String journal, Path target, Consumer<Path> then) {
        Path made = Unfinished.beside(target);
        try {
            Attempt.of(TRIED, target, () -> {
                Disk.copy(content.file(), NewFile.createLike(made, target));
                if (!Sha256.of(made, bytes -> { }).equals(content.sha256()))
                    throw new StoreException(StoreException.Reason.FAILED, TRIED, target,
                            "what was written is not what was read back", Next.RUN_AGAIN);
                try (Database database = Database.open(made)) {
                    if (journal != null) database.pragma("journal_mode", journal);
                }
                Disk.sync(made);
            });
            then.accept(made);
        } finally {
            DatabaseFile.delete(made);
        }
    }

    private static void publish(Path made, Path target) {
        Attempt.of(TRIED, target, () -> {
            try {
                Disk.publish(made, target);
            } catch (FileAlreadyExistsException e) {
                throw new StoreException(StoreException.Reason.LOCKED, TRIED, target,
                        "another program has put a database there in the meantime",
                        Next.RUN_AGAIN, e);
            }
            Disk.syncFolder(target.getParent());
        });
    }
}
