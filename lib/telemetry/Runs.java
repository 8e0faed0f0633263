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
import telemetry.runs.Query;
import telemetry.runs.RunConditions;
import telemetry.runs.RunTree;
import telemetry.runs.Schema;

/**
 * Questions about the runs in a store's database, whatever its version. Statuses and times come as they are stored. Each answer is fetched
 * as it is read, and prints as a table.
 */
public final class Runs {

    /** Up to this many runs of an agent, a status or a chain, finding and sorting them beats walking through all starts. */
    private static final int FEW = 5_000;

    /** All versions use these names for their indexes; a store need not have all of them. */
    private static final Map<String, String> INDEXES = Map.of("insight_id", "idx_runs_insight", "agent_name", "idx_runs_agent",
            "status", "idx_runs_status", "job_type", "idx_runs_job_type");
    private static final String START_INDEX = "idx_runs_start";

    private static final String BRIEF = "run_id, agent_name, job_type, status, start_time";
    private static final String NEWEST_FIRST = " ORDER BY " + RunConditions.START + " DESC, rowid DESC LIMIT ?";
    private static final String OLDEST_FIRST = " ORDER BY " + RunConditions.START + ", rowid LIMIT ?";

    private final Database database;
    private final Schema schema;
    private final boolean explaining;
    private final String brief;

    /**
     * Of a database that is newer than the toolkit, columns that are unknown here are left out, and those that it lacks are null.
     *
     * @throws StoreException {@code DAMAGED} when the database has no table of runs
     */
    public Runs(Database database) {
        this(database, Schema.readable(database), false, BRIEF);
    }

    private Runs(Database database, Schema schema, boolean explaining, String brief) {
        this.database = database;
        this.schema = schema;
        this.explaining = explaining;
        this.brief = brief;
    }

    /** The same questions, answered with SQLite's plans for them: columns {@code statement} and {@code step}. */
    public Runs explaining() {
        return new Runs(database, schema, true, brief);
    }

    /** The same with one more column in lists of runs: duration_ms. */
    public Runs withDurations() {
        return new Runs(database, schema, explaining, BRIEF + ", duration_ms");
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
        return oldest(brief, conditions(filter.during(filter.since(), until)).and("status = 'running'"), limit);
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
     * @throws StoreException {@code REFUSED} when this version of the table does not record the caller
     */
    public Rows tree(RunFilter filter, long limit) {
        if (!schema.has("parent_run_id"))
            throw new StoreException(StoreException.Reason.REFUSED, "show the chain as a tree", database.file(),
                "agent_runs of " + schema + " has no parent_run_id", null);
        Rows chain = oldest("run_id, job_type, status, parent_run_id", conditions(filter), limit);
        return explaining ? chain : RunTree.of(chain);
    }

    /** All columns of a run; several rows where run_id is not unique. */
    public Rows find(String runId) {
        return answer(new Query("SELECT * FROM agent_runs WHERE run_id = ? ORDER BY " + RunConditions.START + ", rowid", runId));
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

    /** As {@link #count}, in a row with the column runs. */
    public Rows counted(RunFilter filter) {
        return answer(counting(filter));
    }

    private Query counting(RunFilter filter) {
        var conditions = conditions(filter);
        return new Query("SELECT count(*) AS runs FROM agent_runs" + conditions.where(), conditions.values());
    }

    /**
     * The start index is nearly in the right order. In it, the last of the wanted rows is looked up; then all that can be as new as that
     * row are sorted exactly. Neither step reads more of the table than it shows, however large it is, unless the filter skips many.
     */
    private Rows newest(String columns, RunFilter filter, long limit) {
        if (limit < 1 || !schema.indexes().contains(START_INDEX)) return newest(columns, conditions(filter), limit);
        Optional<String> selective = selective(filter);
        if (selective.isPresent()) return newest(columns, conditions(filter, selective.get()::equals), limit);
        var walk = conditions(filter, "start_time"::equals).and(RunConditions.IS_TIME);
        var last = new Query("SELECT start_time FROM agent_runs" + walk.where() + " ORDER BY start_time DESC LIMIT 1 OFFSET ?",
                walk.values(limit - 1));
        var conditions = conditions(filter, none -> false);
        database.one(last.sql(), last.values().toArray()).ifPresent(row -> asNewAs(row.text("start_time"), conditions));
        return answer(last, newestQuery(columns, conditions, limit));
    }

    private Rows newest(String columns, RunConditions conditions, long limit) {
        return answer(newestQuery(columns, conditions, limit));
    }

    private Query newestQuery(String columns, RunConditions conditions, long limit) {
        return new Query("SELECT " + there(columns) + " FROM agent_runs" + conditions.where() + NEWEST_FIRST, conditions.values(limit));
    }

    private Rows oldest(String columns, RunConditions conditions, long limit) {
        return answer(new Query("SELECT " + there(columns) + " FROM agent_runs" + conditions.where() + OLDEST_FIRST,
                conditions.values(limit)));
    }

    private String there(String columns) {
        if (schema.isUsable()) return columns;
        return Arrays.stream(columns.split(", ")).map(column -> schema.has(column) ? column : "NULL AS " + column).collect(joining(", "));
    }

    /**
     * Two ranges of text that hold every run as new as this start. On one day, the form with a blank sorts before the form with a T, so a
     * newer run in the one form can be far from it; all later days follow both. A start with a blank only shows that all starts of its day
     * with a T have been seen.
     */
    private static void asNewAs(String start, RunConditions conditions) {
        String day = start.substring(0, Math.min(10, start.length()));
        boolean exact = start.length() > 10 && start.charAt(10) == 'T';
        String time = exact ? start.substring(11, Math.min(19, start.length())) : "";
        conditions.and("(start_time >= ? AND start_time < ? OR start_time >= ?)", exact
                ? day + ' ' + time : day, day + '!', day + 'T' + time);
    }

    private RunConditions conditions(RunFilter filter) {
        return conditions(filter, any -> true);
    }

    private RunConditions conditions(RunFilter filter, Predicate<String> indexed) {
        return new RunConditions(filter, schema, indexed);
    }

    /** A column of the filter whose index leads to few runs. Looking takes less than a millisecond. */
    private Optional<String> selective(RunFilter filter) {
        return RunConditions.words(filter).entrySet().stream()
                .filter(asked -> schema.indexes().contains(INDEXES.get(asked.getKey())) && isFew(asked.getKey(), asked.getValue()))
                .map(Map.Entry::getKey).findFirst();
    }

    private boolean isFew(String column, List<String> words) {
        return database.number("SELECT count(*) FROM (SELECT 1 FROM agent_runs WHERE "
                + column + " IN " + RunConditions.marks(words) + " LIMIT " + FEW + ")", words.toArray()) < FEW;
    }

    /** Of a column that is not there, SQLite would take the null in its place for the answer. */
    private void requireKnown(Query query) {
        String asked = query.sql().substring(query.sql().indexOf(" FROM agent_runs"));
        for (String column : schema.missingColumns())
            if (asked.matches(".*\\b" + column + "\\b.*")) throw schema.newer(database);
    }

    private Rows answer(Query... queries) {
        for (Query query : queries) requireKnown(query);
        return schema.told(database, () -> explaining ? Query.plan(database, List.of(queries)) : queries[queries.length - 1].on(database));
    }
}
