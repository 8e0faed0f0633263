package telemetry.recover;

import static java.util.stream.Collectors.joining;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.rebuild.RefusedRows;
import telemetry.runs.Columns;
import telemetry.runs.NewerRows;
import telemetry.runs.RowForm;
import telemetry.runs.RunsTable;
import telemetry.runs.Schema;
import telemetry.runs.UnknownTriggers;
import telemetry.sqlite.SqliteErrors;
import telemetry.store.Pruned;

/**
 * Brings runs that were read out of a damaged database into a sound one: those that it does not have at all, the ends of those that it has
 * as running, rows that were changed after their run's end line, and what only a row can know of those that it has: posting state,
 * commits, columns of the operator's own. What is there otherwise stays, and what was pruned stays away. Doing it twice does it once.
 */
final class GapFill {

    /** At the end of the error_summary of each run that stood beside what cannot be read. */
    static final String MARK = "[salvaged from a damaged database]";

    /** A line's time may have been rounded in its row. */
    private static final Duration ROUNDED = Duration.ofSeconds(1);

    private final Database database;
    private final Schema schema;
    private final Pruned pruned;
    private final Set<String> only;
    private final RefusedRows refused;
    private final String key;
    private final List<String> ofRowAlone;
    private final Object[] defaults;
    private final boolean isFromLines;
    private final NewerRows newer;
    private final String there;
    private final Map<String, Long> values = new TreeMap<>();
    private final Map<String, Long> different = new TreeMap<>();
    private long filled;
    private long marks;
    private long changed;

    /**
     * @param only        runs that came from the damaged database already and have no mark yet
     * @param isFromLines whether what is there counts where a row was changed after its run's end line
     */
    GapFill(Database database, Pruned pruned, Set<String> only, RefusedRows refused, boolean isFromLines) {
        this.isFromLines = isFromLines;
        this.database = database;
        this.schema = Schema.require(database);
        this.pruned = pruned;
        this.only = only;
        this.refused = refused;
        this.key = schema.key();
        this.ofRowAlone = schema.columns().stream().filter(Columns::isOfRowAlone).toList();
        this.defaults = RunsTable.defaults(database, ofRowAlone);
        this.newer = new NewerRows(schema);
        this.there = "SELECT * FROM agent_runs WHERE " + key + " = ?";
    }

    /** What tells a run from others here: run_id, or event_id where a run_id may stand in several rows. */
    String key() {
        return key;
    }

    boolean has(String value) {
        return database.lookUp("SELECT 1 FROM agent_runs WHERE " + key + " = ?", value).isPresent();
    }

    /** How many runs were brought, or marked because they had been brought. */
    long filled() {
        return filled;
    }

    /** How many of these got the mark. */
    long marks() {
        return marks;
    }

    /** Rows that are as they were, because they were changed after their run's end line. */
    long changed() {
        return changed;
    }

    /** Values that only the damaged database had of runs that are there, by column. */
    Map<String, Long> values() {
        return values;
    }

    /** Values that differ from those that are there, and were not brought, by column. */
    Map<String, Long> different() {
        return different;
    }

    /** In one transaction. @param areSuspect whether they get the mark */
    void take(List<Row> rows, boolean areSuspect) {
        List<Run> runs = rows.stream().map(row -> new Run(row.map())).filter(run -> isWanted(run, areSuspect)).toList();
        if (!runs.isEmpty()) new UnknownTriggers(database).inTransaction(() -> runs.forEach(run -> take(run, areSuspect)));
    }

    /** Looks only: of a million rows most are there. */
    private boolean isWanted(Run run, boolean isSuspect) {
        Object id = run.fields().get("run_id");
        if (id != null && pruned.contains(id.toString())) return false;
        if (!(id instanceof String known) || known.isBlank() || run.agent() == null || run.text("start_time") == null) {
            refused.add("agent_runs", run.fields(), "it has no run_id, no agent_name or no start_time");
            return false;
        }
        Row there = there(run);
        if (there != null && isAnother(run, new Run(there.map()))) {
            refused.add("agent_runs", run.fields(), "another run has its " + key);
            return false;
        }
        return there == null || isLater(run, there) || !isSuspect && isNewer(run, there) || isSuspect && only.contains(run.id())
                || !newValues(run, there, different).isEmpty();
    }

    /** A damaged index lets a second row in; what tells a run's beginning is the same in all rows of it. */
    private static boolean isAnother(Run run, Run there) {
        return run.start() != null && there.start() != null && (!run.agent().equals(there.agent())
                || Duration.between(run.start(), there.start()).abs().compareTo(ROUNDED) > 0);
    }

    private void take(Run run, boolean isSuspect) {
        Row there = there(run);
        if (there == null) brought(run, isSuspect, insert(run, isSuspect));
        else if (isLater(run, there)) brought(run, isSuspect, update(run, isSuspect, settable(run)));
        else if (!isSuspect && isNewer(run, there)) changed += update(run, false, settable(run));
        else {
            List<String> columns = newValues(run, there, new TreeMap<>());
            if (!columns.isEmpty() && update(run, false, columns) > 0) columns.forEach(column -> values.merge(column, 1L, Long::sum));
            if (isSuspect && only.contains(run.id()) && !isMarked(there.text("error_summary")))
                brought(run, true, database.update("UPDATE agent_runs SET error_summary = ? WHERE " + key + " = ?",
                        marked(there.text("error_summary")), keyOf(run)));
        }
    }

    private void brought(Run run, boolean isSuspect, long rows) {
        filled += rows;
        if (isSuspect) marks += rows;
        if (rows == 0) refused.add("agent_runs", run.fields(), "the table has another run in its place");
    }

    /** The columns that say nothing of a run that is there, and something in this row. @param unlike counts where both say something */
    private List<String> newValues(Run run, Row there, Map<String, Long> unlike) {
        List<String> columns = new ArrayList<>();
        for (int i = 0; i < defaults.length; i++) {
            String column = ofRowAlone.get(i);
            Object value = run.fields().get(column);
            Object now = there.get(column);
            if (isNothing(value, defaults[i]) || Objects.deepEquals(value, now) || Columns.isSameJson(column, value, now)) continue;
            if (isNothing(now, defaults[i])) columns.add(column);
            else unlike.merge(column, 1L, Long::sum);
        }
        return columns;
    }

    private static boolean isNothing(Object value, Object otherwise) {
        return value == null || value.equals(0L) || value.equals("") || Objects.deepEquals(value, otherwise);
    }

    private Row there(Run run) {
        return database.lookUp(there, keyOf(run)).orElse(null);
    }

    private static boolean isLater(Run run, Row there) {
        return run.isEnd() && !new Run(there.map()).isEnd();
    }

    /** It was changed after its run's end line, over HTTP say; beside what cannot be read nobody knows that. */
    private boolean isNewer(Run run, Row there) {
        var line = new Run(there.map());
        return !isFromLines && run.isEnd() && line.isEnd() && newer.isOtherAndNewer(run, line);
    }

    private long insert(Run run, boolean isSuspect) {
        List<String> columns = columns(run);
        return tried(run, "INSERT INTO agent_runs (" + columns.stream().map(Database::quoted).collect(joining(", "))
                + ") VALUES (" + "?, ".repeat(columns.size() - 1) + "?)", values(run, columns, isSuspect));
    }

    private long update(Run run, boolean isSuspect, List<String> columns) {
        List<Object> values = values(run, columns, isSuspect);
        values.add(keyOf(run));
        return tried(run, "UPDATE agent_runs SET " + columns.stream().map(column -> Database.quoted(column) + " = ?")
                .collect(joining(", ")) + " WHERE " + key + " = ?", values);
    }

    /** What the table does not take is kept, and the others go on. @return how many rows changed; 1 too for one that was refused */
    private long tried(Run run, String sql, List<Object> values) {
        try {
            return database.update(sql, values.toArray());
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            refused.add("agent_runs", run.fields(), e.why());
            return 0;
        }
    }

    /** A row's own number may be another run's here. */
    private List<String> columns(Run run) {
        return new ArrayList<>(schema.columns().stream().filter(column -> !column.equals("id")
                && (run.fields().containsKey(column) || column.equals("event_id"))).toList());
    }

    private List<String> settable(Run run) {
        List<String> columns = columns(run);
        columns.removeAll(Columns.IDENTITY);
        return columns;
    }

    private List<Object> values(Run run, List<String> columns, boolean isSuspect) {
        List<Object> values = new ArrayList<>();
        for (String column : columns)
            values.add(column.equals("error_summary") && isSuspect ? marked(run.text(column)) : column.equals("event_id") ? eventId(run)
                    : run.fields().get(column));
        return values;
    }

    private Object keyOf(Run run) {
        return key.equals("event_id") ? eventId(run) : run.id();
    }

    private static String eventId(Run run) {
        return run.text("event_id") != null ? run.text("event_id") : RowForm.derivedEventId(run.id());
    }

    private static boolean isMarked(String said) {
        return said != null && said.endsWith(MARK);
    }

    private static String marked(String said) {
        return isMarked(said) ? said : said == null || said.isBlank() ? MARK : said + ' ' + MARK;
    }
}
