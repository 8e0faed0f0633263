package telemetry.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Damage;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.daylog.LogReader;
import telemetry.kit.Fixture;

/** What is written, what is read back, and what becomes of lines that no sane writer wrote. */
class NdjsonTest {
    private static final String GOOD = "{\"run_id\": \"r1\", \"agent_name\": \"a\", \"status\": \"success\", \"record_type\": \"run\"}";

    @TempDir
    Path dir;

    @Test
    void writesWhatThePythonWritersWrite() {
        var fields = new java.util.LinkedHashMap<String, Object>();
        fields.put("run_id", "r1");
        fields.put("items_discovered", 26L);
        fields.put("ratio", 0.5);
        fields.put("end_time", null);
        fields.put("error_summary", "größer \"x\"\n\u0001 \uD83D\uDE00 \u007f");
        assertEquals("{\"run_id\": \"r1\", \"items_discovered\": 26, \"ratio\": 0.5, \"end_time\": null, \"error_summary\": "
                + "\"gr\\u00f6\\u00dfer \\\"x\\\"\\n\\u0001 \\ud83d\\ude00 \\u007f\", \"record_type\": \"run\"}",
                Ndjson.line(new Run(fields)));
        assertEquals("{\"run_id\": \"r1\", \"event_type\": \"info\", \"timestamp\": \"2025-12-10T00:00:00+00:00\", "
                + "\"payload_json\": \"{\\\"step\\\": 1}\", \"id\": null, \"record_type\": \"event\"}",
                Ndjson.line(new Event("r1", "info", Instant.parse("2025-12-10T00:00:00Z"), "{\"step\": 1}")));
        assertEquals("{\"run_id\": \"r1\", \"event_type\": \"info\", \"timestamp\": null, \"payload_json\": null, \"id\": null, "
                + "\"record_type\": \"event\"}",
                Ndjson.line(new Event("r1", "info", null, null)));
    }

    @Test
    void whatIsWrittenIsReadBackEqual() throws IOException {
        Run run = Fixture.V7_SERVICE.run(3, Instant.parse("2025-12-10T12:00:00Z"));
        Event event = new Event(run.id(), "checkpoint", Instant.parse("2025-12-10T12:00:01Z"), "{\"step\": 1}");
        List<LogEntry> entries = read(Ndjson.line(run) + "\n" + Ndjson.line(event) + "\n");
        assertEquals(run, entries.get(0).record());
        assertEquals(event, entries.get(1).record());
        assertEquals(Ndjson.line(run), entries.get(0).text());
        assertEquals(Ndjson.line(run).length() + 1, entries.get(1).offset());
    }

    @Test
    void aLineWithoutRecordTypeIsAnEventWhenItHasAnEventType() throws IOException {
        List<LogEntry> entries =
                read("{\"run_id\":\"r\",\"event_type\":\"x\",\"timestamp\":\"2025-12-10 "
                + "12:00:00\",\"payload_json\":null}\n{\"run_id\":\"r\",\"status\":\"running\"}\n");
        assertEquals(new Event("r", "x", Instant.parse("2025-12-10T12:00:00Z"), null), entries.get(0).record());
        assertTrue(entries.get(1).record() instanceof Run);
    }

    @Test
    void noHostileLineStopsTheReadingAndItsNeighboursAreKept() throws IOException {
        Map<String, String> hostile = new java.util.LinkedHashMap<>();
        hostile.put("[".repeat(100_000), "no JSON");
        hostile.put("{\"run_id\": \"r\", \"x\": " + "[".repeat(2_000) + "]".repeat(2_000) + "}", "no JSON");
        hostile.put("\0\0\0", "no JSON");
        hostile.put("{\"run_id\": \"a\0b\"}", "no JSON");
        hostile.put("null", "no object");
        hostile.put("[1, 2]", "no object");
        hostile.put("\"text\"", "no object");
        hostile.put("{}", "no run_id");
        hostile.put("{\"run_id\": 5}", "no run_id");
        hostile.put("{\"run_id\": \" \"}", "no run_id");
        hostile.put("{\"run_id\": \"x\",}", "no JSON");
        hostile.put("'; DROP TABLE agent_runs; --", "no JSON");
        hostile.put("{\"".repeat(50_000), "no JSON");
        for (var line : hostile.entrySet()) {
            List<LogEntry> entries = read(GOOD + "\n" + line.getKey() + "\n" + GOOD + "\n");
            assertEquals(3, entries.size(), () -> line.getKey().substring(0, Math.min(20, line.getKey().length())));
            assertTrue(entries.get(0).record() instanceof Run && entries.get(2).record() instanceof Run);
            assertTrue(((Damage) entries.get(1).record()).reason().startsWith(line.getValue()), () -> entries.get(1).record().toString());
            assertEquals(line.getKey(), entries.get(1).text());
            assertEquals(GOOD.length() + 1, entries.get(1).offset());
        }
    }

    @Test
    void aLineOfTenMegabytesIsDamageOfItsWholeLength() throws IOException {
        String big = "{\"run_id\": \"r\", \"x\": \"" + "y".repeat(10 << 20) + "\"}";
        List<LogEntry> entries = read(GOOD + "\n" + big + "\n" + GOOD);
        assertEquals(new Damage("longer than 1 MiB"), entries.get(1).record());
        assertEquals(big.length(), entries.get(1).length());
        assertEquals(LogReader.LONGEST_LINE, entries.get(1).bytes().length);
        assertTrue(entries.get(2).record() instanceof Run);
    }

    @Test
    void aLineOfJustTheLongestLengthIsRead() throws IOException {
        String frame = "{\"run_id\": \"r\", \"x\": \"\"}";
        String longest = "{\"run_id\": \"r\", \"x\": \"" + "y".repeat(LogReader.LONGEST_LINE - frame.length()) + "\"}";
        assertTrue(read(longest + "\n").get(0).record() instanceof Run);
        assertTrue(read(longest + " \n").get(0).isDamaged());
    }

    @Test
    void oddValuesAreReadAsFarAsTheyGo() throws IOException {
        Run run = (Run) read("\uFEFF{\"run_id\": \"r\", \"a\": NaN, \"b\": [-Infinity, Infinity], \"c\": \"NaN \\\" Infinity\", \"d\": "
                + "1e999, \"e\": 18446744073709551616, "
                + "\"f\": 1, \"f\": 2, \"g\": \"\\ud800\", \"items_failed\": \"7\", \"items_succeeded\": true, "
                + "\"h\": -Infinity}\n").get(0).record();
        assertNull(run.fields().get("a"));
        assertEquals("[-Infinity, Infinity]", run.text("b"));
        assertEquals("NaN \" Infinity", run.text("c"));
        assertEquals(Double.POSITIVE_INFINITY, run.fields().get("d"));
        assertEquals(18446744073709551616.0, run.fields().get("e"));
        assertEquals(Double.NEGATIVE_INFINITY, run.fields().get("h"));
        assertEquals(2L, run.fields().get("f"), "the last of two equal keys counts");
        assertEquals(7L, run.number("items_failed"));
        assertNull(run.number("items_succeeded"));
    }

    @Test
    void invalidUtf8IsSaidAndTheRecordGluedBehindItIsFound() throws IOException {
        var bytes = new ByteArrayOutputStream();
        bytes.write("{\"run_id\": \"r\", \"x\": \"".getBytes(StandardCharsets.US_ASCII));
        bytes.write(0xc3);
        bytes.write(GOOD.getBytes(StandardCharsets.US_ASCII));
        bytes.write('\n');
        List<LogEntry> entries = read(bytes.toByteArray());
        assertEquals(2, entries.size());
        assertEquals(new Damage("invalid UTF-8"), entries.get(0).record());
        assertEquals("r1", ((Run) entries.get(1).record()).id());
        assertEquals(bytes.size() - 1 - GOOD.length(), entries.get(1).offset());
    }

    @Test
    void gluedRecordsAreAllFound() throws IOException {
        String torn = GOOD.substring(0, 40);
        assertEquals(List.of("Damage", "Run"), kinds(read(torn + GOOD + "\n")));
        assertEquals(List.of("Run", "Run", "Run"), kinds(read(GOOD + GOOD + GOOD + "\n")));
        assertEquals(List.of("Damage", "Run", "Run"), kinds(read(torn + GOOD + GOOD + "\n")));
        assertEquals(List.of("Damage", "Run"), kinds(read("\0\0\0\0" + GOOD + "\n")));
        String nested = "{\"run_id\": \"n\", \"x\": {\"y\": {\"run_id\": \"z\"}}}";
        assertEquals(List.of("Run"), kinds(read(nested + "\n")), "an object within a record is no record");
        for (LogEntry entry : read(torn + GOOD + "\n")) assertEquals(entry.bytes().length, entry.length());
    }

    @Test
    void aTornLastLineIsDamageAndAWholeOneWithoutItsNewlineIsRead() throws IOException {
        assertEquals(new Damage("no newline at the end: torn"), read(GOOD + "\n" + GOOD.substring(0, 30)).get(1).record());
        assertTrue(read(GOOD).get(0).record() instanceof Run);
    }

    @Test
    void blankLinesAndCarriageReturnsAreNothing() throws IOException {
        assertEquals(List.of("Run", "Run"), kinds(read("\n\r\n  \n" + GOOD + "\r\n\n" + GOOD + "\n")));
        assertEquals(List.of(), read(""));
    }

    @Test
    void readingGoesOnWhereAnEarlierReaderStopped() throws IOException {
        Path file = write("events_20251210.ndjson", (GOOD + "\n").getBytes(StandardCharsets.US_ASCII));
        long position;
        try (LogReader reader = new LogReader(file)) {
            reader.next();
            position = reader.position();
        }
        Files.writeString(file, GOOD.replace("r1", "r2") + "\n", java.nio.file.StandardOpenOption.APPEND);
        try (LogReader reader = new LogReader(file, position)) {
            assertEquals("r2", ((Run) reader.next().record()).id());
            assertEquals(Files.size(file), reader.position());
        }
    }

    @Test
    void aDamagedGzipGivesWhatStandsBeforeTheDamageAndThenSaysSo() throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            for (int i = 0; i < 20_000; i++) gzip.write((GOOD.replace("r1", "r" + i * 7919L) + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        byte[] half = java.util.Arrays.copyOf(packed.toByteArray(), packed.size() / 2);
        var last = new HashMap<String, LogEntry>();
        int runs = 0;
        try (LogReader reader = new LogReader(write("events_20251210.ndjson.gz", half))) {
            while (reader.hasNext()) {
                LogEntry entry = reader.next();
                if (entry.record() instanceof Run) runs++;
                else last.put(((Damage) entry.record()).reason(), entry);
            }
        }
        assertTrue(runs > 5_000, "read " + runs);
        assertTrue(last.keySet().stream().anyMatch(reason -> reason.startsWith("damaged or truncated gzip")), last.keySet().toString());
    }

    @Test
    void dayFilesAreListedByDayWithWhatWasArchivedFirst() throws IOException {
        var store = Fixture.V3.empty(dir.resolve("s"));
        Path month = Files.createDirectories(store.archive().resolve("year=2025/month=12"));
        for (Path file : List.of(store.raw().resolve("events_20251211.ndjson"), month.resolve("events_20251211.2.ndjson.gz"),
                month.resolve("events_20251211.ndjson.gz"), month.resolve("events_20251210.ndjson.gz"),
                store.raw().resolve("events_20251301.ndjson"), store.raw().resolve("events_20251211.ndjson.tmp"),
                store.raw().resolve("notes.txt"))) Files.createFile(file);
        List<String> names = new EventLog(store).days().stream().map(DayFile::path).map(path -> path.getFileName().toString()).toList();
        assertEquals(List.of("events_20251210.ndjson.gz", "events_20251211.ndjson.gz",
                "events_20251211.2.ndjson.gz", "events_20251211.ndjson"), names);
    }

    private List<LogEntry> read(String content) throws IOException {
        return read(content.getBytes(StandardCharsets.UTF_8));
    }

    private List<LogEntry> read(byte[] content) throws IOException {
        List<LogEntry> entries = new ArrayList<>();
        try (LogReader reader = new LogReader(write("events_20251210.ndjson", content))) {
            reader.forEachRemaining(entries::add);
            assertEquals(content.length, reader.position());
        }
        return entries;
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(dir.resolve(name), content);
    }

    private static List<String> kinds(List<LogEntry> entries) {
        return entries.stream().map(entry -> entry.record().getClass().getSimpleName()).toList();
    }
}
