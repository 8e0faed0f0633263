package telemetry.os;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.StoreException.Reason;

/** An attempt to do something with a file or folder, and what the operator is told when the operating system refuses it. */
public final class Attempt {

    /** A disk with less free counts as full. */
    private static final long NOTHING_FREE = 64 << 10;

    /** Work with files that the operating system may refuse. */
    public interface Work<T> {
        T run() throws IOException;
    }

    /** The same without a result. */
    public interface Step {
        void run() throws IOException;
    }

    private Attempt() { }

    /** Does the work. @throws StoreException as made by {@link #refused}, when the operating system refuses something */
    public static <T> T of(String tried, Path path, Work<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw refused(tried, path, e);
        }
    }

    /** The same without a result. */
    public static void of(String tried, Path path, Step step) {
        of(tried, path, () -> {
            step.run();
            return null;
        });
    }

    /** Makes a folder, or one in it. @throws StoreException also when a file has its name */
    public static void ofFolder(String tried, Path folder, Step making) {
        of(tried, folder, () -> {
            try {
                making.run();
            } catch (FileAlreadyExistsException e) {
                if (!isFile(folder)) throw e;
                throw new StoreException(Reason.FAILED, tried, folder, "it is a file, and should be a folder", null, e);
            }
        });
    }

    /**
     * The exception that says what the operating system refused, in the operator's words. Windows says it in its own language, and its
     * "permission denied" may mean that another program has the file open.
     */
    public static StoreException refused(String tried, Path path, IOException e) {
        String inTheWay = inTheWay(path, e);
        if (inTheWay != null) return new StoreException(Reason.FAILED, tried, path, inTheWay, null, e);
        if (e instanceof NoSuchFileException) return new StoreException(Reason.MISSING, tried, path, "it does not exist", null, e);
        if (e instanceof AccessDeniedException) return new StoreException(Reason.DENIED, tried, path,
                "permission denied" + (Machine.isWindows() ? ", or another program has it open" : ""), null, e);
        if (e instanceof FileAlreadyExistsException)
            return new StoreException(Reason.FAILED, tried, path, "something else has that name", null, e);
        String why = reason(path, e);
        if (why.contains("used by another process") || InUse.is(e))
            return new StoreException(Reason.LOCKED, tried, path, openElsewhere(path, e), Next.command("locks"), e);
        if (why.contains("No space left") || why.contains("not enough space") || why.contains("quota")
                || Machine.isWindows() && isFull(path))
            return new StoreException(Reason.FULL, tried, path, "no space left on the disk", Next.command("archive", "--dry-run"), e);
        if (why.contains("Read-only file system"))
            return new StoreException(Reason.DENIED, tried, path, "the file system is read-only", Next.MOUNT_WRITABLE, e);
        return new StoreException(Reason.FAILED, tried, path, why, null, e);
    }

    /** Systems say "not a directory", "it does not exist" or "access denied", and not of what; null when nothing is in the way. */
    private static String inTheWay(Path path, IOException e) {
        if (isFolderForAFile(e)) return "it is a folder";
        if (e instanceof NotDirectoryException && isFile(path)) return "it is a file, and should be a folder";
        Path file = Disk.fileInTheWay(path);
        return file == null ? null : file + " is a file, and should be a folder";
    }

    private static boolean isFile(Path path) {
        return path != null && Files.exists(path) && !Files.isDirectory(path);
    }

    /** Windows says "access denied" of a folder that is opened or replaced as a file, too: of one that may be listed. */
    private static boolean isFolderForAFile(IOException e) {
        if (!Machine.isWindows() || !(e instanceof AccessDeniedException denied) || denied.getFile() == null) return false;
        boolean isMove = denied.getOtherFile() != null;
        Path folder = Path.of(isMove ? denied.getOtherFile() : denied.getFile());
        if (isMove && Files.isDirectory(Path.of(denied.getFile())) || !Files.isDirectory(folder)) return false;
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(folder)) {
            return true;
        } catch (IOException forbidden) {
            return false;
        }
    }

    /** The file may be another one than that of the path. */
    private static String openElsewhere(Path path, IOException e) {
        String file = e instanceof FileSystemException system ? system.getFile() : null;
        boolean isOther = file != null && path != null && !path.toAbsolutePath().equals(path.getFileSystem().getPath(file).toAbsolutePath());
        return "another program has " + (isOther ? file : "it") + " open";
    }

    /** Where the system says none, its message is a bare path or nothing. */
    private static String reason(Path path, IOException e) {
        String said = e instanceof FileSystemException system ? system.getReason() : e.getMessage();
        boolean isFolder = path != null && Files.isDirectory(path) && (said == null || said.contains("Is a directory"));
        if (isFolder) return "it is a folder";
        return said == null || said.isBlank() ? "the system says no more than " + e.getClass().getSimpleName() : said;
    }

    private static boolean isFull(Path path) {
        try {
            return path != null && DiskSpace.free(path) < NOTHING_FREE;
        } catch (IOException e) {
            return false;
        }
    }
}
