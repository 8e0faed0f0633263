package telemetry.text;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import telemetry.Row;
import telemetry.Size;
import telemetry.Times;

/**
 * Rows under headings. A column is as wide as its content on a screen, and numbers are aligned right. On a terminal long cells are cut.
 * Control characters in a value are written out, so the terminal does not obey them. {@code toString()} is the table.
 */
public final class Table {
    /** A cell on a terminal of 80 columns, and what such a terminal has besides. */
    private static final int WIDEST = 60;
    private static final int BESIDE = 20;
    private static final String MARGIN = "    ";

    private final String[] headings;
    private final List<String[]> rows = new ArrayList<>();
    private final Map<Integer, String> below = new HashMap<>();
    private final boolean[] numeric;
    private final int[] least;
    private final boolean isContinued;

    public Table(String... headings) {
        this.headings = java.util.Arrays.stream(headings).map(Table::text).toArray(String[]::new);
        this.numeric = new boolean[headings.length];
        this.least = new int[headings.length];
        this.isContinued = false;
        java.util.Arrays.fill(numeric, true);
    }

    private Table(Table above) {
        this.headings = above.headings;
        this.numeric = above.numeric.clone();
        this.least = above.widths();
        this.isContinued = true;
    }

    /** @param values one a column; null shows as nothing, an Instant as UTC seconds, a Duration in words */
    public Table row(Object... values) {
        String[] row = new String[headings.length];
        for (int i = 0; i < row.length; i++) {
            Object value = i < values.length ? values[i] : null;
            row[i] = text(value);
            if (value != null && !(value instanceof Number) && !(value instanceof Duration) && !(value instanceof Size)) numeric[i] = false;
        }
        rows.add(row);
        return this;
    }

    /** A text on a line of its own below the last row. It may be longer than a cell. */
    public Table below(String text) {
        below.merge(rows.size() - 1, MARGIN + Terminal.cut(Escaped.line(text), Terminal.columns() - MARGIN.length()),
                (first, next) -> first + System.lineSeparator() + next);
        return this;
    }

    /** An empty table that continues this one: no headings, and columns at least as wide. */
    public Table continued() {
        return new Table(this);
    }

    public boolean isEmpty() {
        return rows.isEmpty();
    }

    int size() {
        return rows.size();
    }

    @Override
    public String toString() {
        int[] widths = widths();
        var lines = new StringJoiner(System.lineSeparator());
        if (!isContinued) lines.add(line(headings, widths));
        for (int i = 0; i < rows.size(); i++) {
            lines.add(line(rows.get(i), widths));
            if (below.containsKey(i)) lines.add(below.get(i));
        }
        return lines.toString();
    }

    private int[] widths() {
        int[] widths = least.clone();
        for (int i = 0; i < widths.length; i++) {
            widths[i] = Math.max(widths[i], Words.width(headings[i]));
            for (String[] row : rows) widths[i] = Math.max(widths[i], Words.width(row[i]));
        }
        return widths;
    }

    private String line(String[] cells, int[] widths) {
        var line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            String pad = " ".repeat(widths[i] - Words.width(cells[i]));
            line.append(i == 0 ? "" : "  ").append(numeric[i] && !rows.isEmpty() ? pad + cells[i] : cells[i] + pad);
        }
        return line.toString().stripTrailing();
    }

    /** A value as a cell shows it: on one line, and on a terminal cut to the width of a cell. */
    public static String text(Object value) {
        if (value == null) return "";
        if (value instanceof Instant instant) return Times.seconds(instant);
        if (value instanceof Duration duration) return Times.words(duration);
        if (value instanceof Double number) return String.format(Locale.ROOT, "%.1f", number);
        if (value instanceof byte[] bytes) return "(" + bytes.length + " bytes)";
        return Terminal.cut(Escaped.line(value.toString()), Math.max(WIDEST, Terminal.columns() - BESIDE));
    }

    /** One row as a list: a line for each column. Nothing is cut but large values, and control characters are written out. */
    public static String sheet(Row row) {
        int width = row.columns().stream().mapToInt(Words::width).max().orElse(0);
        var lines = new StringJoiner(System.lineSeparator());
        for (int i = 0; i < row.columns().size(); i++) {
            Object value = row.get(i);
            lines.add((Words.padded(Escaped.line(row.columns().get(i)), width) + "  "
                    + (value == null ? "" : value instanceof byte[] ? text(value) : Escaped.line(value instanceof LargeValue large
                    ? large.told() : value.toString()))).stripTrailing());
        }
        return lines.toString();
    }
}
