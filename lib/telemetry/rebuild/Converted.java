package telemetry.rebuild;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.runs.Ddl;
import telemetry.runs.RowForm;
import telemetry.runs.RunsTable;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;
import telemetry.sqlite.SqliteErrors;

/**
 * The rows of a database in a new one whose tables are of another version or family: statuses in its words, event_ids where it needs some.
 */
final class Converted {
    private final Database database;
    private final RefusedRows refused;
    private final List<String> lost = new ArrayList<>();

    private Converted(Database database, RefusedRows refused) {
        this.database = database;
        this.refused = refused;
    }

    /**
     * @param from    nobody writes to it
     * @param to      must not exist
     * @param refused is given rows that the new tables do not take
     * @return what the new tables have no place for, in words
     */
    static List<String> make(Path from, Path to, SchemaForm form, RefusedRows refused) {
        try (Database database = Database.create(to)) {
            database.pragma("synchronous", "OFF");
            form.createTables(database);
            database.attachToRead(from, "old");
            var converted = new Converted(database, refused);
            database.execute("BEGIN");
            converted.others();
            converted.runs();
            database.execute("COMMIT");
            return converted.lost;
        }
    }

    /** Tables of the agents keep their form; the stamp is the new tables' own. */
    private void others() {
        for (Row table : database.query("SELECT name, sql FROM old.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@'"
                + " AND name NOT IN ('agent_runs', 'schema_migrations')").list()) {
            String name = table.text("name");
            if (!Ddl.isOfRows(name, table.text("sql"))) continue;
            if (Ddl.columnNames(database, name).isEmpty()) database.execute(table.text("sql"));
            List<String> columns = oldColumns(name);
            columns.retainAll(Ddl.columnNames(database, name));
            String list = columns.stream().map(Database::quoted).collect(joining(", "));
            String quoted = Database.quoted(name);
            database.update("INSERT OR IGNORE INTO main." + quoted + " (" + list + ") SELECT " + list + " FROM old." + quoted);
        }
    }

    private List<String> oldColumns(String table) {
        return new ArrayList<>(database.query("SELECT name FROM pragma_table_xinfo(?, 'old') WHERE hidden = 0 ORDER BY cid", table).stream()
                .map(row -> row.text("name")).toList());
    }

    private void runs() {
        Schema schema = Schema.require(database);
        List<String> old = oldColumns("agent_runs");
        if (old.isEmpty()) return;
        List<String> columns = schema.columns().stream().filter(column -> !column.equals("id")).toList();
        var form = new RowForm(schema, columns, RunsTable.defaults(database, columns));
        String insert = "INSERT OR IGNORE INTO agent_runs (" + String.join(", ", columns) + ") VALUES ("
                + "?, ".repeat(columns.size() - 1) + "?)";
        for (Row row : database.query("SELECT * FROM old.agent_runs NOT INDEXED WHERE run_id IS NOT NULL"))
            insert(form, insert, new Run(row.map()));
        for (String column : old) if (!schema.has(column) && !column.equals("id")) noteLost(column);
    }

    private void insert(RowForm form, String insert, Run run) {
        Object[] row = form.row(run);
        if (inserted(run, insert, row)) return;
        int eventId = form.columns().indexOf("event_id");
        if (eventId >= 0) row[eventId] = RowForm.derivedEventId(run.id());
        if (eventId < 0 || !inserted(run, insert, row))
            refused.add("agent_runs", run.fields(), "the new tables have another run with its run_id");
    }

    private boolean inserted(Run run, String insert, Object[] row) {
        try {
            return database.update(insert, row) > 0;
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            refused.add("agent_runs", run.fields(), e.why());
            return true;
        }
    }

    private void noteLost(String column) {
        String name = Database.quoted(column);
        long values = database.number("SELECT count(*) FROM old.agent_runs WHERE " + name + " NOT IN (0, '')");
        if (values > 0) lost.add(String.format(Locale.ROOT, "the column %s of the old database, %,d values: the new table has no such column",
                column, values));
    }
}
