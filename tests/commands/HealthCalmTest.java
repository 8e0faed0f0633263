import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Health;
import telemetry.Store;
import telemetry.cli.Procedure;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** A store that is well gets no warning, whatever its version and whatever was done to it on purpose. */
class HealthCalmTest {
    private static final Instant NOON = HealthTest.NOON;

    @TempDir
    Path dir;

    @Test
    void afterEveryWorkOfAMonthAllIsWell() throws Exception {
        for (Fixture shape : Fixture.values()) {
            Store store = shape.filled(dir.resolve(shape.name()), 220, NOON);
            Sql.execute(store, "UPDATE agent_runs SET status = 'success', end_time = start_time WHERE status = 'running'");
            for (DayFile day : new EventLog(store).raw()) Files.setLastModifiedTime(day.path(),
                    FileTime.from(NOON.minus(Duration.ofDays(2))));
            assertCalm(store, shape + " as it was");
            run(store, new setup());
            assertCalm(store, shape + " after setup");
            run(store, new backup());
            assertCalm(store, shape + " after a backup");
            run(store, new archive(), "--older-than", "2d", "--yes");
            assertCalm(store, shape + " after archive");
            run(store, new prune(), "runs", "--older-than", "4d", "--yes");
            assertCalm(store, shape + " after prune");
            run(store, new archive(), "expire", "--older-than", "5d", "--yes");
            assertCalm(store, shape + " after archive expire");
            run(store, new rebuild(), "--yes");
            assertCalm(store, shape + " after rebuild");
            run(store, new backup(), "restore", "latest", "--yes");
            assertCalm(store, shape + " after restore");
        }
    }

    @Test
    void rightAfterSetupOnlyRunsAreMissing() {
        Store store = Store.at(dir.resolve("new"));
        assertEquals(0, Script.run(new setup(), "--store", store.base()).exit());
        assertEquals(List.of("warning: activity: no run yet"), troubles(store, Clock.systemUTC()));
        assertEquals(0, Script.run(new setup(), "--sample", "--days", "7", "--store", store.base()).exit());
        assertEquals(List.of(), troubles(store, Clock.systemUTC()));
    }

    /** The toolkit's own run says nothing about the agents. */
    @Test
    void theSelfTestIsNoActivity() {
        Store store = Store.at(dir.resolve("new"));
        assertEquals(0, Script.run(new setup(), "--store", store.base()).exit());
        assertEquals(0, Script.run(new track(), "--self-test", "--store", store.base()).exit());
        assertEquals(List.of("warning: activity: no run yet"), troubles(store, Clock.systemUTC()));
    }

    @Test
    void besideWritersAtWorkAllIsWell() throws Exception {
        Store store = Store.at(dir.resolve("busy"));
        assertEquals(0, Script.run(new setup(), "--store", store.base()).exit());
        try (Agent one = Agent.writing(store, "one", 0); Agent two = Agent.writing(store, "two", 0)) {
            for (int i = 0; i < 8; i++) assertEquals(List.of(), troubles(store, Clock.systemUTC()));
            assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            for (int i = 0; i < 4; i++) assertEquals(List.of(), troubles(store, Clock.systemUTC()));
        }
    }

    /** As they stand, on the day of their last run. */
    @Test
    void theKnownStoresAreWellButForWhatIsKnown() throws Exception {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Store store = given.store();
            String last = Sql.rows(store, "SELECT max(replace(substr(start_time, 1, 19), ' ', 'T')) AS last FROM agent_runs").get(0).get("last").toString();
            List<String> troubles = troubles(store, Clock.fixed(Instant.parse(last + "Z").plusSeconds(600), ZoneOffset.UTC));
            List<String> unexpected = new ArrayList<>(troubles);
            unexpected.removeIf(what -> what.startsWith("warning: stale: ")
                    || what.startsWith("warning: backup: there is no verified backup")
                    || what.startsWith("warning: schema: ") || given.name().endsWith("-ahead")
                    && what.matches("warning: (database|divergence|day files): .*"));
            assertEquals(List.of(), unexpected, given.name());
        }
    }

    private static void assertCalm(Store store, String when) {
        List<String> troubles = new ArrayList<>(troubles(store, HealthTest.AT_NOON));
        troubles.removeIf(what -> what.startsWith("warning: schema: ") && what.contains("no table commits"));
        assertEquals(List.of(), troubles, when);
    }

    private static List<String> troubles(Store store, Clock clock) {
        List<String> troubles = new ArrayList<>();
        for (Check check : Health.of(store, clock).checks().list())
            if (check.status() != Check.Status.OK) troubles.add(check.status() + ": " + check.name() + ": " + check.detail());
        return troubles;
    }

    private static void run(Store store, Procedure script, Object... arguments) {
        script.clock = HealthTest.AT_NOON;
        List<Object> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--store", store.base()));
        Script ran = Script.run(script, all.toArray());
        assertTrue(ran.exit() <= 1, ran.toString());
    }
}
