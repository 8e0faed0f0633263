import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.cli.Cli;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Sabotage;
import telemetry.kit.Mounts;
import telemetry.kit.Script;
import telemetry.runs.Schema;

/** A store filled with sample runs: lines and rows alike, and nothing half-made when it fails or is killed. */
class SetupSampleTest {
    private static final Instant NOW = Instant.parse("2026-11-24T10:00:00Z");

    @TempDir
    Path dir;

    @Test
    void aSampleIsThereInLinesAndRowsAlikeAndTheStoreIsWell() throws IOException {
        Script made = setupNow("--store", dir, "--sample");
        assertEquals(Cli.OK, made.exit(), made.toString());
        assertEquals("", made.err());
        assertEquals(1_200, assertAlike(Store.at(dir)));
        String out = made.out().replace(System.lineSeparator(), "\n");
        assertTrue(out.contains("\nsample    1,200 runs: "), out);
        assertTrue(out.contains("\nok: all 14 checks are ok\n\nrun_id "), out);
        List<String> runs = out.lines().dropWhile(line -> !line.startsWith("run_id ")).skip(1).toList();
        assertEquals(10, runs.size());
        assertEquals(Script.run(new query(), "recent", "--limit", 10, "--store", dir).out().lines().skip(1).toList(), runs);
        assertTrue(out.lines().allMatch(line -> line.length() <= 80 || line.contains(dir.toString())), out);
        assertFalse(Files.exists(Store.at(dir).raw().resolve("sample.unfinished")));
        assertEquals(0, SetupTest.snapshot(dir.resolve("db")).keySet().stream().filter(name -> !name.equals("telemetry.sqlite")).count());
        try (Database database = Database.openToRead(Store.at(dir).database())) {
            assertEquals(List.of(), Schema.of(database).oddities());
            assertEquals("ok", database.pragma("integrity_check"));
        }
    }

    @Test
    void aLineStandsInTheFileOfTheDayItWasWrittenOn() throws IOException {
        assertEquals(Cli.OK, setupNow("--store", dir, "--sample", "--runs", 3_000, "--days", 4).exit());
        assertEquals(5, new EventLog(Store.at(dir)).days().size());
        Instant latest = Instant.EPOCH;
        for (DayFile file : new EventLog(Store.at(dir)).days()) {
            try (Stream<LogEntry> entries = new EventLog(Store.at(dir)).read(file)) {
                for (LogEntry entry : entries.toList()) {
                    Instant written = entry.record() instanceof Run run ? run.isEnd() ? run.end()
                            : run.start() : ((Event) entry.record()).timestamp();
                    assertEquals(file.day(), DayFile.dayOf(written));
                    assertFalse(written.isBefore(latest), entry.text());
                    latest = written;
                }
            }
            assertEquals(file.day(), DayFile.dayOf(Files.getLastModifiedTime(file.path()).toInstant()));
        }
    }

    @Test
    void theSameSeedAtTheSameTimeGivesTheSameStore() throws IOException {
        for (String name : List.of("one", "other"))
            setupNow("--store", dir.resolve(name), "--sample", "--runs", 300, "--days", 5, "--seed", 7);
        setupNow("--store", dir.resolve("third"), "--sample", "--runs", 300, "--days", 5, "--seed", 8);
        assertEquals(SetupTest.snapshot(dir.resolve("one/raw")), SetupTest.snapshot(dir.resolve("other/raw")));
        for (String name : List.of("one", "other")) assertEquals(300, assertAlike(Store.at(dir.resolve(name))));
        assertNotEquals(SetupTest.snapshot(dir.resolve("one/raw")), SetupTest.snapshot(dir.resolve("third/raw")));
    }

    @Test
    void fortyRunsADayUnlessAnotherNumberIsNamed() throws IOException {
        SetupTest.setup("--store", dir, "--sample", "--days", 3);
        assertEquals(120, assertAlike(Store.at(dir)));
    }

    @Test
    void refusesASampleWhereRunsAreUnlessToldOtherwise() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Store store = given.store();
            SetupTest.setup("--store", store.base());
            Map<String, String> before = SetupTest.snapshot(store.base());
            Map<String, Row> rows = rows(store);
            int runs = rows.size();
            Script refused = SetupTest.setup("--store", store.base(), "--sample", "--runs", 100);
            assertEquals(new Script(Cli.USAGE, "",
                    SetupTest.lines("setup: cannot fill the store " + store.base() + ": it has " + runs
                    + " runs already; run it again with --yes, to add the sample to them")), refused);
            assertEquals(before, SetupTest.snapshot(store.base()));
            Script added = SetupTest.setup("--store", store.base(), "--sample", "--runs", 100, "--yes");
            assertTrue(added.exit() <= Cli.WARNING, added.toString());
            assertEquals(runs + 100, rows(store).size(), given.name());
            rows.forEach((id, row) -> assertEquals(row, rows(store).get(id), given.name()));
            assertFalse(Files.exists(store.quarantine()), given.name());
            Map<String, String> after = SetupTest.snapshot(store.raw());
            before.forEach((name, content) -> {
                if (name.startsWith("raw/events")) assertEquals(content, after.get(name.substring(4)), name);
            });
            assertEquals(runs + 100, lastRecords(store).keySet().stream().filter(rows(store)::containsKey).count()
                    + missingInLines(store), given.name());
        }
    }

    @Test
    void dayFilesWithoutADatabaseAreRunsToo() throws IOException {
        Store store = Fixture.V3.filled(dir, 20, NOW);
        Files.delete(store.database());
        Map<String, String> before = SetupTest.snapshot(dir);
        Script refused = SetupTest.setup("--store", dir, "--sample");
        assertEquals(Cli.USAGE, refused.exit());
        assertTrue(refused.err().contains("telemetry.sqlite is missing or empty, and there was one before"), refused.err());
        assertEquals(before, SetupTest.snapshot(dir));
    }

    @Test
    void aSecondSampleGoesBesideTheFirst() throws IOException {
        for (int seed = 1; seed <= 2; seed++) setupNow("--store", dir, "--sample", "--runs", 100, "--days", 3, "--seed", seed, "--yes");
        assertEquals(200, assertAlike(Store.at(dir)));
        assertTrue(Files.exists(dir.resolve("raw/events_20261123.2.ndjson")));
        setupNow("--store", dir, "--sample", "--runs", 100, "--days", 3, "--seed", 1, "--yes");
        assertEquals(200, assertAlike(Store.at(dir)));
    }

    @Test
    void aSampleThatWasCommittedAndNotPublishedIsFinished() throws IOException {
        setupNow("--store", dir, "--sample", "--runs", 100, "--days", 5);
        Map<String, String> whole = SetupTest.snapshot(dir.resolve("raw"));
        Path unfinished = Files.createDirectory(dir.resolve("raw/sample.unfinished"));
        List<String> names = whole.keySet().stream().sorted().toList();
        for (String name : names.subList(2, names.size())) Files.move(dir.resolve("raw").resolve(name), unfinished.resolve(name));
        Files.createLink(unfinished.resolve(names.get(1)), dir.resolve("raw").resolve(names.get(1)));
        Script made = SetupTest.setup("--store", dir);
        assertEquals(Cli.OK, made.exit());
        assertEquals(SetupTest.lines("finished a sample of an earlier setup"), made.err());
        assertEquals(whole, SetupTest.snapshot(dir.resolve("raw")));
    }

    @Test
    void aSampleThatWasNotCommittedIsThrownAwayAndMadeAnew() throws IOException {
        SetupTest.setup("--store", dir);
        Path unfinished = Files.createDirectory(dir.resolve("raw/sample.unfinished"));
        Files.writeString(unfinished.resolve("events_20261120.ndjson"),
                "{\"run_id\": \"20261120T120000Z-a-00000001\", \"agent_name\": \"a\", \"status\": \"running\"}\n{\"run_id\": \"torn");
        Script made = setupNow("--store", dir, "--sample", "--runs", 100, "--days", 5);
        assertEquals(Cli.OK, made.exit());
        assertEquals(SetupTest.lines("discarded a sample that an earlier setup had not finished"), made.err());
        assertEquals(100, assertAlike(Store.at(dir)));
    }

    @Test
    void aKillAtAnyMomentLeavesWhatTheNextSetupCompletes() throws IOException, InterruptedException {
        killAndComplete(6);
    }

    @Test
    void whatAKilledWriterLeftInTheMiddleIsRolledBack() throws IOException {
        Store store = Fixture.V7_PYTHON.filled(dir.resolve("torn"), 60, Instant.now());
        Sabotage.tear(store);
        Script setup = SetupTest.setup("--store", store.base(), "--sample");
        assertEquals(Cli.USAGE, setup.exit(), setup.toString());
        assertTrue(setup.err().contains("it has 60 runs already"), setup.err());
    }

    @Test
    @Tag("torture")
    void manyKillsLeaveWhatTheNextSetupCompletes() throws IOException, InterruptedException {
        killAndComplete(100);
    }

    private void killAndComplete(int times) throws IOException, InterruptedException {
        var random = new Random(times);
        Path first = dir.resolve("first");
        long began = System.nanoTime();
        assertEquals(Cli.OK, Script.runProcess(Map.of(), "setup", "--store", first, "--sample", "--runs", 3_000, "--days", 20).exit());
        long whole = (System.nanoTime() - began) / 1_000_000;
        for (int i = 0; i < times; i++) {
            Path base = dir.resolve("killed" + i);
            Process process = Script.processBuilder(Map.of(), "setup", "--store", base, "--sample", "--runs", 3_000, "--days", 20)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            process.waitFor(whole / 4 + random.nextLong(whole), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            Script next = SetupTest.setup("--store", base, "--sample", "--runs", 500, "--days", 20);
            assertTrue(next.exit() == Cli.OK || next.exit() == Cli.USAGE && next.err().contains("it has 3,000 runs already"),
                    next.toString());
            assertEquals(next.exit() == Cli.OK ? 500 : 3_000, assertAlike(Store.at(base)));
            Script again = SetupTest.setup("--store", base);
            assertEquals(Cli.OK, again.exit(), again.toString());
        }
    }

    @Test
    void whileOneFillsTheStoreAnotherWaitsAndIsRefused() throws IOException, InterruptedException {
        List<Process> all = new ArrayList<>();
        for (int i = 0; i < 3; i++)
            all.add(Script.processBuilder(Map.of(), "setup", "--store", dir, "--sample", "--runs", 3_000, "--days", 20)
                    .redirectErrorStream(true).start());
        List<Integer> exits = new ArrayList<>();
        for (Process process : all) {
            String out = new String(process.getInputStream().readAllBytes());
            exits.add(process.waitFor());
            assertTrue(process.exitValue() == Cli.OK || out.contains("already"), out);
        }
        assertEquals(List.of(Cli.OK, Cli.USAGE, Cli.USAGE), exits.stream().sorted().toList());
        assertEquals(3_000, assertAlike(Store.at(dir)));
    }

    @Test
    void anAgentMayWriteWhileASampleIsMade() throws IOException, InterruptedException {
        SetupTest.setup("--store", dir);
        Process process = Script.processBuilder(Map.of(), "setup", "--store", dir, "--sample", "--runs", 10_000, "--yes")
                .redirectErrorStream(true).start();
        int written = 0;
        try (var log = new EventLog(Store.at(dir))) {
            while (process.isAlive() || written < 10) {
                Run run = Fixture.V3.run(written++, Instant.now());
                log.append(DayFile.dayOf(Instant.now()), run);
                Thread.sleep(5);
            }
        }
        assertEquals(Cli.OK, process.waitFor(), new String(process.getInputStream().readAllBytes()));
        assertEquals(10_000 + written, lastRecords(Store.at(dir)).size());
    }

    @Test
    @Needs(Need.SH)
    void aDiskThatIsTooSmallIsSaidBeforeAnythingIsWritten() throws IOException, InterruptedException {
        Path small = Files.createDirectory(dir.resolve("small"));
        assumeTrue(Mounts.tmpfs(small, "3m"), "needs a mount");
        try {
            assertEquals(Cli.OK, SetupTest.setup("--store", small).exit());
            Map<String, String> before = SetupTest.snapshot(small);
            Script refused = SetupTest.setup("--store", small, "--sample", "--runs", 1_200);
            assertEquals(Cli.FAILED, refused.exit(), refused.toString());
            assertTrue(refused.err().startsWith("setup: cannot add a sample of 1200 runs to " + small.resolve("raw") + ": it takes 6."),
                    refused.err());
            assertEquals(before, SetupTest.snapshot(small));
        } finally {
            Mounts.unmount(small);
        }
    }

    /**
     * A limit on the size of a file stops the writing half-way, as a disk does that others fill meanwhile: that of a long day file, or the
     * rows' commit.
     */
    @Test
    @Needs(Need.SH)
    void aSampleThatCannotBeWrittenToItsEndLeavesNothingBehind() throws IOException, InterruptedException {
        SetupTest.setup("--store", dir);
        Map<String, String> before = SetupTest.snapshot(dir);
        for (int days : new int[] {1, 300}) {
            List<String> command = Script.processBuilder(Map.of(), "setup", "--store", dir,
                    "--sample", "--runs", 3_000, "--days", days).command();
            List<String> limited = new ArrayList<>(List.of("sh", "-c", "ulimit -f 1000; exec \"$@\"", "sh"));
            limited.addAll(command);
            Process process = new ProcessBuilder(limited).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes());
            assertEquals(Cli.FAILED, process.waitFor(), said);
            assertEquals(1, said.lines().count(), said);
            assertTrue(said.startsWith(days == 1 ? "setup: cannot write the sample's day files in "
                    : "setup: cannot write to " + Store.at(dir).database()), said);
            assertEquals(before, SetupTest.snapshot(dir));
        }
    }

    @Test
    @Tag("torture")
    void aMillionRunsTakeLessThanTwoMinutesAndLittleMemory() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(Script.processBuilder(Map.of(), "setup",
                "--store", dir, "--sample", "--runs", 1_000_000, "--days", 90).command());
        command.add(1, "-Xmx64m");
        long began = System.nanoTime();
        assertEquals(Cli.OK, new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectErrorStream(true).start().waitFor());
        assertTrue(System.nanoTime() - began < 110_000_000_000L, "took " + (System.nanoTime() - began) / 1_000_000_000 + " s");
        try (Database database = Database.openToRead(Store.at(dir).database())) {
            assertEquals(1_000_000, database.number("SELECT count(*) FROM agent_runs"));
        }
    }

    private static Script setupNow(Object... args) {
        var setup = new setup();
        setup.clock = Clock.fixed(NOW, ZoneOffset.UTC);
        return Script.run(setup, args);
    }

    /** Every run's last line is its row, and there are no others. @return how many */
    static int assertAlike(Store store) throws IOException {
        Map<String, Run> lines = lastRecords(store);
        Map<String, Row> rows = rows(store);
        assertEquals(new TreeSet<>(lines.keySet()), new TreeSet<>(rows.keySet()));
        for (var line : lines.entrySet()) {
            Map<String, Object> row = new HashMap<>(rows.get(line.getKey()).map());
            Map<String, Object> said = new HashMap<>(line.getValue().fields());
            for (String own : List.of("created_at", "updated_at")) {
                row.remove(own);
                said.remove(own);
            }
            assertEquals(said, row);
        }
        return rows.size();
    }

    /** Of each run the record that came last. */
    private static Map<String, Run> lastRecords(Store store) {
        Map<String, Run> last = new TreeMap<>();
        var log = new EventLog(store);
        for (DayFile file : log.days()) {
            try (Stream<LogEntry> entries = log.read(file)) {
                entries.forEach(entry -> {
                    if (entry.record() instanceof Run run) last.merge(run.id(), run, (before, after) -> before.isEnd() ? before : after);
                });
            }
        }
        return last;
    }

    /** A real store may have runs that no line tells of. */
    private static long missingInLines(Store store) {
        Set<String> lines = lastRecords(store).keySet();
        return rows(store).keySet().stream().filter(id -> !lines.contains(id)).count();
    }

    private static Map<String, Row> rows(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return database.query("SELECT * FROM agent_runs").stream().collect(Collectors.toMap(row -> row.text("run_id"), row -> row));
        }
    }
}
