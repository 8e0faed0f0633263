package telemetry.runs;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Rows;
import telemetry.RunFilter;
import telemetry.RunStatus;

/**
 * What each agent's runs add up to: a row for each agent, in the order of their names. The percentiles are over the runs that ended, and
 * exact; between two ranks they are in between, as numpy and spreadsheets have it.
 */
public final class AgentStatistics {

    static final String OVER = "status <> 'running'";
    static final String SUCCEEDED = "status IN " + quoted(RunStatus.SUCCESS);
    static final String FAILED = "status IN " + quoted(RunStatus.FAILED, RunStatus.TIMEOUT);

    /**
     * A text or a blob is more than any number; the plus sign keeps SQLite from taking the numbers for texts where a column has these. To
     * ask for the type by its name takes 8 percent more of the whole.
     */
    private static final String TOOK = " FILTER (WHERE " + OVER + " AND +duration_ms > -9e999 AND +duration_ms < 9e999)";

    private static final String ALL = "SELECT agent_name, count(*) AS runs, count(*) FILTER (WHERE " + SUCCEEDED
            + ") AS runs_succeeded, count(*) FILTER (WHERE " + FAILED + ") AS runs_failed"
            + ", coalesce(sum(items_discovered), 0) AS items_discovered, coalesce(sum(items_succeeded), 0) AS items_succeeded, "
                    + "coalesce(sum(items_failed), 0) AS items_failed"
            + ", round(100.0 * count(*) FILTER (WHERE " + SUCCEEDED + ") / nullif(count(*) FILTER (WHERE " + OVER
            + "), 0), 2) AS success_rate"
            + ", CAST(round(percentile_cont(duration_ms, 0.5)" + TOOK + ") AS INTEGER) AS p50_duration_ms"
            + ", CAST(round(percentile_cont(duration_ms, 0.95)" + TOOK + ") AS INTEGER) AS p95_duration_ms FROM agent_runs";

    private final Database database;
    private final RunFilter filter;
    private final RunConditions conditions;
    private final long limit;

    /** @param limit at the most so many agents; negative for all */
    public AgentStatistics(Database database, Schema schema, RunFilter filter, long limit) {
        this.database = database;
        this.filter = filter;
        this.conditions = new RunConditions(filter, schema, any -> true);
        this.limit = limit;
    }

    public Rows rows() {
        Optional<Rows> walked = isInOrder() ? new AgentWalk(database).of(filter.agent(), limit) : Optional.empty();
        return walked.orElseGet(this::stated);
    }

    /** Most of the time goes into sorting the runs by agent, which a second thread does while the first reads on: a fifth less. */
    private Rows stated() {
        database.pragma("threads", 1);
        return statement().on(database);
    }

    /** The statements, to explain them. */
    public List<Query> queries() {
        return isInOrder() ? AgentWalk.queries(filter.agent()) : List.of(statement());
    }

    /** Whether all runs of the agents are meant, and there is an index to walk through. */
    private boolean isInOrder() {
        return filter.equals(RunFilter.ALL.withAgent(filter.agent())) && Index.of(database).stream().anyMatch(AgentWalk::isServedBy);
    }

    private Query statement() {
        return new Query(ALL + (filter.equals(RunFilter.ALL) && !isCovered() ? " NOT INDEXED" : "") + conditions.where()
                + " GROUP BY agent_name LIMIT ?", conditions.values(limit));
    }

    /**
     * To group by walking the agents' index means to look up every row in another place of the table; that an index holds all that is asked
     * for, is better than either.
     */
    private boolean isCovered() {
        return new Query(ALL + " GROUP BY agent_name").plan(database).stream().anyMatch(row -> row.text("step").contains("COVERING INDEX"));
    }

    private static String quoted(RunStatus... statuses) {
        return Arrays.stream(statuses).flatMap(status -> status.words().stream()).map(word -> "'" + word + "'")
                .collect(Collectors.joining(", ", "(", ")"));
    }
}
