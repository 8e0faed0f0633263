import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static telemetry.kit.AgentsSqlite.found;
import static telemetry.kit.AgentsSqlite.numbers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Store;
import telemetry.kit.AgentsSqlite;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** Indexes that know runs by the numbers of their rows, and triggers that keep them, through what makes a database anew. */
class FullTextTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String AGENT = "link-checker";

    @TempDir
    Path dir;

    /** Rows in another order than the lines, with gaps between their numbers, and a run that only a line has. */
    private Store store(Fixture shape) {
        Store store = shape.filled(dir.resolve("s"), 300, NOON);
        Sql.execute(store, "DELETE FROM agent_runs WHERE rowid % 7 = 0", "UPDATE agent_runs SET rowid = 10000 - 3 * rowid");
        Sql.execute(store, AgentsSqlite.FULL_TEXT);
        return store;
    }

    private static void assertFound(Store store, Map<String, Object> before, int missing) {
        Map<String, Object> now = numbers(store);
        assertEquals(before.size() + missing, now.size());
        before.forEach((id, number) -> assertEquals(number, now.get(id), id));
        assertEquals(100, found(store, AGENT).size());
        found(store, AGENT).forEach((id, agent) -> assertEquals(AGENT, agent, id));
        AgentsSqlite.requireRight(store);
    }

    @ParameterizedTest
    @EnumSource(names = {"V1", "V3", "V7_PYTHON", "V7_SERVICE"})
    void aRebuildKeepsEachRunsNumberAndFillsTheIndexAgain(Fixture shape) {
        Store store = store(shape);
        Map<String, Object> before = numbers(store);
        Script made = Script.run(new rebuild(), "--store", store.base(), "--yes");
        assertEquals(0, made.exit(), made.toString());
        assertFound(store, before, 300 - before.size());
        Sql.execute(store, "INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status) SELECT 'new', 'newcomer', 'j', "
                + "'2026-11-20T12:00:00Z', 'success' WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('agent_runs') WHERE name = 'event_id')");
        if (shape.version() < 6) assertEquals(Map.of("new", "newcomer"), found(store, "newcomer"));
    }

    @Test
    void soDoesOneIntoAnotherFile() throws Exception {
        Store store = store(Fixture.V3);
        Map<String, Object> before = numbers(store);
        Path made = dir.resolve("made/db/telemetry.sqlite");
        Files.createDirectories(made.getParent());
        Script result = Script.run(new rebuild(), "--store", store.base(), "--into", made);
        assertEquals(0, result.exit(), result.toString());
        assertFound(Store.at(dir.resolve("made")), before, 300 - before.size());
    }

    @Test
    void anIndexThatKeepsItsOwnTextComesAlongToo() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 20, NOON);
        Sql.execute(store, "CREATE VIRTUAL TABLE notes USING fts5(note)", "INSERT INTO notes(rowid, note) VALUES (7, 'a word')",
                "CREATE VIRTUAL TABLE bare USING fts5(note, content='')", "INSERT INTO bare(rowid, note) VALUES (9, 'a word')",
                "CREATE VIRTUAL TABLE places USING rtree(id, a, b)", "INSERT INTO places VALUES (3, 1, 2)");
        Path made = dir.resolve("made/db/telemetry.sqlite");
        Files.createDirectories(made.getParent());
        assertEquals(0, Script.run(new rebuild(), "--store", store.base(), "--into", made).exit());
        Store there = Store.at(dir.resolve("made"));
        assertEquals("[{rowid=7, note=a word}]", Sql.rows(there, "SELECT rowid, note FROM notes WHERE notes MATCH 'word'").toString());
        assertEquals("[{rowid=9}]", Sql.rows(there, "SELECT rowid FROM bare WHERE bare MATCH 'word'").toString());
        assertEquals("[{id=3}]", Sql.rows(there, "SELECT id FROM places WHERE a >= 1").toString());
    }

    @Test
    void aDamagedDatabaseIsMadeAnewWithItsIndex() throws Exception {
        Store store = store(Fixture.V3);
        Sabotage.damage(store, "page");
        Script made = Script.run(new rebuild(), "--store", store.base(), "--yes");
        assertTrue(made.exit() <= 1, made.toString());
        assertEquals(100, found(store, AGENT).size());
        AgentsSqlite.requireRight(store);
    }

    @Test
    void aRecoveryFromABackupKeepsItRight() throws Exception {
        Store store = store(Fixture.V3);
        Map<String, Object> before = numbers(store);
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        Sabotage.damage(store, "page");
        Script recovered = Script.run(new recover(), "--store", store.base(), "--yes");
        assertTrue(recovered.exit() <= 1, recovered.toString());
        assertFound(store, before, 300 - before.size());
    }

    @Test
    void soDoesOneWithNothingButTheDamagedFile() throws Exception {
        Store store = store(Fixture.V3);
        Sabotage.damage(store, "page");
        for (Path file : Files.list(store.raw()).toList()) Files.delete(file);
        Script recovered = Script.run(new recover(), "--store", store.base(), "--yes");
        assertEquals(1, recovered.exit(), recovered.toString());
        assertTrue(numbers(store).size() > 200, recovered.out());
        AgentsSqlite.requireRight(store);
        assertEquals(Sql.rows(store, "SELECT 1 FROM agent_runs WHERE agent_name = '" + AGENT + "'").size(), found(store, AGENT).size());
    }

    @Test
    void anIndexThatCameAfterTheBackupIsMadeAndFilled() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 300, NOON);
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        Sql.execute(store, AgentsSqlite.FULL_TEXT);
        Sabotage.damage(store, "page");
        Script recovered = Script.run(new recover(), "--store", store.base(), "--yes");
        assertTrue(recovered.exit() <= 1, recovered.toString());
        assertEquals(100, found(store, AGENT).size());
        assertEquals(3, Sql.rows(store, "SELECT 1 FROM sqlite_master WHERE type = 'trigger'").size(), recovered.out());
        AgentsSqlite.requireRight(store);
    }

    /** It is made from the runs again: no reason to go back to a backup. */
    @ParameterizedTest
    @ValueSource(strings = {"runs_fts_data", "runs_fts_docsize", "notes_idx"})
    void aDamagedIndexCostsNoRow(String part) throws Exception {
        Store store = store(Fixture.V3);
        Sql.execute(store, "CREATE VIRTUAL TABLE notes USING fts5(note)", "INSERT INTO notes(note) VALUES ('a word')");
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        Sql.execute(store, "UPDATE agent_runs SET api_posted = 1",
                "INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status) "
                + "VALUES ('http', 'newcomer', 'j', '2026-11-20T12:00:00Z', 'success')", "INSERT INTO notes(note) VALUES ('another word')");
        Map<String, Object> before = numbers(store);
        Sabotage.overwriteRoot(store, part);
        Script looked = Script.run(new recover(), "--store", store.base(), "--dry-run");
        assertTrue(looked.out().contains("no row is changed"), looked.out());
        Script recovered = Script.run(new recover(), "--store", store.base(), "--yes");
        assertTrue(recovered.exit() <= 1, recovered.toString());
        assertEquals(before.size() + 300 - (before.size() - 1), numbers(store).size());
        before.forEach((id, number) -> assertEquals(number, numbers(store).get(id), id));
        assertEquals(before.size(), Sql.rows(store, "SELECT 1 FROM agent_runs NOT INDEXED WHERE api_posted = 1").size() + 1);
        assertEquals(Map.of("http", "newcomer"), found(store, "newcomer"));
        assertEquals(2, Sql.rows(store, "SELECT 1 FROM notes WHERE notes MATCH 'word'").size());
        AgentsSqlite.requireRight(store);
    }

    @Test
    void whatCannotBeFilledInPlaceIsNamedAndStays() {
        Store store = Fixture.V3.filled(dir.resolve("s"), 20, NOON);
        AgentsSqlite.vectorsByTrigger(store);
        Script made = Script.run(new rebuild(), "--store", store.base(), "--yes");
        assertEquals(1, made.exit(), made.toString());
        String said = made.out().replaceAll("\\s+", " ");
        assertTrue(said.contains("not made here: the virtual table run_vectors, which needs the module vec0"), said);
        assertTrue(said.contains("CREATE TRIGGER runs_vectors"), said);
        assertEquals(20, numbers(store).size());
        assertEquals(1, Sql.rows(store, "SELECT 1 FROM sqlite_master WHERE type = 'trigger'").size());
    }

    @Test
    void whatCannotBeMadeInANewFileIsLeftOutWithItsTriggers() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 20, NOON);
        AgentsSqlite.vectorsByTrigger(store);
        AgentsSqlite.indexByFunction(store);
        Path made = dir.resolve("made/db/telemetry.sqlite");
        Files.createDirectories(made.getParent());
        Script result = Script.run(new rebuild(), "--store", store.base(), "--into", made);
        assertEquals(1, result.exit(), result.toString());
        String said = result.out().replaceAll("\\s+", " ");
        for (String left : new String[] {"the virtual table run_vectors, which needs the module vec0: CREATE VIRTUAL TABLE run_vectors",
            "the trigger runs_vectors, which needs run_vectors: CREATE TRIGGER runs_vectors AFTER INSERT",
            "the index by_word, which needs the function agent_word: CREATE INDEX by_word"}) assertTrue(said.contains("not made here: "
            + left), said);
        Store there = Store.at(dir.resolve("made"));
        Sql.execute(there, "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('x', 'a', '2026-11-20', 'success')");
        assertEquals("[{b=1}]", Sql.rows(there, "SELECT count(b) AS b FROM run_vectors_chunks").toString());
        assertFalse(said.contains("bug"), said);
    }
}
