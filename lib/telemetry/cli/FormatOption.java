package telemetry.cli;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import telemetry.Row;
import telemetry.Rows;
import telemetry.text.JsonText;
import telemetry.text.LargeValue;
import telemetry.text.Table;

/**
 * Mixin of a command whose result is rows: as a table, or in a format for programs. All formats are written row by row, in constant memory.
 */
public final class FormatOption {

    /** How many rows a table looks at to choose its widths. */
    private static final int BATCH = 500;

    /** In characters; a row may have megabytes. */
    private static final int CHUNK = 1 << 16;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--csv", scope = ScopeType.INHERIT, description = "Print CSV with a line of headings.")
    private boolean csv;

    @Option(names = "--ndjson", scope = ScopeType.INHERIT, description = "Print one JSON object a line.")
    private boolean ndjson;

    /** True when no other format was chosen. @throws ParameterException when two formats were chosen */
    public boolean isTable(Output output) {
        if ((output.isJson() ? 1 : 0) + (csv ? 1 : 0) + (ndjson ? 1 : 0) > 1)
            throw new ParameterException(Procedure.said(command.commandLine()), "choose one of --json, --csv and --ndjson");
        return !output.isJson() && !csv && !ndjson;
    }

    /**
     * Prints rows to their end.
     *
     * @param headings of the table; the other formats have the rows as they are
     * @param line     adds a row to the table
     * @return how many there were
     */
    public long printRows(Output output, Rows rows, Table headings, BiConsumer<Table, Row> line) {
        try (rows) {
            return isTable(output) ? printTable(output, rows, headings, line) : csv ? printCsv(output, rows) : printJson(output, rows);
        }
    }

    private static long printTable(Output output, Rows rows, Table headings, BiConsumer<Table, Row> line) {
        Table table = headings;
        long written = 0;
        for (Row row : rows) {
            line.accept(table, row);
            if (++written % BATCH != 0) continue;
            output.print(table);
            output.stopIfUnread();
            table = table.continued();
        }
        if (table == headings || !table.isEmpty()) output.print(table);
        return written;
    }

    private static long printCsv(Output output, Rows rows) {
        var csv = new Csv(output, rows.columns());
        long written = 0;
        while (rows.next(csv)) written++;
        csv.flush();
        return written;
    }

    /** One object a line: in an array, or as NDJSON. */
    private long printJson(Output output, Rows rows) {
        List<String> names = distinct(rows.columns()).stream().map(JsonText::line).toList();
        var text = new StringBuilder(ndjson ? "" : "[");
        long written = 0;
        for (Row row : rows) {
            if (written++ > 0) text.append(ndjson ? "\n" : ",\n");
            if (!JsonText.appendRow(text, names, row.values())) writeLong(output, text, names, row.values());
            if (text.length() > CHUNK) write(output, text);
        }
        write(output, text.append(!ndjson ? "]\n" : written > 0 ? "\n" : ""));
        return written;
    }

    private static void writeLong(Output output, StringBuilder text, List<String> names, List<?> values) {
        for (int i = 0; i < names.size(); i++) {
            text.append(i == 0 ? '{' : ',').append(names.get(i)).append(':');
            Object value = values.get(i);
            if (!JsonText.isLong(value)) {
                text.append(JsonText.line(value));
                continue;
            }
            text.append('"');
            Consumer<String> out = part -> {
                text.append(JsonText.part(part));
                write(output, text);
            };
            if (value instanceof String whole) LargeValue.slices(whole, out);
            else (value instanceof LargeValue large ? large : LargeValue.of((byte[]) value, null)).writeTo(out);
            text.append('"');
        }
        text.append('}');
    }

    private static void write(Output output, StringBuilder text) {
        output.json(text);
        text.setLength(0);
        output.stopIfUnread();
    }

    /** Columns may share a name, members of an object may not: the second {@code id} becomes {@code id_2}. */
    private static List<String> distinct(List<String> columns) {
        Set<String> taken = new HashSet<>(columns);
        Set<String> seen = new HashSet<>();
        List<String> names = new ArrayList<>();
        for (String column : columns) {
            String name = column;
            for (int n = 2; seen.contains(name) || n > 2 && taken.contains(name); n++) name = column + "_" + n;
            seen.add(name);
            names.add(name);
        }
        return names;
    }
}
