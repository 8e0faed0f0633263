package telemetry.text;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import telemetry.Times;

/**
 * Shows how far long work has come, on one line that is rewritten in place. It shows nothing in the first second, and nothing at all
 * without a terminal.
 */
public final class Progress implements AutoCloseable {
    private static final long FIRST = 1_000_000_000L;
    private static final long BETWEEN = 200_000_000L;

    /** Shows nothing. */
    public static final Progress NONE = new Progress(null, "", 0);

    private final PrintWriter err;
    private final String what;
    private final long total;
    private final LongSupplier clock;
    private final long began;
    private long next;
    private int shown;

    /**
     * @param what  what is counted: {@code "runs"}
     * @param total how many there will be; 0 when that is unknown
     */
    public Progress(PrintWriter err, String what, long total) {
        this(isTerminal() ? err : null, what, total, System::nanoTime);
    }

    /** The same wherever {@code err} leads, with another clock of nanoseconds. */
    Progress(PrintWriter err, String what, long total, LongSupplier clock) {
        this.err = err;
        this.what = what;
        this.total = total;
        this.clock = clock;
        this.began = clock.getAsLong();
        this.next = began + FIRST;
    }

    /** Linux shows where stderr leads. Elsewhere there is a console only when nothing is redirected. */
    private static boolean isTerminal() {
        try {
            String stderr = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return stderr.startsWith("/dev/pts/") || stderr.startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException e) {
            return System.console() != null;
        }
    }

    /** Call it as often as you like: it draws at most five times a second. */
    public void at(long done) {
        if (err == null || done <= 0) return;
        long now = clock.getAsLong();
        if (now < next) return;
        next = now + BETWEEN;
        double perNano = (double) done / (now - began);
        String rate = String.format(Locale.ROOT, " %s, %,.0f a second", what, perNano * 1e9);
        show(total == 0 ? String.format(Locale.ROOT, "%,d", done) + rate : String.format(Locale.ROOT, "%,d of %,d", done, total) + rate
                + ", " + Times.words(Duration.ofNanos((long) (Math.max(0, total - done) / perNano))) + " left");
    }

    /** Takes from any thread how much more is done, and shows the sum in this unit: bytes come in, MB are shown. */
    public LongConsumer adding(long unit) {
        var done = new AtomicLong();
        return more -> {
            synchronized (this) {
                at(done.addAndGet(more) / unit);
            }
        };
    }

    private void show(String line) {
        err.print('\r' + line + " ".repeat(Math.max(0, shown - line.length())));
        err.flush();
        shown = line.length();
    }

    /** Removes the line. */
    @Override
    public void close() {
        if (shown == 0) return;
        show("");
        err.print('\r');
        err.flush();
        shown = 0;
    }
}
