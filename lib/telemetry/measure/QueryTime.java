package telemetry.measure;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import telemetry.text.JsonText;

/**
 * How long one of the runbook's queries took.
 *
 * @param name     as {@code query} knows it, or the check of {@code health} that uses it
 * @param isSimple an index can lead to the result, however many runs there are; other queries read all runs, or all of an agent
 * @param by       the column of agent_runs whose index can lead there; null when all runs have to be read
 * @param took     from the statement to its last row
 * @param rows     of the result
 * @param plan     of SQLite, step by step
 */
public record QueryTime(String name, boolean isSimple, String by, Latencies took, long rows, List<String> plan) {
    private static final Pattern SCAN = Pattern.compile("SCAN agent_runs(?: USING (?:COVERING )?INDEX (\\S+))?.*");
    private static final Pattern SEARCH = Pattern.compile("SEARCH agent_runs USING (?:(?:COVERING )?INDEX (\\S+)|INTEGER PRIMARY KEY).*");

    public Duration p50() {
        return took.p50();
    }

    public Duration p95() {
        return took.p95();
    }

    Map<String, Object> figures() {
        record Question(String query, boolean simple) { }
        record Answer(long rows, List<String> plan) { }
        return JsonText.members(new Question(name, isSimple), took.figures(), new Answer(rows, plan));
    }

    /** True when a step reads the whole table without an index. */
    boolean readsAllRuns() {
        return plan.stream().anyMatch(step -> step.strip().equals("SCAN agent_runs"));
    }

    /** True when an index has all that is needed, so the table is not read. */
    boolean isCovered() {
        return plan.stream().anyMatch(step -> step.contains("COVERING INDEX"));
    }

    boolean uses(String index) {
        return plan.stream().map(QueryTime::brief).anyMatch(step -> step.equals(index) || step.equals("all of " + index));
    }

    /** The plan in a few words: {@code "idx_runs_start, sort"}. */
    String brief() {
        return plan.stream().map(QueryTime::brief).filter(step -> !step.isEmpty()).distinct().collect(Collectors.joining(", "));
    }

    private static String brief(String step) {
        Matcher scan = SCAN.matcher(step.strip());
        if (scan.matches()) return scan.group(1) == null ? "all runs" : "all of " + scan.group(1);
        Matcher search = SEARCH.matcher(step.strip());
        if (search.matches()) return search.group(1) == null ? "rowid" : search.group(1);
        return step.contains("USE TEMP B-TREE") ? "sort" : "";
    }
}
