package telemetry.recording;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import telemetry.Database;
import telemetry.NewRun;
import telemetry.Row;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.kit.Fixture;

/** Lines of ours beside those that the Python clients of both generations wrote for the same run, ids and times. */
class PythonLinesTest {
    private static final String V3 = "{\"run_id\": \"20261029T124456Z-hugo-translator-8660e301\", \"agent_name\": \"hugo-translator\", \"job_type\": "
            + "\"crawl\", \"trigger_type\": \"cli\", \"start_time\": \"2026-10-29T12:44:56.958280+00:00\", \"schema_version\": 3, \"agent_owner\": null, "
            + "\"end_time\": END, \"status\": \"STATUS\", \"items_discovered\": DISCOVERED, \"items_succeeded\": SUCCEEDED, \"items_failed\": FAILED, "
            + "\"duration_ms\": DURATION, \"input_summary\": null, \"output_summary\": OUTPUT, \"error_summary\": ERROR, \"metrics_json\": "
            + "METRICS, \"insight_id\": \"ins-10\", \"product\": \"words\", \"platform\": \"java\", \"product_family\": \"words\", \"subdomain\": \"docs\", "
            + "\"git_repo\": null, \"git_branch\": null, \"git_run_tag\": null, \"host\": \"vm\", \"api_posted\": 0, \"api_posted_at\": null, "
            + "\"api_retry_count\": 0, \"created_at\": null, \"updated_at\": null, \"record_type\": \"run\"}";
    private static final String V7 = "{\"run_id\": \"20261029T124456Z-hugo-translator-8660e301\", \"agent_name\": \"hugo-translator\", \"job_type\": "
            + "\"crawl\", \"trigger_type\": \"cli\", \"start_time\": \"2026-10-29T12:44:56.958280+00:00\", \"event_id\": "
            + "\"b213421f-52ed-48e2-a2f2-16fcd66028d6\", \"schema_version\": 7, \"agent_owner\": null, \"end_time\": END, \"status\": \"STATUS\", "
            + "\"items_discovered\": DISCOVERED, \"items_succeeded\": SUCCEEDED, \"items_failed\": FAILED, \"items_skipped\": 0, \"duration_ms\": DURATION, "
            + "\"input_summary\": null, \"output_summary\": OUTPUT, \"source_ref\": null, \"target_ref\": null, \"error_summary\": ERROR, "
            + "\"error_details\": null, \"metrics_json\": METRICS, \"context_json\": null, \"insight_id\": \"ins-10\", \"product\": \"words\", "
            + "\"platform\": \"java\", \"product_family\": \"words\", \"subdomain\": \"docs\", \"website\": null, \"website_section\": null, "
            + "\"item_name\": null, \"git_repo\": null, \"git_branch\": null, \"git_run_tag\": null, \"git_commit_hash\": null, "
            + "\"git_commit_source\": null, \"git_commit_author\": null, \"git_commit_timestamp\": null, \"host\": \"vm\", \"environment\": null, "
            + "\"api_posted\": 0, \"api_posted_at\": null, \"api_retry_count\": 0, \"parent_run_id\": null, \"created_at\": CREATED, \"updated_at\": "
            + "CREATED, \"record_type\": \"run\"}";
    private static final String ERROR = "\"ValueError: b\\u00f6se: \\\"x\\\"\\nline two\\t\\u0000\\u007f\\u2028 end\"";
    private static final String OUTPUT = "\"done \\u2713 \\\"quoted\\\" 'single' \\\\back\"";

    @TempDir
    Path dir;
    private Instant now = Instant.parse("2026-10-29T12:44:56.958280900Z");

    private final Clock clock = new Clock() {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    };

    @ParameterizedTest
    @CsvSource({"V3, failed", "V7_PYTHON, failure", "V7_SERVICE, failure"})
    void aRunWithEverythingInItIsTheSameToTheByte(Fixture shape, String failed) throws IOException {
        Store store = shape.empty(dir);
        String form = shape == Fixture.V3 ? V3 : V7;
        Map<String, Object> nested = new LinkedHashMap<>();
        nested.put("step", 1);
        nested.put("t", "ä\u2028\uD83D\uDE00");
        nested.put("nested", Map.of("a", List.of(1, 2.5, true, Map.of())));
        List<String> warnings = new ArrayList<>();
        try (TelemetryClient client = TelemetryClient.at(store, clock, warnings::add)) {
            RunContext run = client.start(run());
            now = Instant.parse("2026-10-29T12:44:56.964779Z");
            run.event("checkpoint", nested).event("empty", Map.of()).event("none");
            run.metrics(m -> m.itemsDiscovered(10).itemsSucceeded(9).itemsFailed(1).outputSummary("done ✓ \"quoted\" 'single' \\back")
                    .set("pages", 3).set("ratio", 0.1).set("t", "ä").set("big", 1e16).set("empty", Map.of()));
            now = Instant.parse("2026-10-29T12:44:56.965280Z");
            client.end(run, RunStatus.FAILED, "ValueError: böse: \"x\"\nline two\t\u0000\u007f\u2028 end");
        }
        String metrics = "{\"pages\": 3, \"ratio\": 0.1, \"t\": \"\\u00e4\", \"big\": 1e+16, \"empty\": {}}";
        boolean isText = shape == Fixture.V3;
        assertEquals(List.of(), warnings);
        assertEquals(List.of(
                filled(form, "null", "running", 0, isText ? "null" : "0", "null", "null", "null", "\"2026-10-29T12:44:56.958280+00:00\""),
                "{\"run_id\": \"20261029T124456Z-hugo-translator-8660e301\", \"event_type\": \"checkpoint\", \"timestamp\": "
                        + "\"2026-10-29T12:44:56.964779+00:00\", \"payload_json\": \"{\\\"step\\\": 1, \\\"t\\\": \\\"\\\\u00e4\\\\u2028\\\\ud83d\\\\ude00\\\", "
                        + "\\\"nested\\\": {\\\"a\\\": [1, 2.5, true, {}]}}\", \"id\": null, \"record_type\": \"event\"}",
                event("empty"), event("none"),
                filled(form, "\"2026-10-29T12:44:56.965280+00:00\"", failed, 10, "7", OUTPUT, ERROR,
                        isText ? '"' + metrics.replace("\\", "\\\\").replace("\"", "\\\"") + '"' : metrics, "null")), lines(store));
        try (Database database = Database.openToRead(store.database())) {
            Row row = database.one("SELECT * FROM agent_runs").orElseThrow();
            assertEquals(metrics, row.text("metrics_json"), "the row has the text of it");
            assertEquals(7, row.number("duration_ms"));
        }
    }

    private static NewRun run() {
        return new NewRun("hugo-translator", "crawl").insight("ins-10").product("words").platform("java").productFamily("words")
                .subdomain("docs").runId("20261029T124456Z-hugo-translator-8660e301").with("host", "vm").owner("")
                .with("agent_owner", null).with("event_id", null);
    }

    private static String event(String type) {
        return "{\"run_id\": \"20261029T124456Z-hugo-translator-8660e301\", \"event_type\": \"" + type + "\", \"timestamp\": "
                + "\"2026-10-29T12:44:56.964779+00:00\", \"payload_json\": null, \"id\": null, \"record_type\": \"event\"}";
    }

    private static String filled(String form, String end, String status, int items, String duration, String output, String error,
            String metrics, String created) {
        return form.replace("END", end).replace("STATUS", status).replace("DISCOVERED", items + "")
                .replace("SUCCEEDED", (items == 0 ? 0 : 9) + "").replace("FAILED", (items == 0 ? 0 : 1) + "").replace("DURATION", duration)
                .replace("OUTPUT", output).replace("ERROR", error).replace("METRICS", metrics).replace("CREATED", created);
    }

    /** Whether tests run in a checkout or not, and for whom, is not the writer's doing. */
    private static List<String> lines(Store store) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(store.raw())) {
            for (Path file : files.sorted().toList()) lines.addAll(Files.readAllLines(file));
        }
        return lines.stream().map(line -> line.replaceAll("\"git_(repo|branch)\": \"[^\"]*\"", "\"git_$1\": null")
                .replaceAll("\"agent_owner\": \"[^\"]*\"", "\"agent_owner\": null").replaceAll("\"parent_run_id\": \"[^\"]*\"",
                "\"parent_run_id\": null")
                .replaceAll("\"event_id\": \"[^\"]{36}\"", "\"event_id\": \"b213421f-52ed-48e2-a2f2-16fcd66028d6\"")).toList();
    }

    @ParameterizedTest
    @CsvSource({"V3, CANCELLED, cancelled, failed", "V3, TIMEOUT, timeout, failed", "V3, PARTIAL, partial, partial",
        "V7_SERVICE, CANCELLED, cancelled, cancelled", "V7_PYTHON, FAILED, failure, failure"})
    void aLineHasTheWritersOwnWordAndTheRowTheOneThatItsTableTakes(Fixture shape, RunStatus status, String line, String row)
            throws IOException {
        Store store = shape.empty(dir);
        try (TelemetryClient client = TelemetryClient.at(store, clock, warning -> { })) {
            client.end(client.start(run()), status);
        }
        assertTrue(lines(store).get(1).contains("\"status\": \"" + line + "\""), lines(store).get(1));
        try (Database database = Database.openToRead(store.database())) {
            assertEquals(row, database.value("SELECT status FROM agent_runs"));
        }
    }

    @Test
    void aWholeSecondHasNoMicrosecondsAndADurationIsThatOfPythonsArithmetic() throws IOException {
        Store store = Fixture.V3.empty(dir);
        now = Instant.parse("2026-10-29T12:44:56Z");
        try (TelemetryClient client = TelemetryClient.at(store, clock, warning -> { })) {
            RunContext run = client.start(run());
            now = now.plusMillis(1001);
            client.end(run, RunStatus.SUCCESS);
        }
        String end = lines(store).get(1);
        assertTrue(end.contains("\"start_time\": \"2026-10-29T12:44:56+00:00\""), end);
        assertTrue(end.contains("\"end_time\": \"2026-10-29T12:44:57.001000+00:00\""), end);
        assertTrue(end.contains("\"duration_ms\": 1000,"), "int(1.001 * 1000) is 1000: " + end);
    }
}
