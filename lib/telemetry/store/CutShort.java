package telemetry.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.Openers;
import telemetry.os.Unfinished;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.Notes;
import telemetry.text.Runbook;

/**
 * What a call that was to replace the database has left when it was killed, as the mark of the {@link Exchange} says. Before the new
 * database had its place, all of it is undone. Afterwards the quarantine may have what the new one has not: that is said until a rebuild, a
 * restore or a recovery has compared the two.
 */
public final class CutShort {

    /** So long an exchange at work is waited for; it takes a few writes to the disk. */
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(3);
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(20);

    private final Store store;
    private final Path live;

    CutShort(Store store) {
        this.store = store;
        this.live = store.database();
    }

    /**
     * Undoes what can be undone, and removes unfinished files. What is left to compare is said, and the command is no success then. Every
     * command calls it before it uses the store.
     */
    public static void settle(Store store) {
        var left = new CutShort(store);
        if (!left.isAny()) return;
        try {
            StoreLock.replacing(store, () -> {
                left.undo();
                return null;
            });
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.LOCKED) left.await();
            else left.sayWhy(e);
            return;
        }
        for (ExchangeMark.Line line : ExchangeMark.of(store).lines())
            Notes.warn(left.said(line), store.command("recover", "--dry-run"));
    }

    /** One look at the names beside the database, and for the lock, is all that most commands ever do here. */
    private boolean isAny() {
        if (StoreLock.isThere(store)) return true;
        Path mark = ExchangeMark.file(live).getFileName();
        String[] names = live.getParent().toFile().list();
        return names != null && Stream.of(names).anyMatch(name -> name.startsWith(live.getFileName() + ".")
                && (name.contains(".tmp") || name.equals(mark.toString())));
    }

    /** Another process is in the midst of it: the file has two names for a moment, or not its logs. */
    private void await() {
        for (long end = System.nanoTime() + PATIENCE; isHalfDone() && System.nanoTime() < end; ) LockSupport.parkNanos(PAUSE);
    }

    private boolean isHalfDone() {
        ExchangeMark.Line last = ExchangeMark.of(store).last();
        return last != null && Attempt.of("look at", live, () -> !Exchange.isMade(live, last));
    }

    private void sayWhy(StoreException refused) {
        Check found = check(store);
        if (found != null) Notes.warn(found.detail() + "; this command could not change that: " + refused.why(), found.hint());
    }

    /** What health says, and whoever may not change anything. @return null when nothing was cut short */
    public static Check check(Store store) {
        if (!ExchangeMark.isThere(store)) return null;
        var left = new CutShort(store);
        List<ExchangeMark.Line> lines = ExchangeMark.of(store).lines().stream().filter(left::isSomethingKept).toList();
        if (lines.isEmpty() || StoreLock.isTaken(store)) return null;
        ExchangeMark.Line last = lines.get(lines.size() - 1);
        Next next = store.command("recover", "--dry-run").in(Runbook.DATABASE_CORRUPTED);
        return left.isHalfDone() ? Check.failed("exchange", last.said(store) + " was cut short before the new database had its place; the "
                + "database may lack its -wal or -journal, which " + left.folder(last) + " has then", next)
                : Check.warning("exchange", left.said(last), next);
    }

    private String said(ExchangeMark.Line line) {
        return line.said(store) + " was cut short; what the database was before is in " + folder(line)
                + ", and may have runs that the store lacks";
    }

    private Path folder(ExchangeMark.Line line) {
        return store.quarantine().resolve(line.folder());
    }

    /** The folders of the quarantine with what the database was before such calls; the oldest first. */
    public static List<Path> folders(Store store) {
        if (!ExchangeMark.isThere(store)) return List.of();
        var left = new CutShort(store);
        return ExchangeMark.of(store).lines().stream().map(left::folder).toList();
    }

    /**
     * Compares what was set aside with the store of now, and says what came of it.
     *
     * @return true when rows are missing that a rebuild or recovery was to take over; a restore puts other rows in place on purpose
     */
    boolean isMissing(ExchangeMark.Line line) {
        Quarantined.Missing missing = Quarantined.missing(store, folder(line));
        Notes.withdraw(said(line));
        if (missing == null) {
            Notes.add(line.said(store) + " was cut short; the store has all that is in " + folder(line));
            return false;
        }
        Path database = Exchange.kept(live, folder(line), "");
        Path file = Files.exists(database) ? database : DatabaseFile.beside(database, "-wal");
        Notes.warn(line.said(store) + " was cut short; of " + folder(line) + ": " + missing.words(),
                store.command("recover", "--salvage", file.toString(), "--dry-run"));
        return missing.rows() > 0 && !line.isOfRestore();
    }

    /** To be called by who holds the store's lock. Afterwards the mark has only calls whose new database has its place. */
    void undo() {
        Attempt.of("undo the exchange of", live, () -> {
            sweep();
            if (!ExchangeMark.isThere(store)) return;
            ExchangeMark mark = ExchangeMark.of(store);
            List<ExchangeMark.Line> left = new ArrayList<>();
            for (ExchangeMark.Line line : mark.lines()) {
                boolean isHalfDone = line == mark.last() && !Exchange.isMade(live, line);
                if (isKept(line) && !(isHalfDone && isUndone(line))) left.add(line);
            }
            if (left.isEmpty() || left.size() < mark.lines().size()) mark.keep(left);
        });
    }

    private void sweep() {
        Quarantine.sweep(store);
        try {
            Unfinished.sweep(live.getParent(), live.getFileName() + ".");
        } catch (IOException e) {
            // what cannot be removed does no harm
        }
    }

    /** Work that failed before it set anything aside leaves no mark. */
    void undoAfter(RuntimeException reason) {
        try {
            if (ExchangeMark.isThere(store)) undo();
        } catch (StoreException e) {
            reason.addSuppressed(e);
        }
    }

    /** False when the folder has nothing of a database: nothing was set aside, or it is back. */
    private boolean isKept(ExchangeMark.Line line) {
        boolean isKept = isSomethingKept(line);
        if (!isKept) Quarantine.removeIfEmpty(folder(line));
        return isKept;
    }

    private boolean isSomethingKept(ExchangeMark.Line line) {
        return Exchange.LOGS_FIRST.stream().anyMatch(suffix -> !isMissing(Exchange.kept(live, folder(line), suffix)));
    }

    /** @return false when the database has been written to or replaced since: its logs must stay where they are */
    private boolean isUndone(ExchangeMark.Line line) throws IOException {
        Path former = Exchange.kept(live, folder(line), "");
        if (isMissing(live) || Exchange.state(live).equals(line.former()) && areLogsFree(folder(line))) putBack(store, folder(line));
        else {
            if (isSame(former, live)) Inside.delete(former);
            if (isKept(line)) return false;
        }
        Notes.add(line.said(store) + " was cut short before the new database had its place; the former one is as it was");
        return true;
    }

    /** True when nothing but what was set aside stands where the logs were. */
    private boolean areLogsFree(Path folder) throws IOException {
        for (String suffix : List.of("-journal", "-wal")) {
            Path log = DatabaseFile.beside(live, suffix);
            Path kept = Exchange.kept(live, folder, suffix);
            if (isMissing(kept) || isMissing(log) || isSame(log, kept)) continue;
            if (log.toFile().length() > 0 || !Openers.isNobody(DatabaseFile.present(live))) return false;
            Inside.delete(log);
        }
        return true;
    }

    /**
     * Gives a database that was set aside its place back, its logs first.
     *
     * @param folder of the quarantine; it goes when nothing else is in it
     */
    public static void putBack(Store store, Path folder) throws IOException {
        Path live = store.database();
        Layout.makeFolders(live.getParent());
        for (String suffix : Exchange.LOGS_FIRST)
            if (isMissing(DatabaseFile.beside(live, suffix))) Exchange.keep(Exchange.kept(live, folder, suffix),
                    DatabaseFile.beside(live, suffix));
        Disk.syncFolder(live.getParent());
        for (String suffix : List.of("-journal", "-wal", "-shm", "")) Inside.delete(Exchange.kept(live, folder, suffix));
        Quarantine.removeIfEmpty(folder);
    }

    private static boolean isMissing(Path file) {
        return Files.notExists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** The same file, or the same bytes. */
    private static boolean isSame(Path one, Path other) throws IOException {
        if (isMissing(one) || isMissing(other)) return false;
        if (Files.isSameFile(one, other)) return true;
        try (InputStream left = Inside.stream(one); InputStream right = Inside.stream(other)) {
            for (byte[] bytes = left.readNBytes(1 << 20); ; bytes = left.readNBytes(1 << 20)) {
                if (!Arrays.equals(bytes, right.readNBytes(1 << 20))) return false;
                if (bytes.length == 0) return true;
            }
        }
    }
}
