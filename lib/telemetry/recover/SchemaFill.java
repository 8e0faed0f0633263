package telemetry.recover;

import java.util.ArrayList;
import java.util.List;
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
                .map(row -> row.text("name").toLowerCase(java.util.Locale.ROOT)).toList();
        for (Row column : damaged.query("SELECT name, type, \"notnull\" AS strict, dflt_value FROM pragma_table_info(?)", table).list()) {
            if (there.contains(column.text("name").toLowerCase(java.util.Locale.ROOT))) continue;
            String otherwise = column.text("dflt_value");
            boolean isStrict = column.number("strict") == 1 && otherwise != null && !otherwise.equalsIgnoreCase("NULL");
            make("the column " + table + "." + column.text("name"), "ALTER TABLE " + Database.quoted(table) + " ADD COLUMN "
                    + Database.quoted(column.text("name")) + " " + column.text("type") + (isStrict ? " NOT NULL" : "")
                    + (otherwise == null ? "" : " DEFAULT " + otherwise));
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
