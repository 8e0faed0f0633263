package telemetry.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.sqlite.DatabaseFile;

/**
 * The one step in which a new database takes the place of the store's. The former one gets a second name in the quarantine, its logs leave
 * it, and the new one is renamed over it. A mark beside the database says so from before the first change until what was set aside has
 * been compared. What comes of a killed call, {@link CutShort} knows.
 */
public final class Exchange {
    private static final String TRIED = "put a new database in place as";

    /** The database last: it never stands in the quarantine without them. */
    static final List<String> LOGS_FIRST = List.of("-journal", "-wal", "");

    private static final String NONE = "-";
    private static final String UNNUMBERED = "0";

    /** Databases that this process is replacing, each under its store's lock. */
    private static final Set<Path> AT_WORK = ConcurrentHashMap.newKeySet();

    private Exchange() { }

    /**
     * Work that replaces the store's database, or its content, as a whole or as a part of other such work. What a killed call left is
     * settled first, and compared afterwards.
     *
     * @throws StoreException {@code LOCKED} when somebody else is at it
     */
    public static <T> T replacing(Store store, Supplier<T> work) {
        return StoreLock.replacing(store, () -> {
            if (!AT_WORK.add(store.database())) return work.get();
            try {
                return settled(store, work);
            } finally {
                AT_WORK.remove(store.database());
            }
        });
    }

    /** Compares what killed calls set aside, where there is nothing to be done that would. */
    public static void compare(Store store) {
        if (ExchangeMark.isThere(store)) replacing(store, () -> null);
    }

    private static <T> T settled(Store store, Supplier<T> work) {
        var left = new CutShort(store);
        left.undo();
        List<ExchangeMark.Line> earlier = ExchangeMark.of(store).lines();
        try {
            T done = work.get();
            List<ExchangeMark.Line> still = ExchangeMark.of(store).lines();
            List<ExchangeMark.Line> missing = earlier.stream().filter(still::contains).filter(left::isMissing).toList();
            if (ExchangeMark.isThere(store)) ExchangeMark.of(store).keep(missing);
            return done;
        } catch (RuntimeException e) {
            left.undoAfter(e);
            throw e;
        }
    }

    /**
     * Notes that the database is about to get another content while its file stays.
     *
     * @param folder of the quarantine, which has what the database is now
     */
    public static void begin(Store store, Path folder) {
        ExchangeMark.add(store, new ExchangeMark.Line(folder.getFileName().toString(), "-", "-"));
    }

    /** Notes that all that was set aside has been compared, or filled in. */
    public static void end(Store store) {
        if (ExchangeMark.isThere(store)) ExchangeMark.of(store).keep(List.of());
    }

    /**
     * Puts a new database in place of the store's, which nobody may have open, and of the logs beside it.
     *
     * @param made   a finished file beside it, on the disk
     * @param folder of the quarantine, for what is there now
     * @return the database there, or the folder when there were only logs; null when there was nothing
     * @throws StoreException with everything as it was, or the mark to say so; {@code LOCKED} when another program was quicker
     */
    public static Path replace(Store store, Path made, Path folder) {
        Path live = store.database();
        try {
            if (DatabaseFile.present(live).isEmpty()) {
                Disk.publish(made, live);
                Disk.syncFolder(live.getParent());
                return null;
            }
            var line = new ExchangeMark.Line(folder.getFileName().toString(), number(made), state(live));
            ExchangeMark.add(store, line);
            Quarantine.make(folder);
            return exchanged(live, made, folder, line.former().equals(NONE));
        } catch (FileAlreadyExistsException | NoSuchFileException e) {
            throw failed(store, new StoreException(StoreException.Reason.LOCKED, TRIED, live,
                    "another program has replaced it in the meantime", Next.RUN_AGAIN, e));
        } catch (IOException e) {
            throw failed(store, Attempt.refused(TRIED, live, e));
        } catch (StoreException e) {
            throw failed(store, e);
        }
    }

    private static StoreException failed(Store store, StoreException e) {
        new CutShort(store).undoAfter(e);
        return e;
    }

    private static Path exchanged(Path live, Path made, Path folder, boolean isNone) throws IOException {
        List<String> before = states(live);
        for (String suffix : LOGS_FIRST) keep(DatabaseFile.beside(live, suffix), kept(live, folder, suffix));
        Disk.syncFolder(folder);
        Disk.syncFolder(folder.getParent());
        if (!states(live).equals(before)) throw new NoSuchFileException(live.toString());
        for (String suffix : List.of("-shm", "-wal", "-journal")) Inside.delete(DatabaseFile.beside(live, suffix));
        Disk.syncFolder(live.getParent());
        if (isNone) Disk.publish(made, live);
        else Inside.move(made, live, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Disk.syncFolder(live.getParent());
        return isNone ? folder : kept(live, folder, "");
    }

    /** Where the quarantine has it. */
    static Path kept(Path live, Path folder, String suffix) {
        return folder.resolve(DatabaseFile.beside(live, suffix).getFileName());
    }

    /** A second name; on another disk, or where there are none, a copy that is on the disk. Does nothing when there is no such file. */
    static void keep(Path file, Path second) throws IOException {
        if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) return;
        try {
            Inside.link(second, file);
        } catch (FileAlreadyExistsException | NoSuchFileException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            Path copy = Unfinished.beside(second);
            try {
                Disk.copy(file, NewFile.createLike(copy, file));
                Disk.publish(copy, second);
            } finally {
                Inside.delete(copy);
            }
        }
    }

    /** True when the new database has its place. Where files have no numbers, it has when what stands there is not the former one. */
    static boolean isMade(Path live, ExchangeMark.Line line) throws IOException {
        String state = state(live);
        if (state.equals(NONE)) return false;
        return line.made().equals(UNNUMBERED) ? !state.equals(line.former()) : number(live).equals(line.made());
    }

    /** By which a file is known under another name. */
    private static String number(Path file) throws IOException {
        if (!file.getFileSystem().supportedFileAttributeViews().contains("unix")) return UNNUMBERED;
        return String.valueOf(Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS));
    }

    /** What changes when somebody writes to it. */
    static String state(Path file) throws IOException {
        try {
            BasicFileAttributes its = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return its.size() + "@" + its.lastModifiedTime().to(TimeUnit.NANOSECONDS);
        } catch (NoSuchFileException e) {
            return NONE;
        }
    }

    private static List<String> states(Path live) throws IOException {
        return List.of(state(live), state(DatabaseFile.beside(live, "-wal")), state(DatabaseFile.beside(live, "-journal")));
    }
}
