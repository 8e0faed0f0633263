import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.kit.TableForm;
import telemetry.os.ScratchFolder;

/** Each command on tables of runs with another key, no row numbers, strict types or generated columns. */
class TableFormsTest {

    @TempDir
    Path dir;
    private Store store;

    private void fill(TableForm form, int runs, Instant latest) {
        store = Fixture.V3.filled(dir.resolve("s"), runs, latest);
        form.give(store);
    }

    @ParameterizedTest
    @EnumSource
    void everyCommandWorks(TableForm form) throws Exception {
        fill(form, 60, Instant.now());
        for (Object[] asked : new Object[][] {{new setup()}, {new backup()}, {new health()}, {new query(), "recent"},
                {new query(), "stale"},
                {new query(), "failures"}, {new query(), "agents"}, {new query(), "agent", "docs-crawler"}, {new query(), "count"},
                {new query(), "chain", "insight-0"}, {new query(), "run", ids().iterator().next()}, {new query(), "recent", "--agent",
                "docs-crawler", "--since", "7d"}, {new backup(), "verify", "all"}, {new backup(), "restore", "latest", "--dry-run"},
                {new rebuild(), "--check-only"}, {new recover(), "--dry-run"}, {new validate_installation()},
                {new measure_performance(), "--runs", "2", "--writers", "1", "--processes", "0"}, {new maintain(), "weekly"},
                {new track(), "--self-test"}, {new locks()},
                {new prune(), "runs", "--older-than", "1d", "--dry-run"}, {new prune(), "stale", "--dry-run"}}) {
            Script done = run((Callable<?>) asked[0], List.of(asked).subList(1, asked.length).toArray());
            String what = asked[0].getClass().getName() + (asked.length > 1 ? " " + asked[1] : "") + done;
            assertTrue(done.exit() <= 1, what);
            assertFalse(done.err().contains("rowid") || done.out().contains("such column") || done.said().contains("Corrupted"), what);
        }
        Set<String> before = ids();
        assertEquals(0, run(new rebuild(), "--yes").exit());
        assertEquals(before, ids());
        assertEquals(0, run(new backup(), "restore", "latest", "--yes").exit());
        assertEquals(before, ids());
        Script stale = run(new prune(), "stale", "--yes");
        assertEquals(0, stale.exit(), stale.toString());
        assertTrue(Sql.rows(store, "SELECT 1 FROM agent_runs WHERE error_summary LIKE 'cancelled by prune stale%'").size() > 4);
        Script pruned = run(new prune(), "runs", "--older-than", "1d", "--yes");
        assertEquals(0, pruned.exit(), pruned.toString());
        assertTrue(ids().size() <= 30 && ids().size() >= 24, ids().size() + pruned.out());
        assertEquals(0, run(new rebuild(), "--yes").exit());
        assertTrue(ids().size() <= 30 && ids().size() >= 24);
    }

    /** A run's two lines make one row, whatever the table's key. */
    @ParameterizedTest
    @EnumSource
    void lostRowsComeBackOnce(TableForm form) {
        fill(form, 60, Instant.now());
        Set<String> all = ids();
        Sql.execute(store, "DELETE FROM agent_runs WHERE start_time > '2000' AND agent_name = 'link-checker'");
        Script recovered = run(new recover(), "--yes");
        assertEquals(0, recovered.exit(), recovered.toString());
        assertEquals(all, ids());
        assertEquals(60, Sql.rows(store, "SELECT 1 FROM agent_runs").size());
        Sql.execute(store, "DELETE FROM agent_runs WHERE agent_name = 'link-checker'");
        Script made = run(new rebuild(), "--yes");
        assertEquals(0, made.exit(), made.toString());
        assertEquals(60, Sql.rows(store, "SELECT 1 FROM agent_runs").size());
        assertEquals(all, ids());
    }

    /** Nothing but the damaged file is there: each leaf in turn. */
    @ParameterizedTest
    @EnumSource
    void nineOfTenRowsAreKeptWhicheverLeafIsDestroyed(TableForm form) throws Exception {
        fill(form, 400, Instant.parse("2026-11-20T12:00:00Z"));
        for (Path file : Files.list(store.raw()).toList()) Files.delete(file);
        List<Integer> leaves = Sabotage.leaves(store, "agent_runs");
        assertTrue(leaves.size() > 12, leaves.toString());
        byte[] sound = Files.readAllBytes(store.database());
        for (int at : new int[] {0, 1, leaves.size() / 2, leaves.size() - 1}) {
            if (Files.exists(store.quarantine())) ScratchFolder.remove(store.quarantine());
            Sabotage.delete(store.database());
            Files.write(store.database(), sound);
            Sabotage.overwritePage(store, leaves.get(at));
            Script recovered = run(new recover(), "--yes");
            assertEquals(1, recovered.exit(), recovered.toString());
            assertTrue(ids().size() >= 360 && ids().size() < 400, at + ": " + ids().size() + recovered.out());
            assertFalse(recovered.said().contains("recovered whole"), recovered.out());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"WITHOUT_ROWID", "OWN_NUMBER", "STRICT"})
    void withTheRootDestroyedItSaysThatItCouldNotLook(TableForm form) throws Exception {
        fill(form, 400, Instant.parse("2026-11-20T12:00:00Z"));
        for (Path file : Files.list(store.raw()).toList()) Files.delete(file);
        Sabotage.overwriteRoot(store, "agent_runs");
        Script recovered = run(new recover(), "--yes");
        assertEquals(1, recovered.exit(), recovered.toString());
        assertTrue(recovered.said().contains("the rest could not be looked at"), recovered.out());
        assertFalse(recovered.said().contains("recovered whole"), recovered.out());
    }

    private Set<String> ids() {
        Set<String> ids = new TreeSet<>();
        Sql.rows(store, "SELECT run_id FROM agent_runs NOT INDEXED WHERE run_id NOT LIKE '%self-test%'")
                .forEach(row -> ids.add(row.get("run_id").toString()));
        return ids;
    }

    private Script run(Callable<?> script, Object... arguments) {
        return Script.on(store, script, arguments);
    }
}
