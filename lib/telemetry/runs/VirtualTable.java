package telemetry.runs;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.sqlite.SqliteErrors;

/**
 * A virtual table. A module keeps what it holds, mostly in shadow tables; the SQLite of the agents may have modules that ours lacks.
 *
 * @param shadows the tables that a module which is known here keeps for it; those of an unknown module are tables like others
 */
public record VirtualTable(String name, String sql, List<String> shadows) {

    /** Made when the first virtual table is met: most stores have none, and health starts often. */
    private static final class Spelling {
        static final Pattern CONTENT = Pattern.compile("(?is)[(,]\\s*content\\s*=\\s*(?:'((?:[^']|'')*)'|\"([^\"]*)\"|\\[([^]]*)\\]"
                + "|`([^`]*)`|([^\\s,)]+))");
        static final Pattern MODULE = Pattern.compile("(?is)CREATE\\s+VIRTUAL\\s+TABLE\\b.*?\\bUSING\\s+([^\\s(]+).*");
    }

    /** Those of this connection's main database, in the order in which they were made. */
    public static List<VirtualTable> of(Database database) {
        return of(database, "main");
    }

    /** @param schema the name under which the database is attached */
    public static List<VirtualTable> of(Database database, String schema) {
        List<Row> found = database.query("SELECT name, sql FROM " + schema + ".sqlite_master WHERE type = 'table' AND sql LIKE "
                + "'CREATE VIRTUAL TABLE %' ORDER BY rowid").list();
        if (found.isEmpty()) return List.of();
        List<String> shadows = database.query("SELECT name FROM pragma_table_list WHERE schema = ? AND type = 'shadow'", schema).stream()
                .map(row -> row.text("name")).toList();
        List<VirtualTable> tables = new ArrayList<>();
        for (Row row : found) tables.add(new VirtualTable(row.text("name"), row.text("sql"),
                shadows.stream().filter(shadow -> shadow.startsWith(row.text("name") + "_")).toList()));
        return tables;
    }

    /** {@code "fts5"}, in lower case. */
    public String module() {
        return module(sql);
    }

    /** The module of a CREATE VIRTUAL TABLE, in lower case; null of any other statement. */
    static String module(String sql) {
        if (sql == null || !sql.toLowerCase(Locale.ROOT).contains("virtual")) return null;
        Matcher module = Spelling.MODULE.matcher(sql.strip());
        return module.matches() ? module.group(1).toLowerCase(Locale.ROOT) : null;
    }

    /** The table or view whose rows a full-text index is about; empty when it keeps no text, null when it keeps its own. */
    public String content() {
        Matcher content = Spelling.CONTENT.matcher(sql);
        if (!module().startsWith("fts") || !content.find()) return null;
        for (int i = 1; i <= content.groupCount(); i++) if (content.group(i) != null) return content.group(i);
        return null;
    }

    /** True when its rows are found by the numbers of another table's rows, and are made from those again. */
    public boolean isOverAnother() {
        return content() != null && !content().isEmpty();
    }

    /** True for a full-text index that can be made again from the text that it is about. */
    public boolean isRefillable() {
        return isText() && (content() == null || isOverAnother());
    }

    /** True when a statement names this table or column. */
    public static boolean isNamedIn(String sql, String name) {
        return Pattern.compile("(?<![\\w$])" + Pattern.quote(name) + "(?![\\w$])", Pattern.CASE_INSENSITIVE).matcher(sql).find();
    }

    /**
     * What is needed to read it and only the agents' SQLite has; null when that is not what is wrong.
     *
     * @param schema the name under which its database is attached
     */
    public String lacking(Database database, String schema) {
        try {
            database.query("SELECT 1 FROM " + schema + "." + Database.quoted(name) + " LIMIT 0").close();
            return null;
        } catch (StoreException e) {
            return SqliteErrors.lacking(e);
        }
    }

    /**
     * Makes it in a new database and fills it.
     *
     * @param from the name under which the old database is attached; null when it cannot be read
     * @return why it could not be made or filled, in words; null when all went well
     */
    String make(Database database, String from) {
        try {
            database.execute(sql);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.REFUSED) throw e;
            String lacking = SqliteErrors.lacking(e);
            return lacking == null ? e.why() : "which needs " + lacking;
        }
        if (isOverAnother()) return refill(database, "main");
        if (from == null) return shadows.isEmpty() ? null : "which is empty: what it held could not be read";
        try {
            for (String shadow : shadows)
                if (content() != null || !isText() || isText(shadow)) copy(database, from, Database.quoted(shadow));
            return isText() && content() == null ? refill(database, "main") : null;
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED && e.reason() != StoreException.Reason.REFUSED) throw e;
            database.execute("DROP TABLE main." + Database.quoted(name));
            database.execute(sql);
            return "which is empty: what it held could not be copied (" + e.why() + ")";
        }
    }

    private boolean isText() {
        return module().startsWith("fts");
    }

    /** True for the shadow table with an index' own text, which is all that is needed to make it again. */
    boolean isText(String shadow) {
        return shadow.equals(name + "_content");
    }

    private static void copy(Database database, String from, String shadow) {
        database.update("DELETE FROM main." + shadow);
        database.update("INSERT INTO main." + shadow + " SELECT * FROM " + from + "." + shadow);
    }

    /**
     * Makes the index again from the rows that it is about. @param schema the name under which its database is attached
     *
     * @return why that was not possible; null when it was
     */
    public String refill(Database database, String schema) {
        String table = Database.quoted(name);
        try {
            database.execute("INSERT INTO " + schema + "." + table + "(" + table + ") VALUES ('rebuild')");
            return null;
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.LOCKED || e.reason() == StoreException.Reason.FULL) throw e;
            String lacking = SqliteErrors.lacking(e);
            return lacking == null ? "which could not be filled (" + e.why() + ")" : "which needs " + lacking;
        }
    }
}
