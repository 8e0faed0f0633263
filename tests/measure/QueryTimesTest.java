package telemetry.measure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;

class QueryTimesTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    private Path dir;

    @Test
    void asksWhatTheRunbookAsksAndSaysHowSqliteGoesAboutIt() {
        QueryTimes times = times(Fixture.V3.filled(dir, 60, NOON));
        assertEquals(List.of("recent 20", "run 1", "chain 3", "failures 10", "stale 6", "last day 1", "agent 1", "agents 3", "count 1"),
                times.list().stream().map(time -> time.name() + " " + time.rows()).toList());
        assertEquals("idx_runs_start, sort", times.get("recent").brief());
        assertEquals("sqlite_autoindex_agent_runs_1", times.get("run").brief());
        assertEquals("all runs, sort", times.get("agents").brief());
        assertTrue(times.get("agents").readsAllRuns() && !times.get("agents").isSimple());
        assertTrue(times.get("run").uses("sqlite_autoindex_agent_runs_1") && !times.get("run").uses("idx_runs_start"));
        for (QueryTime time : times.list()) {
            assertEquals(50, time.took().count(), time.name());
            assertTrue(time.p50().compareTo(time.p95()) <= 0 && !time.p95().isZero(), time.name());
        }
    }

    @Test
    void everyStoreCanBeAskedAndStaysAsItWas() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            byte[] before = Files.readAllBytes(given.store().database());
            List<QueryTime> times = times(given.store()).list();
            assertEquals(given.name().endsWith("1") ? 8 : 9, times.size(), given.name());
            for (QueryTime time : times) assertFalse(time.brief().isEmpty(), given + " " + time.name() + ": " + time.plan());
            assertArrayEquals(before, Files.readAllBytes(given.store().database()), given.name());
            assertFalse(Files.exists(given.store().database().resolveSibling("telemetry.sqlite-wal")), given.name());
        }
    }

    @Test
    void anEmptyStoreHasItsTimesToo() {
        QueryTimes times = times(Fixture.V3.empty(dir));
        assertEquals(0, times.get("recent").rows());
        assertEquals(9, times.list().size());
    }

    @Test
    void whatIsNoTableOfRunsIsRefused() {
        Store store = Fixture.V3.empty(dir);
        try (Database database = Database.open(store.database())) {
            database.execute("DROP TABLE agent_runs");
        }
        assertEquals(StoreException.Reason.DAMAGED, assertThrows(StoreException.class, () -> times(store)).reason());
    }

    private static QueryTimes times(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return QueryTimes.of(database, NOON);
        }
    }
}
