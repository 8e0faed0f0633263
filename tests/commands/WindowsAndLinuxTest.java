import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.WindowsJvm;

/**
 * Agents on Linux and on Windows work on one store: a JVM of each has the same local folder. Each lock that one of them holds is to keep the
 * other out. Here that shows whether both lock the same bytes in the same way; Wine hands on to Linux what its programs lock.
 */
@Isolated("starts a Windows machine")
class WindowsAndLinuxTest {

    /** Holds a file's lock as the toolkit does, until stdin ends. */
    public static void main(String... args) throws IOException {
        try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (channel.tryLock() == null) throw new IOException("it is locked already");
            System.out.println("held");
            System.in.read();
        }
    }

    /** One of the two systems, with the store as it sees it. */
    private interface Side {
        ProcessBuilder java(String main, List<String> args) throws IOException;

        String path(Path file);
    }

    private static Side linux() {
        return new Side() {
            @Override
            public ProcessBuilder java(String main, List<String> args) {
                return Script.processBuilder(Map.of(), main, args.toArray());
            }

            @Override
            public String path(Path file) {
                return file.toString();
            }
        };
    }

    private static Side windows(WindowsJvm machine, String classPath) {
        return new Side() {
            @Override
            public ProcessBuilder java(String main, List<String> args) {
                List<String> all = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xlog:disable", "-cp", classPath, main));
                all.addAll(args);
                return machine.java(machine.c(), all).redirectInput(ProcessBuilder.Redirect.PIPE);
            }

            @Override
            public String path(Path file) {
                return machine.path(file);
            }
        };
    }

    private static Script run(Side side, String script, List<String> args) throws Exception {
        Process process = side.java(script, args).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Script(process.waitFor(), said, "");
    }

    /** What keeps the other out while one holds a lock; a second run, which finds it free, shows that nothing else did. */
    private static String excluded(Side holder, String main, List<String> held, Side other, String script, List<String> args)
            throws Exception {
        Process process = holder.java(main, held).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader said = process.inputReader()) {
            assertTrue(String.valueOf(said.readLine()).startsWith("held"), main + " " + held);
            Script during = run(other, script, args);
            process.getOutputStream().close();
            process.waitFor();
            Script after = run(other, script, args);
            return during.exit() == 3 && after.exit() <= 1 ? "" : "is not heeded: " + during + ", then " + after;
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void eachLockOfTheOneKeepsTheOtherOut() throws Exception {
        assumeTrue(WindowsJvm.isMade(), "there is no Windows machine here yet; scripts/jbangw test --windows makes one");
        try (var machine = WindowsJvm.get(System.err)) {
            Store store = Fixture.V3.filled(machine.c().resolve("store"), 20, Instant.now());
            Files.createDirectories(store.archive());
            Files.createDirectories(store.quarantine());
            Side windows = windows(machine, machine.classPath());
            Map<String, String> locks = new TreeMap<>();
            for (boolean isWindows : new boolean[] {false, true}) {
                Side holder = isWindows ? windows : linux();
                Side other = isWindows ? linux() : windows;
                String whose = isWindows ? " of Windows" : " of Linux";
                String base = other.path(store.base());
                locks.put("SQLite's write lock" + whose, excluded(holder, "telemetry.kit.Agent",
                        List.of("hold", holder.path(store.base()), "BEGIN IMMEDIATE", "0"), other, "locks",
                        List.of("--wait", "1s", "--store", base)));
                oldDay(store, isWindows ? "20251201" : "20251202");
                locks.put("the archive's lock" + whose, excluded(holder, "WindowsAndLinuxTest",
                        List.of(holder.path(store.archive().resolve(".lock"))), other, "archive",
                        List.of("--older-than", "30d", "--yes", "--store", base)));
                locks.put("the lock of an exchange" + whose, excluded(holder, "WindowsAndLinuxTest",
                        List.of(holder.path(store.quarantine().resolve(".lock"))), other, "rebuild", List.of("--yes", "--store", base)));
            }
            assertEquals(Set.of(""), Set.copyOf(locks.values()), locks.toString());
        }
    }

    private static void oldDay(Store store, String day) throws IOException {
        Path file = Files.writeString(store.raw().resolve("events_" + day + ".ndjson"), "{\"run_id\": \"r\", \"event_type\": \"e\", "
                + "\"timestamp\": \"2025-12-01T00:00:00Z\", \"payload_json\": \"{}\"}\n");
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2025-12-03T00:00:00Z")));
    }
}
