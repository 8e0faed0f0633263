package telemetry;

import static java.util.stream.Collectors.joining;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import telemetry.runs.AgentStatistics;
import telemetry.runs.LargeRows;
import telemetry.runs.Query;
import telemetry.runs.RunConditions;
import telemetry.runs.RunTree;
import telemetry.runs.Schema;
import telemetry.runs.StartTimes;
import telemetry.runs.StatusWords;

/**
 * Questions about the runs in a store's database, whatever its version. Statuses and times come as they are stored. Each answer is fetched
 * as it is read, and prints as a table.
 */
public final class Runs {

    /** Up to this many runs of an agent, a status or a chain, finding and sorting them beats walking through all starts. */
    private static final int FEW = 5_000;

    /** All versions use these names for their indexes; a store need not have all of them. */
    private static final Map<String, String> INDEXES = Map.of("insight_id", "idx_runs_insight", "agent_name", "idx_runs_agent",
            "job_type", "idx_runs_job_type");

    private static final String PENDING = "(api_posted = 0 OR api_posted IS NULL)";
    private static final String BRIEF = "run_id, agent_name, job_type, status, start_time";

    private final Database database;
    private final Schema schema;
    private final boolean explaining;
    private final boolean inPieces;
    private final String brief;

    /**
     * Of a database that is newer than the toolkit, columns that are unknown here are left out, and those that it lacks are null.
     *
     * @throws StoreException {@code DAMAGED} when the database has no table of runs
     */
    public Runs(Database database) {
        this(database, Schema.readable(database), false, false, BRIEF);
    }

    private Runs(Database database, Schema schema, boolean explaining, boolean inPieces, String brief) {
        this.database = database;
        this.schema = schema;
        this.explaining = explaining;
        this.inPieces = inPieces;
        this.brief = brief;
    }

    /** The same questions, answered with SQLite's plans for them: columns {@code statement} and {@code step}. */
    public Runs explaining() {
        return new Runs(database, schema, true, false, brief);
    }

    /**
     * The same questions, with texts and blobs of more than 1 MiB as a {@code LargeValue}, which reads itself in pieces. The rows of one
     * answer are read, or closed, before the next question.
     */
    public Runs inPieces() {
        return new Runs(database, schema, false, true, brief);
    }

    /** The same with one more column in lists of runs: duration_ms. */
    public Runs withDurations() {
        return new Runs(database, schema, explaining, inPieces, BRIEF + ", duration_ms");
    }

    public Schema schema() {
        return schema;
    }

    /** The latest runs, newest first: run_id, agent_name, job_type, status, start_time. */
    public Rows recent(int limit) {
        return recent(RunFilter.ALL, limit);
    }

    public Rows recent(RunFilter filter, long limit) {
        return newest(brief, filter, limit);
    }

    /**
     * The latest runs that failed or ran out of time, unless the filter names other statuses: columns as {@link #recent}, and
     * error_summary.
     */
    public Rows failures(RunFilter filter, long limit) {
        return newest(brief + ", error_summary", filter.statuses().isEmpty()
                ? filter.withStatuses(Set.of(RunStatus.FAILED, RunStatus.TIMEOUT)) : filter, limit);
    }

    /** Runs that started before this instant and still say running, oldest first: columns as {@link #recent}. */
    public Rows stale(Instant before) {
        return stale(before, RunFilter.ALL, -1);
    }

    public Rows stale(Instant before, RunFilter filter, long limit) {
        Instant until = filter.until() == null || before.isBefore(filter.until()) ? before : filter.until();
        return oldest(brief, conditions(filter.during(filter.since(), until)).and(new StatusWords(database, schema)
                .are(RunStatus.RUNNING)), limit);
    }

    /**
     * Runs that were not posted to an API yet, oldest first: columns as {@link #recent}, and api_retry_count.
     *
     * @throws StoreException {@code FAILED} when the table does not record that
     */
    public Rows pending(RunFilter filter, long limit) {
        if (!schema.has("api_posted") || !schema.has("api_retry_count"))
            throw new StoreException(StoreException.Reason.FAILED, "list the runs that were not posted", database.file(),
                "agent_runs has no api_posted, or no api_retry_count", null);
        return oldest(brief + ", api_retry_count", conditions(filter).and(PENDING), limit);
    }

    /** How many these are, how many of them were tried, and how often at most: pending, retried, most_retries. */
    public Rows pendingSum(RunFilter filter) {
        RunConditions conditions = conditions(filter).and(PENDING);
        return answer(null, new Query("SELECT count(*) AS pending, count(CASE WHEN api_retry_count > 0 THEN 1 END) AS retried, "
                + "coalesce(max(api_retry_count), 0) AS most_retries FROM agent_runs" + conditions.where(), conditions.values()));
    }

    /** The runs of a chain in the order of their start: run_id, job_type, status. */
    public Rows chain(String insight) {
        return chain(RunFilter.ALL.withInsight(insight), -1);
    }

    public Rows chain(RunFilter filter, long limit) {
        return oldest("run_id, job_type, status", conditions(filter), limit);
    }

    /**
     * As {@link #chain}, with each run behind its caller: also parent_run_id and depth.
     *
     * @throws StoreException {@code FAILED} when this version of the table does not record the caller
     */
    public Rows tree(RunFilter filter, long limit) {
        if (!schema.has("parent_run_id"))
            throw new StoreException(StoreException.Reason.FAILED, "show the chain as a tree", database.file(),
                "agent_runs of " + schema + " has no parent_run_id", null);
        Rows chain = oldest("run_id, job_type, status, parent_run_id", conditions(filter), limit);
        return explaining ? chain : RunTree.of(chain);
    }

    /** All columns of a run; several rows where run_id is not unique. */
    public Rows find(String runId) {
        return answer("*", new Query("SELECT * FROM agent_runs WHERE run_id = ?" + StartTimes.oldestFirst(schema), runId));
    }

    /**
     * One row for each agent: runs, how many succeeded and failed, sums of items, percent of the ended runs that succeeded, durations in
     * milliseconds.
     */
    public Rows agents() {
        return agents(RunFilter.ALL, -1);
    }

    public Rows agents(RunFilter filter, long limit) {
        var statistics = new AgentStatistics(database, schema, filter, limit);
        return schema.told(database, () -> explaining ? Query.plan(database, statistics.queries()) : statistics.rows());
    }

    public long count() {
        return count(RunFilter.ALL);
    }

    public long count(RunFilter filter) {
        return database.number(counting(filter).sql(), counting(filter).values().toArray());
    }

    /** When the first of the runs since then began, to the second; null when there is none. @param since null for all runs */
    public Instant first(Instant since) {
        StartTimes starts = StartTimes.of(database, schema);
        Object second = database.value(StartTimes.first(starts, since));
        return second == null ? null : Instant.ofEpochSecond((long) second);
    }

    /** {@code 3 runs have a start_time that cannot be read}; null when all can be, as far as a short look tells. */
    public String unreadable() {
        long runs = schema.has("start_time") ? StartTimes.unreadable(StartTimes.of(database, schema), database) : 0;
        return runs == 0 ? null : StartTimes.unreadable(runs);
    }

    /** As {@link #count}, in a row with the column runs. */
    public Rows counted(RunFilter filter) {
        return answer(null, counting(filter));
    }

    private Query counting(RunFilter filter) {
        var conditions = conditions(filter);
        return new Query("SELECT count(*) AS runs FROM agent_runs" + conditions.where(), conditions.values());
    }

    /**
     * The start index is nearly in the right order. As many runs as are wanted are taken from its end, and the earliest of their instants
     * tells how far the wanted ones can reach; then all that can be as new as that are sorted exactly. Neither step reads more of the table
     * than it shows, however large it is, unless the filter skips many.
     */
    private Rows newest(String columns, RunFilter filter, long limit) {
        StartTimes starts = limit < 1 ? null : StartTimes.of(database, schema);
        if (starts == null) return newest(columns, conditions(filter), limit);
        Optional<String> selective = selective(filter);
        if (selective.isPresent()) return newest(columns, conditions(filter, selective.get()::equals), limit);
        var last = starts.last(conditions(filter, none -> false), filter, limit);
        Row reached = database.one(last.sql(), last.values().toArray()).orElseThrow();
        var conditions = conditions(filter, none -> false);
        if (reached.number("runs") == limit) conditions.and(starts.asNewAs(reached.number("second")));
        return answer(columns, last, newestQuery(columns, conditions, limit));
    }

    private Rows newest(String columns, RunConditions conditions, long limit) {
        return answer(columns, newestQuery(columns, conditions, limit));
    }

    private Query newestQuery(String columns, RunConditions conditions, long limit) {
        return new Query("SELECT " + there(columns) + " FROM agent_runs" + conditions.where() + StartTimes.newestFirst(schema) + " LIMIT ?",
                conditions.values(limit));
    }

    private Rows oldest(String columns, RunConditions conditions, long limit) {
        return answer(columns, new Query("SELECT " + there(columns) + " FROM agent_runs" + conditions.where()
                + StartTimes.oldestFirst(schema) + " LIMIT ?", conditions.values(limit)));
    }

    private String there(String columns) {
        if (schema.isUsable()) return columns;
        return Arrays.stream(columns.split(", ")).map(column -> schema.has(column) ? column : "NULL AS " + column).collect(joining(", "));
    }

    private RunConditions conditions(RunFilter filter) {
        return conditions(filter, any -> true);
    }

    private RunConditions conditions(RunFilter filter, Predicate<String> indexed) {
        return new RunConditions(filter, schema, database, indexed);
    }

    /** A column of the filter whose index leads to few runs. Looking takes less than a millisecond. */
    private Optional<String> selective(RunFilter filter) {
        for (var asked : RunConditions.words(filter).entrySet())
            if (isFew(INDEXES.get(asked.getKey()), asked.getKey() + " = ?", asked.getValue())) return Optional.of(asked.getKey());
        return !filter.statuses().isEmpty() && isFew("idx_runs_status", new StatusWords(database, schema).are(filter.statuses()))
                ? Optional.of("status") : Optional.empty();
    }

    private boolean isFew(String index, String condition, Object... values) {
        return schema.indexes().contains(index) && database.number("SELECT count(*) FROM (SELECT 1 FROM agent_runs WHERE "
                + condition + " LIMIT " + FEW + ")", values) < FEW;
    }

    private List<String> selected(String columns) {
        if (!columns.equals("*")) return List.of(there(columns).split(", "));
        return database.query("SELECT name FROM pragma_table_xinfo('agent_runs') WHERE hidden <> 1 ORDER BY cid").stream()
                .map(row -> row.text("name")).toList();
    }

    /** Of a column that is not there, SQLite would take the null in its place for the answer. */
    private void requireKnown(Query query) {
        String asked = query.sql().substring(query.sql().indexOf(" FROM agent_runs"));
        for (String column : schema.missingColumns())
            if (asked.matches(".*\\b" + column + "\\b.*")) throw schema.newer(database);
    }

    /** @param columns as the last query has them; null for others than the table's */
    private Rows answer(String columns, Query... queries) {
        for (Query query : queries) requireKnown(query);
        Query last = queries[queries.length - 1];
        return schema.told(database, () -> explaining ? Query.plan(database, List.of(queries))
                : inPieces && columns != null ? LargeRows.inPieces(database, selected(columns), last) : last.on(database));
    }
}
