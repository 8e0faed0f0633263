package telemetry.runs;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The columns of the table of runs, whatever its version: when each came, and what is special about it. */
public final class Columns {

    /** Each with the version it came with; the order is the writers' own. */
    private static final String[] SINCE = """
        1 run_id  1 agent_name  1 job_type  1 trigger_type  1 start_time  6 event_id  1 schema_version  1 agent_owner  1 end_time  1 status
        1 items_discovered  1 items_succeeded  1 items_failed  6 items_skipped  1 duration_ms  1 input_summary  1 output_summary  6 source_ref  6 target_ref
        1 error_summary  6 error_details  1 metrics_json  6 context_json  2 insight_id  1 product  1 platform  3 product_family  3 subdomain
        5 website  5 website_section  5 item_name  1 git_repo  1 git_branch  1 git_run_tag  4 git_commit_hash  4 git_commit_source  4 git_commit_author
        4 git_commit_timestamp  1 host  6 environment  1 api_posted  1 api_posted_at  1 api_retry_count  6 parent_run_id  1 created_at  1 updated_at
        """.strip().split("\\s+");

    static final List<String> COUNTS = List.of("items_discovered", "items_succeeded", "items_failed", "items_skipped");

    /** What tells a run or its row from others: no later record of it changes that. */
    public static final Set<String> IDENTITY = Set.of("run_id", "event_id");

    /** The database's own: no record ever sets them. */
    public static final Set<String> OWN = Set.of("id", "api_posted", "api_posted_at", "api_retry_count", "created_at", "updated_at");

    /** In every new row, whether its record has them or not. */
    static final Set<String> REQUIRED = Set.of("run_id", "event_id", "schema_version", "agent_name", "job_type", "start_time", "status",
            "items_discovered", "items_succeeded", "items_failed");

    /** Without them no command can work; a table of any version has them all. */
    static final List<String> INDISPENSABLE = List.of("run_id", "agent_name", "job_type", "start_time", "end_time", "status",
            "items_discovered", "items_succeeded", "items_failed", "duration_ms", "error_summary");

    private static final Set<String> KNOWN = Set.copyOf(Arrays.asList(SINCE));

    private Columns() { }

    /** True for a column that some version of the writers has. */
    static boolean isKnown(String column) {
        return KNOWN.contains(column) || OWN.contains(column);
    }

    /** True for columns that are filled in the database after the run's last line: null in a line does not mean that there is none. */
    public static boolean isFilledLater(String column) {
        return column.startsWith("git_commit_");
    }

    /** What a run's first record has of a version before anything is known of it, in the writers' order: nothing, and 0 where it counts. */
    public static Map<String, Object> fresh(int version) {
        Map<String, Object> fields = new LinkedHashMap<>(96);
        for (int i = 0; i < SINCE.length; i += 2) {
            String column = SINCE[i + 1];
            boolean counts = COUNTS.contains(column) || column.equals("api_posted") || column.equals("api_retry_count");
            if (Integer.parseInt(SINCE[i]) <= version) fields.put(column, counts ? 0L : null);
        }
        return fields;
    }
}
