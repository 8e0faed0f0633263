package telemetry.runs;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import telemetry.text.PythonJson;

/** The columns of the table of runs in all versions: since when they exist, and what is special about them. */
public final class Columns {

    /** Each with its first version, in the writers' order. */
    private static final String[] SINCE = """
        1 run_id  1 agent_name  1 job_type  1 trigger_type  1 start_time  6 event_id  1 schema_version  1 agent_owner  1 end_time  1 status
        1 items_discovered  1 items_succeeded  1 items_failed  6 items_skipped  1 duration_ms  1 input_summary  1 output_summary  6 source_ref  6 target_ref
        1 error_summary  6 error_details  1 metrics_json  6 context_json  2 insight_id  1 product  1 platform  3 product_family  3 subdomain
        5 website  5 website_section  5 item_name  1 git_repo  1 git_branch  1 git_run_tag  4 git_commit_hash  4 git_commit_source  4 git_commit_author
        4 git_commit_timestamp  1 host  6 environment  1 api_posted  1 api_posted_at  1 api_retry_count  6 parent_run_id  1 created_at  1 updated_at
        """.strip().split("\\s+");

    static final List<String> COUNTS = List.of("items_discovered", "items_succeeded", "items_failed", "items_skipped");

    /** They identify a run or its row; no later record changes them. */
    public static final Set<String> IDENTITY = Set.of("run_id", "event_id");

    /** The database's own columns, which no record sets. */
    public static final Set<String> OWN = Set.of("id", "api_posted", "api_posted_at", "api_retry_count", "created_at", "updated_at");

    /** When the row itself came into being and changed last. From v6 on the writers say it. */
    public static final List<String> ROW_TIMES = List.of("created_at", "updated_at");

    /** Set in every new row, whether its record has them or not. */
    static final Set<String> REQUIRED = Set.of("run_id", "event_id", "schema_version", "agent_name", "job_type", "start_time", "status",
            "items_discovered", "items_succeeded", "items_failed");

    /** No command works without these; a table of any version has them. */
    static final List<String> INDISPENSABLE = List.of("run_id", "agent_name", "job_type", "start_time", "end_time", "status",
            "items_discovered", "items_succeeded", "items_failed", "duration_ms", "error_summary");

    /** Whoever records a run sets these from what happens. */
    private static final Set<String> OF_RECORDER =
            Set.of("run_id", "event_id", "schema_version", "agent_name", "start_time", "end_time", "status", "duration_ms", "metrics_json");

    private static final Map<String, Set<String>> WORDS = Map.of("trigger_type",
            new LinkedHashSet<>(List.of("cli", "web", "scheduler", "mcp", "manual")), "git_commit_source",
            new LinkedHashSet<>(List.of("manual", "llm", "ci")));

    private static final Set<String> KNOWN = Set.copyOf(Arrays.asList(SINCE));

    private Columns() { }

    /** True for a column that some version of the writers has. */
    public static boolean isKnown(String column) {
        return KNOWN.contains(column) || OWN.contains(column);
    }

    /** True for columns that no program sets: the recorder does, or the database. */
    public static boolean isOfTheRecorder(String column) {
        return OF_RECORDER.contains(column) || OWN.contains(column);
    }

    public static boolean isCount(String column) {
        return COUNTS.contains(column);
    }

    /** The only words that the usual CHECK of this column takes; none when it takes any. */
    public static Set<String> words(String column) {
        return WORDS.getOrDefault(column, Set.of());
    }

    /** SQL for whether two values of a column differ, 1 or 0. JSON is compared by its value, but only where the texts are not the same. */
    public static String differ(String column, String a, String b) {
        if (!PythonJson.isColumn(column)) return a + " IS NOT " + b;
        return "CASE WHEN " + a + " IS " + b + " THEN 0 WHEN typeof(" + a + ") = 'text' AND typeof(" + b + ") = 'text' THEN telemetry_json("
                + a + ") <> telemetry_json(" + b + ") ELSE 1 END";
    }

    /** True for JSON of the same value, in a column that has some. */
    public static boolean isSameJson(String column, Object a, Object b) {
        return PythonJson.isColumn(column) && PythonJson.isSame(a, b);
    }

    /** The first version that has a column; 0 for the database's own and for what is no column of any. */
    public static int since(String column) {
        int at = Arrays.asList(SINCE).indexOf(column);
        return at < 0 ? 0 : Integer.parseInt(SINCE[at - 1]);
    }

    /** True for columns that are filled in the database after the run's last line. Null in a line does not mean an empty column. */
    public static boolean isFilledLater(String column) {
        return column.startsWith("git_commit_");
    }

    /**
     * True for columns that only the database knows, and for which no day file makes up: posting state, commits, columns of the operator's
     * own. The times of the row itself and its number say nothing of the run.
     */
    public static boolean isOfRowAlone(String column) {
        boolean isOfItself = column.equals("id") || ROW_TIMES.contains(column);
        return !isOfItself && (OWN.contains(column) || isFilledLater(column) || !KNOWN.contains(column));
    }

    /** The fields of a run's first record in a version before anything is known, in the writers' order: null, or 0 for counts. */
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
