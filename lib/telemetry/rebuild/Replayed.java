package telemetry.rebuild;

import java.nio.file.Path;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.text.Result;

/** What a replay brought into a database that stays; {@code toString()} is the report. @param runs in the database now */
public record Replayed(Path database, long runs, ReplayResult read) implements Result {

    /** A warning when something could not be taken. */
    @Override
    public Check.Status status() {
        return read.damaged() == 0 ? Check.Status.OK : Check.Status.WARNING;
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add(database + ": " + Rebuilt.count(runs, "run", "runs") + ", " + read.inserted() + " added, " + read.updated()
                + " completed");
        lines.add("read " + Rebuilt.count(read.lines(), "line", "lines") + ": " + Rebuilt.count(read.events(), "event", "events") + ", "
                + Rebuilt.damaged(read.damaged()));
        if (read.pruned() > 0) lines.add(Rebuilt.count(read.pruned(), "record", "records") + " left out: their runs were pruned");
        if (read.changed() > 0) lines.add(ReplayResult.newer(read.changed()));
        return lines.toString();
    }
}
