package telemetry;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import telemetry.text.Result;
import telemetry.text.Table;

/** A list of checks; {@code toString()} is the report. */
public record Checks(List<Check> list) implements Result {
    private static final int COLUMNS = 80;

    /** Of {@code warning}, the longest. */
    private static final int STATUS = 7;

    public Checks {
        list = List.copyOf(list);
    }

    /** The worst of them; ok when there is none. */
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

    /** {@code all 12 checks are ok}, or {@code 1 failed, 2 warnings, 9 ok} */
    public String sum() {
        int ok = count(Check.Status.OK);
        int warnings = count(Check.Status.WARNING);
        int failed = list.size() - ok - warnings;
        if (status() == Check.Status.OK) return "all " + ok + " checks are ok";
        return (failed == 0 ? "" : failed + " failed, ") + (warnings == 0 ? "" : warnings + (warnings == 1 ? " warning, " : " warnings, "))
                + ok + " ok";
    }

    /**
     * Each check with its detail, broken between words to {@value #COLUMNS} columns, and under it the hint, unless it stands further up.
     */
    @Override
    public String toString() {
        int width = 1;
        for (Check check : list) width = Math.max(width, check.name().length());
        String margin = " ".repeat(STATUS + 2 + width + 2);
        Set<String> hints = new HashSet<>();
        var lines = new StringJoiner(System.lineSeparator());
        for (Check check : list) {
            lines.add(padded(check.status().toString(), STATUS) + "  " + padded(check.name(), width)
                    + "  " + wrapped(Table.visible(check.detail()), margin));
            if (check.hint() != null && hints.add(check.hint())) lines.add(margin + "-> " + Table.visible(check.hint()));
        }
        return lines.toString();
    }

    public static String padded(String word, int width) {
        return word + " ".repeat(Math.max(0, width - word.length()));
    }

    public static String wrapped(String text, String margin) {
        var lines = new StringBuilder();
        int from = 0;
        for (int room = COLUMNS - margin.length(); text.length() - from > room; ) {
            int space = text.lastIndexOf(' ', from + room);
            if (space <= from) space = text.indexOf(' ', from + room);
            if (space < 0) break;
            lines.append(text, from, space).append(System.lineSeparator()).append(margin);
            from = space + 1;
        }
        return lines.append(text.substring(from)).toString();
    }
}
