import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** What integrity_check names and is no damage of a table: indexes, rows that break a rule. And what no run has: other tables, updates. */
class RecoverDamageTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void whereOnlyAnIndexIsDamagedItIsMadeAnewAndNothingElseChanges() throws IOException {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        assertEquals(0, Script.run(new backup(), "--store", dir).exit());
        Set<String> posted = RecoverTest.post(store, 40);
        Sabotage.withoutIndex(store.database(), "idx_runs_agent", "INSERT INTO agent_runs(run_id, agent_name, start_time, status) "
                + "VALUES ('http', 'a', '2026-11-20T12:00:00Z', 'success')", "UPDATE agent_runs SET api_posted = 1, agent_name = 'b' "
                + "WHERE run_id = '" + posted.iterator().next() + "'");
        List<?> rows = Sql.rows(store, "SELECT * FROM agent_runs NOT INDEXED");
        Script dry = RecoverTest.script(store, "--dry-run");
        assertEquals(1, dry.exit(), dry.out());
        assertTrue(dry.out().contains("would keep a copy, make the indexes anew and check again; no row is changed"), dry.out());
        assertTrue(RecoverTest.integrity(store).contains("index"), "a dry run changes nothing");

        Script recovered = RecoverTest.script(store, "--yes", "--json");
        assertEquals(0, recovered.exit(), recovered.toString());
        assertEquals("ok", RecoverTest.integrity(store));
        assertEquals(rows, Sql.rows(store, "SELECT * FROM agent_runs NOT INDEXED"));
        JsonObject json = Json.parse(recovered.out()).asObject();
        assertEquals(0, json.getInt("lost", -1));
        Path kept = Path.of(json.get("kept").asArray().get(0).asString());
        assertEquals(rows.size(), Sql.rows(Store.at(dir), "SELECT 1 FROM agent_runs").size());
        try (Database copy = Database.openFrozen(kept)) {
            assertTrue(copy.pragma("integrity_check").contains("index"), "the copy is of what was there before");
        }
    }

    /** SQLite cannot empty such an index, and REINDEX fails. */
    @Test
    void whereAnIndexCannotBeReadTheTablesStayAsTheyAre() throws IOException {
        for (String index : List.of("idx_runs_agent", "sqlite_autoindex_agent_runs_1")) {
            Store store = Fixture.V3.filled(dir.resolve(index), 400, NOON);
            Sql.execute(store, "UPDATE agent_runs SET output_summary = 'over HTTP', api_posted = 1",
                    "DELETE FROM agent_runs WHERE rowid = 3", "CREATE TABLE notes(text TEXT)", "INSERT INTO notes VALUES ('one'), ('two')",
                    "DELETE FROM notes WHERE rowid = 1");
            assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            Sql.execute(store, "UPDATE agent_runs SET output_summary = 'since'");
            List<?> rows = Sql.rows(store, "SELECT rowid, * FROM agent_runs NOT INDEXED");
            Sabotage.overwriteRoot(store, index);
            Script dry = RecoverTest.script(store, "--dry-run");
            assertTrue(dry.out().contains("no row is changed"), dry.out());
            Script recovered = RecoverTest.script(store, "--yes");
            assertEquals(0, recovered.exit(), recovered.toString());
            assertEquals("ok", RecoverTest.integrity(store));
            assertTrue(rows.equals(Sql.rows(store, "SELECT rowid, * FROM agent_runs NOT INDEXED WHERE rowid <> 401")), recovered.out());
            assertEquals("[{rowid=2, text=two}]", Sql.rows(store, "SELECT rowid, * FROM notes").toString());
            assertFalse(Files.exists(RecoverTest.unfinished(store)));
            assertEquals(0, RecoverTest.script(store).exit());
        }
    }

    @Test
    void aRunThatIsThereTwiceIsNotDroppedInSilence() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        String run = RecoverTest.ids(store).iterator().next();
        Sql.execute(store, "CREATE UNIQUE INDEX one_host ON agent_runs(output_summary, host, run_id)");
        Sabotage.spell(store.database(), "agent_runs", "run_id TEXT PRIMARY KEY", "run_id TEXT");
        Path file = store.database();
        try (Database database = Database.open(file)) {
            database.pragma("writable_schema", "ON");
            database.update("DELETE FROM sqlite_master WHERE name = 'sqlite_autoindex_agent_runs_1'");
            database.pragma("schema_version", database.number("PRAGMA schema_version") + 1);
        }
        Sql.execute(store, "INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, output_summary) VALUES ('" + run
                + "', 'twice', 'j', '2026-11-20T12:00:00Z', 'the second')");
        Sabotage.damage(store, "page");
        Script recovered = RecoverTest.script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.toString());
        boolean isThere = !Sql.rows(store, "SELECT 1 FROM agent_runs WHERE agent_name = 'twice'").isEmpty();
        assertTrue(isThere || kept(store).stream().anyMatch(line -> line.contains("the second")), recovered.out());
    }

    @Test
    void aRowThatBreaksARuleIsNoDamageAndNoRebuildDropsItInSilence() throws IOException {
        for (String rule : List.of("CHECK", "NOT NULL")) {
            Store store = Fixture.V3.filled(dir.resolve(rule), 60, NOON);
            breaking(store, rule);
            Script dry = RecoverTest.script(store, "--dry-run");
            assertEquals(1, dry.exit(), dry.out());
            assertTrue(said(dry).contains("warning rows nothing is damaged, but rows break a NOT NULL or CHECK"), dry.out());
            assertTrue(dry.out().contains("nothing to recover"), dry.out());
            Script recovered = RecoverTest.script(store, "--yes");
            assertEquals(1, recovered.exit(), recovered.out());
            assertTrue(RecoverTest.ids(store).contains("http"), "it stays where it is");

            Script rebuilt = Script.run(new rebuild(), "--store", store.base(), "--yes");
            assertEquals(1, rebuilt.exit(), rebuilt.toString());
            assertTrue(rebuilt.out().contains("the run http"), rebuilt.out());
            assertTrue(rebuilt.out().contains("(intact) is kept"), rebuilt.out());
            assertTrue(kept(store).stream().map(line -> Json.parse(line).asObject()).anyMatch(line -> line.getString("table", "")
                    .equals("agent_runs") && line.get("row").asObject().getString("run_id", "").equals("http")), rebuilt.out());
        }
    }

    @Test
    void aRowThatBreaksARuleIsKeptWhenItsDatabaseIsDamaged() throws IOException {
        for (String rule : List.of("CHECK", "NOT NULL")) {
            Store store = Fixture.V3.filled(dir.resolve(rule), 60, NOON);
            breaking(store, rule);
            Sql.execute(store, "CREATE TABLE artifacts(id INTEGER PRIMARY KEY, path TEXT)",
                    "INSERT INTO artifacts VALUES (1, NULL), (2, 'b')");
            Sabotage.spell(store.database(), "artifacts", "path TEXT", "path TEXT NOT NULL");
            Sabotage.damage(store, "page");
            Script recovered = RecoverTest.script(store, "--yes");
            assertEquals(1, recovered.exit(), recovered.toString());
            assertTrue(said(recovered).contains("the run http"), recovered.out());
            assertEquals(1, Sql.rows(store, "SELECT 1 FROM artifacts").size(), recovered.out());
            List<String> kept = kept(store);
            assertTrue(kept.stream().anyMatch(line -> line.contains("\"run_id\":\"http\"")), kept.toString());
            assertTrue(kept.stream().anyMatch(line -> line.contains("\"table\":\"artifacts\"") && line.contains("\"id\":1")),
                    kept.toString());
        }
    }

    @Test
    void rowsAndValuesOfAllTablesComeBackFromADamagedDatabaseAsTheyWere() throws IOException {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        Sql.execute(store, "CREATE TABLE notes(text TEXT)", "INSERT INTO notes VALUES ('one'), ('one')",
                "CREATE TABLE pairs(a TEXT, b TEXT, note TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID",
                "INSERT INTO pairs VALUES ('x', 'y', NULL)");
        assertEquals(0, Script.run(new backup(), "--store", dir).exit());
        Set<String> posted = RecoverTest.post(store, 200);
        Sql.execute(store, "CREATE TABLE artifacts(id INTEGER PRIMARY KEY, path TEXT)", "INSERT INTO artifacts VALUES (7, 'seven')",
                "ALTER TABLE agent_runs ADD COLUMN cost_usd REAL", "UPDATE agent_runs SET cost_usd = 1.25, api_posted = 1",
                "INSERT INTO notes VALUES ('one'), ('two')", "UPDATE pairs SET note = 'since'", "INSERT INTO pairs VALUES ('x', 'z', '2')");
        Set<String> destroyed = Sabotage.overwriteLeafWith(store, posted.stream().skip(100).findFirst().orElseThrow());
        Script recovered = RecoverTest.script(store, "--yes", "--json");
        assertEquals(1, recovered.exit(), recovered.toString());
        int left = RecoverTest.ids(store).size();
        assertTrue(left >= 500 - destroyed.size() && left < 500, destroyed + recovered.out());
        assertEquals(left, Sql.rows(store, "SELECT 1 FROM agent_runs WHERE cost_usd = 1.25 AND api_posted = 1").size());
        assertEquals(List.of("one", "one", "one", "two"), Sql.rows(store, "SELECT text FROM notes ORDER BY 1").stream()
                .map(row -> row.get("text")).toList());
        assertEquals("[{path=seven}]", Sql.rows(store, "SELECT path FROM artifacts").toString());
        assertEquals("[{note=since}, {note=2}]", Sql.rows(store, "SELECT note FROM pairs ORDER BY b").toString());
        JsonObject json = Json.parse(recovered.out()).asObject();
        assertEquals(2, json.get("salvaged_rows").asObject().getInt("notes", -1), recovered.out());
        assertEquals(500 - left, json.getInt("lost", -1), recovered.out());
        assertEquals(2, json.getInt("marked", -1), recovered.out());
        assertEquals(0, RecoverTest.script(store).exit());
    }

    @Test
    void aValueThatIsAnotherThereIsNamedAndCountsAsLost() throws IOException {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        Sql.execute(store, "INSERT INTO commits(commit_hash, run_id, message) VALUES ('c1', 'r', 'before')",
                "UPDATE agent_runs SET api_retry_count = 2");
        assertEquals(0, Script.run(new backup(), "--store", dir).exit());
        Sql.execute(store, "UPDATE commits SET message = 'after'", "UPDATE agent_runs SET api_retry_count = 3");
        Sabotage.damage(store, "page");
        Script recovered = RecoverTest.script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.toString());
        assertTrue(said(recovered).contains("commits.message 1"), recovered.out());
        assertTrue(said(recovered).contains("agent_runs.api_retry_count 2"), recovered.out());
        assertFalse(recovered.out().contains("recovered whole"), recovered.out());
        assertFalse(said(recovered).contains("ok lost 0 runs"), recovered.out());
    }

    private static void breaking(Store store, String rule) {
        String row = "INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status) VALUES ('http', 'a', 'j', "
                + "'2026-11-20T12:00:00Z', '" + (rule.equals("CHECK") ? "timeout" : "failed") + "')";
        if (rule.equals("CHECK")) Sql.execute(store, "PRAGMA ignore_check_constraints=ON", row);
        else {
            Sql.execute(store, "ALTER TABLE agent_runs ADD COLUMN env TEXT DEFAULT 'dev'", "UPDATE agent_runs SET env = 'prod'");
            Sabotage.spell(store.database(), "agent_runs", "env TEXT", "env TEXT NOT NULL", row, "UPDATE agent_runs SET env = NULL "
                    + "WHERE run_id = 'http'");
        }
    }

    private static List<String> kept(Store store) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.walk(store.quarantine())) {
            for (Path file : files.filter(one -> one.toString().endsWith(".ndjson")).toList()) lines.addAll(Files.readAllLines(file));
        }
        return lines;
    }

    private static String said(Script script) {
        return script.out().replaceAll("\\s+", " ");
    }
}
