package telemetry.runs;

import java.util.List;
import java.util.Optional;
import telemetry.Database;
import telemetry.Rows;
import telemetry.RunFilter;
import telemetry.RunStatus;

/**
 * Summarizes each agent's runs: one row for each agent, by name. The percentiles are exact, over the runs that ended; between two ranks
 * they are interpolated, as in numpy and spreadsheets.
 */
public final class AgentStatistics {

    /**
     * In SQLite a text or a blob is larger than any number. The plus sign keeps it from treating the numbers as text in a column that has
     * both. Asking for the type by name is slower (bench row {@code agents-plain}).
     */
    private static final String ALL = "SELECT agent_name, count(*) AS runs, count(*) FILTER (WHERE {succeeded}) AS runs_succeeded,"
            + " count(*) FILTER (WHERE {failed}) AS runs_failed," + sum("items_discovered") + "," + sum("items_succeeded")
            + "," + sum("items_failed") + ", round(100.0 * count(*) FILTER (WHERE {succeeded}) / nullif(count(*) FILTER (WHERE {over}), 0), 2) AS success_rate,"
            + " CAST(round(percentile_cont(duration_ms, 0.5) FILTER (WHERE {took})) AS INTEGER) AS p50_duration_ms,"
            + " CAST(round(percentile_cont(duration_ms, 0.95) FILTER (WHERE {took})) AS INTEGER) AS p95_duration_ms FROM agent_runs";
    /** Up to here a double holds every whole number. */
    private static final String MOST_EXACT = "9007199254740992";
    private static final String TOOK = "{over} AND +duration_ms > -9e999 AND +duration_ms < 9e999";

    private final Database database;
    private final RunFilter filter;
    private final RunConditions conditions;
    private final String all;
    private final long limit;

    /** @param limit at most this many agents; negative for all */
    public AgentStatistics(Database database, Schema schema, RunFilter filter, long limit) {
        this.database = database;
        this.filter = filter;
        this.conditions = new RunConditions(filter, schema, database, any -> true);
        var words = new StatusWords(database, schema);
        this.all = ALL.replace("{took}", TOOK).replace("{over}", words.areNot(RunStatus.RUNNING))
                .replace("{succeeded}", words.are(RunStatus.SUCCESS)).replace("{failed}", words.are(RunStatus.FAILED, RunStatus.TIMEOUT));
        this.limit = limit;
    }

    /** SQL for a column's sum, under the column's name. SQLite's sum() fails beyond 64 bits; total() is a double. */
    static String sum(String column) {
        String total = "total(" + column + ")";
        return " iif(abs(" + total + ") < " + MOST_EXACT + " AND " + total + " = CAST(" + total + " AS INTEGER), CAST(" + total
                + " AS INTEGER), " + total + ") AS " + column;
    }

    public Rows rows() {
        Optional<Rows> walked = isInOrder() ? new AgentWalk(database).of(filter.agent(), limit) : Optional.empty();
        return walked.orElseGet(this::stated);
    }

    /** Most of the time goes into sorting the runs by agent, which a second thread does while the first reads on. */
    private Rows stated() {
        database.pragma("threads", 1);
        return statement().on(database);
    }

    /** The statements, to explain them. */
    public List<Query> queries() {
        return isInOrder() ? AgentWalk.queries(filter.agent()) : List.of(statement());
    }

    /** True when all runs of the agents are wanted, and there is an index to walk through. */
    private boolean isInOrder() {
        return filter.equals(RunFilter.ALL.withAgent(filter.agent())) && Index.of(database).stream().anyMatch(AgentWalk::isServedBy);
    }

    private Query statement() {
        return new Query(all + (filter.equals(RunFilter.ALL) && !isCovered() ? " NOT INDEXED" : "") + conditions.where()
                + " GROUP BY agent_name LIMIT ?", conditions.values(limit));
    }

    /**
     * Grouping by walking the agents' index would look up every row elsewhere in the table. An index that holds everything needed is better
     * than both.
     */
    private boolean isCovered() {
        return new Query(all + " GROUP BY agent_name").plan(database).stream().anyMatch(row -> row.text("step").contains("COVERING INDEX"));
    }
}
