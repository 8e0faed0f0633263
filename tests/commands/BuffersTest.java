import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Health;
import telemetry.Run;
import telemetry.Store;
import telemetry.health.HealthRules;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.os.Disk;
import telemetry.store.Pruned;
import telemetry.text.Ndjson;

/** Lines that clients put aside because they could not reach their service. */
class BuffersTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final Clock AT_NOON = Clock.fixed(NOON, ZoneOffset.UTC);
    private static final String ACTIVE = "telemetry_20261120_090000.jsonl.active";

    @TempDir
    Path dir;

    private Store store;
    private Path buffer;

    @BeforeEach
    void aStoreAndAClientThatDidNotReachItsService() throws IOException {
        store = Fixture.V7_PYTHON.filled(dir.resolve("store"), 12, NOON);
        buffer = Files.createDirectories(store.base().resolve("telemetry_buffer"));
        Files.writeString(buffer.resolve("telemetry_20261120_115959.jsonl.active"), "");
    }

    /** A run's start and end, as the client sends them. */
    private static String run(int n) {
        Run run = Fixture.V7_PYTHON.run(n, NOON.minusSeconds(7_200));
        return Ndjson.line(Fixture.lines(run, n).get(0)) + "\n" + (run.isEnd() ? Ndjson.line(run) + "\n" : "");
    }

    private static void put(Path file, String lines) throws IOException {
        Files.writeString(Files.createDirectories(file.getParent()).resolve(file.getFileName()), lines);
        Files.setLastModifiedTime(file, FileTime.from(NOON.minus(Duration.ofHours(3))));
    }

    private Check divergence(Path given) {
        HealthRules usual = HealthRules.RUNBOOK;
        var rules = new HealthRules(true, usual.patience(), usual.diskFailed(), usual.diskWarning(), usual.idle(), usual.stale(),
                usual.wal(), usual.size(), usual.backupAge(), usual.compare(), given);
        return Health.of(store, AT_NOON, rules, null).checks().list().stream().filter(check -> check.name().equals("divergence"))
                .findFirst().orElseThrow();
    }

    private Script rebuild(Object... args) {
        return Script.run(new rebuild(), args);
    }

    @Test
    void healthNamesThemWithAgeAndCountUntilTheirRunsAreInTheDatabase() throws IOException {
        assertEquals(Check.Status.OK, divergence(null).status());
        assertFalse(divergence(null).detail().contains("buffer"), "a client makes an empty file when it starts");
        put(buffer.resolve(ACTIVE), run(100) + run(101) + run(2));
        put(buffer.resolve("telemetry_20261119_090000.jsonl.synced"), run(150));
        Check waiting = divergence(null);
        assertEquals(Check.Status.WARNING, waiting.status());
        assertTrue(waiting.detail().contains("; 1 buffer file of clients that could not reach their service: " + buffer.resolve(ACTIVE)
                + " (5 lines, 3 h old); 2 runs of them not in the database, or not as ended; "
                + "1 buffer file of clients, delivered (.synced)"),
                waiting.detail());
        assertTrue(waiting.hint().toString().contains("rebuild@telemetry --replay-only --buffer " + buffer), waiting.hint().toString());
        Script replayed = rebuild("--replay-only", "--yes", "--buffer", buffer, "--store", store.base());
        assertEquals(0, replayed.exit(), replayed.toString());
        assertTrue(replayed.out().contains(", 3 added, 0 completed"), replayed.out());
        Check done = divergence(null);
        assertEquals(Check.Status.OK, done.status(), done.detail());
        assertTrue(done.detail().contains("(5 lines, 3 h old): all their runs are in the database"), done.detail());
    }

    @Test
    void theyAreLookedForInTheStoreInTheGivenFolderAndInTheVariables() throws Exception {
        Path agents = dir.resolve("agents/telemetry_buffer");
        put(agents.resolve("telemetry_20261120_090000.jsonl.ready"), run(100));
        assertFalse(divergence(null).detail().contains("buffer"));
        assertTrue(divergence(agents).detail().contains(agents.resolve("telemetry_20261120_090000.jsonl.ready") + " (2 lines"));
        Path said = dir.resolve("said");
        Process health = Script.processBuilder(Map.of("TELEMETRY_BUFFER_DIR", agents.toString()), "health", "--quick", "--json", "--store",
                store.base()).redirectOutput(said.toFile()).start();
        health.waitFor();
        assertTrue(Files.readString(said).contains("1 buffer file of clients that could not reach their service: "
                + agents.toString().replace("\\", "\\\\")),
                Files.readString(said));
        put(store.base().resolve(ACTIVE), run(101));
        assertTrue(divergence(agents).detail().contains("2 buffer files of clients that could not reach their service: "
                + store.base().resolve(ACTIVE)), divergence(agents).detail());
    }

    /** It is the live database, which keeps its place; what was pruned stays away, and a second time nothing is new. */
    @Test
    void aReplayBringsTheLinesIntoTheDatabaseThatIsThereAndMakesNoNewOne() throws IOException {
        put(buffer.resolve(ACTIVE), run(100) + run(102) + "{\"torn\n");
        Pruned.of(store).add(List.of(Fixture.V7_PYTHON.run(102, NOON.minusSeconds(7_200)).id()), NOON);
        Object inode = Disk.identity(store.database());
        Script dry = rebuild("--replay-only", "--buffer", buffer, "--dry-run", "--store", store.base());
        assertTrue(dry.out().contains("1 only in the day files"), dry.out());
        assertTrue(dry.said().contains("rebuild@telemetry --replay-only --buffer " + buffer), dry.err());
        assertEquals(12, Sql.rows(store, "SELECT 1 FROM agent_runs").size());
        Script replayed = rebuild("--replay-only", "--yes", "--buffer", buffer, "--store", store.base());
        assertEquals(1, replayed.exit(), replayed.toString());
        assertTrue(replayed.out().contains("13 runs, 1 added, 0 completed"), replayed.out());
        assertTrue(replayed.out().contains("2 records left out: their runs were pruned"), replayed.out());
        assertTrue(replayed.out().contains("1 damaged entry"), replayed.out());
        assertTrue(replayed.err().contains("not read: " + buffer.resolve(ACTIVE) + ", byte "), replayed.err());
        assertEquals(13, Sql.rows(store, "SELECT 1 FROM agent_runs").size());
        assertEquals(inode, Disk.identity(store.database()));
        assertTrue(rebuild("--replay-only", "--yes", "--buffer", buffer, "--store", store.base()).out().contains(", 0 added, 0 completed"));
        assertEquals(64, rebuild("--replay-only", "--into", dir.resolve("x"), "--store", store.base()).exit());
        Files.delete(store.database());
        assertEquals(3, rebuild("--replay-only", "--yes", "--store", store.base()).exit());
    }
}
