package telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Script;
import telemetry.text.Ndjson;

@Tag("system")
class EventLogTest {
    private static final LocalDate DAY = LocalDate.parse("2025-12-10");
    private static final Event EVENT = new Event("r", "info", Instant.parse("2025-12-10T12:00:00Z"), null);

    @TempDir
    Path dir;
    Store store;
    Path file;

    @BeforeEach
    void makeStore() {
        store = Fixture.V3.empty(dir.resolve("s"));
        file = store.raw().resolve("events_20251210.ndjson");
    }

    @Test
    void aLineIsAppendedToItsDay() throws IOException {
        try (EventLog log = new EventLog(store)) {
            log.append(DAY, EVENT);
            log.append(DAY.plusDays(1), EVENT);
            log.append(DAY, EVENT);
        }
        String line = Ndjson.line(EVENT) + "\n";
        assertEquals(line + line, Files.readString(file));
        assertEquals(line, Files.readString(store.raw().resolve("events_20251211.ndjson")));
    }

    @Test
    void aRecordIsNotGluedToATornLine() throws IOException {
        Files.writeString(file, "{\"run_id\": \"torn");
        try (EventLog log = new EventLog(store)) {
            log.append(DAY, EVENT);
            assertEquals("{\"run_id\": \"torn\n" + Ndjson.line(EVENT) + "\n", Files.readString(file));
        }
    }

    @Test
    void aFileThatWasMovedAwayIsNotWrittenToAnyMore() throws IOException {
        try (EventLog log = new EventLog(store)) {
            log.append(DAY, EVENT);
            Files.move(file, dir.resolve("moved"));
            log.append(DAY, EVENT);
            if (Need.NOT_WINE.isMet()) {
                Files.delete(file);
                log.append(DAY, EVENT);
            }
        }
        assertEquals(1, Files.readAllLines(file).size());
        assertEquals(1, Files.readAllLines(dir.resolve("moved")).size());
    }

    @Test
    void threadsAndProcessesLoseAndMixNothing() throws Exception {
        int each = 50;
        List<Process> processes = new ArrayList<>();
        for (int p = 0; p < 3; p++)
            processes.add(Script.processBuilder(Map.of(), "telemetry.EventLogTest$Appender", store.base(), "p" + p,
            each).inheritIO().start());
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            String name = "t" + t;
            threads.add(new Thread(() -> Appender.append(store, name, each)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) thread.join();
        for (Process process : processes) assertEquals(0, process.waitFor());
        Set<String> seen = new HashSet<>();
        int lines = 0;
        for (LogEntry entry : new EventLog(store).read(new EventLog(store).days().get(0)).toList()) {
            seen.add(((Event) entry.record()).runId());
            lines++;
        }
        assertEquals(6 * each, lines);
        assertEquals(6 * each, seen.size());
    }

    /** Appends so many events from a process of its own. */
    public static final class Appender {
        public static void main(String[] args) {
            append(Store.at(Path.of(args[0])), args[1], Integer.parseInt(args[2]));
        }

        static void append(Store store, String name, int lines) {
            try (EventLog log = new EventLog(store)) {
                for (int i = 0; i < lines; i++)
                    log.append(DAY, new Event(name + "-" + i, "info", Instant.EPOCH, "{\"text\": \"" + "x".repeat(5_000) + "\"}"));
            }
        }
    }

    @Test
    @Timeout(30)
    void aLockThatNobodyGivesBackLosesNoLine() throws Exception {
        Files.createFile(file);
        Process holder = Script.processBuilder(Map.of(), "telemetry.EventLogTest$Holder", file).start();
        try (EventLog log = new EventLog(store)) {
            assertEquals("held", holder.inputReader().readLine());
            log.append(DAY, EVENT);
            assertEquals(1, Files.readAllLines(file).size());
        } finally {
            holder.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
    }

    /** Locks a file's first byte and stays. */
    public static final class Holder {
        public static void main(String[] args) throws Exception {
            try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
                channel.lock(0, 1, false);
                System.out.println("held");
                Thread.sleep(60_000);
            }
        }
    }

    @Test
    void aFolderThatIsMissingOrAFileIsSaid() throws IOException {
        Files.delete(store.raw());
        StoreException missing = assertThrows(StoreException.class, () -> new EventLog(store).append(DAY, EVENT));
        assertEquals(StoreException.Reason.MISSING, missing.reason());
        assertEquals("cannot append to the day file " + file + ": it does not exist", missing.getMessage());
        Files.createFile(store.raw());
        assertThrows(StoreException.class, () -> new EventLog(store).append(DAY, EVENT));
    }

    @Test
    void onAFullDiskTheLineIsNotAcknowledgedAndTheNextOneIsWholeAgain() throws Exception {
        Path mount = Files.createDirectory(dir.resolve("full"));
        Assumptions.assumeTrue(Mounts.tmpfs(mount, "64k"), "mounting a small file system is not permitted here");
        try {
            Store small = Store.at(mount);
            Files.createDirectories(small.raw());
            var big = new Event("r", "info", Instant.EPOCH, "x".repeat(40_000));
            try (EventLog log = new EventLog(small)) {
                log.append(DAY, big);
                StoreException e = assertThrows(StoreException.class, () -> log.append(DAY, big));
                assertEquals(StoreException.Reason.FULL, e.reason());
                Files.move(small.raw().resolve("events_20251210.ndjson"), file);
            }
            try (EventLog log = new EventLog(store)) {
                log.append(DAY, EVENT);
                List<LogEntry> entries = log.read(log.days().get(0)).toList();
                assertEquals(EVENT, entries.get(entries.size() - 1).record());
                assertEquals(big, entries.get(0).record());
            }
        } finally {
            Mounts.unmount(mount);
        }
    }

    @Test
    void nothingIsListedWhereNothingIs() {
        assertTrue(new EventLog(store).days().isEmpty());
        assertTrue(new EventLog(Store.at(dir.resolve("none"))).days().isEmpty());
    }
}
