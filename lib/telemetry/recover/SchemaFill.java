package telemetry.recover;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.runs.Ddl;

/**
 * Tables and columns that a damaged database has and a recovered one lacks, because they came after the backup, are made there: agents that
 * use them go on, and their rows have a place.
 */
final class SchemaFill {
    private final Database database;
    private final List<String> made = new ArrayList<>();
    private final List<String> lacking = new ArrayList<>();

    SchemaFill(Database database) {
        this.database = database;
    }

    /** What was made, in words. */
    List<String> made() {
        return made;
    }

    /** What could not be made, in words. */
    List<String> lacking() {
        return lacking;
    }

    void from(Database damaged) {
        try {
            List<String> there = Ddl.rowTables(database);
            for (String table : Ddl.rowTables(damaged)) {
                if (there.contains(table)) columns(damaged, table);
                else table(damaged, table);
            }
        } catch (StoreException e) {
            Salvage.requireDamage(e);
        }
    }

    private void table(Database damaged, String table) {
        for (Row sql : damaged.query("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index') AND sql IS NOT NULL "
                + "ORDER BY type DESC", table).list())
            make("the table " + table, sql.text("sql"));
    }

    private void columns(Database damaged, String table) {
        List<String> there = database.query("SELECT name FROM pragma_table_xinfo(?)", table).stream()
                .map(row -> row.text("name").toLowerCase(Locale.ROOT)).toList();
        for (Row column : damaged.query("SELECT name, type, \"notnull\" AS strict, dflt_value FROM pragma_table_info(?)", table).list()) {
            if (there.contains(column.text("name").toLowerCase(Locale.ROOT))) continue;
            String otherwise = column.text("dflt_value");
            boolean isStrict = column.number("strict") == 1 && otherwise != null && !otherwise.equalsIgnoreCase("NULL");
            make("the column " + table + "." + column.text("name"), "ALTER TABLE " + Database.quoted(table) + " ADD COLUMN "
                    + Database.quoted(column.text("name")) + " " + column.text("type") + (isStrict ? " NOT NULL" : "")
                    + (otherwise == null ? "" : " DEFAULT " + otherwise));
        }
    }

    /**
     * Virtual tables, views and triggers that only the damaged database has, once the rows are there.
     *
     * @param file of it
     */
    void finish(Path file) {
        Ddl wanted = wanted(file);
        if (wanted == null) return;
        boolean isAttached = !wanted.virtual().isEmpty() && isAttached(file);
        try {
            lacking.addAll(database.inTransaction(() -> wanted.createOthers(database, isAttached ? "damaged" : null)));
            wanted.virtual().forEach(table -> made.add("the virtual table " + table.name()));
            wanted.triggers().forEach(trigger -> made.add("the trigger " + trigger.name()));
            made.removeIf(what -> lacking.stream().anyMatch(left -> left.startsWith(what + ",")));
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            lacking.add("virtual tables, views and triggers of the damaged database: " + e.why());
        } finally {
            if (isAttached) database.detach("damaged");
        }
    }

    /** Null when there is nothing to make, or nothing of it can be read. */
    private Ddl wanted(Path file) {
        Set<String> there = new HashSet<>();
        for (Row row : database.query("SELECT lower(name) FROM sqlite_master")) there.add(String.valueOf(row.get(0)));
        try (Database damaged = Database.openToRead(file)) {
            Ddl all = Ddl.of(damaged);
            var virtual = all.virtual().stream().filter(table -> isNew(there, table.name())).toList();
            var views = all.others().stream().filter(one -> one.kind().equals("view") && isNew(there, one.name())).toList();
            var triggers = all.triggers().stream().filter(one -> isNew(there, one.name()) && !isNew(there, one.table())).toList();
            return virtual.isEmpty() && views.isEmpty() && triggers.isEmpty() ? null
                    : new Ddl(List.of(), virtual, views, triggers, all.pragmas(), all.journal());
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            return null;
        }
    }

    private static boolean isNew(Set<String> there, String name) {
        return !there.contains(name.toLowerCase(Locale.ROOT));
    }

    private boolean isAttached(Path file) {
        try {
            database.attachToRead(file, "damaged");
            return true;
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            return false;
        }
    }

    private void make(String what, String sql) {
        try {
            database.execute(sql);
            if (!made.contains(what)) made.add(what);
        } catch (StoreException e) {
            Salvage.requireDamage(e);
            lacking.add(what + ": " + e.why());
        }
    }
}
