package telemetry.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.runs.Schema;

/** Writing measured in a scratch store. */
class WriteTimesTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final List<String> WRITER = List.of("measure_performance", "--as-writer");

    @TempDir
    private Path dir;

    @Test
    void threadsAndProcessesTrackTheRunsThatTheyAreSaidTo() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        try (ScratchStore scratch = ScratchStore.beside(store)) {
            WriteTimes times = WriteTimes.of(scratch, new WriteTimes.Load(8, 1_000, List.of(1, 4), 2), WRITER, done -> { });
            assertEquals(List.of("1 thread 8", "4 threads 8", "2 processes 8"),
                    times.rates().stream().map(rate -> rate.who() + " " + rate.runs()).toList());
            assertEquals(8, times.paced().count());
            assertEquals(8, times.sync().count());
            for (var rate : times.rates()) assertTrue(rate.perSecond() >= times.slowest().perSecond() && times.slowest().perSecond() > 0);
            try (Database database = Database.openToRead(scratch.store().database())) {
                assertEquals(8 + 8 + 1 + 8 + 4 + 8 + 2 * 4 + 8,
                        database.number("SELECT count(*) FROM agent_runs WHERE status = 'success'"));
            }
        }
    }

    @Test
    void aStallCountsForEveryRunThatWasDueMeanwhile() throws Exception {
        try (ScratchStore scratch = ScratchStore.beside(Fixture.V3.empty(dir))) {
            WriteTimes times = WriteTimes.of(scratch, new WriteTimes.Load(40, 100, List.of(1), 0), WRITER, done -> {
                if (done == 40 + 1) pause(600);
            });
            assertTrue(times.paced().p50().compareTo(Duration.ofMillis(100)) > 0,
                    "half of the runs were due in the first 400 ms of 600: " + times.paced().p50());
            assertTrue(times.paced().max().compareTo(Duration.ofMillis(500)) > 0, times.paced().max().toString());
        }
    }

    private static void pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void timesOfRunsThatWereNotRecordedAreNone() throws Exception {
        Store store = Fixture.V3.empty(dir);
        try (ScratchStore scratch = ScratchStore.beside(store)) {
            try (Database database = Database.open(scratch.store().database())) {
                database.execute("CREATE TRIGGER full BEFORE INSERT ON agent_runs WHEN (SELECT count(*) FROM agent_runs) > 3"
                        + " BEGIN SELECT RAISE(ABORT, 'no more'); END");
            }
            var load = new WriteTimes.Load(5, 1_000, List.of(1), 0);
            var failed = assertThrows(StoreException.class, () -> WriteTimes.of(scratch, load, WRITER, done -> { }));
            assertTrue(failed.reason() == StoreException.Reason.FAILED && failed.getMessage().contains("no more"), failed.getMessage());
        }
        try (ScratchStore scratch = ScratchStore.beside(store)) {
            var load = new WriteTimes.Load(1, 1_000, List.of(1), 1);
            var failed = assertThrows(StoreException.class, () -> WriteTimes.of(scratch, load, List.of("NoSuchProgram"), done -> { }));
            assertTrue(failed.getMessage().contains("one ended with exit code 1"), failed.getMessage());
        }
        assertEquals(List.of("telemetry.sqlite"), names(store.database().getParent()));
    }

    @Test
    void theScratchStoreHasTheTablesIndexesAndJournalOfTheRealOne() {
        for (Fixture shape : Fixture.values()) {
            Store store = shape.filled(dir.resolve(shape.name()), 3, NOON);
            try (ScratchStore scratch = ScratchStore.beside(store); Database real = Database.openToRead(store.database());
                    Database made = Database.openToRead(scratch.store().database())) {
                assertEquals(Schema.of(real), Schema.of(made), shape.name());
                assertEquals(real.pragma("journal_mode"), made.pragma("journal_mode"), shape.name());
                assertEquals(0, made.number("SELECT count(*) FROM agent_runs"));
                assertTrue(scratch.store().database().startsWith(store.database().getParent()));
            }
        }
    }

    @Test
    void withoutATableToBeLikeItIsTheRunbooks() throws IOException {
        Store store = Store.at(Files.createDirectory(dir.resolve("base")));
        try (ScratchStore scratch = ScratchStore.beside(store)) {
            assertEquals("v3, WAL", scratch.schema());
            assertTrue(scratch.store().database().startsWith(store.base()));
        }
        assertEquals(List.of(), names(store.base()));
    }

    @Test
    void dayFilesOnAnotherDiskAreMeasuredThere() throws Exception {
        Path mounted = Files.createDirectory(dir.resolve("other"));
        assumeTrue(Mounts.tmpfs(mounted, "4m"), "mounting is not permitted");
        try {
            Store real = Fixture.V3.empty(dir.resolve("base"));
            Store split = new Store(real.base(), real.database(), mounted, "test");
            Files.createDirectory(mounted.resolve("measure_performance.old"));
            Files.setLastModifiedTime(mounted.resolve("measure_performance.old"), FileTime.from(Instant.now().minusSeconds(3_600)));
            try (ScratchStore scratch = ScratchStore.beside(split)) {
                assertTrue(scratch.store().raw().startsWith(mounted), scratch.store().toString());
                assertFalse(Files.exists(mounted.resolve("measure_performance.old")));
                var load = new WriteTimes.Load(8, 1_000, List.of(1), 1);
                assertEquals(8, WriteTimes.of(scratch, load, WRITER, done -> { }).paced().count());
            }
            assertEquals(List.of(), names(mounted));
            assertEquals(List.of("telemetry.sqlite"), names(real.database().getParent()));
        } finally {
            Mounts.unmount(mounted);
        }
    }

    @Test
    void aBaselineIsMetBelowItAndARateAboveIt() throws Exception {
        try (ScratchStore scratch = ScratchStore.beside(Fixture.V3.empty(dir))) {
            WriteTimes times = WriteTimes.of(scratch, new WriteTimes.Load(3, 1_000, List.of(1), 0), WRITER, done -> { });
            Duration p95 = times.paced().p95();
            assertEquals(Check.Status.WARNING, baselines(p95, 1).write(times).status());
            assertEquals(Check.Status.OK, baselines(p95.plusNanos(1), 1).write(times).status());
            assertEquals(Check.Status.WARNING, baselines(p95, times.slowest().perSecond()).rate(times).status());
            assertEquals(Check.Status.OK, baselines(p95, Math.nextDown(times.slowest().perSecond())).rate(times).status());
        }
    }

    private static Baselines baselines(Duration write, double runsPerSecond) {
        return new Baselines(write, Duration.ofMillis(100), runsPerSecond, new Size(100));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
