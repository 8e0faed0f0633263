package telemetry;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One run as a line or a row holds it: a value for each column of its writer's version, unknown columns included. Values are String, Long,
 * Double, Boolean or null. The accessors read them leniently and never throw.
 */
public record Run(Map<String, Object> fields) implements LogRecord {

    public Run {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    public String id() {
        return text("run_id");
    }

    /** How a run's id is shown: {@code (no id)} for null and a blank one. */
    public static String shownId(String id) {
        return id == null || id.isBlank() ? "(no id)" : id;
    }

    public String agent() {
        return text("agent_name");
    }

    public String job() {
        return text("job_type");
    }

    /** Null when the word is missing or unknown. */
    public RunStatus status() {
        return RunStatus.of(text("status"));
    }

    /** Null when no start can be read. */
    public Instant start() {
        return Times.instant(fields.get("start_time"));
    }

    /** Null while the run is in progress, and for a run that never ended. */
    public Instant end() {
        return Times.instant(fields.get("end_time"));
    }

    /** Null while the run is in progress. */
    public Duration duration() {
        return number("duration_ms") == null ? null : Duration.ofMillis(number("duration_ms"));
    }

    /** True for the record that is written when a run is over. The record written at its start says running. */
    public boolean isEnd() {
        return status() == null ? text("end_time") != null : status().isFinal();
    }

    /** Null when the column is missing or empty. */
    public String text(String column) {
        Object value = fields.get(column);
        return value == null ? null : value.toString();
    }

    /** Null when the column is missing, empty or no whole number. */
    public Long number(String column) {
        Object value = fields.get(column);
        if (value instanceof Number number) return number.longValue();
        try {
            return value == null ? null : Long.valueOf(value.toString().strip());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** This run with one column set, at its place or, if it is new, at the end. */
    public Run with(String column, Object value) {
        var changed = new LinkedHashMap<>(fields);
        changed.put(column, value);
        return new Run(changed);
    }
}
