import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.Times;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** prune stale: which runs that never ended are cancelled, and which end wins afterwards. */
class PruneStaleTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource(Fixture.class)
    void whatNeverEndedIsCancelledInTheTablesOwnWord(Fixture shape) throws IOException {
        Store store = shape.filled(dir, 60, NOON);
        Map<String, String> lines = PruneTest.files(store.raw());
        Map<String, Row> before = PruneTest.rows(store);
        Script shown = PruneTest.prune(store, "stale", "--dry-run");
        assertEquals(0, shown.exit());
        assertTrue(shown.out().contains("6 runs that began before 2026-11-19 12:00:00 would be cancelled"), shown.out());
        assertEquals(before, PruneTest.rows(store));
        Script done = PruneTest.prune(store, "stale", "--yes");
        assertEquals(0, done.exit(), done.toString());
        int cancelled = 0;
        for (Map.Entry<String, Row> now : PruneTest.rows(store).entrySet()) {
            Run was = new Run(before.get(now.getKey()).map());
            Run is = new Run(now.getValue().map());
            if (was.isEnd() || !was.start().isBefore(NOON.minus(Duration.ofDays(1)))) {
                assertEquals(was, is);
                continue;
            }
            cancelled++;
            assertEquals(shape.version() < 6 ? "failed" : "cancelled", is.text("status"));
            assertEquals(NOON, is.end());
            String why = is.text("error_summary");
            assertTrue(why.matches("cancelled by prune stale: no end within [12] d( \\d+ h)? of its start"), why);
            assertEquals(was.number("duration_ms"), is.number("duration_ms"));
        }
        assertEquals(6, cancelled);
        assertEquals(lines, PruneTest.files(store.raw()));
        assertTrue(PruneTest.prune(store, "stale", "--yes").out()
                .startsWith("no run that began before 2026-11-19 12:00:00 has to be cancelled"));
    }

    @Test
    void aRunWhoseEndOnlyTheDayFilesHaveIsLeftToThem() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Run ended = PruneTest.run(Fixture.V3, 0, "ended", Duration.ofDays(3));
        Run endless = PruneTest.run(Fixture.V3, 1, "endless", Duration.ofDays(3)).with("status", "running").with("end_time", null);
        PruneTest.write(store, ended.with("status", "running").with("end_time", null), endless);
        try (EventLog log = new EventLog(store)) {
            log.append(DayFile.dayOf(NOON), ended);
        }
        Script done = PruneTest.prune(store, "stale", "--yes");
        assertEquals(1, done.exit());
        assertTrue(done.err().contains("left alone: 1 run that ended according to the day files"), done.err());
        assertEquals("running", PruneTest.status(store, "ended"));
        assertEquals("failed", PruneTest.status(store, "endless"));
    }

    private Store withStale(Fixture shape, String id) throws IOException {
        Store store = shape.filled(dir.resolve(shape.name()), 30, NOON);
        Run endless = PruneTest.run(shape, 40, id, Duration.ofDays(3)).with("status", "running").with("end_time", null);
        PruneTest.write(store, endless);
        Fixture.append(store, NOON, endless);
        return store;
    }

    @ParameterizedTest
    @EnumSource(names = {"V3", "V7_PYTHON", "V7_SERVICE"})
    void aRealEndThatComesLaterWins(Fixture shape) throws IOException {
        Store store = withStale(shape, "slow");
        PruneTest.prune(store, "stale", "--yes");
        Run end = PruneTest.run(shape, 40, "slow", Duration.ofDays(3)).with("end_time", Times.text(NOON.minusSeconds(60)));
        Fixture.append(store, NOON, end);
        assertEquals(0, Script.run(new rebuild(), "--yes", "--store", store.base()).exit());
        assertEquals("success", PruneTest.status(store, "slow"), "the line, though the cancellation has a later time");
        assertEquals(0, PruneTest.number(store,
                "SELECT count(*) FROM agent_runs WHERE run_id = 'slow' AND error_summary LIKE '%cancelled%'"));
    }

    @Test
    void aRealEndThatItsWriterBringsWins() throws IOException {
        Store store = withStale(Fixture.V3, "slow");
        PruneTest.prune(store, "stale", "--yes");
        PruneTest.write(store, PruneTest.run(Fixture.V3, 40, "slow", Duration.ofDays(3)));
        assertEquals("success", PruneTest.status(store, "slow"));
        PruneTest.prune(store, "stale", "--yes");
        assertEquals("success", PruneTest.status(store, "slow"));
    }

    @ParameterizedTest
    @EnumSource(names = {"V1", "V3", "V7_PYTHON", "V7_SERVICE"})
    void noRebuildReplayRestoreOrRecoverySetsItRunningAgain(Fixture shape) throws IOException {
        Store store = withStale(shape, "dead");
        PruneTest.prune(store, "stale", "--yes");
        String cancelled = shape.version() < 6 ? "failed" : "cancelled";
        assertEquals(0, Script.run(new rebuild(), "--check-only", "--store", store.base()).exit(), "no difference");
        assertEquals(0, Script.run(new rebuild(), "--yes", "--store", store.base()).exit());
        assertEquals(cancelled, PruneTest.status(store, "dead"), "rebuilt over an intact database");
        assertEquals(0, Script.run(new rebuild(), "--into", dir.resolve("into.sqlite"), "--store", store.base()).exit());
        assertEquals(0, Script.run(new backup(), "restore", "latest", "--yes", "--store", store.base()).exit());
        assertEquals(cancelled, PruneTest.status(store, "dead"), "restored from before");
        Files.delete(store.database());
        assertEquals(0, Script.run(new rebuild(), "--yes", "--store", store.base()).exit());
        assertEquals(cancelled, PruneTest.status(store, "dead"), "rebuilt without a database");
        Files.delete(store.database());
        Script.run(new recover(), "--yes", "--store", store.base());
        assertEquals(cancelled, PruneTest.status(store, "dead"), "recovered from the backup, in which it was running");
        try (Database into = Database.openToRead(dir.resolve("into.sqlite"))) {
            assertEquals(cancelled, into.value("SELECT status FROM agent_runs WHERE run_id = 'dead'"));
        }
    }

    @Test
    void aLaterAttemptOfACancelledRunGoesOn() throws IOException {
        Fixture shape = Fixture.V7_SERVICE;
        Store store = withStale(shape, "again");
        PruneTest.prune(store, "stale", "--yes");
        Run attempt = PruneTest.run(shape, 45, "again", Duration.ofHours(1)).with("status", "running").with("end_time", null);
        PruneTest.write(store, attempt);
        Fixture.append(store, NOON, attempt);
        assertEquals(0, Script.run(new rebuild(), "--yes", "--store", store.base()).exit());
        Map<String, Long> statuses = new HashMap<>();
        PruneTest.rows(store).values().stream().filter(row -> row.text("run_id").equals("again"))
                .forEach(row -> statuses.merge(row.text("status"), 1L, Long::sum));
        assertEquals(Map.of("cancelled", 1L, "running", 1L), statuses);
    }
}
