package telemetry;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Reads files of run and event lines and hands each run on as a row: once, with its end, or when no end came, as it began. Memory holds the runs
 * that are open at once, and no more than {@value #MOST_OPEN} of those: beyond, the oldest are handed on as they began, and once more when they end.
 */
final class RunFeed {
    private static final int MOST_OPEN = 50_000;

    private final RowForm form;
    private final Pruned pruned;
    private final Consumer<RunRow> rows;
    private final Consumer<LogEntry> damaged;
    private final LogFiles files = new LogFiles(this::take);
    private final Map<String, RunRow> open = new LinkedHashMap<>();
    private BitSet lacking = new BitSet();
    private long lines;
    private long events;
    private long bad;
    private long left;

    /**
     * @param pruned  runs to leave out
     * @param damaged is given each entry that cannot be read
     */
    RunFeed(RowForm form, Pruned pruned, Consumer<RunRow> rows, Consumer<LogEntry> damaged) {
        this.form = form;
        this.pruned = pruned;
        this.rows = rows;
        this.damaged = damaged;
    }

    /** Reads one file. @throws StoreException {@code MISSING} when it is not there any more; a damaged gz is an entry */
    void read(Path file) {
        files.read(file);
    }

    private void take(LogEntry entry) {
        lines++;
        if (entry.record() instanceof Run run) take(entry, run);
        else if (entry.record() instanceof Event) events++;
        else damaged(entry);
    }

    private void damaged(LogEntry entry) {
        bad++;
        damaged.accept(entry);
    }

    private void take(LogEntry entry, Run run) {
        if (pruned.contains(run.id())) {
            left++;
            return;
        }
        var row = new RunRow(form.row(run), lacking(run), entry.file(), entry.offset(), entry.bytes());
        String key = form.key(row.values());
        if (form.isOver(row.values())) {
            open.remove(key);
            rows.accept(row);
        } else {
            open.merge(key, row, (a, b) -> form.compare(a.values(), b.values()) >= 0 ? a : b);
            if (open.size() > MOST_OPEN) handOnOldest();
        }
    }

    /** The same object for records with the same columns, as those of one writer are. */
    private BitSet lacking(Run run) {
        var lacking = new BitSet();
        List<String> columns = form.columns();
        for (int i = 0; i < columns.size(); i++) if (!run.fields().containsKey(columns.get(i))) lacking.set(i);
        if (!lacking.equals(this.lacking)) this.lacking = lacking;
        return this.lacking;
    }

    private void handOnOldest() {
        Iterator<RunRow> oldest = open.values().iterator();
        for (int i = 0; i < MOST_OPEN / 10; i++) {
            rows.accept(oldest.next());
            oldest.remove();
        }
    }

    /** Hands on the runs that never ended. */
    void finish() {
        files.finish();
        open.values().forEach(rows);
        open.clear();
    }

    /** Entries read, damaged ones included. */
    long lines() {
        return lines;
    }

    long events() {
        return events;
    }

    long damaged() {
        return bad;
    }

    /** Records left out because their run was deleted on purpose. */
    long pruned() {
        return left;
    }
}
