import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** A trigger that makes SQLite change nothing and report no error: no command says then that it did what it did not. */
class IgnoringTriggerTest {
    private static final int RUNS = 60;
    private static final int MISSING = 10;
    private static final String NAMED = "the trigger quiet of agent_runs ignores it";

    @TempDir
    private Path dir;
    private Store store;

    @BeforeEach
    void fill() {
        store = Fixture.V3.filled(dir, RUNS, Instant.now().minus(Duration.ofDays(2)));
    }

    private void ignore(String what) {
        Sql.execute(store, "CREATE TRIGGER quiet BEFORE " + what + " ON agent_runs BEGIN SELECT RAISE(IGNORE); END");
    }

    private Object rows() {
        return Sql.rows(store, "SELECT count(*) AS n FROM agent_runs").get(0).get("n");
    }

    @Test
    void healthSaysThatNoRunCanBeWritten() {
        for (String what : new String[] {"INSERT", "UPDATE"}) {
            ignore(what);
            Script health = Script.on(store, new health());
            assertEquals(2, health.exit(), health.out());
            assertTrue(health.said().contains("no run can be written: " + NAMED), health.out());
            Sql.execute(store, "DROP TRIGGER quiet");
        }
        assertFalse(Script.on(store, new health()).said().contains("quiet"));
    }

    @Test
    void runsThatAReplayDoesNotBringAreNamed() {
        Sql.execute(store, "DELETE FROM agent_runs WHERE rowid <= " + MISSING);
        ignore("INSERT");
        assertEquals(0, Script.on(store, new backup()).exit());
        Script restore = Script.on(store, new backup(), "restore", "latest", "--yes");
        assertEquals(2, restore.exit(), restore.said());
        assertTrue(restore.said().contains("no run can be written: " + NAMED), restore.said());
        assertTrue(restore.said().contains("0 runs added"), restore.said());
        Script recover = Script.on(store, new recover(), "--yes");
        assertEquals(2, recover.exit(), recover.said());
        assertTrue(recover.said().contains(NAMED), recover.said());
        assertEquals(0, Script.on(store, new rebuild(), "--yes").exit() & ~2, "the new database is made before its triggers");
        assertEquals((long) RUNS, rows());
    }

    @Test
    void noRunIsCalledDeletedThatStays() {
        ignore("DELETE");
        Script prune = Script.on(store, new prune(), "runs", "--older-than", "3d", "--yes");
        assertEquals(2, prune.exit(), prune.said());
        assertTrue(prune.said().contains(NAMED), prune.said());
        assertEquals((long) RUNS, rows());
        assertFalse(Files.exists(dir.resolve("pruned.ndjson")), "what stays is not on the list");
    }

    @Test
    void noRunIsCalledCancelledThatStillSaysRunning() {
        ignore("UPDATE");
        Script prune = Script.on(store, new prune(), "stale", "--older-than", "3d", "--yes");
        assertEquals(2, prune.exit(), prune.said());
        assertTrue(prune.said().contains(NAMED), prune.said());
        assertFalse(Files.exists(dir.resolve("pruned.ndjson")), "what stays is not on the list");
    }

    @Test
    void trackSaysThatTheRunHasNoRow() throws Exception {
        ignore("INSERT");
        Script track = Script.runProcess(Map.of(), "track", "--store", store.base(), "--agent", "a", "--job", "j", "--", "true");
        assertEquals(0, track.exit(), track.said());
        assertTrue(track.err().contains(NAMED), track.said());
        assertEquals((long) RUNS, rows());
    }
}
