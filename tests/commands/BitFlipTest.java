import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/**
 * One bit of an archived day is flipped: logs and rebuild name the file and go on with the others. Where gzip's header says something that
 * has nothing to do with the lines, the time for one, they are all there and nothing is wrong. What can still be read of the damaged day
 * may be garbled: gzip's checksum tells at its end that, not where.
 */
class BitFlipTest {
    private static final Instant NOON = Instant.parse("2025-12-11T12:00:00Z");
    private static final String OTHER_DAYS_RUNS = "SELECT run_id FROM agent_runs WHERE start_time >= '2025-12-11' ORDER BY run_id";

    @TempDir
    Path dir;

    @Test
    void aFlippedBitIsNamedAndTheOtherDaysAreRead() throws IOException {
        flip(20);
    }

    @Test
    @Tag("torture")
    void twoHundredFlippedBitsAreNamedAndTheOtherDaysAreRead() throws IOException {
        flip(200);
    }

    private void flip(int times) throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 20, NOON);
        DayLines.rest(store, Instant.now());
        assertEquals(0, Script.run(new archive(), "--store", store.base(), "--older-than", "0d", "--yes").exit());
        Files.delete(store.database());
        Path gz = store.archive().resolve("year=2025/month=12/events_20251210.ndjson.gz");
        byte[] right = Files.readAllBytes(gz);
        byte[] lines = content(right);
        String otherDay = logs(store, "2025-12-11").out();
        List<String> otherRuns = otherRuns(store, rebuild(store));
        assertTrue(otherRuns.size() > 5 && otherDay.lines().count() > 10, otherDay);
        var random = new Random(4);
        int damaged = 0;
        for (int n = 0; n < times; n++) {
            int bit = random.nextInt(8 * right.length);
            byte[] wrong = right.clone();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(gz, wrong);
            boolean isDamaged = !Arrays.equals(lines, content(wrong));
            if (isDamaged) damaged++;
            Script logs = logs(store, "2025-12");
            Script rebuild = rebuild(store);
            for (Script script : List.of(logs, rebuild)) {
                assertEquals(isDamaged ? 1 : 0, script.exit(), "bit " + bit + ": " + script);
                assertEquals(isDamaged, script.err().contains(gz.toString()), "bit " + bit + ": " + script);
            }
            assertTrue(logs.out().endsWith(otherDay), "bit " + bit + ": " + logs);
            assertTrue(otherRuns(store, rebuild).containsAll(otherRuns), "bit " + bit);
        }
        assertTrue(damaged > times * 9 / 10, damaged + " of " + times);
    }

    /** Null when it is no whole gzip. */
    private static byte[] content(byte[] gz) {
        try (var in = new GZIPInputStream(new ByteArrayInputStream(gz))) {
            return in.readAllBytes();
        } catch (IOException e) {
            return null;
        }
    }

    private static Script logs(Store store, String day) {
        return Script.run(new logs(), "--store", store.base(), day);
    }

    private static Script rebuild(Store store) {
        return Script.run(new rebuild(), "--store", store.base(), "--into", store.base().resolve("made.sqlite"));
    }

    /** Of the database that was made, which is deleted then. */
    private static List<String> otherRuns(Store store, Script rebuild) throws IOException {
        Path made = store.base().resolve("made.sqlite");
        assertTrue(Files.exists(made), rebuild.toString());
        List<String> runs;
        try (Database database = Database.openFrozen(made)) {
            runs = database.query(OTHER_DAYS_RUNS).stream().map(row -> row.text("run_id")).toList();
        }
        Files.delete(made);
        Files.deleteIfExists(made.resolveSibling("made.sqlite.damaged.ndjson"));
        return runs;
    }
}
