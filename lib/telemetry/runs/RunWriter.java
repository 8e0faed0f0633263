package telemetry.runs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;

/**
 * Writes runs as rows, whatever the schema's version. The start record of a run never overwrites what is there; the record of its end
 * always does, except for what it does not say: columns that are the database's own (posting state, creation time), columns that the record
 * lacks, and a commit that was associated with the run later.
 */
public final class RunWriter {
    private static final int MOST_STATEMENTS = 64;
    private static final String INDEXED =
            "SELECT info.name FROM pragma_index_list('agent_runs') AS list, pragma_index_info(list.name) AS info";

    /** How the database stands to a record of a run. */
    public enum Standing {
        /** It has no such run. */
        ABSENT,
        /** It has the run as running. */
        OPEN,
        /** It has the run as over, with all that the record says. */
        SAME,
        /** It has the run as over, with all that the record says but the event_id. */
        RENAMED,
        /** It has the run as over, and another value somewhere; the form of the start time does not count. */
        OTHER
    }

    /** The statements for records with the same columns. */
    private record Statements(List<String> columns, RowForm form, String start, EndUpdate endOfStart, String end, String compare) { }

    private final Database database;
    private final Schema schema;
    private final Set<String> indexed;
    private final Map<Set<String>, Statements> statements = new HashMap<>();

    /** @throws StoreException {@code DAMAGED} when there is no table of runs that could take one */
    public RunWriter(Database database) {
        this.database = database;
        this.schema = Schema.require(database);
        this.indexed = database.query(INDEXED).stream().map(row -> String.valueOf(row.get(0))).collect(Collectors.toSet());
    }

    public Schema schema() {
        return schema;
    }

    /** What tells this run from others in this schema: its run_id, and its event_id where one run_id may have several rows. */
    public String key(Run run) {
        return schema.shape() == Schema.Shape.SERVICE && run.text("event_id") != null ? run.id() + '\n' + run.text("event_id") : run.id();
    }

    /**
     * Inserts the run or updates its row. Several of these belong in one transaction.
     *
     * @return true when a row was inserted or changed
     */
    public boolean write(Run run) {
        Statements statements = statements(run);
        Object[] values = values(statements, run);
        if (!run.isEnd()) return database.update(statements.start, values) > 0;
        EndUpdate update = statements.endOfStart;
        return database.update(update.sql(), update.values(values)) > 0 || database.update(statements.end, values) > 0;
    }

    /**
     * Inserts runs that have the same columns, in one statement; one that the database has already keeps its row. Sixteen at a time take
     * half the time of one by one, and more gain nothing.
     */
    public void insert(List<Run> runs) {
        Statements statements = statements(runs.get(0));
        String row = ", (" + "?, ".repeat(statements.columns.size() - 1) + "?)";
        database.update(statements.start.replace(" ON CONFLICT", row.repeat(runs.size() - 1) + " ON CONFLICT"),
                runs.stream().flatMap(run -> Arrays.stream(values(statements, run))).toArray());
    }

    /** Looks only. */
    public Standing standing(Run run) {
        Statements statements = statements(run);
        List<Object> values = new ArrayList<>(Arrays.asList(values(statements, run)));
        values.add(values.get(statements.columns.indexOf(keyColumn())));
        Row row = database.lookUp(statements.compare, values.toArray()).orElse(null);
        if (row == null) return Standing.ABSENT;
        if (!new Run(row.map()).isEnd()) return Standing.OPEN;
        if (row.number("differs") != 0) return Standing.OTHER;
        boolean isRenamed = schema.shape() == Schema.Shape.PYTHON && run.text("event_id") != null
                && !run.text("event_id").equals(row.text("event_id"));
        return isRenamed ? Standing.RENAMED : Standing.SAME;
    }

    /**
     * Gives the run's row the event_id of its record, unless another run has that, in tables where a run has one row.
     *
     * @return true when it had another
     */
    public boolean takeEventId(Run run) {
        return schema.shape() == Schema.Shape.PYTHON && run.text("event_id") != null
                && database.update("UPDATE agent_runs SET event_id = ?1 WHERE run_id = ?2 AND event_id IS NOT ?1"
                + " AND NOT EXISTS (SELECT 1 FROM agent_runs WHERE event_id = ?1)", run.text("event_id"), run.id()) > 0;
    }

    /** Records of one writer have the same columns; somebody's garbage may have any, and is not to fill the memory. */
    private Statements statements(Run run) {
        if (statements.size() >= MOST_STATEMENTS) statements.clear();
        return statements.computeIfAbsent(run.fields().keySet(), this::statements);
    }

    private Statements statements(Set<String> named) {
        List<String> columns = RowForm.settable(schema).stream()
                .filter(column -> named.contains(column) || RowForm.REQUIRED.contains(column)).toList();
        String insert = "INSERT INTO agent_runs (" + String.join(", ", columns) + ") VALUES ("
                + "?, ".repeat(columns.size() - 1) + "?) ON CONFLICT";
        String set = columns.stream().filter(column -> named.contains(column) && !Set.of("run_id", "event_id").contains(column))
                .map(column -> column + "=" + (RowForm.isFilledLater(column) ? "coalesce(excluded." + column + ", " + column + ")"
                        : "excluded." + column))
                .collect(Collectors.joining(", "));
        String update = set + (!schema.has("updated_at") ? "" : (set.isEmpty() ? "" : ", ") + "updated_at=datetime('now')");
        String differs = columns.stream()
                .filter(column -> named.contains(column) && !Set.of("run_id", "event_id", "start_time").contains(column))
                .map(column -> column + " IS NOT " + (RowForm.isFilledLater(column)
                        ? "coalesce(?" + at(columns, column) + ", " + column + ")" : "?" + at(columns, column)))
                .collect(Collectors.joining(" OR "));
        String key = keyColumn();
        return new Statements(columns, new RowForm(schema, columns, null), insert + " DO NOTHING",
                EndUpdate.of(schema, columns, named, key, indexed), insert + "(" + key + ") DO UPDATE SET " + update,
                "SELECT status, end_time, " + (schema.has("event_id") ? "event_id, " : "") + (differs.isEmpty() ? "0" : differs)
                        + " AS differs FROM agent_runs WHERE "
                        + key + " = ?" + (columns.size() + 1));
    }

    private static int at(List<String> columns, String column) {
        return columns.indexOf(column) + 1;
    }

    private String keyColumn() {
        return schema.shape() == Schema.Shape.SERVICE ? "event_id" : "run_id";
    }

    private Object[] values(Statements statements, Run run) {
        Object[] values = statements.form.row(run);
        int eventId = statements.columns.indexOf("event_id");
        if (eventId >= 0) values[eventId] = eventId(run);
        return values;
    }

    /**
     * A run that an older writer recorded has no event_id, and one that a broken writer recorded may have another run's: the row that is
     * there keeps its own, a new one gets one that is always the same.
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
