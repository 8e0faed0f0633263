package telemetry.recording;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.NewRun;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.daylog.LogReader;
import telemetry.kit.Fixture;
import telemetry.runs.Schema;

/** What is recorded of a run, in lines and rows, in a store of every shape. */
class TelemetryClientTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00.123456Z");

    @TempDir
    Path dir;

    private final ConcurrentLinkedQueue<String> warnings = new ConcurrentLinkedQueue<>();
    private final Hands clock = new Hands(NOON);

    /** A clock that stands until it is moved. */
    static final class Hands extends Clock {
        Instant now;

        Hands(Instant now) {
            this.now = now;
        }

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
    }

    private TelemetryClient client(Store store) {
        return TelemetryClient.at(store, clock, warnings::add);
    }

    @Test
    void aRunIsTwoLinesAndARow() {
        Store store = Fixture.V3.empty(dir);
        try (TelemetryClient client = client(store)) {
            client.track(new NewRun("docs-crawler", "crawl").insight("i-7").product("words")
                    .owner("ops").with("git_branch", "b").with("git_repo", "r").with("host", "h"), run -> {
                run.event("checkpoint", Map.of("step", 1));
                clock.now = NOON.plusMillis(2_500);
                run.metrics(m -> m.itemsDiscovered(10).itemsSucceeded(9).itemsFailed(1).outputSummary("größe")
                        .set("pages", 3).set("rate", 0.5));
            });
        }
        String id = lines(store).get(0).id();
        assertTrue(id.matches("20261120T120000Z-docs-crawler-[0-9a-f]{8}"), id);
        String begin = "{\"run_id\": \"" + id
                + "\", \"agent_name\": \"docs-crawler\", \"job_type\": \"crawl\", \"trigger_type\": \"cli\", \"start_time\": "
                + "\"2026-11-20T12:00:00.123456+00:00\", "
                + "\"schema_version\": 3, \"agent_owner\": \"ops\", ";
        String end = "\"insight_id\": \"i-7\", \"product\": \"words\", \"platform\": null, \"product_family\": null, \"subdomain\": null, "
                + "\"git_repo\": \"r\", \"git_branch\": \"b\", "
                + "\"git_run_tag\": null, \"host\": \"h\", \"api_posted\": 0, \"api_posted_at\": null, \"api_retry_count\": 0, "
                        + "\"created_at\": null, \"updated_at\": null, \"record_type\": \"run\"}";
        assertEquals(List.of(
                begin + "\"end_time\": null, \"status\": \"running\", \"items_discovered\": 0, \"items_succeeded\": 0, \"items_failed\": "
                        + "0, \"duration_ms\": null, \"input_summary\": null, "
                + "\"output_summary\": null, \"error_summary\": null, \"metrics_json\": null, " + end,
                "{\"run_id\": \"" + id
                        + "\", \"event_type\": \"checkpoint\", \"timestamp\": \"2026-11-20T12:00:00.123456+00:00\", \"payload_json\": "
                        + "\"{\\\"step\\\": 1}\", \"id\": null, \"record_type\": \"event\"}",
                begin + "\"end_time\": \"2026-11-20T12:00:02.623456+00:00\", \"status\": \"success\", \"items_discovered\": 10, "
                        + "\"items_succeeded\": 9, \"items_failed\": 1, \"duration_ms\": 2500, "
                + "\"input_summary\": null, \"output_summary\": \"gr\\u00f6\\u00dfe\", \"error_summary\": null, \"metrics_json\": "
                        + "\"{\\\"pages\\\": 3, \\\"rate\\\": 0.5}\", " + end),
                text(store.raw().resolve("events_20261120.ndjson")));
        Row row = row(store, id);
        assertEquals(lines(store).get(1).with("api_posted", 0L).fields(), without(row.map(), "created_at", "updated_at"));
        assertEquals(List.of(), List.copyOf(warnings));
    }

    /** The row in the line's order and with the line's own nulls, to be compared with it. */
    private Map<String, Object> without(Map<String, Object> row, String... own) {
        Map<String, Object> fields = new LinkedHashMap<>(row);
        for (String column : own) fields.put(column, null);
        return fields;
    }

    @Test
    void everyShapeGetsItsOwnFormAndWords() {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Store store = given.store();
            List<String> usual = given.name().startsWith("real") ? names(lines(store).get(0)) : null;
            long before = count(store);
            try (TelemetryClient client = client(store)) {
                assertThrows(IOException.class, () -> client.track("agent", "job", run -> {
                    run.metrics(m -> m.itemsDiscovered(5).itemsSkipped(2));
                    throw new IOException("boom");
                }), given.name());
            }
            Schema schema = schema(store);
            List<Run> lines = lines(store).stream().filter(run -> run.agent().equals("agent")).toList();
            assertEquals(2, lines.size(), given.name());
            if (usual != null) assertEquals(usual, names(lines.get(0)), given.name());
            assertEquals((long) Math.max(3, schema.version()), lines.get(1).number("schema_version"), given.name());
            assertEquals(schema.version() >= 6 ? "failure" : "failed", lines.get(1).text("status"), given.name());
            Row row = row(store, lines.get(0).id());
            assertEquals(before + 1, count(store), given.name());
            assertEquals(lines.get(1).text("status"), row.text("status"), given.name());
            assertEquals("IOException: boom", row.text("error_summary"), given.name());
            assertEquals(5, row.number("items_discovered"), given.name());
            if (row.has("items_skipped")) assertEquals(2, row.number("items_skipped"), given.name());
            if (schema.version() < 6) assertEquals("{\"items_skipped\": 2}", row.text("metrics_json"), given.name());
            else assertEquals(lines.get(0).text("event_id"), row.text("event_id"), given.name());
            assertEquals(schema.version() >= 6, names(lines.get(0)).contains("parent_run_id"), given.name());
            assertEquals(schema.version() >= 5, names(lines.get(0)).contains("website"), given.name());
            assertEquals(schema.version() >= 4, names(lines.get(0)).contains("git_commit_hash"), given.name());
        }
        assertEquals(List.of(), List.copyOf(warnings));
    }

    @Test
    void whatIsThrownMarksTheRunFailedAndComesThrough() {
        Store store = Fixture.V3.empty(dir);
        List<Throwable> all = List.of(new IllegalStateException("in two\nlines"), new AssertionError("an error"),
                new RuntimeException(), new RuntimeException() {
            @Override
            public String getMessage() {
                throw new UnsupportedOperationException();
            }
        });
        try (TelemetryClient client = client(store)) {
            for (Throwable thrown : all)
                assertSame(thrown, assertThrows(Throwable.class, () -> client.track("agent", "job", run -> sneak(thrown))));
        }
        List<String> errors = lines(store).stream().filter(Run::isEnd).map(run -> run.status() + " " + run.text("error_summary")).toList();
        assertEquals(List.of("failed IllegalStateException: in two\nlines", "failed AssertionError: an error",
                "failed RuntimeException", "failed " + TelemetryClientTest.class.getName() + "$1"), errors);
        assertEquals(4, count(store));
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable e) throws E {
        throw (E) e;
    }

    @Test
    void aBlockMayEndPartial() {
        Store store = Fixture.V7_SERVICE.empty(dir);
        try (TelemetryClient client = client(store)) {
            client.track("agent", "job", run -> run.metrics(m -> m.itemsFailed(3).errorSummary("3 pages: 404"))
                    .status(RunStatus.PARTIAL).event("done"));
        }
        Row row = row(store, lines(store).get(0).id());
        assertEquals("partial", row.text("status"));
        assertEquals("3 pages: 404", row.text("error_summary"));
        assertEquals(3, row.number("items_failed"));
    }

    @Test
    void startAndEndAreForWhatNoBlockHolds() {
        Store store = Fixture.V3.empty(dir);
        try (TelemetryClient client = client(store)) {
            RunContext run = client.start("agent", "job");
            assertEquals("running", row(store, run.id()).text("status"));
            client.end(run, RunStatus.CANCELLED, "enough");
            client.end(run, RunStatus.SUCCESS);
            run.event("late");
            assertEquals("failed", row(store, run.id()).text("status"), "v3 has no word for cancelled");
            assertEquals("enough", row(store, run.id()).text("error_summary"));
        }
        assertEquals(3, entries(store).size(), "the first end counts; an event may be late");
    }

    @Test
    void anEndAfterMidnightStandsInTheNextDaysFile() {
        Store store = Fixture.V3.empty(dir);
        clock.now = Instant.parse("2026-11-20T23:59:59.9Z");
        try (TelemetryClient client = client(store)) {
            client.track("agent", "job", run -> {
                clock.now = Instant.parse("2026-11-21T00:00:00.1Z");
            });
            client.track("agent", "job", run -> { });
        }
        assertEquals(1, text(store.raw().resolve("events_20261120.ndjson")).size());
        assertEquals(3, text(store.raw().resolve("events_20261121.ndjson")).size());
        assertEquals(200, lines(store).get(1).number("duration_ms"));
        assertEquals(2, count(store));
    }

    @Test
    void aClockThatGoesBackGivesNoNegativeDuration() {
        Store store = Fixture.V7_SERVICE.empty(dir);
        try (TelemetryClient client = client(store)) {
            client.track("agent", "job", run -> {
                clock.now = NOON.minusSeconds(10);
            });
        }
        assertEquals(0, lines(store).get(1).number("duration_ms"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc", "a\nb", "'; DROP TABLE agent_runs; --",
            "?mode=memory", ":resource:", "%00%2e", "größe", "", "\u0000", "C:\\x", "-rf"})
    void hostileNamesAreRecordedAndBreakNoId(String name) {
        Store store = Fixture.V3.empty(dir);
        try (TelemetryClient client = client(store)) {
            client.track(new NewRun(name, name).insight(name).product(name).trigger(name), run -> run.event(name, Map.of(name, name)));
        }
        Run line = lines(store).get(0);
        assertTrue(line.id().matches("20261120T120000Z-[A-Za-z0-9._-]*-[0-9a-f]{8}"), line.id());
        assertEquals(name, line.agent());
        assertEquals(name, line.text("trigger_type"));
        assertEquals(name.equals("\u0000") ? 1 : name.length(), row(store, line.id()).text("agent_name").length());
        assertEquals(2, lines(store).size());
        assertEquals(List.of(), List.copyOf(warnings));
    }

    @Test
    void longTextsAreShortenedVisiblyAndEveryLineCanBeRead() {
        Store store = Fixture.V7_SERVICE.empty(dir);
        String longName = "a".repeat(10_000);
        String huge = "ü\"".repeat(1_000_000);
        try (TelemetryClient client = client(store)) {
            NewRun what = new NewRun(longName, huge).inputSummary(huge).product(huge)
                    .with("context_json", "{\"a\": \"" + "x".repeat(2_000_000) + "\"}");
            assertThrows(IllegalStateException.class, () -> client.track(what, run -> {
                run.event(huge, Map.of("text", huge));
                run.metrics(m -> m.outputSummary(huge).set("text", huge).set("n", 1));
                throw new IllegalStateException(huge);
            }));
        }
        List<LogEntry> entries = entries(store);
        assertEquals(List.of(false, false, false), entries.stream().map(LogEntry::isDamaged).toList());
        Run end = (Run) entries.get(2).record();
        assertEquals(17 + 64 + 9, end.id().length());
        assertEquals(longName, end.agent());
        assertTrue(end.text("error_summary").matches("(?s)IllegalStateException: ü\"ü.* \\.\\.\\. \\[\\d+ characters left out]"),
                end.text("error_summary").substring(0, 100));
        assertTrue(end.text("metrics_json").matches("(?s)\\{\"shortened\": \"\\{.* \\.\\.\\. \\[\\d+ characters left out]\"}"));
        assertTrue(((Event) entries.get(1).record()).payload().startsWith("{\"shortened\": \"{"));
        for (LogEntry entry : entries)
            assertTrue(entry.length() <= LogReader.LONGEST_LINE && entry.length() > 100_000, "" + entry.length());
        Row row = row(store, end.id());
        for (String column : List.of("job_type", "input_summary", "output_summary",
                "error_summary", "metrics_json", "context_json", "product"))
            assertEquals(end.text(column), row.text(column), column);
        assertEquals(List.of(), List.copyOf(warnings));
    }

    @Test
    void oddValuesCostNothing() {
        Store store = Fixture.V3.empty(dir);
        Map<String, Object> self = new LinkedHashMap<>();
        self.put("self", self);
        Object rude = new Object() {
            @Override
            public String toString() {
                throw new UnsupportedOperationException();
            }
        };
        try (TelemetryClient client = client(store)) {
            client.track("agent", "job", run -> run.event("loop", self).event(null, null).event("rude", Map.of("r", rude))
                    .metrics(m -> m.set("r", rude).set("items_failed", "many").set("items_succeeded", 4)).status(null));
        }
        assertEquals(5, entries(store).size());
        assertEquals("{\"unreadable\": \"java.lang.StackOverflowError\"}", ((Event) entries(store).get(1).record()).payload());
        Row row = row(store, lines(store).get(0).id());
        assertEquals("success", row.text("status"));
        assertEquals(4, row.number("items_succeeded"));
        assertEquals("{\"unreadable\": \"java.lang.UnsupportedOperationException\"}", row.text("metrics_json"));
        assertEquals(List.of(), List.copyOf(warnings));
    }

    static List<LogEntry> entries(Store store) {
        EventLog log = new EventLog(store);
        return log.days().stream().flatMap(day -> {
            try (Stream<LogEntry> entries = log.read(day)) {
                return entries.toList().stream();
            }
        }).toList();
    }

    static List<Run> lines(Store store) {
        return entries(store).stream().map(LogEntry::record).filter(Run.class::isInstance).map(Run.class::cast).toList();
    }

    private static List<String> names(Run run) {
        return List.copyOf(run.fields().keySet());
    }

    private static List<String> text(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Row row(Store store, String id) {
        try (Database database = Database.open(store.database())) {
            return database.one("SELECT * FROM agent_runs WHERE run_id = ?", id).orElseThrow();
        }
    }

    static long count(Store store) {
        return number(store, "SELECT count(*) FROM agent_runs");
    }

    static long number(Store store, String sql) {
        try (Database database = Database.open(store.database())) {
            return database.number(sql);
        }
    }

    private static Schema schema(Store store) {
        try (Database database = Database.open(store.database())) {
            return Schema.of(database);
        }
    }
}
