package telemetry.track;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import telemetry.NewRun;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.TelemetryClient;
import telemetry.os.Machine;

/**
 * A program run as a tracked run: what it prints sets metrics, how it ends is how the run ends, and the signal that would end us ends it
 * and the run first. For one run.
 */
public final class TrackedProgram {
    private static final Duration CTRL_C_PATIENCE = Duration.ofSeconds(2);

    /** Starts the program with these listeners, or without when it is not to be listened to. */
    @FunctionalInterface
    public interface Starter {
        PassThrough start(PassThrough.Listener output, PassThrough.Listener errors) throws IOException;
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
     * Starts the run and the program and waits for both to be over.
     *
     * @param notes is told when the program cannot be run
     * @return the program's exit code; 128 + n when signal n ended it, 127 when there is none, 126 when it cannot be run
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
            program = starter.start(heard::output, heard::errors);
        } catch (IOException e) {
            notStarted = e;
        }
    }

    /** A terminal's Ctrl-C ends the program at the moment it comes here: a failure is believed only when no signal has followed it. */
    private int end() throws InterruptedException {
        int code = program.waitFor();
        if (code != 0) Thread.sleep(code > 128 ? 1_000 : 100);
        if (stopped) return code;
        if (code == 0) client.end(run, RunStatus.SUCCESS);
        else client.end(run, RunStatus.FAILED, heard.summary("exit code " + code + signalIn(code)));
        return code;
    }

    /** Source: POSIX Shell Command Language, 2.8.2 Exit Status for Commands; Linux has 64 signals. */
    private static String signalIn(int code) {
        return code > 128 && code <= 192 && !Machine.isWindows() ? " (signal " + (code - 128) + ")" : "";
    }

    /** ENOENT is 2 everywhere; Java has it in the message only. */
    private int endNotStarted(Consumer<String> notes) {
        boolean missing = notStarted.getMessage().matches("(?s).*\\berror[:=] ?2\\b.*");
        String why = missing ? name + ": command not found" : notStarted.getMessage();
        notes.accept(why);
        client.end(run, RunStatus.FAILED, why);
        return missing ? 127 : 126;
    }

    /**
     * Comes with a signal, and the JVM ends with the signal's code after it; also at every normal end, when there is nothing to do any
     * more.
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

    /** Java does not tell which signal ends it, but names the thread that does so after it. */
    private static String signal() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> name.matches("SIG\\w+ handler"))
                .map(name -> name.replace(" handler", "")).findFirst().orElse("SIGTERM");
    }
}
