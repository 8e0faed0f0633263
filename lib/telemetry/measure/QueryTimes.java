package telemetry.measure;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import telemetry.Database;
import telemetry.Row;
import telemetry.Rows;
import telemetry.RunFilter;
import telemetry.RunStatus;
import telemetry.Runs;
import telemetry.Times;
import telemetry.runs.Schema;
import telemetry.text.Table;

/** How long the runbook's queries take on a database; {@code toString()} is the table, times in milliseconds. */
public record QueryTimes(List<QueryTime> list) {
    private static final int TIMES = 50;
    private static final Duration BUDGET = Duration.ofSeconds(1);

    /** The default of {@code query recent} and {@code query failures}. */
    private static final int SHOWN = 20;

    /** A query as it is asked for the newest run. */
    private record Question(String name, boolean isSimple, String by, Function<Runs, Rows> ask) { }

    /**
     * Runs each query up to {@value #TIMES} times, for about a second; one that takes seconds, four times. In DELETE mode (v6, v7) writers
     * wait while a query runs.
     *
     * @param database is not written to
     * @param now      the end of "the last 24 hours"
     * @throws StoreException {@code DAMAGED} when there is no table of runs, or it cannot be read
     */
    public static QueryTimes of(Database database, Instant now) {
        Runs runs = new Runs(database).inPieces();
        List<QueryTime> times = new ArrayList<>();
        for (Question question : questions(database, runs.schema(), now)) times.add(time(question, runs));
        return new QueryTimes(times);
    }

    private static List<Question> questions(Database database, Schema schema, Instant now) {
        Row newest = database.one("SELECT run_id, agent_name FROM agent_runs ORDER BY " + schema.byNumber() + " DESC LIMIT 1").orElse(null);
        String id = newest == null ? "" : String.valueOf(newest.get("run_id"));
        String agent = newest == null ? "" : String.valueOf(newest.get("agent_name"));
        RunFilter day = RunFilter.ALL.during(now.minus(Duration.ofDays(1)), null);
        RunFilter week = RunFilter.ALL.during(now.minus(Duration.ofDays(7)), null);
        List<Question> questions = new ArrayList<>();
        questions.add(new Question("recent", true, "start_time", runs -> runs.recent(SHOWN)));
        questions.add(new Question("run", true, "run_id", runs -> runs.find(id)));
        if (schema.has("insight_id")) {
            String insight = String.valueOf(database.value("SELECT max(insight_id) FROM agent_runs"));
            questions.add(new Question("chain", true, "insight_id", runs -> runs.chain(insight)));
        }
        questions.add(new Question("failures", true, "start_time", runs -> runs.failures(week, SHOWN)));
        questions.add(new Question("stale", true, "status", runs -> runs.stale(day.since())));
        questions.add(new Question("last day", true, "start_time", runs -> runs.counted(day)));
        questions.add(new Question("agent", false, "agent_name", runs -> runs.agents(RunFilter.ALL.withAgent(agent), 1)));
        questions.add(new Question("agents", false, null, Runs::agents));
        questions.add(new Question("count", false, "status", runs -> runs.counted(RunFilter.ALL.withStatuses(Set.of(RunStatus.FAILED)))));
        return questions;
    }

    private static QueryTime time(Question question, Runs runs) {
        List<String> plan = question.ask.apply(runs.explaining()).stream().map(row -> row.text("step")).toList();
        long[] rows = new long[1];
        Latencies took = Latencies.of(TIMES, BUDGET, () -> rows[0] = count(question.ask.apply(runs)));
        return new QueryTime(question.name, question.isSimple, question.by, took, rows[0], plan);
    }

    private static long count(Rows rows) {
        long count = 0;
        for (Row row : rows) count++;
        return count;
    }

    /** The query of this name. */
    QueryTime get(String name) {
        return list.stream().filter(time -> time.name().equals(name)).findFirst().orElseThrow();
    }

    @Override
    public String toString() {
        var table = new Table("query", "p50 ms", "p95 ms", "rows", "by way of");
        for (QueryTime time : list) table.row(time.name(), Times.millis(time.p50()), Times.millis(time.p95()), time.rows(), time.brief());
        return table.toString();
    }
}
