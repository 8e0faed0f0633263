package telemetry.rebuild;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.Event;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.daylog.LogReader;
import telemetry.kit.Fixture;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.text.Ndjson;

/** What the quick scanner takes, it reads exactly as the JSON parser does; and it takes what writers write all day. */
class RunScannerTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    /** Values that a line may have where another stood. */
    private static final String[] VALUES = {"null", "true", "false", "0", "-0",
            "00", "-", "-1", "01", "1.5", "1e3", "1E+2", "-12", "999999999999999999", "9999999999999999999", "18446744073709551616",
        "NaN", "Infinity", "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"\\u00e9\\n\\t\\/\\\\\\\"\"",
        "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"größe\"", "\"\u007f\"", "\"a\tb\"", "{}", "{\"a\": 1}", "[]", "[1, 2]",
        "\"running\"", "\"Completed\"", "\"run\"", "\"event\"", "\"succ\\u0065ss\"",
        "nul", "nullx", "\"open", "'x'", "\"2026-11-20 12:00:00\""};

    @TempDir
    Path dir;

    private Schema schema;
    private RowForm form;
    private long taken;

    @ParameterizedTest
    @EnumSource
    void takesEveryLineOfEveryWriterOnceItHasSeenOne(Fixture shape) throws IOException {
        prepare(shape);
        var scanner = new RunScanner(form);
        List<byte[]> lines = new ArrayList<>();
        for (int n = 0; n < 60; n++)
            for (LogRecord record : Fixture.lines(shape.run(n, NOON), n))
                lines.add((Ndjson.line(record) + "\n").getBytes(StandardCharsets.UTF_8));
        long runs = lines.stream().filter(line -> !new String(line, StandardCharsets.UTF_8).contains("\"event\"")).count();
        compare(scanner, lines);
        assertEquals(lines.size() - 1, taken, "of " + lines.size() + " lines, " + runs + " of them runs, all but the first run");
    }

    @Test
    void aLineThatDoesNotEndInTheBufferIsNotTaken() {
        prepare(Fixture.V3);
        var scanner = new RunScanner(form);
        byte[] run = (Ndjson.line(Fixture.V3.run(0, NOON)) + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] event = (Ndjson.line(Fixture.lines(Fixture.V3.run(0, NOON), 0).get(1)) + "\n").getBytes(StandardCharsets.UTF_8);
        scanner.learn(java.util.Arrays.copyOf(run, run.length - 1));
        assertEquals(run.length, scanner.scan(run, 0, run.length));
        assertEquals(event.length, scanner.scan(event, 0, event.length));
        for (int end = 0; end < run.length; end++) assertEquals(-1, scanner.scan(run, 0, end));
        for (int end = 0; end < event.length; end++) assertEquals(-1, scanner.scan(event, 0, end));
    }

    @Test
    void readsRandomAndHostileLinesAsTheParserDoes() throws IOException {
        fuzz(new Random(1), 40_000);
    }

    @Test
    @Tag("torture")
    void readsMillionsOfRandomAndHostileLinesAsTheParserDoes() throws IOException {
        fuzz(new Random(), 4_000_000);
    }

    private void fuzz(Random random, int many) throws IOException {
        for (Fixture shape : List.of(Fixture.V3, Fixture.V7_PYTHON, Fixture.V7_SERVICE)) {
            prepare(shape);
            var scanner = new RunScanner(form);
            taken = 0;
            List<byte[]> lines = new ArrayList<>();
            for (int n = 0; n < many / 3; n++) {
                List<LogRecord> written = Fixture.lines(shape.run(random.nextInt(60), NOON.minusSeconds(n)), 0);
                byte[] line = mutated(Ndjson.line(written.get(random.nextInt(written.size()))), random);
                lines.add(line);
                if (lines.size() == 10_000 || n == many / 3 - 1) {
                    compare(scanner, lines);
                    lines.clear();
                }
            }
            assertTrue(taken > many / 12, taken + " of " + many / 3 + " were taken: this test would show nothing");
        }
    }

    private byte[] mutated(String line, Random random) {
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> line = withOtherValue(line, random);
            case 3 -> line = withOtherValue(withOtherValue(line, random), random);
            case 4 -> line = line.replaceFirst("\"\\w+\": (null|\\d+), ", "");
            case 5 -> line = line.replaceFirst("(\"\\w+\": (null|\\d+), )", "$1$1");
            case 6 -> line = random.nextBoolean() ? line + line : line.substring(0, random.nextInt(line.length())) + line;
            default -> { }
        }
        byte[] bytes = (line.replace('\n', ' ') + "\n").getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(4) > 0) return bytes;
        int at = random.nextInt(bytes.length - 1);
        if (random.nextBoolean()) {
            bytes[at] = (byte) random.nextInt(256);
            if (bytes[at] == '\n') bytes[at] = ' ';
            return bytes;
        }
        var without = new ByteArrayOutputStream();
        without.write(bytes, 0, at);
        without.write(bytes, at + 1, bytes.length - at - 1);
        return without.toByteArray();
    }

    private static String withOtherValue(String line, Random random) {
        String[] parts = line.split("(?<=\": )");
        int at = 1 + random.nextInt(parts.length - 1);
        int end = at == parts.length - 1 ? parts[at].length() - 1 : parts[at].lastIndexOf(", \"");
        if (end >= 0) parts[at] = VALUES[random.nextInt(VALUES.length)] + parts[at].substring(end);
        return String.join("", parts);
    }

    /** Reads the lines both ways. */
    private void compare(RunScanner scanner, List<byte[]> lines) throws IOException {
        Path file = dir.resolve("lines.ndjson");
        var all = new ByteArrayOutputStream();
        lines.forEach(all::writeBytes);
        Files.write(file, all.toByteArray());
        Map<Long, LogEntry> parsed = new HashMap<>();
        try (var reader = new LogReader(file)) {
            reader.forEachRemaining(entry -> parsed.put(entry.offset(), entry));
        }
        long offset = 0;
        for (byte[] line : lines) {
            LogEntry entry = parsed.get(offset);
            offset += line.length;
            int end = scanner.scan(line, 0, line.length);
            if (end >= 0) same(scanner, end, line, entry);
            else if (entry != null && entry.length() == line.length - 1 && entry.record() instanceof Run) scanner.learn(entry.bytes());
        }
    }

    private void same(RunScanner scanner, int end, byte[] line, LogEntry entry) {
        String text = new String(line, StandardCharsets.UTF_8);
        taken++;
        assertEquals(line.length, end, text);
        assertEquals(line.length - 1, entry.length(), text);
        assertEquals(scanner.isEvent(), entry.record() instanceof Event, text);
        if (scanner.isEvent()) return;
        assertTrue(entry.record() instanceof Run, text);
        Run run = (Run) entry.record();
        assertEquals(run.id(), scanner.runId(), text);
        assertEquals(run.isEnd(), scanner.isEnd(), text);
        assertArrayEquals(form.row(run), scanner.row(), text);
        for (int i = 0; i < form.columns().size(); i++)
            assertEquals(!run.fields().containsKey(form.columns().get(i)), scanner.lacking().get(i), text);
    }

    private void prepare(Fixture shape) {
        try (Database database = Database.open(shape.empty(dir.resolve(shape.name())).database())) {
            schema = Schema.of(database);
        }
        form = new RowForm(schema, RowForm.settable(schema), null);
        assertFalse(form.columns().isEmpty());
    }
}
