package telemetry.runs;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Run;
import telemetry.Times;

/**
 * Which rows of ended runs were changed after their end line: over HTTP, by an association of commits, by posting, by hand. Where a row
 * says when it was updated, that is later than the end in the line. In a table without {@code updated_at} the row has a value that the line
 * does not have. A row that the toolkit cancelled is not newer: nobody knew its end then.
 */
public final class NewerRows {

    /** What a run that {@code prune stale} cancelled has at the beginning of its error_summary. */
    public static final String CANCELLED = "cancelled by prune stale:";

    private final Schema schema;
    private final boolean isTimed;

    public NewerRows(Schema schema) {
        this.schema = schema;
        this.isTimed = schema.has("updated_at");
    }

    /** The columns that {@link #isNewer} must find in a row. */
    List<String> columns() {
        return isTimed ? List.of("updated_at", "error_summary") : compared();
    }

    /** Of a row that is known to differ from the record of its run's end. */
    boolean isNewer(Run row, Run end) {
        if (row.text("error_summary") != null && row.text("error_summary").startsWith(CANCELLED)) return false;
        if (!isTimed) return compared().stream().anyMatch(column -> says(row.fields().get(column)) && isUnlike(column, row, end));
        Instant updated = Times.instant(row.fields().get("updated_at"));
        return updated != null && end.end() != null && updated.isAfter(end.end());
    }

    /** Of any row, by all its columns: whether it differs from its run as it is elsewhere, and is newer. */
    public boolean isOtherAndNewer(Run row, Run end) {
        return isNewer(row, end) && compared().stream().anyMatch(column -> !column.equals("updated_at") && isUnlike(column, row, end));
    }

    private static boolean isUnlike(String column, Run row, Run end) {
        return row.fields().containsKey(column) && !Objects.equals(row.text(column), end.text(column));
    }

    private static boolean says(Object value) {
        return value != null && !value.equals(0L) && !value.equals("");
    }

    private List<String> compared() {
        return schema.columns().stream().filter(column -> !Columns.IDENTITY.contains(column) && !column.equals("start_time")
                && !column.equals("created_at") && !column.equals("id")).toList();
    }

    /** The same in SQL, false for running rows. @param row the row's table @param line one with runs as their lines have them */
    public String isNewer(String row, String line) {
        return "coalesce(lower(trim(" + row + ".status)) <> 'running', FALSE) AND coalesce(" + row + ".error_summary, '') NOT LIKE '"
                + CANCELLED + "%' AND " + isLater(row, line);
    }

    private String isLater(String row, String line) {
        if (isTimed) return "telemetry_instant(" + row + ".updated_at) > telemetry_instant(" + line + ".end_time)";
        return "(" + compared().stream().map(Database::quoted).map(column -> row + "." + column + " NOT IN (0, '') AND "
                + row + "." + column + " IS NOT " + line + "." + column).collect(Collectors.joining(" OR ")) + ")";
    }
}
