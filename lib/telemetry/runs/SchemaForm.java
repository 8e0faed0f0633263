package telemetry.runs;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import telemetry.Database;

/** The tables of each version and family of writers: the statements that make them, their indexes, their stamp and journal mode. */
public enum SchemaForm {
    V1("Schema v1: Initial schema"),
    V2("Schema v2: Added insight_id column"),
    V3("Schema v3: Added product_family and subdomain columns"),
    V4("Schema v4: Added git commit columns"),
    V5("Schema v5: Added website, website_section and item_name columns"),
    V6_PYTHON("Schema v6: Added event_id and the statuses failure, timeout and cancelled"),
    V6_SERVICE("Schema v6: Added event_id and the statuses failure, timeout and cancelled"),
    V7_PYTHON("Schema v7: Added idx_runs_job_type index for faster DISTINCT queries"),
    V7_SERVICE("Schema v7: Added idx_runs_job_type index for faster DISTINCT queries");

    /** {@code setup} makes it where no writer has left a trace. */
    public static final SchemaForm RUNBOOK = V3;

    /**
     * Names of indexes and what they are on, in the order in which writers make them: the first version, families (P, S), table(columns).
     */
    private static final String[] INDEXES = {
        "idx_runs_event_id 6 PS agent_runs(event_id)",
        "idx_runs_agent 1 RPS agent_runs(agent_name)",
        "idx_runs_status 1 RPS agent_runs(status)",
        "idx_runs_start 1 RPS agent_runs(start_time)",
        "idx_runs_created_desc 6 PS agent_runs(created_at DESC)",
        "idx_runs_agent_status_created 6 PS agent_runs(agent_name, status, created_at DESC)",
        "idx_runs_agent_created 6 PS agent_runs(agent_name, created_at DESC)",
        "idx_runs_job_type 7 S agent_runs(job_type)",
        "idx_runs_parent_run 6 S agent_runs(parent_run_id)",
        "idx_runs_api_posted 1 RPS agent_runs(api_posted)",
        "idx_runs_insight 2 RPS agent_runs(insight_id)",
        "idx_runs_commit 4 RPS agent_runs(git_commit_hash)",
        "idx_runs_website 5 RPS agent_runs(website)",
        "idx_runs_website_section 5 RPS agent_runs(website, website_section)",
        "idx_events_run 1 RPS run_events(run_id)",
        "idx_commits_run 1 RPS commits(run_id)"
    };

    private static final Pattern CHECK = Pattern.compile(" CHECK\\(.*\\)");
    private static final int CHECKS_SINCE = 3;

    private final String description;

    SchemaForm(String description) {
        this.description = description;
    }

    public int version() {
        return name().charAt(1) - '0';
    }

    public Schema.Shape shape() {
        return name().endsWith("PYTHON") ? Schema.Shape.PYTHON : name().endsWith("SERVICE") ? Schema.Shape.SERVICE : Schema.Shape.RUNBOOK;
    }

    /** {@code WAL} to v5, {@code DELETE} later: the mode that these writers set. */
    public String journal() {
        return shape() == Schema.Shape.RUNBOOK ? "WAL" : "DELETE";
    }

    /** What their row in schema_migrations says. */
    public String description() {
        return description;
    }

    /** The statements that make the tables, agent_runs first; each does nothing where there is such a table. */
    public List<String> tables() {
        return List.of(runs(), WriterTables.RUN_EVENTS, WriterTables.COMMITS, WriterTables.SCHEMA_MIGRATIONS);
    }

    /** The indexes: their names, and what they are on as in CREATE INDEX, {@code agent_runs(status)}; in the writers' order. */
    public Map<String, String> indexes() {
        Map<String, String> indexes = new LinkedHashMap<>();
        for (String index : INDEXES) {
            String[] part = index.split(" ", 4);
            if (part[1].charAt(0) - '0' <= version() && part[2].indexOf(shape().name().charAt(0)) >= 0) indexes.put(part[0], part[3]);
        }
        return indexes;
    }

    private String runs() {
        if (this == V7_SERVICE || this == V7_PYTHON) return shape() == Schema.Shape.SERVICE ? WriterTables.SERVICE : WriterTables.PYTHON;
        String newest = shape() == Schema.Shape.SERVICE ? WriterTables.SERVICE : shape() == Schema.Shape.PYTHON ? WriterTables.PYTHON
                : WriterTables.RUNBOOK;
        String sql = newest.lines().filter(line -> Columns.since(line.strip().split(" ")[0]) <= version()).collect(Collectors.joining("\n"))
                .replaceFirst("schema_version INTEGER DEFAULT \\d", "schema_version INTEGER DEFAULT " + version());
        return version() >= CHECKS_SINCE ? sql : CHECK.matcher(sql).replaceAll("");
    }

    /** All that makes an empty database one of these writers, as a script for sqlite3. */
    public String script() {
        var script = new StringBuilder("PRAGMA journal_mode = ").append(journal()).append(";\n");
        for (String table : tables()) script.append('\n').append(table).append(";\n");
        script.append('\n');
        indexes().forEach((name, on) -> script.append(statement(name, on)).append(";\n"));
        return script.append('\n').append(stamp()).append(";\n").toString();
    }

    /** The statement that says which version this is. */
    public String stamp() {
        return "INSERT OR IGNORE INTO schema_migrations(version, description) VALUES (" + version() + ", '" + description + "')";
    }

    /** True for an index that some version of the writers makes, and that their checks look for. */
    public static boolean isOfWriters(String index) {
        return Arrays.stream(INDEXES).anyMatch(one -> one.startsWith(index + ' '));
    }

    static String statement(String index, String on) {
        return "CREATE INDEX IF NOT EXISTS " + index + " ON " + on;
    }

    /** Makes the tables alone, for a caller that fills them before it makes indexes and holds its own transaction. */
    public void createTables(Database database) {
        for (String statement : tables()) database.execute(statement);
        boolean isOurs = database.number("SELECT count(*) FROM pragma_table_info('schema_migrations') WHERE name IN ('version', "
                + "'description')") == 2;
        if (isOurs) database.update("INSERT OR IGNORE INTO schema_migrations(version, description) VALUES (?, ?)", version(), description);
    }

    public void createIndexes(Database database) {
        indexes().forEach((name, on) -> database.execute(statement(name, on)));
    }

    /** The form that a database has; null without a table of runs, or with one of a form that no writer makes. */
    public static SchemaForm of(Schema schema) {
        return schema.isForeign() || schema.isNewer() ? null : of(schema.version(), schema.shape());
    }

    /** Null where no writer makes that. */
    public static SchemaForm of(int version, Schema.Shape shape) {
        return Arrays.stream(values()).filter(form -> form.shape() == shape && form.version() == version).findFirst().orElse(null);
    }

    /** By its name on the command line: {@code v3}, {@code v7-python}; also {@code v7_service}, in any case. */
    public static Optional<SchemaForm> named(String name) {
        return Arrays.stream(values()).filter(form -> form.toString().equals(name.strip().toLowerCase(Locale.ROOT).replace('_', '-')))
                .findFirst();
    }

    /** {@code v3}, {@code v7-python} */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
