package telemetry.upgrade;

import java.nio.file.Path;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.rebuild.Rebuilt;
import telemetry.rebuild.RunDifferences;
import telemetry.text.Result;

/**
 * The result of an upgrade; {@code toString()} is the report.
 *
 * @param backup      that was made first
 * @param made        the new tables, with what came from the old ones
 * @param differences between the database and the day files afterwards; null when there is no day file
 */
public record Upgraded(String from, String to, Path backup, Rebuilt made, RunDifferences.Count differences) implements Result {

    @Override
    public Check.Status status() {
        return made.status();
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add("upgraded from " + from + " to " + to + "; every old run was compared with its new row");
        lines.add(made.toString());
        if (differences != null) lines.add("compared with the day files: " + differences);
        return lines.add("backup: " + backup).toString();
    }
}
