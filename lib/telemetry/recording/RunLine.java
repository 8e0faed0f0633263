package telemetry.recording;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import telemetry.Metrics;
import telemetry.NewRun;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Times;
import telemetry.runs.Columns;
import telemetry.runs.Limits;
import telemetry.runs.Schema;
import telemetry.text.PythonText;

/**
 * The records of a run that starts and ends now: their fields and the fields' order, for each version of a store. Their lines are the
 * Python writers' to the byte. Writers of v1 and v2 stores record as v3 does.
 */
public final class RunLine {

    private static final Schema RUNBOOK = new Schema(Schema.Shape.RUNBOOK, Schema.RUNBOOK_VERSION,
            List.of(), Set.of(), Set.of(), Schema.RUNBOOK_VERSION, 0, "rowid", null, Limits.NONE);
    private static final int LONGEST_NAME = 64;

    /** Since this version a running run has a duration, a start has the times of its row, and metrics are an object. */
    private static final int LATER = 6;

    /** Counts up, so that all runs of this process have different ids, however many start within a second. */
    private static final AtomicInteger NEXT_ID = new AtomicInteger(ThreadLocalRandom.current().nextInt());

    private final Schema schema;
    private final int version;

    /**
     * What every start has, in the writers' order. It is made once because a program's first runs are not yet compiled (bench row {@code
     * track}).
     */
    private final Map<String, Object> fresh;

    /** @param schema null while it is unknown: then it is the runbook's */
    RunLine(Schema schema) {
        this.schema = schema == null ? RUNBOOK : schema;
        this.version = Math.max(Schema.RUNBOOK_VERSION, this.schema.version());
        this.fresh = Columns.fresh(version);
        fresh.replace("trigger_type", "cli");
        if (version >= LATER) fresh.replace("duration_ms", 0L);
    }

    /** True when it was made for exactly this schema. */
    boolean isOf(Schema other) {
        return schema == other;
    }

    /** Why a run's record does not take this value in this column, in words; null when it does. */
    public String refusal(String column, Object value) {
        String refusal = refusal(column);
        if (refusal != null) return refusal;
        if (Columns.isCount(column) && !(value(column, value) instanceof Long)) return column + " takes whole numbers only";
        Set<String> words = Columns.words(column);
        return words.isEmpty() || schema.shape() == Schema.Shape.SERVICE || words.contains(String.valueOf(value)) ? null
                : column + " takes " + String.join(", ", words) + " only";
    }

    /** The same of the column alone. */
    public String refusal(String column) {
        boolean isUnknown = schema == RUNBOOK;
        boolean isThere = isUnknown ? Columns.isKnown(column) : schema.has(column) || fresh.containsKey(column);
        if (Columns.isOfTheRecorder(column)) return column + " is set by the recording itself";
        return isThere ? null : "runs " + (isUnknown ? "of any version" : "of this store (" + schema + ")") + " have no column " + column;
    }

    /** A value as the column has it in a line. */
    public Object value(String column, Object given) {
        if (given instanceof Integer number) return number.longValue();
        if (given instanceof String text && Columns.isCount(column) && text.matches("-?\\d{1,18}")) return Long.valueOf(text);
        if (!(given instanceof Map) && !(given instanceof Iterable)) return given;
        return version >= LATER ? new PythonText(PythonText.of(given)) : PythonText.of(given);
    }

    /**
     * The record of a run's start. It includes what is known already, in {@code common} for all runs of this program or in {@code what}.
     */
    public Run start(NewRun what, Map<String, Object> common, Instant now) {
        Map<String, Object> fields = new LinkedHashMap<>(fresh);
        if (fresh.containsKey("event_id")) fields.put("event_id", UUID.randomUUID().toString());
        fields.putAll(common);
        what.fields().forEach((column, value) -> fields.put(column, value(column, value)));
        if (fields.get("run_id") == null) fields.replace("run_id", id(what, now));
        fields.replace("start_time", Times.isoformat(now));
        fields.replace("schema_version", (long) version);
        fields.replace("status", RunStatus.RUNNING.toString());
        if (version >= LATER) setRowTimes(fields, Times.isoformat(now));
        return new Run(fields);
    }

    /** @param set columns that were set meanwhile */
    public Run end(Run start, Instant then, RunStatus status, Map<String, Object> set, Metrics metrics, String error, Instant now) {
        Map<String, Object> fields = new LinkedHashMap<>(start.fields());
        fields.putAll(set);
        metrics.addTo(fields, version >= LATER);
        fields.put("end_time", Times.isoformat(now));
        fields.put("status", schema.shape() == Schema.Shape.RUNBOOK ? status.toString() : schema.word(status));
        fields.put("duration_ms", Math.max(0, milliseconds(then, now)));
        if (error != null) fields.put("error_summary", error);
        if (version >= LATER) setRowTimes(fields, null);
        return new Run(fields);
    }

    private static void setRowTimes(Map<String, Object> fields, String time) {
        fields.replace("created_at", time);
        fields.replace("updated_at", time);
    }

    /** As Python's {@code int((end - start).total_seconds() * 1000)}: between the texts, in floating point. */
    private static long milliseconds(Instant then, Instant now) {
        long micros = ChronoUnit.MICROS.between(then.truncatedTo(ChronoUnit.MICROS), now.truncatedTo(ChronoUnit.MICROS));
        return (long) (micros / 1e6 * 1000);
    }

    /** {@code 20251210T120530Z-docs-crawler-0123abcd} */
    private static String id(NewRun what, Instant now) {
        String agent = what.fields().get("agent_name") instanceof String name ? name : "";
        return Times.stamp(now).replace('_', 'T') + "Z-" + plain(agent) + "-" + eight(Integer.toHexString(NEXT_ID.getAndIncrement()));
    }

    /** Letters, digits, dot, dash and underscore only: an id may become a file's name or part of a command. */
    private static String plain(String name) {
        var plain = new StringBuilder(name.length());
        name.chars().limit(LONGEST_NAME)
                .forEach(c -> plain.append(c < 0x80 && Character.isLetterOrDigit(c) || "._-".indexOf(c) >= 0 ? (char) c : '-'));
        return plain.toString();
    }

    private static String eight(String hex) {
        return "0".repeat(8 - hex.length()) + hex;
    }
}
