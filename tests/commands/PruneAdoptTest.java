import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.Times;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.store.Pruned;

/** prune adopt: what others deleted from the database stays away, and whoever is about to bring it back hears of it first. */
class PruneAdoptTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String OLDER = "64 runs of the day files are older than the oldest row";
    private static final String OFFER = "prune@telemetry adopt --dry-run --store ";

    @TempDir
    Path dir;

    /** 120 runs, one an hour, of which a retention job has deleted the 64 oldest from the database. */
    private Store store(Fixture shape) {
        Store store = shape.filled(dir, 120, NOON);
        Sql.execute(store, "DELETE FROM agent_runs WHERE run_id NOT IN (SELECT run_id FROM agent_runs ORDER BY run_id DESC LIMIT 56)");
        return store;
    }

    private static int runs(Store store) {
        return Sql.rows(store, "SELECT run_id FROM agent_runs").size();
    }

    @ParameterizedTest
    @EnumSource
    void whatOthersDeletedIsRecordedAndNeverComesBack(Fixture shape) throws IOException {
        Store store = store(shape);
        Fixture.archive(store, new EventLog(store).days().get(0));
        Script dry = Script.on(store, new prune(), "adopt", "--dry-run");
        assertEquals(0, dry.exit(), dry.toString());
        assertTrue(dry.said().contains("64 runs that began before 2026-11-18 05:00:00 would be recorded as pruned"), dry.toString());
        assertTrue(dry.said().contains("next: jbang prune@telemetry adopt --store"), dry.toString());
        assertFalse(Files.exists(dir.resolve("pruned.ndjson")));
        assertEquals(64, Script.on(store, new prune(), "adopt").exit(), "there is nobody to ask");

        Script done = Script.on(store, new prune(), "adopt", "--yes", "--json");
        assertEquals(0, done.exit(), done.toString());
        assertEquals(64, Json.parse(done.out()).asObject().getInt("adopted", 0));
        assertEquals(64, Pruned.of(store).size());
        assertEquals(56, runs(store), "nothing in the database changes");
        assertEquals(0, Script.on(store, new recover(), "--dry-run").exit() & ~1);
        for (Object[] args : new Object[][] {{"--replay-only"}, {"--yes"}}) {
            Script rebuilt = Script.on(store, new rebuild(), args);
            assertFalse(rebuilt.said().contains("older than"), rebuilt.toString());
            assertEquals(56, runs(store), rebuilt.toString());
        }
        Script again = Script.on(store, new prune(), "adopt", "--yes");
        assertTrue(again.said().contains("no run of the day files"), again.toString());
    }

    @Test
    void whoeverIsAboutToBringThemBackHearsOfItFirst() {
        Store store = store(Fixture.V7_SERVICE);
        assertEquals(0, Script.on(store, new backup()).exit());
        for (Script said : new Script[] {Script.on(store, new rebuild(), "--check-only"), Script.on(store, new rebuild(), "--dry-run"),
                Script.on(store, new backup(), "restore", "latest", "--dry-run"), Script.on(store, new recover(), "--dry-run"),
                Script.on(store, new rebuild(), "--into", dir.resolve("into.sqlite"))}) {
            assertTrue(said.said().contains(OLDER), said.toString());
            assertTrue(said.said().contains(OFFER + store.base()), said.toString());
            assertEquals(1, said.said().split(OLDER, -1).length - 1, said.toString());
        }
        assertEquals(56, runs(store));
        Script restored = Script.on(store, new backup(), "restore", "latest", "--yes");
        assertTrue(restored.err().contains(OLDER), restored.toString());
        assertEquals(120, runs(store), "it was said, and nobody has recorded them");
    }

    @Test
    void aStoreThatLacksNothingHearsNothing() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, Script.on(store, new backup()).exit());
        for (Script said : new Script[] {Script.on(store, new rebuild(), "--dry-run"),
                Script.on(store, new backup(), "restore", "latest", "--dry-run"), Script.on(store, new recover(), "--dry-run")})
            assertFalse(said.said().contains("older than"), said.toString());
        Script none = Script.on(store, new prune(), "adopt", "--yes");
        assertEquals(0, none.exit(), none.toString());
        Sql.execute(store, "DELETE FROM agent_runs WHERE run_id = '" + Fixture.V3.run(5, NOON.minusSeconds(5 * 3600)).id() + "'");
        assertTrue(Script.on(store, new prune(), "adopt", "--dry-run").said().contains("no run of the day files"), "it is younger");
    }

    @Test
    void beforeNamesAnotherTimeAndAnEmptyDatabaseIsRefused() {
        Store store = store(Fixture.V3);
        Sql.execute(store, "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('left', 'a', '2026-01-01', 'success')");
        Script none = Script.on(store, new prune(), "adopt", "--dry-run");
        assertTrue(none.said().contains("no run of the day files that began before 2026-01-01"), none.toString());
        Instant before = NOON.minusSeconds(3600L * 100);
        Script some = Script.on(store, new prune(), "adopt", "--before", Times.text(before), "--yes");
        assertTrue(some.said().contains("19 runs that began before"), some.toString());
        assertEquals(19, Pruned.of(store).size());
        Sql.execute(store, "DELETE FROM agent_runs");
        Script refused = Script.on(store, new prune(), "adopt", "--before", "1d", "--yes");
        assertTrue(refused.exit() > 1, refused.toString());
        assertTrue(refused.said().contains("it has no run"), refused.toString());
        assertEquals(19, Pruned.of(store).size());
        Sabotage.delete(store.database());
        assertEquals(3, Script.on(store, new prune(), "adopt", "--yes").exit());
    }
}
