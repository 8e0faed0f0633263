package telemetry.os;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names for files in the making: {@code telemetry.sqlite.4711-1.tmp}, 4711 being the process that makes it, so that what a killed one left
 * is known for what it is.
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
            throw Disk.refused("write to the folder", absolute.getParent(), e);
        }
        while (true) {
            Path file = absolute.resolveSibling(name + "." + ProcessHandle.current().pid() + "-" + LAST.incrementAndGet() + ".tmp");
            if (Files.notExists(file)) return file;
        }
    }

    private static boolean isLeft(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
    }
}
