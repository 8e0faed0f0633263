import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.AgentsSqlite;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** One INSERT and one UPDATE of a run through all triggers, which are rolled back. */
class WriteTrialTest {
    private static final String GONE = "CREATE TRIGGER to_gone AFTER INSERT ON agent_runs BEGIN INSERT INTO gone VALUES (new.run_id); END";

    @TempDir
    Path dir;
    private Store store;

    private void fill(Fixture shape, int runs, String... statements) {
        store = shape.filled(dir.resolve("s"), runs, Instant.now());
        Sql.execute(store, statements);
    }

    @ParameterizedTest
    @EnumSource
    void nothingOfItIsLeft(Fixture shape) throws Exception {
        fill(shape, 30, "CREATE TABLE audit(what TEXT)",
                "CREATE TRIGGER a AFTER INSERT ON agent_runs BEGIN INSERT INTO audit VALUES (new.run_id); END",
                "CREATE TRIGGER b AFTER UPDATE OF duration_ms ON agent_runs BEGIN INSERT INTO audit VALUES (new.run_id); END");
        Map<Path, Integer> before = Folder.files(store.base());
        Script health = run(new health());
        assertTrue(health.said().contains("ok lock free to write"), health.out());
        assertEquals(before, Folder.files(store.base()));
        assertEquals(List.of(), Sql.rows(store, "SELECT * FROM audit"));
    }

    /** Of an empty table there is no run to write another like. */
    @ParameterizedTest
    @EnumSource
    void anEmptyTableIsTriedToo(Fixture shape) {
        fill(shape, 0, GONE);
        Script health = run(new health());
        assertTrue(health.said().contains("failed lock no run can be written: no such table: main.gone (the trigger to_gone)"),
                health.out());
    }

    @Test
    void aLogThatAKilledWriterLeftIsNotFoldedIn() throws Exception {
        fill(Fixture.V3, 30);
        try (Database writer = Database.open(store.database())) {
            writer.update("UPDATE agent_runs SET host = 'killed'");
            for (String suffix : new String[] {"", "-wal"})
                Files.copy(Path.of(store.database() + suffix), Path.of(store.database() + suffix + ".kept"));
        }
        Sabotage.delete(store.database());
        for (String suffix : new String[] {"", "-wal"})
            Files.move(Path.of(store.database() + suffix + ".kept"), Path.of(store.database() + suffix));
        byte[] file = Files.readAllBytes(store.database());
        byte[] log = Files.readAllBytes(Path.of(store.database() + "-wal"));
        assertTrue(run(new health()).said().contains("ok lock free to write"));
        assertEquals(java.util.Arrays.hashCode(file), java.util.Arrays.hashCode(Files.readAllBytes(store.database())));
        assertEquals(java.util.Arrays.hashCode(log), java.util.Arrays.hashCode(Files.readAllBytes(Path.of(store.database() + "-wal"))));
    }

    @Test
    void whatOnlyTheAgentsCanTellIsNotCalledFailed() {
        fill(Fixture.V3, 30);
        AgentsSqlite.vectorsByTrigger(store);
        Script health = run(new health());
        assertEquals(3, health.exit(), health.out());
        assertTrue(health.said().contains("lock a run was not tried: it needs the module vec0 (the trigger runs_vectors), which only the "
                + "agents' SQLite has"), health.out());
        Sql.execute(store, "DROP TRIGGER runs_vectors",
                "CREATE TRIGGER by_word AFTER UPDATE OF status ON agent_runs BEGIN SELECT agent_word(new.status); END");
        assertTrue(run(new health()).said().contains("it needs the function agent_word (the trigger by_word)"));
    }

    @Test
    void aTriggerThatRefusesIsNamed() {
        fill(Fixture.V3, 30, "CREATE TRIGGER no BEFORE INSERT ON agent_runs BEGIN SELECT RAISE(ABORT, 'closed for today'); END");
        Script health = run(new health());
        assertTrue(health.said().contains("warning lock a trigger refuses a run like the newest one: ")
                && health.said().contains("closed for today"), health.out());
    }

    @Test
    void itIsTheEndOfARebuildARestoreAndARecovery() throws Exception {
        fill(Fixture.V3, 30, GONE);
        assertEquals(0, run(new backup()).exit());
        String said = "no run can be written: no such table: main.gone (the trigger to_gone)";
        for (Object[] asked : new Object[][] {{new rebuild(), "--yes"}, {new rebuild(), "--into", dir.resolve("new.sqlite")},
                {new backup(), "restore", "latest", "--yes"}, {new backup(), "restore", "latest", "--dry-run"}}) {
            Script done = run((Callable<?>) asked[0], List.of(asked).subList(1, asked.length).toArray());
            assertEquals(2, done.exit(), asked[0] + done.toString());
            assertTrue(done.said().contains(said), done.toString());
        }
        Sabotage.damage(store, "page");
        Script recovered = run(new recover(), "--yes");
        assertEquals(2, recovered.exit(), recovered.toString());
        assertTrue(recovered.said().contains("failed writing " + said), recovered.out());
        assertEquals(30, Sql.rows(store, "SELECT 1 FROM agent_runs").size());
    }

    @Test
    void whatOnlyTheAgentsCanTellIsAWarningThere() {
        fill(Fixture.V3, 30);
        AgentsSqlite.vectorsByTrigger(store);
        assertEquals(0, run(new backup()).exit());
        Script restored = run(new backup(), "restore", "latest", "--yes");
        assertEquals(1, restored.exit(), restored.toString());
        assertTrue(restored.said().contains("it needs the module vec0 (the trigger runs_vectors)"), restored.toString());
    }

    /** Runs whose lines came after the backup are brought in all the same, and the agents' triggers are there afterwards. */
    @Test
    void aTriggerThatOnlyTheAgentsCanRunKeepsNoRunFromComingBack() throws Exception {
        for (String event : List.of("INSERT", "UPDATE OF duration_ms", "DELETE")) {
            store = Fixture.V3.filled(dir.resolve(event), 30, Instant.now());
            assertEquals(0, run(new backup()).exit());
            for (int n = 100; n < 105; n++) Fixture.append(store, Instant.now(), Fixture.V3.run(n, Instant.now().minusSeconds(n)));
            AgentsSqlite.vectorsByTrigger(store);
            Sql.execute(store, "CREATE TABLE audit(what TEXT)", "CREATE TRIGGER audited AFTER INSERT ON agent_runs BEGIN INSERT INTO audit "
                    + "VALUES (new.run_id); END", "CREATE TRIGGER by_word AFTER " + event
                    + " ON agent_runs BEGIN SELECT agent_word(1); END");
            List<?> triggers = Sql.rows(store, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name");
            Script replayed = run(new recover(), "--yes");
            assertTrue(replayed.exit() < 2, event + replayed);
            assertEquals(35, Sql.rows(store, "SELECT 1 FROM agent_runs").size(), event + replayed);
            assertEquals(5, Sql.rows(store, "SELECT 1 FROM audit").size(), "the trigger that can run here ran");
            assertTrue(replayed.said().contains("the trigger runs_vectors was left out: it needs the module vec0"), replayed.toString());
            assertEquals(triggers, Sql.rows(store, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"), event);
            Sabotage.damage(store, "page");
            Script recovered = run(new recover(), "--yes");
            assertTrue(recovered.exit() < 2, event + recovered);
            assertEquals(35, Sql.rows(store, "SELECT 1 FROM agent_runs").size(), event + recovered);
        }
    }

    private Script run(Callable<?> script, Object... arguments) {
        return Script.on(store, script, arguments);
    }
}
