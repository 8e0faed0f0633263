package telemetry.query;

import java.time.Instant;
import telemetry.Row;
import telemetry.Rows;
import telemetry.Times;
import telemetry.text.Table;

/** Runs as a table that fits 80 columns: the agent stands in a usual run's id, and a start is told to the minute. */
public final class BriefRuns {

    /** "2025-12-10 12:05" */
    private static final int TO_THE_MINUTE = 16;

    private BriefRuns() { }

    /** The headings. */
    public static Table table() {
        return new Table("run_id", "job_type", "status", "start_time");
    }

    /** All of them, in their order. */
    public static Table of(Rows runs) {
        Table table = table();
        for (Row run : runs) add(table, run);
        return table;
    }

    /** One more line. An id of another form gets the agent added; a start that is no point in time stands as it is. */
    public static void add(Table table, Row run) {
        String agent = run.text("agent_name");
        String id = run.text("run_id");
        Instant start = Times.instant(run.text("start_time"));
        table.row(id.contains("-" + agent + "-") ? id : id + " (" + agent + ")", run.get("job_type"), run.get("status"),
                start == null ? run.text("start_time") : Times.seconds(start).substring(0, TO_THE_MINUTE));
    }
}
