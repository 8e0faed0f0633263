package telemetry.rebuild;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import telemetry.Event;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.daylog.LogFiles;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.store.Pruned;
import telemetry.text.Ndjson;

/**
 * Reads files of run and event lines and hands each run on as a row: once, with its end, or when no end came, as it began. Memory holds the
 * lines of the runs that are open at once, and no more than {@value #MOST_BYTES} bytes of those: beyond, the oldest are handed on as they
 * began, and once more when they end.
 */
final class RunFeed {
    private static final long MOST_BYTES = 32 << 20;

    /** The line of a run's beginning. */
    private record Begun(Path file, long offset, byte[] line) {
        private static final int OVERHEAD = 200;

        /** What it takes in memory with its place among the open ones, about. */
        long bytes() {
            return OVERHEAD + line.length;
        }
    }

    private final RowForm form;
    private final boolean service;
    private final Pruned pruned;
    private final Consumer<RunRow> rows;
    private final Consumer<LogEntry> damaged;
    private final RunScanner scanner;
    private final LogFiles files = new LogFiles(this::take, this::takeQuickly);
    private final Map<String, Begun> open = new LinkedHashMap<>();
    private BitSet lacking = new BitSet();
    private Path file;
    private long lines;
    private long events;
    private long left;
    private long openBytes;

    /**
     * @param pruned  runs to leave out
     * @param damaged is given each entry that cannot be read
     */
    RunFeed(Schema schema, RowForm form, Pruned pruned, Consumer<RunRow> rows, Consumer<LogEntry> damaged) {
        this.form = form;
        this.service = schema.shape() == Schema.Shape.SERVICE;
        this.pruned = pruned;
        this.rows = rows;
        this.damaged = damaged;
        this.scanner = new RunScanner(form);
    }

    /** Reads one file. @throws StoreException {@code MISSING} when it is not there any more; a damaged gz is an entry */
    void read(Path file) {
        this.file = file;
        files.read(file);
    }

    /** What the scanner knows at sight. */
    private int takeQuickly(byte[] buffer, int from, int to, long offset) {
        int end = scanner.scan(buffer, from, to);
        if (end < 0) return -1;
        lines++;
        if (scanner.isEvent()) {
            events++;
        } else if (pruned.contains(scanner.runId())) {
            left++;
        } else if (scanner.isEnd()) {
            ended(new RunRow(scanner.row(), scanner.lacking(), file, offset, Arrays.copyOfRange(buffer, from, end - 1)));
        } else {
            begun(service ? form.key(scanner.row()) : scanner.runId(), new Begun(file, offset, Arrays.copyOfRange(buffer, from, end - 1)));
        }
        return end;
    }

    private void take(LogEntry entry) {
        lines++;
        if (entry.record() instanceof Run run) take(entry, run);
        else if (entry.record() instanceof Event) events++;
        else damaged.accept(entry);
    }

    private void take(LogEntry entry, Run run) {
        scanner.learn(entry.bytes());
        if (pruned.contains(run.id())) {
            left++;
            return;
        }
        RunRow row = row(run, entry.file(), entry.offset(), entry.bytes());
        if (form.isOver(row.values())) ended(row);
        else begun(form.key(row.values()), new Begun(entry.file(), entry.offset(), entry.bytes()));
    }

    private void ended(RunRow row) {
        Begun begun = open.remove(form.key(row.values()));
        if (begun != null) openBytes -= begun.bytes();
        rows.accept(row);
    }

    private void begun(String key, Begun begun) {
        Begun before = open.get(key);
        Begun kept = before == null ? begun : better(before, begun);
        open.put(key, kept);
        openBytes += kept.bytes() - (before == null ? 0 : before.bytes());
        if (openBytes > MOST_BYTES) handOnOldest();
    }

    private Begun better(Begun a, Begun b) {
        return Arrays.equals(a.line, b.line) || form.compare(row(a).values(), row(b).values()) >= 0 ? a : b;
    }

    private RunRow row(Begun begun) {
        return row((Run) Ndjson.read(begun.line, 0, begun.line.length), begun.file, begun.offset, begun.line);
    }

    private RunRow row(Run run, Path file, long offset, byte[] line) {
        return new RunRow(form.row(run), lacking(run), file, offset, line);
    }

    /** The same object for records with the same columns, as those of one writer are. */
    private BitSet lacking(Run run) {
        BitSet lacking = form.lacking(run);
        if (!lacking.equals(this.lacking)) this.lacking = lacking;
        return this.lacking;
    }

    private void handOnOldest() {
        Iterator<Begun> oldest = open.values().iterator();
        while (openBytes > MOST_BYTES / 10 * 9) {
            Begun begun = oldest.next();
            oldest.remove();
            openBytes -= begun.bytes();
            rows.accept(row(begun));
        }
    }

    /** Hands on the runs that never ended. */
    void finish() {
        files.finish();
        open.values().forEach(begun -> rows.accept(row(begun)));
        open.clear();
        openBytes = 0;
    }

    /** Entries read, damaged ones included. */
    long lines() {
        return lines;
    }

    long events() {
        return events;
    }

    /** Records left out because their run was deleted on purpose. */
    long pruned() {
        return left;
    }
}
