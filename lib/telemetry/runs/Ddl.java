package telemetry.runs;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;
import telemetry.Rows;
import telemetry.StoreException;
import telemetry.sqlite.SqliteErrors;

/**
 * The schema of a database as it spells it, byte by byte, for a new one to have the same.
 *
 * @param tables   the statements that make its tables
 * @param virtual  its virtual tables
 * @param others   its indexes and views, to be made when the tables are filled
 * @param triggers to be made last
 * @param pragmas  what stands in its header: page size, encoding, the numbers that applications keep there
 * @param journal  its journal mode
 */
public record Ddl(List<String> tables, List<VirtualTable> virtual, List<Named> others, List<Named> triggers, Map<String, String> pragmas,
        String journal) {

    /**
     * @param kind  index, view or trigger
     * @param table that it belongs to
     */
    public record Named(String kind, String name, String table, String sql) { }

    /** A quoted name or text, a comment, a word, or a sign. */
    private static final Pattern PART = Pattern.compile("(?s)'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\\[[^\\]]*\\]|--[^\\n]*|/\\*.*?\\*/|\\w+|.");

    /** Set on a new database before its first table. */
    private static final List<String> HEADER = List.of("page_size", "encoding", "auto_vacuum", "user_version", "application_id");

    public static Ddl of(Database database) {
        List<String> tables = new ArrayList<>();
        List<Named> others = new ArrayList<>();
        List<Named> triggers = new ArrayList<>();
        List<VirtualTable> virtual = VirtualTable.of(database);
        Set<String> made = virtual.stream().flatMap(one -> one.shadows().stream()).collect(Collectors.toSet());
        virtual.forEach(one -> made.add(one.name()));
        for (Row row : database.query("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE "
                + "'sqlite@_%' ESCAPE '@' ORDER BY rowid")) {
            var one = new Named(row.text("type"), row.text("name"), row.text("tbl_name"), row.text("sql"));
            if (one.kind.equals("trigger")) triggers.add(one);
            else if (!one.kind.equals("table")) others.add(one);
            else if (!made.contains(one.name)) tables.add(one.sql);
        }
        Map<String, String> pragmas = new TreeMap<>();
        for (String name : HEADER) pragmas.put(name, database.pragma(name));
        return new Ddl(tables, virtual, others, triggers, pragmas, database.pragma("journal_mode"));
    }

    /** True when there are virtual tables, views or triggers, which may know rows by their numbers. */
    public boolean hasMoreThanTables() {
        return !virtual.isEmpty() || !triggers.isEmpty() || others.stream().anyMatch(one -> one.kind.equals("view"));
    }

    /** The columns of a table of this connection's main database that a statement can fill, as SQL lists them. */
    public static String columns(Database database, String table) {
        return columnNames(database, table).stream().map(Database::quoted).collect(Collectors.joining(", "));
    }

    /** As {@link #columns}, and a row's number where no column is it. */
    public static String numbered(Database database, String table) {
        String number = number(database, table);
        String columns = columns(database, table);
        return number == null || columnNames(database, table).stream().map(Database::quoted).anyMatch(number::equals) ? columns
                : columns + ", " + number;
    }

    /** As {@link #columns}, one by one. */
    public static List<String> columnNames(Database database, String table) {
        return database.query("SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0 ORDER BY cid", table).stream()
                .map(row -> row.text("name")).toList();
    }

    /** Tables of this connection's main database that hold rows of their own, SQLite's own and those of virtual tables left out. */
    public static List<String> rowTables(Database database) {
        return rowTables(database, "main");
    }

    /**
     * The same of a database that is attached under this name. SQLite's list looks into every view, and somebody may have made one that
     * takes years: it is asked only where it has to tell which tables are a virtual table's own.
     */
    public static List<String> rowTables(Database database, String schema) {
        String all = Database.quoted(schema) + ".sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE ";
        boolean isVirtual = database.value("SELECT 1 FROM " + all + "VIRTUAL TABLE %' LIMIT 1") != null;
        String own = " AND name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY name";
        Rows names = isVirtual ? database.query("SELECT name FROM pragma_table_list WHERE schema = ? AND type = 'table'" + own, schema)
                : database.query("SELECT name FROM " + all + "TABLE%'" + own);
        return names.stream().map(row -> row.text("name")).toList();
    }

    /** True for such a one by its name and definition. */
    public static boolean isOfRows(String table, String sql) {
        return !table.startsWith("sqlite_") && sql.regionMatches(true, 0, "CREATE TABLE", 0, "CREATE TABLE".length());
    }

    /** False for a table WITHOUT ROWID. */
    public static boolean hasRowNumbers(Database database, String table) {
        return database.number("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", table) == 0;
    }

    /** The name under which SQL reaches a row's number in a table of this connection's main database; null when rows have none. */
    public static String number(Database database, String table) {
        if (!hasRowNumbers(database, table)) return null;
        List<Row> columns = database.query("SELECT name, type, pk FROM pragma_table_xinfo(?, 'main')", table).list();
        return RunsTable.number(columns);
    }

    /** The columns of a table's primary key, in its order; none when it has none. */
    public static List<String> key(Database database, String table) {
        return database.query("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", table).stream()
                .map(row -> row.text("name")).toList();
    }

    /**
     * Makes the tables in an empty database. Where a CHECK needs a function that only the agents' SQLite has, this connection takes rows
     * without looking at CHECKs.
     */
    public void createTables(Database database) {
        pragmas.forEach((name, value) -> database.pragma(name, name.equals("encoding") ? "'" + value + "'" : value));
        List<String> unknown = new ArrayList<>();
        for (String table : tables) {
            try {
                database.execute(table);
            } catch (StoreException e) {
                if (SqliteErrors.lacking(e) == null || withoutChecks(table).equals(table)) throw e;
                database.execute(withoutChecks(table));
                unknown.add(table);
            }
        }
        if (!unknown.isEmpty()) spell(database, unknown);
    }

    /** Gives tables the definition that they have elsewhere, which differs in nothing but CHECKs. */
    private static void spell(Database database, List<String> tables) {
        database.pragma("ignore_check_constraints", "ON");
        database.pragma("writable_schema", "ON");
        for (String sql : tables)
            database.update("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND sql = ?", sql, withoutChecks(sql));
        database.pragma("schema_version", database.number("PRAGMA schema_version") + 1);
        database.pragma("writable_schema", "OFF");
    }

    /** The names, texts, words and signs of a statement, without comments and blanks. */
    static List<String> parts(String sql) {
        List<String> parts = new ArrayList<>();
        for (Matcher part = PART.matcher(sql); part.find();) {
            String text = part.group();
            if (!text.isBlank() && !text.startsWith("--") && !text.startsWith("/*")) parts.add(text);
        }
        return parts;
    }

    /** With CHECKs that are always true. */
    private static String withoutChecks(String sql) {
        var without = new StringBuilder();
        Matcher part = PART.matcher(sql);
        boolean isCheck = false;
        int depth = 0;
        while (part.find()) {
            String word = part.group();
            if (depth == 0 && word.equalsIgnoreCase("CHECK")) isCheck = true;
            else if (isCheck && word.equals("(")) depth++;
            else if (isCheck && depth > 0 && word.equals(")") && --depth == 0) {
                isCheck = false;
                without.append("CHECK (1)");
            } else if (!isCheck) without.append(word);
        }
        return without.toString();
    }

    /**
     * Makes what the tables need when they are filled: indexes and views, virtual tables with what belongs into them, then triggers.
     *
     * @param from the name under which the database is attached that the virtual tables are filled from; null when it cannot be read
     * @return what could not be made, each in words with its statement: only the agents' SQLite has what it needs. Triggers that write to
     *         such a table are left out too
     */
    public List<String> createOthers(Database database, String from) {
        List<String> left = new ArrayList<>();
        Set<String> missing = new LinkedHashSet<>();
        for (Named other : others) make(database, other, left);
        for (VirtualTable table : virtual) {
            String why = table.make(database, from);
            if (why == null) continue;
            left.add("the virtual table " + table.name() + ", " + why + ": " + table.sql());
            missing.add(table.name());
        }
        for (Named trigger : triggers) {
            String needed = missing.stream().filter(name -> VirtualTable.isNamedIn(trigger.sql, name)).findFirst().orElse(null);
            if (needed == null) make(database, trigger, left);
            else left.add("the trigger " + trigger.name + ", which needs " + needed + ": " + trigger.sql);
        }
        return left;
    }

    /** The indexes of one table alone, as far as they can be made here. */
    public void createIndexes(Database database, String table) {
        for (Named other : others)
            if (other.kind.equals("index") && other.table.equalsIgnoreCase(table)) make(database, other, new ArrayList<>());
    }

    private static void make(Database database, Named one, List<String> left) {
        try {
            database.execute(one.sql);
        } catch (StoreException e) {
            if (SqliteErrors.lacking(e) == null) throw e;
            left.add("the " + one.kind + " " + one.name + ", which needs " + SqliteErrors.lacking(e) + ": " + one.sql);
        }
    }
}
