import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Row;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** scripts/track.java; the programs that it runs are sh's. */
@Needs(Need.SH)
@Tag("system")
class TrackTest {
    private static final List<String> TRACKED = List.of("--agent", "agent", "--job", "job", "--");

    @TempDir
    Path dir;
    Store store;

    @BeforeEach
    void makeStore() {
        store = Fixture.V3.empty(dir.resolve("s"));
    }

    /** In this JVM; what the program printed stands before what the script says itself. */
    private Script track(Object... args) {
        List<Object> all = new ArrayList<>(List.of("--store", store.base()));
        all.addAll(List.of(args));
        var script = new track();
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        script.out = out;
        script.err = err;
        Script result = Script.run(script, all.toArray());
        return new Script(result.exit(), out + result.out(), err + result.err());
    }

    private Script sh(String commands) {
        return track("--agent", "agent", "--job", "job", "--", "sh", "-c", commands);
    }

    private Row row() {
        try (Database database = Database.open(store.database())) {
            return database.one("SELECT * FROM agent_runs ORDER BY rowid DESC LIMIT 1").orElseThrow();
        }
    }

    private long rows() {
        try (Database database = Database.open(store.database())) {
            return database.number("SELECT count(*) FROM agent_runs");
        }
    }

    @Test
    void aProgramThatEndsWellIsASuccess() {
        assertEquals(new Script(0, "", ""),
                track("--agent", "docs-crawler", "--job", "crawl", "--insight", "i",
                "--product", "p", "--product-family", "f", "--platform", "java",
                "--subdomain", "docs", "--trigger", "SCHEDULER", "--", "true"));
        Row row = row();
        List<String> columns = List.of("agent_name", "job_type", "insight_id", "product",
                "product_family", "platform", "subdomain", "trigger_type", "status");
        assertEquals("docs-crawler crawl i p f java docs scheduler success", String.join(" ", columns.stream().map(row::text).toList()));
        assertNull(row.text("error_summary"));
    }

    @ParameterizedTest
    @CsvSource({"exit 1, 1, exit code 1", "echo a >&2; echo b >&2; exit 255, 255, exit code 255: a|b",
            "kill -9 $$, 137, exit code 137 (signal 9)",
        "kill -TERM $$, 143, exit code 143 (signal 15)", "exit 193, 193, exit code 193",
        "printf 'no newline' >&2; exit 64, 64, exit code 64: no newline", "printf 'dos\\r\\n' >&2; exit 2, 2, exit code 2: dos"})
    void anyOtherEndIsAFailureWithItsCodeAndTheLastErrors(String commands, int code, String error) {
        assertEquals(code, sh(commands).exit());
        assertEquals("failed", row().text("status"));
        assertEquals(error.replace('|', '\n'), row().text("error_summary"));
    }

    @Test
    void outputAndErrorsAreTheProgramsOwn() {
        assertEquals(new Script(5, "out\n::metric items_failed=1\nmore", "err\n"),
                sh("echo out; echo ::metric items_failed=1; printf more; echo err >&2; exit 5"));
    }

    @Test
    void onlyTheLastErrorsAreKept() {
        sh("i=0; while [ $i -lt 50 ]; do echo line $i >&2; i=$((i+1)); done; exit 1");
        assertTrue(row().text("error_summary").startsWith("exit code 1: line 30\nline 31\n"), row().text("error_summary"));
        assertTrue(row().text("error_summary").endsWith("\nline 49"));
        sh("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1");
        assertEquals("exit code 1: ".length() + 4_096, row().text("error_summary").length());
    }

    @Test
    void printedMetricsAreRecorded() {
        sh("echo ::metric items_discovered=1; echo ' ::metric no=1'; echo ::metric items_discovered=12; echo ::metric items_failed=many; "
                + "printf '::metric pages = 3.5\\r\\n'; echo '::metric text=a=b c' >&2; "
                + "echo ::metric =1; echo ::metric; echo '::metric x y=1'; echo ::metric output_summary=12 pages; printf '::metric "
                        + "last=1e3'; exit 1");
        Row row = row();
        assertEquals(12, row.number("items_discovered"));
        assertEquals(0, row.number("items_failed"));
        assertEquals("12 pages", row.text("output_summary"));
        for (String metric : List.of("\"items_failed\": \"many\"", "\"pages\": 3.5", "\"text\": \"a=b c\"", "\"last\": 1000"))
            assertTrue(row.text("metrics_json").contains(metric), metric + " in " + row.text("metrics_json"));
        assertEquals(3, row.text("metrics_json").chars().filter(c -> c == ',').count());
        assertEquals("exit code 1", row.text("error_summary"), "a metric is no error");
    }

    @Test
    void aFloodOfMetricsIsBounded() {
        sh("i=0; while [ $i -lt 3000 ]; do echo ::metric m$i=$i; i=$((i+1)); done; echo ::metric m0=last");
        assertEquals(999, row().text("metrics_json").chars().filter(c -> c == ',').count());
        assertTrue(row().text("metrics_json").startsWith("{\"m0\": \"last\","));
    }

    @ParameterizedTest
    @CsvSource({"no-such-program, 127, no-such-program: command not found", "./no/such, 127, ./no/such: command not found",
            "/, 126, Permission denied"})
    void aProgramThatCannotBeRunFailsAsInAShell(String program, int code, String why) {
        Script script = track("--agent", "agent", "--job", "job", program, "--json");
        assertEquals(code, script.exit());
        assertTrue(script.err().startsWith("track: ") && script.err().contains(why) && script.err().lines().count() == 1, script.err());
        assertEquals("failed", row().text("status"));
        assertTrue(row().text("error_summary").contains(why));
    }

    @Test
    void aFolderOfThePathThatMayNotBeEnteredHidesNoProgram() throws Exception {
        Path closed = Files.createDirectory(dir.resolve("closed"), PosixFilePermissions.asFileAttribute(Set.of()));
        Script script = Script.runWithoutRights(Map.of("PATH", closed + ":" + System.getenv("PATH")), "track", "--store", store.base(),
                "--agent", "agent", "--job", "job", "no-such-program");
        assertEquals(127, script.exit(), script.toString());
        assertEquals("no-such-program: command not found", row().text("error_summary"));
    }

    /** Opening a FIFO that nobody reads waits for ever. */
    @Test
    @Timeout(60)
    void whatIsNoDayFileHoldsNothingUp() throws Exception {
        Path today = store.raw().resolve(DayFile.name(DayFile.dayOf(Instant.now())));
        Files.deleteIfExists(today);
        Assumptions.assumeTrue(new ProcessBuilder("mkfifo", today.toString()).start().waitFor() == 0, "no named pipes here");
        Script script = Script.runProcess(Map.of(), "track", "--store", store.base(), "--agent", "a", "--job", "j", "--", "echo", "ran");
        assertEquals(0, script.exit(), script.toString());
        assertEquals("ran", script.out().strip());
        assertTrue(script.err().contains(today + ": it is a FIFO"), script.err());
        Script test = Script.runProcess(Map.of(), "track", "--self-test", "--store", store.base());
        assertEquals(2, test.exit(), test.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--agent a --job j", "--agent a true", "--job j true",
            "--agent a --job j --", "--trigger never --agent a --job j true", "--nope --agent a --job j true",
        "--json --agent a --job j true"})
    void badArgumentsRunNothing(String args) {
        Script script = track((Object[]) args.split(" "));
        assertEquals(64, script.exit());
        assertTrue(script.err().matches(".*\\Rnext: jbang track@telemetry --help\\R"), script.err());
        assertEquals(0, rows());
    }

    @Test
    void aMissingStoreChangesNothingForTheProgram() {
        store = Store.at(dir.resolve("none"));
        Script script = sh("exit 7");
        assertEquals(7, script.exit());
        assertTrue(script.err().startsWith("track: cannot use the store " + store.base() + ": there is none"), script.err());
        assertTrue(script.err().contains("was it moved? Then name its folder with --store.") && script.err().lines().count() == 1,
                script.err());
        assertFalse(Files.exists(store.base()));
    }

    @Test
    void aLockedDatabaseChangesNothingForTheProgram() {
        try (Database other = Database.open(store.database())) {
            other.inTransaction(() -> {
                Script script = sh("exit 7");
                assertEquals(7, script.exit());
                assertTrue(script.err().matches("track: cannot begin to write to .* it is locked.*\\R"
                        + "next: jbang locks@telemetry --store " + store.base() + "\\R"), script.err());
            });
        }
    }

    @Test
    void theSelfTestFindsItsLinesAndItsRowInEveryShape() {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            store = given.store();
            long before = rows();
            Script script = track("--self-test");
            assertEquals(0, script.exit(), given.name() + script);
            assertTrue(script.out().matches("""
                ok       store  [\\s\\S]*
                ok       track  run \\d{8}T\\d{6}Z-test-[0-9a-f]{8}
                ok       lines  start, event, end found
                ok       row    success found
                """.replace("\n", "\\R")), given.name() + script.out());
            assertEquals("", script.err());
            assertEquals(before + 1, rows());
        }
        assertTrue(track("--self-test", "--json").out().startsWith("{\n  \"status\": \"ok\",\n  \"store\": "));
    }

    @Test
    void aSelfTestThatMayNotLookForTheRowCannotTell() throws Exception {
        Store closed = Fixture.V3.empty(dir.resolve("closed"));
        Path folder = closed.database().getParent();
        Assumptions.assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"), "no permissions here");
        Files.setPosixFilePermissions(folder, java.util.Set.of());
        Script script = Script.runWithoutRights("track", "--self-test", "--store", closed.base());
        assertEquals(3, script.exit(), script.out());
        assertTrue(script.out().contains("start, event, end found"), script.out());
        assertTrue(script.out().replaceAll("\\s+", " ").contains("permission denied; run it as the account that the agents run as "
                + "(runbook: System Overview)"),
                script.out());
    }

    @ParameterizedTest
    @CsvSource({"V3", "V7_PYTHON"})
    void aSelfTestWhoseRowALockKeepsAwayCannotTell(Fixture shape) {
        store = shape.empty(dir.resolve("locked"));
        try (Database other = Database.open(store.database())) {
            Script script = other.inTransaction(() -> track("--self-test"));
            assertEquals(3, script.exit(), script.out());
            assertTrue(script.out().replaceAll("\\s+", " ").matches(".* failed track telemetry.sqlite: it is locked.*"
                    + " \\(runbook: Database Locked\\) next: jbang locks@telemetry --store \\S+ ok lines start, event, end found"
                    + " failed row none found in .*telemetry.sqlite; its lines are safe, and a replay adds it "), script.out());
        }
        assertEquals(0, track("--self-test").exit());
    }

    @Test
    void aSelfTestWhoseRowComesAfterALockIsAWarning() {
        try (Database other = Database.open(store.database())) {
            other.execute("BEGIN IMMEDIATE");
            var isHeld = new AtomicBoolean(true);
            var script = new track();
            script.clock = clock(asked -> {
                if (hasLine("event_type") && isHeld.getAndSet(false)) other.execute("ROLLBACK");
                return Instant.now();
            });
            Script result = Script.run(script, "--store", store.base(), "--self-test");
            assertEquals(1, result.exit(), result.out());
            assertTrue(result.out().replaceAll("\\s+", " ").matches(".* warning track telemetry.sqlite: it is locked.*"
                    + " \\(runbook: Database Locked\\) next: .* ok lines start, event, end found ok row success found "), result.out());
        }
    }

    @Test
    void theSelfTestSaysWhatIsMissing() throws IOException {
        Files.delete(store.database());
        Script script = track("--self-test");
        assertEquals(2, script.exit());
        assertTrue(script.out().contains("failed   track") && script.out().contains("ok       lines")
                && script.out().contains("failed   row"), script.out());
        Files.move(store.raw(), dir.resolve("away"));
        assertTrue(track("--self-test").out().contains("failed   lines  none found"));
        store = Store.at(dir.resolve("none"));
        assertEquals(3, track("--self-test").exit());
        assertFalse(Files.exists(store.base()));
    }

    @Test
    void theSelfTestWorksAtMidnight() {
        var script = new track();
        script.clock = clock(asked -> Instant.parse("2026-11-20T23:59:59.999Z").plusMillis(asked / 3));
        Script result = Script.run(script, "--store", store.base(), "--self-test");
        assertEquals(0, result.exit(), result.out());
        assertTrue(Files.exists(store.raw().resolve("events_20261121.ndjson")), "the test saw two days");
    }

    private boolean hasLine(String text) {
        try (Stream<Path> days = Files.list(store.raw())) {
            for (Path day : days.toList()) if (Files.readString(day).contains(text)) return true;
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param time of how many times it was asked before */
    private static Clock clock(IntFunction<Instant> time) {
        return new Clock() {
            private int asked;

            @Override
            public Instant instant() {
                return time.apply(asked++);
            }

            @Override
            public java.time.ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }
        };
    }

    private ProcessBuilder process(Map<String, String> env, String... command) {
        List<String> args = new ArrayList<>(List.of("--store", store.base().toString()));
        args.addAll(TRACKED);
        args.addAll(List.of(command));
        return Script.processBuilder(env, "track", args.toArray());
    }

    @Test
    void inputOutputAndErrorsPassThroughByteForByte() throws Exception {
        byte[] bytes = new byte[3_000_000];
        new Random(7).nextBytes(bytes);
        Path in = Files.write(dir.resolve("in"), bytes);
        Path out = dir.resolve("out");
        Path err = dir.resolve("err");
        Process process = process(Map.of("AGENT_OWNER", "ops"), "sh", "-c", "tee /dev/stderr; exit 3").directory(checkout().toFile())
                .redirectInput(in.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertEquals(3, process.waitFor());
        assertTrue(Arrays.equals(bytes, Files.readAllBytes(out)));
        assertTrue(Arrays.equals(bytes, Files.readAllBytes(err)));
        assertEquals("ops https://example.invalid/repo.git main",
                String.join(" ", row().text("agent_owner"), row().text("git_repo"), row().text("git_branch")));
    }

    private Path checkout() throws IOException {
        Path git = Files.createDirectories(dir.resolve("checkout/.git"));
        Files.writeString(git.resolve("HEAD"), "ref: refs/heads/main\n");
        Files.writeString(git.resolve("config"), "[remote \"origin\"]\n\turl = https://user:secret@example.invalid/repo.git\n");
        return git.getParent();
    }

    @Test
    void whereSqlitesLibraryCannotBeLoadedTheProgramRunsAllTheSame() throws Exception {
        Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc")), "there is no folder here that nobody can write to");
        ProcessBuilder builder = process(Map.of(), "sh", "-c", "echo out; exit 6");
        builder.command().addAll(1, List.of("-Djava.io.tmpdir=/proc", "-Dtelemetry.cache=/dev/null/cache"));
        Process process = builder.start();
        assertEquals("out\n", new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(List.of("track: cannot open the database " + store.database()
                + ": SQLite's library cannot be unpacked into /dev/null/cache/telemetry-toolkit or /proc; "
                + "make room there, or set XDG_CACHE_HOME to a folder that programs may be run from"),
                        process.errorReader().lines().toList());
        assertEquals(6, process.waitFor());
        try (Stream<Path> days = Files.list(store.raw())) {
            assertEquals(2, Files.readAllLines(days.findFirst().orElseThrow()).size());
        }
    }

    @Test
    void argumentsReachTheProgramUnharmed() throws Exception {
        Path file = Files.writeString(dir.resolve("file"), "content");
        List<String> args = List.of("--agent", "x", "--", "--help", "@" + file, "",
                "a b", "*", "$HOME", "`id`", "\"", "'", "\\", "new\nline", "größe", "--store=/tmp");
        List<String> command = new ArrayList<>(List.of("printf", "<%s>"));
        command.addAll(args);
        Process process = process(Map.of("LC_ALL", "C.UTF-8"), command.toArray(String[]::new)).start();
        assertEquals("<" + String.join("><", args) + ">", new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals("", new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, process.waitFor());
    }

    @Test
    void outputComesAtOnceAndInputIsTheProgramsOwn() throws Exception {
        Process process = process(Map.of(), "sh", "-c", "echo ask; read answer; echo got $answer; read more || echo end >&2").start();
        assertEquals("ask", process.inputReader().readLine());
        process.outputWriter().write("this\n");
        process.outputWriter().flush();
        assertEquals("got this", process.inputReader().readLine());
        process.outputWriter().close();
        assertEquals("end", process.errorReader().readLine());
        assertEquals(0, process.waitFor());
    }

    @Test
    void aReaderThatGoesEndsTheProgramAsItWouldWithoutUs() throws Exception {
        Process process = process(Map.of(), "yes").start();
        assertEquals("y", process.inputReader().readLine());
        process.getInputStream().close();
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
        try {
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(141, process.exitValue());
        } finally {
            all.forEach(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void whatRunsOnInTheBackgroundHoldsNobodyUp() {
        long begun = System.nanoTime();
        assertEquals(new Script(0, "started\n", ""), sh("echo started; sleep 20 & sleep 0.3"));
        assertTrue(Duration.ofNanos(System.nanoTime() - begun).toSeconds() < 10);
        assertEquals("success", row().text("status"));
    }

    @Test
    void onTheTerminalNothingIsListenedTo() {
        assertEquals(4, track("--agent", "agent", "--job", "job", "--terminal", "--",
                "sh", "-c", "exec 1>/dev/null; echo ::metric items_failed=1; exit 4").exit());
        assertEquals("exit code 4", row().text("error_summary"));
        assertEquals(0, row().number("items_failed"));
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143, V3, failed", "INT, 130, V3, failed", "TERM, 143, V7_PYTHON, cancelled",
            "INT, 130, V7_SERVICE, cancelled", "HUP, 129, V7_SERVICE, cancelled"})
    void aSignalReachesTheProgramAndEndsTheRun(String signal, int code, Fixture shape, String status) throws Exception {
        Assumptions.assumeFalse(isIgnored(signal), "whatever started these tests has it ignore this signal");
        store = shape.empty(dir.resolve("signalled"));
        Process process = process(Map.of(), "sh", "-c",
                "trap 'echo cleaned up; echo why >&2; exit 9' TERM; echo $$; while :; do sleep 0.05; done").start();
        long program = Long.parseLong(process.inputReader().readLine());
        signal(signal, process.pid());
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals(code, process.exitValue());
        assertEquals("cleaned up", process.inputReader().readLine());
        assertFalse(ProcessHandle.of(program).isPresent());
        assertEquals(status, row().text("status"));
        assertEquals("stopped by SIG" + signal + ": why", row().text("error_summary"));
    }

    /** As a terminal does it: the whole process group gets the signal. */
    @ParameterizedTest
    @ValueSource(strings = {"trap 'sleep 0.5; echo cleaned up; exit 1' INT; trap 'echo killed; exit 2' TERM; echo $$; while :; do sleep "
            + "0.05; done", "echo $$; echo cleaned up; exec sleep 60"})
    void ctrlCLetsTheProgramEndInItsOwnWay(String commands) throws Exception {
        Assumptions.assumeFalse(isIgnored("INT"), "whatever started these tests has it ignore Ctrl-C");
        store = Fixture.V7_PYTHON.empty(dir.resolve("signalled"));
        List<String> command = new ArrayList<>(List.of("setsid"));
        ProcessBuilder builder = process(Map.of(), "sh", "-c", commands);
        command.addAll(builder.command());
        Process process = builder.command(command).start();
        process.inputReader().readLine();
        signal("INT", -process.pid());
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals(130, process.exitValue());
        assertEquals("cleaned up", process.inputReader().readLine());
        assertEquals("cancelled", row().text("status"));
    }

    @Test
    void aKilledTrackLeavesARunningRecord() throws Exception {
        Process process = process(Map.of(), "sh", "-c", "echo ready; exec sleep 5").start();
        assertEquals("ready", process.inputReader().readLine());
        process.toHandle().destroyForcibly();
        assertEquals(137, process.waitFor());
        assertEquals("running", row().text("status"));
        sh("true");
        assertEquals(2, rows());
    }

    private static void signal(String signal, long pid) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, "--", Long.toString(pid)).inheritIO().start().waitFor());
    }

    /** Programs started in the background of a script, or by nohup, inherit that they are not to listen. */
    private static boolean isIgnored(String signal) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) return false;
        String ignored = Files.readString(status).replaceFirst("(?s).*\nSigIgn:\\s*(\\w+).*", "$1");
        int number = signal.equals("HUP") ? 1 : signal.equals("INT") ? 2 : 15;
        return (Long.parseUnsignedLong(ignored, 16) >> number - 1 & 1) != 0;
    }
}
