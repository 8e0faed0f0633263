import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.Store;
import telemetry.Times;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** The script as its users call it: what it prints, how it ends, and that it changes nothing. */
class QueryTest {
    private static final String NL = System.lineSeparator();
    private static final Instant LATEST = Instant.parse("2026-11-20T12:00:00Z");

    /** For the tests that only look; nothing changes it. */
    @TempDir
    private static Path shared;
    private static Store v3;

    @TempDir
    private Path folder;

    @BeforeAll
    static void makeStore() {
        v3 = Fixture.V3.filled(shared, 60, LATEST);
    }

    static Script query(Store store, Object... args) {
        List<Object> all = new ArrayList<>(List.of(args));
        all.add("--store=" + store.base());
        var script = new query();
        script.clock = Clock.fixed(LATEST.plusSeconds(1), ZoneOffset.UTC);
        return Script.run(script, all.toArray());
    }

    static JsonArray json(Script run) {
        assertEquals("", run.err());
        assertEquals(0, run.exit());
        return Json.parse(run.out()).asArray();
    }

    static List<String> texts(JsonArray array, String name) {
        return array.values().stream().map(value -> value.asObject().getString(name, null)).toList();
    }

    private static String idOf(int n) {
        return Fixture.V3.run(n, LATEST.minusSeconds(3600L * n)).id();
    }

    @Test
    void recentIsATableOfEightyColumns() {
        Script run = query(v3, "recent", "--limit", 3);
        assertEquals(new Script(0, String.join(NL,
                "run_id                                     job_type  status   start_time",
                "20261120T120000Z-link-checker-00000000     publish   success  2026-11-20 12:00",
                "20261120T110000Z-docs-crawler-00000001     publish   success  2026-11-20 11:00",
                "20261120T100000Z-hugo-translator-00000002  analyze   success  2026-11-20 10:00") + NL, ""), run);
    }

    @Test
    void everyTableFitsEightyColumns() {
        for (String[] words : new String[][] {{"recent"}, {"agents"}, {"agent", "hugo-translator"},
                {"chain", "insight-2"}, {"failures"}, {"stale", "--older-than", "1h"}, {"count"}}) {
            Script run = query(v3, (Object[]) words);
            assertEquals(0, run.exit(), run.err());
            assertTrue(run.out().lines().allMatch(line -> line.length() <= 80), run.out());
        }
    }

    @Test
    void recentAsJsonHasTheFiveFieldsOfTwentyRuns() {
        JsonArray runs = json(query(v3, "recent", "--json"));
        assertEquals(20, runs.size());
        for (int n = 0; n < 20; n++) {
            JsonObject run = runs.get(n).asObject();
            assertEquals(List.of("run_id", "agent_name", "job_type", "status", "start_time"), run.names());
            assertEquals(idOf(n), run.getString("run_id", null));
        }
    }

    /** Filters in every word that any writer uses, and the periods in every form. */
    @ParameterizedTest
    @CsvSource({"--status failed, 10", "--status failure, 10", "--status completed, 30",
            "--status Succeeded, 30", "'--status failed,partial', 20", "--status canceled, 0",
        "--agent docs-crawler, 20", "--job publish, 20", "--insight insight-1, 3", "--insight none, 0",
        "--agent no --job no, 0", "--since 24h, 24", "--since 7d, 60",
        "--since 2026-11-20T10:00:00Z, 3", "--since 2026-11-20, 13", "--until 2026-11-18T01:00:00+00:00, 0",
        "'--until=2026-11-18 02:00:00', 1", "--since 24h --until 12h, 12"})
    void filtersAreUnderstood(String filter, int expected) {
        Object[] words = Stream.concat(Stream.of("count"), filter.startsWith("--until=")
                ? Stream.of(filter) : Stream.of(filter.split(" "))).toArray();
        assertEquals(new Script(0, expected + NL, ""), query(v3, words));
        words[0] = "recent";
        assertEquals(expected, json(query(v3, Stream.concat(Stream.of(words), Stream.of("--limit", "100", "--json")).toArray())).size());
    }

    @Test
    void whatFindsNothingIsEmptyAndNoError() {
        assertEquals(new Script(0, "[]\n", ""), query(v3, "recent", "--agent", "nobody", "--json"));
        assertEquals(new Script(0, "", ""), query(v3, "failures", "--since", "1s", "--ndjson"));
        assertEquals(new Script(0, "run_id,agent_name,job_type,status,start_time\r\n", ""),
                query(v3, "stale", "--older-than", "999d", "--csv"));
        assertEquals(new Script(0, "run_id  job_type  status  start_time" + NL, ""), query(v3, "recent", "--until", "2000-01-01"));
        assertEquals(new Script(0, "[]\n", ""), query(v3, "agent", "link-checker", "--until", "2000-01-01", "--json"));
        assertEquals(new Script(0, "[]\n", ""), query(v3, "chain", "insight-1", "--until", "2000-01-01", "--json"));
    }

    @ParameterizedTest
    @CsvSource({"agent, no runs for agent", "chain, no run has the insight", "run, the database has no run"})
    void whatIsNamedAndDoesNotExistIsAWarning(String word, String why) {
        for (String name : List.of("nobody", "'; DROP TABLE agent_runs; --", "../../etc/passwd",
                "?mode=memory", ":resource:x", "%", "_", "a\nb", "x".repeat(10_000))) {
            Map<String, String> before = hashes(v3);
            Script json = query(v3, word, "--json", name);
            assertEquals(1, json.exit());
            assertEquals("[]\n", json.out());
            assertTrue(json.err().startsWith("query " + word + ": " + why + " ") && json.err().length() < 300
                    && json.err().lines().filter(line -> !line.equals("next: jbang query@telemetry agents --store "
                    + v3.base())).count() == 1, json.err());
            assertEquals(1, query(v3, word, name).exit());
            assertEquals(before, hashes(v3));
        }
    }

    @Test
    void anAgentIsOneObject() {
        JsonArray agents = json(query(v3, "agent", "link-checker", "--json"));
        JsonObject agent = agents.get(0).asObject();
        assertEquals(1, agents.size());
        assertEquals(List.of("agent_name", "runs", "runs_succeeded", "runs_failed", "items_discovered",
                "items_succeeded", "items_failed", "success_rate", "p50_duration_ms", "p95_duration_ms"), agent.names());
        long items = 0;
        for (int n = 0; n < 60; n += 3) items += Fixture.V3.run(n, LATEST).number("items_discovered");
        assertEquals(List.of(20L, items), List.of(agent.getLong("runs", 0), agent.getLong("items_discovered", 0)));
        assertEquals(List.of("docs-crawler", "hugo-translator", "link-checker"), texts(json(query(v3, "agents", "--json")), "agent_name"));
    }

    @Test
    void aChainIsInTheOrderOfItsStarts() {
        assertEquals("run_id,job_type,status\r\n" + Stream.of(22, 21, 20)
                .map(n -> idOf(n) + "," + Fixture.V3.run(n, LATEST).job() + "," + Fixture.V3.run(n, LATEST).status() + "\r\n")
                .reduce("", String::concat),
                query(v3, "chain", "insight-2", "--csv").out());
    }

    @Test
    void aTreeIsRefusedWhereNobodyRecordsWhoCalled() {
        Script run = query(v3, "chain", "insight-2", "--tree");
        assertEquals(2, run.exit());
        assertTrue(run.err().contains("no parent_run_id"), run.err());
    }

    @Test
    void failuresShowWhatTheySaid() {
        assertEquals(List.of("    ValueError: boom; 'quoted', \"double\"\\nzweite Zeile: größer"),
                query(v3, "failures", "--limit", 1).out().lines().skip(2).toList());
    }

    @Test
    void aRunShowsAllItsColumnsAndItsEventsLateAndArchivedOnes() throws IOException {
        Store store = Fixture.V3.filled(folder, 60, LATEST);
        String id = idOf(4);
        LocalDate day = DayFile.dayOf(LATEST);
        event(store, day.plusDays(1), new Event(id, "late", LATEST.plusSeconds(86_400), "{\"step\": \"späte\\nZeile\"}"));
        event(store, day.plusDays(9), new Event(id, "too-late", LATEST.plusSeconds(9 * 86_400), null));
        event(store, day.plusDays(1), new Event(idOf(6), "another", LATEST, null));
        archive(store, day);
        JsonObject run = json(query(store, "run", id, "--json")).get(0).asObject();
        assertEquals(id, run.getString("run_id", null));
        assertEquals(32, run.size());
        assertEquals(List.of("checkpoint", "late"), texts(run.get("events").asArray(), "event_type"));
        assertEquals("{\"step\": 4}", run.get("events").asArray().get(0).asObject().getString("payload_json", null));
        Script table = query(store, "run", id);
        assertTrue(table.out().contains(NL + "agent_name        docs-crawler" + NL)
                && table.out().contains(NL + "2026-11-21 12:00:00  late        {\"step\": \"späte\\nZeile\"}" + NL), table.out());
        assertEquals(1, json(query(store, "run", id, "--json", "--limit", "1")).get(0).asObject().get("events").asArray().size());
        assertTrue(query(store, "run", id, "--csv").out().startsWith("run_id,"), "csv");
    }

    /** The last eight digits of one id may be the whole of another. */
    @Test
    void eventsOfAnotherRunAreNotShown() {
        Store store = Fixture.V3.filled(folder, 6, LATEST);
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO agent_runs(run_id, agent_name, start_time) VALUES ('00000004', 'a', ?)",
                    Times.text(LATEST.minusSeconds(86_400)));
        }
        assertEquals(0, json(query(store, "run", "00000004", "--json")).get(0).asObject().get("events").asArray().size());
    }

    @Test
    void aTornLineThatMayHaveBeenAnEventIsSaid() throws IOException {
        Store store = Fixture.V3.filled(folder, 60, LATEST);
        Path file = store.raw().resolve(DayFile.name(DayFile.dayOf(LATEST)));
        Files.writeString(file, "{\"run_id\": \"" + idOf(0) + "\", \"event_type\": \"che\n", java.nio.file.StandardOpenOption.APPEND);
        Script run = query(store, "run", idOf(0), "--json");
        assertEquals(1, run.exit());
        assertTrue(run.err().startsWith("not read: " + file + " at byte "), run.err());
        assertEquals(1, Json.parse(run.out()).asArray().get(0).asObject().get("events").asArray().size());
        assertEquals(0, query(store, "run", idOf(2)).exit());
    }

    @Test
    void aRunIdThatIsNotUniqueShowsAllItsRows() {
        Store store = Fixture.V7_SERVICE.filled(folder.resolve("service"), 6, LATEST);
        String id = Fixture.V7_SERVICE.run(3, LATEST.minusSeconds(3 * 3600)).id();
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO agent_runs(event_id, run_id, agent_name, job_type, start_time, status) VALUES ('again', ?, "
                    + "'docs-crawler', 'publish', '2026-11-19 12:00:00', 'success')", id);
        }
        JsonArray rows = json(query(store, "run", id, "--json"));
        assertEquals(List.of("again", new java.util.UUID(3, 3).toString()), texts(rows, "event_id"));
    }

    private static void event(Store store, LocalDate day, Event event) throws IOException {
        Files.writeString(store.raw().resolve(DayFile.name(day)), telemetry.text.Ndjson.line(event) + "\n",
                java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.APPEND);
    }

    private static void archive(Store store, LocalDate day) throws IOException {
        Path raw = store.raw().resolve(DayFile.name(day));
        Files.createDirectories(store.archive());
        try (var gz = new GZIPOutputStream(Files.newOutputStream(store.archive().resolve(DayFile.name(day) + ".gz")))) {
            Files.copy(raw, gz);
        }
        Files.delete(raw);
    }

    @Test
    void optionsMayStandBeforeTheWord() {
        Script before = Script.run(new query(), "--store", v3.base(), "--json", "--limit", 2, "recent");
        assertEquals(query(v3, "recent", "--limit", 2, "--json"), before);
        assertEquals(2, json(before).size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "recnt", "recent extra", "agent", "chain", "run", "recent --status done",
            "recent --since yesterday", "recent --since 1y", "recent --json --csv", "count --csv --ndjson", "agents --agent x",
        "recent --since +1000000000-01-01T00:00:00Z", "stale --older-than 3", "recent --older-than 3d", "chain x --status failed"})
    void badArgumentsAreOneLineAboveTheNextCommandAndExit64(String words) {
        Script run = query(v3, (Object[]) (words.isEmpty() ? new String[0] : words.split(" ")));
        assertEquals(64, run.exit(), run.out());
        assertTrue(run.err().matches(".*\\Rnext: jbang query@telemetry ([a-z]+ )?--help\\R"), run.err());
        assertEquals("", run.out());
    }

    @Test
    void whatIsNoStoreIsSaidAndLeftAlone() throws IOException {
        record Case(String name, int exit, String why) { }
        Path none = folder.resolve("none");
        for (String[] words : new String[][] {{"recent"}, {"run", "x"}, {"sql", "SELECT 1"}, {"agents"}}) {
            Script run = query(Store.at(none), (Object[]) words);
            assertEquals(3, run.exit());
            assertTrue(run.err().matches(".*there is none \\(named by --store\\); was it moved\\? .*; setup makes a new, empty one\\R"),
                    run.err());
            assertTrue(Files.notExists(none));
        }
        for (var one : List.of(new Case("empty", 2, "0 bytes"), new Case("text", 2, "not a SQLite database"),
                new Case("folder", 2, "directory"), new Case("cut", 2, ""), new Case("other", 2, "no table agent_runs"),
                new Case("gone", 3, "does not exist"))) {
            Store store = Fixture.V3.filled(folder.resolve(one.name), 60, LATEST);
            byte[] whole = Files.readAllBytes(store.database());
            Files.delete(store.database());
            switch (one.name) {
                case "empty" -> Files.createFile(store.database());
                case "text" -> Files.writeString(store.database(), "no database ".repeat(500));
                case "folder" -> Files.createDirectory(store.database());
                case "cut" -> Files.write(store.database(), java.util.Arrays.copyOf(whole, 5_000));
                case "other" -> Database.create(store.database()).close();
                default -> { }
            }
            if (one.name.equals("other")) try (Database database = Database.create(store.database())) {
                database.execute("CREATE TABLE x(y)");
            }
            Map<String, String> before = hashes(store);
            for (String[] words : new String[][] {{"recent"}, {"count"}, {"agents"}, {"failures"}}) {
                Script run = query(store, (Object[]) words);
                assertEquals(one.exit, run.exit(), one.name + ": " + run.out() + run.err());
                assertTrue(run.err().lines().filter(line -> !line.startsWith("next: jbang ")).count() == 1 && run.err().contains(one.why),
                        run.err());
            }
            assertEquals(before, hashes(store), one.name);
        }
    }

    /** Every word on every version, real stores included: it answers, and not a byte of the store is another than before. */
    @TestFactory
    Stream<DynamicTest> everyWordAnswersOnEveryStoreAndChangesNothing() {
        return Fixture.all(folder).map(given -> DynamicTest.dynamicTest(given.name(), () -> {
            Map<String, String> before = hashes(given.store());
            long count = Long.parseLong(query(given.store(), "count").out().strip());
            JsonArray recent = json(query(given.store(), "recent", "--json", "--limit", 100_000));
            assertEquals(count, recent.size());
            List<Instant> starts = texts(recent, "start_time").stream().map(Times::instant).toList();
            assertEquals(starts.stream().sorted(java.util.Comparator.reverseOrder()).toList(), starts);
            assertEquals(starts.subList(0, 20),
                    texts(json(query(given.store(), "recent", "--json")), "start_time").stream().map(Times::instant).toList());
            assertEquals(count, sum(json(query(given.store(), "agents", "--json")), "runs"));
            for (String[] words : new String[][] {{"failures"}, {"stale"}, {"agent", texts(recent, "agent_name").get(0)},
                    {"run", texts(recent, "run_id").get(0)}, {"sql", "SELECT * FROM agent_runs", "--csv"}})
                assertEquals(0, query(given.store(), (Object[]) words).exit(), words[0]);
            assertEquals(before, hashes(given.store()));
        }));
    }

    /** The same counts and sums as the sqlite3 program gives. */
    @TestFactory
    Stream<DynamicTest> agreesWithTheSqliteProgram() throws IOException, InterruptedException {
        assumeTrue(hasSqlite(), "there is no sqlite3 program on the PATH");
        return Fixture.all(folder).map(given -> DynamicTest.dynamicTest(given.name(), () -> {
            Store store = given.store();
            assertEquals(sqlite(store, "SELECT count(*) FROM agent_runs"), query(store, "count").out().strip());
            for (String status : sqlite(store, "SELECT DISTINCT status FROM agent_runs").lines().toList())
                assertEquals(sqlite(store, "SELECT count(*) FROM agent_runs WHERE status = '" + status + "'"),
                        query(store, "count", "--status", status).out().strip(), status);
            assertEquals(sqlite(store,
                    "SELECT agent_name, count(*), sum(items_discovered), sum(items_succeeded), sum(items_failed) FROM agent_runs GROUP BY "
                    + "agent_name ORDER BY agent_name"),
                    String.join("\n", json(query(store, "agents", "--json")).values().stream()
                            .map(agent -> Stream.of("agent_name", "runs", "items_discovered", "items_succeeded", "items_failed")
                            .map(name -> agent.asObject().get(name)).map(value -> value.isString() ? value.asString() : value.toString())
                                    .reduce((a, b) -> a + "|" + b).orElseThrow()).toList()));
            assertEquals(sqlite(store, "SELECT run_id FROM agent_runs ORDER BY julianday(start_time) DESC LIMIT 20")
                    .lines().sorted().toList(),
                    texts(json(query(store, "recent", "--json")), "run_id").stream().sorted().toList());
            if (sqlite(store, "SELECT count(*) FROM pragma_table_info('agent_runs') WHERE name = 'insight_id'").equals("1"))
                for (String insight : sqlite(store, "SELECT DISTINCT insight_id FROM agent_runs WHERE insight_id IS NOT NULL")
                        .lines().limit(10).toList())
                    assertEquals(sqlite(store, "SELECT run_id FROM agent_runs WHERE insight_id = '" + insight
                            + "' ORDER BY julianday(start_time)").lines().toList(),
                            texts(json(query(store, "chain", insight, "--json")), "run_id"));
        }));
    }

    private static boolean hasSqlite() throws InterruptedException {
        try {
            return new ProcessBuilder("sqlite3", "--version").redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static String sqlite(Store store, String sql) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sqlite3", store.database().toString(), sql).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, process.waitFor(), out);
        return out;
    }

    private static long sum(JsonArray array, String name) {
        return array.values().stream().mapToLong(value -> value.asObject().getLong(name, 0)).sum();
    }

    /** SHA-256 of every file by its path. */
    static Map<String, String> hashes(Store store) {
        Map<String, String> hashes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(store.base())) {
            for (Path file : files.filter(Files::isRegularFile).toList())
                hashes.put(file.toString(),
                        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file))));
        } catch (IOException | java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        return hashes;
    }
}
