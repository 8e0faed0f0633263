package telemetry.rebuild;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.TelemetryClient;
import telemetry.kit.ServiceStore;
import telemetry.runs.RunWriter;
import telemetry.runs.SchemaForm;

/** When rows of v6 and v7 came into being and changed last, their first duration, and the words that their tables take. */
class RowTimesTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String TIMES = "SELECT created_at || ' ' || updated_at FROM agent_runs ORDER BY run_id";

    @TempDir
    Path dir;

    private final ServiceStore.Run ended = new ServiceStore.Run("run-1", "event-1", NOON, NOON.plusSeconds(60), "{\"n\": 1}");
    private final ServiceStore.Run running = new ServiceStore.Run("run-2", "event-2", NOON.plusSeconds(9), null, "null");
    private final ServiceStore.Run startless = new ServiceStore.Run("run-3", "event-3", NOON.plusSeconds(20), NOON.plusSeconds(80), "null");
    private final ServiceStore.Run swapped = new ServiceStore.Run("run-4", "event-4", NOON.plusSeconds(30), NOON.plusSeconds(90),
            "{\"n\": 4}");

    private final List<String> expected = List.of("2026-11-20T12:00:00.002000+00:00 2026-11-20T12:01:00.000000+00:00",
            "2026-11-20T12:00:09.002000+00:00 2026-11-20T12:00:09.002000+00:00",
            "2026-11-20T12:00:20.000000+00:00 2026-11-20T12:01:20.000000+00:00",
            "2026-11-20T12:00:30.002000+00:00 2026-11-20T12:01:30.000000+00:00");

    private ServiceStore lines(SchemaForm form) {
        return ServiceStore.empty(dir, form).lines(ended).lines(running).append(startless.end(), startless.endLine())
                .append(NOON.minusSeconds(86_400), swapped.endLine()).append(NOON, swapped.startLine());
    }

    @ParameterizedTest
    @EnumSource(names = {"V6_PYTHON", "V7_PYTHON", "V7_SERVICE"})
    void aRebuildTakesThemFromTheLines(SchemaForm form) {
        ServiceStore service = lines(form);
        service.loseDatabase();
        new Rebuild(service.store(), Clock.systemUTC()).schema(form).inPlace();
        assertEquals(expected, service.column(TIMES));
        assertEquals(List.of("0"), service.column("SELECT duration_ms FROM agent_runs WHERE status = 'running'"));
    }

    @ParameterizedTest
    @EnumSource(names = {"V6_PYTHON", "V7_PYTHON", "V7_SERVICE"})
    void aReplayTakesThemFromTheLinesAndLeavesTheRowsOfOthers(SchemaForm form) {
        ServiceStore service = lines(form);
        try (Database database = Database.open(service.store().database())) {
            new Replay(database).apply(new EventLog(service.store()));
            List<String> first = service.column(TIMES);
            assertEquals(expected.subList(0, 3), first.subList(0, 3));
            database.update("UPDATE agent_runs SET created_at = 'theirs', updated_at = 'theirs'");
            assertTrue(new Replay(database).apply(new EventLog(service.store())).isNothingNew());
            assertEquals(List.of("theirs theirs"), service.column(TIMES.replace("SELECT", "SELECT DISTINCT").replace("run_id", "1")));
        }
        assertEquals(0, new Rebuild(service.store(), Clock.systemUTC()).differences(difference -> { }).different());
        new Rebuild(service.store(), Clock.systemUTC()).inPlace();
        assertEquals(List.of("theirs theirs"), service.column(TIMES.replace("SELECT", "SELECT DISTINCT").replace("run_id", "1")));
    }

    @ParameterizedTest
    @EnumSource(names = {"V3", "V5", "V6_SERVICE", "V7_PYTHON", "V7_SERVICE"})
    void ourOwnRunsHaveThemAsTheWritersDo(SchemaForm form) throws Exception {
        ServiceStore service = ServiceStore.empty(dir, form);
        try (TelemetryClient client = TelemetryClient.at(service.store(), Clock.fixed(NOON, ZoneOffset.UTC), warning -> { })) {
            RunContext run = client.start("a", "j");
            String expected = form.version() >= 6 ? "2026-11-20T12:00:00+00:00 2026-11-20T12:00:00+00:00 0" : null;
            String seen = "SELECT created_at || ' ' || updated_at || ' ' || coalesce(duration_ms, '') FROM agent_runs";
            if (expected != null) assertEquals(List.of(expected), service.column(seen));
            else assertFalse(service.column(seen).get(0).contains("T"), service.column(seen).toString());
            List<Run> lines = runs(service);
            assertEquals(form.version() >= 6 ? "2026-11-20T12:00:00+00:00" : null, lines.get(0).text("created_at"));
            assertEquals(form.version() >= 6 ? "2026-11-20T12:00:00+00:00" : null, lines.get(0).text("updated_at"));
            assertEquals(form.version() >= 6 ? (Long) 0L : null, lines.get(0).number("duration_ms"));
            client.end(run, RunStatus.SUCCESS);
            Run end = runs(service).get(1);
            assertEquals(null, end.text("created_at"));
            assertTrue(end.fields().containsKey("created_at"));
            if (expected != null) assertEquals(List.of(expected), service.column(seen));
        }
    }

    private static List<Run> runs(ServiceStore service) {
        EventLog log = new EventLog(service.store());
        return log.days().stream().flatMap(log::read).map(entry -> (Run) entry.record()).toList();
    }

    @Test
    void whatATableDoesNotLimitIsAsTheLineSaysIt() {
        String limited = "CREATE TABLE agent_runs(run_id TEXT PRIMARY KEY, agent_name TEXT NOT NULL, job_type TEXT, schema_version, start_time TEXT, "
                + "end_time TEXT, items_discovered, items_succeeded, items_failed, duration_ms, error_summary TEXT, ";
        String[][] given = {
            {"status TEXT, trigger_type TEXT, git_commit_source TEXT", "timeout", "odd", "robot", "timeout odd robot"},
            {"status TEXT, trigger_type TEXT, git_commit_source TEXT", "parked", "odd", "robot", "parked odd robot"},
            {"status TEXT CHECK(status IN ('running', 'success', 'failed', 'partial')), trigger_type TEXT CHECK (\"trigger_type\" IN ('cli', "
                    + "'it''s')), git_commit_source TEXT CHECK(git_commit_source IN ('manual', NULL))", "timeout", "it's", "robot",
                "failed it's robot"},
            {"status TEXT, trigger_type TEXT CHECK((trigger_type IS NULL OR lower(trigger_type) IN ('cli'))), git_commit_source TEXT, CHECK "
                    + "(git_commit_source IN ('manual','llm')) /* , 'robot' */, CHECK(status <> 'odd')", "cancelled", "CLI", "robot",
                "cancelled CLI null"},
            {"status TEXT CHECK(status IN ('running', 'success', 'failure')), trigger_type TEXT CHECK(trigger_type IN ('cli')), "
                    + "git_commit_source TEXT", "failed", "web", null, "failure null null"}};
        for (String[] one : given) try (Database database = Database.create(dir.resolve(one[4].replace(' ', '_') + ".sqlite"))) {
            database.execute(limited + one[0] + ")");
            Run run = new Run(java.util.Map.of("run_id", "r", "agent_name", "a", "start_time", "2026-11-20T12:00:00Z", "end_time",
                    "2026-11-20T12:01:00Z", "status", one[1], "trigger_type", one[2])).with("git_commit_source", one[3]);
            assertTrue(new RunWriter(database).write(run));
            Row row = database.one("SELECT * FROM agent_runs").orElseThrow();
            assertEquals(one[4], row.text("status") + " " + row.text("trigger_type") + " " + row.text("git_commit_source"), one[0]);
            assertEquals(RunWriter.Standing.SAME, new RunWriter(database).standing(run));
        }
    }
}
