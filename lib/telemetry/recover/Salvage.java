package telemetry.recover;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.runs.Schema;

/**
 * Reads the rows that a damaged database still gives, without any index: a range of row numbers that cannot be read is halved until what is
 * left is the rows on the damaged pages. Reading on until the first error would find next to nothing.
 */
final class Salvage {

    /** Row numbers that are read at once, and held in memory. */
    private static final int CHUNK = 1_024;

    /** So many failures are a minute or two; a table without its root page would fail for each row number there is. */
    private static final int MOST_FAILURES = 50_000;

    /** A row of runs takes at least this many bytes. */
    private static final int LEAST_ROW = 32;

    private static final String RUNS = "agent_runs";

    private final Database database;
    private final String table;
    private final String range;
    private final Consumer<List<Row>> found;
    private int failures;
    private boolean isWhole = true;

    private Salvage(Database database, String table, Consumer<List<Row>> found) {
        this.database = database;
        this.table = table;
        this.range = " FROM " + table + " NOT INDEXED WHERE rowid BETWEEN ? AND ?";
        this.found = found;
    }

    /**
     * @param file  a copy that nobody writes to; its -wal is read too
     * @param found is given the rows, some at a time
     * @return true when every row of the table of runs could be read
     */
    static boolean runs(Path file, Consumer<List<Row>> found) {
        return read(file, RUNS, found);
    }

    /** As the other, for the table of commits, which not every version has. */
    static boolean commits(Path file, Consumer<List<Row>> found) {
        return read(file, GapFill.COMMITS, found);
    }

    private static boolean read(Path file, String table, Consumer<List<Row>> found) {
        try (Database database = Database.openRolledBack(file, Database.PATIENCE)) {
            database.pragma("cell_size_check", "ON");
            if (table.equals(RUNS)) Schema.require(database);
            else if (!GapFill.hasCommits(database)) return true;
            var salvage = new Salvage(database, table, found);
            salvage.read(0, salvage.highest());
            return salvage.isWhole;
        } catch (StoreException e) {
            requireDamage(e);
            return false;
        }
    }

    /**
     * The keys that an index of the damaged database has, which may stand on sound pages when their rows do not.
     *
     * @return false when it cannot be read to its end
     */
    static boolean keys(Path file, String key, Consumer<String> found) {
        try (Database database = Database.openRolledBack(file, Database.PATIENCE)) {
            Object index = database.value("SELECT l.name FROM pragma_index_list('agent_runs') l WHERE l.partial = 0 AND (SELECT "
                    + "count(*) FROM pragma_index_info(l.name)) = 1 AND (SELECT name FROM pragma_index_info(l.name)) = ?", key);
            if (index == null) return false;
            for (Row row : database.query("SELECT " + key + " FROM agent_runs INDEXED BY "
                    + Database.quoted(index.toString()) + " WHERE " + key + " > ''")) found.accept(row.text(key));
            return true;
        } catch (StoreException e) {
            requireDamage(e);
            return false;
        }
    }

    /** Also when the table's last page cannot be read: no more rows can be in the file than fit. */
    private long highest() {
        try {
            return database.number("SELECT max(rowid) FROM " + table + " NOT INDEXED");
        } catch (StoreException e) {
            failed(e);
            return database.number("PRAGMA page_count") * database.number("PRAGMA page_size") / LEAST_ROW;
        }
    }

    private void read(long first, long last) {
        if (failures >= MOST_FAILURES || isEmpty(first, last)) return;
        if (last - first < CHUNK) {
            try {
                found.accept(rows(first, last));
                return;
            } catch (Unreadable e) {
                if (first == last) return;
            }
        }
        long middle = first + (last - first) / 2;
        read(first, middle);
        read(middle + 1, last);
    }

    private boolean isEmpty(long first, long last) {
        if (last - first < CHUNK) return false;
        try {
            return database.one("SELECT rowid" + range + " LIMIT 1", first, last).isEmpty();
        } catch (StoreException e) {
            failed(e);
            return false;
        }
    }

    /**
     * One row alone is not asked for as a range: to see that it ends there SQLite goes on to the next page, which may be the damaged one.
     */
    private List<Row> rows(long first, long last) {
        try {
            if (first == last) return database.query("SELECT * FROM " + table + " NOT INDEXED WHERE rowid = ?", first).list();
            return database.query("SELECT *" + range, first, last).list();
        } catch (StoreException e) {
            failed(e);
            throw new Unreadable();
        }
    }

    private void failed(StoreException e) {
        requireDamage(e);
        failures++;
        isWhole = false;
    }

    /** A length that is garbage is too much memory, a page beyond the file's end an I/O error: those are damage too. */
    private static void requireDamage(StoreException e) {
        if (e.reason() != StoreException.Reason.DAMAGED && e.reason() != StoreException.Reason.FAILED
                && e.reason() != StoreException.Reason.REFUSED) throw e;
    }

    private static final class Unreadable extends RuntimeException {
        Unreadable() {
            super(null, null, false, false);
        }
    }
}
