import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Cli;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Row;
import telemetry.Run;
import telemetry.Schema;
import telemetry.Store;

@Order(1)
class SetupTest {
    private static final Instant NOW = Instant.parse("2026-11-24T10:00:00Z");
    private static final List<String> FOLDERS = List.of("", "raw", "db", "logs", "reports", "exports", "config", "backups");

    @TempDir
    Path dir;

    @Test
    void createsWhatAStoreConsistsOf() throws IOException {
        Path base = dir.resolve("new").resolve("store");
        Script made = setup("--store", base);
        var expected = new StringBuilder("store     " + base + " (--store)\n");
        for (String folder : FOLDERS) expected.append("created   ").append(folder.isEmpty() ? base : base.resolve(folder)).append('\n');
        expected.append("created   ").append(base.resolve("db/telemetry.sqlite")).append("\ndatabase  v3\n");
        assertEquals(new Script(Cli.OK, expected.toString().replace("\n", System.lineSeparator()), ""), made);
        assertEquals(Set.of("backups", "config", "db", "db/telemetry.sqlite", "exports", "logs", "raw", "reports"),
                snapshot(base).keySet());
        try (Database database = Database.openToRead(base.resolve("db/telemetry.sqlite"))) {
            Schema schema = Schema.of(database);
            assertEquals("v3", schema.toString());
            assertEquals(List.of(), schema.oddities());
            assertEquals(7, schema.indexes().size());
            assertEquals("wal", database.pragma("journal_mode"));
            assertEquals("ok", database.pragma("integrity_check"));
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void onlyTheOwnerEntersTheBackupsAndAllElseFollowsTheUmask() throws IOException {
        setup("--store", dir.resolve("store"));
        assertEquals("rwx------", permissions(dir.resolve("store/backups")));
        assertEquals(permissions(Files.createDirectory(dir.resolve("plain"))), permissions(dir.resolve("store/raw")));
        assertEquals(permissions(Files.createFile(dir.resolve("file"))), permissions(dir.resolve("store/db/telemetry.sqlite")));
    }

    @Test
    void aSecondRunChangesNothing() throws IOException {
        setup("--store", dir.resolve("store"));
        Map<String, String> before = snapshot(dir);
        Script again = setup("--store", dir.resolve("store"));
        assertEquals(new Script(Cli.OK,
                lines("store     " + dir.resolve("store") + " (--store)", "created   nothing: all is there", "database  v3"), ""), again);
        assertEquals(before, snapshot(dir));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void launchersAreWrittenInsteadOfAStoreOneForEachScript() throws IOException {
        Path bin = dir.resolve("bin");
        List<String> names;
        try (Stream<Path> scripts = Files.list(Checkout.root().resolve("scripts"))) {
            names = scripts.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".java"))
                    .map(name -> "telemetry-" + name.replace(".java", "")).sorted().toList();
        }
        Script made = setup("--launchers", bin);
        String head = "checkout  " + Checkout.root() + "\nfolder    " + bin + "\n";
        String note = "to be called by name, " + bin + " has to be on the PATH\n";
        assertEquals(new Script(Cli.OK, head + names.stream().map(name -> "created   " + name + "\n").collect(Collectors.joining()), note),
                made);
        assertEquals(Set.copyOf(names), snapshot(bin).keySet());
        for (String name : names) assertEquals("rwx------", permissions(bin.resolve(name)));
        Map<String, String> before = snapshot(dir);
        assertEquals(new Script(Cli.OK, head + "created   nothing: all are there\n", note), setup("--launchers", bin));
        assertEquals(before, snapshot(dir));
    }

    @Test
    void launchersAndAStoreAreTwoSetups() throws IOException {
        String told = "setup: --launchers makes no store: leave --store and --sample to a setup of their own; next: "
                + "jbang setup@telemetry --help"
                + System.lineSeparator();
        assertEquals(new Script(Cli.USAGE, "", told), setup("--launchers", dir.resolve("bin"), "--store", dir.resolve("store")));
        assertEquals(new Script(Cli.USAGE, "", told), setup("--sample", "--launchers", dir.resolve("bin")));
        assertEquals(Map.of(), snapshot(dir));
    }

    @Test
    void launchersSayWhatIsInTheirWay() throws IOException {
        Path own = Files.writeString(Files.createDirectory(dir.resolve("bin")).resolve("telemetry-health"), "mine");
        Script refused = setup("--launchers", dir.resolve("bin"));
        assertEquals(Cli.FAILED, refused.exit());
        assertTrue(refused.err().startsWith("setup: cannot write launchers " + own + ": something else has that name"), refused.err());
        assertEquals(Set.of("telemetry-health"), snapshot(dir.resolve("bin")).keySet());
        Script noFolder = setup("--launchers", own.resolve("below"));
        assertEquals(Cli.FAILED, noFolder.exit());
        assertTrue(noFolder.err().startsWith("setup: cannot write launchers in " + own.resolve("below") + ": "), noFolder.err());
    }

    @Test
    void leavesStoresOfEveryVersionAsTheyAreAndSaysWhatIsOdd() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Store store = given.store();
            Map<String, String> before = snapshot(store.base());
            Script made = setup("--store", store.base());
            Map<String, String> after = snapshot(store.base());
            FOLDERS.forEach(folder -> assertTrue(after.containsKey(folder) || folder.isEmpty()));
            after.keySet().retainAll(before.keySet());
            assertEquals(before, after, given.name());
            List<String> odd = odd(store);
            assertEquals(odd.isEmpty() ? Cli.OK : Cli.WARNING, made.exit(), made.toString());
            String apply = ": jbang measure_performance@telemetry --apply-indexes --store " + store.base();
            for (String what : odd) assertTrue(made.out().contains("odd       " + what + (what.startsWith("indexes") ? apply : "")
                    + System.lineSeparator()), made.out());
            assertEquals(made.out().lines().filter(line -> !line.startsWith("created")).toList(),
                    setup("--store", store.base()).out().lines().filter(line -> !line.startsWith("created")).toList());
        }
    }

    @Test
    void aLogThatACrashedAgentLeftIsNotTouched() throws IOException {
        Store store = Fixture.V3.empty(dir.resolve("agents"));
        Path crashed = dir.resolve("crashed");
        try (Database agent = Database.open(store.database())) {
            agent.update("INSERT INTO agent_runs(run_id, agent_name, start_time) VALUES ('r', 'a', '2026-11-24T09:00:00Z')");
            Fixture.copy(store.base(), crashed);
        }
        setup("--store", crashed);
        Map<String, String> before = snapshot(crashed);
        assertTrue(before.containsKey("db/telemetry.sqlite-wal"));
        assertEquals(Cli.OK, setup("--store", crashed).exit());
        Map<String, String> after = snapshot(crashed);
        assertEquals(before.keySet(), after.keySet());
        for (String name : List.of("db/telemetry.sqlite", "db/telemetry.sqlite-wal")) assertEquals(before.get(name), after.get(name));
    }

    @Test
    void aStoreWhoseDatabaseIsGoneGetsANewOneAndTheAdviceToFillIt() throws IOException {
        Store store = Fixture.V3.filled(dir, 20, NOW);
        Files.delete(store.database());
        Script made = setup("--store", dir);
        assertEquals(Cli.WARNING, made.exit());
        assertTrue(made.out().contains("odd       the database is new and lacks the runs of the day files: jbang rebuild@telemetry --store "
                + dir), made.out());
        assertEquals(Cli.OK, setup("--store", dir).exit());
    }

    @Test
    void aCreationThatWasCutShortIsCompleted() throws IOException {
        for (String state : List.of("no database", "empty file", "no tables", "no tables, with -wal")) {
            Path base = dir.resolve(state);
            Store store = Store.at(base);
            Files.createDirectories(store.database().getParent());
            if (state.equals("empty file")) Files.createFile(store.database());
            if (state.startsWith("no tables")) try (Database database = Database.create(store.database())) {
                database.pragma("journal_mode", "WAL");
                if (state.endsWith("-wal")) {
                    Path copy = dir.resolve("copy");
                    database.execute("BEGIN IMMEDIATE");
                    database.execute("CREATE TABLE agent_runs(x)");
                    Fixture.copy(base, copy);
                    database.execute("ROLLBACK");
                    store = Store.at(copy);
                }
            }
            Script made = setup("--store", store.base());
            assertEquals(Cli.OK, made.exit(), state + made);
            assertTrue(made.out().contains("created   " + store.database() + System.lineSeparator() + "database  v3"), state + made);
            assertEquals(List.of(), odd(store), state);
            assertEquals(lines("store     " + store.base() + " (--store)", "created   nothing: all is there", "database  v3"),
                    setup("--store", store.base()).out());
        }
    }

    @Test
    void aLogWithoutItsDatabaseIsNotLost() throws IOException {
        Store store = Fixture.V3.empty(dir);
        setup("--store", dir);
        Files.writeString(store.database().resolveSibling("telemetry.sqlite-wal"), "the last transactions");
        for (boolean empty : new boolean[] {false, true}) {
            Files.deleteIfExists(store.database());
            if (empty) Files.createFile(store.database());
            Map<String, String> before = snapshot(dir);
            Script refused = setup("--store", dir);
            assertEquals(new Script(Cli.FAILED, "", lines("setup: cannot create the database " + store.database()
                    + ": its -wal stands there without it and holds transactions that would be lost; next: jbang recover@telemetry --store "
                    + dir)), refused);
            assertEquals(before, snapshot(dir));
        }
    }

    @Test
    void whatStandsInTheWayIsNamedAndLeftAlone() throws IOException {
        Path file = Files.writeString(dir.resolve("file"), "mine");
        for (Path base : List.of(file, file.resolve("below"))) assertRefused(Cli.FAILED, "cannot create the folder " + base + ": "
                + (base == file ? "it" : file) + " is a file, and should be a folder; next: jbang setup@telemetry --store " + file
                + "-store", base);
        Path database = Fixture.V3.empty(dir.resolve("my store")).database();
        assertRefused(Cli.FAILED, "; next: jbang setup@telemetry --store '" + dir.resolve("my store") + "'", database);
        Path inside = Files.createDirectory(dir.resolve("inside"));
        Files.writeString(inside.resolve("raw"), "mine");
        assertRefused(Cli.FAILED, "cannot create the folder " + inside.resolve("raw")
                + ": it is a file, and should be a folder; next: move that file elsewhere, then jbang setup@telemetry --store " + inside,
                inside);
        for (String bad : List.of("not a database, and long enough to be looked at as one", "directory", "truncated")) {
            Store store = Fixture.V3.filled(dir.resolve(bad.substring(0, 8)), 60, NOW);
            byte[] whole = Files.readAllBytes(store.database());
            Files.delete(store.database());
            if (bad.equals("directory")) Files.createDirectory(store.database());
            else Files.write(store.database(), bad.equals("truncated") ? Arrays.copyOf(whole, 700) : bad.repeat(100).getBytes());
            FOLDERS.forEach(folder -> dir.resolve(store.base()).resolve(folder).toFile().mkdirs());
            assertRefused(Cli.FAILED, store.database().toString(), store.base());
        }
    }

    @Test
    void aDatabaseWithoutATableOfRunsIsNamedAndLeftAlone() throws IOException {
        setup("--store", dir);
        Store store = Store.at(dir);
        Files.delete(store.database());
        try (Database database = Database.create(store.database())) {
            database.execute("CREATE TABLE other(x)");
        }
        Map<String, String> before = snapshot(dir);
        Script made = setup("--store", dir);
        assertEquals(Cli.FAILED, made.exit());
        assertTrue(made.out().contains("odd       no table agent_runs: jbang recover@telemetry --dry-run --store " + dir
                + System.lineSeparator()), made.out());
        Script refused = setup("--store", dir, "--sample");
        assertEquals(Cli.FAILED, refused.exit(), refused.toString());
        assertTrue(refused.err().contains("it has no table agent_runs"), refused.err());
        assertEquals(before, snapshot(dir));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aFolderThatMayNotBeWrittenIsNoStore() throws IOException {
        assumeFalse("root".equals(System.getProperty("user.name")), "root may write everywhere");
        Path closed = Files.createDirectory(dir.resolve("closed"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-xr-x")));
        assertRefused(Cli.UNKNOWN, "cannot create the folder " + closed.resolve("store") + ": permission denied", closed.resolve("store"));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aNameMeansWhatItSaysHoweverHostile() throws IOException {
        for (String name : List.of("'; DROP TABLE agent_runs; --", "a?mode=memory",
                ":resource:x", "%41", "two\nlines", "größer ✓", "-v", " ")) {
            Path base = dir.resolve(name);
            Script made = setup("--store=" + base);
            assertEquals(Cli.OK, made.exit(), name + made);
            assertEquals(List.of(), odd(Store.at(base)), name);
        }
        Script tooLong = setup("--store", dir.resolve("x".repeat(10_000)));
        assertEquals(Cli.FAILED, tooLong.exit());
        assertEquals(1, tooLong.err().lines().count(), tooLong.err().substring(0, 200));
    }

    @Test
    void everyPartGoesWhereTheEnvironmentSays() throws IOException, InterruptedException {
        Path database = dir.resolve("a/b/agents.sqlite");
        Path raw = dir.resolve("elsewhere");
        var env = Map.of("TELEMETRY_DB_PATH", database.toString(), "TELEMETRY_NDJSON_DIR", raw.toString());
        Script made = Script.runProcess(env, "setup", "--sample", "--runs", 50, "--days", 2);
        assertEquals(Cli.OK, made.exit(), made.toString());
        assertTrue(made.out().startsWith("store     " + dir.resolve("a") + " (TELEMETRY_DB_PATH)"), made.out());
        var store = new Store(dir.resolve("a"), database, raw, "");
        assertEquals(50, assertAlike(store));
        assertFalse(Files.exists(dir.resolve("a/raw")));
    }

    @Test
    void severalAtOnceMakeOneStore() throws IOException, InterruptedException {
        List<Process> all = new ArrayList<>();
        for (int i = 0; i < 4; i++)
            all.add(Script.processBuilder(Map.of(), "setup", "--store", dir.resolve("store")).redirectErrorStream(true).start());
        for (Process process : all) {
            String out = new String(process.getInputStream().readAllBytes());
            assertEquals(Cli.OK, process.waitFor(), out);
        }
        assertEquals(List.of(), odd(Store.at(dir.resolve("store"))));
    }

    @Test
    void aSampleIsThereInLinesAndRowsAlikeAndTheStoreIsWell() throws IOException {
        Script made = setupNow("--store", dir, "--sample");
        assertEquals(Cli.OK, made.exit(), made.toString());
        assertEquals("", made.err());
        assertEquals(1_200, assertAlike(Store.at(dir)));
        String out = made.out().replace(System.lineSeparator(), "\n");
        assertTrue(out.contains("\nsample    1,200 runs: "), out);
        assertTrue(out.contains("\nok: all 12 checks are ok\n\nrun_id "), out);
        List<String> runs = out.lines().dropWhile(line -> !line.startsWith("run_id ")).skip(1).toList();
        assertEquals(10, runs.size());
        assertEquals(Script.run(new query(), "recent", "--limit", 10, "--store", dir).out().lines().skip(1).toList(), runs);
        assertTrue(out.lines().allMatch(line -> line.length() <= 80 || line.contains(dir.toString())), out);
        assertFalse(Files.exists(Store.at(dir).raw().resolve("sample.unfinished")));
        assertEquals(0, snapshot(dir.resolve("db")).keySet().stream().filter(name -> !name.equals("telemetry.sqlite")).count());
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
        assertEquals(snapshot(dir.resolve("one/raw")), snapshot(dir.resolve("other/raw")));
        for (String name : List.of("one", "other")) assertEquals(300, assertAlike(Store.at(dir.resolve(name))));
        assertNotEquals(snapshot(dir.resolve("one/raw")), snapshot(dir.resolve("third/raw")));
    }

    @Test
    void fortyRunsADayUnlessAnotherNumberIsNamed() throws IOException {
        setup("--store", dir, "--sample", "--days", 3);
        assertEquals(120, assertAlike(Store.at(dir)));
    }

    @Test
    void refusesASampleWhereRunsAreUnlessToldOtherwise() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Store store = given.store();
            setup("--store", store.base());
            Map<String, String> before = snapshot(store.base());
            long runs = rows(store).size();
            Script refused = setup("--store", store.base(), "--sample", "--runs", 100);
            assertEquals(new Script(Cli.USAGE, "",
                    lines("setup: cannot fill the store " + store.base() + ": it has " + runs
                    + " runs already; next: the same with --yes, to add the sample to them")), refused);
            assertEquals(before, snapshot(store.base()));
            Script added = setup("--store", store.base(), "--sample", "--runs", 100, "--yes");
            assertTrue(added.exit() <= Cli.WARNING, added.toString());
            assertEquals(runs + 100, rows(store).size(), given.name());
            Map<String, String> after = snapshot(store.raw());
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
        Map<String, String> before = snapshot(dir);
        Script refused = setup("--store", dir, "--sample");
        assertEquals(Cli.USAGE, refused.exit());
        assertTrue(refused.err().contains("it has day files already"), refused.err());
        assertEquals(before, snapshot(dir));
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
        Map<String, String> whole = snapshot(dir.resolve("raw"));
        Path unfinished = Files.createDirectory(dir.resolve("raw/sample.unfinished"));
        List<String> names = whole.keySet().stream().sorted().toList();
        for (String name : names.subList(2, names.size())) Files.move(dir.resolve("raw").resolve(name), unfinished.resolve(name));
        Files.createLink(unfinished.resolve(names.get(1)), dir.resolve("raw").resolve(names.get(1)));
        Script made = setup("--store", dir);
        assertEquals(Cli.OK, made.exit());
        assertEquals(lines("finished a sample that an earlier setup had begun"), made.err());
        assertEquals(whole, snapshot(dir.resolve("raw")));
    }

    @Test
    void aSampleThatWasNotCommittedIsThrownAwayAndMadeAnew() throws IOException {
        setup("--store", dir);
        Path unfinished = Files.createDirectory(dir.resolve("raw/sample.unfinished"));
        Files.writeString(unfinished.resolve("events_20261120.ndjson"),
                "{\"run_id\": \"20261120T120000Z-a-00000001\", \"agent_name\": \"a\", \"status\": \"running\"}\n{\"run_id\": \"torn");
        Script made = setupNow("--store", dir, "--sample", "--runs", 100, "--days", 5);
        assertEquals(Cli.OK, made.exit());
        assertEquals(lines("threw away a sample that an earlier setup had begun and not finished"), made.err());
        assertEquals(100, assertAlike(Store.at(dir)));
    }

    @Test
    void aKillAtAnyMomentLeavesWhatTheNextSetupCompletes() throws IOException, InterruptedException {
        killAndComplete(6);
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
            Script next = setup("--store", base, "--sample", "--runs", 500, "--days", 20);
            assertTrue(next.exit() == Cli.OK || next.exit() == Cli.USAGE && next.err().contains("it has 3,000 runs already"),
                    next.toString());
            assertEquals(next.exit() == Cli.OK ? 500 : 3_000, assertAlike(Store.at(base)));
            assertEquals(Cli.OK, setup("--store", base).exit());
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
        setup("--store", dir);
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
    @DisabledOnOs(OS.WINDOWS)
    void aDiskThatIsTooSmallIsSaidBeforeAnythingIsWritten() throws IOException, InterruptedException {
        Path small = Files.createDirectory(dir.resolve("small"));
        assumeTrue(Mounts.tmpfs(small, "3m"), "needs a mount");
        try {
            assertEquals(Cli.OK, setup("--store", small).exit());
            Map<String, String> before = snapshot(small);
            Script refused = setup("--store", small, "--sample", "--runs", 1_200);
            assertEquals(Cli.FAILED, refused.exit(), refused.toString());
            assertTrue(refused.err().startsWith("setup: cannot fill the store " + small + ": 1,200 runs need some 4 MB, and "),
                    refused.err());
            assertEquals(before, snapshot(small));
        } finally {
            Mounts.unmount(small);
        }
    }

    /**
     * A limit on the size of a file stops the writing half-way, as a disk does that others fill meanwhile: that of a long day file, or the
     * rows' commit.
     */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aSampleThatCannotBeWrittenToItsEndLeavesNothingBehind() throws IOException, InterruptedException {
        setup("--store", dir);
        Map<String, String> before = snapshot(dir);
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
            assertEquals(before, snapshot(dir));
        }
    }

    @Test
    void badArgumentsChangeNothing() throws IOException {
        Path base = dir.resolve("store");
        for (List<String> wrong : List.of(List.of("--runs", "5"), List.of("--sample", "--runs", "0"),
                List.of("--sample", "--runs", "10000001"), List.of("--sample", "--days", "0"),
                List.of("--sample", "--days", "2147483647"), List.of("--sample", "--runs", "x"),
                List.of("--sample", "--seed", "1.5"), List.of("--bogus"), List.of("extra"), List.of("--yes"))) {
            List<Object> args = new ArrayList<>(List.of("--store", base));
            args.addAll(wrong);
            Script refused = setup(args.toArray());
            assertEquals(Cli.USAGE, refused.exit(), wrong.toString());
            assertEquals(1, refused.err().lines().count(), refused.err());
            assertEquals("", refused.out());
            assertFalse(Files.exists(base), wrong.toString());
        }
        assertTrue(setup("--store", base, "--sample", "--runs", "0").err().contains("--runs is a number from 1 to 10,000,000"));
    }

    @Test
    void asJsonItIsOneDocument() {
        Script made = setup("--store", dir.resolve("s"), "--sample", "--runs", 10, "--days", 1, "--json");
        assertEquals(Cli.OK, made.exit());
        assertTrue(made.out().startsWith("{") && made.out().stripTrailing().endsWith("}"), made.out());
        for (String key : List.of("\"store\": ", "\"rule\": \"--store\"", "\"created\": [",
                "\"database\": \"v3\"", "\"odd\": [", "\"runs\": 10")) assertTrue(made.out().contains(key), made.out());
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

    private static Script setup(Object... args) {
        return Script.run(new setup(), args);
    }

    private static Script setupNow(Object... args) {
        var setup = new setup();
        setup.clock = Clock.fixed(NOW, ZoneOffset.UTC);
        return Script.run(setup, args);
    }

    private static String lines(String... lines) {
        return String.join(System.lineSeparator(), lines) + System.lineSeparator();
    }

    private void assertRefused(int exit, String why, Path base) throws IOException {
        Map<String, String> before = snapshot(dir);
        Script refused = setup("--store", base);
        assertEquals(exit, refused.exit(), refused.toString());
        assertTrue(refused.err().startsWith("setup: cannot ") && refused.err().contains(why), refused.err());
        assertEquals(1, refused.err().lines().count(), refused.err());
        assertEquals("", refused.out());
        assertEquals(before, snapshot(dir));
    }

    private static List<String> odd(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return Schema.of(database).oddities();
        }
    }

    /** Every run's last line is its row, and there are no others. @return how many */
    private static int assertAlike(Store store) throws IOException {
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

    /** Names, contents and times of everything below a folder. */
    private static Map<String, String> snapshot(Path folder) throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.filter(path -> !path.equals(folder)).toList()) {
                String name = folder.relativize(path).toString().replace('\\', '/');
                all.put(name, Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) ? "folder"
                        : Files.getLastModifiedTime(path) + " " + Arrays.hashCode(Files.readAllBytes(path)));
            }
        }
        return all;
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
