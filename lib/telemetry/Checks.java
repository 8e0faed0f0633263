package telemetry;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import telemetry.text.Result;
import telemetry.text.Words;

/** A list of checks; {@code toString()} is the report. */
public record Checks(List<Check> list) implements Result {
    /** Of {@code warning}, the longest. */
    private static final int STATUS = 7;

    public Checks {
        list = List.copyOf(list);
    }

    /** The worst of them; ok when there is none, and when none was made. */
    @Override
    public Check.Status status() {
        var worst = Check.Status.OK;
        for (Check check : list) if (check.status().compareTo(worst) > 0) worst = check.status();
        return worst;
    }

    @Override
    public Object data() {
        return list;
    }

    /** How many ended so. */
    public int count(Check.Status status) {
        int count = 0;
        for (Check check : list) if (check.status() == status) count++;
        return count;
    }

    /** {@code all 14 checks are ok}, or {@code 1 failed, 2 warnings, 9 ok} */
    public String sum() {
        int ok = count(Check.Status.OK);
        int warnings = count(Check.Status.WARNING);
        int skipped = count(Check.Status.SKIPPED);
        int failed = list.size() - ok - warnings - skipped;
        if (ok == list.size()) return "all " + ok + " checks are ok";
        return (failed == 0 ? "" : failed + " failed, ") + (warnings == 0 ? "" : Words.count(warnings, "warning") + ", ")
                + (skipped == 0 ? "" : skipped + " skipped, ") + ok + " ok";
    }

    /**
     * Each check with its detail, broken between words, and under it the hint, unless it stands further up. Those that were skipped for the
     * same cause share a line at the end.
     */
    @Override
    public String toString() {
        int width = 1;
        for (Check check : list) width = Math.max(width, check.name().length());
        Set<String> hints = new HashSet<>();
        var lines = new StringJoiner(System.lineSeparator());
        Map<String, StringJoiner> skipped = new LinkedHashMap<>();
        for (Check check : list)
            if (check.status() == Check.Status.SKIPPED)
                skipped.computeIfAbsent(check.detail(), cause -> new StringJoiner(", ")).add(check.name());
            else lines.add(Words.item(Words.padded(check.status().toString(), STATUS) + "  " + Words.padded(check.name(), width) + "  ",
                    check.detail(), hints.add(String.valueOf(check.hint())) ? check.hint() : null));
        skipped.forEach((cause, names) -> lines.add(Words.item(cause + ": ", names.toString(), null)));
        return lines.toString();
    }
}
