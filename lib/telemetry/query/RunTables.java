package telemetry.query;

import java.time.Duration;
import java.time.Instant;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import telemetry.Row;
import telemetry.Rows;
import telemetry.Run;
import telemetry.Times;
import telemetry.text.Table;
import telemetry.text.Terminal;
import telemetry.text.Words;

/**
 * Answers about runs as tables, a line at a time. What does not fit into 80 columns stands on a wide terminal and in the formats for
 * programs.
 */
public final class RunTables {

    /** "2025-12-10 12:05" */
    private static final int TO_THE_MINUTE = 16;

    /** So many columns take the agent and the duration too, beside usual names. */
    private static final int WIDE = 120;

    private RunTables() { }

    /** The headings of {@link #run} and {@link #failure}. */
    public static Table runs() {
        return isWide() ? new Table("run_id", "agent", "job_type", "status", "start_time", "duration")
                : new Table("run_id", "job_type", "status", "start_time");
    }

    /** True on a wide terminal: then the rows come from {@link telemetry.Runs#withDurations}. */
    public static boolean isWide() {
        return Terminal.columns() >= WIDE;
    }

    /** All runs, in their order. */
    public static Table of(Rows runs) {
        Table table = runs();
        for (Row run : runs) run(table, run);
        return table;
    }

    /**
     * Adds a run. A usual run id contains the agent; to any other id the agent is added. A start is shown to the minute, or unchanged when
     * it is not a point in time.
     */
    public static void run(Table table, Row run) {
        String started = started(run, Times.instant(run.get("start_time")));
        if (isWide()) table.row(Run.shownId(run.text("run_id")), run.text("agent_name"), run.get("job_type"), run.get("status"), started,
                milliseconds(run.get("duration_ms")));
        else table.row(id(run), run.get("job_type"), run.get("status"), started);
    }

    private static String id(Row run) {
        String agent = run.text("agent_name");
        String id = Run.shownId(run.text("run_id"));
        return id.contains("-" + agent + "-") ? id : id + " (" + agent + ")";
    }

    private static String started(Row run, Instant start) {
        return start == null ? run.text("start_time") : Times.seconds(start).substring(0, TO_THE_MINUTE);
    }

    /** Adds a run, with its error on a line of its own. */
    public static void failure(Table table, Row run) {
        run(table, run);
        if (run.get("error_summary") != null) table.below(run.text("error_summary"));
    }

    /** The headings of {@link #waiting}. */
    public static Table pending() {
        return new Table("run_id", "job_type", "status", "start_time", "age", "retries");
    }

    /** Adds a run that was not posted. @param now from when its age counts */
    public static BiConsumer<Table, Row> waiting(Instant now) {
        return (table, run) -> {
            Instant start = Times.instant(run.get("start_time"));
            table.row(id(run), run.get("job_type"), run.get("status"), started(run, start),
                    start == null || start.isAfter(now) ? null : Times.words(Duration.between(start, now)), run.get("api_retry_count"));
        };
    }

    /** {@code "177 runs are not posted; 12 of them were tried, up to 5 times"} */
    public static String pendingSum(Rows sum) {
        Row row = sum.list().get(0);
        return Words.count(row.number("pending"), "run is", "runs are") + " not posted" + (row.number("retried") == 0 ? ""
                : "; " + row.number("retried") + " of them tried, up to " + Words.count(row.number("most_retries"), "time"));
    }

    /** The headings of {@link #agent}. */
    public static Table agents() {
        return new Table("agent_name", "runs", "ok %", "discovered", "succeeded", "failed", "p50", "p95");
    }

    public static void agent(Table table, Row agent) {
        table.row(agent.get("agent_name"), agent.get("runs"), agent.get("success_rate"), agent.get("items_discovered"),
                agent.get("items_succeeded"), agent.get("items_failed"), milliseconds(agent.get("p50_duration_ms")),
                milliseconds(agent.get("p95_duration_ms")));
    }

    private static Duration milliseconds(Object number) {
        return number instanceof Number time ? Duration.ofMillis(time.longValue()) : null;
    }

    /** The headings of {@link #link}. */
    public static Table chain() {
        return new Table("run_id", "job_type", "status");
    }

    /** Adds a run of a chain; in a tree it is indented by its depth. */
    public static void link(Table table, Row run) {
        int depth = run.columns().contains("depth") ? (int) run.number("depth") : 0;
        table.row("  ".repeat(depth) + Run.shownId(run.text("run_id")), run.get("job_type"), run.get("status"));
    }

    /** SQLite's plan: each statement, and its steps below it. @return 1, for a plan always has something to show */
    public static long plan(Rows steps, Consumer<String> print) {
        String statement = null;
        for (Row step : steps) {
            if (!step.text("statement").equals(statement)) print.accept(statement = step.text("statement"));
            print.accept("    " + step.get("step"));
        }
        return 1;
    }
}
