package telemetry.measure;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import telemetry.StoreException;
import telemetry.TelemetryClient;

/**
 * JVMs of their own that track runs in a scratch store at the same time. Each tracks {@link WriteTimes#warming some} and prints a line,
 * waits for one from us, tracks as many runs as its option {@code --runs} says, and prints another line. What a JVM takes to start does not
 * count.
 */
public final class WriterProcesses implements AutoCloseable {
    private static final String TRIED = "measure writing by several processes in";

    private final ScratchStore scratch;
    private final List<Process> processes = new ArrayList<>();
    private final List<BufferedReader> said = new ArrayList<>();

    /** Starts them. @param program the main class and its arguments */
    WriterProcesses(List<String> program, ScratchStore scratch, int number, int runs) {
        this.scratch = scratch;
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
        command.addAll(program);
        command.addAll(List.of("--runs", Integer.toString(runs)));
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(scratch.environment());
        try {
            for (int n = 0; n < number; n++) {
                processes.add(builder.start());
                said.add(processes.get(n).inputReader(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            close();
            throw failed("a JVM could not be started: " + e.getMessage());
        }
    }

    /**
     * What each of them does.
     *
     * @param say prints a line at once
     * @return false when nobody gave the word to go
     */
    public static boolean beOne(TelemetryClient client, int runs, Consumer<String> say) throws IOException {
        WriteTimes.track(client, WriteTimes.warming(runs));
        say.accept("ready");
        if (System.in.read() < 0) return false;
        WriteTimes.track(client, runs);
        say.accept("done");
        return true;
    }

    /** From the word to go until the last is done. */
    Duration run() throws InterruptedException {
        for (int n = 0; n < processes.size(); n++) hear(n);
        long began = System.nanoTime();
        for (Process process : processes) go(process);
        for (int n = 0; n < processes.size(); n++) hear(n);
        long took = System.nanoTime() - began;
        for (Process process : processes) if (process.waitFor() != 0) throw failed("one ended with exit code " + process.exitValue());
        return Duration.ofNanos(took);
    }

    private void hear(int n) throws InterruptedException {
        try {
            if (said.get(n).readLine() == null) throw failed("one ended with exit code " + processes.get(n).waitFor());
        } catch (IOException e) {
            throw failed("one cannot be heard: " + e.getMessage());
        }
    }

    private void go(Process process) {
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw failed("one does not listen: " + e.getMessage());
        }
    }

    private StoreException failed(String why) {
        return new StoreException(StoreException.Reason.FAILED, TRIED, scratch.store().base(), why, null);
    }

    /** Whoever has not ended, is ended: before the scratch store goes. */
    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
        for (Process process : processes) process.onExit().join();
    }
}
