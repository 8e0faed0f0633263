package telemetry.restore;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.runs.Columns;
import telemetry.runs.Ddl;
import telemetry.text.Words;

/**
 * What one table of a database has and another database in its place has not.
 *
 * @param rows   that are not there; null when the table cannot be read to its end
 * @param without columns of it that are not there
 * @param values that are others there, or have no column there, by column; of runs only what no day file makes up for
 */
public record TakenAway(String table, Long rows, List<String> without, Map<String, Long> values) {
    private static final String RUNS = "agent_runs";

    /** All tables of which something is taken away. @param old the one database's name in this connection @param now the other's */
    public static List<TakenAway> between(Database database, String old, String now) {
        List<TakenAway> taken = new ArrayList<>();
        List<String> tables = Ddl.rowTables(database, now);
        for (String table : Ddl.rowTables(database, old)) {
            TakenAway one = tables.contains(table) ? new Comparison(database, old, now, table).result()
                    : new TakenAway(table, count(database, old + "." + Database.quoted(table)), List.of(), Map.of());
            if (one.isAny()) taken.add(one);
        }
        return taken;
    }

    /** Runs that only the one has; for databases of two encodings, which SQLite does not read as one. */
    static long runsOnlyIn(Database old, Database now) {
        long only = 0;
        for (Row row : old.query("SELECT DISTINCT run_id FROM agent_runs NOT INDEXED WHERE run_id IS NOT NULL"))
            if (now.lookUp("SELECT 1 FROM agent_runs WHERE run_id = ?", row.get(0)).isEmpty()) only++;
        return only;
    }

    /** Of such databases only the rows of the other tables are counted: at least so many are taken away. */
    public static List<TakenAway> rowsOnlyIn(Database old, Database now) {
        List<TakenAway> taken = new ArrayList<>();
        List<String> tables = Ddl.rowTables(now, "main");
        for (String table : Ddl.rowTables(old, "main")) {
            if (table.equals(RUNS)) continue;
            Long had = count(old, Database.quoted(table));
            long has = tables.contains(table) ? now.number("SELECT count(*) FROM " + Database.quoted(table)) : 0;
            var one = new TakenAway(table, had == null ? null : Math.max(0, had - has), List.of(), Map.of());
            if (one.isAny()) taken.add(one);
        }
        return taken;
    }

    private static Long count(Database database, String table) {
        return ifReadable(() -> database.number("SELECT count(*) FROM " + table + " NOT INDEXED"));
    }

    private static <T> T ifReadable(Supplier<T> look) {
        try {
            return look.get();
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.LOCKED || e.reason() == StoreException.Reason.FULL) throw e;
            return null;
        }
    }

    /** Of one table that both have. */
    private static final class Comparison {
        private final Database database;
        private final String table;
        private final String from;
        private final String to;
        private final List<String> columns = new ArrayList<>();
        private final List<String> key = new ArrayList<>();
        private final List<String> without;

        Comparison(Database database, String old, String now, String table) {
            this.database = database;
            this.table = table;
            this.from = old + "." + Database.quoted(table);
            this.to = now + "." + Database.quoted(table);
            for (Row column : database.query("SELECT name, pk FROM pragma_table_info(?, ?) ORDER BY cid", table, old)) {
                columns.add(column.text("name"));
                if (column.number("pk") > 0) key.add(column.text("name"));
            }
            if (table.equals(RUNS)) {
                key.clear();
                key.add(columns.contains("id") && columns.contains("event_id") ? "event_id" : "run_id");
            }
            List<String> there = database.query("SELECT name FROM pragma_table_info(?, ?)", table, now).stream()
                    .map(row -> row.text("name")).toList();
            without = columns.stream().filter(column -> !there.contains(column)).toList();
            if (!there.containsAll(key)) key.clear();
        }

        TakenAway result() {
            Long rows = ifReadable(key.isEmpty() ? this::keyless : this::rows);
            Map<String, Long> values = rows == null || key.isEmpty() ? null : ifReadable(this::values);
            return new TakenAway(table, rows, without, values == null ? Map.of() : values);
        }

        private Long rows() {
            return database.number("SELECT count(*) FROM " + from + " o NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM " + to + " n WHERE "
                    + isSame() + ")");
        }

        private String isSame() {
            return key.stream().map(Database::quoted).map(column -> "n." + column + " IS o." + column).collect(joining(" AND "));
        }

        /** Rows that no key tells apart are compared as a whole. */
        private Long keyless() {
            long all = database.number("SELECT count(*) FROM " + from + " NOT INDEXED");
            if (!without.isEmpty()) return all;
            String list = columns.stream().map(Database::quoted).collect(joining(", "));
            return Math.max(all - database.number("SELECT count(*) FROM " + to), database.number("SELECT count(*) FROM (SELECT " + list
                    + " FROM " + from + " NOT INDEXED EXCEPT SELECT " + list + " FROM " + to + ")"));
        }

        private Map<String, Long> values() {
            Map<String, Long> values = new LinkedHashMap<>();
            List<String> compared = columns.stream()
                    .filter(column -> !key.contains(column) && (!table.equals(RUNS) || Columns.isOfRowAlone(column))).toList();
            if (compared.isEmpty()) return values;
            String counts = compared.stream().map(this::countOfOthers).collect(joining(", "));
            String joined = from + " o NOT INDEXED JOIN " + to + " n ON " + isSame();
            Row found = database.one("SELECT " + counts + " FROM " + joined).orElseThrow();
            for (int i = 0; i < compared.size(); i++)
                if (found.get(i) instanceof Long count && count > 0) values.put(compared.get(i), count);
            return values;
        }

        private String countOfOthers(String column) {
            String name = Database.quoted(column);
            String isAnother = without.contains(column) ? "" : " AND o." + name + " IS NOT n." + name;
            return "count(CASE WHEN o." + name + " NOT IN (0, '')" + isAnother + " THEN 1 END)";
        }
    }

    /** The same without the rows, which others have counted. */
    TakenAway ofRowsThatAreThere() {
        return new TakenAway(table, rows == null ? null : 0L, without, values);
    }

    boolean isAny() {
        return rows == null || rows > 0 || !without.isEmpty() || !values.isEmpty();
    }

    boolean isOfRuns() {
        return table.equals(RUNS);
    }

    /** {@code agent_runs: 3 rows, and values of cost_usd (20), api_posted (7)} */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        if (rows == null) parts.add("cannot be read to its end");
        else if (rows > 0) parts.add(Words.count(rows, "row"));
        List<String> unnamed = without.stream().filter(column -> !values.containsKey(column)).toList();
        if (!unnamed.isEmpty()) parts.add("the columns " + String.join(", ", unnamed));
        if (!values.isEmpty()) parts.add("values of " + values.entrySet().stream()
                .map(value -> value.getKey() + " (" + value.getValue() + ")").collect(joining(", ")));
        return table + ": " + String.join(", and ", parts);
    }
}
