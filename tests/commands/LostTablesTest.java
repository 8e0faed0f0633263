import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Row;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Python;
import telemetry.kit.Script;
import telemetry.kit.ServiceStore;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;

/** A database that is gone: the new one has the tables of those who write the lines, and they can go on. */
class LostTablesTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    /** As writers insert: every column of the table, and one update afterwards. */
    private static final String WRITER = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            columns = [r[1] for r in c.execute("PRAGMA table_info(agent_runs)") if r[1] != 'id']
            given = dict(run_id='new-run', event_id='new-event', agent_name='a', job_type='j', status='running', trigger_type='cli',
                start_time='2026-11-20T13:00:00+00:00', schema_version=int(sys.argv[2]), git_commit_source='llm', created_at='now',
                items_discovered=0, items_succeeded=0, items_failed=0, items_skipped=0, duration_ms=0, api_posted=0, api_retry_count=0)
            c.execute("INSERT INTO agent_runs (%s) VALUES (%s)" % (', '.join(columns), ', '.join('?' * len(columns))),
                [given.get(column) for column in columns])
            key = 'event_id' if 'event_id' in columns else 'run_id'
            c.execute("UPDATE agent_runs SET status = ?, end_time = ? WHERE %s = ?" % key,
                ('failure' if 'event_id' in columns else 'failed', 'then', given[key]))
            c.commit()
            print(c.execute("SELECT count(*) FROM agent_runs").fetchone()[0], c.execute("PRAGMA journal_mode").fetchone()[0])
            """;

    @TempDir
    Path dir;

    private final ServiceStore.Run first = new ServiceStore.Run("reused", "event-1", NOON, NOON.plusSeconds(60), "{\"n\": 1}");
    private final ServiceStore.Run second = new ServiceStore.Run("reused", "event-2", NOON.plusSeconds(5), NOON.plusSeconds(65),
            "{\"n\": 2}");

    @ParameterizedTest
    @EnumSource(SchemaForm.class)
    void theTablesAskedForAreMadeToTheByteAndTheirWritersGoOn(SchemaForm form) {
        if (form.version() < 3) return;
        Store store = lines(3);
        Script made = Script.on(store, new rebuild(), "--yes", "--schema", form);
        assertEquals(0, made.exit(), made.toString());
        assertEquals(tables(form), tables(store), form.toString());
        assertEquals("4 " + form.journal().toLowerCase(), Python.run(WRITER, store.database(), form.version()));
        assertEquals(0, Script.on(store, new rebuild(), "--yes", "--schema", form).exit(), "the same tables again: in place");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rebuild", "recover", "setup"})
    void theServicesTablesComeBackByThemselvesAndTwoRunsOfOneIdStayTwo(String command) {
        ServiceStore service = ServiceStore.empty(dir).lines(first).lines(second);
        service.loseDatabase();
        Script made = Script.on(service.store(), command.equals("rebuild") ? new rebuild() : command.equals("recover") ? new recover()
                : new setup(), "--yes");
        assertEquals(command.equals("setup") ? 1 : 0, made.exit(), made.toString());
        assertFalse(made.said().contains("do not tell"), made.toString());
        if (command.equals("setup")) assertEquals(0, Script.on(service.store(), new rebuild(), "--yes").exit());
        assertEquals(tables(SchemaForm.V7_SERVICE), tables(service.store()));
        assertEquals(List.of("event-1", "event-2"), service.column("SELECT event_id FROM agent_runs ORDER BY event_id"));
        Script same = Script.on(service.store(), new rebuild(), "--check-only");
        assertEquals(0, same.exit(), same.toString());
        assertTrue(same.out().contains("2 runs in the database, 2 in the day files: no difference"), same.toString());
        assertEquals("3 delete", Python.run(WRITER, service.store().database(), 7));
    }

    @Test
    void oneOfTwoRunsWithOneIdIsMissedByEveryCommandAndBroughtBack() {
        ServiceStore service = ServiceStore.empty(dir).lines(first).lines(second).row(first, "{\"n\": 1}");
        Script differs = Script.on(service.store(), new rebuild(), "--check-only");
        assertTrue(differs.out().contains("1 only in the day files, 0 only in the database, 0 different"), differs.toString());
        Script health = Script.on(service.store(), new health(), "--compare", "9999d");
        assertTrue(health.out().contains("1 run"), health.toString());
        Script recovered = Script.on(service.store(), new recover(), "--yes");
        assertEquals(List.of("{\"n\": 1}", "{\"n\": 2}"), service.column("SELECT metrics_json FROM agent_runs ORDER BY event_id"),
                recovered.toString());
    }

    @Test
    void whatTheLinesDoNotTellIsSaidAndCanBeDecidedAfterwards() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir, 30, NOON);
        Files.delete(store.database());
        Script dry = Script.on(store, new rebuild(), "--dry-run");
        assertEquals(1, dry.exit(), dry.toString());
        assertTrue(dry.out().contains("tables would be v7-service"), dry.toString());
        Script made = Script.on(store, new rebuild(), "--yes");
        assertEquals(1, made.exit(), made.toString());
        assertTrue(made.said().contains("the lines do not tell whether the Python client or the service keeps this database; the service's "
                + "tables are chosen, which lose nothing of either (rebuild --schema v7-python makes the client's)"), made.toString());
        assertEquals(tables(SchemaForm.V7_SERVICE), tables(store));
        try (Database database = Database.open(store.database())) {
            database.update("UPDATE agent_runs SET api_posted = 1, git_commit_hash = 'abc' WHERE event_id = (SELECT max(event_id) FROM "
                    + "agent_runs)");
            database.update("INSERT INTO commits(commit_hash, run_id) VALUES ('abc', 'r')");
        }
        Script dryAgain = Script.on(store, new rebuild(), "--dry-run", "--schema", "v7-python");
        assertTrue(dryAgain.out().contains("tables would be v7-python"), dryAgain.toString());
        Script decided = Script.on(store, new rebuild(), "--yes", "--schema", "v7-python");
        assertEquals(0, decided.exit(), decided.toString());
        assertEquals(tables(SchemaForm.V7_PYTHON), tables(store));
        try (Database database = Database.openToRead(store.database())) {
            assertEquals(30, database.number("SELECT count(*) FROM agent_runs"));
            assertEquals(1, database.number("SELECT count(*) FROM agent_runs WHERE api_posted = 1 AND git_commit_hash = 'abc'"));
            assertEquals(1, database.number("SELECT count(*) FROM commits"));
        }
        assertTrue(decided.out().contains("the old one (intact) is kept"), decided.toString());
    }

    @Test
    void aBackupTellsWhatTheLinesDoNot() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir, 6, NOON);
        assertEquals(0, Script.on(store, new backup()).exit());
        Files.delete(store.database());
        Script made = Script.on(store, new rebuild(), "--yes");
        assertEquals(0, made.exit(), made.toString());
        assertEquals(tables(SchemaForm.V7_PYTHON), tables(store));
    }

    @ParameterizedTest
    @EnumSource
    void theVersionOfTheNewestLineCountsWhereverItStands(Fixture shape) throws Exception {
        Store store = shape.filled(dir, 20, NOON);
        Files.delete(store.database());
        Script.on(store, new rebuild(), "--yes");
        SchemaForm expected = shape.version() >= 6 ? SchemaForm.of(shape.version(), Schema.Shape.SERVICE)
                : SchemaForm.of(Math.max(3, shape.version()), Schema.Shape.RUNBOOK);
        assertEquals(tables(expected), tables(store));
    }

    @Test
    void oneNewLineAmongManyOldOnesIsFoundInTheMiddleOfAFile() throws Exception {
        Store store = Fixture.V3.filled(dir, 20, NOON);
        Path day = store.raw().resolve("events_20261101.ndjson");
        String filler = "{\"run_id\": \"r\", \"event_type\": \"info\", \"timestamp\": \"2026-11-01T00:00:00+00:00\", \"payload_json\": null, \"id\": "
                + "null, \"record_type\": \"event\"}\n";
        Files.writeString(day, filler.repeat(1_000) + first.startLine() + "\n" + first.endLine() + "\n" + filler.repeat(1_000));
        Files.delete(store.database());
        Script made = Script.on(store, new rebuild(), "--yes");
        assertTrue(made.out().contains("21 runs, schema v7 (service)"), made.toString());
        assertEquals(tables(SchemaForm.V7_SERVICE), tables(store));
    }

    @Test
    void anOpenDatabaseIsNotReplacedByOneOfOtherTables() throws Exception {
        ServiceStore service = ServiceStore.empty(dir).lines(first).row(first, null);
        Script refused;
        try (Agent holder = Agent.holding(service.store(), "BEGIN")) {
            refused = Script.on(service.store(), new rebuild(), "--yes", "--schema", "v7-python");
        }
        assertEquals(3, refused.exit(), refused.toString());
        assertEquals(tables(SchemaForm.V7_SERVICE), tables(service.store()));
    }

    @Test
    void anUnknownFormIsRefused() {
        Script wrong = Script.on(lines(1), new rebuild(), "--yes", "--schema", "v8");
        assertEquals(64, wrong.exit());
        assertTrue(wrong.err().contains("expected one of v3, v4, v5, v6-python, v6-service, v7-python, v7-service but was 'v8'"),
                wrong.err());
        assertEquals(64, Script.on(lines(1), new rebuild(), "--check-only", "--schema", "v3").exit());
    }

    private Store lines(int runs) {
        ServiceStore service = ServiceStore.empty(dir.resolve("s"));
        for (int n = 0; n < runs; n++)
            service.lines(new ServiceStore.Run("run-" + n, "event-" + n, NOON.plusSeconds(n), NOON.plusSeconds(n + 60), "{\"n\": " + n
            + "}"));
        service.loseDatabase();
        return service.store();
    }

    private String tables(SchemaForm form) {
        Path file = dir.resolve("expected-" + form + ".sqlite");
        try (Database database = Database.create(file)) {
            Schema.create(database, form);
            return tables(database);
        }
    }

    private static String tables(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return tables(database);
        }
    }

    private static String tables(Database database) {
        return database.pragma("journal_mode") + "\n" + database.query("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY "
                + "name").stream().map(Row::map).map(Object::toString).collect(Collectors.joining("\n")) + "\n"
                + database.value("SELECT max(version) || max(description) FROM schema_migrations");
    }
}
