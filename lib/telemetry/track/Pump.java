package telemetry.track;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/** Passes a program's output through at once, while a listener hears the lines. A thread that does not keep the JVM from ending. */
final class Pump extends Thread {

    /** Opens the program's end, which may take until the program is there. */
    @FunctionalInterface
    interface Source {
        InputStream open() throws IOException;
    }

    /** In bytes; of a longer line only the beginning is heard. */
    private static final int LONGEST_HEARD = 4_096;

    /** How long to wait for output after the program's end: a background process may still hold the stream. */
    private static final Duration SILENCE = Duration.ofMillis(500);

    private final Source source;
    private final OutputStream to;
    private final PassThrough.Listener listener;
    private final byte[] line = new byte[LONGEST_HEARD];
    private int length;
    private volatile boolean waiting = true;
    private volatile long waitingSince = System.nanoTime();

    Pump(Source source, OutputStream to, PassThrough.Listener listener) {
        this.source = source;
        this.to = to;
        this.listener = listener;
        setDaemon(true);
    }

    /** Closes our end when the other end is closed ({@code | head}), so the program learns what it would have learned without us. */
    @Override
    public void run() {
        byte[] buffer = new byte[1 << 16];
        try (InputStream from = source.open()) {
            for (int read = read(from, buffer); read >= 0; read = read(from, buffer)) {
                to.write(buffer, 0, read);
                listen(buffer, read);
            }
        } catch (IOException e) {
            // the reader is gone
        }
        if (length > 0) endLine();
    }

    private int read(InputStream from, byte[] buffer) throws IOException {
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

    /** Waits for the last output. @param ended when the program did, in {@code System.nanoTime()} */
    void finish(long ended) throws InterruptedException {
        do join(20);
        while (isAlive() && !(waiting && System.nanoTime() - Math.max(ended, waitingSince) > SILENCE.toNanos()));
    }
}
