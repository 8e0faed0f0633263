import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.EventLog;
import telemetry.Health;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.logs.LogFollower;
import telemetry.text.Ndjson;

/** A day file of a gigabyte is read from its end: what takes a second is allowed ten here, and a reader of all of it more than that. */
@Timeout(60)
class LargeDayFileTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String NL = System.lineSeparator();

    @TempDir
    Path dir;

    @Test
    void theLastRecordsBeforeAGigabyteOfZerosAreShownAndTheZerosNamed() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Path day = newest(store);
        String shown = logs(store, "--limit", "3").out();
        long size = Files.size(day);
        stretch(day, 1 << 30);
        assertEquals(new Script(1, shown, "logs: " + day + ": byte " + size + ": longer than 1 MiB" + NL), logs(store, "--limit", "3"));
        List<String> reversed = new ArrayList<>(shown.lines().toList());
        Collections.reverse(reversed);
        assertEquals(reversed, logs(store, "--limit", "3", "--reverse").out().lines().toList());
    }

    @Test
    void theLastRecordsOfManyLinesAreThoseOfTheWholeFileAndWhatWasNotReadIsSaid() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Path day = store.raw().resolve("events_20261120.ndjson");
        many(day, 24_000);
        List<String> all = logs(store).out().lines().toList();
        Script last = logs(store, "--limit", "5");
        assertEquals(all.subList(all.size() - 5, all.size()), last.out().lines().toList());
        assertEquals(0, last.exit());
        assertTrue(last.err().matches("logs: .*events_20261120\\.ndjson: its first [\\d.]+ MB were not read" + NL), last.err());
        assertEquals(last.err(), logs(store, "--limit", "5", "--reverse").err());
        Script whole = logs(store, "--limit", "24000");
        assertEquals(all, whole.out().lines().toList());
        assertEquals("", whole.err());
        assertEquals(all.subList(all.size() - 9_000, all.size()), logs(store, "--limit", "9000").out().lines().toList());
    }

    @Test
    void damageIsReportedAsFarAsItIsRead() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Path day = store.raw().resolve("events_20261120.ndjson");
        Files.writeString(day, "far from the end\n");
        many(day, 24_000);
        long at = Files.size(day);
        DayLines.append(day, "near the end");
        String err = logs(store, "--limit", "1").err();
        assertTrue(err.contains("byte " + at + ": ") && !err.contains("byte 0: ") && err.contains("were not read"), err);
        assertTrue(logs(store).err().contains("byte 0: "));
    }

    @Test
    void aFollowerDoesNotReadAGigabyteOfZerosAtEachLook() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Path day = newest(store);
        stretch(day, 1 << 30);
        var follower = new LogFollower(new EventLog(store), oddity -> { });
        List<String> given = new ArrayList<>();
        for (int n = 0; n < 40; n++) follower.poll(entry -> given.add(entry.text()));
        assertEquals(List.of(), given);
        Files.writeString(day, "\n{\"run_id\": \"behind\"}\n", StandardOpenOption.APPEND);
        follower.poll(entry -> given.add(entry.isDamaged() ? "damaged" : entry.text()));
        assertEquals(List.of("damaged", "{\"run_id\": \"behind\"}"), given);
    }

    @Test
    void followingBeginsAtOnce() throws Exception {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        stretch(newest(store), 1 << 30);
        Process process = Script.processBuilder(Map.of(), "logs", "--store", store.base(), "--follow", "--limit", "1").start();
        try (var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            assertTrue(out.readLine().startsWith("2026-11-20 "));
        } finally {
            process.destroy();
        }
    }

    @Test
    void healthComparesTheEndOfALargeDayAndSaysFromWhatTimeOn() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Path day = newest(store);
        List<String> lines = Files.readAllLines(day);
        try (var out = Files.newBufferedWriter(day)) {
            out.write(Ndjson.line(Fixture.V3.run(77, NOON.minusSeconds(9 * 3600))) + "\n");
            String filler = "{\"run_id\": \"20261120T030000Z-x-0000000a\", \"event_type\": \"e\", \"payload_json\": \"" + "p".repeat(500)
                    + "\", \"record_type\": \"event\"}\n";
            for (int n = 0; n < 150_000; n++) out.write(filler);
            for (String line : lines) out.write(line + "\n");
            out.write(Ndjson.line(Fixture.V3.run(99, NOON.minusSeconds(3 * 3600))) + "\n");
        }
        String said = divergence(store);
        assertTrue(said.contains("1 run of the day files not in the database, the first is 20261120T090000Z-"), said);
        assertTrue(said.matches(".*; of events_20261120\\.ndjson, \\d\\d MB, only the last 8\\.\\d MB: compared from \\d\\d:\\d\\d on"),
                said);
    }

    @Test
    void healthComparesTheLinesBeforeAGigabyteOfZeros() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Run alone = Fixture.V3.run(99, NOON.minusSeconds(3 * 3600));
        DayLines.append(newest(store), Ndjson.line(alone));
        stretch(newest(store), 1 << 30);
        String said = divergence(store);
        assertTrue(said.startsWith("1 run of the day files not in the database, the first is " + alone.id()), said);
        assertTrue(said.endsWith("; 1 damaged piece"), said);
    }

    private static String divergence(Store store) {
        return Health.of(store, Clock.fixed(NOON, ZoneOffset.UTC)).checks().list().stream().filter(check -> check.name().equals("divergence"))
                .map(Check::detail).findFirst().orElseThrow();
    }

    private static Path newest(Store store) {
        return store.raw().resolve("events_20261120.ndjson");
    }

    private static void stretch(Path file, long size) throws IOException {
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
        }
    }

    private static void many(Path day, int lines) throws IOException {
        var text = new StringBuilder();
        for (int n = 0; n < lines; n++) text.append(Ndjson.line(Fixture.V3.run(n, NOON.minusSeconds(lines - n)))).append('\n');
        Files.writeString(day, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static Script logs(Store store, Object... options) {
        List<Object> all = new ArrayList<>(List.of("--store", store.base()));
        all.addAll(List.of(options));
        return Script.run(new logs(), all.toArray());
    }
}
