package telemetry.alert;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import telemetry.Health;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.daylog.Records;
import telemetry.os.Attempt;
import telemetry.store.Reports;
import telemetry.text.JsonText;

/** The store's health from day to day: one line for each {@code health --record} in {@code {base}/reports/health.ndjson}. */
public final class HealthLog {
    private static final String RECORD = "record the store's health in";

    private final Store store;
    private final Path file;
    private final Records lines;

    public HealthLog(Store store) {
        this.store = store;
        this.file = store.reports().resolve("health.ndjson");
        this.lines = new Records(file, "read the store's recorded health", RECORD);
    }

    /**
     * Appends a line as to a day file: in one write, never to a line that was cut short, and on the disk when this returns. A missing
     * folder is created, a missing store never.
     *
     * @throws StoreException when that is uncertain
     */
    public void add(Health health) {
        try {
            Reports.make(store);
            lines.append(List.of(JsonText.line(HealthRecord.of(health))));
        } catch (IOException e) {
            throw Attempt.refused(RECORD, file, e);
        } catch (StoreException e) {
            throw new StoreException(e.reason(), RECORD, file, e.why(), null, e);
        }
    }

    /** The records since then, in the file's order; none without a file. A line that cannot be read is skipped and said. */
    public List<HealthRecord> since(Instant from) {
        List<HealthRecord> records = new ArrayList<>();
        lines.forEach(line -> {
            HealthRecord record = HealthRecord.read(line);
            if (record != null && !record.time().isBefore(from)) records.add(record);
            return record != null;
        });
        return records;
    }
}
