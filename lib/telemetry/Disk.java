package telemetry;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

/** What the operating system's disks do differently from each other, in one place. */
public final class Disk {
    private Disk() { }

    /** A file only its owner may read and write, where the file system knows owners. */
    public static FileAttribute<?>[] ownerOnlyFile(Path near) {
        return attributes(near, "rw-------");
    }

    /** A folder only its owner may enter, where the file system knows owners. */
    public static FileAttribute<?>[] ownerOnlyFolder(Path near) {
        return attributes(near, "rwx------");
    }

    private static FileAttribute<?>[] attributes(Path near, String permissions) {
        if (!near.getFileSystem().supportedFileAttributeViews().contains("posix")) return new FileAttribute<?>[0];
        return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))};
    }

    /** Makes the names in a folder survive a power cut. Windows has no such call and needs none: NTFS journals them. */
    public static void syncFolder(Path folder) throws IOException {
        if (isWindows()) return;
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Makes a file's content survive a power cut. */
    public static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** Usable bytes on the disk of this path or of its nearest existing parent. */
    public static long free(Path path) throws IOException {
        Path existing = path.toAbsolutePath();
        while (existing.getParent() != null && Files.notExists(existing)) existing = existing.getParent();
        return Files.getFileStore(existing).getUsableSpace();
    }

    /** The user's home as Python's {@code Path.home()} has it, so that agents and toolkit mean one place: $HOME, on Windows %USERPROFILE%. */
    public static Path home() {
        String home = System.getenv(isWindows() ? "USERPROFILE" : "HOME");
        return Path.of(home == null || home.isBlank() ? System.getProperty("user.home") : home);
    }

    public static boolean isWindows() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    }

    /** The exception that says in the operator's words what the operating system refused. */
    public static StoreException refused(String tried, Path path, IOException e) {
        if (e instanceof NoSuchFileException) return new StoreException(StoreException.Reason.MISSING, tried, path, "it does not exist", null, e);
        if (e instanceof AccessDeniedException) return new StoreException(StoreException.Reason.DENIED, tried, path, "permission denied", null, e);
        String why = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : String.valueOf(e.getMessage());
        if (why.contains("No space left") || why.contains("not enough space") || why.contains("quota"))
            return new StoreException(StoreException.Reason.FULL, tried, path, "no space left on the disk", "jbang archive@telemetry --dry-run", e);
        if (why.contains("Read-only file system")) return new StoreException(StoreException.Reason.DENIED, tried, path, "the file system is read-only", null, e);
        return new StoreException(StoreException.Reason.FAILED, tried, path, why, null, e);
    }
}
