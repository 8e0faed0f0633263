package telemetry.logs;

import java.io.InputStream;
import java.time.Duration;
import java.util.zip.GZIPInputStream;
import telemetry.LogEntry;
import telemetry.cli.Output;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.text.Ndjson;

/** Prints entries of day files, one after the other, in constant memory. */
public final class LogPrinter {
    private static final Duration BETWEEN_FLUSHES = Duration.ofMillis(100);
    private static final byte[] NEWLINE = {'\n'};
    private static final int PART = 1 << 16;

    private final Output output;
    private final boolean raw;
    private long printed;
    private long flushed = System.nanoTime();

    /** The last piece printed raw, still without its newline. */
    private LogEntry last;

    /** @param raw unchanged bytes; otherwise a JSON array for JSON output, and a line for people if not */
    public LogPrinter(Output output, boolean raw) {
        this.output = output;
        this.raw = raw;
    }

    /** Prints an entry; a damaged one only when raw. */
    public void print(LogEntry entry) {
        if (raw) printRaw(entry);
        else if (output.isJson()) output.json((printed == 0 ? "[" : ",") + System.lineSeparator() + Ndjson.line(entry.record()));
        else output.out().println(LogLine.of(entry.record()));
        printed++;
        if (System.nanoTime() - flushed > BETWEEN_FLUSHES.toNanos()) flush();
    }

    /** Pieces that are glued together in the file stay so. */
    private void printRaw(LogEntry entry) {
        boolean isGlued = last != null && last.file().equals(entry.file()) && last.offset() + last.length() == entry.offset();
        if (last != null && !isGlued) output.bytes(NEWLINE);
        output.bytes(entry.bytes());
        if (entry.length() > entry.bytes().length) printRest(entry);
        last = entry;
    }

    /** Of a piece that is too long for memory. */
    private void printRest(LogEntry entry) {
        Attempt.of("read", entry.file(), () -> {
            boolean isCompressed = entry.file().getFileName().toString().endsWith(".gz");
            try (InputStream file = Inside.stream(entry.file());
                    InputStream in = isCompressed ? new GZIPInputStream(file, PART) : file) {
                in.skipNBytes(entry.offset() + entry.bytes().length);
                for (long left = entry.length() - entry.bytes().length; left > 0;) {
                    byte[] part = in.readNBytes((int) Math.min(PART, left));
                    if (part.length == 0) return;
                    output.bytes(part);
                    output.stopIfUnread();
                    left -= part.length;
                }
            }
        });
    }

    /** Ends the last line and the array; further lines may follow, a further array may not. */
    public void end() {
        if (last != null) output.bytes(NEWLINE);
        last = null;
        if (output.isJson()) output.out().println((printed == 0 ? "[" : "") + System.lineSeparator() + "]");
        flush();
    }

    private void flush() {
        output.stopIfUnread();
        flushed = System.nanoTime();
    }

    public boolean isEmpty() {
        return printed == 0;
    }
}
