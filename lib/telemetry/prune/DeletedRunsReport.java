package telemetry.prune;

import java.time.Instant;
import telemetry.Times;
import telemetry.text.Result;

/** Runs that others deleted and that were recorded as pruned, or would be; {@code toString()} is the report. */
public record DeletedRunsReport(DeletedRuns.Found found, boolean isDone) implements Result {

    @Override
    public Object data() {
        record Shown(Instant before, int runs, Instant first, Instant last, int adopted) { }
        return new Shown(found.before(), found.runIds().size(), found.first(), found.last(), isDone ? found.runIds().size() : 0);
    }

    @Override
    public String toString() {
        int runs = found.runIds().size();
        if (runs == 0) return "no run of the day files that began before " + Times.seconds(found.before()) + " is missing in the database";
        return OldRunsReport.old(runs, found.before()) + (isDone ? " recorded as pruned"
                : " would be recorded as pruned: the day files have them, and the database has not") + System.lineSeparator()
                + "the first began at " + Times.seconds(found.first()) + ", the last at " + Times.seconds(found.last());
    }
}
