package telemetry;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is known of a run before it begins: {@code new NewRun("docs-crawler", "crawl").insight("i-7").product("words")}. Each method returns
 * a new instance.
 *
 * @param fields a value for each column that is known
 */
public record NewRun(Map<String, Object> fields) {

    public NewRun {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    public NewRun(String agent, String job) {
        this(Map.of("agent_name", String.valueOf(agent), "job_type", String.valueOf(job)));
    }

    /** The id that the runs of one chain share. */
    public NewRun insight(String id) {
        return with("insight_id", id);
    }

    public NewRun product(String product) {
        return with("product", product);
    }

    public NewRun productFamily(String family) {
        return with("product_family", family);
    }

    public NewRun platform(String platform) {
        return with("platform", platform);
    }

    public NewRun subdomain(String subdomain) {
        return with("subdomain", subdomain);
    }

    /** cli (the default), web, scheduler, mcp or manual. */
    public NewRun trigger(String trigger) {
        return with("trigger_type", trigger);
    }

    /** The run that calls this one; stores of v6 and later keep it in a column. Without it, it is {@code $TELEMETRY_RUN_ID}. */
    public NewRun parent(String runId) {
        return with("parent_run_id", runId);
    }

    /** A run_id of the caller's own, which no run of the store may have. Without it one is made. */
    public NewRun runId(String id) {
        return with("run_id", id);
    }

    /** The agent's owner, if it is not {@code $AGENT_OWNER}. */
    public NewRun owner(String owner) {
        return with("agent_owner", owner);
    }

    public NewRun inputSummary(String text) {
        return with("input_summary", text);
    }

    /** Any other column, also of later versions: {@code with("website", "docs.example.org")}. Null removes it. */
    public NewRun with(String column, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(fields);
        if (value == null) changed.remove(column);
        else changed.put(column, value);
        return new NewRun(changed);
    }
}
