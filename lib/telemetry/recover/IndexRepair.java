package telemetry.recover;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import telemetry.Database;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.Snapshot;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Unfinished;
import telemetry.runs.Integrity;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Quarantine;

/** Makes the indexes of a database anew whose tables are whole. Its users may go on, and no row changes. */
final class IndexRepair {
    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;

    IndexRepair(Store store, Clock clock, Duration patience, PrintWriter err) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
    }

    /**
     * Keeps a copy first, and checks the whole afterwards.
     *
     * @return the copy of what was there before; null when it did not help, as with values that are there twice and must not be: then the
     *         database is as it was, or as good
     */
    Path mended() {
        Path live = store.database();
        Path folder = Quarantine.claim(store, "recover", clock.instant());
        Path kept = folder.resolve(live.getFileName());
        try (Database database = Database.open(live, patience)) {
            keep(database, kept);
            database.execute("REINDEX");
            if (Integrity.of(database, null, false, err).isSound()) return kept;
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.LOCKED || e.reason() == StoreException.Reason.FULL
                    || e.reason() == StoreException.Reason.DENIED) throw e;
        }
        DatabaseFile.delete(kept);
        Quarantine.removeIfEmpty(folder);
        return null;
    }

    private void keep(Database database, Path kept) {
        Path unfinished = Unfinished.beside(kept);
        try {
            Disk.requireRoom("keep a copy of the database in", kept.getParent(), DatabaseFile.present(store.database()).stream()
                    .mapToLong(file -> file.toFile().length()).sum(), Next.command("archive", "--dry-run"));
            database.inSnapshot(() -> {
                Snapshot.keep(database, unfinished, err);
                return null;
            });
            Attempt.of("keep a copy of the database as", kept, () -> publish(unfinished, kept));
        } finally {
            DatabaseFile.delete(unfinished);
        }
    }

    private static void publish(Path unfinished, Path kept) throws IOException {
        Disk.sync(unfinished);
        Files.move(unfinished, kept);
        Disk.syncFolder(kept.getParent());
    }
}
