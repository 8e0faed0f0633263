package telemetry.runs;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.sqlite.SqliteErrors;

/** SQLite's check table by table, as far as our SQLite can: an index, a CHECK or a module may need what only the agents' one has. */
final class TableCheck {
    private static final Pattern QUOTED = Pattern.compile("'(?:[^']|'')*'|\"[^\"]*\"|--[^\\n]*|(?s:/\\*.*?\\*/)");
    private static final Pattern CHECK = Pattern.compile("(?i)\\bCHECK\\s*\\(");
    private static final Pattern CALL = Pattern.compile("([A-Za-z_]\\w*)\\s*\\(");
    private static final Set<String> WORDS = Set.of("and", "or", "not", "in", "like", "glob", "regexp", "match", "between", "is", "case",
            "when", "then", "else", "exists", "cast", "isnull", "notnull", "collate", "null", "escape", "from", "distinct");

    private final Database database;
    private final Map<String, Integrity.Untold> untold = new LinkedHashMap<>();

    TableCheck(Database database) {
        this.database = database;
    }

    /** What could not be checked, and virtual tables that cannot be read. */
    List<Integrity.Untold> untold() {
        addChecks();
        for (VirtualTable table : VirtualTable.of(database)) {
            String lacking = table.lacking(database, "main");
            if (lacking != null) add("the virtual table " + table.name(), lacking, lacking.startsWith("the module"));
        }
        return List.copyOf(untold.values());
    }

    private void add(String what, String lacking, boolean isModule) {
        untold.putIfAbsent(what, new Integrity.Untold(what + " needs " + lacking, isModule));
    }

    /** @param read what SQLite says to a pragma */
    Integrity.Found each(boolean quick, BiFunction<Database, String, Integrity.Found> read) {
        var all = new Integrity.Found(List.of(), true, null);
        try {
            for (String table : Ddl.rowTables(database)) all = all.and(one(table, quick, read));
            return all;
        } finally {
            database.pragma("ignore_check_constraints", "OFF");
        }
    }

    private Integrity.Found one(String table, boolean quick, BiFunction<Database, String, Integrity.Found> read) {
        String name = "('" + table.replace("'", "''") + "')";
        database.pragma("ignore_check_constraints", "OFF");
        try {
            return read.apply(database, "PRAGMA " + Integrity.name(quick) + name);
        } catch (StoreException e) {
            requireLacking(e);
        }
        database.pragma("ignore_check_constraints", "ON");
        try {
            return read.apply(database, "PRAGMA " + Integrity.name(quick) + name);
        } catch (StoreException e) {
            addIndex(table, requireLacking(e));
        }
        try {
            return read.apply(database, "PRAGMA quick_check" + name);
        } catch (StoreException e) {
            requireLacking(e);
        }
        return rows(table);
    }

    /** A connection that only reads leaves out each CHECK of a table where one needs an unknown function, and says nothing. */
    private void addChecks() {
        for (Row table : database.query("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%CHECK%'").list())
            for (String function : functions(table.text("sql")))
                if (database.value("SELECT 1 FROM pragma_function_list WHERE name = lower(?)", function) == null)
                    add("a CHECK of " + table.text("name"), "the function " + function, false);
    }

    /** Those that are called in the CHECKs of a table's definition. */
    private static Set<String> functions(String sql) {
        Set<String> functions = new LinkedHashSet<>();
        String plain = QUOTED.matcher(sql).replaceAll("");
        Matcher check = CHECK.matcher(plain);
        while (check.find()) {
            int end = check.end();
            for (int depth = 1; depth > 0 && end < plain.length(); end++)
                depth += plain.charAt(end) == '(' ? 1 : plain.charAt(end) == ')' ? -1 : 0;
            Matcher call = CALL.matcher(plain.substring(check.end(), end));
            while (call.find()) if (!WORDS.contains(call.group(1).toLowerCase(Locale.ROOT))) functions.add(call.group(1));
        }
        return functions;
    }

    private void addIndex(String table, String lacking) {
        String word = lacking.substring(lacking.lastIndexOf(' ') + 1);
        List<String> its = new ArrayList<>();
        for (Row index : database.query("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", table))
            if (index.text("sql") != null && VirtualTable.isNamedIn(index.text("sql"), word)) its.add(index.text("name"));
        add(its.isEmpty() ? "an index or key of " + table : "the index " + String.join(" and ", its) + " of " + table, lacking, false);
    }

    /** Each value of each row is read, and nothing compared. */
    private Integrity.Found rows(String table) {
        String columns = Ddl.columnNames(database, table).stream().map(column -> "max(length(CAST(" + Database.quoted(column)
                + " AS BLOB)))").collect(joining(", "));
        try {
            database.one("SELECT " + columns + " FROM " + Database.quoted(table) + " NOT INDEXED");
            return new Integrity.Found(List.of(), true, null);
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.DAMAGED) return new Integrity.Found(List.of(), true, e);
            add("the rows of " + table, requireLacking(e), false);
            return new Integrity.Found(List.of(), true, null);
        }
    }

    private static String requireLacking(StoreException e) {
        String lacking = SqliteErrors.lacking(e);
        if (lacking == null) throw e;
        return lacking;
    }
}
