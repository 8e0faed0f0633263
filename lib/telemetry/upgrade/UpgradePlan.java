package telemetry.upgrade;

import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.rebuild.RunDifferences;
import telemetry.text.Result;
import telemetry.text.Words;

/**
 * What an upgrade would do; {@code toString()} is the report.
 *
 * @param from        the tables there now
 * @param to          those of the newer writers
 * @param runs        in the database
 * @param added       columns that the table of runs gets
 * @param reasons     why it is not as those writers need it, in words; empty when there is nothing to do
 * @param differences between database and day files; null when they were not compared
 */
public record UpgradePlan(Path database, String from, String to, long runs, List<String> added, List<String> reasons,
        RunDifferences.Count differences) implements Result {

    public boolean isNeeded() {
        return !reasons.isEmpty();
    }

    @Override
    public Check.Status status() {
        return Check.Status.OK;
    }

    @Override
    public String toString() {
        if (!isNeeded()) return database + " is " + to + " already: nothing to do";
        var lines = new StringJoiner(System.lineSeparator());
        lines.add("would make " + database + " (" + from + ", " + Words.count(runs, "run") + ") a database of " + to);
        reasons.forEach(reason -> lines.add("because " + reason));
        if (!added.isEmpty()) lines.add("new columns: " + String.join(", ", added));
        if (differences != null) lines.add(differences.toString());
        return lines.toString();
    }
}
