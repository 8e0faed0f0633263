package telemetry.prune;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.StringJoiner;
import telemetry.Next;
import telemetry.Store;
import telemetry.Times;
import telemetry.text.JsonText;
import telemetry.text.Result;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * Old runs that were deleted, or would be; {@code toString()} is the report.
 *
 * @param deleted null when the runs are only shown
 * @param backup  of the database before the deletion; null when the runs are only shown
 */
public record OldRunsReport(Store store, OldRuns.Plan plan, OldRuns.Deleted deleted, Path backup) implements Result {

    @Override
    public Object data() {
        record Shown(Instant before, long runs, List<OldRuns.AgentRuns> agents, long kept, long running, long unread, long deleted) { }
        record Done(long commits, long left, Path backup) { }
        var shown = new Shown(plan.before(), plan.runs(), plan.agents(), plan.kept(), plan.running(), plan.unread(),
                deleted == null ? 0 : deleted.runs());
        return deleted == null ? shown : JsonText.members(shown, new Done(deleted.commits(), deleted.left(), backup));
    }

    @Override
    public String toString() {
        var text = new StringJoiner(System.lineSeparator());
        var table = new Table("agent", "runs", "first", "last");
        for (OldRuns.AgentRuns agent : plan.agents()) table.row(agent.agent(), agent.runs(), agent.first(), agent.last());
        if (!table.isEmpty()) text.add(table.toString());
        text.add(deleted == null ? toDo(plan.runs(), plan.before(), "deleted")
                : old(deleted.runs(), plan.before()) + " deleted, " + deleted.commits() + " commits with them");
        if (plan.kept() > 0) text.add(plan.kept() + " more are as old but stay, because others of their chain or a called run stay");
        if (plan.running() > 0) text.add(Next.line(plan.running() + " more are as old and say running",
                store.command("prune", "stale", "--dry-run")));
        if (plan.unread() > 0) text.add(unread(plan.unread()));
        if (deleted != null && deleted.left() > 0)
            text.add(Words.count(deleted.left(), "run") + " of these left: newer runs depend on them");
        return (backup == null ? text : text.add("backup  " + backup)).toString();
    }

    /** {@code 3 runs stay, because their start_time cannot be read} */
    static String unread(long runs) {
        return Words.count(runs, "run stays, because its", "runs stay, because their") + " start_time cannot be read";
    }

    static String toDo(long runs, Instant before, String what) {
        return runs == 0 ? "no run that began before " + Times.seconds(before) + " has to be " + what
                : old(runs, before) + " would be " + what;
    }

    static String old(long runs, Instant before) {
        return Words.count(runs, "run") + " that began before " + Times.seconds(before);
    }
}
