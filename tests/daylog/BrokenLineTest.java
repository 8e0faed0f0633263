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
import telemetry.Run;

/** What one damaged line costs, however it was made, and that the records in it are found all the same. */
class BrokenLineTest {
    private static final int LONGEST = LogReader.LONGEST_LINE;
    private static final int ROUNDS = 5;

    @TempDir
    Path dir;

    /** Such a line takes a tenth of this; where every place is tried, it takes half a minute. The rest is for machines that do much else. */
    private static final double MOST_SECONDS = 1;

    @ParameterizedTest
    @ValueSource(strings = {"{\"a", "{\"a\":{\"", "{\"{\"a\\\"", "\0x", "{\"}\0", "{\"a\":1}"})
    void aLineMadeToCostMuchCostsWhatItsLengthDoes(String part) throws IOException {
        for (String end : List.of("}", " ".repeat(LONGEST / 2) + "}", " ".repeat(LONGEST - 3_100))) {
            String line = part.repeat((LONGEST - 1 - end.length()) / part.length()) + end;
            double best = Double.MAX_VALUE;
            for (int i = 0; i < ROUNDS && best > MOST_SECONDS / 2; i++) best = Math.min(best, seconds(line));
            assertTrue(best < MOST_SECONDS, part + " and " + end.length() + " behind it: " + best + " s");
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

    private double seconds(String line) throws IOException {
        Path file = write(line + "\n");
        long begin = System.nanoTime();
        try (LogReader reader = new LogReader(file)) {
            while (reader.hasNext()) reader.next();
        }
        return (System.nanoTime() - begin) / 1e9;
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
