package telemetry.recover;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.os.Unfinished;
import telemetry.rebuild.RefusedRows;
import telemetry.runs.Ddl;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.TablePage;
import telemetry.sqlite.WriteAheadLog;

/**
 * Reads the rows on the pages that a -wal's commits wrote, whatever database stands beside it. Which table a page belongs to is told by the
 * tree in the log itself, and else by the form of its rows: a foreign database's tree would lead to other pages.
 */
final class LogSalvage implements AutoCloseable {

    /** One table: what its rows look like on a page. */
    private record Shape(String table, List<String> columns, List<Boolean> mustHave, int number) {
        boolean fits(List<Object> values) {
            if (values.isEmpty() || values.size() > columns.size()) return false;
            for (int i = 0; i < values.size(); i++) if (i != number && mustHave.get(i) && values.get(i) == null) return false;
            return number < 0 || number >= values.size() || values.get(number) == null;
        }

        Row row(TablePage.Cell cell) {
            List<Object> values = new ArrayList<>(cell.values());
            if (number >= 0 && number < values.size()) values.set(number, cell.id());
            return new Row(columns.subList(0, values.size()), values);
        }
    }

    private static final String SCHEMA = "sqlite_master";

    /** No tree that SQLite makes is as deep; garbage may be. */
    private static final int DEEPEST = 30;

    private final Path scratch;
    private final WriteAheadLog log;
    private final ByteBuffer first;
    private final Database recovered;
    private final Map<String, Integer> roots = new LinkedHashMap<>();
    private final Map<String, String> definitions = new LinkedHashMap<>();
    private final Map<Integer, String> tableOf = new HashMap<>();
    private final BitSet runNumbers = new BitSet();
    private final RefusedRows refused;
    private Database schema;
    private long unread;
    private long unknown;

    /**
     * @param file      of the log, which nobody writes to
     * @param recovered says how tables look where the log does not; beside it a scratch file is made
     * @param refused   is given rows of which nothing tells the table
     */
    LogSalvage(Path file, Database recovered, RefusedRows refused) {
        this.recovered = recovered;
        this.refused = refused;
        this.scratch = Unfinished.beside(recovered.file());
        this.log = WriteAheadLog.read(file, (int) recovered.number("PRAGMA page_size"));
        this.first = log.page(1);
    }

    WriteAheadLog log() {
        return log;
    }

    /** Rows of which a part stands on pages that the log does not have, and cells that are no rows. */
    long unread() {
        return unread;
    }

    /** Rows that fit no table, or several. */
    long unknown() {
        return unknown;
    }

    /** The numbers of the rows of runs that were found. */
    BitSet runNumbers() {
        return runNumbers;
    }

    /** A database with the tables as the log has them, and as the recovered one has them where it does not, without rows. */
    Database schema() {
        if (schema != null) return schema;
        if (first != null) readSchema();
        for (Row table : recovered.query("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"))
            if (Ddl.isOfRows(table.text("name"), table.text("sql"))) definitions.putIfAbsent(table.text("name"), table.text("sql"));
        schema = Database.create(scratch);
        for (String sql : definitions.values()) {
            try {
                schema.execute(sql);
            } catch (StoreException e) {
                Salvage.requireDamage(e);
            }
        }
        return schema;
    }

    private void readSchema() {
        Map<Integer, String> found = new HashMap<>();
        walk(1, SCHEMA, found, 0);
        tableOf.putAll(found);
        for (int number : new ArrayList<>(found.keySet()))
            for (TablePage.Cell cell : page(number).rows()) {
                List<Object> row = cell.values();
                boolean isTable = row.size() == 5 && "table".equals(row.get(0)) && row.get(1) instanceof String
                        && row.get(3) instanceof Long && row.get(4) instanceof String;
                if (!isTable || !Ddl.isOfRows((String) row.get(1), (String) row.get(4))) continue;
                roots.put((String) row.get(1), (int) (long) row.get(3));
                definitions.put((String) row.get(1), (String) row.get(4));
            }
    }

    /** Has a tree's leaves noted, as far as its pages are in the log. */
    private void walk(int number, String table, Map<Integer, String> found, int depth) {
        TablePage page = depth > DEEPEST ? null : page(number);
        if (page == null || found.putIfAbsent(number, table) != null) return;
        for (int child : page.children()) walk(child, table, found, depth + 1);
    }

    private TablePage page(int number) {
        ByteBuffer bytes = log.page(number);
        return bytes == null ? null : new TablePage(bytes, number, first, log::page);
    }

    /** @param found is given the rows, a page at a time */
    void rows(Salvage.Found found) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        for (String table : Ddl.rowTables(schema())) if (Ddl.hasRowNumbers(schema(), table)) shapes.put(table, shape(table));
        roots.forEach((table, root) -> walk(root, table, tableOf, 0));
        for (int number : log.pages()) {
            TablePage page = page(number);
            if (SCHEMA.equals(tableOf.get(number)) || !page.isLeaf()) continue;
            List<TablePage.Cell> cells = page.rows();
            unread += page.unreadable();
            Shape shape = shapes.get(tableOf.get(number));
            if (shape == null) shape = fitting(shapes, cells);
            if (shape == null) cells.forEach(this::isOfNoTable);
            else give(shape, cells, found);
        }
    }

    private void give(Shape shape, List<TablePage.Cell> cells, Salvage.Found found) {
        List<Row> rows = new ArrayList<>();
        for (TablePage.Cell cell : cells) {
            if (!shape.fits(cell.values())) {
                unread++;
                continue;
            }
            if (shape.table.equals("agent_runs") && cell.id() >= 0 && cell.id() < Integer.MAX_VALUE) runNumbers.set((int) cell.id());
            rows.add(shape.row(cell));
        }
        if (!rows.isEmpty()) found.rows(shape.table, rows, false);
    }

    private void isOfNoTable(TablePage.Cell cell) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < cell.values().size(); i++) row.put("column " + (i + 1), cell.values().get(i));
        refused.add("unknown", row, "a row of the -wal; which table it is of cannot be told");
        unknown++;
    }

    /** The one table that all rows of a page fit and whose columns they have; else the one that they fit with columns added since. */
    private static Shape fitting(Map<String, Shape> shapes, List<TablePage.Cell> cells) {
        if (cells.isEmpty()) return null;
        List<Shape> fitting = shapes.values().stream()
                .filter(shape -> cells.stream().allMatch(cell -> shape.fits(cell.values()))).toList();
        List<Shape> exact = fitting.stream()
                .filter(shape -> cells.stream().anyMatch(cell -> cell.values().size() == shape.columns.size())).toList();
        return exact.size() == 1 ? exact.get(0) : exact.isEmpty() && fitting.size() == 1 ? fitting.get(0) : null;
    }

    private Shape shape(String table) {
        List<String> columns = new ArrayList<>();
        List<Boolean> mustHave = new ArrayList<>();
        List<String> key = Ddl.key(schema(), table);
        int number = -1;
        for (Row column : schema().query("SELECT name, type, \"notnull\" AS strict, hidden FROM pragma_table_xinfo(?) ORDER BY cid",
                table).list()) {
            if (column.number("hidden") == 2) continue;
            if (key.equals(List.of(column.text("name"))) && column.text("type").equalsIgnoreCase("INTEGER")) number = columns.size();
            columns.add(column.text("name"));
            mustHave.add(column.number("strict") == 1 || table.equals("agent_runs") && key.contains(column.text("name")));
        }
        return new Shape(table, columns, mustHave, number);
    }

    @Override
    public void close() {
        log.close();
        if (schema != null) schema.close();
        if (Files.exists(scratch)) DatabaseFile.delete(scratch);
    }
}
