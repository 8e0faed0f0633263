package telemetry.daylog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.text.Ndjson;

/** What one damaged line costs, however it was made, and that the records in it are found all the same. */
class BrokenLineTest {
    private static final int LONGEST = LogReader.LONGEST_LINE;

    @TempDir
    Path dir;

    /** Reads lines as {@link Ndjson} does, and counts. */
    private static final class Counting implements LogReader.Form {
        private long readings;
        private long bytes;

        @Override
        public LogRecord read(byte[] line, int from, int to) {
            readings++;
            bytes += to - from;
            return Ndjson.read(line, from, to);
        }

        @Override
        public LogRecord glued(byte[] line, int from, int to) {
            return read(line, from, to);
        }
    }

    /** An ordinary damaged line is read twice. Here it is the work that is counted, because a machine's time has other reasons too. */
    @ParameterizedTest
    @ValueSource(strings = {"{\"a", "{\"a\":{\"", "{\"{\"a\\\"", "\0x", "{\"}\0", "{\"a\":1}"})
    void aLineMadeToCostMuchCostsWhatItsLengthDoes(String part) {
        for (String end : List.of("}", " ".repeat(LONGEST / 2) + "}", " ".repeat(LONGEST - 3_100))) {
            byte[] line = (part.repeat((LONGEST - 1 - end.length()) / part.length()) + end).getBytes(StandardCharsets.UTF_8);
            var counting = new Counting();
            var broken = new BrokenLine(new LogEntry(dir, 0, line.length, line, counting.read(line, 0, line.length)), counting, true);
            broken.entries();
            String what = part + " and " + end.length() + " behind it: ";
            assertTrue(counting.bytes < 3.5 * LONGEST, what + counting.bytes + " bytes read");
            assertTrue(counting.readings < 1_100, what + counting.readings + " readings");
            assertTrue(broken.looked() < 6 * LONGEST, what + broken.looked() + " bytes looked at");
        }
    }

    @Test
    void recordsBehindTornOnesWithManyObjectsAreAllFound() throws IOException {
        String nested = "{\"run_id\": \"r%d\", \"steps\": [" + "{\"n\": {\"m\": 1}}, ".repeat(2_000) + "{}]}";
        var line = new StringBuilder();
        line.append(nested, 0, 5_000);
        for (int i = 0; i < 20; i++) line.append(String.format(nested, i));
        List<String> found = new ArrayList<>();
        for (LogEntry entry : read(line + "\n")) if (entry.record() instanceof Run run) found.add(run.id());
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 20; i++) expected.add("r" + i);
        assertEquals(expected, found);
    }

    @Test
    void whatNobodyLookedThroughIsDamage() throws IOException {
        String good = "{\"run_id\": \"r\"}";
        long bytes = 0;
        List<LogEntry> entries = read(good + "\0" + "{\"}\0".repeat(100_000) + "\n");
        for (LogEntry entry : entries) bytes += entry.length();
        assertEquals("r", ((Run) entries.get(0).record()).id());
        assertTrue(entries.stream().skip(1).allMatch(LogEntry::isDamaged));
        assertEquals(good.length() + 1 + 400_000, bytes, "each byte stands in one entry");
    }

    private List<LogEntry> read(String lines) throws IOException {
        List<LogEntry> entries = new ArrayList<>();
        try (LogReader reader = new LogReader(write(lines))) {
            reader.forEachRemaining(entries::add);
        }
        return entries;
    }

    private Path write(String lines) throws IOException {
        return Files.write(dir.resolve("events_20261120.ndjson"), lines.getBytes(StandardCharsets.UTF_8));
    }
}
