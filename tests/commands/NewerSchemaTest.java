import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.backup.Backups;
import telemetry.cli.Cli;
import telemetry.cli.Procedure;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.os.Sha256;

/** A database of writers that came after this toolkit: every command says the same, and none changes it or calls it damaged. */
class NewerSchemaTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String NEWER = "this database is newer (v9) than this toolkit (v7 at most); nothing is damaged: update the "
            + "toolkit";

    @TempDir
    Path dir;
    private Store store;

    @BeforeEach
    void fill() {
        store = Fixture.V3.filled(dir.resolve("s"), 20, NOON);
        assertEquals(Cli.OK, run(new backup()).exit());
    }

    @Test
    void aRenamedAndAnAddedColumnAreNoDamage() throws Exception {
        renamed();
        assertEveryCommandSaysTheSame();
    }

    @Test
    void aStampAloneIsEnough() throws Exception {
        Sql.execute(store, "INSERT INTO schema_migrations(version) VALUES (9)");
        assertEveryCommandSaysTheSame();
    }

    /** The writers' own number is what new rows get. */
    @Test
    void soIsWhatANewRowGetsAsItsVersion() throws Exception {
        try (Database database = Database.open(store.database())) {
            database.pragma("writable_schema", "ON");
            database.update("UPDATE sqlite_master SET sql = replace(sql, 'schema_version INTEGER DEFAULT 3', 'schema_version INTEGER "
                    + "DEFAULT ''9''')"
                    + " WHERE name = 'agent_runs'");
            database.pragma("schema_version", database.number("PRAGMA schema_version") + 1);
        }
        assertEveryCommandSaysTheSame();
    }

    @Test
    void migrationsOfAnotherShapeAndRunsUnderAnotherNameAreNewerTooWhereSomethingSaysSo() throws Exception {
        Sql.execute(store, "INSERT INTO schema_migrations(version) VALUES (9)", "ALTER TABLE agent_runs RENAME TO runs");
        assertEveryCommandSaysTheSame();
        Sql.execute(store, "ALTER TABLE runs RENAME TO agent_runs", "ALTER TABLE schema_migrations RENAME COLUMN version TO number",
                "ALTER TABLE agent_runs RENAME COLUMN job_type TO kind");
        Script health = run(new health());
        assertEquals(Cli.UNKNOWN, health.exit(), health.out());
        assertTrue(said(health).contains("is perhaps newer than this toolkit (v7 at most): its table of runs lacks job_type and has "
                + "kind; update the "
                + "toolkit"), health.out());
    }

    @Test
    void noIndexIsMadeInIt() throws Exception {
        Sql.execute(store, "DROP INDEX idx_runs_agent", "INSERT INTO schema_migrations(version) VALUES (9)");
        Map<String, String> before = bytes();
        Script refused = run(new measure_performance(), "--apply-indexes", "--yes");
        assertEquals(Cli.FAILED, refused.exit(), refused.toString());
        assertTrue(said(refused).contains(NEWER), refused.toString());
        assertEquals(before, bytes());
    }

    private void renamed() {
        Sql.execute(store, "ALTER TABLE agent_runs RENAME COLUMN error_summary TO error_text",
                "ALTER TABLE agent_runs ADD COLUMN cost_usd REAL",
                "INSERT INTO schema_migrations(version) VALUES (9)");
    }

    private void assertEveryCommandSaysTheSame() throws Exception {
        Map<String, String> before = bytes();
        Script health = run(new health());
        assertEquals(Cli.UNKNOWN, health.exit(), health.out());
        assertTrue(said(health).contains("failed schema " + NEWER), health.out());
        assertFalse(health.out().contains("Corrupted"), health.out());
        Script plugin = run(new health(), "--nagios");
        assertTrue(plugin.out().startsWith("TELEMETRY UNKNOWN - schema: " + NEWER), plugin.out());
        for (Object[] asked : new Object[][] {{new recover(), "--dry-run"}, {new recover(), "--yes"},
                {new backup(), "restore", "latest", "--yes"},
                {new backup(), "restore", "latest", "--dry-run"}, {new rebuild(), "--dry-run"}, {new rebuild(), "--yes"},
                {new prune(), "runs", "--older-than", "1d", "--yes"}, {new prune(), "stale", "--yes"},
                {new prune(), "stale", "--dry-run"}}) {
            Script refused = run((Procedure) asked[0], List.of(asked).subList(1, asked.length).toArray());
            String what = asked[0].getClass().getName() + " " + asked[1];
            assertEquals(Cli.FAILED, refused.exit(), what + refused);
            assertTrue(said(refused).contains(NEWER), what + refused);
            assertFalse(said(refused).contains("Corrupted") || said(refused).contains("next: jbang recover"), what + refused);
            assertEquals(before, bytes(), what);
        }
        Script installation = run(new validate_installation());
        assertTrue(said(installation).contains("failed database " + NEWER), installation.out());
        assertEquals(before, bytes());
    }

    @Test
    void aBackupIsMadeAndVerifiedAndSaysWhatItKnowsOfTheShape() {
        renamed();
        Script planned = run(new backup(), "--dry-run");
        assertEquals(Cli.OK, planned.exit(), planned.toString());
        assertTrue(planned.out().startsWith("would back up 20 runs"), planned.out());
        var newest = Backups.newestVerified(store).orElseThrow();
        Script made = run(new backup());
        assertEquals(Cli.WARNING, made.exit(), made.toString());
        assertTrue(said(made).contains("20 runs") && said(made).contains(", verified, in "), made.out());
        assertTrue(said(made).contains("newer " + NEWER + "; this copy has its newer shape only as pages, which are as they were"),
                made.out());
        assertTrue(Backups.newestVerified(store).orElseThrow().time().isAfter(newest.time()));
        assertEquals(Cli.OK, run(new backup(), "verify", "latest").exit());
        assertTrue(run(new backup(), "--json").out().contains("\"newer\": \"" + NEWER + "\""));
    }

    @Test
    void queryAnswersFromWhatItKnows() {
        renamed();
        Script recent = run(new query(), "recent", "--limit", "1");
        assertEquals(Cli.OK, recent.exit(), recent.toString());
        assertEquals("query recent: " + NEWER + System.lineSeparator(), recent.err());
        assertTrue(recent.out().contains("20261120T120000Z-link-checker-00000000"), recent.out());
        assertEquals("20" + System.lineSeparator(), run(new query(), "count").out());
        Script failures = run(new query(), "failures", "--json");
        assertTrue(failures.out().contains("\"error_summary\":null"), failures.out());
        assertEquals(Cli.OK, run(new query(), "sql", "SELECT cost_usd FROM agent_runs LIMIT 1").exit());
        Sql.execute(store, "ALTER TABLE agent_runs RENAME COLUMN status TO state");
        Script unanswerable = run(new query(), "stale");
        assertEquals(Cli.FAILED, unanswerable.exit(), unanswerable.toString());
        assertTrue(unanswerable.err().contains(NEWER), unanswerable.err());
    }

    /** The line is the truth; the row waits for a toolkit that knows the table. */
    @Test
    void aTrackedRunIsKeptAsALine() throws Exception {
        renamed();
        byte[] database = Files.readAllBytes(store.database());
        Script tested = run(new track(), "--self-test");
        assertEquals(Cli.FAILED, tested.exit(), tested.out());
        assertTrue(said(tested).contains(NEWER) && said(tested).contains("ok lines start, event, end found"), tested.out());
        assertEquals(Arrays.hashCode(database), Arrays.hashCode(Files.readAllBytes(store.database())));
    }

    @Test
    void setupSaysSoAndAddsNoSample() throws Exception {
        renamed();
        Script made = run(new setup());
        assertEquals(Cli.UNKNOWN, made.exit(), made.toString());
        assertTrue(made.out().contains("odd       " + NEWER), made.out());
        Map<String, String> before = bytes();
        Script refused = run(new setup(), "--sample", "--runs", "5", "--days", "1", "--yes");
        assertEquals(Cli.FAILED, refused.exit(), refused.toString());
        assertTrue(refused.err().contains(NEWER), refused.err());
        assertEquals(before, bytes());
    }

    private Script run(Callable<Integer> script, Object... arguments) {
        List<Object> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--store", store.base()));
        return Script.run(script, all.toArray());
    }

    /** Both streams, with one blank for each gap. */
    private static String said(Script script) {
        return (script.out() + " " + script.err()).replaceAll("\\s+", " ");
    }

    /** Of the database and the lines. */
    private Map<String, String> bytes() throws Exception {
        Map<String, String> bytes = new TreeMap<>();
        for (Path folder : List.of(store.database().getParent(), store.raw(), store.backups()))
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) bytes.put(file.toString(), Sha256.of(file, done -> { }));
            }
        return bytes;
    }
}
