package telemetry.os;

import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Unfinished files: {@code telemetry.sqlite.4711-2360217340961846101.tmp}, where 4711 is the process that writes it. So what a killed
 * process left can be told from the rest. The other number is random: nobody can put something under the name before.
 */
public final class Unfinished {
    private static final Pattern NAME = Pattern.compile(".*\\.(\\d{1,18})-\\d+\\.tmp(-wal|-shm|-journal)?");

    private static final Pattern MARK = Pattern.compile("(\\d{1,18})(-\\d+)?");
    private static final Path CHANCE = Path.of("/dev/urandom");

    private Unfinished() { }

    /** An unused name in the target's folder. Removes what dead processes have left there for the same target, if it may be listed. */
    public static Path beside(Path target) {
        Path absolute = target.toAbsolutePath();
        try {
            sweep(absolute.getParent(), absolute.getFileName() + ".");
        } catch (IOException e) {
            // creating the file says what is wrong with the folder
        }
        return free(absolute);
    }

    /** Removes what dead processes have left in a folder, whatever it was to become. */
    public static void sweep(Path folder) throws IOException {
        sweep(folder, "");
    }

    /** The same for names that begin so. */
    public static void sweep(Path folder, String prefix) throws IOException {
        for (Path file : Inside.list(folder))
            if (file.getFileName().toString().startsWith(prefix) && isLeft(file)) Inside.delete(file);
    }

    static Path free(Path target) {
        return target.resolveSibling(target.getFileName() + "." + mark() + ".tmp");
    }

    /** A name in this folder that nobody can foresee: {@code .drill-4711-2360217340961846101}. */
    public static Path random(Path folder, String prefix) {
        return folder.resolve(prefix + mark());
    }

    /** True for what {@link #random} has named for a process that is gone. */
    public static boolean isLeft(Path path, String prefix) {
        String name = path.getFileName().toString();
        return name.startsWith(prefix) && isLeft(MARK.matcher(name.substring(prefix.length())));
    }

    /** This process, by which a leftover is known, and what another account cannot guess. */
    private static String mark() {
        return ProcessHandle.current().pid() + "-" + (chance() >>> 1);
    }

    /** As a SecureRandom has it, which takes longer to begin than most commands have. */
    private static long chance() {
        try (InputStream in = Files.newInputStream(CHANCE)) {
            return ByteBuffer.wrap(in.readNBytes(Long.BYTES)).getLong();
        } catch (IOException | BufferUnderflowException e) {
            return new SecureRandom().nextLong();
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
        write(what, file, content.getBytes(StandardCharsets.UTF_8));
    }

    /** The same for any bytes. */
    public static void write(String what, Path file, byte[] content) {
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

    private static void writeTo(Path device, byte[] content) throws IOException {
        String kind = Account.kindOf(device);
        if (!kind.equals("a device")) throw new IOException(device.getFileName() + " is " + kind);
        try (FileChannel channel = FileChannel.open(device, StandardOpenOption.WRITE)) {
            write(channel, content);
        }
    }

    private static void replace(Path whole, byte[] content) throws IOException {
        Path unfinished = beside(whole);
        try (FileChannel channel = NewFile.createLike(unfinished, whole)) {
            write(channel, content);
            channel.force(true);
            Inside.move(unfinished, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Inside.delete(unfinished);
        }
    }

    private static void write(FileChannel channel, byte[] content) throws IOException {
        for (ByteBuffer bytes = ByteBuffer.wrap(content); bytes.hasRemaining(); ) channel.write(bytes);
    }

    private static boolean isLeft(Path file) {
        return isLeft(NAME.matcher(file.getFileName().toString()));
    }

    private static boolean isLeft(Matcher name) {
        return name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
    }
}
