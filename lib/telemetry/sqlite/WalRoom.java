package telemetry.sqlite;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Inside;

/**
 * Disk space for reading a database in WAL mode, which needs a -shm. Without space SQLite's attempt fails and leaves an empty -wal and a
 * truncated -shm behind, so the space is checked first.
 */
final class WalRoom {

    /** In bytes. Source: sqlite.org/walformat.html, 2.2. */
    private static final int SHM = 32 << 10;

    private WalRoom() { }

    /**
     * Asks the system once, unless the disk is nearly full.
     *
     * @param patience how long to wait for a locked database
     * @throws StoreException {@code FULL} when the database cannot even be read
     */
    static void require(Path file, Duration patience) {
        if (DatabaseFile.beside(file, "-shm").toFile().length() >= SHM || file.getParent().toFile().getUsableSpace() > SHM) return;
        if (Files.isRegularFile(file) && isFull(file) && isWal(file, patience)) throw new StoreException(StoreException.Reason.FULL,
                "open the database", file, "no space left on the disk, and in WAL mode even reading needs 32 kB",
                Next.command("archive", "--dry-run"));
    }

    /** Tries it out, because root may have more space than others. */
    private static boolean isFull(Path file) {
        Path probe = file.resolveSibling(file.getFileName() + "-room-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".tmp");
        try {
            Inside.at(probe, WalRoom::fill);
            return false;
        } catch (IOException e) {
            return Attempt.refused("write beside", file, e).reason() == StoreException.Reason.FULL;
        }
    }

    private static Path fill(Path probe) throws IOException {
        try (FileChannel channel = FileChannel.open(probe, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE)) {
            ByteBuffer bytes = ByteBuffer.allocate(SHM);
            while (bytes.hasRemaining()) channel.write(bytes);
            return probe;
        }
    }

    private static boolean isWal(Path file, Duration patience) {
        if (Files.exists(DatabaseFile.beside(file, "-wal"))) return true;
        return Files.notExists(DatabaseFile.beside(file, "-journal")) && isWalWithoutOthers(file, patience);
    }

    /** An exclusive connection needs no -shm, and removes the empty -wal when it closes. */
    private static boolean isWalWithoutOthers(Path file, Duration patience) {
        try (var database = new SqliteConnection(file, "mode=rw", patience)) {
            database.query("PRAGMA locking_mode=EXCLUSIVE").close();
            database.query("PRAGMA schema_version").close();
            return database.lookUp("PRAGMA journal_mode").map(row -> "wal".equals(row.get(0))).orElse(false);
        }
    }
}
