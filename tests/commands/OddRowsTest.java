import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.Health;
import telemetry.Store;
import telemetry.Times;
import telemetry.cli.Procedure;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** Rows that no writer of ours makes: times in other forms or in none, statuses in capitals, runs without an id. */
class OddRowsTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final Clock AT_NOON = Clock.fixed(NOON, ZoneOffset.UTC);

    @TempDir
    Path dir;

    private Store store;

    @BeforeEach
    void aStoreWithoutRulesForStatusAndStart() {
        store = Fixture.V3.empty(dir);
        try (Database database = Database.open(store.database())) {
            Sql.redefine(database, " CHECK ?\\(status IN \\([^)]*\\)\\)", "");
        }
    }

    private void put(String id, Object start, String status) {
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status) VALUES (?, 'a', 'j', ?, ?)",
                    id, start, status);
        }
    }

    private static String ago(Duration age, int offset) {
        return NOON.minus(age).atOffset(ZoneOffset.ofHours(offset)).toString();
    }

    private Script run(Procedure script, Object... args) {
        script.clock = AT_NOON;
        List<Object> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--store", store.base()));
        Script run = Script.run((Callable<Integer>) script, all.toArray());
        assertFalse(run.exit() == 70, run.toString());
        return run;
    }

    private List<String> left() {
        return Sql.rows(store, "SELECT coalesce(run_id, 'null') AS id FROM agent_runs ORDER BY rowid").stream()
                .map(row -> row.get("id").toString()).toList();
    }

    private String told(String check) {
        Check told = Health.of(store, AT_NOON).checks().list().stream().filter(one -> one.name().equals(check)).findFirst().orElseThrow();
        return told.status() + ": " + told.detail();
    }

    @Test
    void theInstantCountsAndNotTheDigits() {
        put("west-1h-running", ago(Duration.ofHours(1), -8), "running");
        put("west-1h-done", ago(Duration.ofHours(1), -8), "success");
        put("east-8h-running", ago(Duration.ofHours(8), 9), "running");
        put("utc-2h-done", ago(Duration.ofHours(2), 0), "success");
        put("millis-30m-done", String.valueOf(NOON.minusSeconds(1_800).toEpochMilli()), "success");
        assertTrue(run(new query(), "recent").out().lines().skip(1).findFirst().orElseThrow().startsWith("millis-30m-done"));
        assertEquals("3", run(new query(), "count", "--since", "90m").out().strip());
        assertTrue(run(new query(), "stale", "--older-than", "3h").out().contains("east-8h-running"));
        assertEquals(0, run(new prune(), "stale", "--older-than", "3h", "--yes").exit());
        assertEquals("running", PruneTest.status(store, "west-1h-running"));
        assertEquals("failed", PruneTest.status(store, "east-8h-running"));
        assertEquals(0, run(new prune(), "runs", "--older-than", "100m", "--yes").exit());
        assertEquals(List.of("west-1h-running", "west-1h-done", "millis-30m-done"), left());
    }

    @Test
    void whatNobodyCanReadIsNeverOldAndIsCounted() {
        put("odd", "11/20/2026 11:59:00", "success");
        put("odd-day", "2025-02-30T12:00:00Z", "success");
        put("odd-running", "yesterday", "running");
        put("seconds", NOON.getEpochSecond() - 60.5, "success");
        put("good", "2026-11-20T11:59:00Z", "success");
        put("old", "2026-11-01T11:59:00Z", "success");
        String said = "3 runs have a start_time that cannot be read";
        Script stale = run(new query(), "stale", "--older-than", "1h");
        assertEquals(0, stale.exit());
        assertTrue(stale.err().contains(said), stale.err());
        assertFalse(stale.out().contains("odd"), stale.out());
        List<String> recent = run(new query(), "recent").out().lines().skip(1).map(line -> line.split(" ")[0]).toList();
        assertEquals(List.of("good", "seconds", "old"), recent.subList(0, 3));
        assertEquals(6, recent.size());
        assertTrue(told("activity").endsWith("2 in the last 24 h; " + said), told("activity"));
        assertEquals("ok: 1 running, none for more than 1 d; 1 running since a start_time that cannot be read", told("stale"));
        assertTrue(run(new prune(), "stale", "--older-than", "1h", "--yes").out().contains("1 run stays, because its start_time"));
        Script runs = run(new prune(), "runs", "--older-than", "7d", "--yes");
        assertTrue(runs.out().contains("3 runs stay, because their start_time cannot be read"), runs.out());
        assertEquals(List.of("odd", "odd-day", "odd-running", "seconds", "good"), left());
    }

    @Test
    void aStatusIsMeantWhateverItsCaseAndBlanks() {
        put("r", "2026-11-17T12:00:00Z", "RUNNING");
        put("r2", "2026-11-17T12:00:00Z", " Running ");
        put("f", "2026-11-20T11:00:00Z", "FAILED");
        put("s", "2026-11-10T12:00:00Z", "Success");
        put("n", "2026-11-10T12:00:00Z", null);
        put("u", "2026-11-10T12:00:00Z", "finished");
        for (boolean indexed : List.of(true, false)) {
            if (!indexed) Sql.execute(store, "DROP INDEX idx_runs_status");
            assertEquals("1", run(new query(), "count", "--status", "failed").out().strip());
            assertTrue(run(new query(), "failures").out().contains("\nf "));
            assertTrue(run(new query(), "stale", "--older-than", "1d").out().contains("\nr2 "));
            String agents = run(new query(), "agents", "--csv").out();
            assertTrue(agents.contains("a,6,1,1,"), agents);
            assertTrue(told("stale").startsWith("warning: 2 running for more than 1 d, the oldest for 3 d"), told("stale"));
            assertTrue(told("stale").endsWith("; 1 run has a status that no writer uses: 'finished'"), told("stale"));
        }
        assertEquals(0, run(new prune(), "runs", "--older-than", "7d", "--yes").exit());
        assertEquals(List.of("r", "r2", "f", "n", "u"), left());
        assertEquals(0, run(new prune(), "stale", "--yes").exit());
        assertEquals("failed", PruneTest.status(store, "r2"));
    }

    @Test
    void aRunWithoutAnIdIsShownAndPrunedByItsPlace() throws IOException {
        put(null, "2026-11-01T12:00:00Z", "success");
        put(null, "2026-11-20T11:00:00Z", "success");
        put("", "2026-11-02T12:00:00Z", "success");
        put(null, "2026-11-03T12:00:00Z", "running");
        put("known", "2026-11-04T12:00:00Z", "success");
        Sql.execute(store, "UPDATE agent_runs SET insight_id = 'i'", "INSERT INTO commits(commit_hash, run_id) VALUES ('c', '')");
        assertEquals(4, run(new query(), "recent").out().lines().filter(line -> line.startsWith("(no id) (a)")).count());
        assertEquals(4, run(new query(), "chain", "i").out().lines().filter(line -> line.startsWith("(no id)")).count());
        for (String format : List.of("--json", "--csv")) assertEquals(0, run(new query(), "recent", format).exit());
        Sql.execute(store, "UPDATE agent_runs SET insight_id = NULL");
        assertTrue(run(new prune(), "stale", "--dry-run").out().contains("(no id)"));
        assertEquals(0, run(new prune(), "stale", "--yes").exit());
        assertEquals("failed", Sql.rows(store, "SELECT status FROM agent_runs WHERE rowid = 4").get(0).get("status"));
        assertFalse(Files.exists(store.base().resolve("pruned.ndjson")));
        run(new health());
        assertEquals(0, run(new prune(), "runs", "--older-than", "7d", "--yes").exit());
        assertEquals(List.of("null"), left());
        assertEquals(1, Sql.rows(store, "SELECT * FROM commits").size());
        List<String> pruned = Files.readAllLines(store.base().resolve("pruned.ndjson"));
        assertEquals(1, pruned.size(), pruned.toString());
        assertTrue(pruned.get(0).contains("\"known\""), pruned.toString());
    }

    /** Nothing that reads, copies or makes the database anew stumbles over it or loses it. */
    @Test
    void aRunWithoutAnIdSurvivesRebuildBackupAndRestore() throws IOException {
        Files.writeString(store.raw().resolve("events_20261104.ndjson"), "{\"run_id\": \"known\", \"agent_name\": \"a\", \"job_type\": "
                + "\"j\", \"start_time\": \"2026-11-04T12:00:00Z\", \"status\": \"success\", \"record_type\": \"run\"}\n");
        put(null, "2026-11-01T12:00:00Z", "success");
        put("", "2026-11-02T12:00:00Z", "success");
        put("known", "2026-11-04T12:00:00Z", "success");
        List<Procedure> all = List.of(new backup(), new rebuild(), new backup(), new recover());
        Object[][] args = {{}, {"--yes"}, {"restore", "latest", "--yes"}, {"--yes"}};
        for (int i = 0; i < args.length; i++) {
            Script done = run(all.get(i), args[i]);
            assertTrue(done.exit() <= 1, done.toString());
            assertEquals(List.of("", "known", "null"), left().stream().sorted().toList(), done.toString());
        }
    }

    /** Wherever a line says so, too. */
    @Test
    void aLinesStatusAndTimesAreReadAlike() throws IOException {
        String line = "{\"run_id\": \"%s\", \"agent_name\": \"a\", \"job_type\": \"j\", \"start_time\": %s, \"end_time\": %s, "
                + "\"status\": \"%s\", \"record_type\": \"run\"}%n";
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), String.format(line, "one", "1795158000", "null", "RUNNING")
                + String.format(line, "one", "1795158000", "1795158060000", " Failed ")
                + String.format(line, "two", "\"2026-11-20T19:00:00+09:00\"", "null", " Running ")
                + String.format(line, "three", "\"2026-11-20T10:00:00,5Z\"", "\"2026-11-20T10:00:60Z\"", "SUCCESS"));
        assertEquals(0, run(new rebuild(), "--yes").exit());
        assertEquals("failed", PruneTest.status(store, "one"));
        assertEquals("running", PruneTest.status(store, "two"));
        assertEquals("success", PruneTest.status(store, "three"));
        List<String> starts = Sql.rows(store, "SELECT start_time FROM agent_runs ORDER BY run_id").stream()
                .map(row -> Objects.toString(Times.instant(row.get("start_time")))).toList();
        assertEquals(List.of("2026-11-20T07:00:00Z", "2026-11-20T10:00:00.500Z", "2026-11-20T10:00:00Z"), starts);
    }

    /** A number sorts before every text, so no range of texts has it. */
    @Test
    void runsThatBeganAtANumberAreNotMissed() throws IOException {
        try (Database database = Database.open(store.database())) {
            Sql.redefine(database, "start_time TEXT", "start_time INTEGER");
        }
        var lines = new StringBuilder();
        for (int n = 0; n < 40; n++) {
            long start = NOON.minusSeconds(600 + n * 60L).toEpochMilli();
            put("r" + n, start, "success");
            lines.append(String.format("{\"run_id\": \"r%d\", \"agent_name\": \"a\", \"start_time\": %d, \"end_time\": %d, "
                    + "\"status\": \"success\", \"record_type\": \"run\"}%n", n, start, start + 1_000));
        }
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), lines);
        assertTrue(told("database").startsWith("ok: integrity_check ok in"), told("database"));
        assertTrue(told("divergence").startsWith("ok: the day files' 40 records"), told("divergence"));
        assertEquals("ok: 40 runs in the last hour, 40 in the last 24 h", told("activity"));
        assertEquals("40", run(new query(), "count", "--since", "1h").out().strip());
    }
}
