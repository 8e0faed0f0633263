import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Script;
import telemetry.runs.Schema;

class MeasurePerformanceTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    /** Few runs, and baselines that every machine meets, however busy. */
    private static final Map<String, String> BRIEFLY = Map.of("--runs", "2", "--writers", "2", "--processes", "0", "--runs-per-second", "1",
            "--write-p95", "10m", "--query-p95", "10m");

    @TempDir
    private Path dir;

    private static Script measure(Store store, Object... more) {
        List<Object> args = new ArrayList<>(List.of("--store", store.base()));
        args.addAll(Arrays.asList(more));
        BRIEFLY.forEach((option, value) -> {
            if (!args.contains(option)) args.addAll(List.of(option, value));
        });
        var script = new measure_performance();
        script.clock = Clock.fixed(NOON, ZoneOffset.UTC);
        return Script.run(script, args.toArray());
    }

    private static JsonObject json(int exit, Store store, Object... more) {
        List<Object> args = new ArrayList<>(Arrays.asList(more));
        args.add("--json");
        Script script = measure(store, args.toArray());
        assertEquals(exit, script.exit(), script.toString());
        return Json.parse(script.out()).asObject();
    }

    /** Every file and folder of the store with its content. */
    private static Map<String, String> content(Store store) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> all = Files.walk(store.base())) {
            for (Path file : all.toList())
                content.put(file.toString(), Files.isDirectory(file) ? "folder" : "" + Arrays.hashCode(Files.readAllBytes(file)));
        }
        content.replaceAll((file, is) -> file.endsWith("-shm") ? "SQLite's, which every reader makes anew" : is);
        return content;
    }

    private static String status(JsonObject document, String check) {
        for (JsonValue one : document.get("checks").asArray())
            if (one.asObject().getString("name", "").equals(check)) return one.asObject().getString("status", "");
        return "not checked";
    }

    private static List<String> about(JsonObject document) {
        return document.get("advice").asArray().values().stream().map(one -> one.asObject().getString("about", "")).toList();
    }

    @Test
    void measuresWritingReadingAndSizeAgainstTheBaselines() {
        Script script = measure(Fixture.V3.filled(dir, 60, NOON), "--processes", 2);
        assertEquals(0, script.exit(), script.toString());
        assertEquals("", script.err());
        String[] expected = {
            "store    \\S+ \\(v3, WAL\\): 60 runs, \\d+ kB", "",
            "write +runs  runs/s  p50 ms  p95 ms  p99 ms  max ms", "one run, 1 begin a second +2 +1( +[0-9.]+){4}",
            "2 threads +2 +\\d+", "2 processes +2 +\\d+", "fsync of one line +2 ( +[0-9.]+){4}",
            "in a scratch store beside it \\(v3, WAL\\), which is gone again", "",
            "query +p50 ms  p95 ms  rows  by way of", "recent +[0-9.]+ +[0-9.]+ +20  idx_runs_start, sort",
            "run .* 1  sqlite_autoindex_agent_runs_1",
            "chain .*", "failures .*", "stale .*", "last day .*", "agent .*", "agents .* 3  all runs, sort", "count .*", "",
            "table, index +size  bytes a run  fill %", "agent_runs +\\d+ kB +\\d+ +\\d+", "sqlite_autoindex_agent_runs_1 .*",
            "idx_runs_.*", "idx_runs_.*", "idx_runs_.*", "idx_runs_.*", "idx_runs_.*", "",
            "file     \\d+ kB, \\d+ bytes a run, \\d+ % filled, 0 of \\d+ pages free", "VACUUM   would free .*",
            "a day    24 runs: \\d+ kB in the database, \\d+ kB in the day files",
            "-wal     none", "",
            "ok +write  a run takes [0-9.]+ ms at most in 95 of 100 cases, baseline.*", "ok +rate   \\d+ runs/s at least .*",
            "ok +query  simple queries take .*", "ok +size   \\d+ bytes a run, baseline 100, out of reach for this schema:.*"};
        List<String> lines = script.out().lines().toList();
        for (int i = 0; i < expected.length; i++) assertTrue(lines.get(i).matches(expected[i]), lines.get(i) + "\nis not\n" + expected[i]);
        String sum = ".*columns alone take \\d+ bytes a run \\(2 x run_id \\d+ \\+ 2 x start_time 32 \\+ 2 x agent_name 13 \\+ …\\) ";
        assertTrue(script.out().replaceAll("\\s+", " ").matches(sum), script.out());
        for (String line : lines) assertTrue(line.length() <= 80 || line.contains(dir.toString()), line);
    }

    @Test
    void everyStoreStaysAsItWasAndNothingIsLeft() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Map<String, String> before = content(given.store());
            JsonObject document = json(0, given.store(), "--runs", 1);
            assertEquals("ok", status(document, "write"), given.name());
            assertEquals("ok", status(document, "query"), given.name());
            assertEquals(before, content(given.store()), given.name());
            JsonObject reading = document.get("reading").asObject();
            assertEquals(reading.getString("schema", "") + ", " + reading.getString("journal", ""),
                    document.get("writing").asObject().getString("schema", ""), "the scratch store is of another kind: " + given);
        }
    }

    @Test
    void aWalThatAKilledWriterLeftStaysAsItIs() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Agent agent = Agent.writing(store, "killed", 0);
        agent.kill();
        Map<String, String> before = content(store);
        assertTrue(before.keySet().stream().anyMatch(name -> name.endsWith("-wal")));
        assertEquals(0, measure(store).exit());
        assertEquals(before, content(store));
        assertEquals(List.of("-wal"), about(json(0, store, "--wal-size", "1B")));
    }

    @Test
    void everyBaselineThatIsMissedIsAWarning() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals("warning", status(json(1, store, "--write-p95", "0ms"), "write"));
        assertEquals("warning", status(json(1, store, "--query-p95", "0ms"), "query"));
        assertEquals("warning", status(json(1, store, "--runs-per-second", 1_000_000), "rate"));
        assertEquals("warning", status(json(1, store, "--bytes-per-run", "300B"), "size"));
        assertEquals("ok", status(json(0, store, "--bytes-per-run", "9kB"), "size"));
    }

    @Test
    void withoutAStoreItSaysSo() {
        Script script = measure(Store.at(dir.resolve("nowhere")));
        assertTrue(script.exit() == 3 && script.out().isEmpty() && script.err().contains("was it moved?"), script.toString());
        assertFalse(Files.exists(dir.resolve("nowhere")));
    }

    @Test
    void writingIsMeasuredWhenTheDatabaseCannotBeRead() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir, 3, NOON);
        try (Agent holder = Agent.holding(store, "BEGIN EXCLUSIVE")) {
            assertEquals(1, holder.said());
            assertOnlyWriting(3, measure(store, "--wait", "100ms"), "locked");
        }
        Files.writeString(store.database(), "garbage".repeat(1000));
        Script damaged = measure(store, "--history");
        assertOnlyWriting(2, new Script(damaged.exit(), damaged.out(), ""), "next: jbang recover@telemetry --dry-run --store " + dir);
        assertTrue(damaged.err().contains("not added to the history") && !Files.exists(store.reports()), damaged.toString());
        Files.delete(store.database());
        assertOnlyWriting(3, measure(store), "it does not exist");
        Files.delete(store.database().getParent());
        assertOnlyWriting(3, measure(store), "it does not exist");
        try (Stream<Path> files = Files.list(store.base())) {
            assertEquals(List.of("backups", "raw"), files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    private static void assertOnlyWriting(int exit, Script script, String why) {
        String text = script.out().replaceAll("\\s+", " ");
        assertTrue(script.exit() == exit && script.err().isEmpty(), script.toString());
        assertTrue(text.contains("2 threads") && text.contains("failed database") && text.contains(why) && !text.contains("by way of"),
                script.toString());
    }

    @Test
    void readingIsMeasuredWhenThereIsNoWritingBesideTheDatabase() throws Exception {
        Path mounted = Files.createDirectory(dir.resolve("small"));
        assumeTrue(Mounts.tmpfs(mounted, "2m"), "mounting is not permitted");
        try {
            Store store = Fixture.V3.filled(mounted.resolve("store"), 60, NOON);
            assertTrue(Mounts.makeReadOnly(mounted));
            JsonObject document = json(3, store);
            assertEquals("failed", status(document, "writing"));
            assertEquals("ok", status(document, "query"));
            assertTrue(document.get("writing").isNull());
        } finally {
            Mounts.unmount(mounted);
        }
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        Store store = Fixture.V3.empty(dir);
        for (String wrong : List.of("--runs 0", "--runs x", "--runs 1000001", "--writers 0", "--writers 1,257", "--processes 65",
                "--runs-per-second 0", "--write-p95 soon", "--bytes-per-run much", "--dry-run", "surprise")) {
            Script script = measure(store, (Object[]) wrong.split(" "));
            assertTrue(script.exit() == 64 && script.out().isEmpty()
                    && script.err().matches(".*\\Rnext: jbang measure_performance@telemetry --help\\R"), wrong + ": " + script);
        }
    }

    @Test
    void historyIsKeptAndShown() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Path file = store.reports().resolve("performance.ndjson");
        assertEquals(0, measure(store, "--history").exit());
        Files.writeString(file, "{\"time\":\"2026-11-2", StandardOpenOption.APPEND);
        Script second = measure(store, "--history");
        assertEquals(3, Files.readAllLines(file).size());
        assertTrue(second.exit() == 0 && second.err().matches("(?s).*measure_performance: skipped 18 bytes of "
                + Pattern.quote(file.toString()) + " at byte \\d+: .*"), second.toString());
        assertEquals(2, second.out().lines().filter(line -> line.matches("2026-11-20 12:00:00( +[0-9.]+){5} +\\d+ kB")).count(),
                second.out());
        JsonObject line = Json.parse(Files.readAllLines(file).get(2)).asObject();
        assertEquals(60, line.getInt("runs", 0));
        assertTrue(line.getDouble("write_p95_ms", 0) > 0 && line.getDouble("query_recent_p95_ms", 0) > 0
                && line.getInt("bytes_per_run", 0) > 100, line.toString());
        assertEquals(3, json(0, store, "--history").get("history").asArray().size());
    }

    @Test
    void aHistoryThatCannotBeKeptCostsTheFailureAndNotTheResult() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Files.writeString(store.reports(), "a file in the folder's place");
        Script script = measure(store, "--history");
        assertTrue(script.exit() == 2 && script.out().contains("ok       query") && script.err().contains(store.reports().toString()),
                script.toString());
    }

    @Test
    void aMissingIndexIsMadeAfterABackup() throws IOException {
        Store store = without("idx_runs_start");
        Map<String, String> before = content(store);
        assertTrue(measure(store).out().replaceAll("\\s+", " ")
                .contains("advice index without an index on start_time, all runs are read by query recent"));
        Script shown = measure(store, "--apply-indexes", "--dry-run");
        assertTrue(shown.exit() == 0 && shown.out().contains("done     would make idx_runs_start"), shown.toString());
        Script unasked = measure(store, "--apply-indexes");
        assertTrue(unasked.exit() == 64 && unasked.err().contains("--yes"), unasked.toString());
        assertEquals(before, content(store));
        Script made = measure(store, "--apply-indexes", "--yes");
        assertTrue(made.exit() == 0 && made.out().matches("(?s).*done     made idx_runs_start: \\d+ ms, .*recent[^\\n]*idx_runs_start.*"),
                made.toString());
        assertFalse(made.out().contains("advice"), made.out());
        assertTrue(Backups.newestVerified(store).isPresent() && made.err().contains("backup of the database as it is now: "), made.err());
        try (Database backup = Database.openFrozen(Backups.newestVerified(store).get().file())) {
            assertEquals(List.of("idx_runs_start"), Schema.of(backup).missingIndexes());
        }
        assertTrue(measure(store, "--apply-indexes", "--yes").out().contains("done     no index is missing"));
        assertEquals(1, new Backups(store, null, Clock.systemUTC(), null).list().size());
    }

    @Test
    void aLockedDatabaseIsNotChanged() throws Exception {
        Store store = without("idx_runs_start");
        try (Agent holder = Agent.holding(store, "BEGIN IMMEDIATE")) {
            assertEquals(1, holder.said());
            Script script = measure(store, "--apply-indexes", "--yes", "--wait", "100ms");
            assertTrue(script.exit() == 3 && script.err().contains("locks@telemetry"), script.toString());
        }
        assertEquals(List.of("idx_runs_start"), missing(store));
        assertEquals(List.of(), new Backups(store, null, Clock.systemUTC(), null).list());
    }

    @Test
    void vacuumGivesBackWhatIsUnused() throws IOException {
        for (Fixture shape : List.of(Fixture.V3, Fixture.V7_PYTHON)) {
            Store store = shape.filled(dir.resolve(shape.name()), 400, NOON);
            assertTrue(measure(store, "--vacuum", "--yes").out().contains("done     no VACUUM: it would free no more than "));
            assertFalse(Backups.newestVerified(store).isPresent());
            thin(store);
            long before = Files.size(store.database());
            assertTrue(about(json(0, store)).contains("space"));
            assertTrue(measure(store, "--vacuum", "--dry-run").out().contains("done     would free some "));
            assertEquals(before, Files.size(store.database()));
            try (Database agent = Database.open(store.database())) {
                assertEquals(100, agent.number("SELECT count(*) FROM agent_runs"));
                Script done = measure(store, "--vacuum", "--yes");
                assertTrue(done.out().matches("(?s).*done     VACUUM: \\d+ ms, \\d+ kB before, \\d+ kB now.*"), done.toString());
                long now = Files.size(store.database());
                assertTrue(now < before * 0.7, before + " " + now);
            }
            assertFalse(about(json(0, store)).contains("space"));
            Backup backup = Backups.newestVerified(store).orElseThrow();
            assertEquals(100, backup.runs());
        }
    }

    @Test
    void vacuumIsRefusedWhereThereIsNoRoom() throws Exception {
        Path mounted = Files.createDirectory(dir.resolve("small"));
        assumeTrue(Mounts.tmpfs(mounted, "12m"), "mounting is not permitted");
        try {
            Store store = Fixture.V3.filled(mounted.resolve("store"), 2_000, NOON);
            thin(store);
            long enoughForTheBackup = Files.size(store.database()) + (3 << 19);
            Files.write(mounted.resolve("others"), new byte[(int) (Files.getFileStore(mounted).getUsableSpace() - enoughForTheBackup)]);
            Map<String, String> before = content(store);
            Script advised = measure(store);
            assertTrue(advised.out().replaceAll("\\s+", " ").contains("but there is no room for it: it takes"), advised.toString());
            assertTrue(advised.out().contains("archive@telemetry"), advised.toString());
            Script refused = measure(store, "--vacuum", "--yes");
            assertTrue(refused.exit() == 2 && refused.err().contains("find room for VACUUM and the backup"), refused.toString());
            assertEquals(before, content(store));
        } finally {
            Mounts.unmount(mounted);
        }
    }

    @Test
    void whatAKilledCallLeftTheNextRemovesAndNobodyElses() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        Process killed = endless(store);
        Process working = endless(store);
        try {
            awaitWriting(store, 2);
            killed.toHandle().destroyForcibly();
            killed.waitFor();
            assertEquals(2, scratch(store).size());
            assertEquals(0, measure(store).exit());
            assertEquals(1, scratch(store).size());
            working.toHandle().destroy();
            assertTrue(working.waitFor(20, TimeUnit.SECONDS));
            assertEquals(Need.SIGNALS.isMet() ? 143 : 1, working.exitValue());
            if (Need.SIGNALS.isMet()) assertEquals(List.of(), scratch(store));
        } finally {
            killed.destroyForcibly();
            working.destroyForcibly();
        }
    }

    private static Process endless(Store store) throws IOException {
        return Script.processBuilder(Map.of(), "measure_performance", "--store", store.base(), "--runs", 1_000_000)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static void awaitWriting(Store store, int scratchStores) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (scratch(store).stream().filter(MeasurePerformanceTest::hasLines).count() < scratchStores) {
            assertTrue(System.nanoTime() < end, "within a minute there were " + scratch(store));
            Thread.sleep(10);
        }
    }

    private static boolean hasLines(Path scratch) {
        String[] files = scratch.resolve("raw").toFile().list();
        return files != null && files.length > 0;
    }

    private static List<Path> scratch(Store store) throws IOException {
        try (Stream<Path> files = Files.list(store.database().getParent())) {
            return files.filter(file -> file.getFileName().toString().startsWith("measure_performance.")).toList();
        }
    }

    private Store without(String index) {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        try (Database database = Database.open(store.database())) {
            database.execute("DROP INDEX " + index);
        }
        return store;
    }

    private static void thin(Store store) {
        try (Database database = Database.open(store.database())) {
            database.execute("DELETE FROM agent_runs WHERE rowid % 4 > 0");
        }
    }

    private static List<String> missing(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return Schema.of(database).missingIndexes();
        }
    }
}
