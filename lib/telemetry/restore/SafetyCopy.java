package telemetry.restore;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.Store;
import telemetry.backup.Snapshot;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Openers;
import telemetry.os.Unfinished;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Exchange;
import telemetry.store.Quarantine;

/**
 * What stands in the database's place before it is overwritten, kept in a folder of the quarantine. While nobody has it open, the files
 * byte for byte, with the log and in whatever state they are; else what SQLite reads there at one moment, because reading a database's
 * bytes tears while others write, and takes the locks away from a connection that this process may have (sqlite.org/howtocorrupt.html,
 * 2.2).
 */
final class SafetyCopy {
    private static final String PREFIX = "restore";

    private final Store store;
    private final Path database;
    private final Instant now;
    private final PrintWriter err;
    private Path folder;

    SafetyCopy(Store store, Instant now, PrintWriter err) {
        this.store = store;
        this.database = store.database();
        this.now = now;
        this.err = err;
    }

    /** A new folder for one restore, nobody else's. */
    static Path claim(Store store, Instant now) {
        return Quarantine.claim(store, PREFIX, now);
    }

    private Path folder() {
        if (folder == null) folder = claim(store, now);
        return folder;
    }

    /** The main file last: where it stands, the copy is whole. */
    private static List<Path> files(Path database) {
        return Stream.of("-journal", "-shm", "-wal", "").map(suffix -> DatabaseFile.beside(database, suffix)).toList();
    }

    /** The copy of the database; its log, if it has one, beside it. */
    Path kept() {
        return folder().resolve(database.getFileName());
    }

    /** True when nobody is known to have the database open; false also where that cannot be told. */
    boolean isUnused() {
        return Openers.isNobody(files(database));
    }

    /** Keeps the bytes. @return false when somebody wrote meanwhile, and nothing was kept */
    boolean bytes() {
        Path folder = folder();
        List<Path> unfinished = new ArrayList<>();
        try {
            return Attempt.of("keep a copy of the database in", folder, () -> {
                List<Object> before = state();
                List<Path> files = files(database).stream().filter(Files::exists).toList();
                for (Path file : files) {
                    Path target = Unfinished.beside(folder.resolve(file.getFileName()));
                    unfinished.add(target);
                    try {
                        Disk.copy(file, NewFile.create(target));
                    } catch (NoSuchFileException e) {
                        return false;
                    }
                }
                if (!state().equals(before)) return false;
                for (int i = 0; i < files.size(); i++) Disk.publish(unfinished.get(i), folder.resolve(files.get(i).getFileName()));
                Disk.syncFolder(folder);
                return true;
            });
        } finally {
            unfinished.forEach(DatabaseFile::delete);
        }
    }

    /** What changes when somebody writes. */
    private List<Object> state() throws IOException {
        List<Object> state = new ArrayList<>();
        for (Path file : files(database)) state.add(DatabaseFile.state(file));
        return state;
    }

    /** Keeps the state that this connection reads now, in the place of one that was kept before. */
    void snapshot(Database source) {
        Path unfinished = Unfinished.beside(kept());
        try {
            Snapshot.keep(source, unfinished, err);
            Attempt.of("keep a copy of the database as", kept(), () -> {
                Disk.sync(unfinished);
                Inside.move(unfinished, kept(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                for (Path log : files(kept())) if (!log.equals(kept())) Inside.delete(log);
                Disk.syncFolder(folder);
            });
        } finally {
            DatabaseFile.delete(unfinished);
        }
    }

    /** Notes that the database is about to get another content than the one that is kept. */
    void begin() {
        Exchange.begin(store, folder());
    }

    /** Takes away a copy that turned out to be of no use. */
    void drop() {
        if (folder == null) return;
        DatabaseFile.delete(kept());
        Quarantine.removeIfEmpty(folder);
        Quarantine.removeIfEmpty(folder.getParent());
    }
}
