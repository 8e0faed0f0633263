package telemetry.recover;

import static java.util.stream.Collectors.joining;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.rebuild.RefusedRows;
import telemetry.runs.Columns;
import telemetry.runs.Ddl;
import telemetry.sqlite.SqliteErrors;
import telemetry.store.Pruned;

/**
 * Brings the rows of any table but the runs' from a damaged database into a sound one: those that it does not have, and values where it has
 * none. Rows are told apart by the primary key, or by all that they hold. No day file has them, and they have no column for a mark.
 */
final class TableFill {
    private final Database database;
    private final String table;
    private final Pruned pruned;
    private final RefusedRows refused;
    private final List<String> columns;
    private final List<String> key;
    private final Map<String, Long> different = new TreeMap<>();
    private long rows;
    private long values;

    /** How many rows are there of each kind, where no key tells them apart; null before it is known. */
    private Map<Long, Integer> there;

    TableFill(Database database, String table, Pruned pruned, RefusedRows refused) {
        this.database = database;
        this.table = table;
        this.pruned = pruned;
        this.refused = refused;
        this.columns = Ddl.columnNames(database, table);
        this.key = Ddl.key(database, table);
    }

    /** Rows of another file follow. */
    void begin() {
        there = null;
    }

    /** How many rows were brought. */
    long rows() {
        return rows;
    }

    /** How many values were brought into rows that were there. */
    long values() {
        return values;
    }

    /** Values that differ from those that are there, and were not brought, by column. */
    Map<String, Long> different() {
        return different;
    }

    /** In one transaction. */
    void take(List<Row> found) {
        List<Map<String, Object>> wanted = found.stream().map(Row::map).filter(row -> !isThere(row)).toList();
        if (!wanted.isEmpty()) database.inTransaction(() -> wanted.forEach(this::take));
    }

    /** Looks only: most are there. */
    private boolean isThere(Map<String, Object> row) {
        if (row.get("run_id") != null && pruned.contains(row.get("run_id").toString())) return true;
        if (key.isEmpty()) return isOneOfTheSame(row);
        Row there = there(row);
        return there != null && newValues(row, there, different).isEmpty();
    }

    /** Of rows that are alike as many are there as the file has. */
    private boolean isOneOfTheSame(Map<String, Object> row) {
        if (there == null) {
            there = new HashMap<>();
            for (Row one : database.query("SELECT * FROM " + Database.quoted(table))) there.merge(hash(one.map()), 1, Integer::sum);
        }
        return there.merge(hash(row), -1, Integer::sum) >= 0;
    }

    private long hash(Map<String, Object> row) {
        var text = new StringBuilder();
        for (String column : columns) {
            Object value = row.get(column);
            text.append(value instanceof byte[] bytes ? Arrays.toString(bytes) : value).append('\0');
        }
        return UUID.nameUUIDFromBytes(text.toString().getBytes(StandardCharsets.UTF_8)).getMostSignificantBits();
    }

    private void take(Map<String, Object> row) {
        Row there = key.isEmpty() ? null : there(row);
        List<String> told = there == null ? columns.stream().filter(row::containsKey).toList() : newValues(row, there, new TreeMap<>());
        if (told.isEmpty()) return;
        List<Object> bound = new ArrayList<>();
        for (String column : told) bound.add(row.get(column));
        if (there != null) for (String column : key) bound.add(row.get(column));
        String sql = there == null ? "INSERT INTO " + Database.quoted(table) + " (" + told.stream().map(Database::quoted)
                .collect(joining(", ")) + ") VALUES (" + "?, ".repeat(told.size() - 1) + "?)"
                : "UPDATE " + Database.quoted(table) + " SET " + told.stream().map(column -> Database.quoted(column) + " = ?")
                .collect(joining(", ")) + where(key);
        try {
            int changed = database.update(sql, bound.toArray());
            if (there == null) rows += changed;
            else values += told.size();
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            refused.add(table, row, e.why());
        }
    }

    private Row there(Map<String, Object> row) {
        List<String> by = key.stream().anyMatch(column -> row.get(column) == null)
                ? columns.stream().filter(row::containsKey).toList() : key;
        return database.lookUp("SELECT * FROM " + Database.quoted(table) + where(by), by.stream().map(row::get).toArray()).orElse(null);
    }

    private static String where(List<String> columns) {
        return columns.stream().map(column -> Database.quoted(column) + " IS ?").collect(joining(" AND ", " WHERE ", ""));
    }

    private List<String> newValues(Map<String, Object> row, Row there, Map<String, Long> unlike) {
        List<String> told = new ArrayList<>();
        for (String column : columns) {
            Object value = row.get(column);
            if (value == null || key.contains(column) || Objects.deepEquals(value, there.get(column))
                    || Columns.isSameJson(column, value, there.get(column))) continue;
            if (there.get(column) == null) told.add(column);
            else unlike.merge(column, 1L, Long::sum);
        }
        return told;
    }
}
