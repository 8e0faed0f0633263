import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Store;
import telemetry.kit.DayLines;
import telemetry.kit.Mounts;
import telemetry.kit.Script;
import telemetry.store.Reserve;

/** Day files and database on one disk, of which not a byte is free. */
class ArchiveFullDiskTest {
    private static final int DAYS = 6;

    @TempDir
    Path dir;
    private Path disk;
    private Store store;
    private List<String> lines;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "64m"), "mounting a small file system is not permitted here");
        assertEquals(0, Script.run(new setup(), "--store", disk.resolve("s")).exit());
        store = DayLines.store(disk.resolve("s"), DAYS, 5_000);
        lines = DayLines.of(store);
        fill();
    }

    @AfterEach
    void unmount() throws Exception {
        Mounts.unmount(disk);
    }

    @Test
    void withNothingFreeItFreesSpaceAndNothingIsLost() throws IOException {
        assertTrue(Files.isRegularFile(Reserve.file(store)), "setup has made it");
        assertEquals(0, disk.toFile().getUsableSpace());
        Script archived = archive();
        assertEquals(0, archived.exit(), archived.err());
        assertTrue(disk.toFile().getUsableSpace() > 4_000_000, archived.out());
        DayLines.assertHas(lines, store);
        try (Database database = Database.openToRead(store.database())) {
            assertEquals("ok", database.pragma("integrity_check"));
        }
    }

    @Test
    void theReserveIsMadeAgainAsSoonAsThereIsRoom() throws IOException {
        assertEquals(0, archive().exit());
        assertFalse(Files.exists(Reserve.file(store)), "it is not what fills the disk again");
        Files.delete(disk.resolve("fill"));
        DayLines.append(DayLines.file(store, 0), DayLines.line(DayLines.FIRST, 9_999));
        DayLines.rest(store, Instant.now());
        assertEquals(0, archive().exit());
        assertEquals(Reserve.LEAST, Files.size(Reserve.file(store)));
    }

    @Test
    void withoutTheReserveItSaysWhatToDoAndNothingIsLost() throws IOException {
        Files.delete(Reserve.file(store));
        Files.write(disk.resolve("more"), new byte[0]);
        fill();
        Script archived = archive();
        assertEquals(2, archived.exit(), archived.out());
        assertTrue(archived.err().contains("make room, or archive to another disk with --to DIR"), archived.err());
        DayLines.assertHas(lines, store);
    }

    @Test
    void aKillAtAnyMomentLeavesAllLinesAndTheNextRunGoesOn() throws Exception {
        for (int ms = 150; ms < 900; ms += 75) {
            Process process = Script.processBuilder(Map.of(), "archive", "--older-than", "1d", "--yes", "--store", store.base())
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            if (!process.waitFor(ms, TimeUnit.MILLISECONDS)) process.destroyForcibly().waitFor();
            DayLines.assertHas(lines, store, "killed after " + ms + " ms");
        }
        Script last = archive();
        assertEquals(0, last.exit(), last.err());
        assertEquals(List.of(), DayLines.files(store.raw()));
        DayLines.assertHas(lines, store);
    }

    @Test
    void theHintOfTheDiskCheckFollowedFreesSpace() throws Exception {
        for (int day = 0; day < DAYS; day++) Files.move(DayLines.file(store, day),
                store.raw().resolve(DayFile.name(LocalDate.now(ZoneOffset.UTC).minusDays(3 + day))));
        lines = DayLines.of(store);
        Script health = Script.run(new health(), "--store", store.base());
        assertTrue(health.out().contains("failed   disk"), health.out());
        assertTrue(health.out().contains("next: jbang archive@telemetry --dry-run --store " + store.base()), health.out());
        Script dry = Script.run(new archive(), "--dry-run", "--store", store.base());
        assertEquals(0, dry.exit());
        assertTrue(dry.out().startsWith("no day file to archive"), dry.out());
        assertTrue(dry.err().startsWith("archive: 6 day files (6.0 MB) are older than 1 d and can be archived (runbook: Disk Full)"
                + System.lineSeparator() + "next: jbang archive@telemetry --older-than 1d --yes --store " + store.base()), dry.err());
        assertEquals(0, archive().exit());
        assertTrue(disk.toFile().getUsableSpace() > 4_000_000);
        DayLines.assertHas(lines, store);
    }

    @Test
    void whatElseIsLargeIsNamedWithItsSizeAndItsCommand() throws IOException {
        Files.delete(disk.resolve("fill"));
        Files.createDirectories(store.quarantine().resolve("rebuild-20251201_120000"));
        Files.write(store.quarantine().resolve("rebuild-20251201_120000/telemetry.sqlite"), new byte[3_000_000]);
        Files.write(store.backups().resolve("telemetry_backup_20251201_120000.sqlite"), new byte[4_000_000]);
        Files.write(store.reports().resolve("large.md"), new byte[1_000_000]);
        String err = Script.run(new archive(), "--dry-run", "--store", store.base()).err();
        assertEquals(List.of("archive: " + store.backups() + ": 4.0 MB", "next: jbang backup@telemetry expire --dry-run --store "
                + store.base(),
                "archive: " + store.quarantine() + ": 3.0 MB", "next: jbang recover@telemetry quarantine --store " + store.base(),
                "archive: " + store.reports() + ": 1.0 MB; no command expires it: delete what nobody needs"), err.lines().toList());
    }

    private Script archive() {
        return Script.run(new archive(), "--older-than", "1d", "--yes", "--store", store.base());
    }

    private void fill() throws IOException {
        try (var out = Files.newOutputStream(disk.resolve("fill"), java.nio.file.StandardOpenOption.CREATE,
                java.nio.file.StandardOpenOption.APPEND)) {
            while (true) out.write(new byte[1 << 12]);
        } catch (IOException e) {
            assertEquals(0, disk.toFile().getUsableSpace(), e.getMessage());
        }
    }
}
