package telemetry.track;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import telemetry.os.Machine;

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

    /** In bytes; of a longer line only the beginning is heard. */
    private static final int LONGEST_HEARD = 4_096;

    /** How long to wait for output after the program's end: a background process may still hold the stream. */
    private static final Duration SILENCE = Duration.ofMillis(500);

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
     * @throws IOException when there is no such program or it cannot be run
     */
    public static PassThrough start(List<String> command, Map<String, String> variables, OutputStream out, Listener output,
            OutputStream err, Listener errors) throws IOException {
        Process process = program(command, variables).redirectInput(ProcessBuilder.Redirect.INHERIT).start();
        return new PassThrough(process,
                List.of(new Pump(process.getInputStream(), out, output), new Pump(process.getErrorStream(), err, errors)));
    }

    /** Starts the program on our own standard output and error, a terminal included; nothing is heard. */
    public static PassThrough startUnheard(List<String> command, Map<String, String> variables) throws IOException {
        return new PassThrough(program(command, variables).inheritIO().start(), List.of());
    }

    private static ProcessBuilder program(List<String> command, Map<String, String> variables) {
        var program = new ProcessBuilder(Machine.startable(command, Machine.environment()));
        variables.forEach((name, value) -> {
            if (value == null) program.environment().remove(name);
            else program.environment().put(name, value);
        });
        return program;
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

    private static final class Pump extends Thread {
        private final InputStream from;
        private final OutputStream to;
        private final Listener listener;
        private final byte[] line = new byte[LONGEST_HEARD];
        private int length;
        private volatile boolean waiting;
        private volatile long waitingSince;

        private Pump(InputStream from, OutputStream to, Listener listener) {
            this.from = from;
            this.to = to;
            this.listener = listener;
            setDaemon(true);
        }

        /** Closes our end when the other end is closed ({@code | head}), so the program learns what it would have learned without us. */
        @Override
        public void run() {
            byte[] buffer = new byte[1 << 16];
            try (from) {
                for (int read = read(buffer); read >= 0; read = read(buffer)) {
                    to.write(buffer, 0, read);
                    listen(buffer, read);
                }
            } catch (IOException e) {
                // the reader is gone
            }
            if (length > 0) endLine();
        }

        private int read(byte[] buffer) throws IOException {
            waitingSince = System.nanoTime();
            waiting = true;
            int read = from.read(buffer);
            waiting = false;
            return read;
        }

        private void listen(byte[] buffer, int read) {
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') endLine();
                else if (length < LONGEST_HEARD) line[length++] = buffer[i];
            }
        }

        private void endLine() {
            boolean isWindows = length > 0 && line[length - 1] == '\r';
            listener.heard(line, isWindows ? length - 1 : length);
            length = 0;
        }

        private void finish(long ended) throws InterruptedException {
            do join(20);
            while (isAlive() && !(waiting && System.nanoTime() - Math.max(ended, waitingSince) > SILENCE.toNanos()));
        }
    }
}
