import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.LogRecord;
import telemetry.Ndjson;
import telemetry.Rebuild;
import telemetry.Replay;
import telemetry.Row;
import telemetry.Store;

/** A rebuild reads most lines on a way of its own; the replay reads every line with the JSON library. On lines that somebody has tampered with the two must come to the same rows. */
class RebuildFuzzTest {
    private static final Instant NOON = Instant.parse("2025-12-10T12:00:00Z");

    /** What is put into a line: everything that JSON or UTF-8 could stumble over. */
    private static final String[] SPLINTERS = {"\"", "\\", "\\u00e9", "\\ud800", "\\n", "{", "}", "[", "]", ",", ":", " ", "\t", "\0", "0", "-", "1e5", "1E999", ".5", "007", "true", "null", "NaN",
        "-Infinity", "\u00e9", "\ud83d\ude00", "\uFEFF", "9223372036854775808", "\"run_id\": \"x\", ", "\"status\": \"failed\", ", "\"record_type\": \"event\", ", "{\"run_id\": \"g\"}", "\n", "\r"};

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
        long damaged = new Rebuild(store, Clock.systemUTC()).into(rebuilt).damaged();
        try (Database replayed = Database.open(store.database()); Database other = Database.openToRead(rebuilt); EventLog log = new EventLog(store)) {
            Replay.Result result = new Replay(replayed).apply(log, entry -> { });
            assertTrue(damaged > lines / 20 && damaged < lines, "damaged " + damaged);
            assertEquals(result.damaged(), damaged, "seed " + seed);
            assertEquals(rows(replayed), rows(other), "seed " + seed);
        }
    }

    /** Two lines of three stay as they are. */
    private static byte[] tampered(String line, Random random) {
        if (random.nextInt(3) > 0) return line.getBytes(StandardCharsets.UTF_8);
        var changed = new StringBuilder(line);
        for (int times = 1 + random.nextInt(2); times > 0; times--) {
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

    private static List<String> rows(Database database) {
        List<String> rows = new ArrayList<>();
        for (Row row : database.query("SELECT * FROM agent_runs ORDER BY run_id")) {
            var values = new java.util.TreeMap<>(row.map());
            values.keySet().removeAll(List.of("created_at", "updated_at"));
            rows.add(values.toString());
        }
        return rows;
    }
}
