package telemetry.recover;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;
import telemetry.runs.Columns;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.store.Pruned;

/**
 * Brings runs that were read out of a damaged database into a sound one: those that it does not have at all, and the ends of those that it
 * has as running. Each gets a mark in its error_summary. What is there otherwise stays, and what was pruned stays away. Doing it twice does
 * it once.
 */
final class GapFill {

    /** At the end of the error_summary of each run that comes from nowhere else. */
    static final String MARK = "[salvaged from a damaged database]";

    static final String COMMITS = "commits";

    private final Database database;
    private final Schema schema;
    private final Pruned pruned;
    private final Set<String> only;
    private final String key;
    private long filled;
    private long commits;
    private long refused;

    /** @param only runs that came from the damaged database already and have no mark yet */
    GapFill(Database database, Pruned pruned, Set<String> only) {
        this.database = database;
        this.schema = Schema.require(database);
        this.pruned = pruned;
        this.only = only;
        this.key = schema.key();
    }

    /** What tells a run from others here: run_id, or event_id where a run_id may stand in several rows. */
    String key() {
        return key;
    }

    boolean has(String value) {
        return database.lookUp("SELECT 1 FROM agent_runs WHERE " + key + " = ?", value).isPresent();
    }

    /** How many runs were brought or marked. */
    long filled() {
        return filled;
    }

    /** How many commits were brought. */
    long commits() {
        return commits;
    }

    static boolean hasCommits(Database database) {
        return database.number("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", COMMITS) > 0;
    }

    /** Brings commits that are not there, in one transaction. No day file has them, and they have no column for a mark. */
    void takeCommits(List<Row> rows) {
        if (!hasCommits(database)) return;
        List<String> known = database.query("SELECT name FROM pragma_table_info(?)", COMMITS).stream()
                .map(column -> column.text("name")).toList();
        database.inTransaction(() -> rows.forEach(row -> takeCommit(row.map(), known)));
    }

    private void takeCommit(Map<String, Object> fields, List<String> known) {
        if (fields.get("commit_hash") == null || pruned.contains(String.valueOf(fields.get("run_id")))) return;
        List<String> columns = known.stream().filter(fields::containsKey).toList();
        commits += insert(COMMITS, columns, columns.stream().map(fields::get).toArray());
    }

    /** Rows that are no run any more, or that the table does not take. */
    long refused() {
        return refused;
    }

    /** In one transaction. */
    void take(List<Row> rows) {
        List<Run> runs = rows.stream().map(row -> new Run(row.map())).filter(this::isWanted).toList();
        if (!runs.isEmpty()) database.inTransaction(() -> runs.forEach(this::take));
    }

    /** Looks only: of a million rows most are there. */
    private boolean isWanted(Run run) {
        if (!(run.fields().get("run_id") instanceof String id) || id.isBlank() || run.agent() == null || run.start() == null) {
            refused++;
            return false;
        }
        if (pruned.contains(id)) return false;
        Run there = there(run);
        return there == null || isLater(run, there) || only.contains(id) && !isMarked(there);
    }

    private void take(Run run) {
        Run there = there(run);
        long changed = 0;
        if (there == null) changed = insert("agent_runs", columns(run), values(run, columns(run)).toArray());
        else if (isLater(run, there)) changed = update(run);
        else if (!only.contains(run.id()) || isMarked(there)) return;
        else changed = database.update("UPDATE agent_runs SET error_summary = ? WHERE " + key + " = ?", marked(there), keyOf(run));
        filled += changed;
        if (changed == 0) refused++;
    }

    private Run there(Run run) {
        return database.lookUp("SELECT status, end_time, error_summary FROM agent_runs WHERE " + key + " = ?", keyOf(run))
                .map(row -> new Run(row.map())).orElse(null);
    }

    private static boolean isLater(Run run, Run there) {
        return run.isEnd() && !there.isEnd();
    }

    private long insert(String table, List<String> columns, Object... values) {
        return database.update("INSERT OR IGNORE INTO " + table + " (" + columns.stream().map(Database::quoted).collect(joining(", "))
                + ") VALUES (" + "?, ".repeat(columns.size() - 1) + "?)", values);
    }

    private long update(Run run) {
        List<String> columns = columns(run);
        columns.removeAll(Columns.IDENTITY);
        List<Object> values = values(run, columns);
        values.add(keyOf(run));
        return database.update("UPDATE OR IGNORE agent_runs SET " + columns.stream().map(column -> Database.quoted(column) + " = ?")
                .collect(joining(", ")) + " WHERE " + key + " = ?", values.toArray());
    }

    /** A row's own number may be another run's here. */
    private List<String> columns(Run run) {
        return new ArrayList<>(schema.columns().stream().filter(column -> !column.equals("id")
                && (run.fields().containsKey(column) || column.equals("event_id"))).toList());
    }

    private List<Object> values(Run run, List<String> columns) {
        List<Object> values = new ArrayList<>();
        for (String column : columns)
            values.add(column.equals("error_summary") ? marked(run) : column.equals("event_id") ? eventId(run) : run.fields().get(column));
        return values;
    }

    private Object keyOf(Run run) {
        return key.equals("event_id") ? eventId(run) : run.id();
    }

    private static String eventId(Run run) {
        return run.text("event_id") != null ? run.text("event_id") : RowForm.derivedEventId(run.id());
    }

    private static boolean isMarked(Run run) {
        return run.text("error_summary") != null && run.text("error_summary").endsWith(MARK);
    }

    private static String marked(Run run) {
        String said = run.text("error_summary");
        return isMarked(run) ? said : said == null || said.isBlank() ? MARK : said + ' ' + MARK;
    }
}
