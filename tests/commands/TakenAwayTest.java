import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** What a restore or a recovery would take away is named table by table before anything is replaced: no run has it. */
class TakenAwayTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final List<String> NAMED = List.of("agent_runs: values of cost_usd (60)", "artifacts: 2 rows",
            "commits: 1 row, and values of message (1)", "notes: 2 rows");

    @TempDir
    Path dir;

    @Test
    void aDrillNamesWhatOnlyTheDatabaseHas() {
        Store store = changedSinceItsBackup(dir);
        Script drill = Script.run(new backup(), "--store", dir, "restore", "latest", "--dry-run");
        assertEquals(1, drill.exit(), drill.toString());
        for (String one : NAMED)
            assertTrue(drill.err().contains("only the database has, and the restored one would lack: " + one), drill.err());
        JsonObject json = Json.parse(Script.run(new backup(), "--store", dir, "restore", "latest", "--dry-run", "--json").out()).asObject();
        assertEquals(4, json.get("taken").asArray().size(), json.toString());
        assertEquals(2, Sql.rows(store, "SELECT 1 FROM artifacts").size(), "a drill changes nothing");

        Script restored = Script.run(new backup(), "--store", dir, "restore", "latest", "--yes");
        assertEquals(1, restored.exit(), restored.toString());
        for (String one : NAMED) assertTrue(restored.err().contains(": " + one), restored.err());
        assertTrue(restored.err().contains("recover@telemetry --salvage"), restored.err());
    }

    @Test
    void whatIsTheSameIsNotNamed() {
        Fixture.V4.filled(dir, 60, NOON);
        assertEquals(0, Script.run(new backup(), "--store", dir).exit());
        Script drill = Script.run(new backup(), "--store", dir, "restore", "latest", "--dry-run");
        assertEquals(0, drill.exit(), drill.toString());
        assertEquals("", drill.err());
    }

    @Test
    void aDryRunOfARecoveryNamesWhatTheBackupOrTheDayFilesLack() throws IOException {
        for (boolean withBackup : new boolean[] {true, false}) {
            Store store = changedSinceItsBackup(dir.resolve("backup-" + withBackup));
            if (!withBackup) RecoverTest.delete(store.backups());
            Sabotage.damage(store, "page");
            Script dry = RecoverTest.script(store, "--dry-run");
            assertEquals(1, dry.exit(), dry.toString());
            String said = dry.out().replaceAll("\\s+", " ");
            assertTrue(said.contains("warning tables"), dry.out());
            List<String> named = withBackup
                    ? List.of("artifacts: 2 rows", "cost_usd", "commits: 1 row, and values of message (1)", "notes: 2 rows")
                    : List.of("artifacts: 2 rows", "commits: 2 rows", "notes: 3 rows");
            for (String one : named) assertTrue(said.contains(one), one + dry.out());
            Script recovered = RecoverTest.script(store, "--yes");
            assertEquals(1, recovered.exit(), recovered.toString());
            assertEquals(2, Sql.rows(store, "SELECT 1 FROM artifacts").size(), recovered.out());
            assertEquals(3, Sql.rows(store, "SELECT 1 FROM notes").size(), recovered.out());
            assertEquals(2, Sql.rows(store, "SELECT 1 FROM commits").size(), recovered.out());
            assertFalse(recovered.out().contains("recovered whole"), recovered.out());
            int without = Sql.rows(store, "SELECT 1 FROM agent_runs WHERE cost_usd IS NULL").size();
            assertTrue(without > 0, recovered.out());
            assertTrue(recovered.out().contains(without + " runs are back from elsewhere"), without + recovered.out());
        }
    }

    private static Store changedSinceItsBackup(Path base) {
        Store store = Fixture.V4.filled(base, 60, NOON);
        Sql.execute(store, "UPDATE agent_runs SET api_posted = 0, git_commit_hash = NULL", "CREATE TABLE notes(text TEXT)",
                "INSERT INTO commits(commit_hash, run_id, message) VALUES ('c1', 'r', 'before')", "INSERT INTO notes VALUES ('one')");
        assertEquals(0, Script.run(new backup(), "--store", base).exit());
        Sql.execute(store, "CREATE TABLE artifacts(id INTEGER PRIMARY KEY, path TEXT)", "INSERT INTO artifacts VALUES (1, 'a'), (2, 'b')",
                "ALTER TABLE agent_runs ADD COLUMN cost_usd REAL", "UPDATE agent_runs SET cost_usd = 1.25, git_commit_hash = 'abc'",
                "UPDATE agent_runs SET api_posted = 1 WHERE rowid <= 5", "INSERT INTO notes VALUES ('one'), ('one')",
                "UPDATE commits SET message = 'after'", "INSERT INTO commits(commit_hash, run_id) VALUES ('c2', 'r')");
        return store;
    }
}
