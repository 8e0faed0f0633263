package telemetry.rebuild;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.text.Ndjson;

/**
 * A rebuild reads most lines on a way of its own; the replay reads every line with the JSON library. On lines that somebody has tampered
 * with the two must come to the same rows.
 */
class RebuildFuzzTest {
    private static final Instant NOON = Instant.parse("2025-12-10T12:00:00Z");

    /** What is put into a line: everything that JSON or UTF-8 could stumble over. */
    private static final String[] SPLINTERS = {"\"", "\\", "\\u00e9", "\\ud800",
            "\\n", "{", "}", "[", "]", ",", ":", " ", "\t", "\0", "0", "-", "1e5", "1E999", ".5", "007", "true", "null", "NaN",
        "-Infinity", "\u00e9", "\ud83d\ude00", "\uFEFF", "9223372036854775808", "\"run_id\": \"x\", ",
        "\"status\": \"failed\", ", "\"record_type\": \"event\", ", "{\"run_id\": \"g\"}", "\n", "\r"};

    @TempDir
    Path dir;

    @Test
    void aTamperedLineIsReadAsTheJsonLibraryReadsIt() throws IOException {
        for (Fixture shape : List.of(Fixture.V3, Fixture.V7_PYTHON)) compare(shape, 1, 3_000);
    }

    @Test
    @Tag("torture")
    void aMillionTamperedLinesAreReadAsTheJsonLibraryReadsThem() throws IOException {
        for (int seed = 2; seed < 27; seed++) compare(seed % 2 == 0 ? Fixture.V3 : Fixture.V7_PYTHON, seed, 40_000);
    }

    private void compare(Fixture shape, int seed, int lines) throws IOException {
        Store store = shape.empty(dir.resolve(shape + "-" + seed));
        var random = new Random(seed);
        int written = 0;
        try (var out = Files.newOutputStream(store.raw().resolve("events_20251210.ndjson"))) {
            for (int n = 0; written < lines; n++)
                for (LogRecord record : Fixture.lines(shape.run(n, NOON.minusSeconds(n)), n)) {
                    out.write(tampered(Ndjson.line(record), random));
                    out.write('\n');
                    written++;
                }
        }
        Path rebuilt = dir.resolve(shape + "-" + seed + ".sqlite");
        Rebuilt made = new Rebuild(store, Clock.systemUTC()).into(rebuilt);
        long damaged = made.damaged();
        try (Database replayed = Database.open(store.database()); Database other = Database.openToRead(rebuilt);
                EventLog log = new EventLog(store)) {
            ReplayResult result = new Replay(replayed).apply(log, entry -> { });
            assertTrue(damaged > lines / 20 && damaged < lines, "damaged " + damaged);
            assertEquals(result.damaged(), damaged, "seed " + seed);
            assertEquals(result.conflicts(), made.conflicts().size(), "seed " + seed);
            Set<String> sharing = runsThatShareAnEventId(log);
            assertTrue(sharing.size() < lines / 50, sharing.size() + " runs that share an event_id");
            assertSame(rows(replayed, sharing), rows(other, sharing), "seed " + seed);
        }
    }

    /** Says the first difference only. */
    private static void assertSame(List<String> expected, List<String> actual, String when) {
        for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) assertEquals(expected.get(i), actual.get(i), when);
        assertEquals(expected.size(), actual.size(), when);
    }

    /** Two lines of three stay as they are. */
    private static byte[] tampered(String line, Random random) {
        if (random.nextInt(3) > 0) return line.getBytes(StandardCharsets.UTF_8);
        var changed = new StringBuilder(line);
        for (int times = 1 + random.nextInt(2); times > 0 && changed.length() > 1; times--) {
            int at = random.nextInt(changed.length());
            switch (random.nextInt(4)) {
                case 0 -> changed.insert(at, SPLINTERS[random.nextInt(SPLINTERS.length)]);
                case 1 -> changed.deleteCharAt(at);
                case 2 -> changed.replace(at, at + 1, SPLINTERS[random.nextInt(SPLINTERS.length)]);
                default -> changed.setLength(Math.max(1, at));
            }
        }
        byte[] bytes = changed.toString().getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(10) == 0) bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        return bytes;
    }

    /**
     * Runs whose lines give an event_id that another run's lines give too, as a broken writer's may. A database of agents at work leaves it
     * to the row that has it, a new one gives it to the first of the runs: it is all that may differ.
     */
    private static Set<String> runsThatShareAnEventId(EventLog log) {
        Map<String, Set<String>> runs = new HashMap<>();
        for (DayFile day : log.days())
            try (Stream<LogEntry> entries = log.read(day)) {
                entries.forEach(entry -> {
                    if (entry.record() instanceof Run run && run.text("event_id") != null)
                        runs.computeIfAbsent(stored(run.text("event_id")), none -> new HashSet<>()).add(stored(run.id()));
                });
            }
        Set<String> sharing = new HashSet<>();
        runs.values().stream().filter(several -> several.size() > 1).forEach(sharing::addAll);
        return sharing;
    }

    /** Half a surrogate pair is a question mark in a row. */
    private static String stored(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static List<String> rows(Database database, Set<String> sharingAnEventId) {
        List<String> rows = new ArrayList<>();
        for (Row row : database.query("SELECT * FROM agent_runs ORDER BY run_id")) {
            var values = new TreeMap<>(row.map());
            values.keySet().removeAll(List.of("created_at", "updated_at"));
            if (sharingAnEventId.contains(row.text("run_id"))) values.remove("event_id");
            rows.add(values.toString());
        }
        return rows;
    }
}
