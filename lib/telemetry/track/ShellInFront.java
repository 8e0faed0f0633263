package telemetry.track;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import telemetry.NewRun;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.TelemetryClient;

/**
 * The shell that stands in front of this JVM (scripts/track). It starts the program, hands signals on and waits for it, so nothing of ours
 * is between the program and its caller. This side records the run and passes the output through. No signal reaches it.
 *
 * @param pipes  the folder of the pipes between the two
 * @param closed which of the caller's streams 1 and 2 are closed: {@code ""}, {@code "1"}, {@code "2"} or {@code "12"}
 */
public record ShellInFront(Path pipes, String closed) {

    /** The start of a run may wait this long for the store, as for a locked database. Then the program starts all the same. */
    private static final Duration PATIENCE = Duration.ofSeconds(6);

    /** A Ctrl-C that is longer ago than this was not what ended a program that says that all is well. */
    private static final Duration INTERRUPTED = Duration.ofSeconds(10);

    /**
     * The program.
     *
     * @param words   how many of our last arguments are its own
     * @param name    for messages
     * @param isHeard false to leave it on the terminal
     */
    public record Program(int words, String name, boolean isHeard) { }

    /** What the shell says of the program's end. */
    private static final class End {
        private final List<String> signals = new ArrayList<>();
        private long interrupted;
        private boolean isUnfound;
        private boolean isHalted;
        private Integer code;

        private void hear(String line) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "signal" -> signals.add(words[1]);
                case "halted" -> {
                    isHalted = true;
                    signals.add(words[1]);
                    code = -1;
                }
                case "unfound" -> isUnfound = true;
                default -> code = Integer.valueOf(words[1]);
            }
            if (line.equals("signal INT")) interrupted = System.nanoTime();
        }

        /** The signal that stopped the program; null when it ended by itself. */
        private String stopping() {
            if (isHalted) return signals.get(0);
            for (String signal : signals) if (code == 128 + number(signal)) return signal;
            boolean isRecent = System.nanoTime() - interrupted < INTERRUPTED.toNanos();
            for (String signal : signals)
                if (signal.equals("TERM") || signal.equals("INT") && (code != 0 || isRecent) || isReload(signal)
                && code != 0) return signal;
            return null;
        }

        /** Programs read their settings again, or tell how they are, and go on. */
        private static boolean isReload(String signal) {
            return signal.equals("HUP") || signal.equals("QUIT");
        }

        /** Source: POSIX, kill; the others differ between systems, but not those of Linux. */
        private static int number(String signal) {
            return switch (signal) {
                case "HUP" -> 1;
                case "INT" -> 2;
                case "QUIT" -> 3;
                case "ABRT" -> 6;
                case "USR1" -> 10;
                case "USR2" -> 12;
                case "ALRM" -> 14;
                case "TERM" -> 15;
                default -> 0;
            };
        }
    }

    /** Empty where there is none, as under plain {@code jbang}. */
    public static Optional<ShellInFront> ofThisProgram() {
        String pipes = System.getProperty("telemetry.pipes");
        return pipes == null ? Optional.empty() : Optional.of(new ShellInFront(Path.of(pipes), System.getProperty("telemetry.closed", "")));
    }

    /** Tells it that this JVM has come up. Anything that goes wrong from here on is told in words. */
    public void greet() {
        say("up");
    }

    private void say(String word) {
        try {
            Files.writeString(pipes.resolve("told"), word + "\n", StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IllegalStateException("the shell in front is gone", e);
        }
    }

    /**
     * Records the program, which the shell starts when the run has begun. The shell ends as the program does.
     *
     * @param store opens it; what it throws is the caller's fault, and the program does not start
     * @param out   receives the program's standard output
     * @param err   receives its standard error
     * @param notes is told what the caller has to know
     */
    public void record(Supplier<TelemetryClient> store, NewRun what, Program program, OutputStream out, OutputStream err,
            Consumer<String> notes) throws InterruptedException {
        CompletableFuture<TelemetryClient> client = CompletableFuture.supplyAsync(store, ShellInFront::aside);
        CompletableFuture<RunContext> run = client.thenApply(known -> known.start(what));
        CompletableFuture<Heard> heard = run.thenApply(Heard::new);
        if (!isThere(heard)) notes.accept("the store does not answer: the program runs, and what it does may not be recorded");
        List<Pump> pumps = program.isHeard ? pumps(out, err, heard) : List.of();
        tellStart(program, run.getNow(null));
        pumps.forEach(Thread::start);
        say("go");
        End end = end();
        long ended = System.nanoTime();
        for (Pump pump : pumps)
            if (end.code == null) pump.join();
            else if (!end.isHalted && !end.isUnfound) pump.finish(ended);
        if (end.code == null) {
            removePipes();
            return;
        }
        String unfound = program.name + ": " + (end.code == 127 ? "command not found"
                : new File(program.name).isDirectory() ? "it is a folder" : "permission denied");
        if (end.isUnfound) notes.accept(unfound);
        heard.thenAccept(known -> record(end, client.join(), run.join(), end.isUnfound ? unfound : known.summary(said(end)))).join();
    }

    private static void aside(Runnable work) {
        var thread = new Thread(work, "telemetry start");
        thread.setDaemon(true);
        thread.start();
    }

    private static boolean isThere(CompletableFuture<?> begun) throws InterruptedException {
        try {
            begun.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e.getCause());
        }
    }

    private List<Pump> pumps(OutputStream out, OutputStream err, CompletableFuture<Heard> heard) {
        List<Pump> pumps = new ArrayList<>();
        if (!closed.contains("1")) pumps.add(new Pump(() -> new FileInputStream(pipes.resolve("out").toFile()), out, (bytes, length) -> {
            if (heard.isDone() && !heard.isCompletedExceptionally()) heard.join().output(bytes, length);
        }));
        if (!closed.contains("2")) pumps.add(new Pump(() -> new FileInputStream(pipes.resolve("err").toFile()), err, (bytes, length) -> {
            if (heard.isDone() && !heard.isCompletedExceptionally()) heard.join().errors(bytes, length);
        }));
        return pumps;
    }

    /** A run that the program starts finds its caller in two variables. @param run null when it has not begun */
    private void tellStart(Program program, RunContext run) {
        try {
            Files.write(pipes.resolve("start"), List.of(program.words + (program.isHeard ? " heard" : " unheard"),
                    run == null ? "" : run.id(), run == null || run.parent() == null ? "" : run.parent()));
        } catch (IOException e) {
            throw new IllegalStateException("cannot write to " + pipes, e);
        }
    }

    /** Its code is null when the shell was killed. */
    private static End end() {
        var end = new End();
        var lines = new Scanner(System.in, StandardCharsets.US_ASCII);
        while (end.code == null && lines.hasNextLine()) end.hear(lines.nextLine());
        return end;
    }

    /** The shell was killed and cannot do it. */
    private void removePipes() {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(pipes)) {
            for (Path pipe : all) Files.delete(pipe);
            Files.delete(pipes);
        } catch (IOException e) {
            // they are in the temporary folder, and empty
        }
    }

    private static String said(End end) {
        String signal = end.stopping();
        return signal == null ? TrackedProgram.exitCode(end.code) : "stopped by SIG" + signal;
    }

    private static void record(End end, TelemetryClient client, RunContext run, String summary) {
        if (end.stopping() != null) client.end(run, RunStatus.CANCELLED, summary);
        else if (end.code == 0) client.end(run, RunStatus.SUCCESS);
        else client.end(run, RunStatus.FAILED, summary);
        client.close();
    }
}
