package telemetry;

import java.time.Clock;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import telemetry.recording.Recorder;
import telemetry.recording.RunLine;

/** A run in progress, for the program that does its work. For several threads. */
public final class RunContext {
    private final Recorder recorder;
    private final Clock clock;
    private final RunLine line;
    private final Run start;
    private final Instant started;
    private final Metrics metrics = new Metrics();
    private final Map<String, Object> set = Collections.synchronizedMap(new LinkedHashMap<>());
    private boolean ended;
    private volatile RunStatus status = RunStatus.SUCCESS;

    RunContext(Recorder recorder, Clock clock, RunLine line, Run start, Instant started) {
        this.recorder = recorder;
        this.clock = clock;
        this.line = line;
        this.start = start;
        this.started = started;
    }

    /** {@code 20251210T120530Z-docs-crawler-0123abcd} */
    public String id() {
        return start.id();
    }

    /** The same without a payload. */
    public RunContext event(String type) {
        return event(type, null);
    }

    /**
     * Records that something happened: {@code run.event("checkpoint", Map.of("step", 1))}. When this returns it is in the day file, and
     * nowhere else.
     *
     * @param payload null or empty for none
     */
    public RunContext event(String type, Map<String, ?> payload) {
        recorder.guarded(() -> {
            String json = payload == null || payload.isEmpty() ? null : Metrics.json(payload);
            recorder.record(new Event(id(), String.valueOf(type), clock.instant(), json));
        });
        return this;
    }

    /**
     * Sets what the run's end will report: {@code run.metrics(m -> m.itemsDiscovered(10).itemsSucceeded(9).set("pages", 3))}. May be called
     * repeatedly.
     */
    public RunContext metrics(Consumer<Metrics> set) {
        set.accept(metrics);
        return this;
    }

    /** Sets how the run ends if nothing is thrown: {@link RunStatus#PARTIAL}, for example. The default is success. */
    public RunContext status(RunStatus status) {
        if (status != null) this.status = status;
        return this;
    }

    /**
     * Sets a column that the run's end will have: {@code run.set("product", "words")}. A column that the store's runs lack, or that the
     * recording sets itself, costs a warning. A later value replaces an earlier one, null is none.
     */
    public RunContext set(String column, Object value) {
        recorder.guarded(() -> {
            String refusal = value == null ? line.refusal(column) : line.refusal(column, value);
            if (refusal != null) recorder.remark(refusal);
            else set.put(column, line.value(column, value));
        });
        return this;
    }

    /** The run that called this one; null for none. */
    public String parent() {
        return start.text("parent_run_id");
    }

    RunStatus status() {
        return status;
    }

    private Map<String, Object> setNow() {
        synchronized (set) {
            return new LinkedHashMap<>(set);
        }
    }

    /** The first end counts; a second caller waits until it is recorded. @param error null for none */
    synchronized void end(RunStatus status, String error) {
        if (ended) return;
        ended = true;
        recorder.guarded(() -> recorder.record(line.end(start, started, status, setNow(), metrics, error, clock.instant())));
    }
}
