package telemetry.recording;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunContext;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.rebuild.Replay;

/** Recording where the store fails, and from many threads and processes at once. */
class TelemetryClientHardshipTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00.123456Z");

    @TempDir
    Path dir;

    private final ConcurrentLinkedQueue<String> warnings = new ConcurrentLinkedQueue<>();
    private final TelemetryClientTest.Hands clock = new TelemetryClientTest.Hands(NOON);

    private TelemetryClient client(Store store) {
        return TelemetryClient.at(store, clock, warnings::add);
    }

    @Test
    void aMissingStoreIsNotMadeAndSaidOnce() {
        Store store = Store.at(dir.resolve("none"));
        List<String> done = new ArrayList<>();
        try (TelemetryClient client = client(store)) {
            for (int i = 0; i < 3; i++) client.track("agent", "job", run -> done.add(run.event("e").metrics(m -> m.set("n", 1)).id()));
        }
        assertEquals(3, Set.copyOf(done).size());
        assertFalse(Files.exists(store.base()));
        assertEquals(List.of("cannot use the store " + store.base()
                + ": there is none (named by --store); was it moved? Then name its folder with --store. recover --from DIR brings it "
                + "back from "
                + "backups elsewhere; setup makes a new, empty one"), List.copyOf(warnings));
    }

    @Test
    void aLockedDatabaseStallsTheProgramOnceAndItsRowsComeLater() {
        Store store = Fixture.V3.empty(dir);
        try (TelemetryClient client = client(store); Database other = Database.open(store.database())) {
            client.track("agent", "before", run -> { });
            long begun = System.nanoTime();
            other.inTransaction(() -> {
                for (int i = 0; i < 20; i++) client.track("agent", "locked", run -> { });
                pause();
                client.track("agent", "locked", run -> { });
            });
            long ms = Duration.ofNanos(System.nanoTime() - begun).toMillis();
            assertTrue(ms >= 5_000 && ms < 9_000, ms + " ms");
            assertEquals(44, TelemetryClientTest.lines(store).size(), "every line is there");
            assertEquals(1, TelemetryClientTest.count(store));
            assertEquals(1, warnings.size(), warnings.toString());
            assertTrue(warnings.peek().matches("cannot begin to write to .* it is locked.*\\Rnext: jbang locks@telemetry --store "
                    + Pattern.quote(store.base().toString())), warnings.peek());
            pause();
            client.track("agent", "after", run -> { });
            assertEquals(23, TelemetryClientTest.count(store));
            assertEquals(23, TelemetryClientTest.number(store, "SELECT count(*) FROM agent_runs WHERE status = 'success'"));
        }
    }

    /** Longer than a database that failed is left alone. */
    private static void pause() {
        try {
            Thread.sleep(1_100);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void rowsThatWaitedAreTriedOnceMoreAtTheEnd() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Path away = Files.move(store.database(), dir.resolve("away"));
        TelemetryClient client = client(store);
        client.track("agent", "job", run -> { });
        Files.move(away, store.database());
        client.close();
        assertEquals("success", TelemetryClientTest.row(store, TelemetryClientTest.lines(store).get(0).id()).text("status"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"directory", "garbage", "empty", "gone", "no table", "refuses"})
    void aDatabaseThatCannotTakeTheRowCostsOneWarningAndNoLine(String what) throws IOException {
        Store store = Fixture.V3.empty(dir);
        if (what.equals("no table") || what.equals("refuses")) {
            try (Database database = Database.open(store.database())) {
                database.execute(what.equals("refuses")
                        ? "CREATE TRIGGER t BEFORE INSERT ON agent_runs BEGIN SELECT raise(ABORT, 'no'); END" : "DROP TABLE agent_runs");
            }
        } else {
            Files.delete(store.database());
            if (what.equals("directory")) Files.createDirectory(store.database());
            if (what.equals("garbage")) Files.writeString(store.database(), "no database".repeat(1000));
            if (what.equals("empty")) Files.createFile(store.database());
        }
        try (TelemetryClient client = client(store)) {
            for (int i = 0; i < 3; i++) client.track("agent", "job", run -> { });
        }
        assertEquals(6, TelemetryClientTest.lines(store).size());
        assertEquals(1, warnings.size(), warnings.toString());
    }

    @Test
    void whatIsWrongWithOneRunCostsTheOthersNothing() throws InterruptedException {
        Store store = Fixture.V3.empty(dir);
        try (Database database = Database.open(store.database())) {
            database.execute("CREATE TRIGGER t BEFORE INSERT ON agent_runs WHEN new.job_type = 'odd' BEGIN SELECT raise(ABORT, "
                    + "'odd'); END");
        }
        try (TelemetryClient client = client(store)) {
            inThreads(8, thread -> {
                for (int i = 0; i < 20; i++) client.track("agent", thread == 0 ? "odd" : "job", run -> { });
            });
        }
        assertEquals(140, TelemetryClientTest.count(store));
        assertEquals(320, TelemetryClientTest.lines(store).size());
    }

    @Test
    void dayFilesThatCannotBeWrittenCostOneWarningAndNoRow() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Files.delete(store.raw());
        Files.createFile(store.raw());
        try (TelemetryClient client = client(store)) {
            for (int i = 0; i < 3; i++) client.track("agent", "job", run -> run.event("e"));
        }
        assertEquals(3, TelemetryClientTest.number(store, "SELECT count(*) FROM agent_runs WHERE status = 'success'"));
        assertEquals(1, warnings.size(), warnings.toString());
    }

    @Test
    void aLostLineIsSaidEvenWhenTheDatabaseWasSaidBefore() throws IOException {
        Store store = Store.at(Files.createDirectory(dir.resolve("empty")));
        try (TelemetryClient client = client(store)) {
            for (int i = 0; i < 3; i++) client.track("agent", "job", run -> run.event("e"));
        }
        assertEquals(2, warnings.size(), warnings.toString());
        assertTrue(warnings.poll().startsWith("cannot open the database " + store.database() + ": it does not exist"));
        assertTrue(warnings.poll().startsWith("cannot append to the day file " + store.raw()));
    }

    @Test
    void aFullDiskCostsOneWarningOfALineAndOneOfARowAtTheMost() throws Exception {
        Path mount = Files.createDirectory(dir.resolve("full"));
        Assumptions.assumeTrue(Mounts.tmpfs(mount, "600k"), "mounting a small file system is not permitted here");
        try {
            Store store = Fixture.V3.empty(mount);
            List<String> done = new ArrayList<>();
            try (TelemetryClient client = client(store)) {
                for (int i = 0; i < 30; i++)
                    client.track("agent", "job", run -> done.add(run.event("e", Map.of("text", "x".repeat(60_000))).id()));
            }
            assertEquals(30, done.size());
            assertTrue(List.of(1, 2).contains(warnings.size()), warnings.toString());
            for (String warning : warnings) assertTrue(warning.contains("no space left"), warning);
        } finally {
            Mounts.unmount(mount);
        }
    }

    @Test
    @Needs(Need.FREE_NAMES)
    void anotherDatabaseInItsPlaceIsTheOneThatIsWrittenTo() throws IOException {
        Store store = Fixture.V3.empty(dir.resolve("s"));
        Store other = Fixture.V7_PYTHON.empty(dir.resolve("o"));
        try (TelemetryClient client = client(store)) {
            client.track("agent", "job", run -> { });
            for (String end : List.of("", "-wal", "-shm")) Files.deleteIfExists(Path.of(store.database() + end));
            Files.move(other.database(), store.database());
            client.track("agent", "job", run -> { });
            client.track("agent", "job", run -> { });
        }
        assertEquals(2, TelemetryClientTest.count(store));
        assertEquals(3L, TelemetryClientTest.lines(store).get(0).number("schema_version"));
        assertEquals(7L, TelemetryClientTest.lines(store).get(5).number("schema_version"));
        assertEquals(List.of(), List.copyOf(warnings));
    }

    @Test
    void anInterruptNeitherLosesNorDoublesALine() throws InterruptedException {
        Store store = Fixture.V3.empty(dir);
        try (TelemetryClient client = client(store)) {
            Thread worker = new Thread(() -> {
                for (int i = 0; i < 300; i++) {
                    if (i % 3 == 0) Thread.currentThread().interrupt();
                    client.track("agent", "job", run -> run.event("e"));
                    if (i % 3 == 0) assertTrue(Thread.interrupted(), "the interrupt is still there");
                    if (i % 50 == 0) clock.now = clock.now.plus(Duration.ofDays(1));
                }
            });
            worker.start();
            while (worker.isAlive()) {
                worker.interrupt();
                worker.join(1);
            }
        }
        assertEquals(900, TelemetryClientTest.entries(store).size());
        assertEquals(300, TelemetryClientTest.count(store));
        assertEquals(List.of(), List.copyOf(warnings));
    }

    @ParameterizedTest
    @EnumSource(value = Fixture.class, names = {"V1", "V3", "V7_PYTHON", "V7_SERVICE"})
    void eightThreadsLoseAndDoubleNothing(Fixture shape) throws InterruptedException {
        Store store = shape.empty(dir);
        Collection<String> ids = new ConcurrentLinkedQueue<>();
        int each = shape == Fixture.V3 ? 40 : 12;
        try (TelemetryClient client = client(store)) {
            inThreads(8, thread -> {
                for (int i = 0; i < each; i++)
                    client.track("agent-" + thread, "job", run -> ids.add(run.event("e").metrics(m -> m.itemsDiscovered(1)).id()));
            });
        }
        assertWhole(store, ids, 8 * each);
        try (Database database = Database.open(store.database()); EventLog log = new EventLog(store)) {
            assertTrue(new Replay(database).apply(log, entry -> { }).isNothingNew(), "rows and lines say the same");
        }
        assertEquals(List.of(), List.copyOf(warnings));
    }

    @Test
    void whenACallReturnsItsLineAndItsRowAreThere() throws InterruptedException {
        Store store = Fixture.V3.empty(dir);
        List<String> missing = new ArrayList<>();
        try (TelemetryClient client = client(store)) {
            inThreads(8, thread -> {
                for (int i = 0; i < 10; i++) {
                    RunContext run = client.start("agent", "job");
                    if (TelemetryClientTest.lines(store).stream().noneMatch(line -> line.id().equals(run.id()))
                            || TelemetryClientTest.number(store, "SELECT count(*) FROM agent_runs WHERE run_id = '" + run.id() + "'") != 1)
                        synchronized (missing) {
                            missing.add(run.id());
                        }
                }
            });
        }
        assertEquals(List.of(), missing);
    }

    private static void assertWhole(Store store, Collection<String> ids, int expected) {
        assertEquals(expected, ids.size());
        assertEquals(expected, Set.copyOf(ids).size(), "no two runs have one id");
        List<LogEntry> entries = TelemetryClientTest.entries(store);
        Map<String, Long> events = entries.stream().filter(entry -> entry.record() instanceof Event)
                .collect(Collectors.groupingBy(entry -> ((Event) entry.record()).runId(), Collectors.counting()));
        Map<String, String> lines = entries.stream().filter(entry -> entry.record() instanceof Run)
                .collect(Collectors.groupingBy(entry -> ((Run) entry.record()).id(),
                        Collectors.mapping(entry -> ((Run) entry.record()).text("status"), Collectors.joining(" "))));
        Map<String, String> rows = new LinkedHashMap<>();
        try (Database database = Database.open(store.database())) {
            for (Row row : database.query("SELECT run_id, status FROM agent_runs"))
                rows.merge(row.text("run_id"), row.text("status"), (a, b) -> a + " " + b);
        }
        for (String id : ids) {
            assertEquals(1, events.get(id), id);
            assertEquals("running success", lines.get(id), id);
            assertEquals("success", rows.get(id), id);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Fixture.class, names = {"V3", "V7_SERVICE"})
    void fourProcessesOfWhichOneIsKilledLoseNothingThatWasAcknowledged(Fixture shape) throws Exception {
        processes(shape, 4, 30, 20);
    }

    @ParameterizedTest
    @Tag("torture")
    @EnumSource(value = Fixture.class, names = {"V1", "V3", "V6_PYTHON", "V7_SERVICE"})
    void manyProcessesOfWhichOneIsKilledLoseNothingThatWasAcknowledged(Fixture shape) throws Exception {
        for (int round = 0; round < 3; round++) processes(shape, 6, 100, 50);
    }

    private void processes(Fixture shape, int count, int each, int killedAfter) throws Exception {
        Store store = shape.empty(Files.createTempDirectory(dir, "s"));
        List<Process> processes = new ArrayList<>();
        for (int p = 0; p < count; p++)
            processes.add(Script.processBuilder(Map.of("AGENT_METRICS_DIR", store.base().toString()),
                    "telemetry.recording.TelemetryClientHardshipTest$Worker", p == 0 ? 1_000_000 : each)
                            .redirectError(ProcessBuilder.Redirect.INHERIT).start());
        Set<String> acknowledged = new HashSet<>();
        for (int i = 0; i < killedAfter; i++) acknowledged.add(processes.get(0).inputReader().readLine());
        processes.get(0).toHandle().destroyForcibly();
        for (Process process : processes) {
            process.inputReader().lines().filter(id -> id.matches("\\d{8}T\\d{6}Z-agent-[0-9a-f]{8}")).forEach(acknowledged::add);
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        }
        assertEquals(0, processes.get(1).exitValue());
        assertTrue(acknowledged.size() >= (count - 1) * each + killedAfter, "" + acknowledged.size());
        assertWhole(store, acknowledged, acknowledged.size());
        assertEquals(List.of(), TelemetryClientTest.entries(store).stream().filter(LogEntry::isDamaged).map(LogEntry::text).toList());
        assertTrue(TelemetryClientTest.count(store) - acknowledged.size() <= 1,
                "one run at most was under way when its process was killed");
    }

    /** Tracks runs for the store of its environment and prints each id when the run is over. */
    public static final class Worker {
        public static void main(String[] args) {
            try (TelemetryClient client = TelemetryClient.fromEnv()) {
                for (int i = 0; i < Integer.parseInt(args[0]); i++) {
                    String[] id = new String[1];
                    client.track("agent", "job", run -> id[0] = run.event("e").id());
                    System.out.println(id[0]);
                    if (System.out.checkError()) return;
                }
            }
        }
    }

    private interface Numbered {
        void run(int thread);
    }

    private static void inThreads(int count, Numbered work) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < count; t++) {
            int number = t;
            threads.add(new Thread(() -> work.run(number)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) thread.join();
    }
}
