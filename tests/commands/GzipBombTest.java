import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Script;
import telemetry.os.GzipFile;

/** A small file that unpacks to a large one: the disk keeps room for the agents, and nothing is left of it. */
class GzipBombTest {
    private static final String BACKUP = "telemetry_backup_20251231_000000.sqlite.gz";
    private static final int MB = 1 << 20;
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void noMoreIsUnpackedThanWasPacked() throws IOException {
        Path bomb = bomb(dir.resolve("x.gz"), 10);
        var unpacked = new ByteArrayOutputStream();
        StoreException refused = assertThrows(StoreException.class, () -> GzipFile.copy(bomb, MB, unpacked));
        assertEquals(StoreException.Reason.DAMAGED, refused.reason());
        assertTrue(refused.why().endsWith("it holds more than the 1048576 bytes that were packed"), refused.why());
        assertEquals(MB, unpacked.size());
        assertThrows(StoreException.class, () -> GzipFile.read(bomb, MB));
        assertEquals(10 * MB, GzipFile.read(bomb, 10 * MB).bytes());
    }

    @Test
    void whatIsUnpackedLeavesFreeWhatTheOperatorSays() throws IOException {
        Store store = Fixture.V3.filled(dir, 48, NOON);
        Path day = bomb(Files.createDirectories(store.archive().resolve("year=2025/month=01")).resolve("events_20250102.ndjson.gz"), 3);
        bomb(Files.createDirectories(store.backups()).resolve(BACKUP), 3);
        for (List<String> command : List.of(List.of("restore", BACKUP, "--yes"), List.of("restore", BACKUP, "--dry-run"),
                List.of("verify", "all"))) {
            Script refused = Script.on(store, new backup(), Stream.concat(command.stream(),
                    Stream.of("--keep-free", "1000000TB")).toArray());
            assertTrue(refused.exit() >= 2 && refused.said().contains("have to stay free (--keep-free)"), command + ": " + refused);
        }
        Script refused = Script.on(store, new archive(), "restore", "2025-01-02", "--keep-free", "1000000TB");
        assertTrue(refused.exit() == 2 && refused.err().contains("have to stay free (--keep-free)"), refused.toString());
        nothingIsLeft(store);
        Script restored = Script.on(store, new archive(), "restore", "2025-01-02", "--keep-free", "0");
        assertTrue(restored.exit() == 0 && Files.size(store.raw().resolve("events_20250102.ndjson")) == 3 * MB, restored.toString());
        assertTrue(Files.exists(day));
    }

    @Test
    void aTwentiethOfASmallDiskStaysFree() throws IOException, InterruptedException {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "100m"), "needs root, to mount a small file system");
        try {
            Store store = Fixture.V3.filled(disk.resolve("s"), 48, NOON);
            bomb(Files.createDirectories(store.archive().resolve("year=2025/month=01")).resolve("events_20250102.ndjson.gz"), 200);
            bomb(Files.createDirectories(store.backups()).resolve(BACKUP), 200);
            for (Script refused : List.of(Script.on(store, new archive(), "restore", "2025-01-02"),
                    Script.on(store, new backup(), "restore", BACKUP, "--yes"))) {
                assertTrue(refused.exit() == 2 && refused.err().contains("it takes more, "), refused.toString());
                assertTrue(refused.err().matches("(?s).*, [5-9]\\.\\d MB are free, and 5\\.2 MB have to stay free.*"), refused.err());
                nothingIsLeft(store);
            }
        } finally {
            Mounts.unmount(disk);
        }
    }

    private static void nothingIsLeft(Store store) throws IOException {
        try (Stream<Path> all = Files.walk(store.base())) {
            assertEquals(List.of(), all.filter(file -> file.toString().contains(".tmp") || file.toString().contains("drill")).toList());
        }
        assertFalse(Files.exists(store.raw().resolve("events_20250102.ndjson")));
    }

    private static Path bomb(Path file, int megabytes) throws IOException {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file), MB)) {
            for (int i = 0; i < megabytes; i++) out.write(new byte[MB]);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(false);
        }
        return file;
    }
}
