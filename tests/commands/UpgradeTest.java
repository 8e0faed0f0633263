import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;

/** scripts/upgrade.java: the tables of newer writers, with every row, and whatever else was there. */
class UpgradeTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String RUNBOOK = "run_id, schema_version, agent_name, agent_owner, job_type, trigger_type, start_time, end_time, status, "
            + "items_discovered, items_succeeded, items_failed, duration_ms, input_summary, output_summary, error_summary, metrics_json, insight_id, "
            + "product, platform, product_family, subdomain, git_repo, git_branch, git_run_tag, host, api_posted, api_posted_at, api_retry_count";
    private static final String COMMIT = ", git_commit_hash, git_commit_source, git_commit_author, git_commit_timestamp";
    private static final String SITE = ", website, website_section, item_name";
    private static final String SERVICE = ", items_skipped, source_ref, target_ref, error_details, environment, context_json, parent_run_id, "
            + "created_at, updated_at";

    @TempDir
    Path dir;

    static Stream<List<Object>> steps() {
        List<List<Object>> steps = new ArrayList<>();
        for (Fixture from : Fixture.values())
            for (SchemaForm to : SchemaForm.values()) {
                boolean isStep = to.version() == Math.max(3, from.version() + 1);
                boolean isWhole = to.version() == 7 && (from == Fixture.V1 || from == Fixture.V3);
                if (to.version() >= 3 && to.version() > from.version() && (isStep || isWhole)) steps.add(List.of(from, to));
            }
        return steps.stream();
    }

    @ParameterizedTest
    @MethodSource("steps")
    void everyRunIsThereAndTheWritersOwnStatementsWork(List<Object> step) {
        var from = (Fixture) step.get(0);
        var to = (SchemaForm) step.get(1);
        Store store = from.filled(dir, 24, NOON);
        sql(store, "UPDATE agent_runs SET agent_owner = 'changed by hand' WHERE status = 'success'");
        List<Map<String, Object>> before = rows(store);
        Script ran = upgrade(store, "--to", to, "--yes");
        assertEquals(0, ran.exit(), ran.out() + ran.err());
        List<Map<String, Object>> after = rows(store);
        assertEquals(before.stream().map(row -> told(row, before.get(0), to)).toList(),
                after.stream().map(row -> told(row, before.get(0), to)).toList());
        try (Database database = Database.open(store.database())) {
            Schema schema = Schema.of(database);
            assertEquals(to, SchemaForm.of(schema));
            assertEquals(List.of(), schema.oddities());
            assertEquals(to.version(), schema.stamp());
            assertTrue(schema.indexes().containsAll(to.indexes().keySet()), schema.indexes() + "");
            assertEquals(to.journal().toLowerCase(), database.pragma("journal_mode"));
            writersStatementsWork(database, to);
        }
        assertEquals("nothing to do", last(upgrade(store, "--to", to, "--yes").out(), 13));
    }

    /** What must not change, with the status in the new writers' word. */
    private static Map<String, Object> told(Map<String, Object> row, Map<String, Object> columns, SchemaForm to) {
        Map<String, Object> told = new LinkedHashMap<>();
        for (String column : columns.keySet()) told.put(column, row.get(column));
        told.remove("schema_version");
        told.remove("updated_at");
        told.computeIfPresent("status", (name, status) -> to.version() >= 6 && status.equals("failed") ? "failure" : status);
        return told;
    }

    private static String last(String out, int length) {
        String text = out.strip();
        return text.substring(Math.max(0, text.length() - length));
    }

    private static void writersStatementsWork(Database database, SchemaForm form) {
        String columns = RUNBOOK + (form.version() >= 4 ? COMMIT : "") + (form.version() >= 5 ? SITE : "")
                + (form.version() >= 6 ? ", event_id" : "") + (form.shape() == Schema.Shape.SERVICE ? SERVICE : "");
        String values = Arrays.stream(columns.split(", ")).map(column -> switch (column) {
            case "run_id" -> "'20261120T130000Z-new-0000000a'";
            case "event_id" -> "'b213421f-52ed-48e2-a2f2-16fcd66028d6'";
            case "agent_name", "job_type" -> "'new'";
            case "start_time", "created_at" -> "'2026-11-20T13:00:00+00:00'";
            case "status" -> "'running'";
            case "trigger_type" -> "'cli'";
            case "git_commit_source" -> "'ci'";
            case "schema_version" -> form.version() + "";
            default -> column.startsWith("items") || column.startsWith("api") && !column.endsWith("at") ? "0" : "NULL";
        }).collect(Collectors.joining(", "));
        assertEquals(1, database.update("INSERT INTO agent_runs (" + columns + ") VALUES (" + values + ")"));
        for (String status : form.version() >= 6 ? List.of("failure", "timeout", "cancelled", "success")
                : List.of("failed", "partial", "success"))
            assertEquals(1, database.update("UPDATE agent_runs SET end_time = '2026-11-20T13:01:00+00:00', status = ?, duration_ms = 60000, "
                    + "updated_at = datetime('now') WHERE run_id = '20261120T130000Z-new-0000000a'", status));
        if (form.version() >= 6) assertThrows(StoreException.class,
                () -> database.update("UPDATE agent_runs SET status = 'failed' WHERE run_id = "
                + "'20261120T130000Z-new-0000000a'"));
    }

    private static Script upgrade(Store store, Object... args) {
        List<Object> all = new ArrayList<>(List.of("--store", store.base()));
        all.addAll(Arrays.asList(args));
        return Script.run(new upgrade(), all.toArray());
    }

    private static void sql(Store store, String... statements) {
        try (Database database = Database.open(store.database())) {
            for (String statement : statements) database.execute(statement);
        }
    }

    private static List<Map<String, Object>> rows(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return database.query("SELECT * FROM agent_runs ORDER BY run_id").stream().map(Row::map).toList();
        }
    }

    private static Object value(Store store, String sql) {
        try (Database database = Database.openToRead(store.database())) {
            return database.value(sql);
        }
    }

    @Test
    void whatElseWasThereStaysAndWorks() {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        sql(store, "ALTER TABLE agent_runs ADD COLUMN cost REAL DEFAULT 1.5", "UPDATE agent_runs SET cost = rowid WHERE rowid > 3",
                "CREATE TABLE prices (run INTEGER, price REAL)", "INSERT INTO prices SELECT rowid, cost FROM agent_runs",
                "CREATE INDEX own_cost ON agent_runs(cost, agent_name)",
                "CREATE VIEW failures AS SELECT run_id, cost FROM agent_runs WHERE status IN ('failed', 'failure')",
                "CREATE VIRTUAL TABLE texts USING fts5(error_summary, content='agent_runs', content_rowid='rowid')",
                "INSERT INTO texts(texts) VALUES ('rebuild')",
                "CREATE TRIGGER counted AFTER INSERT ON agent_runs BEGIN INSERT INTO prices VALUES (new.rowid, new.cost); END");
        Object prices = value(store, "SELECT group_concat(run || ' ' || price) FROM prices");
        Object numbers = value(store, "SELECT group_concat(run_id || rowid) FROM (SELECT run_id, rowid FROM agent_runs ORDER BY run_id)");
        Object costs = value(store, "SELECT total(cost) FROM agent_runs");
        long failures = ((Number) value(store, "SELECT count(*) FROM failures")).longValue();
        Script ran = upgrade(store, "--to", "v7-service", "--yes");
        assertEquals(0, ran.exit(), ran.out() + ran.err());
        assertEquals(prices, value(store, "SELECT group_concat(run || ' ' || price) FROM prices"), "the trigger did not run");
        assertEquals(numbers, value(store, "SELECT group_concat(run_id || id) FROM (SELECT run_id, id FROM agent_runs ORDER BY run_id)"));
        assertEquals(costs, value(store, "SELECT total(cost) FROM agent_runs"));
        assertEquals(failures, value(store, "SELECT count(*) FROM failures"));
        assertEquals(1L, value(store, "SELECT count(*) FROM sqlite_master WHERE name = 'own_cost'"));
        assertTrue((Long) value(store, "SELECT count(*) FROM texts WHERE texts MATCH 'boom'") > 0);
        sql(store, "INSERT INTO agent_runs(run_id, event_id, agent_name, job_type, start_time) VALUES ('r', 'e', 'a', 'j', 't')");
        assertEquals(1.5, value(store, "SELECT price FROM prices ORDER BY rowid DESC LIMIT 1"), "the trigger and the default are there");
        assertEquals("ok", value(store, "PRAGMA integrity_check"));
    }

    @Test
    void linesGiveWhatTheOldTableHadNoColumnFor() {
        Store store = Fixture.V3.empty(dir);
        Run start = Fixture.V7_SERVICE.run(0, NOON).with("environment", "prod").with("website", "docs.example.org");
        Run refused = Fixture.V7_SERVICE.run(3, NOON.minusSeconds(60));
        Fixture.lines(start, 0).forEach(line -> Fixture.append(store, NOON.plusSeconds(9_999), line));
        Fixture.lines(refused, 1).forEach(line -> Fixture.append(store, NOON.plusSeconds(9_999), line));
        sql(store, "INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, end_time, status, product) VALUES ('" + start.id()
                + "', 'a', 'j', '2026-11-20T12:00:00+00:00', '2026-11-20T12:01:00+00:00', 'success', 'later')");
        Script ran = upgrade(store, "--to", "v7-service", "--yes");
        assertEquals(0, ran.exit(), ran.out() + ran.err());
        assertEquals("prod docs.example.org later " + start.text("event_id"),
                value(store, "SELECT environment || ' ' || website || ' ' || product "
                + "|| ' ' || event_id FROM agent_runs WHERE run_id = '" + start.id() + "'"));
        assertEquals("failure", value(store, "SELECT status FROM agent_runs WHERE run_id = '" + refused.id() + "'"),
                "only its line was there");
        assertEquals(2L, value(store, "SELECT count(*) FROM agent_runs"));
    }

    @Test
    void anEventIdIsMadeFromTheRunIdAndAlwaysTheSame() {
        List<Object> ids = new ArrayList<>();
        for (String folder : List.of("a", "b")) {
            Store store = Fixture.V3.filled(dir.resolve(folder), 6, NOON);
            assertEquals(0, upgrade(store, "--to", "v7-python", "--yes").exit());
            ids.add(value(store, "SELECT group_concat(event_id) FROM (SELECT event_id FROM agent_runs ORDER BY run_id)"));
            assertEquals(0, upgrade(store, "--to", "v7-service", "--yes").exit());
            ids.add(value(store, "SELECT group_concat(event_id) FROM (SELECT event_id FROM agent_runs ORDER BY run_id)"));
        }
        assertEquals(1, ids.stream().distinct().count(), ids + "");
    }

    @ParameterizedTest
    @CsvSource({"V5, v4", "V7_SERVICE, v3", "V7_PYTHON, v6-python", "V3, v2", "V1, v1", "V3, v8", "V3, seven"})
    void olderAndUnknownTablesAreRefused(Fixture from, String to) throws IOException {
        Store store = from.filled(dir, 3, NOON);
        byte[] before = Files.readAllBytes(store.database());
        assertEquals(64, upgrade(store, "--to", to, "--yes").exit());
        assertTrue(Arrays.equals(before, Files.readAllBytes(store.database())));
    }

    @Test
    void aTableOfOneRowARunCannotHoldTwo() {
        Store store = Fixture.V7_SERVICE.filled(dir, 3, NOON);
        sql(store, "INSERT INTO agent_runs(event_id, run_id, agent_name, job_type, start_time) SELECT 'second', run_id, agent_name, job_type, "
                + "start_time FROM agent_runs LIMIT 1");
        Script ran = upgrade(store, "--to", "v7-python", "--yes");
        assertEquals(2, ran.exit());
        assertTrue(ran.err().contains("1 row has the run_id of another, and v7-python holds one row of each"), ran.err());
        assertEquals(4L, value(store, "SELECT count(*) FROM agent_runs"));
        sql(store, "DELETE FROM agent_runs WHERE event_id = 'second'");
        assertEquals(0, upgrade(store, "--to", "v7-python", "--yes").exit());
        assertEquals(3L, value(store, "SELECT count(*) FROM agent_runs"));
        assertEquals(1L, value(store, "SELECT count(*) FROM pragma_table_info('agent_runs') WHERE name = 'environment'"),
                "no column is lost");
    }

    @Test
    void aDryRunChangesNothingAndItsHintCarriesItOut() throws IOException {
        Store store = Fixture.V3.filled(dir, 10, NOON);
        List<Map<String, Object>> before = rows(store);
        Script dry = upgrade(store, "--to", "v7-python", "--dry-run");
        assertEquals(0, dry.exit(), dry.err());
        assertTrue(dry.out().contains("because its tables are v3"), dry.out());
        assertTrue(dry.plain().out().endsWith("upgrade@telemetry --store " + store.base() + " --to v7-python --yes\n"), dry.out());
        assertEquals(before, rows(store));
        try (Stream<Path> left = Files.list(store.database().getParent())) {
            assertFalse(left.anyMatch(file -> file.getFileName().toString().contains("tmp")));
        }
        assertEquals(64, upgrade(store, "--to", "v7-python").exit(), "nobody can be asked");
    }

    @Test
    void withoutToTheNewestLinesDecide() {
        Store v5 = Fixture.V5.filled(dir.resolve("v5"), 6, NOON);
        Store v3 = Fixture.V3.filled(dir.resolve("v3"), 6, NOON);
        Fixture.append(v3, NOON, Fixture.V5.run(0, NOON).with("run_id", "20261120T120000Z-new-00000001"));
        assertEquals(0, upgrade(v3, "--yes").exit());
        assertEquals("v5", value(v3, "SELECT max('v' || version) FROM schema_migrations"));
        assertEquals("nothing to do", last(upgrade(v5, "--yes").out(), 13));
        Fixture.append(v3, NOON, Fixture.V7_PYTHON.run(0, NOON).with("run_id", "20261120T120000Z-new-00000002"));
        Script unsure = upgrade(v3, "--yes");
        assertEquals(2, unsure.exit());
        assertTrue(unsure.err().contains("--to v7-python") && unsure.err().contains("--to v7-service"), unsure.err());
        Store none = Fixture.V1.empty(dir.resolve("none"));
        assertEquals(2, upgrade(none, "--yes").exit());
        assertEquals(0, upgrade(none, "--to", "v3", "--yes").exit(), "a store without any line has its upgrade too");
    }

    @Test
    void valuesThatTheNewTableRefusesAreNamedAndKept() throws IOException {
        Store store = Fixture.V1.filled(dir, 6, NOON);
        sql(store, "PRAGMA ignore_check_constraints = ON", "UPDATE agent_runs SET trigger_type = 'cron', items_failed = -3 WHERE rowid = 1",
                "UPDATE agent_runs SET status = 'odd' WHERE rowid = 2");
        Script ran = upgrade(store, "--to", "v7-python", "--yes");
        assertEquals(1, ran.exit(), ran.out() + ran.err());
        assertTrue(ran.out().contains("trigger_type 'cron'") && ran.out().contains("the status 'odd'"), ran.out());
        assertEquals(6L, value(store, "SELECT count(*) FROM agent_runs"));
        assertEquals(-3L, value(store, "SELECT items_failed FROM agent_runs WHERE rowid = 1"));
        try (Stream<Path> kept = Files.walk(store.quarantine())) {
            assertTrue(kept.filter(file -> file.toString().endsWith(".ndjson")).anyMatch(file -> read(file).contains("cron")));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void agentsGoOnWritingAndLoseNothing() throws Exception {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        Agent agent = Agent.writing(store, "busy", 200);
        try (agent) {
            Script ran = upgrade(store, "--to", "v5", "--yes");
            assertTrue(ran.exit() < 2, ran.out() + ran.err());
            int said = agent.said();
            while (agent.said() < said + 20) Thread.sleep(5);
        }
        assertEquals(List.of(), agent.errors());
        Set<String> there = rows(store).stream().map(row -> (String) row.get("run_id")).collect(Collectors.toSet());
        assertTrue(there.containsAll(agent.acknowledged()), "of " + agent.acknowledged().size() + ", " + there.size() + " are there");
        assertEquals(5L, value(store, "SELECT max(version) FROM schema_migrations"));
    }

    @Test
    void killedAtAnyPointTheSameCommandGoesOn() throws Exception {
        Store store = Fixture.V3.filled(dir, 400, NOON);
        List<Object> ids = rows(store).stream().map(row -> row.get("run_id")).toList();
        var random = new Random(7);
        for (int kill = 0; kill < 6; kill++) {
            Process process = Script.processBuilder(Map.of(), "upgrade", "--store", store.base(), "--to", "v7-service", "--yes")
                    .redirectErrorStream(true).redirectOutput(dir.resolve("out").toFile()).start();
            if (process.waitFor(300 + random.nextInt(900), TimeUnit.MILLISECONDS)) break;
            process.destroyForcibly().waitFor();
            assertEquals(ids, rows(store).stream().map(row -> row.get("run_id")).toList());
        }
        Script ran = upgrade(store, "--to", "v7-service", "--yes");
        assertEquals(0, ran.exit(), ran.out() + ran.err());
        assertEquals(ids, rows(store).stream().map(row -> row.get("run_id")).toList());
        assertEquals("delete", value(store, "PRAGMA journal_mode"));
        try (Database database = Database.openToRead(store.database())) {
            assertEquals(SchemaForm.V7_SERVICE, SchemaForm.of(Schema.of(database)));
        }
    }

    @Test
    void realStoresBecomeTheNewestOfEachFamily() throws IOException {
        String real = System.getenv("TELEMETRY_FIXTURES");
        Assumptions.assumeTrue(real != null, "TELEMETRY_FIXTURES names no folder of real stores");
        for (String name : List.of("v1", "v2-recovered", "v3", "v3-ndjson-ahead", "v7-python", "v7-service"))
            for (String to : List.of("v3", "v7-python", "v7-service")) {
                if (name.startsWith("v7") && to.equals("v3")) continue;
                Store store = Store.at(Fixture.copy(Path.of(real, name), dir.resolve(name + to)));
                long runs = (Long) value(store, "SELECT count(*) FROM agent_runs");
                Script ran = upgrade(store, "--to", to, "--yes");
                assertEquals(0, ran.exit(), name + " " + to + ran.out() + ran.err());
                assertTrue((Long) value(store, "SELECT count(*) FROM agent_runs") >= runs);
                if (ran.out().contains("nothing to do")) continue;
                assertEquals(0, Script.run(new rebuild(), "--store", store.base(), "--check-only").exit(), name + " " + to);
            }
    }
}
