import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** What the database knows newer than the lines: no restore, recovery or rebuild undoes it, unless the lines are asked for. */
class NewerRowsTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String NEWER = "changed since their line";

    @TempDir
    Path dir;

    private static String id(Fixture shape, int n) {
        return shape.run(n, NOON.minusSeconds(3600L * n)).id();
    }

    /** As the service does for a PATCH: the row alone, and it says when. */
    private static void patch(Store store, String id, String summary) {
        Sql.execute(store, "UPDATE agent_runs SET error_summary = '" + summary + "', items_succeeded = 7, status = 'partial', "
                + "updated_at = '2026-11-21T09:00:00+00:00' WHERE run_id = '" + id + "'");
    }

    private static Map<String, Object> row(Store store, String id) {
        return Sql.rows(store, "SELECT * FROM agent_runs WHERE run_id = '" + id + "'").get(0);
    }

    @ParameterizedTest
    @EnumSource
    void aRestoreKeepsWhatIsNewerInTheDatabase(Fixture shape) {
        Store store = shape.filled(dir, 24, NOON);
        assertEquals(0, Script.on(store, new backup()).exit());
        Run later = shape.run(30, NOON.plusSeconds(60));
        Fixture.lines(later, 1).forEach(line -> Fixture.append(store, NOON.plusSeconds(60), line));
        assertEquals(0, Script.on(store, new rebuild(), "--replay-only").exit());
        boolean hasCommits = shape.version() >= 4;
        if (shape.version() >= 3) Sql.execute(store, "INSERT INTO commits(commit_hash, run_id) VALUES ('abc', '" + id(shape, 2) + "')");
        patch(store, id(shape, 0), "patched");
        patch(store, later.id(), "patched too");
        Sql.execute(store, "UPDATE agent_runs SET api_posted = 1, api_posted_at = 'then' WHERE run_id = '" + id(shape, 1) + "'");
        if (hasCommits) Sql.execute(store, "UPDATE agent_runs SET git_commit_hash = 'abc' WHERE run_id = '" + id(shape, 2) + "'");
        Sql.execute(store, "UPDATE agent_runs SET error_summary = 'by hand' WHERE run_id = '" + id(shape, 6) + "'");
        Map<String, Object> patched = row(store, id(shape, 0));
        Map<String, Object> patchedLater = row(store, later.id());

        Script drill = Script.on(store, new backup(), "restore", "latest", "--dry-run");
        assertTrue(drill.said().contains("2 rows stay as they are: " + NEWER), drill.toString());
        Script restored = Script.on(store, new backup(), "restore", "latest", "--yes");
        assertEquals(0, restored.exit(), restored.toString());
        assertTrue(restored.said().contains("2 rows stay as they are: " + NEWER), restored.toString());
        assertEquals(patched, row(store, id(shape, 0)));
        for (String column : List.of("error_summary", "items_succeeded", "status", "updated_at"))
            assertEquals(patchedLater.get(column), row(store, later.id()).get(column), column);
        assertEquals(1L, row(store, id(shape, 1)).get("api_posted"));
        assertEquals("then", row(store, id(shape, 1)).get("api_posted_at"));
        if (hasCommits) assertEquals("abc", row(store, id(shape, 2)).get("git_commit_hash"));
        if (shape.version() >= 3) assertEquals(1, Sql.rows(store, "SELECT 1 FROM commits").size());
        assertEquals(null, row(store, id(shape, 6)).get("error_summary"), "nothing says that this is newer than the line");

        Script fromLines = Script.on(store, new backup(), "restore", "latest", "--from-lines", "--yes");
        assertFalse(fromLines.said().contains(NEWER), fromLines.toString());
        assertEquals(null, row(store, id(shape, 0)).get("error_summary"));
        assertEquals(later.text("error_summary"), row(store, later.id()).get("error_summary"));
    }

    @ParameterizedTest
    @EnumSource(names = {"V3", "V7_PYTHON", "V7_SERVICE"})
    void aRecoveryOfASoundDatabaseKeepsItAndHasNothingToDoAfterwards(Fixture shape) {
        Store store = shape.filled(dir, 24, NOON);
        patch(store, id(shape, 0), "patched");
        assertEquals(0, Script.on(store, new recover(), "--dry-run").exit(), "a row that is newer is no gap");
        Sql.execute(store, "DELETE FROM agent_runs WHERE run_id = '" + id(shape, 1) + "'");
        Script recovered = Script.on(store, new recover(), "--yes");
        assertEquals(0, recovered.exit(), recovered.toString());
        assertTrue(recovered.said().contains("1 row stays as it is: " + NEWER), recovered.toString());
        assertEquals("patched", row(store, id(shape, 0)).get("error_summary"));
        assertEquals(0, Script.on(store, new recover(), "--dry-run").exit());

        Sql.execute(store, "DELETE FROM agent_runs WHERE run_id = '" + id(shape, 1) + "'");
        assertEquals(0, Script.on(store, new recover(), "--from-lines", "--yes").exit());
        assertEquals(null, row(store, id(shape, 0)).get("error_summary"));
    }

    @Test
    void aRecoveryFromABackupKeepsWhatIsNewerInTheDamagedDatabase() {
        Store store = Fixture.V3.filled(dir, 400, NOON);
        assertEquals(0, Script.on(store, new backup()).exit());
        for (int n = 0; n < 400; n += 6) patch(store, id(Fixture.V3, n), "patched");
        Sabotage.damage(store, "page");
        Script recovered = Script.on(store, new recover(), "--yes");
        assertTrue(recovered.exit() <= 1, recovered.toString());
        assertTrue(recovered.said().contains("rows stay as they are: " + NEWER), recovered.toString());
        int stayed = Sql.rows(store, "SELECT 1 FROM agent_runs WHERE error_summary = 'patched'").size();
        assertTrue(stayed > 30, stayed + recovered.toString());
        assertEquals("ok", Sql.rows(store, "PRAGMA integrity_check").get(0).get("integrity_check"));
    }

    @ParameterizedTest
    @EnumSource(names = {"V1", "V3", "V7_PYTHON", "V7_SERVICE"})
    void aRebuildKeepsItAndAComparisonCountsItApart(Fixture shape) {
        Store store = shape.filled(dir, 24, NOON);
        patch(store, id(shape, 0), "patched");
        Script compared = Script.on(store, new rebuild(), "--check-only");
        assertEquals(0, compared.exit(), compared.toString());
        assertTrue(compared.said().contains("no difference, 1 " + NEWER), compared.toString());
        assertTrue(compared.said().contains(id(shape, 0)), compared.toString());
        assertFalse(compared.said().contains("next:"), compared.toString());
        for (Object[] args : new Object[][] {{"--yes"}, {"--replay-only"}}) {
            Script rebuilt = Script.on(store, new rebuild(), args);
            assertEquals(0, rebuilt.exit(), rebuilt.toString());
            assertTrue(rebuilt.said().contains("changed since") || rebuilt.said().contains(NEWER), rebuilt.toString());
            assertEquals("patched", row(store, id(shape, 0)).get("error_summary"), rebuilt.toString());
            assertEquals("partial", row(store, id(shape, 0)).get("status"), rebuilt.toString());
        }
        for (String[] args : new String[][] {{"--replay-only", "--from-lines", "--yes"}, {"--from-lines", "--yes"}}) {
            patch(store, id(shape, 0), "patched");
            assertEquals(0, Script.on(store, new rebuild(), (Object[]) args).exit());
            assertEquals(null, row(store, id(shape, 0)).get("error_summary"));
        }
    }

    @Test
    void withoutUpdatedAtAValueThatNoLineHasIsNewer() {
        Store store = Fixture.V3.filled(dir, 24, NOON);
        assertEquals(0, Script.on(store, new backup()).exit());
        Sql.execute(store, "ALTER TABLE agent_runs DROP COLUMN updated_at",
                "UPDATE agent_runs SET output_summary = 'by hand' WHERE run_id = '" + id(Fixture.V3, 0) + "'",
                "UPDATE agent_runs SET items_succeeded = 0, metrics_json = NULL WHERE run_id = '" + id(Fixture.V3, 1) + "'",
                "UPDATE agent_runs SET items_failed = 99 WHERE run_id = '" + id(Fixture.V3, 2) + "'");
        Script replayed = Script.on(store, new rebuild(), "--replay-only");
        assertEquals(0, replayed.exit(), replayed.toString());
        assertEquals("by hand", row(store, id(Fixture.V3, 0)).get("output_summary"));
        assertEquals(99L, row(store, id(Fixture.V3, 2)).get("items_failed"));
        assertFalse(row(store, id(Fixture.V3, 1)).get("metrics_json") == null, "what a start says is no news");
    }

    @Test
    void aLaterEndInTheLinesBeatsAnEarlierPatch() {
        Store store = Fixture.V3.filled(dir, 24, NOON);
        patch(store, id(Fixture.V3, 0), "patched");
        Run end = Fixture.V3.run(0, NOON).with("end_time", "2026-11-21T10:00:00+00:00").with("error_summary", "the end");
        Fixture.append(store, NOON, end);
        assertEquals(0, Script.on(store, new rebuild(), "--replay-only").exit());
        assertEquals("the end", row(store, id(Fixture.V3, 0)).get("error_summary"));
    }
}
