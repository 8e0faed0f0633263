package telemetry.text;

import java.util.StringJoiner;
import telemetry.Row;

/** One row from top to bottom, a line for each column and nothing cut; control characters are shown. {@code toString()} is the sheet. */
public record Sheet(Row row) {

    @Override
    public String toString() {
        int width = row.columns().stream().mapToInt(String::length).max().orElse(0);
        var lines = new StringJoiner(System.lineSeparator());
        for (int i = 0; i < row.columns().size(); i++) {
            String name = Table.visible(row.columns().get(i));
            lines.add((name + " ".repeat(Math.max(0, width - name.length())) + "  " + text(row.get(i))).stripTrailing());
        }
        return lines.toString();
    }

    private static String text(Object value) {
        return value instanceof byte[] ? Table.text(value) : value == null ? "" : Table.visible(value.toString());
    }
}
