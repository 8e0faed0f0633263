package telemetry.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Store;
import telemetry.kit.Script;

class OddDayFileTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    private static final LocalDate TODAY = DayFile.dayOf(NOW);
    private static final long MB = 1_000_000;

    @TempDir
    Path dir;
    private Store store;

    @BeforeEach
    void fiveUsualDays() throws IOException {
        store = Store.at(dir);
        Files.createDirectories(store.raw());
        for (int day = 1; day <= 5; day++) file(TODAY.minusDays(day), 2 * MB);
    }

    @Test
    void usualDaysTodaysAndTomorrowsAreNotOdd() throws IOException {
        file(TODAY, 19 * MB);
        file(TODAY.plusDays(1), 1_000);
        assertEquals(List.of(), OddDayFile.of(store, new EventLog(store).days(), NOW));
    }

    @Test
    void aDayTenTimesAsLargeAsUsualIsNamedWithItsSize() throws IOException {
        Path file = file(TODAY.minusDays(3), 21 * MB);
        assertOnly(file + " has 21 MB, more than 10 times the usual 2.0 MB", Next.command("archive", "--older-than", "2d", "--dry-run",
                "--store", dir.toString()));
    }

    @Test
    void aSmallFileIsNoTroubleWhateverTheOthersHave() throws IOException {
        for (int day = 1; day <= 5; day++) file(TODAY.minusDays(day), 100);
        file(TODAY.minusDays(6), 9 * MB);
        assertEquals(List.of(), OddDayFile.of(store, new EventLog(store).days(), NOW));
    }

    @Test
    void aLargeDayIsOddThoughAllOthersAreLargeOrThereIsNone() throws IOException {
        for (int day = 1; day <= 5; day++) Files.delete(store.raw().resolve(DayFile.name(TODAY.minusDays(day))));
        Path file = file(TODAY.minusDays(1), 257 * MB);
        assertOnly(file + " has 257 MB, more than 256 MB", Next.command("archive", "--older-than", "0d", "--dry-run",
                "--store", dir.toString()));
    }

    @Test
    void ofTodaysFileItIsSaidThatTheArchiveWaitsUntilTomorrow() throws IOException {
        Path file = file(TODAY, 1_000 * MB);
        assertOnly(file + " has 1.0 GB, more than 256 MB; find the program that writes it, and archive it tomorrow",
                Next.command("logs", "2026-11-20", "--limit", "20", "--store", dir.toString()));
    }

    @Test
    void whatChangedWithinTheHourIsSaid() throws IOException {
        Path file = file(TODAY.minusDays(1), 300 * MB);
        Files.setLastModifiedTime(file, FileTime.from(NOW.minusSeconds(60)));
        String detail = OddDayFile.of(store, new EventLog(store).days(), NOW).get(0).toString();
        assertTrue(detail.endsWith("; archive leaves it alone until it has been at rest for an hour"), detail);
    }

    @Test
    void aDayThatIsStillToComeBecomesAPartOfTodayAndNoLineIsLost() throws Exception {
        Path ahead = store.raw().resolve("events_20261230.ndjson");
        Files.writeString(ahead, "a line\n");
        file(TODAY, 1_000);
        OddDayFile odd = OddDayFile.of(store, new EventLog(store).days(), NOW).get(0);
        assertTrue(odd.toString().startsWith(ahead + " (7 B) is of a day that is still to come"), odd.toString());
        Next.Command command = odd.next().command();
        assertEquals(0, Script.shell(command.toString()).start().waitFor());
        assertEquals("a line\n", Files.readString(store.raw().resolve("events_20261120.2.ndjson")));
        assertEquals(List.of(), OddDayFile.of(store, new EventLog(store).days(), NOW));
    }

    private void assertOnly(String detail, Next next) {
        List<OddDayFile> odd = OddDayFile.of(store, new EventLog(store).days(), NOW);
        assertEquals(List.of(detail), odd.stream().map(OddDayFile::toString).toList());
        assertEquals(next.command(), odd.get(0).next().command());
    }

    /** Sparse, and at rest. */
    private Path file(LocalDate day, long size) throws IOException {
        Path file = store.raw().resolve(DayFile.name(day));
        try (var made = new RandomAccessFile(file.toFile(), "rw")) {
            made.setLength(size);
        }
        Files.setLastModifiedTime(file, FileTime.from(NOW.minusSeconds(7_200)));
        return file;
    }
}
