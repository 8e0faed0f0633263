package telemetry.rebuild;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import telemetry.Database;
import telemetry.Row;
import telemetry.RunStatus;
import telemetry.runs.Columns;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;

/** One old row in the words of other writers' table. */
final class TranslatedRow {

    /** The name under which an old row has its number. */
    static final String NUMBER = "reshape_number";

    /** Those whose values may become others. */
    static final Set<String> COLUMNS = Set.of("status", "event_id", "trigger_type", "git_commit_source", "items_discovered",
            "items_succeeded", "items_failed", "items_skipped", "duration_ms", "api_retry_count", "job_type", "created_at");

    private final Row row;
    private final Schema old;
    private final Schema schema;
    private final Database database;
    private final Set<String> translated;
    private final List<String> refused = new ArrayList<>();

    /**
     * @param schema     of the new table
     * @param database   has the runs of the lines, whose event_ids count
     * @param translated receives each status that gets another word: {@code failed -> failure}
     */
    TranslatedRow(Row row, Schema old, Schema schema, Database database, Set<String> translated) {
        this.row = row;
        this.old = old;
        this.schema = schema;
        this.database = database;
        this.translated = translated;
    }

    /** What the new table would refuse and was left out, in words. */
    List<String> refused() {
        return refused;
    }

    /** The old row, by column. */
    Map<String, Object> told() {
        Map<String, Object> told = new LinkedHashMap<>(row.map());
        told.remove(NUMBER);
        return told;
    }

    /** What the new table gets in this column. */
    Object value(String column) {
        Object value = column.equals("event_id") && !old.has(column) ? null : row.get(column);
        boolean isService = schema.shape() == Schema.Shape.SERVICE;
        return switch (column) {
            case "status" -> status(value);
            case "event_id" -> value == null || value.toString().isBlank() ? eventId() : value;
            case "trigger_type", "git_commit_source" -> isService ? value : word(column, value);
            case "job_type" -> value == null && isService ? "" : value;
            case "created_at" -> value == null && isService ? row.get("start_time") : value;
            default -> isService && COLUMNS.contains(column) ? notNegative(column, value) : value;
        };
    }

    private Object status(Object value) {
        RunStatus known = value == null ? null : RunStatus.of(value.toString());
        if (known == null && value != null) refused.add("the status '" + value + "' is no word of these writers");
        boolean isOver = row.get("end_time") != null;
        String word = schema.word(known != null ? known : isOver ? RunStatus.PARTIAL : RunStatus.RUNNING);
        if (value != null && !word.equals(value)) translated.add(value + " -> " + word);
        return word;
    }

    private Object word(String column, Object value) {
        boolean isTaken = value == null || Columns.words(column).contains(value.toString());
        if (!isTaken) refused.add(column + " '" + value + "' is none of " + Columns.words(column));
        return isTaken ? value : null;
    }

    private Object notNegative(String column, Object value) {
        boolean isTaken = !(value instanceof Number number) || number.doubleValue() >= 0;
        if (!isTaken) refused.add(column + " is " + value);
        return isTaken ? value : (Object) 0L;
    }

    private Object eventId() {
        Object run = row.get("run_id");
        if (run == null) return RowForm.derivedEventId("row " + row.values().get(row.values().size() - 1));
        Object ofLines = database.value("SELECT min(event_id) FROM main.agent_runs WHERE run_id = ?", run);
        return ofLines != null ? ofLines : RowForm.derivedEventId(run.toString());
    }
}
