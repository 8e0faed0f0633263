package telemetry.measure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import telemetry.StoreException;
import telemetry.TelemetryClient;
import telemetry.os.Program;

/**
 * Separate JVMs that track runs in a scratch store at the same time. Each tracks {@link WriteTimes#warming some}, prints a line, waits for
 * a line from us, tracks as many runs as its option {@code --runs} says, and prints another line. The start of the JVMs does not count.
 */
public final class WriterProcesses {
    private WriterProcesses() { }

    /** The time from the start signal to the end of the last. @param program the main class and its arguments */
    static Duration run(List<String> program, ScratchStore scratch, int number, int runs) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp",
                System.getProperty("java.class.path")));
        command.addAll(program);
        command.addAll(List.of("--runs", Integer.toString(runs)));
        List<Process> processes = new ArrayList<>();
        try {
            ProcessBuilder builder = Program.own(command).builder().redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(scratch.environment());
            for (int n = 0; n < number; n++) processes.add(builder.start());
            for (Process process : processes) hear(process, scratch);
            long began = System.nanoTime();
            for (Process process : processes) {
                process.getOutputStream().write('\n');
                process.getOutputStream().flush();
            }
            for (Process process : processes) hear(process, scratch);
            long took = System.nanoTime() - began;
            for (Process process : processes) if (process.waitFor() != 0) throw ended(process, scratch);
            return Duration.ofNanos(took);
        } catch (IOException e) {
            throw failed(scratch, "one cannot be started or heard: " + e.getMessage());
        } finally {
            processes.forEach(Process::destroyForcibly);
            for (Process process : processes) process.onExit().join();
        }
    }

    private static void hear(Process process, ScratchStore scratch) throws IOException, InterruptedException {
        if (process.inputReader(StandardCharsets.UTF_8).readLine() == null) throw ended(process, scratch);
    }

    private static StoreException ended(Process process, ScratchStore scratch) throws InterruptedException {
        return failed(scratch, "one ended with exit code " + process.waitFor());
    }

    private static StoreException failed(ScratchStore scratch, String why) {
        String tried = "measure writing by several processes in";
        return new StoreException(StoreException.Reason.FAILED, tried, scratch.store().base(), why, null);
    }

    /**
     * What each process does.
     *
     * @param say prints a line at once
     * @return false when the start signal did not come
     */
    public static boolean beOne(TelemetryClient client, int runs, Consumer<String> say) throws IOException {
        WriteTimes.track(client, WriteTimes.warming(runs));
        say.accept("ready");
        if (System.in.read() < 0) return false;
        WriteTimes.track(client, runs);
        say.accept("done");
        return true;
    }
}
