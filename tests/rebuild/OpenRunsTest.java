package telemetry.rebuild;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Run;
import telemetry.Store;
import telemetry.Times;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.text.Ndjson;

/** Many runs that are open at once: in memory that does not grow with their number. */
class OpenRunsTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    /** Each line has a kilobyte, so this is a third more than memory takes. */
    private static final int RUNS = 45_000;

    @TempDir
    Path dir;

    @Test
    void whatMemoryDoesNotTakeIsThereAllTheSame() {
        try (Database database = Database.create(dir.resolve("d.sqlite"))) {
            database.execute("CREATE TABLE done(n INTEGER PRIMARY KEY)");
            var open = new OpenRuns(database, (before, start) -> start.bytes().length > 1 ? start : before);
            assertTrue(open.areInMemory());
            for (int n = 0; n < RUNS; n++) open.add("r" + n, line(n));
            assertFalse(open.areInMemory());
            assertTrue(open.recent().size() < 4 * RUNS / 5, open.recent().size() + " in memory");
            assertTrue(open.has("r0") && open.has("r" + (RUNS - 1)) && !open.has("r"));
            assertEquals(5, open.remove("r5").offset());
            assertNull(open.remove("r5"));
            assertFalse(open.has("r5"));
            open.add("r6", new RunFeed.Line(dir, 1_000_000, new byte[2], null));
            open.add("r7", new RunFeed.Line(dir, 2_000_000, new byte[1], null));
            List<Long> offsets = new ArrayList<>();
            open.forEach(some -> {
                for (RunFeed.Line line : some) offsets.add(line.offset());
                database.inTransaction(() -> {
                    database.update("INSERT INTO done VALUES (?)", offsets.size());
                });
            });
            assertEquals(RUNS - 1, offsets.size());
            assertEquals(RUNS - 1, offsets.stream().distinct().count());
            assertTrue(offsets.contains(1_000_000L) && offsets.contains(7L) && !offsets.contains(6L));
        }
    }

    private RunFeed.Line line(int n) {
        return new RunFeed.Line(dir, n, new byte[1_000], null);
    }

    /** Some of the first ones end at last, when their starts are not in memory any more. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aReplayOfManyOpenRunsNeedsLittleMemory(boolean isNow) throws Exception {
        Store store = manyOpen(isNow ? Instant.now().plusSeconds(3600) : NOON);
        Script replayed = small("rebuild", "--replay-only", "--yes", "--store", store.base());
        assertEquals(0, replayed.exit(), replayed.said());
        try (Database database = Database.open(store.database())) {
            assertEquals(isNow ? 0 : RUNS - 100, database.number("SELECT count(*) FROM agent_runs WHERE status = 'running'"));
            assertEquals(100, database.number("SELECT count(*) FROM agent_runs WHERE status = 'success'"));
        }
        if (isNow) assertTrue(replayed.said().contains(RUNS - 100 + " runs"), replayed.said());
    }

    /** Their writers are about to insert them, also those whose starts memory did not take. */
    @Test
    void aRebuildLeavesAllThatAreInFlightToTheirWriters() throws Exception {
        Store store = manyOpen(Instant.now().plusSeconds(3600));
        Files.delete(store.database());
        Script rebuilt = small("rebuild", "--yes", "--store", store.base());
        assertEquals(0, rebuilt.exit(), rebuilt.said());
        try (Database database = Database.open(store.database())) {
            assertEquals(100, database.number("SELECT count(*) FROM agent_runs"));
        }
    }

    private Store manyOpen(Instant start) throws IOException {
        Store store = Fixture.V3.empty(dir.resolve("s"));
        Run run = Fixture.V3.run(5, start).with("start_time", Times.isoformat(start)).with("host", "h".repeat(600));
        Path file = store.raw().resolve(DayFile.name(DayFile.dayOf(Instant.now())));
        try (BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
            for (int n = 0; n < RUNS; n++) out.append(Ndjson.line(run.with("run_id", "r" + n))).append('\n');
            Run end = run.with("status", "success").with("end_time", Times.isoformat(start.plusSeconds(1)));
            for (int n = 0; n < 100; n++) out.append(Ndjson.line(end.with("run_id", "r" + n))).append('\n');
        }
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(3600)));
        return store;
    }

    private static Script small(String script, Object... args) throws Exception {
        return Script.runProcess(Map.of("JAVA_TOOL_OPTIONS", "-Xmx96m"), script, args);
    }

    /** Records of a megabyte each wait for nothing in memory. */
    @Test
    void longEndsAreWrittenOneByOneAndComparedInPieces() throws Exception {
        Store store = Fixture.V3.empty(dir.resolve("s"));
        try (BufferedWriter out = Files.newBufferedWriter(store.raw().resolve("events_20261120.ndjson"), StandardCharsets.UTF_8)) {
            for (int n = 0; n < 60; n++)
                out.append(Ndjson.line(Fixture.V3.run(0, NOON).with("run_id", "r" + n).with("error_summary", "e".repeat(900_000)))).append('\n');
        }
        Script first = small("rebuild", "--replay-only", "--yes", "--store", store.base());
        assertEquals(0, first.exit(), first.said());
        try (Database database = Database.open(store.database())) {
            assertEquals(60, database.update("UPDATE agent_runs SET host = 'other', updated_at = start_time"));
        }
        Script second = small("rebuild", "--replay-only", "--yes", "--store", store.base());
        assertEquals(0, second.exit(), second.said());
        try (Database database = Database.open(store.database())) {
            assertEquals(60, database.number("SELECT count(*) FROM agent_runs WHERE host = 'ws-0'"));
        }
    }
}
