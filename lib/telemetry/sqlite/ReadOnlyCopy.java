package telemetry.sqlite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.os.MountPoint;
import telemetry.os.NewFile;
import telemetry.os.ScratchFolder;

/**
 * A copy of a database with its -wal or -journal, in the temporary folder. On a read-only file system SQLite can neither make the -shm that
 * reading a -wal needs, nor roll a -journal back. Others may write to the same files through another mount, so a copy counts only when
 * nothing changed meanwhile.
 */
final class ReadOnlyCopy implements AutoCloseable {
    private static final List<String> COPIED = List.of("", "-wal", "-journal");
    private static final int MOST_TRIES = 5;

    private final ScratchFolder folder = new ScratchFolder("telemetry-read-only-");
    private final Path file;

    /**
     * @throws StoreException {@code FULL} when the temporary folder has too little room, {@code LOCKED} when programs write to the
     *                        database all the time
     */
    ReadOnlyCopy(Path database) {
        file = folder.path().resolve(database.getFileName());
        try {
            Attempt.of("copy the database to", folder.path(), () -> copy(database));
        } catch (StoreException e) {
            close();
            throw e;
        }
    }

    /** True when SQLite needs a copy to read this: it is on a read-only file system, with something to be read besides the file. */
    static boolean isNeeded(Path database) {
        return COPIED.stream().skip(1).anyMatch(suffix -> DatabaseFile.beside(database, suffix).toFile().length() > 0)
                && MountPoint.isReadOnly(database);
    }

    private void copy(Path database) throws IOException {
        for (int n = 1;; n++) {
            List<Object> before = state(database);
            long bytes = COPIED.stream().mapToLong(suffix -> DatabaseFile.beside(database, suffix).toFile().length()).sum();
            DiskSpace.requireRoom("copy " + database + ", which is on a read-only file system, to", folder.path(), 2 * bytes,
                    Next.words("make room there, or name another folder with _JAVA_OPTIONS=-Djava.io.tmpdir=DIR"));
            for (String suffix : COPIED) {
                Path part = DatabaseFile.beside(database, suffix);
                Path copy = DatabaseFile.beside(file, suffix);
                Files.deleteIfExists(copy);
                if (Files.exists(part)) copy(part, copy);
            }
            if (state(database).equals(before)) return;
            if (n == MOST_TRIES) throw new StoreException(StoreException.Reason.LOCKED, "copy", database,
                    "programs write to it through another mount", Next.RUN_AGAIN);
        }
    }

    /** One that has vanished since is empty; that something has changed is seen afterwards. */
    private static void copy(Path part, Path to) throws IOException {
        try {
            Disk.copy(part, NewFile.createSecret(to));
        } catch (NoSuchFileException e) {
            Files.deleteIfExists(to);
        }
    }

    private static List<Object> state(Path database) throws IOException {
        List<Object> state = new ArrayList<>();
        for (String suffix : COPIED) state.add(DatabaseFile.state(DatabaseFile.beside(database, suffix)));
        return state;
    }

    Path file() {
        return file;
    }

    /** Removes it. */
    @Override
    public void close() {
        folder.close();
    }
}
