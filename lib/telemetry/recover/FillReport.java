package telemetry.recover;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import telemetry.Check;
import telemetry.Store;
import telemetry.rebuild.RefusedRows;
import telemetry.text.Words;

/** What filling the gaps came to: what was brought, what stayed behind, and what cannot be known. */
final class FillReport {

    /** The file has them all. */
    private static final int MOST_NAMED = 3;

    private final Store store;
    private final Filling filling;
    private final RefusedRows refused;
    private final RecoveryPlan plan;
    private final long lastNumber;
    private final List<Check> checks = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();

    /** @param lastNumber of the rows of runs of a copy that was put over the database; -1 where there was none */
    FillReport(Store store, Filling filling, RefusedRows refused, RecoveryPlan plan, long lastNumber) {
        this.store = store;
        this.filling = filling;
        this.refused = refused;
        this.plan = plan;
        this.lastNumber = lastNumber;
        unknown.addAll(filling.missingOfLogs());
        salvaged();
        stayedBehind();
        missing();
    }

    /** In the order in which they are read. */
    List<Check> checks() {
        return checks;
    }

    /** Runs of which nothing but the number is left, and values that stayed behind; null when that cannot be known. */
    Long lost() {
        return unknown.isEmpty() ? (Long) (filling.gone() + differing()) : null;
    }

    private long differing() {
        return filling.different().values().stream().mapToLong(Long::longValue).sum();
    }

    private void salvaged() {
        String besides = filling.rows().entrySet().stream()
                .map(one -> ", " + Words.count(one.getValue(), "row") + " of " + one.getKey()).collect(joining());
        String detail = Words.count(filling.runs(), "run") + besides + " that only " + owner();
        String marked = "; " + Words.count(filling.marks(), "run") + " of them beside rows that cannot be read, marked in error_summary";
        checks.add(filling.runs() == 0 ? Check.ok("salvage", detail) : filling.marks() == 0 ? Check.warning("salvage", detail, null)
                : Check.warning("salvage", detail + marked, store.command("query", "sql",
                        "SELECT * FROM agent_runs WHERE error_summary LIKE '%" + GapFill.MARK + "'")));
        if (!filling.schema().made().isEmpty()) checks.add(Check.ok("made", String.join(", ", filling.schema().made())));
        if (!filling.values().isEmpty())
            checks.add(Check.ok("values", "brought from the damaged database: " + counted(filling.values())));
    }

    private String owner() {
        if (plan.database() == RecoveryPlan.State.ABSENT) return "the -wal had";
        if (plan.isShort()) return "the backup had";
        return plan.log() == null ? "the damaged database had" : "the damaged database or its -wal had";
    }

    private void stayedBehind() {
        int rows = refused.named().size();
        if (rows > 0) checks.add(Check.warning("refused", Words.count(rows, "row") + " that the tables do not take, kept in "
                + refused.file() + ": " + String.join(", ", refused.named().subList(0, Math.min(rows, MOST_NAMED)))
                + (rows > MOST_NAMED ? " and " + (rows - MOST_NAMED) + " more" : ""), null));
        if (differing() > 0) checks.add(Check.warning("different",
                "these values are others in the damaged database, and stay as they are now: " + counted(filling.different()), null));
        if (filling.unread() > 0) checks.add(Check.warning("unread",
                Words.count(filling.unread(), "run is back from elsewhere whose row", "runs are back from elsewhere whose rows")
                + " in the damaged database cannot be read: what only a row knows (posting state, commits, columns of your own) is as the "
                + "backup has it, or empty", null));
        for (String table : filling.cut())
            checks.add(Check.warning("reach", "pages that lead to rows of " + table + " are damaged: the rows that could be reached are "
                    + "back, the rest could not be looked at", null));
        for (String table : filling.torn()) {
            checks.add(Check.warning(table,
                    "not all of its rows in the damaged database can be read, and no day file has them", null));
            unknown.add("rows of " + table);
        }
        unknown.addAll(filling.schema().lacking());
    }

    private void missing() {
        Long gone = filling.gone();
        if (gone == null) unknown.add("runs that only the damaged database had");
        if (plan.database() == RecoveryPlan.State.MIXED) unknown.add(overwritten());
        else if (plan.database() == RecoveryPlan.State.ABSENT) unknown.add("what only the missing database had");
        else if (plan.isShort()) unknown.add("what only the database had that was here when the backup was made");
        String known = gone == null || gone == 0 ? ""
                : Words.count(gone, "run") + ", of which only the index of the damaged database knows";
        if (!unknown.isEmpty()) checks.add(Check.warning("lost", (known.isEmpty() ? "" : known + "; besides ")
                + "unknown: all that could be read is back; these may be missing: " + String.join("; ", unknown), null));
        else if (gone > 0) checks.add(Check.warning("lost", known, null));
        else checks.add(differing() + filling.unread() == 0 ? Check.ok("lost", "0 runs")
                : Check.warning("lost", "0 runs, " + Words.count(differing(), "value") + ofUnread(), null));
    }

    private String ofUnread() {
        return filling.unread() == 0 ? "" : ", and what only the rows knew of " + Words.count(filling.unread(), "run");
    }

    /** Row numbers are given in order: those that neither the copy nor the log has are of runs that stood in the overwritten file alone. */
    private String overwritten() {
        int last = filling.numbersInLogs().length() - 1;
        String what = "runs that stood in the overwritten file alone";
        if (lastNumber < 0 || last < lastNumber) return what;
        long there = filling.numbersInLogs().get((int) lastNumber + 1, last + 1).cardinality();
        return what + ": by the numbers of the rows at most " + (last - lastNumber - there) + ", of which the day files may have had some";
    }

    private static String counted(Map<String, Long> values) {
        return values.entrySet().stream().map(one -> one.getKey() + " " + one.getValue()).collect(joining(", "));
    }
}
