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

/**
 * The room on the disk that a database in WAL mode takes even to be read: its -shm. Where there is none, SQLite's attempt fails, and leaves
 * an empty -wal and a -shm cut short behind; so it is looked for beforehand.
 */
public final class WalRoom {

    /** In bytes. Source: sqlite.org/walformat.html, 2.2. */
    private static final int SHM = 32 << 10;

    private WalRoom() { }

    /**
     * Costs one question to the system unless the disk is all but full.
     *
     * @param patience how long a locked database is waited for
     * @throws StoreException {@code FULL} when the database could not even be read
     */
    public static void require(Path file, Duration patience) {
        if (DatabaseFile.beside(file, "-shm").toFile().length() >= SHM || file.getParent().toFile().getUsableSpace() > SHM) return;
        if (Files.isRegularFile(file) && isFull(file) && isWal(file, patience)) throw new StoreException(StoreException.Reason.FULL,
                "open the database", file, "no space left on the disk, and in WAL mode even reading takes 32 kB",
                Next.command("archive", "--dry-run"));
    }

    /** What is free for everybody says nothing of what is free for root. */
    private static boolean isFull(Path file) {
        Path probe = file.resolveSibling(file.getFileName() + "-room-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".tmp");
        try (FileChannel channel = FileChannel.open(probe, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE)) {
            ByteBuffer bytes = ByteBuffer.allocate(SHM);
            while (bytes.hasRemaining()) channel.write(bytes);
            return false;
        } catch (IOException e) {
            return Attempt.refused("write beside", file, e).reason() == StoreException.Reason.FULL;
        }
    }

    private static boolean isWal(Path file, Duration patience) {
        if (Files.exists(DatabaseFile.beside(file, "-wal"))) return true;
        return Files.notExists(DatabaseFile.beside(file, "-journal")) && isWalWithoutOthers(file, patience);
    }

    /** A connection that locks all others out needs no -shm, and takes the empty -wal away with it. */
    private static boolean isWalWithoutOthers(Path file, Duration patience) {
        try (var database = new SqliteConnection(file, "mode=rw", patience)) {
            database.query("PRAGMA locking_mode=EXCLUSIVE").close();
            database.query("PRAGMA schema_version").close();
            return database.lookUp("PRAGMA journal_mode").map(row -> "wal".equals(row.get(0))).orElse(false);
        }
    }
}
