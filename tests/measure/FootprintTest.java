package telemetry.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;

/** What a store's figures say is what SQLite and the disk say. */
class FootprintTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    private Path dir;

    @Test
    void everyPageOfEveryStoreIsAccountedFor() {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            try (Database database = Database.openToRead(given.store().database())) {
                Footprint footprint = Footprint.of(database);
                long bytes = footprint.parts().stream().mapToLong(part -> part.size().bytes()).sum();
                assertEquals(given.store().database().toFile().length(), bytes + footprint.freePages() * footprint.pageSize(),
                        given.name());
                assertEquals(footprint.size().bytes(), given.store().database().toFile().length(), given.name());
                assertEquals("agent_runs", footprint.parts().get(0).name(), given.name());
                assertEquals(footprint.runs(), footprint.parts().get(0).entries() - interior(database), given.name());
                assertTrue(footprint.fill() > 10 && footprint.fill() < 100, given + ": " + footprint.fill());
                assertTrue(footprint.leastBytesPerRun() > 100 && footprint.leastBytesPerRun() < footprint.bytesPerRun(),
                        given + ": " + footprint.keySum());
            }
        }
    }

    /** Entries of the table's pages that only lead to others. */
    private static long interior(Database database) {
        return database.number("SELECT coalesce(sum(ncell), 0) FROM dbstat WHERE name = 'agent_runs' AND pagetype = 'internal'");
    }

    @Test
    void whatAnIndexedColumnTakesCountsOnceForTheTableAndOnceForEachIndex() {
        Store store = Fixture.V3.filled(dir, 10, NOON);
        try (Database database = Database.open(store.database())) {
            database.update("UPDATE agent_runs SET run_id = substr('0000000000' || rowid, -10), start_time = '2026-11-20T12:00:00Z',"
                    + " agent_name = 'größe',"
                    + " status = NULL, insight_id = NULL, api_posted = 0");
            Footprint footprint = Footprint.of(database);
            assertEquals("2 x start_time 20 + 2 x run_id 10 + 2 x agent_name 7 + …", footprint.keySum());
            assertEquals(2 * (20 + 10 + 7 + 1), footprint.leastBytesPerRun());
        }
    }

    @Test
    void withoutDbstatThePagesAreCounted() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        try (Database database = Database.open(store.database())) {
            database.update("DELETE FROM agent_runs WHERE rowid > 10");
            Footprint footprint = Footprint.byPages(database);
            assertTrue(footprint.freePages() > 0);
            assertEquals((footprint.pages() - footprint.freePages()) * footprint.pageSize() / 10.0, footprint.bytesPerRun());
            assertEquals(new Size(footprint.freePages() * footprint.pageSize()), footprint.wouldFree());
            assertEquals(List.of(), footprint.parts());
            assertEquals(100, footprint.fill());
        }
    }

    @Test
    void whatVacuumWouldFreeIsWhatItFrees() {
        for (int kept : List.of(1, 2, 3, 4)) {
            Store store = Fixture.V3.filled(dir.resolve("keeps-" + kept), 1_000, NOON);
            try (Database database = Database.open(store.database())) {
                database.update("DELETE FROM agent_runs WHERE rowid % 4 >= ?", kept);
                Footprint before = Footprint.of(database);
                database.execute("VACUUM");
                long freed = before.size().bytes() - Footprint.of(database).size().bytes();
                assertEquals(freed, before.wouldFree().bytes(), 0.06 * before.size().bytes(), "of four kept " + kept);
                assertTrue(Footprint.of(database).wouldFreePercent() < 12, "of four kept " + kept);
            }
        }
    }

    @Test
    void afterVacuumNoneIsAdvised() {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            try (Database database = Database.open(given.store().database())) {
                database.execute("VACUUM");
                assertEquals(List.of(), Tuning.vacuumAdvice(given.store(), Footprint.of(database)), given.name());
            }
        }
    }

    @Test
    void anEmptyStoreHasNoBytesARun() {
        try (Database database = Database.openToRead(Fixture.V3.empty(dir).database())) {
            assertEquals(0, Footprint.of(database).bytesPerRun());
            assertEquals(0, Footprint.of(database).leastBytesPerRun());
        }
    }

    @Test
    void growthIsThatOfTheLastThirtyDaysOrOfAllThereAre() throws IOException {
        Store young = Fixture.V3.filled(dir.resolve("young"), 61, NOON);
        Growth growth = growth(young);
        assertEquals(60 / 2.5, growth.runsPerDay(), 0.01);
        long lines = lines(young, "20261118") + lines(young, "20261119");
        assertTrue(lines(young, "20261120") > 0, "today's does not count");
        assertEquals(lines / 2 + lines % 1, growth.dayFilesPerDay().bytes(), 1);
        Store old = Fixture.V3.filled(dir.resolve("old"), 40 * 24, NOON);
        assertEquals(24, growth(old).runsPerDay(), 0.05);
        Growth none = growth(Fixture.V3.empty(dir.resolve("none")));
        assertEquals(new Growth(0, new Size(0), new Size(0)), none);
    }

    private static long lines(Store store, String day) {
        return store.raw().resolve("events_" + day + ".ndjson").toFile().length();
    }

    private static Growth growth(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return Growth.of(store, database, Footprint.of(database), NOON);
        }
    }

    @Test
    void aMeasurementIsKeptInTheStoresReportsAndMakesNoStore() throws IOException {
        Store none = Store.at(dir.resolve("none"));
        var history = new PerformanceHistory(none);
        assertThrows(StoreException.class, () -> history.add(java.util.Map.of("time", NOON)));
        assertTrue(Files.notExists(none.base()));
        Files.createDirectory(none.base());
        history.add(java.util.Map.of("time", NOON));
        assertEquals(1, Files.readAllLines(none.reports().resolve("performance.ndjson")).size());
    }

    @Test
    void historySaysHowTheDatabaseGrewBetweenItsFirstAndItsLastMeasurement() {
        Store store = Store.at(dir);
        var history = new PerformanceHistory(store);
        history.add(java.util.Map.of("time", NOON, "database_bytes", new Size(10_000_000)));
        assertTrue(!history.toString().contains("a day"));
        history.add(java.util.Map.of("time", NOON.plusSeconds(4 * 86_400), "database_bytes", 12_000_000));
        assertTrue(new PerformanceHistory(store).toString().endsWith("in 4 d the database grew by 500 kB a day"),
                history.toString());
        history.add(java.util.Map.of("time", Clock.systemUTC().instant(), "note", "nothing of use"));
        assertEquals(3, new PerformanceHistory(store).data().size());
    }
}
