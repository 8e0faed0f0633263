package telemetry.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Row;
import telemetry.RunFilter;
import telemetry.RunStatus;
import telemetry.Runs;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.kit.Fixture;

/** The answers to questions about runs: right in every version, with times in every form, and from an index. */
class RunsTest {
    private static final Instant LATEST = Instant.parse("2026-11-20T12:00:00Z");

    private static final List<Integer> LIMITS = IntStream.concat(IntStream.rangeClosed(1, 130), IntStream.of(200, 300, 399, 400, 500))
            .boxed().toList();

    @TempDir
    private Path folder;

    /** One run as it was put in: what the answers are compared with. */
    private record Put(String id, String agent, String status, Instant start, long order) { }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void recentIsNewestFirstToTheMicrosecondWhateverTheFormsOfTheTimes(long seed) {
        Store store = Fixture.V3.empty(folder);
        try (Database database = Database.open(store.database())) {
            List<Put> all = mixed(database, seed, 400);
            var runs = new Runs(database);
            for (int limit : LIMITS) {
                assertEquals(newest(all, put -> true, limit), starts(runs.recent(limit)), "limit " + limit);
                assertEquals(newest(all, put -> put.agent.equals("often"), limit),
                        starts(runs.recent(RunFilter.ALL.withAgent("often"), limit)), "often, limit " + limit);
                assertEquals(newest(all, put -> put.agent.equals("seldom"), limit),
                        starts(runs.recent(RunFilter.ALL.withAgent("seldom"), limit)), "seldom, limit " + limit);
            }
            database.execute("DROP INDEX idx_runs_start");
            var slow = new Runs(database);
            for (int limit : List.of(1, 7, 400))
                assertEquals(newest(all, put -> true, limit), starts(slow.recent(limit)), "no index, limit " + limit);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {7, 8, 9})
    void aPeriodBeginsAndEndsToTheMicrosecondWhateverTheFormsOfTheTimes(long seed) {
        Store store = Fixture.V3.empty(folder);
        try (Database database = Database.open(store.database())) {
            List<Put> all = mixed(database, seed, 300);
            var runs = new Runs(database);
            for (int n = 0; n < 40; n++) {
                Instant since = all.get(n).start;
                Instant until = all.get(299 - n).start;
                Predicate<Put> within = put -> !put.start.isBefore(since) && put.start.isBefore(until);
                RunFilter filter = RunFilter.ALL.during(since, until);
                assertEquals(all.stream().filter(within).count(), runs.count(filter), since + " to " + until);
                assertEquals(newest(all, within, 10), starts(runs.recent(filter, 10)), since + " to " + until);
            }
        }
    }

    /** Within three days around midnights, often within the same second, in one form for a while or in all of them. */
    private static List<Put> mixed(Database database, long seed, int count) {
        var random = new Random(seed);
        int mixture = (int) (seed % 3);
        List<Put> all = new ArrayList<>();
        database.inTransaction(() -> {
            for (int n = 0; n < count; n++) {
                Instant start = Instant.parse("2026-11-20T00:00:00Z")
                        .plusSeconds(86_400L * random.nextInt(3) + (random.nextBoolean() ? random.nextInt(8) - 4 : random.nextInt(86_400)));
                int form = mixture == 0 ? random.nextInt(3) : mixture == 1 ? (start.getEpochSecond() / 86_400) % 2 == 0
                        ? 0 : 1 + random.nextInt(2) : random.nextInt(10) == 0 ? 1 : 0;
                if (form == 0) start = start.plusNanos(1_000L * random.nextInt(1_000_000) * random.nextInt(2));
                String text = form == 1 ? Times.seconds(start) : form == 2 ? Times.seconds(start).replace(' ', 'T') + 'Z' : form(start);
                var put = new Put("run-" + n, random.nextInt(20) == 0 ? "seldom" : "often", "success", start, n);
                database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES (?, ?, ?, ?)",
                        put.id, put.agent, text, put.status);
                all.add(put);
            }
        });
        return all;
    }

    /** Python leaves the fraction out when it is zero. */
    private static String form(Instant start) {
        return start.getNano() == 0 ? Times.seconds(start).replace(' ', 'T') + "+00:00" : Times.text(start);
    }

    /** What shares an instant may come in any order: so the instants are compared. */
    private static List<Instant> newest(List<Put> all, Predicate<Put> wanted, int limit) {
        return all.stream().filter(wanted).map(Put::start).sorted(Comparator.reverseOrder()).limit(limit).toList();
    }

    private static List<Instant> starts(telemetry.Rows rows) {
        return rows.stream().map(row -> Times.instant(row.text("start_time"))).toList();
    }

    @Test
    void aStartThatIsNoTimeComesLastAndHidesNothing() {
        Store store = Fixture.V3.filled(folder, 5, LATEST);
        try (Database database = Database.open(store.database())) {
            for (int n = 0; n < 30; n++)
                database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES (?, 'odd', 'unknown', 'success')",
                        "odd-" + n);
            var runs = new Runs(database);
            assertEquals(5, runs.recent(5).stream().filter(row -> !row.text("agent_name").equals("odd")).count());
            assertEquals(35, runs.recent(100).list().size());
            assertEquals(35, runs.count());
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyVersionAnswersEverything(Fixture version) {
        Store store = version.filled(folder, 60, LATEST);
        try (Database database = Database.openToRead(store.database())) {
            var runs = new Runs(database);
            assertEquals(60, runs.count());
            assertEquals(List.of("run_id", "agent_name", "job_type", "status", "start_time"), runs.recent(1).columns());
            assertEquals(LATEST, Times.instant(runs.recent(1).list().get(0).text("start_time")));
            assertEquals(10, runs.count(RunFilter.ALL.withStatuses(Set.of(RunStatus.FAILED))));
            assertEquals(10, runs.failures(RunFilter.ALL, 100).list().size());
            assertEquals(version.version() < 6 ? "failed" : "failure", runs.failures(RunFilter.ALL, 1).list().get(0).text("status"));
            assertEquals(10, runs.stale(LATEST.plusSeconds(1)).list().size());
            assertEquals(5, runs.stale(LATEST.minusSeconds(3600 * 30)).list().size());
            List<String> chain = Stream.of(22, 21, 20).map(n -> idOf(version, n)).toList();
            assertEquals(version == Fixture.V1 ? List.of() : chain,
                    runs.chain("insight-2").stream().map(row -> row.text("run_id")).toList());
            assertEquals(List.of("run_id", "job_type", "status"), runs.chain("insight-2").columns());
            assertEquals(idOf(version, 7), runs.find(idOf(version, 7)).list().get(0).text("run_id"));
            assertEquals(3, runs.agents().list().size());
        }
    }

    private static String idOf(Fixture version, int n) {
        return version.run(n, LATEST.minusSeconds(3600L * n)).id();
    }

    @ParameterizedTest
    @EnumSource(names = {"V1", "V3", "V7_PYTHON", "V7_SERVICE"})
    void filtersNarrowTogether(Fixture version) {
        Store store = version.filled(folder, 60, LATEST);
        try (Database database = Database.openToRead(store.database())) {
            var runs = new Runs(database);
            Instant since = LATEST.minusSeconds(3600 * 40);
            var filter = new RunFilter("link-checker", "publish", Set.of(RunStatus.SUCCESS, RunStatus.FAILED), null, since, LATEST);
            List<String> expected = new ArrayList<>();
            for (int n = 1; n <= 40; n++) {
                var run = version.run(n, LATEST.minusSeconds(3600L * n));
                if (run.agent().equals("link-checker") && run.job().equals("publish")
                        && Set.of(RunStatus.SUCCESS, RunStatus.FAILED).contains(run.status())) expected.add(run.id());
            }
            assertTrue(!expected.isEmpty());
            assertEquals(expected, runs.recent(filter, 100).stream().map(row -> row.text("run_id")).toList());
            assertEquals(expected.size(), runs.count(filter));
            assertEquals(version == Fixture.V1 ? 0 : 3, runs.count(RunFilter.ALL.withInsight("insight-3")));
        }
    }

    @Test
    void statisticsAreExact() {
        Store store = Fixture.V3.empty(folder);
        try (Database database = Database.open(store.database())) {
            var random = new Random(5);
            Map<String, List<Long>> took = new LinkedHashMap<>();
            Map<String, long[]> sums = new HashMap<>();
            String[] statuses = {"success", "success", "failed", "partial", "running"};
            database.inTransaction(() -> {
                for (int n = 0; n < 500; n++) {
                    String agent = "agent-" + random.nextInt(3);
                    String status = statuses[random.nextInt(5)];
                    long[] values = {random.nextInt(50), random.nextInt(50), random.nextInt(9), random.nextInt(100_000)};
                    database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status, items_discovered, items_succeeded, "
                            + "items_failed, duration_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                            "r" + n, agent, Times.text(LATEST), status, values[0], values[1], values[2],
                            status.equals("running") ? 0L : values[3]);
                    long[] sum = sums.computeIfAbsent(agent, none -> new long[6]);
                    sum[0]++;
                    for (int i = 0; i < 3; i++) sum[i + 1] += values[i];
                    if (status.equals("success")) sum[4]++;
                    if (!status.equals("running")) {
                        sum[5]++;
                        took.computeIfAbsent(agent, none -> new ArrayList<>()).add(values[3]);
                    }
                }
            });
            for (Row row : new Runs(database).agents()) {
                String agent = row.text("agent_name");
                long[] sum = sums.get(agent);
                assertEquals(List.of(sum[0], sum[1], sum[2], sum[3], sum[4]),
                        List.of(row.number("runs"), row.number("items_discovered"), row.number("items_succeeded"),
                        row.number("items_failed"), row.number("runs_succeeded")), agent);
                assertEquals(Math.round(10_000.0 * sum[4] / sum[5]) / 100.0, row.get("success_rate"), agent);
                assertEquals(rank(took.get(agent), 50), row.get("p50_duration_ms"), agent);
                assertEquals(rank(took.get(agent), 95), row.get("p95_duration_ms"), agent);
            }
            database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('x', 'new', ?, 'running')",
                    Times.text(LATEST));
            Row idle = new Runs(database).agents(RunFilter.ALL.withAgent("new"), 1).list().get(0);
            assertEquals(1, idle.number("runs"));
            for (String unknown : List.of("success_rate", "p50_duration_ms", "p95_duration_ms"))
                assertEquals(null, idle.get(unknown), unknown);
        }
    }

    /** The value at that rank, or in between of the two next to it. */
    private static long rank(List<Long> values, int percent) {
        List<Long> sorted = values.stream().sorted().toList();
        double rank = percent / 100.0 * (sorted.size() - 1);
        long below = sorted.get((int) rank);
        long above = sorted.get(Math.min((int) rank + 1, sorted.size() - 1));
        return Math.round(below + (above - below) * (rank - (int) rank));
    }

    @Test
    void recentRunAndChainAnswerFromIndexes() {
        Store store = Fixture.V3.filled(folder, 60, LATEST);
        try (Database database = Database.openToRead(store.database())) {
            var runs = new Runs(database).explaining();
            assertPlan(runs.recent(20), "COVERING INDEX idx_runs_start", "USING INDEX idx_runs_start");
            assertPlan(runs.recent(RunFilter.ALL.during(LATEST.minusSeconds(86_400), null), 20),
                    "COVERING INDEX idx_runs_start", "USING INDEX idx_runs_start");
            assertPlan(runs.recent(RunFilter.ALL.withAgent("link-checker"), 20), "USING INDEX idx_runs_agent (agent_name=?)");
            assertPlan(runs.find("x"), "sqlite_autoindex_agent_runs_1 (run_id=?)");
            assertPlan(runs.chain("x"), "USING INDEX idx_runs_insight (insight_id=?)");
            assertPlan(runs.stale(LATEST), "USING INDEX idx_runs_st");
            assertPlan(runs.counted(RunFilter.ALL.during(LATEST, null)), "COVERING INDEX idx_runs_start");
        }
    }

    /** Over the limit of what is found and sorted: the walk through the starts looks up as few rows as it shows. */
    @Test
    void recentOfABusyAgentWalksThroughTheStarts() {
        Store store = Fixture.V3.empty(folder);
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL "
                    + "SELECT i + 1 FROM n WHERE i < 9999)"
                    + " SELECT 'r' || i, CASE WHEN i % 100 = 0 THEN 'seldom' ELSE 'often' END, strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 "
                            + "+ i * 60, 'unixepoch'), 'success' FROM n");
            var runs = new Runs(database);
            assertPlan(runs.explaining().recent(RunFilter.ALL.withAgent("often"), 20), "USING INDEX idx_runs_start");
            assertPlan(runs.explaining().recent(RunFilter.ALL.withAgent("seldom"), 20), "USING INDEX idx_runs_agent");
            assertEquals("r9999", runs.recent(RunFilter.ALL.withAgent("often"), 20).list().get(0).text("run_id"));
            assertEquals("r9900", runs.recent(RunFilter.ALL.withAgent("seldom"), 20).list().get(0).text("run_id"));
            assertEquals(9_900, runs.recent(RunFilter.ALL.withAgent("often"), 20_000).list().size());
        }
    }

    @Test
    void statisticsOfAllReadTheTableOnceOrAnIndexThatHasItAll() {
        Store store = Fixture.V3.filled(folder, 60, LATEST);
        try (Database database = Database.open(store.database())) {
            List<String> plain = new Runs(database).explaining().agents().stream().map(row -> row.text("step")).toList();
            assertTrue(plain.contains("SCAN agent_runs"), plain.toString());
            List<Row> before = new Runs(database).agents().list();
            database.execute("CREATE INDEX wide ON agent_runs(agent_name, status, items_discovered, items_succeeded, items_failed, "
                    + "duration_ms)");
            List<String> covered = new Runs(database).explaining().agents().stream().map(row -> row.text("step")).toList();
            assertEquals(List.of("SCAN agent_runs USING COVERING INDEX wide"), covered);
            assertEquals(before, new Runs(database).agents().list());
            database.execute("CREATE INDEX sorted ON agent_runs(agent_name, status, duration_ms, items_discovered, items_succeeded, "
                    + "items_failed)");
            assertPlan(new Runs(database).explaining().agents(), "MERGE (UNION ALL)",
                    "SEARCH agent_runs USING COVERING INDEX sorted (agent_name=? AND status=? AND duration_ms>?)");
            assertEquals(before, new Runs(database).agents().list());
        }
    }

    private static void assertPlan(telemetry.Rows plan, String... expected) {
        String steps = plan.stream().map(row -> row.text("step")).toList().toString();
        for (String step : expected) assertTrue(steps.contains(step), steps);
        assertTrue(!steps.contains("SCAN agent_runs"), steps);
    }

    @Test
    void aTreeLeavesNoRunOutAndShowsNoneTwice() {
        Store store = Fixture.V7_SERVICE.empty(folder);
        try (Database database = Database.open(store.database())) {
            String[][] called = {{"root", null}, {"child-1", "root"}, {"grandchild", "child-1"}, {"child-2", "root"},
                    {"stranger", "not-here"}, {"circle-1", "circle-2"}, {"circle-2", "circle-1"}, {"self", "self"}, {"child-1", "root"}};
            for (int n = 0; n < called.length; n++)
                database.update("INSERT INTO agent_runs(event_id, run_id, agent_name, job_type, start_time, status, insight_id, "
                        + "parent_run_id) VALUES (?, ?, 'a', 'j', ?, 'success', 'i', ?)",
                        "e" + n, called[n][0], Times.text(LATEST.plusSeconds(n)), called[n][1]);
            List<String> shown = new Runs(database).tree(RunFilter.ALL.withInsight("i"), -1)
                    .stream().map(row -> "  ".repeat((int) row.number("depth")) + row.text("run_id")).toList();
            assertEquals(List.of("root", "  child-1", "    grandchild", "  child-2", "  child-1",
                    "stranger", "circle-1", "  circle-2", "self"), shown);
        }
    }

    @Test
    void aVersionWithoutCallersHasNoTree() {
        Store store = Fixture.V3.filled(folder, 10, LATEST);
        try (Database database = Database.openToRead(store.database())) {
            var e = assertThrows(StoreException.class, () -> new Runs(database).tree(RunFilter.ALL.withInsight("insight-0"), -1));
            assertEquals(StoreException.Reason.FAILED, e.reason());
        }
    }

    @Test
    void aDatabaseWithoutRunsIsDamaged() {
        Store store = Fixture.V3.empty(folder);
        try (Database database = Database.open(store.database())) {
            database.execute("DROP TABLE agent_runs");
            assertEquals(StoreException.Reason.DAMAGED, assertThrows(StoreException.class, () -> new Runs(database)).reason());
        }
    }

    @Test
    void anAnswerShowsItselfAsATable() {
        Store store = Fixture.V3.filled(folder, 10, LATEST);
        try (Database database = Database.openToRead(store.database())) {
            List<String> lines = new Runs(database).recent(2).toString().strip().lines().toList();
            assertEquals(3, lines.size());
            assertTrue(lines.get(0).matches("run_id +agent_name +job_type +status +start_time"), lines.get(0));
        }
    }
}
