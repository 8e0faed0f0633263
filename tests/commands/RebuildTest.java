import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static telemetry.kit.Sql.execute;
import static telemetry.kit.Sql.rows;

import com.eclipsesource.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Need;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.store.Pruned;
import telemetry.text.Ndjson;

/** A database made anew from the day files, put in the place of whatever stands there. */
@Order(1)
class RebuildTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    static final String RUNS =
            "SELECT run_id, agent_name, status, end_time, items_discovered, items_succeeded, items_failed, error_summary, host FROM "
            + "agent_runs ORDER BY run_id";
    private static final String SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name";

    @TempDir
    Path dir;

    @Test
    void everyStoreHasTheSameRunsAndTheSameSchemaAfterwards() {
        Fixture.all(dir).forEach(given -> {
            Store store = given.store();
            List<Map<String, Object>> before = rows(store, RUNS);
            List<Map<String, Object>> schema = rows(store, SCHEMA);
            Object journal = pragma(store, "journal_mode");
            Script result = Script.run(new rebuild(), "--store", store.base(), "--yes");
            assertEquals(0, result.exit(), given.name() + result.err());
            List<Map<String, Object>> after = rows(store, RUNS);
            assertEquals(given.name().contains("ahead") ? 120 : before.size(), after.size(), given.name());
            assertTrue(after.containsAll(before), given.name());
            assertEquals(schema, rows(store, SCHEMA), given.name());
            assertEquals(journal, pragma(store, "journal_mode"), given.name());
            assertEquals("ok", pragma(store, "integrity_check"), given.name());
            assertEquals(0, Script.run(new rebuild(), "--store", store.base(), "--check-only").exit(), given.name());
        });
    }

    @Test
    void everyStoreComesBackFromItsDayFilesAlone() {
        Fixture.all(dir).forEach(given -> {
            Store store = given.store();
            List<Map<String, Object>> before = rows(store, "SELECT run_id FROM agent_runs ORDER BY 1");
            List<Map<String, Object>> over = rows(store,
                    "SELECT run_id, end_time, items_discovered, items_succeeded, items_failed FROM agent_runs WHERE status <> 'running' "
                    + "ORDER BY 1");
            Sabotage.delete(store.database());
            Script result = Script.run(new rebuild(), "--store", store.base(), "--yes");
            boolean isAmbiguous = given.name().matches(".*[vV][67].*");
            assertEquals(isAmbiguous ? 1 : 0, result.exit(), given.name() + result.out() + result.err());
            assertEquals(isAmbiguous, result.out().contains("the lines do not tell"), result.out());
            String schema = given.name().replaceAll("(?i).*v([67]).*", "v$1 (service)").replaceAll("V([45])", "v$1");
            assertTrue(result.out().contains("schema " + (schema.matches("v[4567].*") ? schema : "v3")), given.name() + result.out());
            assertTrue(rows(store, "SELECT run_id FROM agent_runs ORDER BY 1").containsAll(before), given.name());
            assertTrue(rows(store, "SELECT run_id, end_time, items_discovered, items_succeeded, items_failed FROM agent_runs")
                    .containsAll(over), given.name());
            assertEquals(isAmbiguous ? "delete" : "wal", pragma(store, "journal_mode"));
        });
    }

    @Test
    void theDatabasesFolderMayBeGoneToo() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Sabotage.delete(store.database());
        Files.delete(store.database().getParent());
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(0, result.exit(), result.err());
        assertEquals(5, rows(store, "SELECT run_id FROM agent_runs").size());
    }

    @Test
    void saysWhatItDid() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Fixture.archive(store, new EventLog(store).days().get(0));
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), "null\n", StandardOpenOption.APPEND);
        execute(store, "INSERT INTO commits(commit_hash, run_id) VALUES ('c', 'r')",
                "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('http', 'a', '2026-11-20T00:00:00Z', 'success')");
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(1, result.exit());
        String kept = result.out().replaceAll("(?s).*kept: (.*)[/\\\\]telemetry.sqlite\\s*", "$1");
        assertEquals(String.join(System.lineSeparator(),
                store.database() + ": 61 runs, schema v3, verified",
                "read 141 lines of 3 files: 30 events, 0 repeated records, 1 damaged entry",
                "the damaged entries are kept in " + Path.of(kept, "damaged.ndjson"),
                "from the old database: 1 run that no day file has",
                "from the old database: 10 runs without an end in the day files",
                "from the old database: the table commits, 1 row",
                "from the old database: the table schema_migrations, 1 row",
                "the database was locked for N",
                "the old one (intact) is kept: " + Path.of(kept, "telemetry.sqlite"), ""),
                        result.out().replaceAll("locked for .*", "locked for N"));
        assertEquals("{\"file\":" + Json.value(store.raw().resolve("events_20261120.ndjson").toString())
                + ",\"offset\":" + (Files.size(store.raw().resolve("events_20261120.ndjson")) - 5)
                + ",\"length\":4,\"reason\":\"no object\",\"bytes\":\"bnVsbA==\"}\n", Files.readString(Path.of(kept, "damaged.ndjson")));
        if (Need.PERMISSIONS.isMet()) {
            assertEquals("rw-------", permissions(Path.of(kept, "damaged.ndjson")));
            assertEquals("rwx------", permissions(Path.of(kept)));
        }
        try (Database old = Database.openFrozen(Path.of(kept, "telemetry.sqlite"))) {
            assertEquals(61, old.number("SELECT count(*) FROM agent_runs"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatOnlyTheOldDatabaseKnowsIsCarriedOver(Fixture shape) {
        Store store = shape.filled(dir, 30, NOON);
        execute(store, "ALTER TABLE agent_runs ADD COLUMN custom_metadata TEXT",
                "CREATE TABLE notes(a INTEGER PRIMARY KEY AUTOINCREMENT, \"the text\" TEXT)", "INSERT INTO notes VALUES (7, 'n')",
                "DELETE FROM notes", "INSERT INTO notes(\"the text\") VALUES ('kept')",
                "CREATE INDEX \"my index\" ON agent_runs(host, custom_metadata)", "CREATE VIEW v AS SELECT 1 AS one",
                "CREATE TRIGGER t AFTER INSERT ON agent_runs BEGIN INSERT INTO notes(\"the text\") VALUES ('fired'); END",
                "UPDATE agent_runs SET api_posted = 1, api_posted_at = 'then', api_retry_count = 3, created_at = 'long ago', updated_at = "
                        + "'before', custom_metadata = 'of ' || run_id",
                "UPDATE agent_runs SET items_failed = 77 WHERE status = 'running'",
                "UPDATE agent_runs SET status = 'partial', end_time = '2026-11-20' WHERE status = 'running' AND rowid % 2 = 0",
                "INSERT INTO run_events(run_id, event_type, timestamp) VALUES ('x', 'y', 'z')", "PRAGMA user_version = 42");
        if (shape.version() >= 4) execute(store, "UPDATE agent_runs SET git_commit_hash = 'abc' WHERE rowid = 3");
        execute(store, "UPDATE agent_runs SET run_id = 'http' " + (shape.version() >= 6 ? ", event_id = 'http-event'" : "")
                + " WHERE rowid = 5", "UPDATE agent_runs SET host = 'wrong' WHERE rowid = 4");
        String before = rows(store, "SELECT * FROM agent_runs ORDER BY run_id").toString().replace("wrong", "ws-0");
        List<Map<String, Object>> schema = rows(store, SCHEMA);
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(0, result.exit(), result.err());
        assertTrue(result.out().contains("from the old database: the column custom_metadata, 30 values"), result.out());
        List<Map<String, Object>> after = new ArrayList<>(rows(store, "SELECT * FROM agent_runs ORDER BY run_id"));
        assertEquals(31, after.size(), "the run that had been renamed is back");
        after.removeIf(row -> row.get("api_posted_at") == null);
        assertEquals(before, after.toString());
        assertEquals(schema, rows(store, SCHEMA));
        assertEquals("[{a=8, the text=kept}]", rows(store, "SELECT * FROM notes").toString(), "no trigger fired");
        assertEquals(1, rows(store, "SELECT * FROM run_events").size());
        Path other = dir.resolve("other.sqlite");
        assertEquals(0, Script.run(new rebuild(), "--store", dir, "--into", other).exit());
        Store copy = new Store(dir, other, store.raw(), "test");
        assertEquals(rows(store, "SELECT * FROM agent_runs ORDER BY run_id"), rows(copy, "SELECT * FROM agent_runs ORDER BY run_id"));
        assertEquals(schema, rows(copy, SCHEMA));
        assertEquals("[{a=8, the text=kept}]", rows(copy, "SELECT * FROM notes").toString());
        assertEquals("42", pragma(copy, "user_version"));
        assertEquals(pragma(store, "journal_mode"), pragma(copy, "journal_mode"));
        execute(copy, "INSERT INTO notes(\"the text\") VALUES ('next')");
        assertEquals(1, rows(copy, "SELECT * FROM notes WHERE a = 9").size(), "no number is given out twice");
    }

    @Test
    void linesOfOlderAndNewerWritersEachOverwriteWhatTheyName() {
        Store store = Fixture.V5.filled(dir, 4, NOON);
        execute(store, "UPDATE agent_runs SET website = 'db', item_name = 'db'");
        Fixture.append(store, NOON, Fixture.V5.run(0, NOON).with("website", "line"));
        Fixture.append(store, NOON, Fixture.V5.run(1, NOON.minusSeconds(3600)).with("website", null).with("item_name", "line"));
        assertEquals(0, Script.run(new rebuild(), "--store", dir, "--yes").exit());
        assertEquals("[{website=line, item_name=db}, {website=null, item_name=line}, {website=db, item_name=db}, {website=db, "
                + "item_name=db}]",
                rows(store, "SELECT website, item_name FROM agent_runs ORDER BY start_time DESC").toString());
        assertEquals(0, Script.run(new rebuild(), "--store", dir, "--check-only").exit());
    }

    @Test
    void aServiceStoreKeepsItsNumbersAndItsSeveralRowsOfOneRun() {
        Store store = Fixture.V7_SERVICE.filled(dir, 12, NOON);
        Run second = Fixture.V7_SERVICE.run(0, NOON).with("event_id", "second");
        Fixture.append(store, NOON, second);
        Fixture.append(store, NOON, Fixture.V7_SERVICE.run(99, NOON.plusSeconds(1)));
        Fixture.append(store, NOON, Fixture.V7_SERVICE.run(98, NOON.minusSeconds(1)));
        execute(store, "UPDATE agent_runs SET id = id + 100");
        String before = rows(store, "SELECT id, event_id, run_id FROM agent_runs ORDER BY id").toString();
        for (int i = 0; i < 2; i++) {
            assertEquals(0, Script.run(new rebuild(), "--store", dir, "--yes").exit());
            List<Map<String, Object>> after = rows(store, "SELECT id, event_id, run_id FROM agent_runs ORDER BY id");
            assertEquals(before, after.subList(0, 12).toString());
            assertEquals(List.of(113L, 114L, 115L), after.subList(12, 15).stream().map(row -> row.get("id")).toList());
            assertEquals(List.of("second"), rows(store, "SELECT event_id FROM agent_runs WHERE event_id = 'second'")
                    .stream().map(row -> row.get("event_id")).toList());
        }
    }

    @Test
    void twiceAndOnShuffledFilesTheContentIsTheSame() throws IOException {
        String expected = null;
        for (int seed = 0; seed < 6; seed++) {
            Store store = Fixture.V3.empty(dir.resolve("s" + seed));
            List<LogRecord> lines = new ArrayList<>();
            for (int n = 0; n < 80; n++) lines.addAll(Fixture.lines(Fixture.V3.run(n, NOON.minusSeconds(n)), n));
            Run end = Fixture.V3.run(0, NOON);
            lines.addAll(List.of(end, end.with("host", "a"), end.with("host", "b"),
                    end.with("end_time", "2026-11-20T13:30:00+02:00").with("host", "z")));
            lines.add(Fixture.V3.run(5, NOON.minusSeconds(5)).with("host", "other"));
            var fewer = new HashMap<>(Fixture.V3.run(1, NOON.minusSeconds(1)).fields());
            fewer.keySet().removeAll(List.of("host", "metrics_json"));
            lines.add(new Run(fewer));
            Collections.shuffle(lines, new Random(seed));
            for (int i = 0; i < lines.size(); i++)
                Files.writeString(store.raw().resolve("events_202611" + (10 + i % 7) + ".ndjson"),
                        Ndjson.line(lines.get(i)) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            Fixture.archive(store, new EventLog(store).days().get(seed));
            Sabotage.delete(store.database());
            for (int pass = 0; pass < 2; pass++) {
                Script result = Script.run(new rebuild(), "--store", store.base(), "--yes");
                assertEquals(0, result.exit(), result.err());
                assertTrue(result.out().contains("several different ends, the latest counts: " + fewer.get("run_id") + ", " + end.id()),
                        result.out());
                String content = rows(store, RUNS).toString();
                if (expected == null) expected = content;
                assertEquals(expected, content);
                assertFalse(content.contains("host=z"), "an earlier end loses against a later one");
            }
        }
    }

    @Test
    void checkOnlyListsBothWaysAndChangesNothing() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        execute(store, "DELETE FROM agent_runs WHERE run_id LIKE '%00000003'",
                "UPDATE agent_runs SET host = 'other', items_failed = 9 WHERE run_id LIKE '%00000004'",
                "UPDATE agent_runs SET status = 'running' WHERE run_id LIKE '%00000006'",
                "UPDATE agent_runs SET start_time = '2026-11-20 12:00:00' WHERE run_id LIKE '%00000000'",
                "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('http', 'a', '2026-11-20T00:00:00Z', 'success')",
                "PRAGMA wal_checkpoint(TRUNCATE)");
        Pruned.of(store).add(List.of(Fixture.V3.run(7, NOON.minusSeconds(7 * 3600)).id()), NOON);
        execute(store, "DELETE FROM agent_runs WHERE run_id LIKE '%00000007'");
        Map<Path, Integer> before = Folder.files(dir);
        Script result = Script.run(new rebuild(), "--store", dir, "--check-only");
        assertEquals(1, result.exit(), result.err());
        assertEquals(String.join(System.lineSeparator(),
                "59 runs in the database, 59 in the day files: 1 only in the day files, 1 only in the database, 2 different",
                "only in the day files: 20261120T090000Z-link-checker-00000003",
                "only in the database: http",
                "different: 20261120T060000Z-link-checker-00000006 (status)",
                "different: 20261120T080000Z-docs-crawler-00000004 (items_failed, host)",
                ""), result.out());
        assertEquals("rebuild: a rebuild takes what the day files say (runbook: Data Loss)" + System.lineSeparator()
                + "next: jbang rebuild@telemetry --dry-run --store " + dir + System.lineSeparator(), result.err());
        String json = Script.run(new rebuild(), "--store", dir, "--check-only", "--json").out();
        assertTrue(json.contains("\"same\": false") && json.contains("\"run_id\": \"http\""), json);
        assertEquals(4, json.split("\"run_id\"", -1).length - 1, json);
        Script dry = Script.run(new rebuild(), "--store", dir, "--dry-run");
        assertEquals(0, dry.exit());
        assertTrue(dry.out().contains("would make " + store.database() + " from 3 files")
                && dry.out().contains("1 only in the day files, 1 only in the database, 2 different"), dry.out());
        assertEquals(before, Folder.files(dir));
    }

    @Test
    void ofManyDifferencesTheSumComesFirstThenTwentyAndInJsonAll() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        execute(store, "DELETE FROM agent_runs WHERE rowid <= 33");
        List<String> lines = Script.run(new rebuild(), "--store", dir, "--check-only").out().lines().toList();
        assertEquals(22, lines.size());
        assertEquals("27 runs in the database, 60 in the day files: 33 only in the day files, 0 only in the database, 0 different",
                lines.get(0));
        assertEquals("… and 13 more; --json lists all", lines.get(21));
        String json = Script.run(new rebuild(), "--store", dir, "--check-only", "--json").out();
        assertEquals(33, json.split("\"run_id\"", -1).length - 1, json);
    }

    @Test
    void intoWritesANewFileOnly() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, NOON);
        Map<Path, Integer> before = Folder.files(dir);
        Path into = dir.resolve("new.sqlite");
        assertEquals(0, Script.run(new rebuild(), "--store", store.base(), "--into", into).exit());
        var after = new TreeMap<>(Folder.files(dir));
        assertTrue(after.remove(into) != null);
        assertEquals(before, after);
        assertEquals(rows(store, RUNS), rows(new Store(dir, into, dir, "test"), RUNS));
        Script again = Script.run(new rebuild(), "--store", store.base(), "--into", into);
        assertEquals("rebuild: cannot write " + into + ": it exists; name another file\n",
                again.err().replace(System.lineSeparator(), "\n"));
        assertEquals(64, again.exit());
        assertEquals(64, Script.run(new rebuild(), "--store", store.base(), "--into", dir.resolve("other"), "--check-only").exit());
        Script dry = Script.run(new rebuild(), "--store", store.base(), "--into", dir.resolve("other"), "--dry-run");
        assertTrue(dry.out().startsWith("would make " + dir.resolve("other") + " from 3 files ("), dry.out());
        assertTrue(dry.out().contains("; the database of the store now is intact"), dry.out());
        assertFalse(Files.exists(dir.resolve("other")));
    }

    @Test
    void intoTakesABareNameAndKeepsDamagedLinesBesideTheNewFile() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("store"), 6, NOON);
        Files.writeString(new EventLog(store).days().get(0).path(), "null\n", StandardOpenOption.APPEND);
        Path there = Files.createDirectory(dir.resolve("there"));
        ProcessBuilder builder = Script.processBuilder(Map.of(), "rebuild", "--store", store.base(), "--into", "new.sqlite");
        Process process = builder.directory(there.toFile()).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(1, process.waitFor(), out);
        assertTrue(out.startsWith(there.toRealPath().resolve("new.sqlite") + ": 6 runs"), out);
        assertEquals(List.of("new.sqlite", "new.sqlite.damaged.ndjson"), Folder.names(there));
        Files.delete(there.resolve("new.sqlite"));
        Script taken = Script.run(new rebuild(), "--store", store.base(), "--into", there.resolve("new.sqlite"));
        assertTrue(taken.err().contains("new.sqlite.damaged.ndjson: it exists"), taken.err());
        assertEquals(64, taken.exit());
        assertEquals(List.of("new.sqlite.damaged.ndjson"), Folder.names(there));
    }

    @Test
    void buffersOfLaterClientsBecomeOneRowARun() throws IOException {
        Store store = Fixture.V7_PYTHON.filled(dir.resolve("store"), 12, NOON);
        Path buffer = Files.createDirectories(dir.resolve("buffer"));
        List<String> lines = new ArrayList<>();
        for (int n = 100; n < 108; n++) lines.add(Ndjson.line(Fixture.V7_PYTHON.run(n, NOON)).replace(", \"record_type\": \"run\"", ""));
        int n = 0;
        for (String name : List.of("telemetry_1.jsonl", "telemetry_2.jsonl.active",
                "telemetry_3.ready", "telemetry_4.jsonl.synced", "other.jsonl"))
            Files.writeString(buffer.resolve(name), lines.get(n) + "\n" + lines.get(n++) + "\n" + lines.get(n) + "\n");
        for (int pass = 0; pass < 2; pass++) {
            Script result = Script.run(new rebuild(), "--store", store.base(), "--buffer", buffer, "--yes");
            assertEquals(0, result.exit(), result.err());
            assertEquals(17, rows(store, "SELECT run_id FROM agent_runs").size());
        }
    }

    @Test
    void prunedRunsStayAwayAndFromChoosesTheFiles() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Fixture.archive(store, new EventLog(store).days().get(0));
        Fixture.archive(store, new EventLog(store).days().get(1));
        execute(store, "DELETE FROM agent_runs WHERE run_id LIKE '%00000003'");
        Pruned.of(store).add(List.of(Fixture.V3.run(3, NOON.minusSeconds(3 * 3600)).id()), NOON);
        Script all = Script.run(new rebuild(), "--store", dir, "--yes");
        assertTrue(all.out().contains("59 runs,") && all.out().contains("2 records left out: their runs were pruned"), all.out());
        Sabotage.delete(store.database());
        Script raw = Script.run(new rebuild(), "--store", dir, "--from", "raw", "--into", dir.resolve("raw.sqlite"));
        Script archived = Script.run(new rebuild(), "--store", dir, "--from", "archive", "--into", dir.resolve("archive.sqlite"));
        assertTrue(raw.out().contains("12 runs") && raw.out().contains(" of 1 file:"), raw.out());
        assertTrue(archived.out().contains("of 2 files"), archived.out());
        assertEquals(64, Script.run(new rebuild(), "--store", dir, "--from", "paper").exit());
    }

    static String pragma(Store store, String name) {
        try (Database database = Database.open(store.database())) {
            return database.pragma(name);
        }
    }

    static Path wal(Store store) {
        return store.database().resolveSibling("telemetry.sqlite-wal");
    }

    private static String permissions(Path file) throws IOException {
        return java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
