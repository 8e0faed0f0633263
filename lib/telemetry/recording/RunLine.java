package telemetry.recording;

import java.time.Duration;
import java.time.Instant;
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
import telemetry.runs.Schema;

/**
 * The records of a run that starts and ends now: their fields and the fields' order, for each version of a store. Writers of v1 and v2
 * stores record as v3 does.
 */
public final class RunLine {

    private static final Schema RUNBOOK = new Schema(Schema.Shape.RUNBOOK, Schema.RUNBOOK_VERSION,
            List.of(), Set.of(), Set.of(), Schema.RUNBOOK_VERSION, 0, "rowid", null);
    private static final int LONGEST_NAME = 64;

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
    }

    /** True when it was made for exactly this schema. */
    boolean isOf(Schema other) {
        return schema == other;
    }

    /**
     * The record of a run's start. It includes what is known already, in {@code common} for all runs of this program or in {@code what}.
     */
    public Run start(NewRun what, Map<String, Object> common, Instant now) {
        Map<String, Object> fields = new LinkedHashMap<>(fresh);
        if (fresh.containsKey("event_id")) fields.put("event_id", UUID.randomUUID().toString());
        fields.putAll(common);
        fields.putAll(what.fields());
        fields.replace("run_id", id(what, now));
        fields.replace("start_time", Times.text(now));
        fields.replace("schema_version", (long) version);
        fields.replace("status", RunStatus.RUNNING.toString());
        return new Run(fields);
    }

    /** The record of the end of a run that this form started. */
    public Run end(Run start, Instant then, RunStatus status, Metrics metrics, String error, Instant now) {
        Map<String, Object> fields = new LinkedHashMap<>(start.fields());
        metrics.addTo(fields);
        fields.put("end_time", Times.text(now));
        fields.put("status", schema.word(status));
        fields.put("duration_ms", Math.max(0, Duration.between(then, now).toMillis()));
        if (error != null) fields.put("error_summary", error);
        return new Run(fields);
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
