package telemetry.measure;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import telemetry.Size;
import telemetry.Store;
import telemetry.Times;
import telemetry.daylog.Records;
import telemetry.os.Attempt;
import telemetry.store.Reports;
import telemetry.text.JsonText;
import telemetry.text.Result;
import telemetry.text.Table;

/** Earlier measurements: {@code reports/performance.ndjson}, one line for each. {@code toString()} shows the latest as a table. */
public final class PerformanceHistory implements Result {
    private static final int SHOWN = 10;

    private final Store store;
    private final Records lines;
    private final List<Map<String, Object>> records = new ArrayList<>();

    /** Reads the file. A line that cannot be read, perhaps because of a power failure, is skipped and said. */
    public PerformanceHistory(Store store) {
        this.store = store;
        this.lines = new Records(store.reports().resolve("performance.ndjson"), "read", "append to the day file");
        lines.forEach(line -> line.get("time") != null && records.add(line));
    }

    /**
     * Adds a measurement, which is on the disk when this returns.
     *
     * @param record numbers and texts, {@code time} among them
     * @throws StoreException also when the store is missing, which is not created
     */
    public void add(Map<String, Object> record) {
        String line = JsonText.line(record);
        Attempt.of("create the folder", store.reports(), () -> Reports.make(store));
        lines.append(List.of(line));
        records.add(JsonText.object(line));
    }

    /** Oldest first. */
    @Override
    public List<Map<String, Object>> data() {
        return List.copyOf(records);
    }

    @Override
    public String toString() {
        var table = new Table("measured", "write ms", "runs/s", "recent ms", "agents ms", "bytes/run", "size");
        for (Map<String, Object> record : records.subList(Math.max(0, records.size() - SHOWN), records.size()))
            table.row(time(record), record.get("write_p95_ms"), record.get("runs_per_second"), record.get("query_recent_p95_ms"),
                    record.get("query_agents_p50_ms"), record.get("bytes_per_run"),
                    record.get("database_bytes") instanceof Number bytes ? new Size(bytes.longValue()) : null);
        String growth = growth();
        return table + (growth.isEmpty() ? "" : System.lineSeparator() + growth);
    }

    /** From the first to the last measurement, when they are at least a day apart. */
    private String growth() {
        if (records.isEmpty()) return "";
        Map<String, Object> first = records.get(0);
        Map<String, Object> last = records.get(records.size() - 1);
        Duration between = time(first) == null || time(last) == null ? Duration.ZERO : Duration.between(time(first), time(last));
        if (between.toDays() < 1) return "";
        if (!(first.get("database_bytes") instanceof Number before && last.get("database_bytes") instanceof Number after)) return "";
        long aDay = (after.longValue() - before.longValue()) * 86_400 / between.toSeconds();
        return "in " + Times.words(between) + " the database " + (aDay < 0 ? "shrank by " : "grew by ") + new Size(Math.abs(aDay))
                + " a day";
    }

    private static Instant time(Map<String, Object> record) {
        return record.get("time") instanceof String text ? Times.instant(text) : null;
    }
}
