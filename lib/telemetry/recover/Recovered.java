package telemetry.recover;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Next;

/**
 * What a recovery came to; {@code toString()} is the report.
 *
 * @param plan     that was followed
 * @param checks   what was done, and the checks of what is there now
 * @param runs     that the database has now
 * @param base     of these, from the backup or the day files or in the intact database already
 * @param replayed that the day files had besides: new or more complete
 * @param damaged  lines of the day files that could not be used
 * @param salvaged runs that only the damaged database had, marked in their error_summary
 * @param commits  rows of commits that only the damaged database had
 * @param lost     runs of which nothing but the number is left; null when that cannot be known
 * @param kept     the damaged databases
 * @param next     what to do and to know
 */
public record Recovered(RecoveryPlan plan, Checks checks, long runs, long base, long replayed, long damaged, long salvaged, long commits,
        Long lost, List<Path> kept, List<Next> next) {

    public Check.Status status() {
        return checks.status();
    }

    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("status", status().toString());
        json.put("source", plan.source().name().toLowerCase(java.util.Locale.ROOT));
        json.put("backup", plan.backup() == null ? null : plan.backup().file());
        json.put("runs", runs);
        json.put("from_source", base);
        json.put("from_day_files", replayed);
        json.put("salvaged", salvaged);
        json.put("salvaged_commits", commits);
        json.put("damaged_lines", damaged);
        json.put("lost", lost);
        json.put("kept", kept);
        json.put("next", next);
        json.put("found", plan.checks().list());
        json.put("checks", checks.list());
        return json;
    }

    @Override
    public String toString() {
        String line = System.lineSeparator();
        String outcome = switch (status()) {
            case OK -> "recovered whole: ";
            case WARNING -> "recovered, look at the warnings: ";
            default -> "not recovered: ";
        };
        return checks + line + outcome + runs + " runs" + next.stream().map(one -> line + "next: " + one).collect(Collectors.joining());
    }
}
