package telemetry.rebuild;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import telemetry.Damage;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.daylog.LogReader;
import telemetry.runs.RowForm;
import telemetry.runs.RunWriter;
import telemetry.runs.UnknownTriggers;
import telemetry.sqlite.SqliteErrors;

/**
 * The ends of runs that a replay has read. A batch of them is compared with the rows and written in one transaction. Where a row differs
 * from an end, that is settled when all ends have been read.
 */
final class RunEnds {

    /** Ends in a transaction, during which writers wait for a moment. */
    private static final int BATCH = 500;

    private final UnknownTriggers writes;
    private final RunWriter writer;
    private final RowForm form;
    private final boolean isFromLines;
    private final Consumer<LogEntry> onRefused;
    private final Map<String, LogEntry> batch = new LinkedHashMap<>();
    private final Disputes disputes;
    private long bytes;
    private long inserted;
    private long updated;
    private long conflicts;
    private long changed;

    /**
     * @param isFromLines whether the lines also replace rows that were changed after them
     * @param onRefused   receives what the database does not take; the record says why
     */
    RunEnds(UnknownTriggers writes, RunWriter writer, RowForm form, boolean isFromLines, Consumer<LogEntry> onRefused) {
        this.writes = writes;
        this.writer = writer;
        this.form = form;
        this.isFromLines = isFromLines;
        this.onRefused = onRefused;
        this.disputes = new Disputes(form, writer);
    }

    /** Runs that the database did not have. */
    long inserted() {
        return inserted;
    }

    /** Rows that were running, or differed from the files. */
    long updated() {
        return updated;
    }

    /** Runs with several different ends. */
    long conflicts() {
        return conflicts;
    }

    /** Rows that were changed after their run's end line, and stay. */
    long changed() {
        return changed;
    }

    /** True for a run whose end waits to be written. */
    boolean has(String key) {
        return batch.containsKey(key);
    }

    /** @param start of this run; null when none was read */
    void add(LogEntry entry, Run run, RunFeed.Line start) {
        String key = writer.key(run);
        LogEntry end = created(entry, run, start);
        disputes.ended(key);
        LogEntry other = batch.put(key, end);
        if (other != null && !isSame(run, (Run) other.record())) {
            batch.put(key, better(end, other));
            disputes.addSeveral(key);
        }
        bytes += entry.length();
        if (batch.size() >= BATCH || bytes > LogReader.LONGEST_LINE) flush();
    }

    /** The row of a run whose end alone is written came into being with its start. */
    private LogEntry created(LogEntry end, Run run, RunFeed.Line start) {
        boolean isAsked = start != null && writer.schema().hasRowTimes() && run.text("created_at") == null;
        String created = isAsked ? ((Run) start.entry().record()).text("created_at") : null;
        return created == null ? end
                : new LogEntry(end.file(), end.offset(), end.length(), end.bytes(), run.with("created_at", created));
    }

    private void flush() {
        writes.inTransaction(() -> batch.forEach((key, entry) -> end(key, entry, (Run) entry.record())));
        batch.clear();
        bytes = 0;
        disputes.compared();
    }

    private void end(String key, LogEntry entry, Run run) {
        switch (writer.standing(run)) {
            case ABSENT -> inserted += write(entry, run);
            case OPEN -> updated += write(entry, run);
            case OTHER, RENAMED, CHANGED -> disputes.add(key, entry);
            case SAME -> { }
        }
    }

    private long write(LogEntry entry, Run run) {
        try {
            return writer.write(run) ? 1 : 0;
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheRow(e)) throw e;
            onRefused.accept(new LogEntry(entry.file(), entry.offset(), entry.length(), entry.bytes(),
                    new Damage("the database refuses it: " + e.what())));
            return 0;
        }
    }

    /** Writes a run whose start alone is known. */
    void insert(LogEntry start, Run run) {
        inserted += write(start, run);
    }

    /** To be called when all ends have been added. @param files as far as they were read */
    void settle(Map<Path, Long> files) {
        flush();
        disputes.settle(files, this::settle);
    }

    private void settle(Collection<Dispute> some) {
        if (!some.isEmpty()) writes.inTransaction(() -> some.forEach(this::settle));
    }

    private void settle(Dispute dispute) {
        Run run = dispute.run();
        if (dispute.isConflict()) conflicts++;
        RunWriter.Standing standing = writer.standing(run);
        boolean isNewer = standing == RunWriter.Standing.CHANGED && !isFromLines && !dispute.isRowOneOfThem();
        if (isNewer) changed++;
        boolean isOther = !isNewer && (standing == RunWriter.Standing.OTHER || standing == RunWriter.Standing.CHANGED);
        boolean isWritten = isOther && write(dispute.best(), run) > 0;
        boolean isRenamed = dispute.hasEventIds() && writer.takeEventId(run);
        if (isWritten || isRenamed) updated++;
    }

    private boolean isSame(Run a, Run b) {
        return form.compare(form.row(a), form.row(b)) == 0 && a.fields().keySet().equals(b.fields().keySet());
    }

    private LogEntry better(LogEntry a, LogEntry b) {
        return form.compare(form.row((Run) a.record()), form.row((Run) b.record())) >= 0 ? a : b;
    }

    /** Of two lines of one run, the one to keep. */
    RunFeed.Line better(RunFeed.Line a, RunFeed.Line b) {
        return Arrays.equals(a.bytes(), b.bytes()) ? a : RunFeed.Line.of(better(a.entry(), b.entry()));
    }
}
