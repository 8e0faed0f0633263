package telemetry.track;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import telemetry.os.Machine;
import telemetry.os.Program;

/**
 * A program that runs as if it had been started without us. It reads our standard input itself. Its output passes through at once and byte
 * for byte, while a listener hears the lines. What it leaves running in the background can print only while we run.
 */
public final class PassThrough {

    /** Hears lines. Most do not matter, so it decodes those that do by itself. */
    @FunctionalInterface
    public interface Listener {
        /** The line's bytes, the first {@code length} of these, without its newline; they are overwritten afterwards. */
        void heard(byte[] bytes, int length);
    }

    private final Process process;
    private final List<Pump> pumps;

    private PassThrough(Process process, List<Pump> pumps) {
        this.process = process;
        this.pumps = pumps;
        pumps.forEach(Thread::start);
    }

    /**
     * Starts the program. Its standard output and error are pipes, even where ours are a terminal.
     *
     * @param variables for it, besides ours; null removes one
     * @param out    receives its standard output, unbuffered
     * @param output hears it, on one thread
     * @param err    receives its standard error
     * @param errors hears it, on another thread
     * @throws IOException when there is no such program or it cannot be run; on Windows {@code NoSuchFileException} in the first case
     */
    public static PassThrough start(List<String> command, Map<String, String> variables, OutputStream out, Listener output,
            OutputStream err, Listener errors) throws IOException {
        Process process = program(command, variables).start();
        return new PassThrough(process,
                List.of(new Pump(process::getInputStream, out, output), new Pump(process::getErrorStream, err, errors)));
    }

    /** Starts the program on our own standard output and error, a terminal included; nothing is heard. */
    public static PassThrough startUnheard(List<String> command, Map<String, String> variables) throws IOException {
        ProcessBuilder program = program(command, variables).redirectOutput(Redirect.INHERIT).redirectError(Redirect.INHERIT);
        return new PassThrough(program.start(), List.of());
    }

    private static ProcessBuilder program(List<String> command, Map<String, String> variables) throws IOException {
        ProcessBuilder program = new Program(command, true, variables).builder();
        Machine.restoreLocale(program.environment());
        return program.redirectInput(isStdinOurs() ? Redirect.from(Machine.nothing()) : Redirect.INHERIT);
    }

    /** A JVM that is started with a closed stdin opens its own first file there. */
    private static boolean isStdinOurs() {
        try {
            return Path.of("/proc/self/fd/0").toRealPath().startsWith(Path.of(System.getProperty("java.home")).toRealPath());
        } catch (IOException e) {
            return false;
        }
    }

    /** Waits for its end and its last output, despite interrupts. @return its exit code; 128 + n when signal n ended it */
    int waitFor() {
        boolean interrupted = false;
        while (true) {
            try {
                int code = process.waitFor();
                long ended = System.nanoTime();
                for (Pump pump : pumps) pump.finish(ended);
                if (interrupted) Thread.currentThread().interrupt();
                return code;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    /** @return true when it ended within this time */
    boolean endsWithin(Duration time) {
        try {
            return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    /** Asks it to end (TERM); it may take its time or ignore that. {@code Process.destroy} would close its output too. */
    void terminate() {
        process.toHandle().destroy();
    }
}
