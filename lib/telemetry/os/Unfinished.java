package telemetry.os;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Unfinished files: {@code telemetry.sqlite.4711-1.tmp}, where 4711 is the process that writes it. So what a killed process left can be
 * told from the rest.
 */
public final class Unfinished {
    private static final Pattern NAME = Pattern.compile(".*\\.(\\d{1,18})-\\d+\\.tmp(-wal|-shm|-journal)?");

    /** No two threads of this process get the same name. */
    private static final AtomicLong LAST = new AtomicLong();

    private Unfinished() { }

    /** An unused name in the target's folder. Removes what dead processes have left there for the same target. */
    public static Path beside(Path target) {
        Path absolute = target.toAbsolutePath();
        String name = absolute.getFileName().toString();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(absolute.getParent(),
                file -> file.getFileName().toString().startsWith(name + "."))) {
            for (Path file : files) if (isLeft(file)) Files.deleteIfExists(file);
        } catch (IOException e) {
            throw Attempt.refused("write to the folder", absolute.getParent(), e);
        }
        return free(absolute);
    }

    static Path free(Path target) {
        while (true) {
            String mark = "." + ProcessHandle.current().pid() + "-" + LAST.incrementAndGet() + ".tmp";
            Path file = target.resolveSibling(target.getFileName() + mark);
            if (Files.notExists(file)) return file;
        }
    }

    /**
     * Writes a UTF-8 file that others may read at any moment: they see the whole old content or the whole new one. It is on the disk when
     * this returns. A link stays, and the file it leads to is written. A device, {@code /dev/null} for instance, is written to directly.
     *
     * @param what names the file after "write": {@code "a report"}
     * @throws StoreException when it cannot be written; the old file is unchanged then. Also for a folder, a FIFO or a socket
     */
    public static void write(String what, Path file, String content) {
        Path whole = target(file.toAbsolutePath());
        try {
            if (Files.exists(whole) && !Files.isRegularFile(whole)) writeTo(whole, content);
            else replace(whole, content);
        } catch (IOException e) {
            throw Attempt.refused("write " + what + " in", whole.getParent(), e);
        }
    }

    /** Where a link leads, also when nothing is there yet. */
    private static Path target(Path file) {
        try {
            return !Files.isSymbolicLink(file) ? file : Files.exists(file) ? file.toRealPath()
                    : file.resolveSibling(Files.readSymbolicLink(file)).normalize();
        } catch (IOException e) {
            throw Attempt.refused("follow the link", file, e);
        }
    }

    private static void writeTo(Path device, String content) throws IOException {
        String kind = Account.kindOf(device);
        if (!kind.equals("a device")) throw new IOException(device.getFileName() + " is " + kind);
        try (FileChannel channel = FileChannel.open(device, StandardOpenOption.WRITE)) {
            write(channel, content);
        }
    }

    private static void replace(Path whole, String content) throws IOException {
        Path unfinished = free(whole);
        try (FileChannel channel = NewFile.createLike(unfinished, whole)) {
            write(channel, content);
            channel.force(true);
            Files.move(unfinished, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static void write(FileChannel channel, String content) throws IOException {
        for (ByteBuffer bytes = StandardCharsets.UTF_8.encode(content); bytes.hasRemaining(); ) channel.write(bytes);
    }

    /**
     * Moves files into a folder that has none of their names. On another disk their copies, with owner and mode, are whole and on that disk
     * before the first original goes.
     *
     * @throws java.nio.file.NoSuchFileException when one is gone
     */
    public static void moveAll(List<Path> files, Path folder) throws IOException {
        for (Path file : files) {
            Path target = folder.resolve(file.getFileName());
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) throw new FileAlreadyExistsException(target.toString());
            try {
                Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                copyAll(files.subList(files.indexOf(file), files.size()), folder);
                return;
            }
        }
    }

    private static void copyAll(List<Path> files, Path folder) throws IOException {
        List<Path> copies = new ArrayList<>();
        try {
            for (Path file : files) {
                Path copy = beside(folder.resolve(file.getFileName()));
                copies.add(copy);
                Disk.copy(file, NewFile.createLike(copy, file));
            }
            for (int i = 0; i < files.size(); i++) Disk.publish(copies.get(i), folder.resolve(files.get(i).getFileName()));
            Disk.syncFolder(folder);
            for (Path file : files) Files.delete(file);
        } finally {
            for (Path copy : copies) Files.deleteIfExists(copy);
        }
    }

    private static boolean isLeft(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
    }
}
