import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.cli.Procedure;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** Values that Python's writers take although their column is of another type: rows have them as sqlite3 binds them, lines as json does. */
class OddValuesTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final Clock AT_NOON = Clock.fixed(NOON, ZoneOffset.UTC);

    /** As Python's json has it in a line, with the value that Python binds. */
    private static final Map<String, Object> VALUES = new LinkedHashMap<>();

    static {
        VALUES.put("9223372036854775807", Long.MAX_VALUE);
        VALUES.put("-9223372036854775808", Long.MIN_VALUE);
        VALUES.put("9.3e+18", 9.3e18);
        VALUES.put("1e+300", 1e300);
        VALUES.put("Infinity", Double.POSITIVE_INFINITY);
        VALUES.put("1e999", Double.POSITIVE_INFINITY);
        VALUES.put("-Infinity", Double.NEGATIVE_INFINITY);
        VALUES.put("NaN", null);
        VALUES.put("null", null);
        VALUES.put("5.0", 5.0);
        VALUES.put("5.5", 5.5);
        VALUES.put("0.1", 0.1);
        VALUES.put("1e-07", 1e-7);
        VALUES.put("-3", -3L);
        VALUES.put("true", 1L);
        for (String text : List.of("many", "", "12", " 7 ", "5.0", "1e999", "0x10", "1_000", "\u0663", "999999999999999999999999"))
            VALUES.put('"' + text + '"', text);
    }

    private static final List<String> COLUMNS = List.of("items_discovered", "items_succeeded", "items_failed", "duration_ms",
            "schema_version", "agent_name", "agent_owner", "job_type", "end_time", "error_summary", "product", "host", "insight_id");

    @TempDir
    Path dir;

    private Store store;

    /** A run for each column and value that the table takes, in two lines and a row. */
    private void fill(Fixture shape) throws IOException {
        store = shape.empty(dir);
        var lines = new StringBuilder();
        try (Database database = Database.open(store.database())) {
            for (String column : COLUMNS) for (Map.Entry<String, Object> value : VALUES.entrySet())
                put(database, lines, shape, column, value);
        }
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), lines);
    }

    private static void put(Database database, StringBuilder lines, Fixture shape, String column, Map.Entry<String, Object> value) {
        String id = column + "-" + value.getKey().replace("\"", "'");
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("run_id", id);
        row.put("agent_name", "a" + value.getKey().length() % 3);
        row.put("job_type", "j");
        row.put("start_time", "2026-11-20T11:00:00+00:00");
        row.put("end_time", "2026-11-20T11:01:00+00:00");
        row.put("status", "success");
        for (String count : List.of("items_discovered", "items_succeeded", "items_failed", "duration_ms")) row.put(count, 1L);
        if (shape.version() >= 6) row.put("event_id", "e-" + id);
        var line = new StringBuilder("{\"record_type\": \"run\"");
        row.forEach((name, usual) -> line.append(", \"").append(name).append("\": ").append(name.equals(column) ? value.getKey()
                : usual instanceof String text ? '"' + text.replace("\"", "'") + '"' : usual));
        if (!row.containsKey(column)) line.append(", \"").append(column).append("\": ").append(value.getKey());
        row.put(column, value.getValue());
        try {
            database.update("INSERT INTO agent_runs (" + String.join(", ", row.keySet()) + ") VALUES (?" + ", ?".repeat(row.size() - 1)
                    + ")", row.values().toArray());
        } catch (StoreException refused) {
            return;
        }
        lines.append(line).append("}\n").append(line).append("}\n");
    }

    private Script run(Procedure script, Object... args) {
        script.clock = AT_NOON;
        List<Object> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--store", store.base()));
        Script run = Script.run((Callable<Integer>) script, all.toArray());
        assertFalse(run.exit() >= 64, run.toString());
        return run;
    }

    private List<String> rows() {
        List<String> rows = new ArrayList<>();
        for (String column : COLUMNS) for (Map<String, Object> row : Sql.rows(store, "SELECT run_id, " + column + " AS v, typeof(" + column
                + ") AS t FROM agent_runs ORDER BY run_id")) rows.add(column + " " + row);
        return rows;
    }

    @ParameterizedTest
    @EnumSource(names = {"V3", "V7_PYTHON", "V7_SERVICE"})
    void whatLineAndRowAgreeOnIsNoDifferenceAndARebuildChangesNothing(Fixture shape) throws IOException {
        fill(shape);
        Script compared = run(new rebuild(), "--check-only");
        assertTrue(compared.out().contains("no difference"), compared.toString());
        assertEquals(0, compared.exit(), compared.toString());
        List<String> before = rows();
        assertTrue(before.size() > COLUMNS.size() * 200, before.size() + "");
        Script rebuilt = run(new rebuild(), "--yes");
        assertFalse(rebuilt.toString().contains("different ends"), rebuilt.toString());
        assertEquals(before, rows());
        Script replayed = run(new recover(), "--yes");
        assertEquals(before, rows(), replayed.toString());
    }

    /** Its row stays out of the database of Python's writers: sqlite3 refuses it. Here it comes as near as SQLite can have it. */
    @Test
    void aWholeNumberBeyond64BitsKeepsNoRunOut() throws IOException {
        store = Fixture.V3.empty(dir);
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), "{\"run_id\": \"big\", \"agent_name\": \"a\", \"start_time\": "
                + "\"2026-11-20T11:00:00Z\", \"status\": \"success\", \"items_discovered\": 1180591620717411303424, "
                + "\"items_failed\": 9223372036854775808, \"output_summary\": \"half \\ud83d pair\"}\n");
        assertEquals(0, run(new rebuild(), "--yes").exit());
        assertEquals("[{items_discovered=1.1805916207174113E21, items_failed=9.223372036854776E18, output_summary=half ? pair}]",
                Sql.rows(store, "SELECT items_discovered, items_failed, output_summary FROM agent_runs").toString());
        Script compared = run(new rebuild(), "--check-only");
        assertTrue(compared.out().contains("no difference"), compared.toString());
    }

    @Test
    void sumsNeverOverflowAndNoRowStopsAReport() throws IOException {
        fill(Fixture.V7_PYTHON);
        try (Database database = Database.open(store.database())) {
            for (int n = 0; n < 2; n++) database.update("INSERT INTO agent_runs(run_id, event_id, agent_name, job_type, start_time, "
                    + "status, items_discovered, items_succeeded, items_failed, duration_ms) VALUES (?1, ?1, 'huge', 'j', "
                    + "'2026-11-20T11:00:00Z', 'success', 9223372036854775807, 4611686018427387904, 1, 9223372036854775807)", "h" + n);
        }
        for (String format : List.of("--csv", "--json", "--ndjson")) {
            Script agents = run(new query(), "agents", format);
            assertEquals(0, agents.exit(), agents.toString());
        }
        String huge = run(new query(), "agent", "huge", "--csv").out();
        assertTrue(huge.contains("huge,2,2,0,1.8446744073709552E19,9.223372036854776E18,2,"), huge);
        for (String[] query : new String[][] {{"recent", "--limit", "9999"}, {"failures"}, {"stale"}, {"chain", "many"},
            {"run", "duration_ms-1e+300"}, {"agents", "--since", "2h"}})
            for (String format : List.of("", "--json")) {
                List<String> words = new ArrayList<>(List.of(query));
                if (!format.isEmpty()) words.add(format);
                Script asked = run(new query(), words.toArray());
                assertEquals(0, asked.exit(), words + ": " + asked);
            }
        for (Procedure script : List.of(new health(), new backup())) {
            Script done = run(script);
            assertTrue(done.exit() <= 1, done.toString());
        }
        for (String way : List.of("runs", "stale")) {
            Script pruned = run(new prune(), way, "--older-than", "1m", "--dry-run");
            assertTrue(pruned.exit() <= 1, pruned.toString());
        }
    }
}
