package telemetry.os;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import telemetry.Next;

/** All that differs between the disks of operating systems, in one place. */
public final class Disk {
    private static final long COPIED_AT_ONCE = 1 << 23;

    /** Types of file systems; source: mount(8). */
    private static final Set<String> REMOTE = Set.of("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs");

    /** How long to wait for a lock on a day file; a writer holds one only while it writes a line. */
    private static final Duration LOCKED = Duration.ofSeconds(2);

    private static final Duration ASKED = Duration.ofSeconds(5);

    private Disk() { }

    /** For a file that only its owner may read and write, where the file system knows owners. */
    public static FileAttribute<?>[] ownerOnlyFile(Path near) {
        return attributes(near, "rw-------");
    }

    /** For a folder that only its owner may enter, where the file system knows owners. */
    public static FileAttribute<?>[] ownerOnlyFolder(Path near) {
        return attributes(near, "rwx------");
    }

    private static FileAttribute<?>[] attributes(Path near, String permissions) {
        if (!near.getFileSystem().supportedFileAttributeViews().contains("posix")) return new FileAttribute<?>[0];
        return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))};
    }

    /**
     * A file URI for SQLite. Everything is escaped that SQLite or its driver would take for an option. {@code C:\\x} becomes {@code
     * file:///C:/x}, and {@code \\\\server\\share} needs four slashes. Source: sqlite.org/uri.html.
     */
    public static String uri(Path absolute) {
        String path = absolute.toString().replace(absolute.getFileSystem().getSeparator(), "/");
        var uri = new StringBuilder("file://").append(path.startsWith("/") ? "" : "/");
        for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "/-_.~:".indexOf(c) >= 0);
            if (plain) uri.append(c);
            else uri.append(String.format("%%%02X", (int) c));
        }
        return uri.toString();
    }

    /**
     * True for a path on another machine, as far as its form or the system shows; it need not be there yet. What a drive letter stands for,
     * Windows' own program is asked.
     */
    public static boolean isRemote(Path path) {
        try {
            return path.toString().startsWith("\\\\") || REMOTE.contains(DiskSpace.of(path).type().toLowerCase(Locale.ROOT)) || isMapped(path);
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isMapped(Path path) {
        String root = String.valueOf(path.toAbsolutePath().getRoot());
        if (!Machine.isWindows() || !root.matches("[A-Za-z]:\\\\")) return false;
        return Answer.of(Program.own("net", "use", root.substring(0, 2)), ASKED)
                .filter(answer -> answer.exit() == 0 && answer.text().contains("\\\\")).isPresent();
    }

    /** An identity that changes when another file takes this name; null when there is no such file. */
    public static Object identity(Path file) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Objects.requireNonNullElseGet(attributes.fileKey(), () -> Birth.of(file, attributes));
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /**
     * Makes the names in a folder survive a power cut, where the file system can do that: some shares refuse it for every folder. Windows
     * has no such call and needs none: NTFS journals names.
     *
     * @throws IOException when it fails where it is known to work, or where no file can be synced either
     */
    public static void syncFolder(Path folder) throws IOException {
        if (Machine.isWindows()) return;
        IOException failure = syncFailure(folder);
        if (failure != null && (canSyncFolder(folder) || !canSyncFile(folder))) throw failure;
    }

    /** False when the file system refuses to sync this folder, and when this account may not even open it. */
    public static boolean canSyncFolder(Path folder) {
        return Machine.isWindows() || syncFailure(folder) == null;
    }

    private static IOException syncFailure(Path folder) {
        boolean interrupted = Thread.interrupted();
        try {
            Inside.at(folder, Disk::forced);
            return null;
        } catch (ClosedByInterruptException e) {
            return syncFailure(folder);
        } catch (IOException e) {
            return e;
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    private static Path forced(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
            return folder;
        }
    }

    /** Tried with a new one. */
    private static boolean canSyncFile(Path folder) {
        Path probe = Unfinished.free(folder.toAbsolutePath().resolve("sync"));
        try (FileChannel channel = NewFile.create(probe)) {
            channel.write(ByteBuffer.wrap(new byte[1]));
            channel.force(true);
            return true;
        } catch (IOException e) {
            return false;
        } finally {
            probe.toFile().delete();
        }
    }

    /** Makes a file's content survive a power cut. */
    public static void sync(Path file) throws IOException {
        try (FileChannel channel = Inside.write(file)) {
            channel.force(true);
        }
    }

    /** Copies a file's bytes to a new file, which is closed then, and makes the copy survive a power cut. */
    public static void copy(Path from, FileChannel to) throws IOException {
        try (to; FileChannel in = Inside.read(from)) {
            for (long done = 0, n = 1; n > 0; done += n) n = in.transferTo(done, COPIED_AT_ONCE, to);
            to.force(true);
        }
    }

    /**
     * Gives a finished file its name on the same disk and never replaces another file. A hard link does that: the kernel refuses a name
     * that is taken. Where there are no hard links, the file is moved, which Windows refuses in the same case. A first name
     * that cannot be taken away at once, because another program has it open say, is left to {@link Unfinished#sweep}.
     *
     * @throws FileAlreadyExistsException when another file has the name
     */
    public static void publish(Path finished, Path target) throws IOException {
        try {
            Inside.link(target, finished);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isSameFile(finished, target)) throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            Inside.move(finished, target);
            return;
        }
        try {
            Inside.delete(finished);
        } catch (IOException e) {
            // it has its name, and whoever sweeps the folder next takes the first one away
        }
    }

    /** Where SQLite writes its temporary files, a copy of the whole database during VACUUM. Source: sqlite.org/tempfiles.html, 5. */
    public static Path temporary() {
        if (Machine.isWindows()) return Path.of(System.getProperty("java.io.tmpdir"));
        return Stream.of(System.getenv("SQLITE_TMPDIR"), System.getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp").filter(Objects::nonNull)
                .map(Path::of).filter(folder -> Files.isDirectory(folder) && Files.isWritable(folder)).findFirst().orElse(Path.of("."));
    }

    /** The command that shows how busy the disks are, for an operator. */
    public static Next watch() {
        return Machine.isWindows() ? Next.program("typeperf", "\\PhysicalDisk(*)\\Avg. Disk sec/Write", "-sc", "5")
                : Next.program("iostat", "-x", "1", "5");
    }

    /**
     * Reads what others may have locked. Windows refuses to read locked bytes, so this waits; elsewhere a lock binds only those who ask for
     * it.
     */
    public static InputStream patient(InputStream in) {
        if (!Machine.isWindows()) return in;
        return new FilterInputStream(in) {
            @Override
            public int read(byte[] bytes, int from, int length) throws IOException {
                long deadline = System.nanoTime() + LOCKED.toNanos();
                while (true) {
                    try {
                        return super.read(bytes, from, length);
                    } catch (IOException e) {
                        if (System.nanoTime() > deadline || Thread.currentThread().isInterrupted()) throw e;
                        LockSupport.parkNanos(5_000_000);
                    }
                }
            }
        };
    }

    /**
     * A file to be read past the system's cache, which a gigabyte that is looked at once would fill; the usual way where the system has no
     * other. Read from multiples of {@link #uncached}'s size, with what that gives. On Windows Java leaves the file open where that is
     * refused, so nobody could delete it.
     */
    public static FileChannel openUncached(Path file) throws IOException {
        if (Machine.isWindows()) return Inside.read(file);
        try {
            return Inside.open(file, there -> FileChannel.open(there, StandardOpenOption.READ, ExtendedOpenOption.DIRECT));
        } catch (IOException | UnsupportedOperationException e) {
            return Inside.read(file);
        }
    }

    /** A buffer of this size for {@link #openUncached}. @param size a multiple of any disk's blocks, 1 MiB for example */
    public static ByteBuffer uncached(Path file, int size) throws IOException {
        int block = (int) Files.getFileStore(file).getBlockSize();
        return ByteBuffer.allocateDirect(size + block).alignedSlice(block).limit(size).slice();
    }

    /** The file that stands where this path needs a folder; null without one. Systems say "not a directory" and do not name it. */
    public static Path fileInTheWay(Path path) {
        for (Path folder = path == null ? null : path.getParent(); folder != null; folder = folder.getParent())
            if (Files.exists(folder) && !Files.isDirectory(folder)) return folder;
        return null;
    }
}
