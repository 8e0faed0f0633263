package telemetry.runs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;

/**
 * The schema of a database as it spells it, byte by byte, for a new one to have the same.
 *
 * @param tables  the statements that make its tables
 * @param others  those that make its indexes, triggers and views, to be run when the tables are filled
 * @param pragmas what stands in its header: page size, encoding, the numbers that applications keep there
 * @param journal its journal mode
 * @param without tables that no statement can copy: virtual ones
 */
public record Ddl(List<String> tables, List<String> others, Map<String, String> pragmas, String journal, List<String> without) {

    /** Set on a new database before its first table. */
    private static final List<String> HEADER = List.of("page_size", "encoding", "auto_vacuum", "user_version", "application_id");

    public static Ddl of(Database database) {
        List<String> tables = new ArrayList<>();
        List<String> others = new ArrayList<>();
        List<String> without = new ArrayList<>();
        Set<String> virtual =
                Set.copyOf(database.query("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('virtual', 'shadow')")
                .stream().map(row -> row.text("name")).toList());
        for (Row row : database.query("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite@_%' "
                + "ESCAPE '@' ORDER BY rowid")) {
            if (virtual.contains(row.text("name"))) without.add(row.text("name"));
            else (row.text("type").equals("table") ? tables : others).add(row.text("sql"));
        }
        Map<String, String> pragmas = new TreeMap<>();
        for (String name : HEADER) pragmas.put(name, database.pragma(name));
        return new Ddl(tables, others, pragmas, database.pragma("journal_mode"), without);
    }

    /** The columns of a table of this connection's main database that a statement can fill, as SQL lists them. */
    public static String columns(Database database, String table) {
        return columnNames(database, table).stream().map(Database::quoted).collect(Collectors.joining(", "));
    }

    /** The same, one by one. */
    public static List<String> columnNames(Database database, String table) {
        return database.query("SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0 ORDER BY cid", table).stream()
                .map(row -> row.text("name")).toList();
    }

    /** Tables of this connection's main database that hold rows of their own, SQLite's own and those of virtual tables left out. */
    public static List<String> rowTables(Database database) {
        return database.query("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite@_%' "
                + "ESCAPE '@' ORDER BY name").stream().map(row -> row.text("name")).toList();
    }

    /** True for such a one by its name and definition. */
    public static boolean isOfRows(String table, String sql) {
        return !table.startsWith("sqlite_") && sql.regionMatches(true, 0, "CREATE TABLE", 0, "CREATE TABLE".length());
    }

    /** False for a table WITHOUT ROWID. */
    public static boolean hasRowNumbers(Database database, String table) {
        return database.number("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", table) == 0;
    }

    /** The columns of a table's primary key, in its order; none when it has none. */
    public static List<String> key(Database database, String table) {
        return database.query("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", table).stream()
                .map(row -> row.text("name")).toList();
    }

    /** Makes the tables in an empty database. */
    public void createTables(Database database) {
        pragmas.forEach((name, value) -> database.pragma(name, name.equals("encoding") ? "'" + value + "'" : value));
        tables.forEach(database::execute);
    }

    public void createOthers(Database database) {
        others.forEach(database::execute);
    }
}
