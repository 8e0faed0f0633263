package telemetry.daylog;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import telemetry.Damage;
import telemetry.LogEntry;
import telemetry.LogRecord;

/** A line that is no record. Torn lines and records may be glued together in it, with zero bytes between them. */
final class BrokenLine {
    static final Damage ZERO_BYTES = new Damage("zero bytes, as a power cut leaves them");
    private static final Damage TORN = new Damage("no newline at the end: torn");

    /** So many places of a line may turn out to begin no record, and so many bytes beside half its length may be read for that in vain. */
    private static final int MOST_FAILED = 1_000;
    private static final int WASTED = 4_096;

    /** A look for the end of an object costs so much less, for each byte, than its reading. */
    private static final int CHEAPER = 8;

    private final LogEntry whole;
    private final LogReader.Form form;
    private final boolean terminated;
    private final byte[] line;
    private final List<LogEntry> entries = new ArrayList<>();
    private int failed;
    private long wasted;
    private long looked;

    /** @param terminated whether a newline stands behind it */
    BrokenLine(LogEntry whole, LogReader.Form form, boolean terminated) {
        this.whole = whole;
        this.form = form;
        this.terminated = terminated;
        this.line = whole.bytes();
    }

    /**
     * The records in it and what stands before, between and behind them; the whole line when there is none. No record has a zero byte. A
     * line that was made to have thousands of places to look at is not looked through to its end.
     */
    List<LogEntry> entries() {
        for (int from = 0, zeros, to; from < line.length; from = to) {
            if (isSpent()) {
                entries.add(entry(from, line.length, whole.record()));
                break;
            }
            zeros = from;
            while (zeros < line.length && line[zeros] != 0) zeros++;
            to = zeros;
            while (to < line.length && line[to] == 0) to++;
            if (!LogReader.isBlank(line, from, zeros)) split(from, zeros);
            if (to > zeros) entries.add(entry(zeros, to, ZERO_BYTES));
        }
        if (!entries.stream().allMatch(LogEntry::isDamaged)) return entries;
        return List.of(terminated ? whole : entry(0, line.length, TORN));
    }

    /** Takes the records from the end, so that one that was torn ends where the next one begins. */
    private void split(int from, int to) {
        LogRecord all = tried(from, to, form::read);
        Deque<LogEntry> glued = new ArrayDeque<>();
        int end = to;
        int at = all instanceof Damage ? opening(from, end) : from;
        for (; at > from && !isSpent(); at = opening(from, at)) {
            if (!endsAt(at, end)) continue;
            LogRecord record = tried(at, end, form::glued);
            if (record instanceof Damage) continue;
            glued.addFirst(entry(at, end, record));
            end = at;
        }
        LogRecord first = end == to ? all : form.glued(line, from, end);
        boolean isTorn = first instanceof Damage && !terminated && end == line.length;
        entries.add(entry(from, end, isTorn ? TORN : first));
        entries.addAll(glued);
    }

    private interface Reading {
        LogRecord of(byte[] line, int from, int to);
    }

    private LogRecord tried(int from, int to, Reading reading) {
        LogRecord record = reading.of(line, from, to);
        if (record instanceof Damage) {
            failed++;
            if (to - from < line.length) wasted += to - from;
        }
        return record;
    }

    private boolean isSpent() {
        return failed >= MOST_FAILED || wasted + looked / CHEAPER > line.length / 2 + WASTED;
    }

    /** True when the object that opens there closes at the end, but for blanks. Nothing else can be a record. */
    private boolean endsAt(int from, int end) {
        int depth = 0;
        boolean isText = false;
        int at = from;
        for (; at < end; at++) {
            byte b = line[at];
            if (b == '"') isText = !isText;
            else if (b == '\\' && isText) at++;
            else if (b == '{' && !isText) depth++;
            else if (b == '}' && !isText && --depth == 0) break;
        }
        looked += at - from;
        return at < end && LogReader.isBlank(line, at + 1, end);
    }

    /** How many bytes were looked at for the ends of objects. */
    long looked() {
        return looked;
    }

    /** The last place between the two where an object may open, or -1. */
    private int opening(int from, int before) {
        for (int i = before - 1; i > from; i--)
            if (line[i] == '{' && i + 1 < line.length && line[i + 1] == '"') return i;
        return -1;
    }

    private LogEntry entry(int from, int to, LogRecord record) {
        return new LogEntry(whole.file(), whole.offset() + from, to - from, Arrays.copyOfRange(line, from, to), record);
    }
}
