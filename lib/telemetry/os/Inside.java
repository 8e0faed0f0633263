package telemetry.os;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Work with names inside a store, which may belong to a hostile account. That account can put a link, a FIFO or another file in the place
 * of a name at any moment, and another folder in the place of a folder. So each name is used in a {@link HeldFolder}: no link on the way is
 * followed, only plain files are opened, and a file of another owner that has a second name is refused. Where nobody but root and this
 * account can change anything, names are used as they are, and a link that stands there is followed: an ordinary store costs nothing.
 */
public final class Inside {

    /** So long a FIFO that took the place of a file is waited for. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** A file that is just getting its name has two for a moment. */
    private static final int TRIES = 20;
    private static final Duration PAUSE = Duration.ofMillis(5);

    /** Work with a name that leads to the same folder until its end. */
    public interface Work<T> {
        T in(Path there) throws IOException;
    }

    private Inside() { }

    /** Does work with a file's name in the folder that it stands in now. @throws IOException also when a link leads away from there */
    public static <T> T at(Path file, Work<T> work) throws IOException {
        Path absolute = file.toAbsolutePath();
        try (HeldFolder folder = HeldFolder.of(absolute.getParent())) {
            return work.in(folder == null ? absolute : folder.resolve(absolute.getFileName()));
        }
    }

    /** Opens a plain file to read. @throws IOException for anything else that has its name */
    public static FileChannel read(Path file) throws IOException {
        return open(file, there -> FileChannel.open(there, StandardOpenOption.READ));
    }

    /** The same. */
    public static InputStream stream(Path file) throws IOException {
        return open(file, Files::newInputStream);
    }

    /**
     * Opens a plain file that is there and no link, to write and with these options.
     * @throws IOException for anything else that has its name
     */
    public static FileChannel write(Path file, StandardOpenOption... also) throws IOException {
        return open(file, there -> {
            List<OpenOption> options = new ArrayList<>(List.of(also));
            options.add(StandardOpenOption.WRITE);
            options.add(LinkOption.NOFOLLOW_LINKS);
            return FileChannel.open(there, options.toArray(new OpenOption[0]));
        });
    }

    /** Opens a plain file that is there in a way of one's own; the name that it is given is to be opened at once, and once. */
    public static <C extends Closeable> C open(Path file, Work<C> opening) throws IOException {
        Path absolute = file.toAbsolutePath();
        try (HeldFolder folder = HeldFolder.of(absolute.getParent())) {
            if (folder == null) return openOurs(absolute, opening);
            Path name = absolute.getFileName();
            return open(file, folder, name, opening);
        }
    }

    /** Only its own account can have put there what has this name; on Windows that is not known, so it is looked at twice. */
    private static <C extends Closeable> C openOurs(Path file, Work<C> opening) throws IOException {
        requirePlain(file, Files.readAttributes(file, BasicFileAttributes.class));
        if (!Machine.isWindows()) return opening.in(file);
        Object before = Disk.identity(file);
        return same(file, before, opening.in(file), Disk.identity(file));
    }

    private static <C extends Closeable> C open(Path file, HeldFolder folder, Path name, Work<C> opening) throws IOException {
        Path there = folder.resolve(name);
        BasicFileAttributes its = Files.readAttributes(there, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (its.isSymbolicLink()) return open(followed(file, folder), opening);
        requirePlain(file, its);
        requireOneName(file, there, folder);
        C opened = patient(file, there, opening);
        BasicFileAttributes after;
        try {
            after = Files.readAttributes(there, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return opened;
        }
        return same(file, its.fileKey(), opened, after.fileKey());
    }

    /** Where a link leads that gives nobody anything: one that root or this account has set, or to a file of whose folder it stands in. */
    private static Path followed(Path file, HeldFolder folder) throws IOException {
        Path link = folder.resolve(file.getFileName());
        boolean isTheirs = !folder.isOwn(link);
        Path target = link.toRealPath();
        boolean isTheirOwn = (int) Files.getAttribute(target, "unix:uid", LinkOption.NOFOLLOW_LINKS) == folder.owner();
        if (isTheirs && !isTheirOwn) throw new FileSystemException(file.toString(), null,
                "it is a link to " + target + ", which is another account's");
        return target;
    }

    /** True for a link that is not followed, because another account has set it to what is not its own. */
    public static boolean leadsAway(Path link) {
        Path absolute = link.toAbsolutePath();
        try (HeldFolder folder = HeldFolder.of(absolute.getParent())) {
            if (folder != null) followed(absolute, folder);
            return false;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static <C extends Closeable> C same(Path file, Object before, C opened, Object after) throws IOException {
        if (after == null || after.equals(before)) return opened;
        opened.close();
        throw new FileSystemException(file.toString(), null, "another program has put something else in its place");
    }

    private static void requirePlain(Path file, BasicFileAttributes its) throws IOException {
        if (!its.isRegularFile()) throw new FileSystemException(file.toString(), null, "it is " + Account.kindOf(file));
    }

    /** Another account can give a file of any owner a second name, where the kernel allows that, and cannot write to it itself. */
    private static void requireOneName(Path file, Path there, HeldFolder folder) throws IOException {
        for (int n = 1; ; n++) {
            Map<String, Object> its = Files.readAttributes(there, "unix:uid,nlink", LinkOption.NOFOLLOW_LINKS);
            if ((int) its.get("nlink") == 1 || (int) its.get("uid") == folder.owner()) return;
            if (n == TRIES) throw new FileSystemException(file.toString(), null,
                    "it has a second name, and another owner than its folder: another account may have put it there");
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** Opening a FIFO waits for its other end; the thread that does is left to itself then. */
    static <C extends Closeable> C patient(Path file, Path there, Work<C> opening) throws IOException {
        var opened = new CompletableFuture<C>();
        var thread = new Thread(() -> {
            try {
                C it = opening.in(there);
                if (!opened.complete(it)) it.close();
            } catch (IOException | RuntimeException | Error e) {
                opened.completeExceptionally(e);
            }
        }, "open");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            for (long end = System.nanoTime() + PATIENCE.toNanos(); ; ) {
                try {
                    return opened.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (TimeoutException e) {
            opened.cancel(false);
            throw new FileSystemException(file.toString(), null, "it does not open: a FIFO may have taken its place");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) throw io;
            if (e.getCause() instanceof Error error) throw error;
            throw (RuntimeException) e.getCause();
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    /** Demands that a name stands for nothing, or for what {@link #write} would open. @throws IOException for anything else */
    public static void requirePlain(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        try (HeldFolder folder = HeldFolder.of(absolute.getParent())) {
            Path there = folder == null ? absolute : folder.resolve(absolute.getFileName());
            requirePlain(file, Files.readAttributes(there, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
            if (folder != null) requireOneName(file, there, folder);
        } catch (NoSuchFileException e) {
            // nothing has the name
        }
    }

    /** Deletes a file or link, or an empty folder. @return false when there is none */
    public static boolean delete(Path file) throws IOException {
        try {
            return at(file, InUse::delete);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** As {@link InUse#move}. */
    public static void move(Path from, Path to, CopyOption... options) throws IOException {
        at(from, one -> at(to, other -> {
            InUse.move(one, other, options);
            return other;
        }));
    }

    /** As {@link Files#createLink}: the second name refuses to be one that is there. */
    public static void link(Path second, Path file) throws IOException {
        at(file, one -> at(second, other -> Files.createLink(other, one)));
    }

    /** What stands in a folder, in no order. @throws IOException when it is not there, or may not be read */
    public static List<Path> list(Path folder) throws IOException {
        List<Path> all = new ArrayList<>();
        Path absolute = folder.toAbsolutePath();
        try (HeldFolder held = HeldFolder.of(absolute)) {
            if (held != null) for (Path name : held.names()) all.add(folder.resolve(name.getFileName().toString()));
            else if (Files.exists(absolute) && !Files.isDirectory(absolute)) throw new NotDirectoryException(folder.toString());
            else try (DirectoryStream<Path> names = Files.newDirectoryStream(folder)) {
                for (Path name : names) all.add(name);
            }
            return all;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /**
     * What is no folder in a folder and in those below it, in no order; no link is followed. A folder that goes away meanwhile counts as
     * empty.
     *
     * @throws IOException when the folder itself is not there, or one may not be read; of a file it is the file
     */
    public static List<Path> tree(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            Files.readAttributes(folder, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return List.of(folder);
        }
        List<Path> files = new ArrayList<>();
        for (Deque<Path> left = new ArrayDeque<>(List.of(folder)); !left.isEmpty(); ) {
            Path next = left.remove();
            try {
                for (Path path : list(next)) (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) ? left : files).add(path);
            } catch (NoSuchFileException e) {
                if (next.equals(folder)) throw e;
            }
        }
        return files;
    }

    /** Removes a folder and everything in it; of a link only the link. @throws IOException for what cannot be removed; the rest is gone */
    public static void remove(Path folder) throws IOException {
        Path absolute = folder.toAbsolutePath();
        try (HeldFolder held = HeldFolder.of(absolute.getParent())) {
            if (held == null) ScratchFolder.remove(folder);
            else held.remove(absolute.getFileName());
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /**
     * The name that a file has now with no link on its way, for SQLite, which opens by name and can be told to follow none. A link at the
     * file's own name stays one in folders that others may change.
     *
     * @param file whose folder is there; the file itself need not be
     */
    public static Path real(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        try (HeldFolder folder = HeldFolder.of(absolute.getParent())) {
            if (folder != null) return folder.real().resolve(absolute.getFileName());
            return Files.isSymbolicLink(absolute) && Files.exists(absolute) ? absolute.toRealPath()
                    : absolute.getParent().toRealPath().resolve(absolute.getFileName());
        }
    }
}
