package telemetry.runs;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;

/**
 * What stands in a database under the name agent_runs.
 *
 * @param columns those that a statement can fill, in order; none when there is nothing, or nothing that can be read
 * @param limits  what its columns refuse
 * @param version what a new row gets as its schema_version; 0 for nothing
 * @param number  the name under which SQL reaches a row's number; null when rows have none
 * @param foreign what it is instead of a table of runs, in words; null when it is one or there is none
 */
public record RunsTable(List<String> columns, Limits limits, int version, String number, String foreign) {
    private static final int MOST_SHOWN = 5;
    private static final int MOST_VERSIONS = 99;

    /** @param master its type and sql in sqlite_master; null when there is no such name */
    static RunsTable of(Database database, Row master) {
        String sql = master == null ? null : master.text("sql");
        boolean isView = master != null && "view".equals(master.text("type"));
        String module = isView ? null : VirtualTable.module(sql);
        String kind = isView ? "agent_runs is a view, not a table" : module == null ? null
                : "agent_runs is a virtual table (" + module + "), not one of runs";
        List<Row> found = columns(database, kind != null);
        List<String> columns = found.stream().map(row -> row.text("name")).toList();
        String number = kind != null || columns.isEmpty() ? null : number(database, found, sql);
        return new RunsTable(columns, Limits.of(found, sql), version(found), number, kind != null ? kind : columns.isEmpty() ? null
                : stranger(columns));
    }

    /** The values of these columns in a row that does not set them; null for none. */
    public static Object[] defaults(Database database, List<String> columns) {
        return columns.stream().map(column -> defaultOf(database, column)).toArray();
    }

    private static Object defaultOf(Database database, String column) {
        Object expression = database.value("SELECT dflt_value FROM pragma_table_info('agent_runs') WHERE name = ?", column);
        return expression == null ? null : database.value("SELECT " + expression);
    }

    /** A view over what is missing, or a virtual table of an unknown module, shows none. */
    private static List<Row> columns(Database database, boolean isPerhapsUnreadable) {
        try {
            return database.query("SELECT name, type, pk, \"notnull\" AS filled, dflt_value FROM pragma_table_info('agent_runs') ORDER BY cid").list();
        } catch (StoreException e) {
            if (!isPerhapsUnreadable || e.reason() != StoreException.Reason.REFUSED) throw e;
            return List.of();
        }
    }

    private static int version(List<Row> columns) {
        for (Row column : columns) {
            if (!"schema_version".equals(column.text("name")) || column.text("dflt_value") == null) continue;
            String given = column.text("dflt_value").replaceAll("[\"'() ]", "");
            return given.matches("[1-9]\\d?") ? Integer.parseInt(given) : 0;
        }
        return 0;
    }

    /** The version that schema_migrations names, of our writers' form only: other tools keep other numbers there, dates often. */
    static int stamp(Database database) {
        List<String> columns = database.query("SELECT lower(name) FROM pragma_table_info('schema_migrations')").stream()
                .map(row -> String.valueOf(row.get(0))).toList();
        if (!columns.containsAll(List.of("version", "applied_at", "description"))) return 0;
        return (int) database.number("SELECT iif(count(*) = count(CASE WHEN typeof(version) = 'integer' AND version BETWEEN 1 AND "
                + MOST_VERSIONS + " THEN 1 END), max(version), 0) FROM schema_migrations");
    }

    private static String number(Database database, List<Row> columns, String sql) {
        boolean isPerhapsWithout = sql != null && sql.toLowerCase(Locale.ROOT).contains("without");
        return isPerhapsWithout && !Ddl.hasRowNumbers(database, "agent_runs") ? null : number(columns);
    }

    /** @param columns with their name, type and pk, of a table whose rows have numbers */
    static String number(List<Row> columns) {
        List<String> free = new ArrayList<>(List.of("rowid", "_rowid_", "oid"));
        Row key = null;
        int keys = 0;
        for (Row column : columns) {
            free.removeIf(column.text("name")::equalsIgnoreCase);
            if (column.number("pk") == 0) continue;
            key = column;
            keys++;
        }
        if (keys == 1 && "INTEGER".equalsIgnoreCase(key.text("type"))) return Database.quoted(key.text("name"));
        return free.isEmpty() ? null : free.get(0);
    }

    /** Of a table of runs that is damaged, older or newer at least half of the columns are there. */
    private static String stranger(List<String> columns) {
        List<String> missing = new ArrayList<>(Columns.INDISPENSABLE);
        missing.removeAll(columns);
        if (2 * missing.size() <= Columns.INDISPENSABLE.size()) return null;
        return "agent_runs is a table of another program: it has " + some(columns) + " and lacks " + some(missing);
    }

    private static String some(List<String> names) {
        return String.join(", ", names.subList(0, Math.min(MOST_SHOWN, names.size()))) + (names.size() > MOST_SHOWN ? " …" : "");
    }
}
