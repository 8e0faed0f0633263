package telemetry.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.os.Machine;

/** SQLite's own words for what it finds, told apart by what they are about. */
class IntegrityTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void anIndexThatLacksEntriesIsAboutTheIndexAlone() {
        Path file = made("CREATE INDEX i ON t(a)", "CREATE UNIQUE INDEX u ON t(b)");
        Sabotage.withoutIndex(file, "i", "INSERT INTO t(a, b) VALUES ('later', 'once')");
        Sabotage.withoutIndex(file, "u", "INSERT INTO t(a, b) VALUES ('later', 'b1')", "UPDATE t SET b = 'other' WHERE a = 'a2'");
        var found = look(file, false);
        assertEquals(Set.of(Integrity.Kind.INDEX), kindsOf(found), found.toString());
        assertTrue(found.isIndexOnly() && !found.isSound());
    }

    @Test
    void aRowThatItsTableWouldNotTakeIsAboutTheRow() {
        Path file = made();
        try (Database database = Database.open(file)) {
            database.pragma("ignore_check_constraints", "ON");
            database.update("INSERT INTO t(a, b, n) VALUES ('bad', 'b', -1)");
        }
        Sabotage.spell(file, "t", "a TEXT,", "a TEXT NOT NULL,", "UPDATE t SET a = NULL WHERE b = 'b3'");
        for (boolean quick : new boolean[] {true, false}) {
            var found = look(file, quick);
            assertEquals(Set.of(Integrity.Kind.ROW), kindsOf(found), found.toString());
            assertEquals(2, found.texts().stream().map(error -> error.replaceAll(" in .*", "")).distinct().count(), found.toString());
        }
    }

    @Test
    void aPageIsDamageWhateverElseIsFound() throws IOException {
        Path file = made("CREATE INDEX i ON t(a)");
        try (var pages = new RandomAccessFile(file.toFile(), "rw")) {
            pages.seek(2 * 4096 + 7);
            pages.write(200);
        }
        var found = look(file, false);
        assertTrue(kindsOf(found).contains(Integrity.Kind.PAGE) && !found.isIndexOnly(), found.toString());
    }

    @Test
    void nothingIsWrongWithASoundDatabase() {
        var found = look(Fixture.V3.filled(dir, 40, NOON), false);
        assertEquals("integrity_check ok", found.toString());
        assertTrue(found.isSound() && found.isWhole() && !found.isIndexOnly());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rowsThatBreakANotNullOrACheckAreNoDamage(boolean quick) {
        Store store = Fixture.V3.filled(dir, 40, NOON);
        Sabotage.breakConstraints(store);
        var found = look(store, quick);
        assertEquals(Set.of(Integrity.Kind.ROW), kindsOf(found));
        assertTrue(found.isSound() && !found.isIndexOnly());
        assertTrue(found.toString().matches("nothing is damaged, but rows break a NOT NULL or CHECK: \\w+_check found 43 errors "
                + "in agent_runs: ([^;]+; ){3}…"), found.toString());
        assertTrue(found.texts().containsAll(Set.of("NULL value in agent_runs.host", "CHECK constraint failed in agent_runs")));
        String sql = "SELECT * FROM \"agent_runs\" WHERE \"host\" IS NULL";
        assertEquals(Machine.isWindows() ? store.command("query", "sql", sql).command().toString()
                : "jbang query@telemetry sql '" + sql + "' --store " + dir,
                found.trouble("database", store).hint().command().toString());
    }

    /** 43 lines about rows come before nothing else; damage behind them is seen all the same. */
    @Test
    void damageBehindRowsThatBreakARuleIsSeen() throws IOException {
        Store store = Fixture.V3.filled(dir, 400, NOON);
        Sabotage.breakConstraints(store);
        Sabotage.damage(store, "page");
        var found = look(store, false);
        assertFalse(found.isSound() || found.isIndexOnly());
        assertTrue(kindsOf(found).contains(Integrity.Kind.PAGE), found.toString());
    }

    @Test
    void anIndexThatLacksRowsIsAnIndexOnly() {
        Store store = Fixture.V3.filled(dir, 40, NOON);
        Sabotage.withoutIndex(store.database(), "idx_runs_agent", "UPDATE agent_runs SET agent_name = 'renamed' WHERE rowid < 5");
        var found = look(store, false);
        assertEquals(Set.of(Integrity.Kind.INDEX), kindsOf(found));
        assertTrue(found.isIndexOnly() && !found.isSound());
        assertTrue(found.toString().startsWith("only indexes are damaged: integrity_check found 4 errors in agent_runs: row 1 missing from "
                + "index idx_runs_agent; "), found.toString());
        assertTrue(look(store, true).isSound(), "quick_check does not compare them");
    }

    /** SQLite's integrity_check ends there with "malformed"; its tables can be read from one end to the other. */
    @ParameterizedTest
    @ValueSource(strings = {"idx_runs_agent", "sqlite_autoindex_agent_runs_1"})
    void anIndexWhosePageIsOverwrittenIsAnIndexOnly(String index) throws IOException {
        Store store = Fixture.V3.filled(dir, 400, NOON);
        Sabotage.overwriteRoot(store, index);
        for (boolean quick : new boolean[] {true, false}) {
            var found = look(store, quick);
            assertEquals(Set.of(Integrity.Kind.INDEX), kindsOf(found), found.texts().toString());
            assertTrue(found.toString().startsWith("only indexes are damaged: "), found.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"agent_runs", "commits"})
    void aTableWhosePageIsOverwrittenIsDamaged(String table) throws IOException {
        Store store = Fixture.V3.filled(dir, 400, NOON);
        Sabotage.overwriteRoot(store, table);
        for (boolean quick : new boolean[] {true, false}) {
            var found = look(store, quick);
            assertTrue(kindsOf(found).contains(Integrity.Kind.PAGE) && !found.isIndexOnly(), found.texts().toString());
            assertTrue(found.lines().get(0).table().equals(table) && found.lines().get(0).text().startsWith("Tree "), found.toString());
        }
    }

    private Path made(String... statements) {
        Path file = dir.resolve("some.sqlite");
        try (Database database = Database.create(file)) {
            database.execute("CREATE TABLE t (a TEXT, b TEXT, n INTEGER CHECK(n >= 0))");
            database.update("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT 500) "
                    + "INSERT INTO t SELECT 'a' || i, 'b' || i, i FROM c");
            for (String statement : statements) database.execute(statement);
        }
        return file;
    }

    private static Integrity look(Store store, boolean quick) {
        return look(store.database(), quick);
    }

    private static Integrity look(Path file, boolean quick) {
        try (Database database = Database.openToRead(file)) {
            return Integrity.of(database, null, quick, null);
        }
    }

    private static Set<Integrity.Kind> kindsOf(Integrity found) {
        return found.lines().stream().map(Integrity.Line::kind).collect(Collectors.toSet());
    }
}
