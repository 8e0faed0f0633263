package telemetry.recover;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.runs.Ddl;

/**
 * Reads the rows that a damaged database still gives, without any index: a range of row numbers that cannot be read is halved until what is
 * left is the rows on the damaged pages. Reading on until the first error would find next to nothing. Of a table whose rows have no numbers
 * ranges of its key are halved ({@link KeyRanges}).
 */
final class Salvage {

    /** Is given the rows of a table, some at a time and in their order. */
    interface Found {
        /** @param areBeside whether row numbers directly before or behind theirs cannot be read; garbage may have come into them */
        void rows(String table, List<Row> rows, boolean areBeside);
    }

    /** How much of a table could be read. */
    enum Reach {
        ALL,
        /** All but what stands on damaged pages. */
        PART,
        /** There is a part that could not even be looked at: the pages that lead to it are damaged. */
        CUT
    }

    /** Row numbers that are read at once, and held in memory. */
    private static final int CHUNK = 1_024;

    /** So many failures are a minute or two; a table without its root page would fail for each row number there is. */
    private static final int MOST_FAILURES = 50_000;

    /** A row of runs takes at least this many bytes. */
    private static final int LEAST_ROW = 32;

    /** After so many ranges without any row only a few numbers of the next are tried: a page that leads to many others is damaged. */
    private static final int BARREN = 4;
    private static final int PROBES = 8;

    private final Database database;
    private final String table;
    private final String name;
    private final String number;
    private final String range;
    private final Found found;
    private Row held;
    private boolean isHeldBeside;
    private boolean isBehindGap;
    private int failures;
    private int barren;
    private long rows;
    private Reach reach = Reach.ALL;

    private Salvage(Database database, String table, Found found) {
        this.database = database;
        this.table = table;
        this.name = Database.quoted(table);
        this.number = Ddl.number(database, table);
        this.range = " FROM " + name + " NOT INDEXED WHERE " + number + " BETWEEN ? AND ?";
        this.found = found;
    }

    /**
     * @param database that nobody writes to
     * @param tables   which are read
     * @return of each, how much could be read
     */
    static Map<String, Reach> tables(Database database, List<String> tables, Found found) {
        Map<String, Reach> reached = new LinkedHashMap<>();
        database.pragma("cell_size_check", "ON");
        for (String table : tables) reached.put(table, new Salvage(database, table, found).reached());
        return reached;
    }

    private Reach reached() {
        try {
            if (number == null) return new KeyRanges(database, table, (some, areBeside) -> found.rows(table, some, areBeside)).read();
            read(lowest(), highest());
            release(false);
            return reach;
        } catch (StoreException e) {
            requireDamage(e);
            return Reach.CUT;
        }
    }

    /**
     * The keys that an index of the damaged database has, which may stand on sound pages when their rows do not.
     *
     * @return false when it cannot be read to its end
     */
    static boolean keys(Database database, String key, Consumer<String> found) {
        try {
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

    /** Rows with negative numbers are rare, and a damaged first page says nothing of them. */
    private long lowest() {
        try {
            return Math.min(0, database.number("SELECT min(" + number + ") FROM " + name + " NOT INDEXED"));
        } catch (StoreException e) {
            failed(e);
            return 0;
        }
    }

    /** Also when the table's last page cannot be read: no more rows can be in the file than fit. */
    private long highest() {
        try {
            return database.number("SELECT max(" + number + ") FROM " + name + " NOT INDEXED");
        } catch (StoreException e) {
            failed(e);
            return database.number("PRAGMA page_count") * database.number("PRAGMA page_size") / LEAST_ROW;
        }
    }

    private void read(long first, long last) {
        if (failures >= MOST_FAILURES) reach = Reach.CUT;
        if (failures >= MOST_FAILURES || isEmpty(first, last)) return;
        if (last - first < CHUNK) {
            readChunk(first, last);
            return;
        }
        long middle = first + (last - first) / 2;
        read(first, middle);
        read(middle + 1, last);
    }

    private void readChunk(long first, long last) {
        if (barren >= BARREN && isBarren(first, last)) {
            reach = Reach.CUT;
            beginGap();
            return;
        }
        long before = rows;
        int failed = failures;
        narrow(first, last);
        barren = rows == before && failures > failed ? barren + 1 : 0;
    }

    private boolean isBarren(long first, long last) {
        for (int i = 0; i < PROBES; i++) {
            try {
                rows(first + (last - first) * i / PROBES, first + (last - first) * i / PROBES);
                return false;
            } catch (Unreadable e) {
                // so may be the next
            }
        }
        return true;
    }

    private void narrow(long first, long last) {
        try {
            found(rows(first, last));
            return;
        } catch (Unreadable e) {
            if (first == last) {
                beginGap();
                return;
            }
        }
        long middle = first + (last - first) / 2;
        narrow(first, middle);
        narrow(middle + 1, last);
    }

    private void beginGap() {
        release(true);
        isBehindGap = true;
    }

    /** The last of them waits: whether what follows can be read is not known yet. */
    private void found(List<Row> rows) {
        if (rows.isEmpty()) return;
        this.rows += rows.size();
        release(false);
        int last = rows.size() - 1;
        if (last > 0 && isBehindGap) give(rows.subList(0, 1), true);
        int from = isBehindGap ? 1 : 0;
        if (from < last) give(rows.subList(from, last), false);
        held = rows.get(last);
        isHeldBeside = last == 0 && isBehindGap;
        isBehindGap = false;
    }

    private void release(boolean isBeforeGap) {
        if (held != null) give(List.of(held), isHeldBeside || isBeforeGap);
        held = null;
    }

    private void give(List<Row> rows, boolean areBeside) {
        found.rows(table, rows, areBeside);
    }

    private boolean isEmpty(long first, long last) {
        if (last - first < CHUNK) return false;
        try {
            return database.one("SELECT 1" + range + " LIMIT 1", first, last).isEmpty();
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
            if (first == last) return database.query("SELECT * FROM " + name + " NOT INDEXED WHERE " + number + " = ?", first).list();
            return database.query("SELECT *" + range, first, last).list();
        } catch (StoreException e) {
            failed(e);
            throw new Unreadable();
        }
    }

    private void failed(StoreException e) {
        requireDamage(e);
        failures++;
        if (reach == Reach.ALL) reach = Reach.PART;
    }

    /** A length that is garbage is too much memory, a page beyond the file's end an I/O error: those are damage too. */
    static void requireDamage(StoreException e) {
        if (e.reason() != StoreException.Reason.DAMAGED && e.reason() != StoreException.Reason.FAILED
                && e.reason() != StoreException.Reason.REFUSED) throw e;
    }

    private static final class Unreadable extends RuntimeException {
        Unreadable() {
            super(null, null, false, false);
        }
    }
}
