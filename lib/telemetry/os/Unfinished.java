package telemetry.os;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files in the making: {@code telemetry.sqlite.4711-1.tmp}, 4711 being the process that makes it, so that what a killed one left is known
 * for what it is.
 */
public final class Unfinished {
    private static final Pattern NAME = Pattern.compile(".*\\.(\\d{1,18})-\\d+\\.tmp(-wal|-shm|-journal)?");

    /** No two threads of this process get the same name. */
    private static final AtomicLong LAST = new AtomicLong();

    private Unfinished() { }

    /** A name in the target's folder that nobody uses. Removes what processes that are gone have left there for the same target. */
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

    private static Path free(Path target) {
        while (true) {
            String mark = "." + ProcessHandle.current().pid() + "-" + LAST.incrementAndGet() + ".tmp";
            Path file = target.resolveSibling(target.getFileName() + mark);
            if (Files.notExists(file)) return file;
        }
    }

    /**
     * Writes a file that others may read at any moment: they see the old content or the new one, whole. UTF-8, and on the disk when this
     * returns.
     *
     * @param what it is, to follow "write": {@code "a report"}
     * @throws StoreException when that is not possible; what was there is there
     */
    public static void write(String what, Path file, String content) {
        Path whole = file.toAbsolutePath();
        Path unfinished = free(whole);
        try {
            Files.writeString(unfinished, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try {
                Disk.sync(unfinished);
                Files.move(unfinished, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            throw Attempt.refused("write " + what + " in", whole.getParent(), e);
        }
    }

    private static boolean isLeft(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
    }
}
