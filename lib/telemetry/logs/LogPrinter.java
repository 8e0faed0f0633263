package telemetry.logs;

import java.time.Duration;
import telemetry.LogEntry;
import telemetry.cli.Output;
import telemetry.text.Ndjson;

/** Prints entries of day files, one after the other, in constant memory. */
public final class LogPrinter {
    private static final Duration BETWEEN_FLUSHES = Duration.ofMillis(100);
    private static final byte[] NEWLINE = {'\n'};

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
        else if (output.isJson()) output.out().print((printed == 0 ? "[" : ",") + System.lineSeparator() + Ndjson.line(entry.record()));
        else output.out().println(LogLine.of(entry.record()));
        printed++;
        if (System.nanoTime() - flushed > BETWEEN_FLUSHES.toNanos()) flush();
    }

    /** Pieces that are glued together in the file stay so. */
    private void printRaw(LogEntry entry) {
        boolean isGlued = last != null && last.file().equals(entry.file()) && last.offset() + last.length() == entry.offset();
        if (last != null && !isGlued) output.bytes(NEWLINE);
        output.bytes(entry.bytes());
        last = entry;
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
