package telemetry.rebuild;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import telemetry.Event;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.daylog.InFlight;
import telemetry.daylog.LogFiles;
import telemetry.runs.RowForm;
import telemetry.runs.Schema;
import telemetry.store.Pruned;
import telemetry.text.Ndjson;

/**
 * Reads files of run and event lines and passes on each run as a row: once, with its end, or as it began when no end came. Memory holds the
 * lines of the runs that are open at once, at most {@value #MOST_BYTES} bytes of them. Beyond that the oldest are passed on as they began,
 * and again when they end.
 */
final class RunFeed {
    private static final long MOST_BYTES = 32 << 20;

    /** A run's record in a file. @param created the created_at of a start; null for none, and for an end */
    record Line(Path file, long offset, byte[] bytes, Object created) {
        private static final int OVERHEAD = 200;

        /** In memory, with its entry among the open ones, about. */
        long size() {
            return OVERHEAD + bytes.length;
        }

        /** Of this entry. */
        static Line of(LogEntry entry) {
            return new Line(entry.file(), entry.offset(), entry.bytes(), null);
        }

        /** The same as it was read. */
        LogEntry entry() {
            return new LogEntry(file, offset, bytes.length, bytes, Ndjson.read(bytes, 0, bytes.length));
        }
    }

    /**
     * One record of a run on its way into a new database.
     *
     * @param values  as {@code RowForm} makes them
     * @param lacking the columns that the record lacks
     */
    record RunRow(Object[] values, BitSet lacking, Line line) { }

    private final RowForm form;
    private final boolean service;
    private final Pruned pruned;
    private final Consumer<RunRow> rows;
    private final Consumer<LogEntry> damaged;
    private final RunScanner scanner;
    private final CommitLines commits;
    private final LogFiles files = new LogFiles(this::take, this::takeQuickly);
    private final Map<String, Line> open = new LinkedHashMap<>();
    private final Consumer<RunRow> inFlight;
    private Clock clock = Clock.systemUTC();
    private BitSet lacking = new BitSet();
    private Path file;
    private long lines;
    private long events;
    private long left;
    private long openBytes;

    /**
     * @param pruned   runs to leave out
     * @param inFlight receives the starts of runs that were passed on and are in flight
     * @param damaged  receives each entry that cannot be read
     */
    RunFeed(Schema schema, RowForm form, Pruned pruned, Consumer<RunRow> rows, Consumer<RunRow> inFlight, Consumer<LogEntry> damaged) {
        this.form = form;
        this.service = schema.shape() == Schema.Shape.SERVICE;
        this.pruned = pruned;
        this.rows = rows;
        this.inFlight = inFlight;
        this.damaged = damaged;
        this.scanner = new RunScanner(form);
        this.commits = new CommitLines(pruned);
    }

    /** Tells which runs are in flight; the default is the system's. @return this */
    RunFeed at(Clock clock) {
        this.clock = clock;
        return this;
    }

    /** Goes on where this feed of the same files has come to. @param feed null for from the beginning @return this */
    RunFeed after(RunFeed feed) {
        if (feed != null) files.after(feed.files);
        return this;
    }

    /** Which files were read how far. */
    LogFiles files() {
        return files;
    }

    /**
     * Reads what has come in a file.
     *
     * @param until a line that begins behind this byte is left for the next time
     * @return how many bytes were read
     * @throws StoreException {@code MISSING} when it is gone; a damaged gz counts as an entry
     */
    long read(Path file, long until) {
        this.file = file;
        return files.read(file, until);
    }

    /** Takes the lines that the scanner recognises. */
    private int takeQuickly(byte[] buffer, int from, int to, long offset) {
        int end = scanner.scan(buffer, from, to);
        if (end < 0 || scanner.isEvent() && scanner.isCommit()) return -1;
        lines++;
        if (scanner.isEvent()) {
            events++;
        } else if (pruned.contains(scanner.runId())) {
            left++;
        } else if (scanner.isEnd()) {
            ended(new RunRow(scanner.row(), scanner.lacking(), new Line(file, offset, Arrays.copyOfRange(buffer, from, end - 1), null)));
        } else {
            begun(service ? form.key(scanner.row()) : scanner.runId(), new Line(file, offset, Arrays.copyOfRange(buffer, from, end - 1),
                    scanner.created()));
        }
        return end;
    }

    private void take(LogEntry entry) {
        lines++;
        if (entry.record() instanceof Run run) take(entry, run);
        else if (entry.record() instanceof Event event) take(event);
        else damaged.accept(entry);
    }

    private void take(Event event) {
        events++;
        commits.add(event);
    }

    private void take(LogEntry entry, Run run) {
        scanner.learn(entry.bytes());
        if (pruned.contains(run.id())) {
            left++;
            return;
        }
        RunRow row = row(run, new Line(entry.file(), entry.offset(), entry.bytes(), run.text("created_at")));
        if (form.isOver(row.values)) ended(row);
        else begun(form.key(row.values), row.line);
    }

    private void ended(RunRow row) {
        Line begun = open.remove(form.key(row.values));
        if (begun != null) openBytes -= begun.size();
        if (begun != null) form.created(row.values, begun.created);
        rows.accept(row);
    }

    private void begun(String key, Line begun) {
        Line before = open.get(key);
        Line kept = before == null ? begun : better(before, begun);
        open.put(key, kept);
        openBytes += kept.size() - (before == null ? 0 : before.size());
        if (openBytes > MOST_BYTES) handOnOldest();
    }

    private Line better(Line a, Line b) {
        return Arrays.equals(a.bytes, b.bytes) || form.compare(row(a).values, row(b).values) >= 0 ? a : b;
    }

    private RunRow row(Line line) {
        return row((Run) Ndjson.read(line.bytes, 0, line.bytes.length), line);
    }

    private RunRow row(Run run, Line line) {
        return new RunRow(form.row(run), lacking(run), line);
    }

    /** Returns the same object for records with the same columns, such as those of one writer. */
    private BitSet lacking(Run run) {
        BitSet lacking = form.lacking(run);
        if (!lacking.equals(this.lacking)) this.lacking = lacking;
        return this.lacking;
    }

    private void handOnOldest() {
        Iterator<Line> oldest = open.values().iterator();
        while (openBytes > MOST_BYTES / 10 * 9) {
            Line begun = oldest.next();
            oldest.remove();
            openBytes -= begun.size();
            passOn(begun);
        }
    }

    private void passOn(Line begun) {
        RunRow row = row(begun);
        rows.accept(row);
        Instant now = clock.instant();
        if (InFlight.is(form.start(row.values), now) && InFlight.is(begun.entry(), now)) inFlight.accept(row);
    }

    /** Passes on the runs that have not ended. */
    void finish() {
        files.readTorn();
        open.values().forEach(this::passOn);
        open.clear();
        openBytes = 0;
    }

    /** The last lines that are unfinished; from now on they count as read. */
    List<LogEntry> torn() {
        lines += files.torn().size();
        return files.torn();
    }

    /** Entries read, damaged ones included. */
    long lines() {
        return lines;
    }

    long events() {
        return events;
    }

    CommitLines commits() {
        return commits;
    }

    /** Records left out because their run was deleted on purpose. */
    long pruned() {
        return left;
    }
}
