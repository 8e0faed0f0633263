package telemetry.recover;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.Snapshot;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.os.Inside;
import telemetry.os.Unfinished;
import telemetry.rebuild.NewDatabase;
import telemetry.rebuild.OldDatabase;
import telemetry.runs.Ddl;
import telemetry.runs.Integrity;
import telemetry.runs.VirtualTable;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.SqliteErrors;
import telemetry.store.Quarantine;

/** Makes the indexes of a database anew whose tables are whole. Its users may go on, and no row changes. */
final class IndexRepair {
    private final Store store;
    private final Clock clock;
    private final Duration patience;
    private final PrintWriter err;
    private final List<String> left = new ArrayList<>();
    private Path kept;
    private String why;

    IndexRepair(Store store, Clock clock, Duration patience, PrintWriter err) {
        this.store = store;
        this.clock = clock;
        this.patience = patience;
        this.err = err;
    }

    /**
     * Keeps a copy first, and checks the whole afterwards. When it does not help, as with values that are there twice and must not be, the
     * database is as it was.
     */
    boolean isMended() {
        Path live = store.database();
        Path folder = Quarantine.claim(store, "recover", clock.instant());
        Path copy = folder.resolve(live.getFileName());
        boolean isDamaged = false;
        try (Database database = Database.open(live, patience)) {
            keep(database, copy);
            reindex(database);
            isDamaged = !isRefilled(database);
            if (Integrity.of(database, null, false, err).isSound()) kept = copy;
            else why = "SQLite finds errors afterwards too";
        } catch (StoreException e) {
            requireAboutIndexes(e);
            why = e.why();
            isDamaged = e.reason() == StoreException.Reason.DAMAGED;
        } finally {
            if (kept == null) DatabaseFile.delete(copy);
            Quarantine.removeIfEmpty(folder);
        }
        if (isDamaged) exchange();
        return kept != null;
    }

    /** What needs a function or a collation that only the agents' SQLite has stays as it is. */
    private void reindex(Database database) {
        try {
            database.execute("REINDEX");
        } catch (StoreException e) {
            if (SqliteErrors.lacking(e) == null) throw e;
            for (Row index : database.query("SELECT name FROM sqlite_master WHERE type = 'index'").list())
                reindex(database, index.text("name"));
        }
    }

    /** @return false when a full-text index is too damaged to be emptied and filled again */
    private boolean isRefilled(Database database) {
        boolean isRefilled = true;
        for (VirtualTable table : VirtualTable.of(database)) {
            String failed = table.isRefillable() ? table.refill(database, "main") : null;
            if (failed == null) continue;
            if (table.lacking(database, "main") == null) isRefilled = false;
            else left.add("the virtual table " + table.name() + ", " + failed + ": it is as it was");
        }
        return isRefilled;
    }

    private void reindex(Database database, String index) {
        try {
            database.execute("REINDEX " + Database.quoted(index));
        } catch (StoreException e) {
            if (SqliteErrors.lacking(e) == null) throw e;
            left.add("the index " + index + ", which needs " + SqliteErrors.lacking(e) + ": it is as it was");
        }
    }

    private static void requireAboutIndexes(StoreException e) {
        if (e.reason() == StoreException.Reason.LOCKED || e.reason() == StoreException.Reason.FULL
                || e.reason() == StoreException.Reason.DENIED) throw e;
    }

    /** An index whose own pages are damaged cannot be emptied to be made anew: the tables are copied into a new file. */
    private void exchange() {
        Path live = store.database();
        OldDatabase old = OldDatabase.of(live);
        if (old.ddl() == null) return;
        old.requireUnused();
        RecoveryMark.begin(store, clock.instant());
        Path made = NewDatabase.unfinished(live, live);
        try {
            DiskSpace.requireRoom("copy the tables of", live, live.toFile().length(), Next.command("archive", "--dry-run"));
            copy(old.ddl(), made);
            Path folder = Quarantine.claim(store, "recover", clock.instant());
            kept = old.replaceBy(made, store, folder);
        } catch (StoreException e) {
            requireAboutIndexes(e);
            why = e.why();
            if (kept != null) throw e;
        } finally {
            DatabaseFile.delete(made);
        }
    }

    /** Row by row with their numbers, reading no index. @throws StoreException when one table does not take all of its rows */
    private void copy(Ddl ddl, Path made) {
        try (Database database = Database.create(made)) {
            database.pragma("synchronous", "OFF");
            database.pragma("ignore_check_constraints", "ON");
            ddl.createTables(database);
            database.attachToRead(store.database(), "old");
            database.inTransaction(() -> {
                for (String table : Ddl.rowTables(database)) copy(database, table);
                if (database.number("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'") > 0) {
                    database.update("DELETE FROM main.sqlite_sequence");
                    database.update("INSERT INTO main.sqlite_sequence SELECT * FROM old.sqlite_sequence");
                }
            });
            left.addAll(ddl.createOthers(database, "old"));
            database.detach("old");
            Integrity found = Integrity.of(database, null, false, err);
            if (!found.isSound())
                throw new StoreException(StoreException.Reason.FAILED, "copy the tables to", made, found.toString(), null);
            database.pragma("synchronous", "FULL");
            database.pragma("journal_mode", ddl.journal());
        }
        Attempt.of("write the copy", made, () -> Disk.sync(made));
    }

    private static void copy(Database database, String table) {
        String list = Ddl.numbered(database, table);
        database.update("INSERT INTO main." + Database.quoted(table) + " (" + list + ") SELECT " + list + " FROM old."
                + Database.quoted(table) + " NOT INDEXED");
    }

    /** What was there before; null when nothing was made anew. */
    Path kept() {
        return kept;
    }

    /** What could not be made anew here, in words. */
    List<String> left() {
        return left;
    }

    /** It did not help; null when it did. */
    String why() {
        return kept == null ? why : null;
    }

    private void keep(Database database, Path kept) {
        Path unfinished = Unfinished.beside(kept);
        try {
            DiskSpace.requireRoom("keep a copy of the database in", kept.getParent(), DatabaseFile.present(store.database()).stream()
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
        Inside.move(unfinished, kept);
        Disk.syncFolder(kept.getParent());
    }
}
