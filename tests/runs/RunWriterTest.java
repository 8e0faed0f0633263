package telemetry.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;

/** Recognising a schema and writing runs in it, on every version. */
class RunWriterTest {
    private static final Instant NOON = Instant.parse("2025-12-10T12:00:00Z");

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource
    void everyVersionIsRecognisedByItsColumns(Fixture shape) {
        try (Database database = Database.openToRead(shape.empty(dir).database())) {
            Schema schema = Schema.of(database);
            assertEquals(shape.version(), schema.version());
            assertEquals(shape == Fixture.V7_SERVICE ? Schema.Shape.SERVICE : shape.version() >= 6
                    ? Schema.Shape.PYTHON : Schema.Shape.RUNBOOK, schema.shape());
            assertEquals(shape.version() < 3 ? List.of("no table commits") : List.of(), schema.oddities());
        }
    }

    @Test
    void theStampIsNotTrustedAndWhatIsMissingIsSaid() {
        Store store = Fixture.V2.empty(dir);
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO schema_migrations(version) VALUES (3)");
            database.execute("DROP INDEX idx_runs_start");
            assertEquals(List.of("no table commits", "stamped v3, has the columns of v2", "indexes missing: idx_runs_start"),
                    Schema.of(database).oddities());
            database.execute("ALTER TABLE agent_runs DROP COLUMN error_summary");
            assertEquals("columns missing: error_summary", Schema.of(database).oddities().get(0));
            StoreException e = assertThrows(StoreException.class, () -> Schema.require(database));
            assertTrue(e.getMessage().contains("agent_runs lacks [error_summary]"), e.getMessage());
            database.execute("DROP TABLE agent_runs");
            assertEquals(Schema.Shape.NONE, Schema.of(database).shape());
            assertTrue(assertThrows(StoreException.class, () -> new RunWriter(database))
                    .getMessage().contains("it has no table agent_runs"));
        }
    }

    @Test
    void creatingTwiceChangesNothing() {
        try (Database database = Database.create(dir.resolve("d.sqlite"))) {
            assertEquals("v3", Schema.create(database).toString());
            assertEquals("wal", database.pragma("journal_mode"));
            String before = database.query("SELECT sql FROM sqlite_master ORDER BY name").list().toString();
            Schema.create(database);
            assertEquals(before, database.query("SELECT sql FROM sqlite_master ORDER BY name").list().toString());
            assertEquals(1, database.number("SELECT count(*) FROM schema_migrations"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void theEndBeatsTheStartWhateverTheOrder(Fixture shape) {
        try (Database database = Database.open(shape.empty(dir).database())) {
            var writer = new RunWriter(database);
            Run end = shape.run(3, NOON);
            Run start = (Run) Fixture.lines(end, 3).get(0);
            assertTrue(writer.write(start));
            assertEquals("running", database.value("SELECT status FROM agent_runs"));
            assertTrue(writer.write(end));
            assertFalse(writer.write(start), "a start never overwrites");
            writer.write(end);
            Row row = database.one("SELECT count(*) AS n, * FROM agent_runs").orElseThrow();
            assertEquals(1, row.number("n"));
            assertEquals(shape.version() >= 6 ? "failure" : "failed", row.text("status"));
            for (String column : List.of("run_id", "agent_name", "start_time", "end_time",
                    "items_failed", "duration_ms", "error_summary", "metrics_json", "host"))
                assertEquals(end.fields().get(column), row.get(column), column);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatOnlyTheDatabaseKnowsStays(Fixture shape) {
        try (Database database = Database.open(shape.empty(dir).database())) {
            var writer = new RunWriter(database);
            writer.write((Run) Fixture.lines(shape.run(0, NOON), 0).get(0));
            database.update("UPDATE agent_runs SET api_posted = 1, api_retry_count = 4, created_at = '2020-01-01 00:00:00'");
            writer.write(shape.run(0, NOON).with("api_posted", 0L).with("created_at", null));
            Row row = database.one("SELECT * FROM agent_runs").orElseThrow();
            assertEquals(1, row.number("api_posted"));
            assertEquals(4, row.number("api_retry_count"));
            assertEquals("2020-01-01 00:00:00", row.text("created_at"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRunWithOddOrMissingValuesIsStillTaken(Fixture shape) {
        try (Database database = Database.open(shape.empty(dir).database())) {
            var writer = new RunWriter(database);
            writer.write(new Run(Map.of("run_id", "20251210T120530Z-odd-agent-0a1b2c3d")));
            Row bare = database.one("SELECT * FROM agent_runs").orElseThrow();
            assertEquals("odd-agent", bare.text("agent_name"));
            assertEquals("2025-12-10T12:05:30.000000+00:00", bare.text("start_time"));
            assertEquals("running", bare.text("status"));
            assertEquals(0, bare.number("items_failed"));
            var odd = new HashMap<String,
            Object>(Map.of("run_id", "x", "status", "exploded", "end_time", "2025-12-10 12:00:00", "trigger_type", "carrier pigeon",
                    "items_failed", -3L, "items_discovered", "many", "items_succeeded", "12", "git_commit_source",
                    "rumour", "no_such_column", 1L));
            writer.write(new Run(odd));
            Row row = database.one("SELECT * FROM agent_runs WHERE run_id = 'x'").orElseThrow();
            assertEquals("x", row.text("agent_name"));
            assertEquals("1970-01-01T00:00:00.000000+00:00", row.text("start_time"));
            assertEquals("partial", row.text("status"));
            assertEquals(shape == Fixture.V7_SERVICE ? 0 : -3, row.number("items_failed"));
            assertEquals(0, row.number("items_discovered"));
            assertEquals(12, row.number("items_succeeded"));
            assertEquals(null, row.get("trigger_type"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyStatusOfEveryWriterHasAWordInEverySchema(Fixture shape) {
        try (Database database = Database.open(shape.empty(dir).database())) {
            var writer = new RunWriter(database);
            for (RunStatus status : RunStatus.values())
                for (String word : status.words()) {
                    writer.write(shape.run(0, NOON).with("run_id", word).with("event_id", word).with("status", word));
                    RunStatus written = RunStatus.of(database.value("SELECT status FROM agent_runs WHERE run_id = ?", word).toString());
                    boolean known = shape.version() >= 6 || status != RunStatus.TIMEOUT && status != RunStatus.CANCELLED;
                    assertEquals(known ? status : RunStatus.FAILED, written);
                }
        }
    }

    @Test
    void aRunWithoutEventIdFindsItsRowInAServiceStore() {
        try (Database database = Database.open(Fixture.V7_SERVICE.empty(dir).database())) {
            var writer = new RunWriter(database);
            Run run = Fixture.V7_SERVICE.run(0, NOON);
            writer.write((Run) Fixture.lines(run, 0).get(0));
            var older = new HashMap<>(run.fields());
            older.remove("event_id");
            writer.write(new Run(older));
            assertEquals(1, database.number("SELECT count(*) FROM agent_runs"));
            assertEquals("success", database.value("SELECT status FROM agent_runs"));
            older.put("run_id", "other");
            writer.write(new Run(older));
            writer.write(new Run(older));
            assertEquals(2, database.number("SELECT count(*) FROM agent_runs"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEndThatMovesTheRunElsewhereIsWholeInTheRow(Fixture shape) {
        Store store = shape.empty(dir);
        Run end = shape.run(0, NOON);
        try (Database database = Database.open(store.database())) {
            var writer = new RunWriter(database);
            writer.write(end.with("status", "running").with("end_time", null).with("agent_name", "another").with("job_type", "other")
                    .with("start_time", "2025-12-10 11:00:00"));
            assertTrue(writer.write(end));
            Row row = database.one("SELECT * FROM agent_runs").orElseThrow();
            for (String column : List.of("agent_name", "job_type", "start_time", "end_time", "items_discovered"))
                assertEquals(end.text(column), row.text(column), column);
        }
    }

    @Test
    void anEndRewritesNoIndexThatStaysTheSame() {
        Store store = Fixture.V3.empty(dir);
        Run end = Fixture.V3.run(0, NOON);
        try (Database database = Database.open(store.database())) {
            var writer = new RunWriter(database);
            database.inTransaction(() -> writer.write(end.with("status", "running").with("end_time", null)));
            long before = pagesOfLog(store);
            database.inTransaction(() -> writer.write(end));
            assertEquals(2, pagesOfLog(store) - before, "the table's and that of the index on status");
        }
    }

    /** Source: sqlite.org/fileformat2.html, The Write-Ahead Log: a header of 32 bytes, then a frame of 24 for each page. */
    private static long pagesOfLog(Store store) {
        return (store.database().resolveSibling("telemetry.sqlite-wal").toFile().length() - 32) / (4096 + 24);
    }
}
