import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.JsonArray;
import de.siegmar.fastcsv.reader.CsvReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** query sql: statements of one's own, which only read, and their rows in every format, however many. */
class QuerySqlTest {
    private static final Instant LATEST = Instant.parse("2026-11-20T12:00:00Z");

    /** Only looked at. */
    private static Store v3;

    @TempDir
    private Path folder;

    @BeforeAll
    static void makeStore(@TempDir Path shared) {
        v3 = Fixture.V3.filled(shared, 60, LATEST);
    }

    @Test
    void sqlBindsNumbersAsNumbersAndEverythingElseAsText() {
        assertEquals(new Script(0, "[{\"a\":\"integer\",\"b\":\"real\",\"c\":\"text\",\"d\":\"text\",\"e\":\"text\"}]\n", ""),
                QueryTest.query(v3, "sql", "SELECT typeof(?) AS a, typeof(?) AS b, typeof(?) AS c, typeof(?) AS d, typeof(?) AS e",
                        12, "1.5", "007", "1e3", "x", "--json"));
        assertEquals(new Script(0, "[{\"n\":39}]\n", ""),
                QueryTest.query(v3, "sql", "SELECT count(*) AS n FROM agent_runs WHERE duration_ms/1000 > ?", 72, "--json"));
        assertEquals("[{\"x\":-5}]\n", QueryTest.query(v3, "sql", "SELECT ? AS x", -5, "--json").out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT 1", "SELECT ?", "SELECT ?, ?, ?"})
    void aStatementGetsAsManyValuesAsItAsksFor(String sql) {
        Script run = QueryTest.query(v3, "sql", sql, "a", "b");
        assertEquals(64, run.exit(), run.out());
        assertTrue(run.err().contains("asks for") && run.err().contains("2 given") && run.err().lines().count() == 1, run.err());
    }

    @Test
    void aStatementMayStandInAFile() throws IOException {
        Path file = folder.resolve("q.sql");
        Files.writeString(file,
                "\uFEFF-- how many\r\nSELECT count(*) AS n, 'größer' AS w\r\nFROM agent_runs WHERE agent_name = ?;\r\n\r\n");
        assertEquals(new Script(0, "{\"n\":20,\"w\":\"größer\"}\n", ""),
                QueryTest.query(v3, "sql", "--ndjson", "--file", file, "link-checker"));
        assertEquals(64, QueryTest.query(v3, "sql", "--file", folder.resolve("none.sql")).exit());
        assertEquals(64, QueryTest.query(v3, "sql", "--file", folder).exit());
        assertEquals(64, QueryTest.query(v3, "sql").exit());
    }

    @Test
    void whatAJsonObjectCannotHoldAsItIsComesAsTheNearest() {
        assertEquals("[{\"id\":1,\"id_3\":2,\"id_2\":3,\"big\":9223372036854775807,\"r\":0.1,\"inf\":null,"
                + "\"bytes\":\"AP8=\",\"n\":null,\"e\":\"\",\"q\":\"a\\\"\\\\\\n\\u0001\\u2028é\"}]\n",
                QueryTest.query(v3, "sql",
                        "SELECT 1 AS id, 2 AS id, 3 AS id_2, 9223372036854775807 AS big, 0.1 AS r, 9e999 AS inf, x'00ff' AS "
                        + "bytes, NULL AS n, '' AS e, 'a\"\\' || char(10, 1, 8232) || 'é' AS q", "--json").out());
    }

    @Test
    void csvIsQuotedAsRfc4180HasIt() {
        assertEquals("\"a,b\",id,id,n,e,bytes\r\n\"say \"\"x\"\"\r\ny\",1,2,,\"\",AP8=\r\n",
                QueryTest.query(v3, "sql",
                        "SELECT 'say \"x\"' || char(13, 10) || 'y' AS \"a,b\", 1 AS id, 2 AS id, NULL AS n, '' AS e, x'00ff' "
                        + "AS bytes", "--csv").out());
    }

    /** Another program's reader is the judge; as it has no null, that is an empty text to it. */
    @Test
    void aCsvReaderReadsWhatTheDatabaseHas() throws Exception {
        var random = new Random(7);
        String[] pieces = {",", "\"", "\r", "\n", "#", " ", "é", "😀", "x", "'", "\0", ";", "\t"};
        List<List<String>> rows = new ArrayList<>();
        try (Database database = Database.create(folder.resolve("texts.sqlite"))) {
            database.execute("CREATE TABLE texts (a TEXT, b TEXT, c TEXT)");
            for (int n = 0; n < 400; n++) {
                List<String> row = new ArrayList<>();
                for (int i = 0; i < 3; i++)
                    row.add(random.ints(random.nextInt(6), 0, pieces.length).mapToObj(at -> pieces[at]).collect(Collectors.joining()));
                if (n % 50 == 0) row.set(1, "long \" ".repeat(30_000));
                rows.add(row);
                database.update("INSERT INTO texts VALUES (?, ?, ?)", row.get(0), row.get(1), row.get(2).isEmpty() ? null : row.get(2));
            }
        }
        Files.createDirectories(folder.resolve("db"));
        Files.move(folder.resolve("texts.sqlite"), folder.resolve("db/telemetry.sqlite"));
        Script run = Script.runProcess(Map.of(), "query", "sql", "SELECT * FROM texts ORDER BY rowid", "--csv", "--store", folder);
        List<List<String>> read = new ArrayList<>();
        try (var records = CsvReader.builder().ofCsvRecord(run.out())) {
            records.forEach(record -> read.add(record.getFields()));
        }
        assertEquals(List.of("a", "b", "c"), read.remove(0));
        assertEquals(rows, read);
    }

    /** From the hundredth row on values are fetched another way. */
    @Test
    void theLastOfManyRowsIsAsTheFirst() {
        String sql = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1200) SELECT 7 AS a, 1.5 AS b, 'é€😀' AS "
                + "c, '' AS d, NULL AS e, x'00ff' AS f, x'' AS g, CAST(x'ff41' AS TEXT) AS h FROM n";
        for (String format : List.of("--ndjson", "--csv")) {
            List<String> lines = QueryTest.query(v3, "sql", sql, format).out().lines()
                    .skip(format.equals("--csv") ? 1 : 0).distinct().toList();
            assertEquals(1, lines.size(), lines.toString());
        }
        List<String> table = QueryTest.query(v3, "sql", sql).out().lines().toList();
        assertEquals(1201, table.size());
        assertEquals(2, table.stream().distinct().count());
    }

    @Test
    void limitEndsAnyStatement() {
        assertEquals("i\r\n1\r\n2\r\n",
                QueryTest.query(v3, "sql", "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
                "--limit", 2, "--csv").out());
        for (Object limit : List.of(0, -1, "x", 99999999999L)) assertEquals(64, QueryTest.query(v3, "recent", "--limit", limit).exit());
    }

    @ParameterizedTest
    @ValueSource(strings = {"DELETE FROM agent_runs", "delete from agent_runs",
            "INSERT INTO agent_runs(run_id, agent_name, start_time) VALUES ('x', 'y', 'z')", "UPDATE agent_runs SET status = 'failed'",
        "DROP TABLE agent_runs", "CREATE TABLE x(y)", "CREATE TEMP TABLE x(y)", "REPLACE INTO commits(commit_hash) VALUES ('x')",
        "ALTER TABLE agent_runs ADD COLUMN x", "REINDEX", "ANALYZE", "VACUUM", "VACUUM INTO '/tmp/x'",
        "ATTACH 'other.sqlite' AS other", "DETACH main", "BEGIN", "BEGIN IMMEDIATE", "COMMIT", "SAVEPOINT x",
        "backup to 'x'", "restore from 'x'", "/* SELECT */ DELETE FROM agent_runs", "-- SELECT\nDELETE FROM agent_runs",
        "WITH x AS (SELECT 1) DELETE FROM agent_runs", "WITH x AS (SELECT 1) INSERT INTO commits(commit_hash) SELECT * FROM x",
        "SELECT 1; DELETE FROM agent_runs", "SELECT ';'; DROP TABLE agent_runs", "SELECT 1;;SELECT 2",
        "PRAGMA journal_mode=DELETE", "PRAGMA journal_mode(DELETE)", "PRAGMA main.journal_mode = DELETE", "pragma Query_Only = 0",
        "PRAGMA query_only(0)", "PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA user_version = 7",
        "PRAGMA writable_schema = 1", "PRAGMA optimize", "PRAGMA incremental_vacuum", "PRAGMA \"journal_mode\" = DELETE",
        "PRAGMA [query_only]=0", "PRAGMA temp_store_directory = '/tmp'", "PRAGMA", "PRAGMA main", "EXPLAIN PRAGMA query_only = 0",
        "EXPLAIN QUERY PLAN PRAGMA journal_mode=DELETE", "EXPLAIN", "EXPLAIN DELETE FROM agent_runs",
        "SELECT writefile('x', 'y')", "", " ", ";", "-- nothing", "/* open", "SELEC 1", "SELECT", "(SELECT 1)", "SELECT 'open",
        "SELECT * FROM no_such_table", "SELECT no_such_column FROM agent_runs", "\u0000DELETE FROM agent_runs"})
    void whatDoesNotOnlyReadIsRefusedAndChangesNothing(String sql) {
        Map<String, String> before = QueryTest.hashes(v3);
        for (Script run : List.of(QueryTest.query(v3, "sql", sql), QueryTest.query(v3, "sql", sql, "--explain"))) {
            assertEquals(64, run.exit(), run.out() + run.err());
            assertEquals(1, run.err().lines().filter(line -> !line.equals("next: jbang query@telemetry sql --help")).count(), run.err());
            assertEquals("", run.out());
        }
        assertEquals(before, QueryTest.hashes(v3));
    }

    @Test
    void noLibraryIsLoaded() {
        Script run = QueryTest.query(v3, "sql", "SELECT load_extension('x')");
        assertEquals(64, run.exit());
        assertTrue(run.err().contains("not authorized"), run.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT 1", "select 1;", " ;; SELECT 1 ; ; -- end", "VALUES (1)", "WITH x(y) AS (SELECT 1) SELECT y FROM x",
            "PRAGMA table_info(agent_runs)", "PRAGMA main.table_info(agent_runs)",
            "PRAGMA journal_mode", "PRAGMA quick_check", "PRAGMA integrity_check(1)",
        "EXPLAIN SELECT 1", "explain query plan SELECT 1", "SELECT ';' AS \"a;b\", [x;y] FROM (SELECT 1 AS [x;y])",
        "/* ; */ SELECT 1 -- ;", "SELECT * FROM pragma_table_info('agent_runs')", "SELECT 'DELETE'"})
    void whatOnlyReadsIsRun(String sql) {
        Map<String, String> before = QueryTest.hashes(v3);
        assertTrue(QueryTest.json(QueryTest.query(v3, "sql", sql, "--json")).size() > 0);
        assertEquals(before, QueryTest.hashes(v3));
    }

    /** Also those that SQLite lets one ask through a SELECT. */
    @Test
    void noPragmaThatASelectCanReachChangesAnything() {
        Map<String, String> before = QueryTest.hashes(v3);
        Script pragmas = QueryTest.query(v3, "sql", "SELECT name FROM pragma_pragma_list", "--json");
        for (String name : QueryTest.texts(QueryTest.json(pragmas), "name"))
            for (String argument : List.of("", "('DELETE')", "(0)", "('TRUNCATE', 'main')"))
                QueryTest.query(v3, "sql", "SELECT * FROM pragma_" + name + argument + " LIMIT 5");
        assertEquals(before, QueryTest.hashes(v3));
    }

    @ParameterizedTest
    @CsvSource({"recent, idx_runs_start", "run x, sqlite_autoindex_agent_runs_1", "chain x, idx_runs_insight", "agent x, idx_runs_agent",
            "agents, SCAN agent_runs", "failures, idx_runs_status", "stale, idx_runs_st",
            "count, COVERING INDEX", "sql SELECT_*_FROM_agent_runs, SCAN agent_runs"})
    void explainShowsThePlanInsteadOfTheResult(String words, String expected) {
        Object[] args = Stream.concat(Stream.of(words.split(" "))
                .map(word -> word.replace('_', words.startsWith("sql") && word.startsWith("SELECT") ? ' ' : '_')
                .replace("agent runs", "agent_runs")), Stream.of("--explain")).toArray();
        Script run = QueryTest.query(v3, args);
        assertEquals(0, run.exit(), run.err());
        assertTrue(run.out().startsWith("SELECT ") && run.out().contains(expected), run.out());
        JsonArray plan = QueryTest.json(QueryTest.query(v3, Stream.concat(Stream.of(args), Stream.of("--json")).toArray()));
        assertEquals(List.of("statement", "step"), plan.get(0).asObject().names());
    }

    private static final String MANY =
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i, 'text of row ' || i AS t, i * 0.5 AS "
            + "r, NULL AS n FROM n";

    @Test
    void aMillionRowsPassThrough64Megabytes() throws Exception {
        passThrough64Megabytes("--json", 1_000_000);
    }

    @Tag("torture")
    @ParameterizedTest
    @CsvSource({"--ndjson, 1000000", "--csv, 1000001", "--table, 1000001"})
    void aMillionRowsPassThrough64MegabytesInEveryFormat(String format, long lines) throws Exception {
        passThrough64Megabytes(format, lines);
    }

    private void passThrough64Megabytes(String format, long lines) throws Exception {
        List<Object> args = new ArrayList<>(List.of("sql", String.format(MANY, 1_000_000), "--store", v3.base()));
        if (!format.equals("--table")) args.add(format);
        Process process = Script.processBuilder(Map.of("JAVA_TOOL_OPTIONS", "-Xmx64m"), "query", args.toArray())
                .redirectError(folder.resolve("err").toFile()).start();
        long counted = 0;
        byte[] buffer = new byte[1 << 16];
        for (int n = process.getInputStream().read(buffer); n >= 0; n = process.getInputStream().read(buffer))
            for (int i = 0; i < n; i++) if (buffer[i] == '\n') counted++;
        assertEquals(0, process.waitFor(), Files.readString(folder.resolve("err")));
        assertEquals(lines, counted);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--json", "--csv", "--ndjson", "--limit=2000000"})
    void aReaderThatGoesIsNoError(String format) throws Exception {
        Store store = Fixture.V3.empty(folder.resolve("store"));
        Process process = Script.processBuilder(Map.of(), "query", "sql", String.format(MANY, 1_000_000_000),
                "--store", store.base(), format).redirectError(folder.resolve("err").toFile()).start();
        process.getInputStream().readNBytes(100);
        process.getInputStream().close();
        assertTrue(process.waitFor(60, java.util.concurrent.TimeUnit.SECONDS), "it goes on");
        assertEquals(0, process.exitValue());
        assertEquals("", Files.readString(folder.resolve("err")));
    }
}
