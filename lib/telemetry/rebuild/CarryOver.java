package telemetry.rebuild;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;
import telemetry.runs.Columns;
import telemetry.runs.Ddl;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;

/**
 * Copies into a new database what only the old one has, both with one schema and on one connection. That is other tables, runs that the day
 * files lack, runs that they know only as running, and for all other runs the columns that their lines lack. Repeating it changes nothing.
 */
final class CarryOver {
    private final Database database;
    private final String old;
    private final Schema schema;
    private final RowForm form;
    private final RunLoader loader;
    private final String key;

    /**
     * @param database the new one, as its connection's main schema
     * @param old the name that the old one is attached as
     * @param loader knows which columns each run's record had
     */
    CarryOver(Database database, String old, Schema schema, RowForm form, RunLoader loader) {
        this.database = database;
        this.old = old;
        this.schema = schema;
        this.form = form;
        this.loader = loader;
        this.key = schema.key();
    }

    /** Runs and all other tables. */
    Rebuilt.Carried all(List<String> tables) {
        Map<String, Long> copied = new TreeMap<>();
        for (String table : tables) if (!table.equals("agent_runs")) copied.put(table, copy(table));
        copied.values().removeIf(rows -> rows == 0);
        sequences();
        Rebuilt.Carried runs = tables.contains("agent_runs") ? runs() : Rebuilt.Carried.nothing();
        return new Rebuilt.Carried(runs.runs(), runs.running(), runs.columns(), copied, runs.lost());
    }

    private long copy(String table) {
        String columns = Ddl.columns(database, table);
        String name = Database.quoted(table);
        database.update("DELETE FROM main." + name);
        return database.update("INSERT INTO main." + name + " (" + columns + ") SELECT "
                + columns + " FROM " + old + "." + name + " NOT INDEXED");
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
        long highest = schema.has("id") ? moveNumbersAway() : 0;
        database.update(columnsOfKnownRuns());
        List<String> lost = new ArrayList<>();
        long runs = unknownRuns(lost) - running;
        if (schema.has("id")) numberNewRuns(highest);
        return new Rebuilt.Carried(runs, running, unknownColumns(), Map.of(), lost);
    }

    /** What the record lacks comes from the old row: the database's own columns, custom columns, a commit associated later. */
    private String columnsOfKnownRuns() {
        List<String> set = new ArrayList<>();
        for (String column : schema.columns()) if (Columns.OWN.contains(column)) set.add(column + " = o." + column);
        for (int i = 0; i < form.columns().size(); i++) {
            String column = Database.quoted(form.columns().get(i));
            boolean later = Columns.isFilledLater(form.columns().get(i));
            String named = Columns.IDENTITY.contains(form.columns().get(i)) ? "1" : loader.isNamed(i);
            if (named.equals("0")) set.add(column + " = o." + column);
            else if (later || !named.equals("1"))
                set.add(column + " = CASE WHEN " + named + " THEN "
                        + (later ? "coalesce(t." + column + ", o." + column + ")" : "t." + column) + " ELSE o." + column + " END");
        }
        return "UPDATE main.agent_runs AS t SET " + String.join(", ", set) + " FROM "
                + old + ".agent_runs AS o WHERE o." + key + " = t." + key;
    }

    private long unknownRuns(List<String> lost) {
        String columns = schema.columns().stream().map(Database::quoted).collect(Collectors.joining(", "));
        String missing = " FROM " + old + ".agent_runs AS o NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM main.agent_runs AS t WHERE t."
                + key + " = o." + key + ")";
        long runs = database.update("INSERT OR IGNORE INTO main.agent_runs (" + columns + ") SELECT " + columns + missing);
        List<Row> refused = database.query("SELECT " + columns + missing + " AND o." + key + " IS NOT NULL").list();
        for (Row row : refused) runs += insertWithOwnEventId(row, columns, lost);
        return runs;
    }

    /** The new table refused this row because a run of the day files has its event_id. */
    private long insertWithOwnEventId(Row row, String columns, List<String> lost) {
        Object[] values = row.values().toArray();
        int eventId = schema.columns().indexOf("event_id");
        if (eventId >= 0) values[eventId] = RowForm.derivedEventId(row.text("run_id"));
        long inserted = database.update("INSERT OR IGNORE INTO main.agent_runs (" + columns
                + ") VALUES (" + "?, ".repeat(values.length - 1) + "?)", values);
        if (inserted == 0) lost.add("the run " + row.text("run_id") + " of the old database: the new one does not take it");
        return inserted;
    }

    private Map<String, Long> unknownColumns() {
        Map<String, Long> columns = new TreeMap<>();
        for (int i = 0; i < form.columns().size(); i++) {
            if (!loader.isNamed(i).equals("0")) continue;
            long values = database.number("SELECT count(" + Database.quoted(form.columns().get(i))
                    + ") FROM " + old + ".agent_runs NOT INDEXED");
            if (values > 0) columns.put(form.columns().get(i), values);
        }
        return columns;
    }

    /** The old rows keep their numbers, so the new ones make room first. @return the highest number of an old row */
    private long moveNumbersAway() {
        long highest = database.number("SELECT max(id) FROM " + old + ".agent_runs");
        database.update("UPDATE main.agent_runs SET id = id + ?", highest + 2 * database.number("SELECT max(id) FROM main.agent_runs") + 1);
        return highest;
    }

    /** Numbers the new runs in the order of their start, whatever the order of reading. */
    private void numberNewRuns(long highest) {
        database.update("UPDATE main.agent_runs AS t SET id = ?1 + n.place FROM (SELECT id, row_number() OVER (ORDER BY start_time, "
                + "run_id, event_id) AS place FROM main.agent_runs WHERE id > ?1) AS n WHERE n.id = t.id", highest);
    }
}
