import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogRecord;
import telemetry.Ndjson;
import telemetry.Pruned;
import telemetry.Rebuild;
import telemetry.Replay;
import telemetry.Run;
import telemetry.RunWriter;
import telemetry.Store;
import telemetry.StoreException;

/** A database made anew from the day files, put in the place of whatever stands there. */
@Order(1)
class RebuildTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String RUNS =
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
            delete(store.database());
            Script result = Script.run(new rebuild(), "--store", store.base(), "--yes");
            assertEquals(0, result.exit(), given.name() + result.err());
            assertTrue(result.out().contains("schema v3"), result.out());
            assertTrue(rows(store, "SELECT run_id FROM agent_runs ORDER BY 1").containsAll(before), given.name());
            assertTrue(rows(store, "SELECT run_id, end_time, items_discovered, items_succeeded, items_failed FROM agent_runs")
                    .containsAll(over), given.name());
            assertEquals("wal", pragma(store, "journal_mode"));
        });
    }

    @Test
    void whatAProgramLeftThatDiedWhileItWroteIsNotRolledBackByALook() throws IOException {
        Store store = Fixture.V7_PYTHON.filled(dir, 60, NOON);
        RestoreTest.tear(store);
        Path journal = Path.of(store.database() + "-journal");
        byte[] database = Files.readAllBytes(store.database());
        byte[] left = Files.readAllBytes(journal);
        for (String look : List.of("--check-only", "--dry-run")) {
            Script looked = Script.run(new rebuild(), "--store", dir, look);
            assertEquals(3, looked.exit(), looked.toString());
            assertTrue(looked.err().contains("a program died while it wrote"), looked.err());
            assertArrayEquals(database, Files.readAllBytes(store.database()), look);
            assertArrayEquals(left, Files.readAllBytes(journal), look);
        }
        assertEquals(0, Script.run(new rebuild(), "--store", dir, "--yes").exit());
    }

    @Test
    void theDatabasesFolderMayBeGoneToo() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        delete(store.database());
        Files.delete(store.database().getParent());
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(0, result.exit(), result.err());
        assertEquals(5, rows(store, "SELECT run_id FROM agent_runs").size());
    }

    @Test
    void saysWhatItDid() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        archive(store, new EventLog(store).days().get(0));
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), "null\n", StandardOpenOption.APPEND);
        execute(store, "INSERT INTO commits(commit_hash, run_id) VALUES ('c', 'r')",
                "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('http', 'a', '2026-11-20T00:00:00Z', 'success')");
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(1, result.exit());
        String kept = result.out().replaceAll("(?s).*kept: (.*)/telemetry.sqlite\\s*", "$1");
        assertEquals(String.join(System.lineSeparator(),
                store.database() + ": 61 runs, schema v3, verified",
                "read 141 lines of 3 files: 30 events, 0 repeated records, 1 damaged entry",
                "the damaged entries are kept in " + kept + "/damaged.ndjson",
                "from the old database: 1 run that no day file has",
                "from the old database: 10 runs without an end in the day files",
                "from the old database: the table commits, 1 row",
                "from the old database: the table schema_migrations, 1 row",
                "the database was locked for N",
                "the old one (intact) is kept: " + kept + "/telemetry.sqlite", ""),
                        result.out().replaceAll("locked for .*", "locked for N"));
        assertEquals("{\"file\":\"" + store.raw().resolve("events_20261120.ndjson")
                + "\",\"offset\":" + (Files.size(store.raw().resolve("events_20261120.ndjson")) - 5)
                + ",\"length\":4,\"reason\":\"no object\",\"bytes\":\"bnVsbA==\"}\n", Files.readString(Path.of(kept, "damaged.ndjson")));
        assertEquals("rw-------", permissions(Path.of(kept, "damaged.ndjson")));
        assertEquals("rwx------", permissions(Path.of(kept)));
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
            archive(store, new EventLog(store).days().get(seed));
            delete(store.database());
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
    void severalEndsSayTogetherWhatEachNamesAndASharedEventIdIsTheFirstRunsInAnyOrder() throws IOException {
        Fixture shape = Fixture.V7_PYTHON;
        Run early = shape.run(0, NOON).with("end_time", "2026-11-20T10:00:00Z");
        Run middle = shape.run(0, NOON).with("end_time", "2026-11-20T11:00:00Z");
        Run late = shape.run(0, NOON).with("end_time", "2026-11-20T13:00:00Z").with("event_id", "late");
        List<LogRecord> lines = new ArrayList<>(List.of(
                without(early.with("product", "early").with("platform", "early").with("website", "early"), "insight_id"),
                without(middle.with("product", "middle").with("website", null).with("git_commit_hash", "abc"), "platform"),
                without(late.with("git_commit_hash", null), "product", "platform", "website", "insight_id")));
        for (int n = 1; n < 4; n++) lines.add(shape.run(n, NOON.minusSeconds(n)).with("event_id", "shared"));
        lines.add(shape.run(3, NOON.minusSeconds(3)).with("event_id", "shared"));
        for (int n = 4; n < 1_200; n++) lines.add(shape.run(n, NOON.minusSeconds(n)));
        String first = lines.stream().skip(3).limit(3).map(line -> ((Run) line).id()).min(String::compareTo).orElseThrow();
        for (int seed = 0; seed < 8; seed++) {
            Store store = shape.empty(dir.resolve("s" + seed));
            Collections.shuffle(lines, new Random(seed));
            Files.write(store.raw().resolve("events_20261120.ndjson"), lines.stream().map(Ndjson::line).toList());
            Path made = dir.resolve("made" + seed);
            Rebuild.Result result = new Rebuild(store, Clock.systemUTC()).into(made);
            assertEquals("[" + early.id() + "]", result.conflicts().toString());
            try (Database rebuilt = Database.openFrozen(made); Database replayed = Database.open(store.database());
                    EventLog log = new EventLog(store)) {
                assertEquals(1, new Replay(replayed).apply(log, entry -> { }).conflicts());
                assertTrue(new Replay(replayed).apply(log, entry -> { }).isNothingNew());
                for (Database database : List.of(rebuilt, replayed))
                    assertEquals("2026-11-20T13:00:00Z late middle early null abc " + middle.text("insight_id"),
                            database.query("SELECT end_time"
                                    + " || ' ' || event_id || ' ' || product || ' ' || platform || ' ' || coalesce(website, 'null') "
                                    + "|| ' ' ||"
                            + " git_commit_hash || ' ' || insight_id AS said FROM agent_runs WHERE run_id = ?", early.id())
                            .list().get(0).text("said"), database.file() + " " + seed);
                assertEquals(first, rebuilt.value("SELECT run_id FROM agent_runs WHERE event_id = 'shared'"));
                assertEquals(1_200, rebuilt.number("SELECT count(DISTINCT event_id) FROM agent_runs"));
                assertEquals(1_200, replayed.number("SELECT count(DISTINCT event_id) FROM agent_runs"));
            }
        }
    }

    private static Run without(Run run, String... columns) {
        var fields = new LinkedHashMap<>(run.fields());
        fields.keySet().removeAll(List.of(columns));
        return new Run(fields);
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
        Map<Path, Integer> before = files();
        Script result = Script.run(new rebuild(), "--store", dir, "--check-only");
        assertEquals(1, result.exit(), result.err());
        assertEquals(String.join(System.lineSeparator(),
                "only in the day files: 20261120T090000Z-link-checker-00000003",
                "only in the database: http",
                "different: 20261120T060000Z-link-checker-00000006 (status)",
                "different: 20261120T080000Z-docs-crawler-00000004 (items_failed, host)",
                "59 runs in the database, 59 in the day files: 1 only in the day files, 1 only in the database, 2 different",
                ""), result.out());
        String json = Script.run(new rebuild(), "--store", dir, "--check-only", "--json").out();
        assertTrue(json.contains("\"same\": false") && json.contains("\"run_id\": \"http\""), json);
        Script dry = Script.run(new rebuild(), "--store", dir, "--dry-run");
        assertEquals(0, dry.exit());
        assertTrue(dry.out().contains("would make " + store.database() + " from 3 files")
                && dry.out().contains("1 only in the day files, 1 only in the database, 2 different"), dry.out());
        assertEquals(before, files());
    }

    @Test
    void intoWritesANewFileOnly() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, NOON);
        Map<Path, Integer> before = files();
        Path into = dir.resolve("new.sqlite");
        assertEquals(0, Script.run(new rebuild(), "--store", store.base(), "--into", into).exit());
        var after = new TreeMap<>(files());
        assertTrue(after.remove(into) != null);
        assertEquals(before, after);
        assertEquals(rows(store, RUNS), rows(new Store(dir, into, dir, "test"), RUNS));
        Script again = Script.run(new rebuild(), "--store", store.base(), "--into", into);
        assertEquals("rebuild: cannot write " + into + ": it exists; next: name another file\n",
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
        assertEquals(List.of("new.sqlite", "new.sqlite.damaged.ndjson"), names(there));
        Files.delete(there.resolve("new.sqlite"));
        Script taken = Script.run(new rebuild(), "--store", store.base(), "--into", there.resolve("new.sqlite"));
        assertTrue(taken.err().contains("new.sqlite.damaged.ndjson: it exists"), taken.err());
        assertEquals(64, taken.exit());
        assertEquals(List.of("new.sqlite.damaged.ndjson"), names(there));
    }

    @Test
    void afterAFailureTheFolderOfIntoIsStillThere() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, NOON);
        Path there = Files.createDirectory(dir.resolve("there"));
        List<DayFile> days = new EventLog(store).days();
        var rebuild = new Rebuild(store, Clock.systemUTC()).progress(bytes -> days.get(2).path().toFile().delete());
        StoreException gone = assertThrows(StoreException.class, () -> rebuild.into(there.resolve("new.sqlite")));
        assertEquals(StoreException.Reason.MISSING, gone.reason());
        assertEquals(List.of(), names(there));
    }

    @Test
    void aDamagedDatabaseGivesWhatItCanAndIsKept() throws IOException {
        for (String how : List.of("garbage", "page", "truncated", "empty", "foreign")) {
            Store store = Fixture.V3.filled(dir.resolve(how), 600, NOON);
            execute(store, "INSERT INTO commits(commit_hash, run_id) VALUES ('c', 'r')",
                    "UPDATE agent_runs SET api_posted = 1", "PRAGMA wal_checkpoint(TRUNCATE)");
            if (how.equals("foreign")) execute(store, "DROP TABLE agent_runs");
            byte[] bytes = Files.readAllBytes(store.database());
            byte[] damaged = switch (how) {
                case "garbage" -> "this is no database, but a text that somebody wrote over it".repeat(100)
                        .getBytes(StandardCharsets.UTF_8);
                case "truncated" -> java.util.Arrays.copyOf(bytes, bytes.length / 2);
                case "empty" -> new byte[0];
                default -> bytes;
            };
            if (how.equals("page")) java.util.Arrays.fill(damaged, 4096 * 10, 4096 * 11, (byte) 7);
            Files.write(store.database(), damaged);
            Script result = Script.run(new rebuild(), "--store", store.base(), "--yes");
            assertEquals(how.equals("foreign") || how.equals("page") ? 0 : 1, result.exit(), how + result.err() + result.out());
            assertEquals(600, rows(store, "SELECT run_id FROM agent_runs").size(), how);
            assertEquals("ok", pragma(store, "integrity_check"));
            if (how.equals("page") || how.equals("foreign"))
                assertEquals(1, rows(store, "SELECT * FROM commits").size(), how + result.out());
            Path kept = Path.of(result.out().replaceAll("(?s).*kept: (.*telemetry.sqlite).*", "$1"));
            assertEquals(java.util.Arrays.hashCode(damaged), java.util.Arrays.hashCode(Files.readAllBytes(kept)), how);
            assertEquals(List.of("telemetry.sqlite"), names(store.database().getParent()), how);
        }
    }

    @Test
    void aLogWithoutItsDatabaseIsNotTakenForTheNewOnes() throws IOException {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        try (Database writer = Database.open(store.database())) {
            writer.update("UPDATE agent_runs SET status = 'running'");
            Files.copy(wal(store), dir.resolve("wal"));
        }
        Files.delete(store.database());
        Files.move(dir.resolve("wal"), wal(store));
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(0, result.exit(), result.err());
        assertEquals(5, rows(store, "SELECT 1 FROM agent_runs WHERE status = 'running'").size());
        assertTrue(result.out().contains("the old one (absent) is kept: " + store.quarantine()), result.out());
    }

    @Test
    void aDamagedDatabaseThatSomebodyHasOpenIsLeftAlone() throws Exception {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        Files.writeString(store.database(), "garbage");
        Process holder = new ProcessBuilder("sh", "-c", "exec 3<'" + store.database() + "'; echo ready; read line").start();
        try {
            assertEquals('r', holder.getInputStream().read());
            org.junit.jupiter.api.Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")),
                    "nothing but Linux tells who has a file open");
            Map<Path, Integer> before = files();
            Script result = Script.run(new rebuild(), "--store", dir, "--yes");
            assertEquals(3, result.exit());
            assertTrue(result.err().contains("process " + holder.pid() + " (") && result.err().contains("has it open"), result.err());
            assertEquals(before, files());
        } finally {
            holder.destroy();
            holder.waitFor();
        }
        assertEquals(1, Script.run(new rebuild(), "--store", dir, "--yes").exit());
    }

    @Test
    void writersGoOnAndNothingOfTheirsIsLost() throws Exception {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        execute(store, "DELETE FROM agent_runs WHERE rowid % 7 = 0");
        var stop = new AtomicBoolean();
        List<String> acknowledged = Collections.synchronizedList(new ArrayList<>());
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        Thread agent = new Thread(() -> {
            try (Database database = Database.open(store.database())) {
                var writer = new RunWriter(database);
                for (int n = 1000; !stop.get(); n++) {
                    Run run = Fixture.V3.run(n, NOON.minusSeconds(n));
                    Fixture.append(store, NOON, run);
                    database.inTransaction(() -> writer.write(run));
                    acknowledged.add(run.id());
                    database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status, api_posted) VALUES (?, 'http', "
                            + "'2026', 'success', 1)", "http-" + n);
                    acknowledged.add("http-" + n);
                }
            } catch (RuntimeException | Error e) {
                failures.add(e);
            }
        });
        agent.start();
        for (int i = 0; i < 6; i++) assertEquals(0, Script.run(new rebuild(), "--store", dir, "--yes").exit());
        stop.set(true);
        agent.join();
        assertEquals(List.of(), failures);
        List<String> there = rows(store, "SELECT run_id FROM agent_runs").stream().map(row -> (String) row.get("run_id")).toList();
        assertTrue(new HashSet<>(there).containsAll(acknowledged), "of " + acknowledged.size());
        assertEquals(300 + acknowledged.size(), there.size());
    }

    /** The first waits for a buffer file that is a named pipe. */
    @Test
    void whileOneRebuildsNobodyElseReplacesTheDatabase() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, Script.run(new backup(), "--store", dir).exit());
        delete(store.database());
        Path pipe = Files.createDirectory(dir.resolve("buffer")).resolve("telemetry_1.jsonl");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no named pipes here");
        Process first = Script.processBuilder(Map.of(), "rebuild", "--store", dir, "--yes", "--buffer", pipe.getParent())
                .redirectErrorStream(true).start();
        try {
            Path lock = store.quarantine().resolve(".lock");
            for (int n = 0; n < 3_000 && first.isAlive() && !Files.exists(lock); n++) Thread.sleep(10);
            assertTrue(Files.exists(lock), "it is at work alone");
            for (List<String> command : List.of(List.of("rebuild"), List.of("recover"), List.of("backup", "--restore", "latest"))) {
                List<String> options = new ArrayList<>(command.subList(1, command.size()));
                options.addAll(List.of("--yes", "--store", dir.toString()));
                Script refused = Script.runProcess(Map.of(), command.get(0), options.toArray());
                assertEquals(3, refused.exit(), refused.toString());
                assertTrue(refused.err().contains(command.get(0) + ": cannot replace " + store.database()
                        + ": another restore, recovery or rebuild is at work there; next: wait for it"), refused.err());
            }
            assertTrue(Files.exists(lock));
            Files.write(pipe, new byte[0], StandardOpenOption.WRITE);
            String said = new String(first.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, first.waitFor(), said);
        } finally {
            first.destroyForcibly();
        }
        assertEquals(60, rows(store, RUNS).size());
        assertEquals(0, Script.run(new rebuild(), "--store", dir, "--yes").exit());
        assertEquals(60, rows(store, RUNS).size());
    }

    @Test
    void rowsThatComeWhileItIsReadAreCounted() {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        String row = "INSERT OR IGNORE INTO agent_runs(run_id, agent_name, start_time, status) "
                + "VALUES ('http', 'a', '2026-11-20T00:00:00Z', 'success')";
        Rebuild.Result result = new Rebuild(store, Clock.systemUTC()).progress(bytes -> execute(store, row)).inPlace();
        assertEquals(31, rows(store, RUNS).size());
        assertEquals(31, result.runs());
        assertEquals(0, result.replayed());
    }

    @ParameterizedTest
    @EnumSource(names = {"V3", "V7_PYTHON"})
    void aLockedDatabaseIsNamedAsSuchAndLeftAsItIs(Fixture shape) throws Exception {
        Store store = shape.filled(dir, 30, NOON);
        try (Database holder = Database.open(store.database())) {
            holder.execute("BEGIN IMMEDIATE");
            Map<Path, Integer> before = files();
            var rebuild = new Rebuild(store, Clock.systemUTC()).patience(Duration.ofMillis(200));
            StoreException e = assertThrows(StoreException.class, rebuild::inPlace);
            assertEquals(StoreException.Reason.LOCKED, e.reason());
            assertTrue(e.getMessage().startsWith("cannot begin to write to " + store.database() + ": it is locked"), e.getMessage());
            assertEquals(before, files());
            assertFalse(Files.exists(store.quarantine()));
        }
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
        archive(store, new EventLog(store).days().get(0));
        archive(store, new EventLog(store).days().get(1));
        execute(store, "DELETE FROM agent_runs WHERE run_id LIKE '%00000003'");
        Pruned.of(store).add(List.of(Fixture.V3.run(3, NOON.minusSeconds(3 * 3600)).id()), NOON);
        Script all = Script.run(new rebuild(), "--store", dir, "--yes");
        assertTrue(all.out().contains("59 runs,") && all.out().contains("2 records left out: their runs were pruned"), all.out());
        delete(store.database());
        Script raw = Script.run(new rebuild(), "--store", dir, "--from", "raw", "--into", dir.resolve("raw.sqlite"));
        Script archived = Script.run(new rebuild(), "--store", dir, "--from", "archive", "--into", dir.resolve("archive.sqlite"));
        assertTrue(raw.out().contains("12 runs") && raw.out().contains(" of 1 file:"), raw.out());
        assertTrue(archived.out().contains("of 2 files"), archived.out());
        assertEquals(64, Script.run(new rebuild(), "--store", dir, "--from", "paper").exit());
    }

    /** One byte of a value: what comes out is JSON all the same, and only the checksum at the end tells. */
    @Test
    void linesOfAnArchiveWhoseChecksumFailsAreTakenAndSaidToBeDoubtful() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        DayFile day = new EventLog(store).days().get(0);
        int lines = Files.readAllLines(day.path()).size();
        Path gz = archive(store, day);
        byte[] content;
        try (var in = new GZIPInputStream(Files.newInputStream(gz))) {
            content = in.readAllBytes();
        }
        var stored = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(stored) { { def.setLevel(Deflater.NO_COMPRESSION); } }) {
            out.write(content);
        }
        String wrong = stored.toString(StandardCharsets.ISO_8859_1).replaceFirst("\"agent_owner\": \"ops\"", "\"agent_owner\": \"0ps\"");
        Files.write(gz, wrong.getBytes(StandardCharsets.ISO_8859_1));
        String said = gz + ": 1 damaged entry: damaged or truncated gzip: Corrupt GZIP trailer; any of the " + lines
                + " lines read before may be wrong";
        Script check = Script.run(new rebuild(), "--store", dir, "--check-only");
        assertEquals(1, check.exit(), check.toString());
        assertTrue(check.err().contains("rebuild: " + said), check.err());
        delete(store.database());
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(1, result.exit(), result.toString());
        assertTrue(result.err().contains("rebuild: " + said), result.err());
        assertEquals(60, rows(store, RUNS).size());
    }

    @Test
    void aDamagedArchiveIsNamedAndTheOthersAreRead() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Path gz = archive(store, new EventLog(store).days().get(0));
        byte[] bytes = Files.readAllBytes(gz);
        Files.write(gz, java.util.Arrays.copyOf(bytes, bytes.length - 20));
        Path other = archive(store, new EventLog(store).days().get(1));
        Files.write(other, new byte[] {1, 2});
        delete(store.database());
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(1, result.exit());
        assertTrue(result.out().contains("3 damaged entries"), result.out());
        String kept = Files.readString(Path.of(result.out().replaceAll("(?s).*kept in (.*damaged.ndjson).*", "$1")));
        assertTrue(kept.contains(gz.toString()) && kept.contains(other.toString()) && kept.contains("truncated"), kept);
        assertTrue(rows(store, RUNS).size() >= 36);
    }

    @Test
    void aFileThatMayNotBeReadIsNamedAndTheOthersAreRead() throws Exception {
        assumeTrue(dir.getFileSystem().supportedFileAttributeViews().contains("posix"), "no POSIX permissions here");
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Path gz = archive(store, new EventLog(store).days().get(0));
        Files.setPosixFilePermissions(gz, Set.of());
        int readable = 60 - (int) rows(store, RUNS).stream().filter(row -> row.get("run_id").toString().startsWith("20261118")).count();
        for (String option : List.of("--check-only", "--dry-run", "--into=" + dir.resolve("other.sqlite"), "--yes")) {
            if (option.equals("--yes")) delete(store.database());
            Script result = Script.runWithoutRights("rebuild", "--store", dir, option);
            assertEquals(3, result.exit(), option + result);
            assertEquals(1, result.out().split("rebuild: cannot read " + gz + ": permission denied", -1).length - 1, option + result);
        }
        assertEquals(readable, rows(store, RUNS).size());
        delete(store.database());
        Script recover = Script.runWithoutRights("recover", "--store", dir, "--yes");
        assertEquals(3, recover.exit(), recover.toString());
        assertTrue(recover.out().contains("cannot read " + gz + ": permission denied"), recover.toString());
        assertFalse(Files.exists(store.database()), "a recovery takes all day files or none");
    }

    @Test
    void aDayThatIsArchivedMeanwhileIsReadFromTheArchive() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        delete(store.database());
        List<DayFile> days = new EventLog(store).days();
        var rebuild = new Rebuild(store, Clock.systemUTC()).progress(bytes -> {
            try {
                if (Files.exists(days.get(1).path())) archive(store, days.get(1));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertEquals(60, rebuild.inPlace().runs());
        delete(store.database());
        var raw = new Rebuild(store, Clock.systemUTC()).from(true, false).progress(bytes -> days.get(2).path().toFile().delete());
        assertEquals(StoreException.Reason.MISSING, assertThrows(StoreException.class, raw::inPlace).reason());
        assertFalse(Files.exists(store.database()));
        assertEquals(List.of(), names(store.database().getParent()));
    }

    @Test
    void aLineThatIsBeingWrittenIsNoDamage() throws IOException {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        Path last = new EventLog(store).days().get(1).path();
        String line = Ndjson.line(Fixture.V3.run(77, NOON));
        Files.writeString(last, line.substring(0, 100), StandardOpenOption.APPEND);
        var rebuild = new Rebuild(store, Clock.systemUTC()).progress(bytes -> {
            try {
                if (!Files.readString(last).endsWith("\n")) Files.writeString(last, line.substring(100) + "\n", StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        Rebuild.Result result = rebuild.from(true, false).inPlace();
        assertEquals(0, result.damaged());
        assertEquals(31, result.runs());
    }

    @Test
    void runsThatComeWhileItIsReadAreInItToo() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        delete(store.database());
        List<DayFile> days = new EventLog(store).days();
        var later = new ArrayList<>(List.of(Fixture.V3.run(77, NOON), Fixture.V3.run(78, NOON.plusSeconds(86400))));
        var rebuild = new Rebuild(store, Clock.systemUTC()).progress(bytes -> {
            if (days.stream().mapToLong(day -> day.path().toFile().length()).sum() > bytes) return;
            later.forEach(run -> Fixture.append(store, NOON.plusSeconds(86400), run));
            later.clear();
        });
        Rebuild.Result result = rebuild.inPlace();
        assertEquals(62, rows(store, RUNS).size());
        assertEquals(62, result.runs());
    }

    @Test
    void saysWhatItCannotDo() throws IOException {
        assertEquals(3, Script.run(new rebuild(), "--store", dir.resolve("none"), "--yes").exit());
        assertFalse(Files.exists(dir.resolve("none")));
        Store store = Fixture.V3.empty(dir);
        Script nothing = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(3, nothing.exit());
        assertTrue(nothing.err().startsWith("rebuild: cannot rebuild from the day files in " + dir + ": there is none; "
                + "next: jbang recover@telemetry --store " + dir + ", which looks for other sources too"), nothing.err());
        Fixture.append(store, NOON, Fixture.V3.run(0, NOON));
        Script notThere = Script.run(new rebuild(), "--store", dir, "--from", "archive", "--yes");
        assertEquals(3, notThere.exit());
        assertTrue(notThere.err().startsWith("rebuild: cannot rebuild from the day files in " + store.archive() + ": there is none; "
                + "next: leave --from away"), notThere.err());
        assertEquals(64, Script.run(new rebuild(), "--store", dir).exit(), "it asks, and there is nobody to ask");
        assertEquals(3, Script.run(new rebuild(), "--store", dir, "--buffer", dir.resolve("no such"), "--yes").exit());
        delete(store.database());
        assertEquals(3, Script.run(new rebuild(), "--store", dir, "--check-only").exit());
        Files.writeString(store.database(), "garbage");
        assertEquals(2, Script.run(new rebuild(), "--store", dir, "--check-only").exit());
    }

    private static List<Map<String, Object>> rows(Store store, String sql) {
        try (Database database = Database.open(store.database())) {
            return database.query(sql).stream().map(row -> row.map()).toList();
        }
    }

    private static String pragma(Store store, String name) {
        try (Database database = Database.open(store.database())) {
            return database.pragma(name);
        }
    }

    private static void execute(Store store, String... statements) {
        try (Database database = Database.open(store.database())) {
            for (String statement : statements) database.execute(statement);
        }
    }

    private static Path wal(Store store) {
        return store.database().resolveSibling("telemetry.sqlite-wal");
    }

    private static void delete(Path database) {
        try {
            for (String suffix : List.of("", "-wal", "-shm", "-journal"))
                Files.deleteIfExists(database.resolveSibling(database.getFileName() + suffix));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Path archive(Store store, DayFile day) throws IOException {
        Path folder = Files.createDirectories(store.archive().resolve("year=" + day.day().getYear())
                .resolve("month=" + day.day().getMonthValue()));
        Path gz = folder.resolve(day.path().getFileName() + ".gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gz))) {
            Files.copy(day.path(), out);
        }
        Files.delete(day.path());
        return gz;
    }

    /** Every file and what is in it; SQLite's own -shm is no content. */
    private Map<Path, Integer> files() throws IOException {
        Map<Path, Integer> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(dir)) {
            for (Path file : all.filter(Files::isRegularFile).filter(file -> !file.toString().endsWith("-shm")).toList())
                files.put(file, java.util.Arrays.hashCode(Files.readAllBytes(file)));
        }
        return files;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static String permissions(Path file) throws IOException {
        return java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
