package telemetry.rebuild;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.kit.ServiceStore;

/** JSON in lines as objects and in rows as text: of equal value it is no difference, and what is written is as Python writes it. */
class JsonColumnsTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String OBJECT = "{\"pages\": 3, \"ratio\": 0.1, \"t\": \"\\u00e4\", \"big\": 1e+16, \"loss\": NaN}";

    @TempDir
    Path dir;

    private static ServiceStore.Run run(int n, String metrics) {
        Instant start = NOON.plusSeconds(n);
        return new ServiceStore.Run("run-" + n, "event-" + n, start, start.plusSeconds(60), metrics);
    }

    @Test
    void aHealthyStoreHasNoDifferenceAndAReplayRewritesNothing() {
        ServiceStore service = ServiceStore.empty(dir);
        List<String> texts = List.of(OBJECT, "{\"t\": \"ä\", \"pages\": 3.0, \"ratio\": 0.10, \"loss\": NaN, \"big\": 10000000000000000}",
                OBJECT.replace(": ", ":").replace(", ", ","));
        for (int n = 0; n < texts.size(); n++) service.lines(run(n, OBJECT)).row(run(n, OBJECT), texts.get(n));
        service.lines(run(3, "\"{\\\"a\\\":1}\"")).row(run(3, null), "{\"a\": 1}");
        assertEquals(List.of(), differences(service));
        List<String> before = service.column("SELECT metrics_json || updated_at FROM agent_runs ORDER BY id");
        try (Database database = Database.open(service.store().database())) {
            assertTrue(new Replay(database).apply(new EventLog(service.store())).isNothingNew());
        }
        assertEquals(before, service.column("SELECT metrics_json || updated_at FROM agent_runs ORDER BY id"));
    }

    @Test
    void anotherValueIsADifferenceAndIsWrittenAsPythonWritesIt() {
        ServiceStore service = ServiceStore.empty(dir);
        service.lines(run(0, "{\"a\":1,\"f\":2e23}")).row(run(0, null), "{\"a\": 1, \"f\": 2e+22}");
        service.lines(run(1, "{\"a\":[1]}")).row(run(1, null), null);
        service.lines(run(2, "{\"a\":1,\"ä\":{}}"));
        assertEquals(List.of("only in the day files: run-2", "different: run-0 (metrics_json)", "different: run-1 (metrics_json)"),
                differences(service));
        try (Database database = Database.open(service.store().database())) {
            assertEquals(3, new Replay(database).apply(new EventLog(service.store())).brought());
        }
        List<String> written = List.of("{\"a\": 1, \"f\": 2e+23}", "{\"a\": [1]}", "{\"a\": 1, \"\\u00e4\": {}}");
        assertEquals(written, service.column("SELECT metrics_json FROM agent_runs ORDER BY run_id"));
        new Rebuild(service.store(), Clock.systemUTC()).inPlace();
        assertEquals(written, service.column("SELECT metrics_json FROM agent_runs ORDER BY run_id"));
    }

    private static List<String> differences(ServiceStore service) {
        List<String> found = new ArrayList<>();
        new Rebuild(service.store(), Clock.systemUTC()).differences(difference -> found.add(difference.toString()));
        return found;
    }
}
