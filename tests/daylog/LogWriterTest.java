package telemetry.daylog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.os.Machine;

/** Appending beside writers that do not heed our lock. */
@Tag("system")
class LogWriterTest {

    @TempDir
    Path dir;

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Test
    void whatIsTornGetsItsNewlineAndWhatIsBeingWrittenDoesNot() throws Exception {
        Path file = dir.resolve("events_20261120.ndjson");
        write(file, "{\"a\": 1}\n{\"torn");
        try (var writer = new LogWriter(file)) {
            writer.append(List.of("{\"b\": 2}"));
            assertEquals("{\"a\": 1}\n{\"torn\n{\"b\": 2}\n", Files.readString(file));
            write(file, "{\"half\": ");
            var rest = CompletableFuture.runAsync(() -> {
                try {
                    TimeUnit.MILLISECONDS.sleep(100);
                    write(file, "3}\n");
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            writer.append(List.of("{\"c\": 4}"));
            rest.join();
        }
        assertEquals("{\"a\": 1}\n{\"torn\n{\"b\": 2}\n{\"half\": 3}\n{\"c\": 4}\n", Files.readString(file));
    }

    /** A file gets its name by a link from an unfinished one, which a kill may leave beside it. */
    @Test
    void theSecondNameThatAKilledWriterHasLeftGoesWithTheNextLine() throws IOException {
        assumeTrue(!Machine.isWindows(), "files have one name there");
        Path file = dir.resolve("events_20261120.ndjson");
        Path left = dir.resolve(file.getFileName() + ".4194305-1.tmp");
        write(file, "{\"a\": 1}\n");
        Files.createLink(left, file);
        try (var writer = new LogWriter(file)) {
            writer.append(List.of("{\"b\": 2}"));
        }
        assertTrue(Files.notExists(left));
        assertEquals("{\"a\": 1}\n{\"b\": 2}\n", Files.readString(file));
    }

    /** The kernel shows a long write's beginning before its end. */
    @Test
    @Needs(Need.NOT_WINE)
    void besideLongLinesOfOthersNoLineIsBlankOrBroken() throws Exception {
        Path file = dir.resolve("events_20261120.ndjson");
        int longLine = 3 << 20;
        var other = CompletableFuture.runAsync(() -> {
            ByteBuffer line = ByteBuffer.allocateDirect(longLine);
            while (line.position() < longLine - 1) line.put((byte) 'x');
            line.put((byte) '\n');
            try (var out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                for (int n = 0; n < 40; n++) out.write(line.rewind());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        int ours = 0;
        try (var writer = new LogWriter(file)) {
            for (; !other.isDone(); ours++) writer.append(List.of("{\"ours\": " + ours + "}"));
        }
        other.join();
        List<String> lines = Files.readAllLines(file);
        assertEquals(40, lines.stream().filter(line -> line.length() == longLine - 1).count());
        assertEquals(ours, lines.stream().filter(line -> line.startsWith("{\"ours\"") && line.endsWith("}")).count());
        assertEquals(40 + ours, lines.size(), "blank ones");
    }

    /** A Python writer that the system keeps waiting in the middle of its line holds its flock. */
    @Test
    void aLineWhoseWriterHoldsTheFlockIsWaitedFor() throws Exception {
        Path file = dir.resolve("events_20261120.ndjson");
        assumeTrue(Machine.program("flock", Machine.environment()).isPresent(), "there is no program flock");
        Process python = new ProcessBuilder("flock", "-x", file.toString(), "sh", "-c",
                "printf '{\"half\": ' >> '" + file + "'; touch '" + dir.resolve("begun") + "'; sleep 1; printf '3}\\n' >> '" + file + "'")
                .redirectErrorStream(true).start();
        for (int n = 0; n < 200 && Files.notExists(dir.resolve("begun")) && python.isAlive(); n++) TimeUnit.MILLISECONDS.sleep(10);
        assertTrue(Files.exists(dir.resolve("begun")));
        try (var writer = new LogWriter(file)) {
            writer.append(List.of("{\"c\": 4}"));
        }
        assertTrue(python.waitFor(5, TimeUnit.SECONDS));
        assertEquals("{\"half\": 3}\n{\"c\": 4}\n", Files.readString(file));
    }
}
