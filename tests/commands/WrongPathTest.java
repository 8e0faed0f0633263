import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Mounts;
import telemetry.kit.Script;
import telemetry.os.DiskSpace;
import telemetry.os.Machine;
import telemetry.os.ScratchFolder;

/** A file in a folder's place, a folder in a file's, and what is no path: one sentence and one exit code in every command and system. */
@Tag("system")
class WrongPathTest {
    private static final String FILE = " is a file, and should be a folder";

    @TempDir
    Path dir;
    private Store store;

    @BeforeEach
    void fill() {
        store = Fixture.V3.filled(dir.resolve("s"), 20, Instant.now());
    }

    /** Each command that works on a store that is there, once. */
    private static List<Object[]> commands() {
        return List.of(new Object[][] {{new query(), "recent"}, {new logs()}, {new logs(), "--list"}, {new backup()}, {new backup(), "list"},
            {new backup(), "verify"}, {new backup(), "restore", "latest", "--yes"}, {new backup(), "expire", "--yes"}, {new archive(), "--dry-run"},
            {new archive(), "list"}, {new archive(), "verify"}, {new archive(), "--older-than", "0d", "--yes"},
            {new rebuild(), "--check-only"}, {new rebuild(), "--yes"}, {new upgrade(), "--dry-run"}, {new locks()},
            {new recover(), "--dry-run"}, {new recover(), "--yes"}, {new prune(), "runs", "--older-than", "90d", "--yes"},
            {new prune(), "stale", "--yes"}, {new prune(), "adopt", "--yes"}, {new maintain(), "weekly"}});
    }

    @SuppressWarnings("unchecked")
    private static Script run(Object[] command, Object base) {
        List<Object> args = new ArrayList<>(List.of(command).subList(1, command.length));
        args.addAll(List.of("--store", base));
        return Script.run((Callable<Integer>) command[0], args.toArray());
    }

    private static void assertSaid(int exit, String sentence, Script said) {
        assertEquals(exit, said.exit(), said.toString());
        assertTrue(said.said().contains(sentence), said.toString());
        assertFalse(said.said().matches("(?s).*(Exception|java\\.).*"), said.toString());
    }

    /** What was there before is there afterwards. */
    private void assertRefused(String inPlace, String sentence, Object[]... commands) throws IOException {
        Map<Path, Integer> before = Folder.files(store.base());
        for (Object[] command : commands) {
            assertSaid(2, sentence, run(command, store.base()));
            assertEquals("x", Files.readString(store.base().resolve(inPlace)));
        }
        assertEquals(before, Folder.files(store.base()));
    }

    private void put(String inPlace) throws IOException {
        Path folder = store.base().resolve(inPlace);
        if (Files.exists(folder)) ScratchFolder.remove(folder);
        Files.writeString(folder, "x");
    }

    @Test
    void aStoreBelowAFileIsNoStore() throws IOException {
        Path file = Files.writeString(dir.resolve("f"), "x");
        for (Path base : List.of(file.resolve("x"), file.resolve("x").resolve("y"))) {
            String sentence = "cannot use the store " + base + ": " + file + FILE + " (named by --store); name the store's folder with --store DIR";
            for (Object[] command : commands()) assertSaid(3, sentence, run(command, base));
            assertSaid(2, "cannot create the folder " + base + ": " + file + FILE, run(new Object[] {new setup()}, base));
        }
        for (Object[] command : commands()) assertSaid(3, "it is a file, and a store is a folder", run(command, file));
        assertEquals("x", Files.readString(file));
    }

    @Test
    void aFileInTheDayFilesPlaceIsNotTakenForNoDayFiles() throws IOException {
        put("raw");
        assertRefused("raw", "cannot list the day files in " + store.raw() + ": it" + FILE, new Object[][] {{new logs()},
            {new logs(), "--list"}, {new archive(), "--dry-run"}, {new archive(), "--older-than", "0d", "--yes"}, {new archive(), "list"},
            {new rebuild(), "--check-only"}, {new rebuild(), "--yes"}, {new upgrade(), "--dry-run"}, {new prune(), "stale", "--yes"},
            {new prune(), "adopt", "--yes"}});
        assertRefused("raw", "cannot create the folder " + store.raw() + ": it" + FILE, new Object[][] {{new setup()}});
        assertRefused("raw", store.raw() + " is no folder", new Object[][] {{new health()}, {new recover(), "--dry-run"}});
    }

    @Test
    void aFileInTheArchivesPlaceIsNoEmptyArchive() throws IOException {
        put("archive");
        assertRefused("archive", "cannot list the day files in " + store.archive() + ": it" + FILE, new Object[][] {{new logs()},
            {new archive(), "list"}, {new archive(), "verify"}, {new archive(), "--older-than", "0d", "--yes"},
            {new rebuild(), "--check-only"}, {new rebuild(), "--yes"}});
    }

    @Test
    void aFileInTheDatabasesFoldersPlaceIsSaidAndNotMeasured() throws IOException {
        put("db");
        Path folder = store.database().getParent();
        assertRefused("db", folder + FILE, new Object[][] {{new query(), "recent"}, {new backup()}, {new rebuild(), "--check-only"},
            {new rebuild(), "--yes"}, {new upgrade(), "--dry-run"}, {new locks()}, {new recover(), "--dry-run"}, {new recover(), "--yes"},
            {new prune(), "runs", "--older-than", "90d", "--yes"}, {new prune(), "stale", "--yes"}, {new prune(), "adopt", "--yes"}});
        assertRefused("db", "cannot create the folder " + folder + ": it" + FILE, new Object[][] {{new setup()}});
        Script health = run(new Object[] {new health()}, store.base());
        assertTrue(health.said().contains(folder + " is no folder"), health.toString());
        assertTrue(health.said().matches(".*skipped: no database: database,[^:]* disk,.*"), health.toString());
    }

    @Test
    void aFileInTheBackupsOrTheQuarantinesPlaceStays() throws IOException {
        put("backups");
        assertRefused("backups", "cannot create the folder " + store.backups() + ": it" + FILE, new Object[][] {{new backup()}, {new setup()}});
        assertRefused("backups", "cannot list the backups in " + store.backups() + ": it is no folder", new Object[][] {{new backup(), "list"},
            {new backup(), "verify"}, {new backup(), "expire", "--yes"}, {new recover(), "--dry-run"}});
        Files.delete(store.backups());
        put("quarantine");
        assertRefused("quarantine", "cannot create the folder " + store.quarantine() + ": it" + FILE, new Object[][] {{new rebuild(), "--yes"}});
        assertRefused("quarantine", "cannot look into " + store.quarantine() + ": it" + FILE, new Object[][] {{new recover(), "--yes"}});
    }

    @Test
    void aFolderInTheDatabasesPlaceIsNoLackOfPermission() throws IOException {
        Files.delete(store.database());
        Files.writeString(Files.createDirectory(store.database()).resolve("in"), "x");
        for (Object[] command : commands())
            if (!(command[0] instanceof logs || command[0] instanceof archive || command.length > 1 && command[1].equals("list")
                    || command[0] instanceof backup && command.length > 1 || command[0] instanceof rebuild && command[1].equals("--yes")))
                assertSaid(2, "it is a directory", run(command, store.base()));
        assertEquals("x", Files.readString(store.database().resolve("in")));
    }

    @Test
    void aFolderInAReportsPlaceIsNoLackOfPermission() throws IOException {
        Path report = Files.createDirectories(dir.resolve("report.prom/in")).getParent();
        assertSaid(2, "report.prom is a folder", run(new Object[] {new health(), "--prometheus", report}, store.base()));
        Path sql = dir.resolve("report.prom");
        assertSaid(64, "it is a folder", run(new Object[] {new query(), "sql", "--file", sql}, store.base()));
    }

    @Test
    void whatIsNoPathIsABadArgumentOfEveryCommand() {
        List<String[]> wrong = new ArrayList<>(List.of(new String[] {"a\0b", "it has a NUL character"},
                new String[] {"z".repeat(300), "a name in it is longer than 255 " + (Machine.isWindows() ? "characters" : "bytes")}));
        if (Machine.isWindows()) wrong.addAll(List.of(new String[] {"a|b", "this system takes no | in a name"},
                new String[] {"con", "Windows keeps the name con for a device"}, new String[] {"Nul.txt", "Windows keeps the name Nul.txt for"},
                new String[] {"x ", "Windows takes no blank at the end of a name"}));
        else wrong.add(new String[] {"d/".repeat(2_500), "it is longer than 4095 bytes"});
        for (String[] one : wrong) {
            String base = dir.resolve("s") + "/" + one[0];
            for (Object[] command : commands()) assertSaid(64, "is no path: " + one[1], run(command, base));
            for (Object script : List.of(new setup(), new health())) assertSaid(64, "is no path: " + one[1], run(new Object[] {script}, base));
            String why = assertThrows(StoreException.class,
                    () -> Store.fromEnv(Map.of("TELEMETRY_BASE_DIR", base), dir)).getMessage();
            assertTrue(why.contains("which is no path: " + one[1]), why);
        }
        if (Machine.isWindows()) for (Object[] command : commands()) assertSaid(64, "there is no drive", run(command, "A:x"));
    }

    /** A ramfs tells as little of its space as some shares do. */
    @Test
    void whereTheFreeSpaceIsUnknownBackupRestoreAndSetupOnlyWarn() throws Exception {
        Path share = Files.createDirectory(dir.resolve("share"));
        assumeTrue(!Machine.isWindows() && Mounts.ramfs(share), "only root on Linux can mount a disk that does not tell its space");
        try {
            String warning = "how much is free on the disk of ";
            assertSaid(1, warning, Script.run(new setup(), "--sample", "--runs", "50", "--store", share.resolve("t")));
            Store there = Store.at(share.resolve("t"));
            assertSaid(1, warning, Script.on(there, new backup()));
            assertSaid(1, warning, Script.on(there, new backup(), "--compress"));
            assertSaid(1, warning, Script.on(there, new backup(), "restore", "latest", "--yes"));
            Script health = Script.on(there, new health());
            assertTrue(health.said().contains("warning disk its disk does not tell how much is free"), health.toString());
        } finally {
            Mounts.unmount(share);
        }
    }

    @Test
    void aDiskThatDoesNotTellItsSpaceIsNotFull() {
        assumeTrue(Files.isDirectory(Path.of("/proc/self")), "only Linux has a file system without a size at hand");
        DiskSpace.requireRoom("write to", Path.of("/proc/self"), Long.MAX_VALUE, null);
    }
}
