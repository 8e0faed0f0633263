package telemetry.os;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import telemetry.StoreException;
import telemetry.StoreException.Reason;
import telemetry.kit.Folder;
import telemetry.kit.Script;

/** Replacing, moving and deleting a file that another process has open. It reads as Python does on Windows: others may not delete then. */
@Tag("system")
class InUseTest {
    private static final int REPLACED = 1_000;
    private static final int BYTES = 5_000;

    @TempDir
    Path dir;
    private Path file;
    private Path newer;

    @BeforeEach
    void files() throws IOException {
        file = Files.write(dir.resolve("file"), whole(0));
        newer = Files.write(dir.resolve("newer"), whole(1));
    }

    private static byte[] whole(int n) {
        byte[] whole = new byte[BYTES];
        Arrays.fill(whole, (byte) n);
        return whole;
    }

    /** The other process: reads the file over and over, keeps it open, for itself or locked, until its stdin ends. @param args what, and the file */
    public static void main(String... args) throws Exception {
        switch (args[0]) {
            case "read" -> read(args[1]);
            case "hold" -> hold(new FileInputStream(args[1]));
            case "alone" -> hold(FileChannel.open(Path.of(args[1]), StandardOpenOption.READ, ExtendedOpenOption.NOSHARE_READ,
                    ExtendedOpenOption.NOSHARE_DELETE));
            default -> {
                FileChannel channel = FileChannel.open(Path.of(args[1]), StandardOpenOption.WRITE);
                channel.lock();
                hold(channel);
            }
        }
    }

    private static void hold(Closeable open) throws IOException {
        try (open) {
            System.out.println("held");
            System.in.read();
        }
    }

    private static void read(String file) {
        var end = new Thread(() -> {
            try {
                System.in.read();
            } catch (IOException e) {
                // the end too
            }
        });
        end.setDaemon(true);
        end.start();
        int torn = 0;
        int reads = 0;
        for (; end.isAlive(); reads++) {
            if (reads == 1) System.out.println("reading");
            try (FileInputStream in = new FileInputStream(file)) {
                byte[] read = in.readAllBytes();
                if (!Arrays.equals(read, whole(read.length == 0 ? -1 : read[0]))) torn++;
            } catch (IOException e) {
                // it is just being replaced
            }
        }
        System.out.println(reads > REPLACED / 10 ? torn + " torn" : "only " + reads + " reads");
    }

    /** Another process, which has said that it is about it. */
    private record Other(Process process, BufferedReader said) implements AutoCloseable {
        static Other started(String what, Path file) throws IOException {
            Process process = Script.processBuilder(Map.of(), InUseTest.class.getName(), what, file).redirectErrorStream(true).start();
            var other = new Other(process, process.inputReader());
            assertTrue(other.said.readLine().matches("held|reading"));
            return other;
        }

        String end() throws IOException, InterruptedException {
            process.getOutputStream().close();
            String last = said.readLine();
            process.waitFor();
            return last;
        }

        @Override
        public void close() throws IOException, InterruptedException {
            end();
        }
    }

    @Test
    void aFileIsReplacedAThousandTimesBesideAReader() throws Exception {
        Other reader = Other.started("read", file);
        for (int i = 0; i < REPLACED; i++) {
            Files.write(newer, whole(i));
            Inside.move(newer, file, ATOMIC_MOVE, REPLACE_EXISTING);
        }
        assertEquals("0 torn", reader.end());
        assertEquals((byte) (REPLACED - 1), Files.readAllBytes(file)[0]);
    }

    @Test
    void aFileThatStaysOpenKeepsItsContentAndTheOtherProgramIsToldOf() throws Exception {
        assumeTrue(Machine.isWindows(), "only Windows refuses to replace what is open");
        try (Other holder = Other.started("hold", file)) {
            long began = System.nanoTime();
            var refused = assertThrows(StoreException.class, () -> Unfinished.write("a report", file, "new"));
            long took = Duration.ofNanos(System.nanoTime() - began).toMillis();
            assertEquals(Reason.LOCKED, refused.reason());
            assertEquals("cannot write a report in " + dir + ": another program has " + file + " open", refused.what());
            assertTrue(refused.getMessage().lines().skip(1).findFirst().orElse("").contains("locks"), refused.getMessage());
            assertTrue(took > 1_900 && took < 8_000, took + " ms");
            assertEquals(List.of("file", "newer"), Folder.names(dir));
        }
        assertArrayEquals(whole(0), Files.readAllBytes(file));
    }

    @Test
    void elsewhereNobodyIsWaitedFor() throws Exception {
        assumeTrue(!Machine.isWindows(), "Windows refuses to replace what is open");
        try (Other holder = Other.started("hold", file)) {
            long began = System.nanoTime();
            Inside.move(newer, file, ATOMIC_MOVE, REPLACE_EXISTING);
            Files.createDirectories(newer.resolve("in"));
            assertThrows(IOException.class, () -> Inside.move(file, newer, ATOMIC_MOVE, REPLACE_EXISTING));
            Inside.delete(file);
            assertTrue(System.nanoTime() - began < 1_000_000_000);
        }
    }

    @Test
    void aFileThatIsOpenForAMomentIsPublishedAndTheOtherNameGoes() throws Exception {
        Other holder = Other.started("hold", newer);
        var ending = new Thread(() -> {
            LockSupport.parkNanos(300_000_000);
            Attempt.of("end", newer, () -> holder.process.getOutputStream().close());
        });
        ending.start();
        Disk.publish(newer, dir.resolve("published"));
        ending.join();
        holder.close();
        assertEquals(List.of("file", "published"), Folder.names(dir));
    }

    @Test
    void aFolderInTheFilesPlaceIsNotWaitedFor() throws IOException {
        Path folder = Files.createDirectories(dir.resolve("folder/in")).getParent();
        long began = System.nanoTime();
        IOException refused = assertThrows(IOException.class, () -> Inside.move(newer, folder, ATOMIC_MOVE, REPLACE_EXISTING));
        assertTrue(System.nanoTime() - began < 1_000_000_000, "nobody can have it open as a file");
        assertEquals("it is a folder", Attempt.refused("replace", folder, refused).why());
    }

    @Test
    void aForbiddenFileIsNotCalledOpen() throws Exception {
        assumeTrue(Machine.isWindows(), "elsewhere a read-only file may be replaced");
        Files.setAttribute(file, "dos:readonly", true);
        try {
            Inside.move(newer, file, ATOMIC_MOVE, REPLACE_EXISTING);
            abort("this Windows replaces read-only files");
        } catch (AccessDeniedException e) {
            assertEquals(Reason.DENIED, Attempt.refused("replace", file, e).reason());
        } finally {
            Files.setAttribute(file, "dos:readonly", false);
        }
    }

    /** Java has two ways to open a file, with two forms of the refusal. */
    @Test
    void aFileThatOthersMayNotOpenIsHeldWhateverTheSystemsLanguage() throws Exception {
        assumeTrue(Machine.isWindows(), "only Windows knows such files");
        try (Other holder = Other.started("alone", file)) {
            for (Executable opening : List.<Executable>of(() -> Inside.read(file), () -> new FileInputStream(file.toFile()),
                    () -> Files.delete(file), () -> Files.move(file, dir.resolve("moved")))) {
                var refused = Attempt.refused("use", file, assertThrows(IOException.class, opening));
                assertEquals(Reason.LOCKED, refused.reason(), refused.getMessage());
                assertEquals("another program has it open", refused.why());
            }
        }
    }

    @Test
    void lockedBytesAreKnownWhateverTheLanguage() throws Exception {
        assumeTrue(Machine.isWindows(), "only Windows knows such files");
        try (Other holder = Other.started("lock", file); FileInputStream in = new FileInputStream(file.toFile())) {
            IOException refused = null;
            try {
                in.read();
            } catch (IOException e) {
                refused = e;
            }
            assumeTrue(refused != null, "this Windows gives out locked bytes");
            assertEquals(Reason.LOCKED, Attempt.refused("read", file, refused).reason());
        }
    }
}
