package telemetry.measure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.Health;
import telemetry.Runs;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.ServiceStore;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;

class IndexAdviceTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String SUMMARY = "CREATE INDEX IF NOT EXISTS idx_runs_agent_summary ON agent_runs";
    private static final String APPLY = "measure_performance@telemetry --apply-indexes";

    @TempDir
    private Path dir;

    @Test
    void theRunbooksOwnIndexesAreEnoughAndNoneIsTooMany() {
        IndexAdvice advice = advice(Fixture.V3.filled(dir, 60, NOON));
        assertEquals(List.of(), advice.advice());
        assertEquals(Map.of(), advice.missing());
    }

    @Test
    void saysWhichQueriesReadAllRunsForWantOfAnIndex() {
        Store store = changed("DROP INDEX idx_runs_start");
        IndexAdvice advice = advice(store);
        assertEquals(Map.of("idx_runs_start", "CREATE INDEX IF NOT EXISTS idx_runs_start ON agent_runs(start_time)"), advice.missing());
        Advice only = advice.advice().get(0);
        assertEquals(1, advice.advice().size());
        assertTrue(only.why().matches("without an index on start_time, all runs are read by query recent \\([0-9.]+ ms\\).*"),
                only.why());
        String command = only.command().toString();
        assertTrue(command.startsWith("jbang " + APPLY) && command.contains(dir.toString()), command);
    }

    @Test
    void anIndexOfTheRunbookThatNoQueryOfItNeedsIsMissedToo() {
        IndexAdvice advice = advice(changed("DROP INDEX idx_runs_api_posted", "DROP INDEX idx_events_run"));
        assertEquals(Set.of("idx_runs_api_posted", "idx_events_run"), advice.missing().keySet());
        assertEquals("CREATE INDEX IF NOT EXISTS idx_events_run ON run_events(run_id)", advice.missing().get("idx_events_run"));
    }

    @Test
    void anotherIndexUnderTheNameIsLeftAloneAndNotTakenForIt() {
        Store store = changed("DROP INDEX idx_runs_status", "CREATE INDEX idx_runs_status ON agent_runs(host)");
        assertEquals(Map.of("idx_runs_status_2", "CREATE INDEX IF NOT EXISTS idx_runs_status_2 ON agent_runs(status)"),
                advice(store).missing());
    }

    @Test
    void everyStoreHasAllItNeedsWhenTheAdviceIsFollowed() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            byte[] before = Files.readAllBytes(given.store().database());
            IndexAdvice advice = advice(given.store());
            assertArrayEquals(before, Files.readAllBytes(given.store().database()), given.name());
            try (Database database = Database.open(given.store().database())) {
                advice.missing().values().forEach(database::execute);
                assertEquals(List.of(), Schema.of(database).missingIndexes(), given.name());
                for (var time : QueryTimes.of(database, NOON).list())
                    assertTrue(!time.isSimple() || !time.readsAllRuns(), given + ": " + time.plan());
            }
            assertEquals(Map.of(), advice(given.store()).missing(), given.name());
        }
    }

    @Test
    void noIndexThatTheWritersMakeIsCalledTooMany() {
        for (SchemaForm form : SchemaForm.values()) {
            Store store = ServiceStore.empty(dir.resolve(form.toString()), form).store();
            assertEquals(List.of(), advice(store).advice().stream().filter(one -> one.command().toString().contains("DROP")).toList(),
                    form.toString());
        }
    }

    @Test
    void theServicesTableHasNoIndexOnItsRunIds() {
        assertTrue(advice(Fixture.V7_SERVICE.filled(dir, 60, NOON)).missing().containsKey("idx_runs_run_id"));
    }

    @Test
    void anIndexThatNobodyAsksByAndOneThatIsThereTwiceAreNamed() {
        Store store = changed("CREATE INDEX by_host ON agent_runs(host)", "CREATE INDEX \"again one\" ON agent_runs(agent_name)",
                "CREATE INDEX twin ON agent_runs(run_id)",
                "CREATE INDEX some ON agent_runs(agent_name) WHERE status = 'x'",
                "CREATE UNIQUE INDEX once ON agent_runs(product, run_id)");
        List<Advice> advice = advice(store).advice();
        assertEquals(List.of("DROP INDEX \"again one\"", "DROP INDEX by_host", "DROP INDEX some", "DROP INDEX twin"),
                advice.stream().map(one -> one.command().toString().replaceAll(".*'(DROP .*)'", "$1")).sorted().toList());
    }

    @Test
    void theSummaryOfAgentsGetsItsOwnIndexWhereRunsAreMany() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        fill(store, 100_000 - 61);
        assertEquals(Map.of(), advice(store).missing());
        fill(store, 1);
        IndexAdvice advice = advice(store);
        assertEquals(Map.of("idx_runs_agent_summary", SUMMARY + "(agent_name, status, duration_ms, items_discovered, items_succeeded, "
                + "items_failed)"), advice.missing());
        String before = agents(store);
        try (Database database = Database.open(store.database())) {
            advice.missing().values().forEach(database::execute);
            assertEquals("idx_runs_agent, idx_runs_agent_summary", QueryTimes.of(database, NOON).get("agents").brief());
        }
        assertEquals(before, agents(store));
        assertEquals(List.of(), advice(store).advice());
        assertEquals(Check.Status.OK, Health.of(store, Clock.fixed(NOON, ZoneOffset.UTC)).checks().list().get(3).status());
    }

    /** As it was advised once: of use, and from more runs on worth to be exchanged; then it can go. */
    @Test
    void theSummarysIndexInAnotherOrderIsExchangedWhereRunsAreMany() {
        Store store = changed(SUMMARY + "(agent_name, status, items_discovered, items_succeeded, items_failed, duration_ms)");
        fill(store, 250_000 - 61);
        assertEquals(List.of(), advice(store).advice());
        fill(store, 1);
        IndexAdvice advice = advice(store);
        assertEquals(Set.of("idx_runs_agent_summary_2"), advice.missing().keySet());
        assertTrue(advice.advice().get(0).why().startsWith("query agents reads an index in an unsuitable order, in "),
                advice.advice().toString());
        String before = agents(store);
        try (Database database = Database.open(store.database())) {
            advice.missing().values().forEach(database::execute);
        }
        assertEquals(before, agents(store));
        IndexAdvice then = advice(store);
        assertEquals(Map.of(), then.missing());
        assertEquals(1, then.advice().size(), then.advice().toString());
        assertTrue(then.advice().get(0).command().toString().endsWith("'DROP INDEX idx_runs_agent_summary'"), then.advice().toString());
    }

    private static String agents(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return new Runs(database).agents().toString();
        }
    }

    private static void fill(Store store, int runs) {
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status, items_discovered, duration_ms)"
                    + " WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT ?) SELECT 'filled-' || (SELECT count(*)"
                    + " FROM agent_runs) || '-' || n, 'agent-' || n % 7, '2026-11-19T12:00:00Z', 'success', n, n FROM n", runs);
        }
    }

    private Store changed(String... statements) {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        try (Database database = Database.open(store.database())) {
            for (String statement : statements) database.execute(statement);
        }
        return store;
    }

    private static IndexAdvice advice(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return new IndexAdvice(store, database, QueryTimes.of(database, NOON));
        }
    }
}
