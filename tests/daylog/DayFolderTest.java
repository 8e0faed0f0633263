package telemetry.daylog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** Archives as they are found on disks of their own, beside other programs' files. */
class DayFolderTest {

    @TempDir
    Path dir;

    private static List<String> names(Path folder) {
        return new DayFolder(folder, 3).files().stream().map(DayFile::path).map(folder::relativize)
                .map(path -> path.toString().replace('\\', '/')).sorted().toList();
    }

    private static Path gz(Path folder, String day) throws IOException {
        Files.createDirectories(folder);
        return Files.writeString(folder.resolve("events_" + day + ".ndjson.gz"), day);
    }

    @Test
    void onlyTheArchivesOwnFoldersAreEntered() throws Exception {
        gz(dir.resolve("year=2025/month=11"), "20251101");
        gz(dir.resolve("lost+found"), "20251102");
        gz(dir.resolve("year=2025/old"), "20251103");
        gz(dir.resolve("year=2025/month=11/deeper"), "20251104");
        Files.writeString(dir.resolve("year=2025/month=11/backup.tar.gz"), "another tool's");
        Files.createDirectories(dir.resolve("year=2025/month=11/events_20251105.ndjson.gz"));
        if (Need.PERMISSIONS.isMet()) Files.setPosixFilePermissions(dir.resolve("lost+found"), Set.of());
        assertEquals(List.of("year=2025/month=11/events_20251101.ndjson.gz"), names(dir));
        assertEquals(List.of(dir.resolve("year=2025/month=11/events_20251105.ndjson.gz")), new DayFolder(dir, 3).strangers());
        if (Need.PERMISSIONS.isMet())
            Files.setPosixFilePermissions(dir.resolve("lost+found"), PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    @Needs(Need.LINKS)
    void aFileToWhichSeveralWaysLeadCountsOnce() throws Exception {
        Path month = dir.resolve("year=2025/month=11");
        Path file = gz(month, "20251101");
        Files.createSymbolicLink(dir.resolve("events_20251101.ndjson.gz"), file);
        Files.createSymbolicLink(dir.resolve("year=2025/month=12"), month);
        Files.createSymbolicLink(dir.resolve("year=2025/month=10"), dir);
        Files.createSymbolicLink(dir.resolve("year=2024"), dir.resolve("year=2024"));
        Files.createSymbolicLink(dir.resolve("year=2025/month=09"), Files.createDirectory(dir.resolve("away")));
        gz(dir.resolve("away"), "20250901");
        List<String> names = names(dir);
        assertEquals(2, names.size(), names.toString());
        assertTrue(names.contains("year=2025/month=09/events_20250901.ndjson.gz"), names.toString());
    }

    @Test
    @Needs(Need.PERMISSIONS)
    void aFolderThatMayNotBeReadIsNamed() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, Instant.now());
        Path month = store.archive().resolve("year=2025/month=11");
        gz(month, "20251101");
        Files.setPosixFilePermissions(month, Set.of());
        Script logs = Script.runWithoutRights("logs", "--list", "--store", store.base());
        assertEquals(3, logs.exit(), logs.toString());
        assertTrue(logs.err().contains(month + ": permission denied"), logs.err());
    }

    @Test
    @Needs(Need.LINKS)
    void aDiskThatIsNotMountedIsNoEmptyArchive() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("store"), 3, Instant.now());
        Files.createSymbolicLink(store.archive(), dir.resolve("mnt"));
        assertEquals(StoreException.Reason.MISSING, assertThrows(StoreException.class, () -> new EventLog(store).days()).reason());
    }
}
