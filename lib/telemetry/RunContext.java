package telemetry;

import java.time.Clock;
import java.time.Instant;
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
     * @param payload null for none
     */
    public RunContext event(String type, Map<String, ?> payload) {
        recorder.guarded(() ->
                recorder.record(new Event(id(), String.valueOf(type), clock.instant(), payload == null ? null : Metrics.json(payload))));
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

    RunStatus status() {
        return status;
    }

    /** The first end counts; a second caller waits until it is recorded. @param error null for none */
    synchronized void end(RunStatus status, String error) {
        if (ended) return;
        ended = true;
        recorder.guarded(() -> recorder.record(line.end(start, started, status, metrics, error, clock.instant())));
    }
}
