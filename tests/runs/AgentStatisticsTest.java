package telemetry.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Row;
import telemetry.RunFilter;
import telemetry.RunStatus;
import telemetry.Runs;
import telemetry.Store;
import telemetry.kit.Fixture;

/** Whatever way the agents' figures are found: they are those of one plain statement, of any table. */
class AgentStatisticsTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final Instant LONG_AGO = Instant.parse("2000-01-01T00:00:00Z");

    private static final String IN_ORDER = "CREATE INDEX in_order ON agent_runs(agent_name, status, duration_ms, items_discovered, "
            + "items_succeeded, items_failed)";
    private static final String OTHER_ORDER = "CREATE INDEX other_order ON agent_runs(agent_name, status, items_discovered, "
            + "items_succeeded, items_failed, duration_ms)";

    private static final String OTHERS = "run_id, job_type, end_time, error_summary";

    private static final String TOOK = " FILTER (WHERE lower(trim(status)) <> 'running' AND typeof(duration_ms) IN ('integer', 'real'))";
    private static final String PLAIN = "SELECT agent_name, count(*) AS runs, "
            + "count(*) FILTER (WHERE lower(trim(status)) IN ('success', 'completed', 'succeeded')) AS runs_succeeded, "
            + "count(*) FILTER (WHERE lower(trim(status)) IN ('failed', 'failure', 'error', 'timeout')) AS runs_failed, "
            + whole("items_discovered") + whole("items_succeeded") + whole("items_failed")
            + "round(100.0 * count(*) FILTER (WHERE lower(trim(status)) IN ('success', 'completed', 'succeeded')) "
            + "/ nullif(count(*) FILTER (WHERE lower(trim(status)) <> 'running'), 0), 2) AS success_rate, "
            + "CAST(round(percentile_cont(duration_ms, 0.5)" + TOOK + ") AS INTEGER) AS p50_duration_ms, "
            + "CAST(round(percentile_cont(duration_ms, 0.95)" + TOOK + ") AS INTEGER) AS p95_duration_ms FROM agent_runs";

    /** A sum is a whole number where a double has it exactly, even if one value is a text; what is larger is a double. */
    private static String whole(String column) {
        String total = "total(" + column + ")";
        return String.format("iif(%1$s = round(%1$s) AND %1$s BETWEEN -9.0e15 AND 9.0e15, CAST(%1$s AS INTEGER), %1$s) AS %2$s, ",
                total, column);
    }

    private static final String[] AGENTS = {"often", "often", "often", "Often", "", "ö", "~ last", "'quoted\""};
    private static final String[] STATUSES = {"success", "success", "success", "completed", "failed", "error", "timeout", "partial",
            "running", "Running", "SUCCESS", " Failed ", "", "lost"};

    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void areThoseOfThePlainStatementWhateverTheTableHolds(long seed) {
        try (Database database = table()) {
            var random = new Random(seed);
            int oddity = (int) (seed % 5);
            database.inTransaction(() -> {
                for (int n = random.nextInt(seed % 7 == 0 ? 3 : 400); n > 0; n--)
                    database.update("INSERT INTO agent_runs VALUES (?, ?, ?, ?, ?, ?, '2026-11-20T12:00:00Z', 1, 1, 1, 1)",
                            agent(random, oddity), status(random, oddity), duration(random, oddity), items(random, oddity),
                            random.nextInt(9), random.nextInt(5) == 0 ? null : (Object) random.nextInt(9));
            });
            assertSame(database, "no index");
            database.execute(OTHER_ORDER);
            assertSame(database, "index in another order");
            database.execute("DROP INDEX other_order");
            database.execute(IN_ORDER);
            assertTrue(isWalk(database));
            assertSame(database, "index in order");
        }
    }

    /** As some version's writer or a hand might have made it: no CHECK, no NOT NULL. */
    private Database table() {
        Path file = dir.resolve("any.sqlite");
        Database database = Database.create(file);
        database.execute("CREATE TABLE agent_runs (agent_name TEXT, status TEXT, duration_ms INTEGER, items_discovered INTEGER, "
                + "items_succeeded INTEGER, items_failed INTEGER, start_time TEXT, " + OTHERS + ")");
        return database;
    }

    private static Object agent(Random random, int oddity) {
        if (oddity == 1 && random.nextInt(300) == 0) return random.nextBoolean() ? new byte[] {1, 2} : "\uFFFD";
        return random.nextInt(20) == 0 ? null : AGENTS[random.nextInt(AGENTS.length)];
    }

    private static Object status(Random random, int oddity) {
        if (oddity == 1 && random.nextInt(30) == 0) return "status " + random.nextInt(40);
        return random.nextInt(30) == 0 ? null : STATUSES[random.nextInt(STATUSES.length)];
    }

    private static Object duration(Random random, int oddity) {
        if (oddity == 2 && random.nextInt(60) == 0) return random.nextBoolean() ? "soon" : new byte[] {7};
        if (oddity == 3) return random.nextBoolean() ? random.nextLong() : random.nextDouble() * 1e300;
        return switch (random.nextInt(8)) {
            case 0 -> null;
            case 1 -> random.nextInt(2_000) / 2.0;
            case 2 -> -random.nextInt(100);
            default -> random.nextInt(random.nextBoolean() ? 10 : 100_000);
        };
    }

    private static Object items(Random random, int oddity) {
        if (oddity == 0 && random.nextInt(40) == 0) return random.nextBoolean() ? Long.MAX_VALUE : (Object) Double.POSITIVE_INFINITY;
        if (oddity == 4) return random.nextInt(40) == 0 ? "many" : random.nextInt(40) == 0 ? 0.1 : (Object) random.nextInt(100);
        return random.nextInt(7) == 0 ? null : (Object) random.nextInt(100);
    }

    private static void assertSame(Database database, String how) {
        var runs = new Runs(database);
        List<Row> all = database.query(PLAIN + " GROUP BY agent_name").list();
        assertRows(all, runs.agents().list(), how);
        for (int limit : List.of(0, 1, 2, 5)) assertRows(all.stream().limit(limit).toList(), runs.agents(RunFilter.ALL, limit).list(), how);
        for (String agent : List.of("often", "", "~ last", "nobody"))
            assertRows(database.query(PLAIN + " WHERE agent_name = ? GROUP BY agent_name", agent).list(),
                    runs.agents(RunFilter.ALL.withAgent(agent), 1).list(), how + ", " + agent);
        assertRows(database.query(PLAIN + " WHERE status IN ('partial') GROUP BY agent_name").list(),
                runs.agents(RunFilter.ALL.withStatuses(Set.of(RunStatus.PARTIAL)), -1).list(), how + ", partial");
        assertRows(all, runs.agents(RunFilter.ALL.during(LONG_AGO, null), -1).list(), how + ", since long ago");
        assertEquals(List.of(), runs.agents(RunFilter.ALL.during(null, LONG_AGO), -1).list(), how);
    }

    private static void assertRows(List<Row> expected, List<Row> rows, String how) {
        assertEquals(texts(expected), texts(rows), how);
    }

    /** Values with their types; arrays by their content. */
    private static List<String> texts(List<Row> rows) {
        List<String> texts = new ArrayList<>();
        for (Row row : rows) {
            var text = new StringBuilder(row.columns().toString());
            for (Object value : row.values())
                text.append(value instanceof byte[] bytes ? Arrays.toString(bytes) : value).append(value == null ? ""
                        : " " + value.getClass().getSimpleName()).append(", ");
            texts.add(text.toString());
        }
        return texts;
    }

    @Test
    void areTheSameOfEveryVersion() {
        for (Fixture.Given given : Fixture.all(dir).toList())
            try (Database database = Database.open(given.store().database())) {
                assertSame(database, given.name());
                database.execute(IN_ORDER);
                assertTrue(isWalk(database), given.name());
                assertSame(database, given.name() + ", walked");
            }
    }

    /** Where the durations' column turns numbers into texts, none of them is a number. */
    @Test
    void areTheSameWhereDurationsAreTexts() {
        try (Database database = Database.create(dir.resolve("texts.sqlite"))) {
            database.execute("CREATE TABLE agent_runs (agent_name TEXT, status TEXT, duration_ms TEXT, items_discovered INTEGER, "
                    + "items_succeeded INTEGER, items_failed INTEGER, start_time TEXT, " + OTHERS + ")");
            for (int n = 0; n < 9; n++)
                database.update("INSERT INTO agent_runs VALUES ('often', 'success', ?, 1, 1, 1, '2026-11-20T12:00:00Z', 1, 1, 1, 1)", n);
            assertSame(database, "no index");
            database.execute(IN_ORDER);
            assertSame(database, "index in order");
        }
    }

    /** SQLite's percentiles end in an error where they meet one. */
    @Test
    void aDurationWithoutEndCountsAsNone() {
        try (Database database = table()) {
            for (String duration : List.of("9e999", "-9e999", "5", "7"))
                database.execute("INSERT INTO agent_runs VALUES ('often', 'success', " + duration + ", 1, 1, 1, '2026-11-20', 1, 1, 1, 1)");
            List<Row> rows = new Runs(database).agents().list();
            assertEquals(6L, rows.get(0).get("p50_duration_ms"));
            database.execute(IN_ORDER);
            assertEquals(texts(rows), texts(new Runs(database).agents().list()));
        }
    }

    /** SQLite's own account of its work: the walk is taken, and where there is nothing odd nothing else. */
    @Test
    void anIndexInOrderSparesMostOfTheWork() {
        try (Database database = Database.open(Fixture.V3.filled(dir, 3_000, NOON).database())) {
            database.execute("UPDATE agent_runs SET agent_name = 'one'");
            database.execute(OTHER_ORDER);
            long other = work(database);
            database.execute("DROP INDEX other_order");
            database.execute(IN_ORDER);
            long walk = work(database);
            assertTrue(walk > 0 && walk < other * 2 / 3, walk + " of " + other);
            database.execute("UPDATE agent_runs SET duration_ms = 'long' WHERE rowid = 7");
            assertTrue(work(database) > other, "something odd is left to the other");
        }
    }

    private static long work(Database database) {
        var ticks = new AtomicLong();
        database.onProgress(100, ticks::incrementAndGet);
        new Runs(database).agents(RunFilter.ALL.withAgent("one"), 1).list();
        database.onProgress(0, () -> { });
        return ticks.get();
    }

    @Test
    void aPartialIndexIsNotWalked() {
        try (Database database = Database.open(Fixture.V3.filled(dir, 60, NOON).database())) {
            database.execute(IN_ORDER + " WHERE status = 'success'");
            assertFalse(isWalk(database));
            assertSame(database, "partial");
        }
    }

    /** Each transaction brings every agent a run, and each agent is counted by one of two connections. */
    @Test
    void areOfOneMomentWhileOthersWrite() throws Exception {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        var stop = new AtomicBoolean();
        try (Database database = Database.open(store.database())) {
            database.execute("DELETE FROM agent_runs");
            database.execute(IN_ORDER);
            insert(database, 0);
            var writer = new Thread(() -> {
                try (Database other = Database.open(store.database())) {
                    other.pragma("synchronous", "OFF");
                    for (int n = 1; !stop.get(); n++) insert(other, n);
                }
            });
            writer.start();
            try {
                for (int i = 0; i < 300; i++) {
                    List<Long> counts = new Runs(database).agents().stream().map(row -> row.number("runs")).toList();
                    assertEquals(Collections.nCopies(60, counts.get(0)), counts, "look " + i);
                }
            } finally {
                stop.set(true);
                writer.join();
            }
        }
    }

    private static void insert(Database database, int n) {
        database.inTransaction(() -> {
            for (int agent = 0; agent < 60; agent++)
                database.update("INSERT INTO agent_runs(run_id, agent_name, status, start_time, duration_ms) "
                        + "VALUES (?, ?, 'success', '2026-11-20T12:00:00Z', ?)", agent + "-" + n, "agent-" + agent, n % 50);
        });
    }

    @Test
    void canBeAskedWithinATransaction() {
        try (Database database = Database.open(Fixture.V3.filled(dir, 60, NOON).database())) {
            database.execute(IN_ORDER);
            database.inTransaction(() -> {
                database.execute("UPDATE agent_runs SET agent_name = 'one'");
                assertEquals(60, new Runs(database).agents().list().get(0).number("runs"));
            });
        }
    }

    private static boolean isWalk(Database database) {
        return new Runs(database).explaining().agents().stream().noneMatch(row -> row.text("step").startsWith("SCAN agent_runs"));
    }
}
