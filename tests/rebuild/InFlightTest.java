package telemetry.rebuild;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static telemetry.kit.Sql.execute;
import static telemetry.kit.Sql.rows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;

/** A writer appends the line of a start and then inserts the row: for a minute nobody else does. */
class InFlightTest {

    @TempDir
    Path dir;

    private final Instant now = Instant.now();

    /** The line of a start, and no row yet. */
    private static Run begin(Store store, Fixture shape, int n, Instant start) {
        Run run = (Run) Fixture.lines(shape.run(n, start), 1).get(0);
        Fixture.append(store, start, run);
        return run;
    }

    /** As the Python client does: a plain INSERT, which fails when somebody was quicker. */
    private static void insert(Store store, Run run) {
        boolean hasEvent = run.text("event_id") != null;
        execute(store, "INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status" + (hasEvent ? ", event_id" : "")
                + ") VALUES ('" + run.id() + "', '" + run.agent() + "', 'publish', '" + run.text("start_time") + "', 'running'"
                + (hasEvent ? ", '" + run.text("event_id") + "'" : "") + ")");
    }

    private static ReplayResult replay(Store store, Clock clock) {
        try (Database database = Database.open(store.database())) {
            return new Replay(database).at(clock).apply(new EventLog(store));
        }
    }

    private static boolean has(Store store, Run run) {
        return !rows(store, "SELECT 1 FROM agent_runs WHERE run_id = '" + run.id() + "'").isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"V3", "V7_PYTHON", "V7_SERVICE"})
    void aReplayLeavesStartsOfTheLastMinuteToTheirWriters(Fixture shape) throws IOException {
        Store store = shape.filled(dir, 12, now.minusSeconds(7_200));
        Run young = begin(store, shape, 101, now.minusSeconds(5));
        Run ahead = begin(store, shape, 102, now.plusSeconds(3_600));
        Run old = begin(store, shape, 103, now.minusSeconds(90));
        Run ended = shape.run(108, now.minusSeconds(20));
        Fixture.lines(ended, 1).forEach(line -> Fixture.append(store, now, line));
        ReplayResult first = replay(store, Clock.systemUTC());
        assertEquals(2, first.inFlight());
        assertEquals(2, first.inserted(), "the old one, and the one that has ended");
        assertTrue(has(store, old) && has(store, ended));
        insert(store, young);
        assertEquals(1, replay(store, Clock.systemUTC()).inFlight());
        insert(store, ahead);
        assertEquals(0, replay(store, Clock.systemUTC()).inFlight());

        Run lost = begin(store, shape, 104, now);
        Clock later = Clock.fixed(Instant.now().plusSeconds(61), ZoneOffset.UTC);
        ReplayResult brought = replay(store, later);
        assertEquals(0, brought.inFlight());
        assertEquals(1, brought.inserted());
        assertTrue(has(store, lost));
        Run nobody = begin(store, shape, 105, now.plus(Duration.ofDays(400)));
        for (DayFile day : new EventLog(store).days()) Files.setLastModifiedTime(day.path(), FileTime.from(now.minusSeconds(100)));
        assertEquals(1, replay(store, Clock.systemUTC()).inserted(), "no writer waits in a file that nobody has changed for a minute");
        assertTrue(has(store, nobody));
    }

    @ParameterizedTest
    @EnumSource(names = {"V3", "V7_PYTHON", "V7_SERVICE"})
    void aRebuildLeavesThemTooAndKeepsTheRowsThatAreThere(Fixture shape) {
        for (boolean isIntact : new boolean[] {true, false}) {
            Store store = shape.filled(dir.resolve("intact-" + isIntact), 12, now.minusSeconds(7_200));
            Run waiting = begin(store, shape, 101, now.minusSeconds(5));
            Run running = begin(store, shape, 102, now.minusSeconds(4));
            if (isIntact) insert(store, running);
            else Sabotage.delete(store.database());
            Rebuilt made = new Rebuild(store, Clock.systemUTC()).inPlace();
            assertEquals(isIntact ? 1 : 2, made.exchange().inFlight());
            assertEquals(isIntact ? 13 : 12, made.runs());
            assertEquals(0, made.carried().runs(), "the day files have it");
            if (!isIntact && shape != Fixture.V3) continue;
            insert(store, waiting);
            if (!isIntact) insert(store, running);
            assertEquals(14, rows(store, "SELECT 1 FROM agent_runs").size());
        }
    }

    @Test
    void whatBeganLongAgoIsBroughtAtOnceAndAComparisonCountsNoneInFlight() {
        Store store = Fixture.V3.filled(dir, 12, now.minusSeconds(7_200));
        begin(store, Fixture.V3, 101, now.minusSeconds(5));
        RunDifferences.Count count = new Rebuild(store, Clock.systemUTC()).differences(difference -> { });
        assertTrue(count.isSame(), count.toString());
        execute(store, "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('line comes', 'a', '" + now
                + "', 'running')");
        assertTrue(new Rebuild(store, Clock.systemUTC()).differences(difference -> { }).isSame());
        begin(store, Fixture.V3, 103, now.minusSeconds(90));
        assertEquals(1, new Rebuild(store, Clock.systemUTC()).differences(difference -> { }).missing());
    }
}
