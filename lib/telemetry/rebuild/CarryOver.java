package telemetry.rebuild;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.runs.Columns;
import telemetry.runs.Ddl;
import telemetry.runs.NewerRows;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.sqlite.SqliteErrors;

/**
 * Copies into a new database what only the old one has, both with one schema and on one connection. That is other tables, runs that the day
 * files lack, runs that they know only as running, rows that were changed after their run's end line, and for all other runs the columns
 * that their lines lack. Repeating it changes nothing.
 */
final class CarryOver {
    private final Database database;
    private final String old;
    private final Schema schema;
    private final RowForm form;
    private final RunLoader loader;
    private final String key;

    /** Null when rows have no number, or nobody can know them by it. */
    private final String number;
    private final RefusedRows refused;
    private final boolean isFromLines;
    private final String newer;

    /** Null when what the lines say counts. */
    private Set<String> kept;

    /**
     * @param database the new one, as its connection's main schema
     * @param old      the name that the old one is attached as
     * @param loader   knows which columns each run's record had
     * @param refused  receives the rows that the new tables refuse
     * @param keepsNumbers whether a run keeps the number of its row, which takes time
     * @param isFromLines  whether the lines replace rows that were changed after them
     */
    CarryOver(Database database, String old, Schema schema, RowForm form, RunLoader loader, RefusedRows refused, boolean keepsNumbers,
            boolean isFromLines) {
        this.database = database;
        this.old = old;
        this.schema = schema;
        this.form = form;
        this.loader = loader;
        this.key = schema.key();
        this.number = keepsNumbers ? schema.number() : null;
        this.refused = refused;
        this.isFromLines = isFromLines;
        this.newer = new NewerRows(schema).isNewer("o", "t");
    }

    /** Old rows keep what they say in these columns, unless a line ends a run that its row has as running. */
    CarryOver keeping(Set<String> columns) {
        this.kept = columns;
        return this;
    }

    /** Runs and all other tables. */
    Rebuilt.Carried all(List<String> tables) {
        Map<String, Long> copied = new TreeMap<>();
        for (String table : tables) if (!table.equals("agent_runs")) copied.put(table, copy(table));
        copied.values().removeIf(rows -> rows == 0);
        sequences();
        Rebuilt.Carried runs = tables.contains("agent_runs") ? runs() : Rebuilt.Carried.nothing();
        return new Rebuilt.Carried(runs.runs(), runs.running(), runs.changed(), runs.columns(), copied, List.of(), List.of());
    }

    private long copy(String table) {
        String columns = Ddl.columns(database, table);
        String name = Database.quoted(table);
        database.update("DELETE FROM main." + name);
        String rows = "SELECT " + columns + " FROM " + old + "." + name + " NOT INDEXED";
        try {
            return database.update("INSERT INTO main." + name + " (" + columns + ") " + rows);
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            return copyOneByOne(table, columns, rows);
        }
    }

    private long copyOneByOne(String table, String columns, String rows) {
        long copied = 0;
        for (Row row : database.query(rows)) copied += insert(table, columns, row.values().toArray(), row);
        return copied;
    }

    /** @return 0 when the table does not take it, and then it is handed on */
    private long insert(String table, String columns, Object[] values, Row row) {
        try {
            return database.update("INSERT INTO main." + Database.quoted(table) + " (" + columns + ") VALUES ("
                    + "?, ".repeat(values.length - 1) + "?)", values);
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            var told = new LinkedHashMap<>(row.map());
            if (table.equals("agent_runs")) told.keySet().retainAll(schema.columns());
            refused.add(table, told, e.why());
            return 0;
        }
    }

    /** Keeps an AUTOINCREMENT from giving a number twice. */
    private void sequences() {
        for (String schema : List.of("main", old))
            if (database.number("SELECT count(*) FROM " + schema + ".sqlite_master WHERE name = 'sqlite_sequence'") == 0) return;
        database.update("DELETE FROM main.sqlite_sequence WHERE name <> 'agent_runs'");
        database.update("INSERT INTO main.sqlite_sequence SELECT * FROM " + old + ".sqlite_sequence WHERE name <> 'agent_runs'");
    }

    /** The runs alone. */
    Rebuilt.Carried runs() {
        long running = database.update("DELETE FROM main.agent_runs WHERE status = 'running' AND "
                + key + " IN (SELECT " + key + " FROM " + old + ".agent_runs)");
        long highest = number != null ? moveNumbersAway() : 0;
        updateKnownRuns();
        long changed = isFromLines ? 0 : keepChangedRuns();
        long runs = unknownRuns() - running;
        if (number != null) numberNewRuns(highest);
        return new Rebuilt.Carried(runs, running, changed, unknownColumns(), Map.of(), List.of(), List.of());
    }

    /** What the record lacks comes from the old row: the database's own columns, custom columns, a commit associated later. */
    private void updateKnownRuns() {
        List<String> set = columnsOfKnownRuns();
        String pairs = " main.agent_runs AS t SET " + String.join(", ", set) + " FROM " + old + ".agent_runs AS o WHERE o." + key + " = t."
                + key;
        try {
            database.update("UPDATE" + pairs);
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            database.update("UPDATE OR IGNORE" + pairs);
            String unlike = set.stream().map(one -> "t." + one.replaceFirst(" = ", " IS NOT ")).collect(Collectors.joining(" OR "));
            for (Row row : database.query("SELECT o.* FROM " + old + ".agent_runs AS o JOIN main.agent_runs AS t ON o." + key + " = t."
                    + key + " WHERE " + unlike))
                refused.add("agent_runs", row.map(), "what only this row has of a run of the day files: " + e.why());
        }
    }

    /** Rows that were changed after their run's end line say what is newer. @return how many */
    private long keepChangedRuns() {
        List<String> columns = form.columns().stream().filter(column -> !Columns.IDENTITY.contains(column)).toList();
        String set = columns.stream().map(Database::quoted).map(column -> column + " = o." + column).collect(Collectors.joining(", "));
        String unlike = columns.stream().filter(column -> !column.equals("start_time")).map(column -> "("
                + Columns.differ(column, "t." + Database.quoted(column), "o." + Database.quoted(column)) + ")")
                .collect(Collectors.joining(" OR "));
        return database.update("UPDATE OR IGNORE main.agent_runs AS t SET " + set + " FROM " + old + ".agent_runs AS o WHERE o." + key
                + " = t." + key + " AND t.status <> 'running' AND (" + unlike + ") AND " + newer);
    }

    private List<String> columnsOfKnownRuns() {
        List<String> set = new ArrayList<>();
        for (String column : schema.columns())
            if (kept != null && !kept.contains(column)) continue;
            else if (Columns.OWN.contains(column) && !Database.quoted(column).equals(number)) set.add(column + " = o." + column);
        if (number != null) set.add(number + " = o." + number);
        for (int i = 0; i < form.columns().size(); i++) {
            if (Columns.OWN.contains(form.columns().get(i))) continue;
            String column = Database.quoted(form.columns().get(i));
            if (kept != null) {
                keep(set, i, column);
                continue;
            }
            boolean later = Columns.isFilledLater(form.columns().get(i));
            String named = Columns.IDENTITY.contains(form.columns().get(i)) ? "1" : loader.isNamed(i);
            if (named.equals("0")) set.add(column + " = o." + column);
            else if (later || !named.equals("1"))
                set.add(column + " = CASE WHEN " + named + " THEN "
                        + (later ? "coalesce(t." + column + ", o." + column + ")" : "t." + column) + " ELSE o." + column + " END");
        }
        return set;
    }

    /** A status of which the old table had no word is the line's. */
    private void keep(List<String> set, int place, String column) {
        String name = form.columns().get(place);
        if (!kept.contains(name) || Columns.IDENTITY.contains(name)) return;
        String better = name.equals("status") && schema.version() >= 6
                ? " WHEN o.status = 'failure' AND t.status IN ('timeout', 'cancelled') "
                + "THEN t.status" : "";
        set.add(loader.isNamed(place).equals("0") ? column + " = o." + column : column + " = CASE WHEN " + loader.isNamed(place)
                + " AND o.status = 'running' AND t.status <> 'running' THEN t." + column + better + " ELSE o." + column + " END");
    }

    private long unknownRuns() {
        String columns = number == null ? schema.columns().stream().map(Database::quoted).collect(Collectors.joining(", "))
                : numbered(schema);
        String missing = " FROM " + old + ".agent_runs AS o NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM main.agent_runs AS t WHERE t."
                + key + " = o." + key + ") AND o." + key + " IS NOT NULL";
        long runs = database.update("INSERT OR IGNORE INTO main.agent_runs (" + columns + ") SELECT " + columns + missing);
        String nameless = " WHERE " + key + " IS NULL";
        List<Row> others = new ArrayList<>(database.query("SELECT " + columns + missing).list());
        others.addAll(database.query("SELECT " + columns + " FROM " + old + ".agent_runs" + nameless + " EXCEPT SELECT " + columns
                + " FROM main.agent_runs" + nameless).list());
        for (Row row : others) runs += insertWithOwnEventId(row, columns);
        return runs;
    }

    /** The columns of runs as SQL lists them, and a row's number where no column is it. */
    static String numbered(Schema schema) {
        List<String> columns = new ArrayList<>(schema.columns().stream().map(Database::quoted).toList());
        if (schema.number() != null && !columns.contains(schema.number())) columns.add(schema.number());
        return String.join(", ", columns);
    }

    /** A row that the new table did not take has the event_id of another run of the day files, or breaks a rule of the table. */
    private long insertWithOwnEventId(Row row, String columns) {
        Object[] values = row.values().toArray();
        int eventId = schema.columns().indexOf("event_id");
        if (eventId >= 0 && row.text("run_id") != null) values[eventId] = RowForm.derivedEventId(row.text("run_id"));
        return insert("agent_runs", columns, values, row);
    }

    private Map<String, Long> unknownColumns() {
        Map<String, Long> columns = new TreeMap<>();
        for (int i = 0; i < form.columns().size(); i++) {
            if (Columns.OWN.contains(form.columns().get(i)) || !loader.isNamed(i).equals("0")) continue;
            long values = database.number("SELECT count(" + Database.quoted(form.columns().get(i))
                    + ") FROM " + old + ".agent_runs NOT INDEXED");
            if (values > 0) columns.put(form.columns().get(i), values);
        }
        return columns;
    }

    /**
     * The old rows keep their numbers, which full-text indexes and tables of others may know them by. So the new ones make room first.
     *
     * @return the highest number of an old row
     */
    private long moveNumbersAway() {
        long highest = database.number("SELECT max(" + number + ") FROM " + old + ".agent_runs");
        database.update("UPDATE main.agent_runs SET " + number + " = " + number + " + ?",
                highest + 2 * database.number("SELECT max(" + number + ") FROM main.agent_runs") + 1);
        return highest;
    }

    /** Numbers the new runs in the order of their start, whatever the order of reading. */
    private void numberNewRuns(long highest) {
        database.update("UPDATE main.agent_runs AS t SET " + number + " = ?1 + n.place FROM (SELECT " + number + " AS there, row_number() "
                + "OVER (ORDER BY start_time, run_id" + (schema.has("event_id") ? ", event_id" : "") + ") AS place FROM main.agent_runs "
                + "WHERE " + number + " > ?1) AS n WHERE n.there = t." + number, highest);
    }
}
