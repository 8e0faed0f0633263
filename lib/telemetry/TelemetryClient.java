package telemetry;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import telemetry.os.GitCheckout;
import telemetry.os.Machine;
import telemetry.recording.Recorder;
import telemetry.recording.RunLine;
import telemetry.text.Escaped;

/**
 * Tracks runs of a program: {@code client.track("docs-crawler", "crawl", run -> { … })}. A run's start and end each become a line in the
 * day file, which is on the disk when the call returns, and then a row in the database. Whatever is wrong with the store, the program goes
 * on. It costs one warning, another when a line is lost, and once five seconds of waiting for a locked database. A missing store is not
 * created.
 *
 * <p>For any number of threads, beside other processes. One client lives as long as its program. Close it at the end; nothing is lost if
 * that is forgotten.
 */
public final class TelemetryClient implements AutoCloseable {

    /** The variables that tell a tracked program its run and that run's caller. A run that it starts has the first for its caller. */
    public static final String RUN_ID = "TELEMETRY_RUN_ID";
    public static final String PARENT_RUN_ID = "TELEMETRY_PARENT_RUN_ID";

    /** The tracked work; it may throw anything. */
    @FunctionalInterface
    public interface Work<E extends Exception> {
        void run(RunContext run) throws E;
    }

    /** What all runs have in common while HEAD stays the same. */
    private record Facts(Object head, Map<String, Object> values) { }

    private final Clock clock;
    private final Recorder recorder;
    private final Map<String, Object> common = new LinkedHashMap<>();
    private final Optional<GitCheckout> checkout;
    private volatile Facts facts;

    private TelemetryClient(Store store, Clock clock, Consumer<String> warnings) {
        this.clock = clock;
        this.recorder = new Recorder(store, clock, warnings);
        this.checkout = GitCheckout.around(Path.of(""));
        common.put("host", Machine.name());
        common.put("agent_owner", System.getenv("AGENT_OWNER"));
        String caller = System.getenv(RUN_ID);
        if (caller != null && caller.matches("[\\x21-\\x7e]{1,200}")) common.put("parent_run_id", caller);
        checkout.ifPresent(git -> common.put("git_repo", git.repo()));
    }

    /** For the store that this process's environment names. */
    public static TelemetryClient fromEnv() {
        return at(Store.fromEnv());
    }

    public static TelemetryClient at(Store store) {
        return at(store, Clock.systemUTC(),
                warning -> System.err.println("telemetry: " + Escaped.line(warning) + " (said once; the program goes on)"));
    }

    /** The same with another clock, and with warnings that go elsewhere than to stderr. */
    public static TelemetryClient at(Store store, Clock clock, Consumer<String> warnings) {
        return new TelemetryClient(store, clock, warnings);
    }

    /** Does the work as a run, which succeeds when the work returns and fails when it throws. The exception is rethrown. */
    public <E extends Exception> void track(String agent, String job, Work<E> work) throws E {
        track(new NewRun(agent, job), work);
    }

    /** The same for a run of which more is known. */
    public <E extends Exception> void track(NewRun what, Work<E> work) throws E {
        RunContext run = start(what);
        try {
            work.run(run);
        } catch (Throwable e) {
            end(run, RunStatus.FAILED, named(e));
            throw e;
        }
        end(run, run.status());
    }

    /** Starts a run that does not fit into a block; {@link #end} ends it. */
    public RunContext start(String agent, String job) {
        return start(new NewRun(agent, job));
    }

    /** The same for a run of which more is known. */
    public RunContext start(NewRun what) {
        RunLine line = recorder.line();
        Instant now = clock.instant();
        Run start = line.start(what, facts(), now);
        recorder.guarded(() -> recorder.record(start));
        return new RunContext(recorder, clock, line, start, now);
    }

    /** Ends a run; a run that has ended stays as it is. */
    public void end(RunContext run, RunStatus status) {
        run.end(status, null);
    }

    /** The same. @param error what went wrong */
    public void end(RunContext run, RunStatus status, String error) {
        run.end(status, error);
    }

    /** Records that a run, which may have ended, led to a commit: {@code client.commit("3f2a9c1", run.id())}. */
    public void commit(String hash, String runId) {
        recorder.guarded(() -> recorder.record(new Commit(hash, runId)));
    }

    /** The same with more that is known of it. When this returns it is in the day file, and in the database or a warning was given. */
    public void commit(Commit commit) {
        recorder.guarded(() -> recorder.record(commit));
    }

    /** Why a run's record does not take this value in this column, in words; null when it does. */
    public String refusal(String column, Object value) {
        return recorder.line().refusal(column, value);
    }

    /** True when the database has a run of this id now; false also where it cannot be read. */
    public boolean isKnown(String runId) {
        return recorder.isKnown(runId);
    }

    /** The subject of the first warning; null when the store refused nothing. */
    public StoreException refusal() {
        return recorder.refusal();
    }

    /** The branch may change while a program runs. */
    private Map<String, Object> facts() {
        if (checkout.isEmpty()) return common;
        Object head = checkout.get().head();
        Facts known = facts;
        if (known != null && head != null && head.equals(known.head)) return known.values;
        Map<String, Object> values = new LinkedHashMap<>(common);
        values.put("git_branch", checkout.get().branch());
        facts = new Facts(head, values);
        return values;
    }

    /** {@code IllegalStateException: boom}, as Python's writers have it. */
    private static String named(Throwable e) {
        String name = e.getClass().getSimpleName().isEmpty() ? e.getClass().getName() : e.getClass().getSimpleName();
        try {
            return e.getMessage() == null ? name : name + ": " + e.getMessage();
        } catch (RuntimeException unreadable) {
            return name;
        }
    }

    @Override
    public void close() {
        recorder.close();
    }
}
