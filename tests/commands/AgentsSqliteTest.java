import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Store;
import telemetry.kit.AgentsSqlite;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** Databases with functions, collations and modules that only the agents' SQLite has. */
class AgentsSqliteTest {
    private static final String ONLY_THEIRS = "; only the agents' SQLite has that";

    enum Theirs {
        MODULE(AgentsSqlite::vectors, "the virtual table run_vectors needs the module vec0", 0),
        INDEX(AgentsSqlite::indexByFunction, "the index by_word of agent_runs needs the function agent_word", 1),
        COLLATION(AgentsSqlite::indexByCollation, "the index by_order of words needs the collation agent_order", 1),
        CHECK(AgentsSqlite::checkByFunction, "a CHECK of agent_runs needs the function agent_word", 1);

        private final Consumer<Store> make;
        private final String words;
        private final int exit;

        Theirs(Consumer<Store> make, String words, int exit) {
            this.make = make;
            this.words = words;
            this.exit = exit;
        }
    }

    @TempDir
    Path dir;
    private Store store;

    @BeforeEach
    void fill() {
        store = Fixture.V3.filled(dir.resolve("s"), 60, Instant.now());
    }

    @ParameterizedTest
    @EnumSource
    void aBackupIsMadeAndNamesWhatWasNotChecked(Theirs theirs) {
        theirs.make.accept(store);
        Script made = run(new backup());
        assertEquals(theirs.exit, made.exit(), made.toString());
        assertTrue(made.said().contains("holds 60 runs") && made.said().contains(", verified, in "), made.out());
        assertTrue(made.said().contains("as far as can be told: not checked: " + theirs.words + ONLY_THEIRS), made.out());
        assertEquals(0, run(new backup(), "verify", "all").exit());
        assertEquals(0, run(new backup(), "--check", "none").exit());
    }

    @ParameterizedTest
    @EnumSource
    void healthWarnsAndRecoverFindsItIntactAsFarAsCanBeTold(Theirs theirs) {
        theirs.make.accept(store);
        assertTrue(run(new backup()).exit() <= 1);
        Script health = run(new health());
        assertTrue(health.said().contains("warning database integrity_check ok as far as can be told: not checked: " + theirs.words),
                health.out());
        Script looked = run(new recover(), "--yes");
        assertEquals(1, looked.exit(), looked.toString());
        assertTrue(looked.said().contains("the database is intact as far as can be told and has all runs"), looked.out());
        assertTrue(looked.said().contains("warning unchecked") && looked.said().contains(theirs.words), looked.out());
    }

    /** What one table needs keeps nobody from looking at the others. */
    @ParameterizedTest
    @EnumSource
    void damageInTheRestIsFound(Theirs theirs) throws Exception {
        theirs.make.accept(store);
        Sql.execute(store, "CREATE TABLE others(a)", "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 2000) INSERT INTO "
                + "others SELECT hex(randomblob(20)) FROM c");
        Sabotage.overwriteRoot(store, "others");
        Script health = run(new health(), "--quick");
        assertEquals(2, health.exit(), health.out());
        assertTrue(health.said().contains("failed database"), health.out());
        assertEquals(2, run(new backup()).exit());
    }

    @ParameterizedTest
    @EnumSource
    void nothingEndsAsABadArgumentOrABug(Theirs theirs) {
        theirs.make.accept(store);
        assertTrue(run(new backup()).exit() <= 1);
        for (Object[] asked : new Object[][] {{new rebuild(), "--check-only"}, {new rebuild(), "--dry-run"}, {new rebuild(), "--yes"},
                {new query(), "recent"}, {new query(), "agents"}, {new backup(), "restore", "latest", "--dry-run"},
                {new prune(), "runs", "--older-than", "1d", "--dry-run"}, {new prune(), "stale", "--dry-run"},
                {new prune(), "runs", "--older-than", "1d", "--yes"}, {new validate_installation()}, {new locks()}, {new setup()}}) {
            Script done = run((Callable<?>) asked[0], List.of(asked).subList(1, asked.length).toArray());
            String what = asked[0].getClass().getName() + (asked.length > 1 ? " " + asked[1] : "") + done;
            assertTrue(done.exit() <= 3, what);
            assertFalse(done.said().contains("Corrupted"), what);
        }
        assertTrue(Sql.rows(store, "SELECT run_id FROM agent_runs NOT INDEXED").size() >= 24);
    }

    @Test
    void anotherIndexThatIsDamagedIsStillMadeAnew() {
        AgentsSqlite.indexByCollation(store);
        Sabotage.withoutIndex(store.database(), "idx_runs_api_posted", "UPDATE agent_runs SET api_posted = 1 WHERE rowid < 9");
        Script recovered = run(new recover(), "--yes");
        assertEquals(1, recovered.exit(), recovered.toString());
        assertTrue(recovered.said().contains("made anew; no row was changed"), recovered.out());
        assertTrue(recovered.said().contains("the index by_order, which needs the collation agent_order: it is as it was"),
                recovered.out());
        assertFalse(recovered.said().contains("recovered whole"), recovered.out());
        assertEquals(8, Sql.rows(store, "SELECT 1 FROM agent_runs WHERE api_posted = 1").size());
    }

    /** The agents have looked at these runs when they wrote them. */
    @Test
    void aCheckThatOnlyTheyCanMakeKeepsNoRunFromComingBack() throws Exception {
        AgentsSqlite.checkByFunction(store);
        Object sql = Sql.rows(store, "SELECT sql FROM sqlite_master WHERE name = 'agent_runs'");
        Script rebuilt = run(new rebuild(), "--yes");
        assertTrue(rebuilt.exit() <= 1, rebuilt.toString());
        assertEquals(sql, Sql.rows(store, "SELECT sql FROM sqlite_master WHERE name = 'agent_runs'"));
        Sabotage.damage(store, "page");
        Script made = run(new recover(), "--yes");
        assertEquals(1, made.exit(), made.toString());
        assertEquals(60, Sql.rows(store, "SELECT run_id FROM agent_runs NOT INDEXED").size());
        assertEquals(sql, Sql.rows(store, "SELECT sql FROM sqlite_master WHERE name = 'agent_runs'"), "its CHECK stays");
        assertTrue(run(new backup()).exit() <= 1);
        Sql.execute(store, "DELETE FROM agent_runs WHERE agent_name = 'docs-crawler'");
        Script recovered = run(new recover(), "--yes");
        assertEquals(1, recovered.exit(), recovered.toString());
        assertEquals(60, Sql.rows(store, "SELECT run_id FROM agent_runs NOT INDEXED").size());
    }

    private Script run(Callable<?> script, Object... arguments) {
        return Script.on(store, script, arguments);
    }
}
