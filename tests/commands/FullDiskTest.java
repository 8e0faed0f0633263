import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Script;

/** What only looks, where not a byte is free: it says so, or shows what there is, and leaves nothing behind. */
class FullDiskTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;
    Path disk;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "2m"), "mounting a small file system is not permitted here");
    }

    @AfterEach
    void unmount() throws Exception {
        Mounts.unmount(disk);
    }

    @Test
    void aDatabaseInWalModeCannotBeReadAndNoFileIsLeftBesideIt() throws IOException {
        Store store = Fixture.V3.filled(disk.resolve("s"), 20, NOON);
        fill();
        assertNoRoom(store);
    }

    @Test
    void theLogOfAKilledWriterIsNotGivenAnIndexCutShort() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 20, NOON);
        Path killed = disk.resolve("s");
        try (Database writer = Database.open(store.database())) {
            writer.update("UPDATE agent_runs SET agent_owner = 'nobody'");
            Fixture.copy(store.base(), killed);
        }
        Files.delete(killed.resolve("db/telemetry.sqlite-shm"));
        fill();
        assertNoRoom(Store.at(killed));
    }

    @Test
    void whatTakesNoRoomIsShown() throws IOException {
        Store store = Fixture.V7_PYTHON.filled(disk.resolve("s"), 20, NOON);
        fill();
        Script recent = look(store, new query(), "recent");
        assertEquals(0, recent.exit(), recent.err());
        assertEquals(21, recent.out().lines().count(), recent.out());
        Script health = look(store, new health());
        assertEquals(2, health.exit());
        assertTrue(health.out().contains("ok       database") && health.out().contains("failed   disk"), health.out());
    }

    private void assertNoRoom(Store store) throws IOException {
        for (Callable<Integer> command : List.of(new health(), new locks(), new rebuild(), new recover(), new query())) {
            String[] options = command instanceof query ? new String[] {"recent"} : command instanceof rebuild
                    ? new String[] {"--check-only"} : command instanceof recover ? new String[] {"--dry-run"} : new String[0];
            Script script = look(store, command, options);
            assertEquals(2, script.exit(), script.toString());
            String said = (script.out() + script.err()).replaceAll("\\s+", " ");
            assertTrue(said.contains("no space left on the disk, and in WAL mode even reading needs 32 kB"), said);
            assertTrue(said.contains("jbang archive@telemetry "), said);
        }
    }

    /** Runs it and compares what stands in the store before and after. */
    private static Script look(Store store, Callable<Integer> command, String... options) throws IOException {
        List<String> before = tree(store.base());
        Script script = Script.run(command, Stream.concat(Stream.of("--store", store.base()), Stream.of(options)).toArray());
        assertEquals(before, tree(store.base()), script.toString());
        return script;
    }

    private static List<String> tree(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.map(path -> path + " " + (Files.isDirectory(path) ? "" : path.toFile().length())).sorted().toList();
        }
    }

    private void fill() throws IOException {
        try (var out = Files.newOutputStream(disk.resolve("fill"))) {
            while (true) out.write(new byte[1 << 12]);
        } catch (IOException e) {
            assertEquals(0, disk.toFile().getUsableSpace(), e.getMessage());
        }
    }
}
