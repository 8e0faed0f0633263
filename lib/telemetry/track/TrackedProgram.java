package telemetry.track;

import java.io.File;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import telemetry.NewRun;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.TelemetryClient;
import telemetry.os.Machine;
import telemetry.text.Escaped;

/**
 * A program run as a tracked run. Its output sets metrics, and its end decides how the run ends. A signal that would end us first ends the
 * program and the run. For one run.
 */
public final class TrackedProgram {
    private static final Duration CTRL_C_PATIENCE = Duration.ofSeconds(2);

    /** Starts the program with these variables (null removes one) and these listeners, or without any. */
    @FunctionalInterface
    public interface Starter {
        PassThrough start(Map<String, String> variables, PassThrough.Listener output, PassThrough.Listener errors) throws IOException;
    }

    private final TelemetryClient client;
    private final String name;
    private final Starter starter;
    private RunContext run;
    private Heard heard;
    private PassThrough program;
    private IOException notStarted;
    private volatile boolean stopped;
    private volatile boolean over;

    /** @param name of the program, for messages */
    public TrackedProgram(TelemetryClient client, String name, Starter starter) {
        this.client = client;
        this.name = name;
        this.starter = starter;
    }

    /**
     * Starts the run and the program, and waits for the end of both.
     *
     * @param notes is told when the program cannot be run
     * @return the program's exit code; 128 + n when signal n ended it, 127 when there is no such program, 126 when it cannot be run
     */
    public int run(NewRun what, Consumer<String> notes) throws InterruptedException {
        onSignal();
        start(what);
        int code = program != null ? end() : notStarted != null ? endNotStarted(notes) : 128;
        over = true;
        return code;
    }

    private void onSignal() {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
        } catch (IllegalStateException e) {
            stopped = true;
        }
    }

    private synchronized void start(NewRun what) {
        if (stopped) return;
        run = client.start(what);
        heard = new Heard(run);
        if (stopped) return;
        try {
            program = starter.start(variables(), heard::output, heard::errors);
        } catch (IOException e) {
            notStarted = e;
        }
    }

    /** A run that the program starts finds its caller in them. */
    private Map<String, String> variables() {
        Map<String, String> variables = new HashMap<>();
        variables.put(TelemetryClient.RUN_ID, run.id());
        variables.put(TelemetryClient.PARENT_RUN_ID, run.parent());
        return variables;
    }

    /** A terminal's Ctrl-C reaches the program and us at the same moment, so a failure counts only if no signal follows it. */
    private int end() throws InterruptedException {
        int code = program.waitFor();
        if (code != 0) Thread.sleep(code > 128 ? 1_000 : 100);
        if (stopped) return code;
        if (code == 0) client.end(run, RunStatus.SUCCESS);
        else client.end(run, RunStatus.FAILED, heard.summary(exitCode(code)));
        return code;
    }

    /** {@code exit code 137 (signal 9)}. Source: POSIX Shell Command Language, 2.8.2 Exit Status for Commands; Linux has 64 signals. */
    static String exitCode(int code) {
        return "exit code " + code + (code > 128 && code <= 192 && !Machine.isWindows() ? " (signal " + (code - 128) + ")" : "");
    }

    private int endNotStarted(Consumer<String> notes) {
        boolean missing = isMissing();
        String why = missing ? name + ": command not found" : notStarted.getMessage();
        notes.accept(Escaped.line(why));
        client.end(run, RunStatus.FAILED, why);
        return missing ? 127 : 126;
    }

    /**
     * ENOENT is 2 everywhere; Java has it only in the message. The system says EACCES where the PATH has a folder that this account may not
     * enter, also when no other folder has the program. A shell calls that "not found".
     */
    private boolean isMissing() {
        if (notStarted instanceof NoSuchFileException || notStarted.getMessage().matches("(?s).*\\berror[:=] ?2\\b.*")) return true;
        String path = System.getenv("PATH");
        return !Machine.isWindows() && path != null && !name.contains("/")
                && Stream.of(path.split(":")).noneMatch(folder -> new File(folder, name).exists());
    }

    /**
     * Runs after a signal, before the JVM ends with the signal's code. It also runs at every normal end, when there is nothing left to do.
     */
    private void stop() {
        if (over) return;
        stopped = true;
        if (!isStarted()) return;
        String signal = signal();
        if (program != null) {
            if (!signal.equals("SIGINT") || !program.endsWithin(CTRL_C_PATIENCE)) program.terminate();
            program.waitFor();
        }
        client.end(run, RunStatus.CANCELLED, heard.summary("stopped by " + signal));
    }

    /** Waits for {@link #start}. */
    private synchronized boolean isStarted() {
        return run != null;
    }

    /** Java does not say which signal ends it, but the thread that handles it has the signal's name. */
    private static String signal() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> name.matches("SIG\\w+ handler"))
                .map(name -> name.replace(" handler", "")).findFirst().orElse("SIGTERM");
    }
}
