package telemetry.rebuild;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Disk;
import telemetry.os.Openers;
import telemetry.runs.Ddl;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Exchange;

/**
 * The database that a new one replaces.
 *
 * @param file  the database
 * @param state of it
 * @param why   it is not intact, in a few words; else null
 * @param ddl   its schema; null when nothing of it can be read
 */
public record OldDatabase(Path file, State state, String why, Ddl ddl) {

    public enum State {
        /** There is none, but perhaps a log was left. */
        ABSENT,
        /** A good one. */
        INTACT,
        /** A good SQLite file whose table of runs is missing or lacks columns of every version. */
        FOREIGN,
        /** SQLite cannot read it, or finds it inconsistent. */
        DAMAGED;

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /**
     * For a replacement: rolls back what a program left that died while it wrote.
     *
     * @throws StoreException when it is locked or permission is missing
     */
    public static OldDatabase of(Path file) {
        return of(file, path -> Database.openRolledBack(path, Database.PATIENCE));
    }

    /** Changes nothing. @throws StoreException {@code DENIED} also when something must be rolled back first */
    static OldDatabase seen(Path file) {
        return of(file, Database::openToRead);
    }

    private static OldDatabase of(Path file, Function<Path, Database> opening) {
        if (Files.notExists(file) && Disk.fileInTheWay(file) == null) return new OldDatabase(file, State.ABSENT, "it does not exist", null);
        Ddl ddl = null;
        try (Database database = opening.apply(file)) {
            ddl = Ddl.of(database);
            Schema.refuseNewer(database);
            Integrity found = Integrity.of(database, null, true, null);
            if (!found.isSound()) return new OldDatabase(file, State.DAMAGED, found.toString(), ddl);
            Schema schema = Schema.of(database);
            if (schema.missingColumns().isEmpty()) return new OldDatabase(file, State.INTACT, null, ddl);
            boolean none = schema.shape() == Schema.Shape.NONE;
            return new OldDatabase(file, State.FOREIGN, none ? "it has no table agent_runs"
                    : "agent_runs lacks " + schema.missingColumns(), none ? ddl : null);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            return new OldDatabase(file, State.DAMAGED, e.why(), ddl);
        }
    }

    /**
     * Copies the rows of a damaged database into a sound one, without reading an index. A table that cannot be read to its end is left out.
     *
     * @param to      must not exist
     * @param refused is given rows that their own table does not take
     * @return what was left out, in words
     */
    List<String> salvage(Path to, RefusedRows refused) {
        List<String> lost = new ArrayList<>();
        try (Database database = Database.create(to)) {
            database.pragma("synchronous", "OFF");
            database.pragma("ignore_check_constraints", "ON");
            if (ddl == null) return List.of("the whole old database: " + why);
            ddl.createTables(database);
            database.attachToRead(file, "old");
            for (Row table : database.query("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' "
                    + "ESCAPE '@'").list())
                salvage(database, table.text("name"), lost, refused);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            lost.add("the whole old database: " + e.why());
        }
        return lost;
    }

    private static void salvage(Database database, String table, List<String> lost, RefusedRows refused) {
        String numbered = Ddl.numbered(database, table);
        String columns = Ddl.columns(database, table);
        String name = Database.quoted(table);
        try {
            database.update("INSERT OR IGNORE INTO main." + name + " (" + numbered + ") SELECT "
                    + numbered + " FROM old." + name + " NOT INDEXED");
            for (Row row : database.query("SELECT " + columns + " FROM old." + name + " NOT INDEXED EXCEPT SELECT " + columns
                    + " FROM main." + name))
                refused.add(table, row.map(), "a row like it, or a rule of its table, keeps it out");
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            lost.add("the table " + table + " of the old database: " + e.why());
        }
    }

    /** @throws StoreException {@code LOCKED} when a process is known to have it open */
    public void requireUnused() {
        for (long pid : Openers.of(DatabaseFile.present(file)))
            throw new StoreException(StoreException.Reason.LOCKED, "replace", file,
                    Openers.describe(pid) + " has it open, and it " + (state == State.INTACT ? "would get other tables"
                    : "is unusable: " + why),
                    Next.words("stop that program, then run it again"));
    }

    /**
     * Puts a new database in its place, and it in the quarantine, with its logs.
     *
     * @param made   a finished file beside it, on the disk
     * @param folder of the quarantine
     * @return the new place: of the database, or of the folder with the logs of a database that was gone; null when there was nothing
     */
    public Path replaceBy(Path made, Store store, Path folder) {
        requireUnused();
        return Exchange.replace(store, made, folder);
    }
}
