import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Store;
import telemetry.cli.Cli;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.os.Sha256;

/** A database whose agent_runs is no table of runs: nothing but looking and copying, and every command says what it is. */
class ForeignTableTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    enum Kind {
        VIEW("agent_runs is a view, not a table", "ALTER TABLE agent_runs RENAME TO their_runs",
                "CREATE VIEW agent_runs AS SELECT * FROM their_runs"),
        FULL_TEXT("agent_runs is a virtual table (fts5)", "ALTER TABLE agent_runs RENAME TO their_runs", "CREATE VIRTUAL TABLE agent_runs "
                + "USING fts5(run_id, agent_name, job_type, status, start_time, end_time, items_discovered, items_succeeded, items_failed, "
                + "duration_ms, error_summary, insight_id)",
                "INSERT INTO agent_runs SELECT run_id, agent_name, job_type, status, start_time, end_time, items_discovered, "
                + "items_succeeded, items_failed, duration_ms, error_summary, insight_id FROM their_runs"),
        UNKNOWN_MODULE("agent_runs is a virtual table (vec0)", "ALTER TABLE agent_runs RENAME TO their_runs", "PRAGMA writable_schema=ON",
                "INSERT INTO sqlite_master VALUES ('table', 'agent_runs', 'agent_runs', 0, "
                + "'CREATE VIRTUAL TABLE agent_runs USING vec0(v)')"),
        BROKEN_VIEW("agent_runs is a view, not a table", "DROP TABLE agent_runs", "CREATE VIEW agent_runs AS SELECT * FROM gone"),
        ANOTHER_PROGRAM("agent_runs is a table of another program: it has id, agent, payload, status and lacks run_id, agent_name",
                "DROP TABLE agent_runs", "CREATE TABLE agent_runs(id INTEGER PRIMARY KEY, agent TEXT, payload BLOB, status TEXT)",
                "INSERT INTO agent_runs(agent) VALUES ('theirs')");

        private final String words;
        private final String[] statements;

        Kind(String words, String... statements) {
            this.words = words;
            this.statements = statements;
        }
    }

    @TempDir
    Path dir;
    private Store store;

    private void make(Kind kind) {
        store = Fixture.V3.filled(dir.resolve("s"), 20, NOON);
        assertEquals(0, run(new backup()).exit());
        Sql.execute(store, kind.statements);
    }

    @ParameterizedTest
    @EnumSource
    void everyCommandSaysWhatItIsAndTouchesNothing(Kind kind) throws Exception {
        make(kind);
        Map<String, String> before = bytes();
        for (Object[] asked : new Object[][] {{new setup()}, {new setup(), "--sample", "--runs", "5", "--days", "1", "--yes"},
                {new health()},
                {new recover(), "--dry-run"}, {new recover(), "--yes"}, {new rebuild(), "--dry-run"}, {new rebuild(), "--yes"},
                {new rebuild(), "--check-only"}, {new rebuild(), "--into", dir.resolve("new.sqlite")},
                {new backup(), "restore", "latest", "--yes"}, {new backup(), "restore", "latest", "--dry-run"},
                {new prune(), "runs", "--older-than", "1d", "--yes"}, {new prune(), "runs", "--older-than", "1d", "--dry-run"},
                {new prune(), "stale", "--yes"}, {new prune(), "stale", "--dry-run"}, {new validate_installation()},
                {new measure_performance(), "--runs", "2", "--writers", "1", "--processes", "0"}, {new maintain(), "quarterly"}}) {
            Script refused = run((Callable<?>) asked[0], List.of(asked).subList(1, asked.length).toArray());
            String what = asked[0].getClass().getName() + (asked.length > 1 ? " " + asked[1] : "") + ": " + refused;
            assertEquals(Cli.FAILED, refused.exit(), what);
            assertTrue(refused.said().contains(kind.words), what);
            assertFalse(refused.said().contains("Corrupted"), what);
            assertEquals(before, bytes(), what);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBackupHasItAsItIs(Kind kind) {
        make(kind);
        Script made = run(new backup());
        assertEquals(Cli.WARNING, made.exit(), made.toString());
        assertTrue(made.said().contains(", verified, in ") && made.said().contains(kind.words), made.toString());
        assertEquals(0, run(new backup(), "verify", "latest").exit());
        Script refused = run(new backup(), "restore", "latest", "--yes");
        assertEquals(Cli.FAILED, refused.exit(), refused.toString());
    }

    @ParameterizedTest
    @EnumSource(names = {"VIEW", "FULL_TEXT"})
    void whatCanBeReadOfItIsAnswered(Kind kind) {
        make(kind);
        for (Object[] asked : new Object[][] {{"recent"}, {"count"}, {"failures"}, {"stale"}, {"agents"}, {"chain", "insight-0"},
                {"agent", "docs-crawler"}, {"run", "20261120T120000Z-link-checker-00000000"}, {"sql", "SELECT count(*) FROM agent_runs"}}) {
            Script told = run(new query(), asked);
            assertEquals(0, told.exit(), List.of(asked) + told.toString());
        }
        assertEquals("20", run(new query(), "count").out().strip());
        assertTrue(run(new query(), "recent").out().contains("20261120T120000Z-link-checker-00000000"));
        assertTrue(run(new query(), "recent").err().contains(kind.words));
    }

    @ParameterizedTest
    @EnumSource(names = {"UNKNOWN_MODULE", "BROKEN_VIEW", "ANOTHER_PROGRAM"})
    void aQuestionThatItCannotAnswerSaysSo(Kind kind) {
        make(kind);
        for (String asked : new String[] {"recent", "count", "agents"}) {
            Script told = run(new query(), asked);
            assertEquals(Cli.FAILED, told.exit(), told.toString());
            assertTrue(told.said().contains(kind.words), told.toString());
        }
        assertEquals(0, run(new query(), "sql", "SELECT count(*) FROM commits").exit());
    }

    @Test
    void aTrackedRunIsKeptAsALine() {
        make(Kind.VIEW);
        Script tested = run(new track(), "--self-test");
        assertEquals(Cli.FAILED, tested.exit(), tested.out());
        assertTrue(tested.said().contains(Kind.VIEW.words) && tested.said().contains("ok lines start, event, end found"), tested.out());
    }

    /** Rails, dbmate, golang-migrate and others; and ours, used for dates. */
    @Test
    void migrationsOfAnotherToolAreNoStamp() {
        for (String[] theirs : new String[][] {
            {"CREATE TABLE schema_migrations(version VARCHAR PRIMARY KEY)", "INSERT INTO schema_migrations VALUES ('20251210120000')"},
            {"CREATE TABLE schema_migrations(version INTEGER, dirty BOOL)", "INSERT INTO schema_migrations VALUES (12, 0)"},
            {"CREATE TABLE schema_migrations(id INTEGER PRIMARY KEY, name TEXT, applied_at INTEGER)", "INSERT INTO schema_migrations "
                + "VALUES (1, 'a', 1765368000)"},
            {"CREATE TABLE schema_migrations(version INTEGER PRIMARY KEY, applied_at INTEGER, description TEXT)",
                "INSERT INTO schema_migrations VALUES (20251210, 1765368000, 'theirs')"}}) {
            store = Fixture.V3.filled(dir.resolve("s" + theirs[0].hashCode()), 20, Instant.now());
            Sql.execute(store, "DROP TABLE schema_migrations", theirs[0], theirs[1]);
            assertEquals(0, run(new backup()).exit());
            Script health = run(new health());
            assertTrue(health.exit() <= 1 && !health.said().contains("newer"), health.out());
            assertEquals(0, run(new recover(), "--dry-run").exit());
            for (Object[] asked : new Object[][] {{new rebuild(), "--yes"}, {new backup(), "restore", "latest", "--yes"},
                    {new prune(), "runs", "--older-than", "1h", "--yes"}, {new validate_installation()}, {new setup()}}) {
                Script done = run((Callable<?>) asked[0], List.of(asked).subList(1, asked.length).toArray());
                assertTrue(done.exit() <= 1, theirs[0] + asked[0] + done);
                assertFalse(done.said().contains("newer than this"), done.toString());
            }
            assertEquals(1, Sql.rows(store, "SELECT * FROM schema_migrations").size(), theirs[0]);
        }
    }

    @Test
    void onlyIndexesCountAsIndexes() {
        store = Fixture.V3.filled(dir.resolve("s"), 20, Instant.now());
        Sql.execute(store, "DROP INDEX idx_runs_agent", "CREATE VIEW idx_runs_agent AS SELECT 1", "DROP INDEX idx_runs_start",
                "CREATE TRIGGER idx_runs_start AFTER INSERT ON agent_runs BEGIN SELECT 1; END");
        Script health = run(new health());
        assertTrue(health.said().contains("indexes missing: idx_runs_agent, idx_runs_start"), health.out());
        assertEquals(0, run(new query(), "recent", "--agent", "docs-crawler").exit());
    }

    private Script run(Callable<?> script, Object... arguments) {
        return Script.on(store, script, arguments);
    }

    private Map<String, String> bytes() throws Exception {
        Map<String, String> bytes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(store.base())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) bytes.put(file.toString(), Sha256.of(file, done -> { }));
        }
        return bytes;
    }
}
