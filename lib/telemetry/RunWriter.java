package telemetry;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Writes runs as rows, whatever the schema's version. The start record of a run never overwrites what is there; the record of its end always does,
 * except for what it does not say: columns that are the database's own (posting state, creation time), columns that the record lacks,
 * and a commit that was associated with the run later.
 */
public final class RunWriter {
    private static final Set<String> OWN = Set.of("id", "api_posted", "api_posted_at", "api_retry_count", "created_at", "updated_at");
    private static final Set<String> COUNTS = Set.of("items_discovered", "items_succeeded", "items_failed", "items_skipped", "duration_ms");
    private static final Set<String> TRIGGERS = Set.of("cli", "web", "scheduler", "mcp", "manual");
    private static final Set<String> COMMIT_SOURCES = Set.of("manual", "llm", "ci");

    /** In every new row, whether its run has them or not. */
    private static final Set<String> REQUIRED = Set.of("run_id", "event_id", "schema_version", "agent_name", "job_type", "start_time", "status",
            "items_discovered", "items_succeeded", "items_failed");

    /** How the database stands to a record of a run. */
    enum Standing {
        /** It has no such run. */
        ABSENT,
        /** It has the run as running. */
        OPEN,
        /** It has the run as over, with all that the record says. */
        SAME,
        /** It has the run as over, and another value somewhere; the form of the start time does not count. */
        OTHER
    }

    /** The statements for records with the same columns. */
    private record Statements(List<String> columns, String start, String end, String compare) { }

    private final Database database;
    private final Schema schema;
    private final Map<Set<String>, Statements> statements = new HashMap<>();

    /** @throws StoreException {@code DAMAGED} when there is no table of runs that could take one */
    public RunWriter(Database database) {
        this.database = database;
        this.schema = Schema.require(database);
    }

    public Schema schema() {
        return schema;
    }

    /** What tells this run from others in this schema: its event_id where that is what is unique, else its run_id. */
    String key(Run run) {
        return schema.shape() == Schema.Shape.SERVICE && run.text("event_id") != null ? run.text("event_id") : run.id();
    }

    /**
     * Inserts the run or updates its row. Several of these belong in one transaction.
     *
     * @return true when a row was inserted or changed
     */
    public boolean write(Run run) {
        Statements statements = statements(run);
        return database.update(run.isEnd() ? statements.end : statements.start, values(statements, run)) > 0;
    }

    /** Looks only. */
    Standing standing(Run run) {
        Statements statements = statements(run);
        List<Object> values = new ArrayList<>(Arrays.asList(values(statements, run)));
        values.add(values.get(statements.columns.indexOf(keyColumn())));
        Row row = database.one(statements.compare, values.toArray()).orElse(null);
        if (row == null) return Standing.ABSENT;
        if (!new Run(row.map()).isEnd()) return Standing.OPEN;
        return row.number("differs") == 0 ? Standing.SAME : Standing.OTHER;
    }

    private Statements statements(Run run) {
        return statements.computeIfAbsent(run.fields().keySet(), this::statements);
    }

    private Statements statements(Set<String> named) {
        List<String> columns = schema.columns().stream().filter(column -> !OWN.contains(column))
                .filter(column -> named.contains(column) || REQUIRED.contains(column)).toList();
        String insert = "INSERT INTO agent_runs (" + String.join(", ", columns) + ") VALUES (" + "?, ".repeat(columns.size() - 1) + "?) ON CONFLICT";
        String set = columns.stream().filter(column -> named.contains(column) && !Set.of("run_id", "event_id").contains(column))
                .map(column -> column + "=" + (isLater(column) ? "coalesce(excluded." + column + ", " + column + ")" : "excluded." + column))
                .collect(Collectors.joining(", "));
        String update = set + (!schema.has("updated_at") ? "" : (set.isEmpty() ? "" : ", ") + "updated_at=datetime('now')");
        String differs = columns.stream().filter(column -> named.contains(column) && !Set.of("run_id", "event_id", "start_time").contains(column))
                .map(column -> column + " IS NOT " + (isLater(column) ? "coalesce(?" + at(columns, column) + ", " + column + ")" : "?" + at(columns, column)))
                .collect(Collectors.joining(" OR "));
        String key = keyColumn();
        return new Statements(columns, insert + " DO NOTHING", insert + "(" + key + ") DO UPDATE SET " + update,
                "SELECT status, end_time, " + (differs.isEmpty() ? "0" : differs) + " AS differs FROM agent_runs WHERE " + key + " = ?" + (columns.size() + 1));
    }

    private static int at(List<String> columns, String column) {
        return columns.indexOf(column) + 1;
    }

    /** Columns that are filled in the database after the run's last line: null in a line does not mean that there is none. */
    private static boolean isLater(String column) {
        return column.startsWith("git_commit_");
    }

    private String keyColumn() {
        return schema.shape() == Schema.Shape.SERVICE ? "event_id" : "run_id";
    }

    /** A value that a column's type or CHECK would refuse becomes the nearest that it takes: no run is left out for one odd value. */
    private Object[] values(Statements statements, Run run) {
        return statements.columns.stream().map(column -> value(column, run)).toArray();
    }

    private Object value(String column, Run run) {
        if (COUNTS.contains(column)) {
            Long count = run.number(column);
            return count == null ? column.equals("duration_ms") ? null : (Long) 0L : schema.shape() == Schema.Shape.SERVICE ? (Long) Math.max(0, count) : count;
        }
        return switch (column) {
            case "status" -> schema.word(run.status() != null ? run.status() : run.isEnd() ? RunStatus.PARTIAL : RunStatus.RUNNING);
            case "event_id" -> eventId(run);
            case "schema_version" -> run.number(column) != null ? run.number(column) : (Integer) schema.version();
            case "agent_name" -> run.agent() != null ? run.agent() : agentOf(run.id());
            case "job_type" -> run.job() == null && schema.shape() == Schema.Shape.SERVICE ? "" : run.job();
            case "start_time" -> run.text(column) != null ? run.text(column) : startOf(run.id());
            case "trigger_type" -> oneOf(TRIGGERS, run.text(column));
            case "git_commit_source" -> oneOf(COMMIT_SOURCES, run.text(column));
            default -> run.fields().get(column);
        };
    }

    /**
     * A run that an older writer recorded has no event_id, and one that a broken writer recorded may have another run's: the row that is there keeps its own,
     * a new one gets one that is always the same.
     */
    private String eventId(Run run) {
        String given = run.text("event_id");
        Object holder = given == null ? null : database.value("SELECT run_id FROM agent_runs WHERE event_id = ?", given);
        if (given != null && (holder == null || holder.equals(run.id()))) return given;
        Object present = given == null && schema.shape() == Schema.Shape.SERVICE
                ? database.value("SELECT event_id FROM agent_runs WHERE run_id = ? ORDER BY id LIMIT 1", run.id()) : null;
        return present != null ? present.toString() : UUID.nameUUIDFromBytes(run.id().getBytes(StandardCharsets.UTF_8)).toString();
    }

    private static String oneOf(Set<String> allowed, String word) {
        return word != null && allowed.contains(word) ? word : null;
    }

    /** The middle of {@code YYYYMMDDTHHMMSSZ-agent-12345678}; the whole id when it has another form. */
    private static String agentOf(String runId) {
        return runId.length() > 26 && runId.charAt(16) == '-' ? runId.substring(17, runId.length() - 9) : runId;
    }

    /** The time that the run's id begins with; the epoch when it has another form. */
    private static String startOf(String runId) {
        String t = runId.length() > 15 ? runId.substring(0, 4) + '-' + runId.substring(4, 6) + '-' + runId.substring(6, 11) + ':'
                + runId.substring(11, 13) + ':' + runId.substring(13, 15) + 'Z' : "";
        Instant start = Times.instant(t);
        return Times.text(start == null ? Instant.EPOCH : start);
    }
}
