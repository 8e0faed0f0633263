package telemetry.runs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;

/**
 * Writes runs as rows, whatever the schema's version. The record of a run's start never overwrites anything. The record of its end
 * overwrites all but what it does not say: the database's own columns (posting state, creation time), columns that the record lacks, and a
 * commit that was associated later.
 */
public final class RunWriter {
    private static final int MOST_STATEMENTS = 64;
    private static final String INDEXED =
            "SELECT info.name FROM pragma_index_list('agent_runs') AS list, pragma_index_info(list.name) AS info";

    /** What the database has of a run, compared with a record of it. */
    public enum Standing {
        /** It has no such run. */
        ABSENT,
        /** It has the run as running. */
        OPEN,
        /** It has the run as ended, with all that the record says. */
        SAME,
        /** It has the run as ended, with all that the record says except the event_id. */
        RENAMED,
        /** It has the run as ended, with a different value somewhere; the form of the start time does not count. */
        OTHER,
        /** The same, and the row was changed after the record's end: it is newer. See {@link NewerRows}. */
        CHANGED
    }

    /** The statements for records with the same columns. */
    private record Statements(List<String> columns, RowForm form, String start, String endOfStart, String end, String compare) { }

    private final Database database;
    private final Schema schema;
    private final Set<String> indexed;
    private final boolean isKeyUnique;
    private final NewerRows newer;
    private final Map<Set<String>, Statements> statements = new HashMap<>();

    /** @throws StoreException {@code DAMAGED} when there is no table of runs that could take one */
    public RunWriter(Database database) {
        this.database = database;
        this.schema = Schema.require(database);
        this.isKeyUnique = schema.isKeyUnique(database);
        this.newer = new NewerRows(schema);
        this.indexed = database.query(INDEXED).stream().map(row -> String.valueOf(row.get(0))).collect(Collectors.toSet());
    }

    public Schema schema() {
        return schema;
    }

    /** Identifies this run in this schema: its run_id, with its event_id where one run_id may have several rows. */
    public String key(Run run) {
        return schema.shape() == Schema.Shape.SERVICE && run.text("event_id") != null ? run.id() + '\n' + run.text("event_id") : run.id();
    }

    /**
     * Inserts the run or updates its row. Several of these belong in one transaction.
     *
     * @return true when a row was inserted or changed
     * @throws telemetry.StoreException {@code FAILED} also when a trigger ignored the row
     */
    public boolean write(Run run) {
        if (isChanged(run)) return true;
        Standing now = standing(run);
        ChangedRows.require(database, now == Standing.ABSENT || run.isEnd() && now == Standing.OPEN ? 1 : 0, 0);
        return false;
    }

    private boolean isChanged(Run run) {
        Statements statements = statements(run);
        Object[] values = values(statements, run);
        if (!run.isEnd()) return database.update(statements.start, values) > 0;
        if (database.update(statements.endOfStart, withKey(statements, values)) > 0) return true;
        if (isKeyUnique) return database.update(statements.end, values) > 0;
        return database.update(statements.end, withKey(statements, values)) > 0 || database.update(statements.start, values) > 0;
    }

    /** Looks only. */
    public Standing standing(Run run) {
        Statements statements = statements(run);
        Row row = database.lookUp(statements.compare, withKey(statements, values(statements, run))).orElse(null);
        if (row == null) return Standing.ABSENT;
        if (!new Run(row.map()).isEnd()) return Standing.OPEN;
        if (row.number("differs") != 0) return newer.isNewer(new Run(row.map()), run) ? Standing.CHANGED : Standing.OTHER;
        boolean isRenamed = schema.shape() == Schema.Shape.PYTHON && run.text("event_id") != null
                && !run.text("event_id").equals(row.text("event_id"));
        return isRenamed ? Standing.RENAMED : Standing.SAME;
    }

    /**
     * Gives the run's row the event_id of its record, unless another run has it; for tables where a run has one row.
     *
     * @return true when it had another
     */
    public boolean takeEventId(Run run) {
        return schema.shape() == Schema.Shape.PYTHON && run.text("event_id") != null
                && database.update("UPDATE agent_runs SET event_id = ?1 WHERE run_id = ?2 AND event_id IS NOT ?1"
                + " AND NOT EXISTS (SELECT 1 FROM agent_runs WHERE event_id = ?1)", run.text("event_id"), run.id()) > 0;
    }

    /** Records of one writer have the same columns. Garbage may have any columns and must not fill the memory. */
    private Statements statements(Run run) {
        if (statements.size() >= MOST_STATEMENTS) statements.clear();
        return statements.computeIfAbsent(run.fields().keySet(), this::statements);
    }

    private Statements statements(Set<String> named) {
        List<String> columns = RowForm.settable(schema).stream()
                .filter(column -> named.contains(column) || Columns.REQUIRED.contains(column)
                || Columns.ROW_TIMES.contains(column)).toList();
        List<String> told = columns.stream().filter(column -> named.contains(column) && !Columns.IDENTITY.contains(column)
                && !Columns.ROW_TIMES.contains(column)).toList();
        String insert = "INSERT INTO agent_runs (" + String.join(", ", columns) + ") VALUES ("
                + "?, ".repeat(columns.size() - 1) + "?) ON CONFLICT";
        String differs = told.stream().filter(column -> !column.equals("start_time"))
                .map(column -> Columns.differ(column, column, kept(column, mark(columns, column)))).collect(Collectors.joining(" OR "));
        String end = isKeyUnique ? insert + "(" + schema.key() + ") DO UPDATE SET " + set(told, column -> "excluded." + column)
                : "UPDATE agent_runs SET " + set(told, column -> mark(columns, column)) + ofKey(columns);
        return new Statements(columns, new RowForm(schema, columns, null), isKeyUnique ? insert + " DO NOTHING" : ifAbsent(columns),
                endOfStart(columns, told), end,
                "SELECT status, end_time, " + (schema.has("event_id") ? "event_id, " : "") + newer.columns().stream().map(Database::quoted)
                        .filter(column -> !column.equals("status") && !column.equals("end_time")).map(column -> column + ", ")
                        .collect(Collectors.joining()) + (differs.isEmpty() ? "0" : differs)
                        + " AS differs FROM agent_runs" + ofKey(columns));
    }

    /** Where no index of the table keeps a run from coming in twice. */
    private String ifAbsent(List<String> columns) {
        return "INSERT INTO agent_runs (" + String.join(", ", columns) + ") SELECT " + columns.stream().map(column -> mark(columns, column))
                .collect(Collectors.joining(", ")) + " WHERE NOT EXISTS (SELECT 1 FROM agent_runs WHERE " + schema.key() + " = "
                + mark(columns, schema.key()) + ")";
    }

    /**
     * For a run whose start is in the table: sets what the record says, except indexed columns that do not change. If one of these does
     * change, it changes nothing. For each indexed column that is set, even to the same value, SQLite rewrites an index entry, and with it
     * a page of the log (bench row {@code track}).
     */
    private String endOfStart(List<String> columns, List<String> told) {
        Predicate<String> stays = column -> indexed.contains(column) && !column.equals("status") && !Columns.isFilledLater(column);
        return "UPDATE agent_runs SET " + set(told.stream().filter(stays.negate()).toList(), column -> mark(columns, column))
                + ofKey(columns) + told.stream().filter(stays).map(column -> " AND " + column + " IS " + mark(columns, column))
                .collect(Collectors.joining());
    }

    private String set(List<String> columns, UnaryOperator<String> value) {
        List<String> set = new ArrayList<>();
        for (String column : columns) set.add(column + "=" + kept(column, value.apply(column)));
        if (schema.has("updated_at")) set.add("updated_at=" + (schema.hasRowTimes() ? value.apply("updated_at") : schema.now()));
        return set.isEmpty() ? schema.key() + "=" + schema.key() : String.join(", ", set);
    }

    /** A column that was filled later keeps its value where the record has none. */
    private static String kept(String column, String value) {
        return Columns.isFilledLater(column) ? "coalesce(" + value + ", " + column + ")" : value;
    }

    private static String mark(List<String> columns, String column) {
        return "?" + (columns.indexOf(column) + 1);
    }

    /** The key's value follows the row's values: see {@link #withKey}. */
    private String ofKey(List<String> columns) {
        return " WHERE " + schema.key() + " = ?" + (columns.size() + 1);
    }

    private Object[] withKey(Statements statements, Object[] row) {
        Object[] values = Arrays.copyOf(row, row.length + 1);
        values[row.length] = row[statements.columns.indexOf(schema.key())];
        return values;
    }

    private Object[] values(Statements statements, Run run) {
        Object[] values = statements.form.row(run);
        int eventId = statements.columns.indexOf("event_id");
        if (eventId >= 0) values[eventId] = eventId(run);
        return values;
    }

    /**
     * A run from an older writer has no event_id, and one from a broken writer may have another run's. A row that exists keeps its own; a
     * new row gets one that is always the same.
     */
    private String eventId(Run run) {
        String given = run.text("event_id");
        Object holder = given == null ? null : database.value("SELECT run_id FROM agent_runs WHERE event_id = ?", given);
        if (given != null && (holder == null || holder.equals(run.id()))) return given;
        Object present = given == null && schema.shape() == Schema.Shape.SERVICE
                ? database.value("SELECT event_id FROM agent_runs WHERE run_id = ? ORDER BY id LIMIT 1", run.id()) : null;
        return present != null ? present.toString() : RowForm.derivedEventId(run.id());
    }
}
