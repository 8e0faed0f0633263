import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.cli.Cli;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Script;

/** scripts/locks.java, with other processes that hold locks, read, append, are stopped and are killed. */
@Timeout(120)
@Tag("system")
class LocksTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    private final List<Other> others = new ArrayList<>();

    @BeforeEach
    void needsTheKernelsTables() {
        Assumptions.assumeTrue(Files.isReadable(Path.of("/proc/locks")), "only Linux tells who holds a lock");
    }

    @AfterEach
    void endTheOthers() throws InterruptedException {
        for (Other other : others) other.process.destroyForcibly().waitFor();
    }

    /** Another process that does what it is told, line by line, and says what came of it. */
    public static final class Talker {
        public static void main(String[] args) throws Exception {
            var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            List<FileOutputStream> open = new ArrayList<>();
            try (Database database = Database.open(Path.of(args[0]))) {
                System.out.println("ready");
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    try {
                        if (line.startsWith("APPEND ")) open.add(new FileOutputStream(line.substring(7), true));
                        else if (line.equals("SPIN")) spin();
                        else if (line.startsWith("SELECT")) database.value(line);
                        else database.execute(line);
                        System.out.println("done");
                    } catch (StoreException e) {
                        System.out.println(e.getMessage());
                    }
                }
            }
        }

        private static void spin() {
            var thread = new Thread(() -> {
                for (long end = System.nanoTime() + 20_000_000_000L; System.nanoTime() < end; ) Thread.onSpinWait();
            });
            thread.setDaemon(true);
            thread.start();
        }
    }

    private record Other(Process process, BufferedReader answers) {
        String say(String line) throws IOException {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            return answers.readLine();
        }

        Other does(String... lines) throws IOException {
            for (String line : lines) assertEquals("done", say(line), line);
            return this;
        }

        long pid() {
            return process.pid();
        }

        void signal(String name) throws IOException, InterruptedException {
            assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor());
            if (name.equals("STOP")) while (!Files.readString(Path.of("/proc/" + pid() + "/stat")).contains(") T ")) Thread.sleep(5);
        }

        void die() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }
    }

    private Other other(Store store) throws IOException {
        Process process = Script.processBuilder(Map.of(), "LocksTest$Talker", store.database())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var other = new Other(process, process.inputReader());
        others.add(other);
        assertEquals("ready", other.answers.readLine());
        return other;
    }

    private static Script locks(Store store, Object... args) {
        return Script.run(new locks(), Stream.concat(Stream.of("--store", store.base()), Stream.of(args)).toArray());
    }

    private static JsonObject json(int exit, Store store, Object... args) {
        Script script = locks(store, Stream.concat(Stream.of("--json"), Stream.of(args)).toArray());
        assertEquals(exit, script.exit(), script.toString());
        return Json.parse(script.out()).asObject();
    }

    private static JsonObject process(JsonObject document, long pid) {
        for (JsonValue process : document.get("processes").asArray()) if (process.asObject().getLong("pid", 0) == pid)
            return process.asObject();
        throw new AssertionError("no process " + pid + " in " + document);
    }

    /** One set-up: one holds the lock, another only reads or has the database open. */
    private static void assertNames(Store store, Other holder, String begin, boolean isStopped, Other innocent) throws Exception {
        boolean mayRead = store.database().resolveSibling("telemetry.sqlite-shm").toFile().exists() || begin.equals("BEGIN IMMEDIATE");
        innocent.does(mayRead ? "BEGIN" : "SELECT 1", "SELECT count(*) FROM agent_runs");
        holder.does(begin);
        if (isStopped) holder.signal("STOP");
        JsonObject document = json(3, store, "--wait", "0s");
        String all = document.toString();
        assertEquals("[" + holder.pid() + "]", document.get("holders").toString(), all);
        assertTrue(process(document, holder.pid()).getString("command", "").contains("LocksTest$Talker"), all);
        assertTrue(process(document, holder.pid()).getLong("running_ms", -1) >= 0, all);
        String state = process(document, holder.pid()).getString("state", "");
        assertEquals(isStopped, state.equals("stopped"), all);
        assertEquals(mayRead ? "[\"reads\",\"has it open\"]" : "[\"has it open\"]",
                process(document, innocent.pid()).get("uses").toString(), all);
        if (isStopped) holder.signal("CONT");
        holder.does("ROLLBACK");
        if (mayRead) innocent.does("ROLLBACK");
    }

    @Test
    void whereNobodyCanWriteItIsNotTheAccountThatIsBlamed() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "6m"), "mounting a small file system is not permitted here");
        try {
            Store store = Fixture.V3.filled(disk.resolve("s"), 10, Instant.parse("2026-11-20T12:00:00Z"));
            assumeTrue(Mounts.makeReadOnly(disk), "cannot be made read-only");
            for (Script refused : List.of(Script.run(new locks(), "--store", store.base()),
                    Script.run(new rebuild(), "--yes", "--store", store.base()),
                    Script.run(new prune(), "runs", "--older-than", "1d", "--yes", "--store", store.base()))) {
                assertEquals(3, refused.exit(), refused.toString());
                assertTrue(refused.err().strip()
                        .endsWith(": the file system is read-only; find out why (dmesg, mount), then mount it "
                        + "writable again"), refused.err());
            }
            Script measured = Script.run(new measure_performance(), "--runs", 1, "--processes", 0, "--store", store.base());
            assertTrue(measured.out().contains(" (v3, read-only): 10 runs"), measured.out());
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void namesTheRightProcessInEachOfEightSetUps() throws Exception {
        for (Fixture shape : List.of(Fixture.V3, Fixture.V7_PYTHON)) {
            Store store = shape.filled(dir.resolve(shape.name()), 3, NOON);
            Other one = other(store);
            Other two = other(store);
            assertNames(store, one, "BEGIN IMMEDIATE", false, two);
            assertNames(store, two, "BEGIN IMMEDIATE", true, one);
            assertNames(store, two, "BEGIN EXCLUSIVE", false, one);
            assertNames(store, one, "BEGIN EXCLUSIVE", true, two);
        }
    }

    @Test
    @Tag("torture")
    @Timeout(600)
    void namesTheRightProcessInTwentyOfTwentySetUps() throws Exception {
        for (int n = 0; n < 20; n++) {
            Store store = (n % 2 == 0 ? Fixture.V3 : Fixture.V7_PYTHON).filled(dir.resolve("s" + n), 3, NOON);
            Other innocent = other(store);
            Other holder = other(store);
            if (n % 5 == 4) {
                innocent.does("BEGIN", "SELECT count(*) FROM agent_runs");
                assertEquals("[]", json(0, store).get("holders").toString());
                assertEquals(64, locks(store, "--kill", innocent.pid(), "--yes").exit());
            } else assertNames(store, holder, n % 4 < 2 ? "BEGIN IMMEDIATE" : "BEGIN EXCLUSIVE", n % 3 == 0, innocent);
            assertTrue(innocent.process.isAlive() && holder.process.isAlive());
            innocent.die();
            holder.die();
        }
    }

    @Test
    void aReaderAloneHoldsNoLockAndIsNotToBeEnded() throws Exception {
        for (Fixture shape : List.of(Fixture.V3, Fixture.V7_PYTHON)) {
            Store store = shape.filled(dir.resolve(shape.name()), 3, NOON);
            Other reader = other(store).does("BEGIN", "SELECT count(*) FROM agent_runs");
            JsonObject document = json(0, store);
            assertTrue(document.getBoolean("free", false) && document.get("holders").asArray().isEmpty(), document.toString());
            assertEquals("[\"reads\",\"has it open\"]", process(document, reader.pid()).get("uses").toString());
            for (long pid : List.of(reader.pid(), ProcessHandle.current().pid(), 999_999_999L)) {
                Script refused = locks(store, "--kill", pid, "--yes");
                assertEquals(64, refused.exit());
                assertEquals("locks: cannot end process " + pid + " for " + store.database()
                        + ": it does not hold the write lock at this moment; no other process does either" + System.lineSeparator()
                        + "next: jbang locks@telemetry --store "
                        + store.base() + System.lineSeparator(), refused.err());
            }
            assertTrue(reader.process.isAlive());
        }
    }

    @Test
    void tellsASnapshotThatGrewOldFromALock() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        Other first = other(store).does("BEGIN", "SELECT count(*) FROM agent_runs");
        other(store).does("UPDATE agent_runs SET host = 'x'");
        assertTrue(first.say("UPDATE agent_runs SET host = 'y'").contains("BUSY_SNAPSHOT"));
        Script script = locks(store);
        assertEquals(0, script.exit(), script.toString());
        assertTrue(script.out().contains("BUSY_SNAPSHOT") && script.out().contains("end")
                && script.out().contains("nobody") && script.out().contains(first.pid() + "  reads"), script.out());
    }

    @Test
    void showsWhoWorksWhoStandsStillAndWhoAppendsIn80Columns() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        Path today = store.raw().resolve(DayFile.name(LocalDate.of(2026, 11, 20)));
        Other holder = other(store).does("BEGIN IMMEDIATE", "APPEND " + today);
        Other spinning = other(store).does("SPIN", "APPEND " + today);
        untilIdle(holder.pid());
        var command = new locks();
        command.clock = Clock.fixed(NOON, ZoneOffset.UTC);
        Script script = Script.run(command, "--store", store.base(), "--wait", "0s");
        assertEquals(3, script.exit());
        assertTrue(script.out().contains("process " + holder.pid() + " (stalled)"), script.out());
        assertTrue(script.out().replaceAll("\\s+", " ").contains("; let it finish or end it (runbook: Database Locked) next: jbang "
                + "locks@telemetry --kill " + holder.pid() + " --dry-run --store " + store.base() + " "), script.out());
        assertTrue(script.out().contains("events_20261120.ndjson: 2 processes have it open to append"), script.out());
        assertTrue(script.out().matches("(?s).*" + holder.pid() + "  holds the write lock, appends +\\S* *\\S* *0  stalled\\R.*"),
                script.out());
        assertTrue(script.out().matches("(?s).*" + spinning.pid() + "  has it open, appends +.* [1-9]\\d*  working\\R.*"), script.out());
        for (String line : script.out().split("\\R")) assertTrue(line.length() <= 80 || line.matches("( {19}next: | {4}/).*"), line);
    }

    /** Its JVM compiles for a while after it has begun, which is work too. */
    private static void untilIdle(long pid) throws InterruptedException {
        ProcessHandle.Info before = ProcessHandle.of(pid).orElseThrow().info();
        for (int n = 0; n < 60; n++) {
            Thread.sleep(500);
            ProcessHandle.Info now = ProcessHandle.of(pid).orElseThrow().info();
            if (now.totalCpuDuration().equals(before.totalCpuDuration())) return;
            before = now;
        }
    }

    @Test
    void namesTheHolderWhileItWaitsAndWarnsWhenTheLockCameFree() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        Other holder = other(store).does("BEGIN IMMEDIATE");
        Script script = locksUntilItWaits(() -> assertEquals("done", answer(holder, "COMMIT")),
                "--store", store.base().toString(), "--wait", "20s");
        assertEquals(1, script.exit(), script.toString());
        assertEquals("locks: the lock is held by process " + holder.pid() + "; waiting up to 20 s" + System.lineSeparator(), script.err());
        assertTrue(script.out().matches("(?s)warning  lock +free, but only after [\\d.]+ s: the lock was held by.process.*"), script.out());
    }

    @Test
    void whoLetsGoWhileWaitedForIsNotEnded() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        Other holder = other(store).does("BEGIN IMMEDIATE");
        Script script = locksUntilItWaits(() -> assertEquals("done", answer(holder, "COMMIT")),
                "--store", store.base().toString(), "--kill", Long.toString(holder.pid()), "--wait", "20s", "--yes");
        assertTrue(script.exit() == 1 && script.err().contains("process " + holder.pid() + " was left alone"), script.toString());
        assertEquals("done", holder.say("SELECT 1"));
    }

    /** Has something happen at the moment when it begins to wait. */
    private static Script locksUntilItWaits(Runnable then, String... args) {
        var out = new StringWriter();
        var err = new StringWriter() {
            @Override
            public void write(String text, int from, int length) {
                super.write(text, from, length);
                if (text.contains("waiting up to")) then.run();
            }
        };
        int exit = Cli.run(new locks(), new PrintWriter(out), new PrintWriter(err), args);
        return new Script(exit, out.toString(), err.toString());
    }

    private static String answer(Other other, String line) {
        try {
            return other.say(line);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void endsAHolderByTermAndRollsItBack() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir, 3, NOON);
        Other holder = other(store).does("BEGIN IMMEDIATE", "UPDATE agent_runs SET host = 'lost'");
        Script asked = locks(store, "--kill", holder.pid(), "--wait", "0s", "--dry-run");
        assertTrue(asked.exit() == 3 && asked.out().endsWith("would end process " + holder.pid() + System.lineSeparator()
                + "next: jbang locks@telemetry --store " + store.base() + " --kill " + holder.pid() + " --wait 0s --yes"
                + System.lineSeparator()), asked.toString());
        assertTrue(holder.process.isAlive());
        JsonObject document = json(0, store, "--kill", holder.pid(), "--wait", "0s", "--yes");
        assertEquals(holder.pid(), document.getLong("ended", 0));
        assertTrue(document.toString().contains("TERM") && document.toString().contains("quick check"), document.toString());
        assertTrue(holder.process.waitFor(5, TimeUnit.SECONDS));
        assertNothingLost(store);
    }

    @Test
    void aStoppedHolderIsNotWaitedForAndEndsByKill() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        Other reader = other(store).does("BEGIN", "SELECT count(*) FROM agent_runs");
        Other holder = other(store).does("BEGIN IMMEDIATE", "UPDATE agent_runs SET host = 'lost'");
        holder.signal("STOP");
        var command = new locks();
        assertEquals(5, command.grace.toSeconds());
        command.grace = java.time.Duration.ofMillis(500);
        Script script = Script.run(command, "--store", store.base(), "--kill", holder.pid(), "--wait", "10m", "--yes");
        assertEquals(0, script.exit(), script.toString());
        assertTrue(script.out().matches("ok +process +" + holder.pid() + " (has ended|let go of the lock) by KILL after [5-9]\\d\\d ms\\R"
                + "ok +lock +free after \\d+ ms\\Rok +quick check +SQLite finds no error; what was not committed is rolled\\R "
                        + "+back\\R"), script.out());
        assertTrue(script.err().contains("kill -CONT " + holder.pid()), script.err());
        assertTrue(holder.process.waitFor(5, TimeUnit.SECONDS) && reader.process.isAlive());
        assertNothingLost(store);
    }

    private static void assertNothingLost(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            assertEquals(3, database.number("SELECT count(*) FROM agent_runs WHERE host = 'ws-0'"));
        }
    }

    @Test
    void aLeftWalIsExplainedAndLeftAlone() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        Other writer = other(store).does("UPDATE agent_runs SET host = 'committed'");
        writer.die();
        assertLeftAlone(store, "-wal", "never delete it");
        try (Database database = Database.openToRead(store.database())) {
            assertEquals(3, database.number("SELECT count(*) FROM agent_runs WHERE host = 'committed'"));
        }
    }

    @Test
    void aLeftJournalIsExplainedAndLeftAlone() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir, 400, NOON);
        Other writer = other(store).does("PRAGMA cache_size = 1", "BEGIN IMMEDIATE", "UPDATE agent_runs SET host = 'lost'");
        writer.die();
        assertLeftAlone(store, "-journal", "rolls it back");
        try (Database database = Database.open(store.database())) {
            assertEquals(400, database.number("SELECT count(*) FROM agent_runs WHERE host = 'ws-0'"));
        }
    }

    private static void assertLeftAlone(Store store, String suffix, String said) throws IOException {
        Path left = store.database().resolveSibling("telemetry.sqlite" + suffix);
        byte[] before = Files.readAllBytes(left);
        byte[] database = Files.readAllBytes(store.database());
        assertTrue(before.length > 0);
        Script script = locks(store);
        assertEquals(1, script.exit(), script.toString());
        assertTrue(script.out().contains("warning  " + suffix) && script.out().replaceAll("\\s+", " ").contains(said)
                && !script.out().contains("pid"), script.out());
        assertArrayEquals(before, Files.readAllBytes(left));
        assertArrayEquals(database, Files.readAllBytes(store.database()));
    }

    @Test
    void saysWhatStandsInTheWayWhenItIsNoLock() throws Exception {
        Script none = locks(Store.at(dir.resolve("nowhere")));
        assertTrue(none.exit() == 3 && none.err().contains("there is none"), none.toString());
        assertFalse(Files.exists(dir.resolve("nowhere")));
        Store store = Fixture.V3.filled(dir.resolve("s"), 3, NOON);
        Files.delete(store.database());
        Script missing = locks(store);
        assertTrue(missing.exit() == 3 && missing.err().contains("it does not exist"), missing.toString());
        assertFalse(Files.exists(store.database()));
        Files.writeString(store.database(), "garbage".repeat(1000));
        Script damaged = locks(store);
        assertTrue(damaged.exit() == 2 && damaged.err().contains("recover@telemetry")
                && damaged.err().lines().count() == 2, damaged.toString());
        assertEquals(64, locks(store, "--wait", "soon").exit());
    }

    @Test
    void everyStoreIsFreeAndStaysAsItWas() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            byte[] before = Files.readAllBytes(given.store().database());
            Script script = locks(given.store());
            assertEquals(0, script.exit(), given + ": " + script);
            assertTrue(script.out()
                    .matches("ok +lock +free after \\d+ ms\\Rok +day file +events_\\d{8}.ndjson: nobody has it open to append\\R"),
                    given + ": " + script.out());
            assertArrayEquals(before, Files.readAllBytes(given.store().database()), given.name());
        }
    }
}
