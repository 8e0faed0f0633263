package telemetry.measure;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.DiskSpace;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.runs.Ddl;
import telemetry.runs.Schema;

/**
 * A scratch store for measuring writes instead of a real one: empty, on the same disks, with the same tables, indexes and journal mode. It
 * is removed when it is closed, or when the JVM ends, for example by Ctrl-C. What a killed process leaves, the next one removes.
 */
public final class ScratchStore implements AutoCloseable {
    private static final String PREFIX = "measure_performance.";

    /** Held as long as the folder is in use. The operating system releases it when the process ends in any way. */
    private static final String LOCK = "lock";

    /** A folder that has had no lock file for this long is abandoned. */
    private static final Duration BEGINNING = Duration.ofMinutes(1);

    /** How often to try: a thread that still writes may add a file to a folder that is being deleted. */
    private static final int DELETIONS = 20;

    private record Folder(Path path, FileChannel lock) { }

    private final List<Folder> folders = new ArrayList<>();
    private final Thread atExit = new Thread(this::remove);
    private final Store store;
    private final String schema;

    private ScratchStore(Store real) throws IOException {
        Path beside = Files.isDirectory(real.database().getParent()) ? real.database().getParent() : real.base();
        removeLeft(beside);
        removeLeft(real.raw());
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            Path base = folder(beside);
            Path database = made(base.resolve("db")).resolve(real.database().getFileName());
            boolean otherDisk = Files.isDirectory(real.raw()) && !DiskSpace.isSame(real.raw(), base);
            Path raw = made((otherDisk ? folder(real.raw()) : base).resolve("raw"));
            store = new Store(base, database, raw, "measuring");
            schema = createDatabase(real);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Makes a scratch store.
     *
     * @param real its database is only read; when it is missing or unusable, the tables are the runbook's
     * @throws StoreException when nothing can be written beside it
     */
    public static ScratchStore beside(Store real) {
        return Attempt.of("make a scratch store beside", real.database(), () -> new ScratchStore(real));
    }

    Store store() {
        return store;
    }

    /** {@code "v3, WAL"} */
    String schema() {
        return schema;
    }

    /** The variables that lead another process to this store. */
    Map<String, String> environment() {
        return Map.of("TELEMETRY_DB_PATH", store.database().toString(), "TELEMETRY_NDJSON_DIR", store.raw().toString());
    }

    private static Path made(Path folder) throws IOException {
        NewFile.folder(folder);
        return folder;
    }

    private Path folder(Path parent) throws IOException {
        Path folder = NewFile.scratchFolder(parent, PREFIX);
        FileChannel channel = NewFile.create(folder.resolve(LOCK));
        folders.add(new Folder(folder, channel));
        channel.tryLock();
        return folder;
    }

    private String createDatabase(Store real) {
        try (Database database = Database.create(store.database())) {
            if (!isMadeLike(real, database)) Schema.create(database);
            return Schema.require(database) + ", " + database.pragma("journal_mode").toUpperCase(Locale.ROOT);
        }
    }

    /** False when there are no tables to copy. The caller has already waited for a lock. The stamp tells v6 from v7. */
    private static boolean isMadeLike(Store real, Database database) {
        Ddl ddl;
        int stamp;
        try (Database model = Database.openToRead(real.database(), Duration.ZERO)) {
            ddl = Ddl.of(model);
            stamp = Schema.require(model).stamp();
        } catch (StoreException e) {
            return false;
        }
        ddl.createTables(database);
        ddl.createOthers(database, null);
        if (stamp > 0) database.update("INSERT OR IGNORE INTO schema_migrations(version) VALUES (?)", stamp);
        database.pragma("journal_mode", ddl.journal());
        return true;
    }

    private static void removeLeft(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) return;
        for (Path folder : Inside.list(parent))
            if (folder.getFileName().toString().startsWith(PREFIX) && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            && isLeft(folder))
                isDeleted(folder);
    }

    /** A folder of this JVM is in use; a folder of another account is left to that account. */
    private static boolean isLeft(Path folder) throws IOException {
        try (FileChannel channel = Inside.write(folder.resolve(LOCK))) {
            return channel.tryLock() != null;
        } catch (NoSuchFileException e) {
            return Files.exists(folder) && Files.getLastModifiedTime(folder).toMillis() < System.currentTimeMillis() - BEGINNING.toMillis();
        } catch (OverlappingFileLockException | AccessDeniedException e) {
            return false;
        }
    }

    /** Does nothing when called again. */
    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // the JVM is ending, and has called it
        }
    }

    private synchronized void remove() {
        for (Folder folder : folders) {
            try {
                folder.lock.close();
                for (int n = 1; !isDeleted(folder.path) && n < DELETIONS; n++) Thread.sleep(50);
            } catch (IOException e) {
                // the next measurement removes it
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        folders.clear();
    }

    private static boolean isDeleted(Path folder) {
        try {
            Inside.remove(folder);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
