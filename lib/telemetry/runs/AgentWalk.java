package telemetry.runs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import telemetry.Database;
import telemetry.Row;
import telemetry.Rows;
import telemetry.RunStatus;

/**
 * Gives the same as {@link AgentStatistics}' one statement, by walking through an index that has the durations of an agent's runs of one
 * status in order. So nothing is collected and sorted, and the sums of one status are simple (bench row {@code agents}).
 *
 * <p>What a walk cannot guarantee (a duration that is text, a sum that is no integer) is left to the one statement.
 */
public final class AgentWalk {

    /** The columns that the index must have. */
    public static final List<String> COLUMNS = List.of("agent_name", "status", "duration_ms", "items_discovered", "items_succeeded",
            "items_failed");
    private static final int IN_ORDER = 3;

    /** Each agent needs a few dozen statements, and SQLite merges at most some hundred orders. */
    private static final int MOST_AGENTS = 500;
    private static final int MOST_STATUSES = 16;

    private static final String NO_AGENT = "SELECT agent_name FROM agent_runs WHERE agent_name IS NULL LIMIT 1";
    private static final String FIRST_AGENT = "SELECT agent_name FROM agent_runs WHERE agent_name IS NOT NULL ORDER BY agent_name LIMIT 1";
    private static final String NEXT_AGENT = "SELECT agent_name FROM agent_runs WHERE agent_name > ? ORDER BY agent_name LIMIT 1";

    private static final String NO_STATUS = "SELECT status FROM agent_runs WHERE agent_name IS ? AND status IS NULL LIMIT 1";
    private static final String FIRST_STATUS =
            "SELECT status FROM agent_runs WHERE agent_name IS ? AND status IS NOT NULL ORDER BY status LIMIT 1";
    private static final String NEXT_STATUS = "SELECT status FROM agent_runs WHERE agent_name IS ? AND status > ? ORDER BY status LIMIT 1";

    private static final String OF_STATUS = " FROM agent_runs WHERE agent_name IS ?1 AND status IS ?2";
    private static final String SUMS = "SELECT count(*) AS runs, count(duration_ms) AS durations,"
            + AgentStatistics.sum("items_discovered") + "," + AgentStatistics.sum("items_succeeded") + ","
            + AgentStatistics.sum("items_failed") + OF_STATUS;
    private static final String ENDS = "SELECT (SELECT duration_ms" + OF_STATUS + " ORDER BY duration_ms DESC LIMIT 1) AS longest, "
            + "(SELECT duration_ms" + OF_STATUS + " AND duration_ms >= -9e999 ORDER BY duration_ms LIMIT 1) AS shortest";
    private static final String IN_TURN = "SELECT duration_ms FROM agent_runs WHERE agent_name IS ? AND status IS ? "
            + "AND duration_ms >= -9e999";

    /** SQLite rounds here as in the one statement. */
    private static final String TOGETHER = "SELECT ?1 AS agent_name, ?2 AS runs, ?3 AS runs_succeeded, ?4 AS runs_failed, "
            + "?5 AS items_discovered, ?6 AS items_succeeded, ?7 AS items_failed, round(100.0 * ?3 / nullif(?8, 0), 2) AS success_rate, "
            + "CAST(round(?9) AS INTEGER) AS p50_duration_ms, CAST(round(?10) AS INTEGER) AS p95_duration_ms";

    /** Thrown when walking cannot answer; never leaves this class. */
    private static final class Odd extends RuntimeException {
        Odd() {
            super(null, null, false, false);
        }
    }

    /**
     * An agent's runs of one status.
     *
     * @param word null for NULL
     * @param sums over these runs
     */
    private record Status(String word, Row sums) {
        boolean isOver() {
            return word != null && RunStatus.of(word) != RunStatus.RUNNING;
        }

        boolean isOne(RunStatus... of) {
            return word != null && Arrays.asList(of).contains(RunStatus.of(word));
        }

        boolean isTimed() {
            return isOver() && sums.number("durations") > 0;
        }
    }

    private final Database database;

    AgentWalk(Database database) {
        this.database = database;
    }

    /** True for an index to walk through. */
    public static boolean isServedBy(Index index) {
        return !index.isPart() && index.columns().size() >= COLUMNS.size() && index.columns().containsAll(COLUMNS)
                && index.columns().subList(0, IN_ORDER).equals(COLUMNS.subList(0, IN_ORDER));
    }

    /** The statements, for each kind one. @param agent null for all */
    static List<Query> queries(String agent) {
        String name = agent == null ? "" : agent;
        return List.of(new Query(NEXT_AGENT, name), new Query(NEXT_STATUS, name, ""), new Query(SUMS, name, ""),
                new Query(ENDS, name, ""), inTurn(name, List.of("", ""), true, 2, 0));
    }

    /**
     * @param agent null for all
     * @param limit at most this many; negative for all
     * @return empty when walking cannot answer
     */
    Optional<Rows> of(String agent, long limit) {
        try {
            List<Row> rows = agent == null && limit != 1 ? database.inSnapshotOfTwo(second -> rows(agents(limit), second))
                    : database.inSnapshot(() -> rows(agent == null ? agents(limit) : List.of(agent), null));
            return Optional.of(Rows.of(database.lookUp(TOGETHER, new Object[10]).orElseThrow().columns(), rows));
        } catch (Odd e) {
            return Optional.empty();
        }
    }

    /** Two threads take one agent after the other. @param second null for one thread */
    private List<Row> rows(List<String> agents, Database second) {
        Row[] rows = new Row[agents.size()];
        var next = new AtomicInteger();
        if (second == null) take(agents, next, rows);
        else {
            var other = new AgentWalk(second);
            var done = CompletableFuture.runAsync(() -> other.take(agents, next, rows), task -> new Thread(task, "agents").start());
            try {
                take(agents, next, rows);
            } finally {
                done.handle((none, failed) -> none).join();
            }
            join(done);
        }
        return Arrays.stream(rows).filter(Objects::nonNull).toList();
    }

    private static void join(CompletableFuture<Void> done) {
        try {
            done.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private void take(List<String> agents, AtomicInteger next, Row[] rows) {
        for (int i = next.getAndIncrement(); i < rows.length; i = next.getAndIncrement()) {
            List<Status> statuses = statuses(agents.get(i));
            if (!statuses.isEmpty()) rows[i] = together(agents.get(i), statuses);
        }
    }

    private List<String> agents(long limit) {
        List<String> agents = new ArrayList<>();
        if (limit != 0 && database.lookUp(NO_AGENT).isPresent()) agents.add(null);
        for (Optional<Row> next = database.lookUp(FIRST_AGENT); next.isPresent() && agents.size() != limit;) {
            String agent = word(next.get());
            if (agents.size() == MOST_AGENTS) throw new Odd();
            agents.add(agent);
            next = database.lookUp(NEXT_AGENT, agent);
        }
        return agents;
    }

    private List<Status> statuses(String agent) {
        List<Status> statuses = new ArrayList<>();
        database.lookUp(NO_STATUS, agent).ifPresent(none -> statuses.add(status(agent, null)));
        for (Optional<Row> next = database.lookUp(FIRST_STATUS, agent); next.isPresent();) {
            String word = word(next.get());
            if (statuses.size() == MOST_STATUSES) throw new Odd();
            statuses.add(status(agent, word));
            next = database.lookUp(NEXT_STATUS, agent, word);
        }
        return statuses;
    }

    /** The first value, with which the next is looked up. Invalid UTF-8 could not be found again. */
    private static String word(Row row) {
        if (row.get(0) instanceof String word && word.indexOf('\uFFFD') < 0) return word;
        throw new Odd();
    }

    private Status status(String agent, String word) {
        var status = new Status(word, database.lookUp(SUMS, agent, word).orElseThrow());
        if (status.isTimed()) requireNumbers(database.lookUp(ENDS, agent, word).orElseThrow());
        return status;
    }

    /** Numbers sort before texts, so when both ends are numbers, all are. */
    private static void requireNumbers(Row ends) {
        for (Object end : ends.values())
            if (!(end instanceof Long) && !(end instanceof Double number && Double.isFinite(number))) throw new Odd();
    }

    private Row together(String agent, List<Status> statuses) {
        List<Status> over = statuses.stream().filter(status -> status.isOver()).toList();
        List<String> timed = over.stream().filter(Status::isTimed).map(Status::word).toList();
        long durations = sum(over, "durations");
        return database.lookUp(TOGETHER, agent, sum(statuses, "runs"),
                sum(statuses.stream().filter(status -> status.isOne(RunStatus.SUCCESS)).toList(), "runs"),
                sum(statuses.stream().filter(status -> status.isOne(RunStatus.FAILED, RunStatus.TIMEOUT)).toList(), "runs"),
                sum(statuses, "items_discovered"), sum(statuses, "items_succeeded"), sum(statuses, "items_failed"), sum(over, "runs"),
                percentile(0.5, agent, timed, durations), percentile(0.95, agent, timed, durations)).orElseThrow();
    }

    private static long sum(List<Status> statuses, String column) {
        try {
            long sum = 0;
            for (Status status : statuses) {
                if (status.sums.get(column) instanceof Double) throw new Odd();
                sum = Math.addExact(sum, status.sums.number(column));
            }
            return sum;
        } catch (ArithmeticException e) {
            throw new Odd();
        }
    }

    /** The same as SQLite's percentile_cont over this many durations, by walking from the nearer end. Null without durations. */
    private Double percentile(double fraction, String agent, List<String> statuses, long durations) {
        if (durations == 0) return null;
        double rank = fraction * (durations - 1);
        long below = (long) rank;
        long above = rank == below ? below : below + 1;
        boolean fromTop = above > durations / 2;
        Query walk = inTurn(agent, statuses, fromTop, above - below + 1, fromTop ? durations - 1 - above : below);
        List<Double> met = walk.on(database).stream().map(row -> ((Number) row.get(0)).doubleValue()).sorted().toList();
        if (met.size() != above - below + 1) throw new Odd();
        double lower = met.get(0);
        return lower + (met.get(met.size() - 1) - lower) * (rank - below);
    }

    /** The durations of each status are in order, so SQLite merges them and sorts nothing. */
    private static Query inTurn(String agent, List<String> statuses, boolean fromTop, long count, long offset) {
        List<Object> values = new ArrayList<>();
        for (String status : statuses) Collections.addAll(values, agent, status);
        Collections.addAll(values, count, offset);
        return new Query(String.join(" UNION ALL ", Collections.nCopies(statuses.size(), IN_TURN)) + " ORDER BY duration_ms"
                + (fromTop ? " DESC" : "") + " LIMIT ? OFFSET ?", values);
    }
}
