package telemetry.runs;

import java.util.HashMap;
import java.util.Map;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;

/**
 * What a tree of pages in the file is of.
 *
 * @param isIndex    what it holds can be made again from a table
 * @param isFullText it is of a full-text index, which is a table to SQLite
 */
record Tree(boolean isIndex, String table, boolean isFullText) {

    /** Tables and indexes by the number of their first page, and indexes also by name; none when the schema cannot be read. */
    static Map<String, Tree> of(Database database) {
        Map<String, Tree> trees = new HashMap<>();
        try {
            for (Row row : database.query("SELECT type, name, tbl_name, rootpage FROM sqlite_master WHERE rootpage > 0").list()) {
                var tree = new Tree("index".equals(row.text("type")), String.valueOf(row.text("tbl_name")), false);
                trees.put(String.valueOf(row.get("rootpage")), tree);
                if (tree.isIndex) trees.put("index " + row.text("name"), tree);
            }
            for (VirtualTable table : VirtualTable.of(database)) addFullText(database, table, trees);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
        }
        return trees;
    }

    /** All of a full-text index but the text that it keeps itself can be made again. */
    private static void addFullText(Database database, VirtualTable table, Map<String, Tree> trees) {
        if (!table.isRefillable()) return;
        trees.put("index " + table.name(), new Tree(true, table.name(), true));
        for (String shadow : table.shadows()) {
            Object root = table.isText(shadow) ? null : database.value("SELECT rootpage FROM sqlite_master WHERE name = ?", shadow);
            if (root != null) trees.put(root.toString(), new Tree(true, table.name(), true));
        }
    }
}
