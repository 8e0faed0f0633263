package telemetry.rebuild;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.runs.RowForm;

/** All that the files say about the ends of one run. */
final class Dispute {
    private final RowForm form;
    private final SeveralEnds ends;
    private LogEntry best;
    private boolean isConflict;
    private boolean hasEventIds;
    private boolean isRowOneOfThem;

    Dispute(RowForm form) {
        this.form = form;
        this.ends = new SeveralEnds(form);
    }

    /** @param isRow whether the row says what this end does: then nobody has changed it since */
    void add(LogEntry entry, Run run, boolean isRow) {
        isRowOneOfThem |= isRow;
        Object[] row = form.row(run);
        ends.add(row, form.lacking(run));
        int order = best == null ? 1 : form.compare(row, form.row((Run) best.record()));
        isConflict |= best != null && order != 0;
        hasEventIds |= best != null && !Objects.equals(run.text("event_id"), ((Run) best.record()).text("event_id"));
        if (order >= 0) best = entry;
    }

    /** The best end, as it is in its file. */
    LogEntry best() {
        return best;
    }

    /** True when two of them differ. */
    boolean isConflict() {
        return isConflict;
    }

    /** True when two of them name different event_ids. */
    boolean hasEventIds() {
        return hasEventIds;
    }

    /** True when the row says what one of them does. */
    boolean isRowOneOfThem() {
        return isRowOneOfThem;
    }

    /** All ends merged. */
    Run run() {
        Object[] values = ends.values();
        BitSet lacking = ends.lacking();
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) if (!lacking.get(i)) fields.put(form.columns().get(i), values[i]);
        return new Run(fields);
    }
}
