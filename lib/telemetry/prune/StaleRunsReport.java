package telemetry.prune;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Next;
import telemetry.Run;
import telemetry.Store;
import telemetry.text.JsonText;
import telemetry.text.Result;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * Runs that never ended and were cancelled, or would be; {@code toString()} is the report.
 *
 * @param now    the time until which they have been running
 * @param before they began before this
 * @param runs   all of them, also those that ended according to the day files and are left alone
 * @param unread those that say running and began nobody knows when, because their start cannot be read; they are left alone
 * @param backup of the database before the work; null when the runs are only shown
 */
public record StaleRunsReport(Store store, Instant now, Instant before, List<StaleRuns.Stale> runs, long unread, long cancelled,
        Path backup) implements Result {

    /** The runs to cancel. */
    public List<StaleRuns.Stale> endless() {
        return runs.stream().filter(run -> !run.endedInFiles()).toList();
    }

    /** The same report after the work. */
    public StaleRunsReport done(long cancelled, Path backup) {
        return new StaleRunsReport(store, now, before, runs, unread, cancelled, backup);
    }

    /** A warning when some runs are left alone. */
    @Override
    public Check.Status status() {
        return endless().size() == runs.size() ? Check.Status.OK : Check.Status.WARNING;
    }

    /** One line about the runs that are left alone. */
    public String leftAlone() {
        return Next.line("left alone: " + Words.count(runs.size() - endless().size(), "run")
                + " that ended according to the day files, which know more than the database", store.command("rebuild", "--check-only"));
    }

    @Override
    public Object data() {
        record Stale(String runId, String agent, Instant start, boolean endedInFiles) { }
        record Shown(Instant before, List<Stale> runs, long unread, long cancelled) { }
        record Done(Path backup) { }
        List<Stale> shownRuns = runs.stream().map(run -> new Stale(run.runId(), run.agent(), run.start(), run.endedInFiles())).toList();
        var shown = new Shown(before, shownRuns, unread, cancelled);
        return backup == null ? shown : JsonText.members(shown, new Done(backup));
    }

    @Override
    public String toString() {
        var text = new StringJoiner(System.lineSeparator());
        var table = new Table("run_id", "started", "running for");
        for (StaleRuns.Stale run : endless()) table.row(Run.shownId(run.runId()), run.start(), Duration.between(run.start(), now));
        if (!table.isEmpty()) text.add(table.toString());
        if (unread > 0) text.add(OldRunsReport.unread(unread));
        if (backup == null) return text.add(OldRunsReport.toDo(endless().size(), before, "cancelled")).toString();
        return text.add(OldRunsReport.old(cancelled, before) + " cancelled").add("backup  " + backup).toString();
    }
}
