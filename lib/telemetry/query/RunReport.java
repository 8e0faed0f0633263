package telemetry.query;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import telemetry.Row;
import telemetry.Rows;
import telemetry.Run;
import telemetry.Runs;
import telemetry.Store;
import telemetry.text.Table;

/**
 * Everything that a store knows about one run; {@code toString()} is the report.
 *
 * @param rows one, or several where run_id is not unique, in the order of their start
 */
public record RunReport(List<Row> rows, RunEvents events) {

    /** Empty when the database has no such run. @param limit of events, which are kept in memory */
    public static Optional<RunReport> of(Store store, Runs runs, String runId, int limit) {
        List<Row> rows = runs.find(runId).list();
        if (rows.isEmpty()) return Optional.empty();
        Run first = new Run(rows.get(0).map());
        return Optional.of(new RunReport(rows,
                RunEvents.of(store, first.with("end_time", rows.get(rows.size() - 1).get("end_time")), limit)));
    }

    /** The rows with one more column, events: a list of the events as their lines have them. */
    public Rows withEvents() {
        List<Line> all = events.list().stream().map(event -> new Line(event.type(), event.timestamp(), event.payload())).toList();
        List<String> columns = new ArrayList<>(rows.get(0).columns());
        columns.add("events");
        return Rows.of(columns, rows.stream().map(row -> {
            List<Object> values = new ArrayList<>(row.values());
            values.add(all);
            return new Row(columns, values);
        }).toList());
    }

    /** The entries that could not be read and may be its events, a sentence each. */
    public List<String> damaged() {
        return events.damaged();
    }

    private record Line(String eventType, Instant timestamp, String payloadJson) { }

    @Override
    public String toString() {
        var parts = new StringJoiner(System.lineSeparator() + System.lineSeparator());
        rows.forEach(row -> parts.add(Table.sheet(row)));
        return parts.add(events.toString()).toString();
    }
}
