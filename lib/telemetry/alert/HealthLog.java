package telemetry.alert;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import telemetry.Health;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.daylog.LogWriter;
import telemetry.os.Disk;
import telemetry.store.Reports;
import telemetry.text.JsonText;

/** How the store was from day to day: one line for each {@code health --record} in {@code {base}/reports/health.ndjson}. */
public final class HealthLog {
    private static final String RECORD = "record the store's health in";

    private final Store store;
    private final Path file;

    public HealthLog(Store store) {
        this.store = store;
        this.file = store.reports().resolve("health.ndjson");
    }

    /**
     * Appends a line, as day files are appended to: in one write, never to a line that was cut short, on the disk when this returns.
     * The folder is made when it is missing, the store never.
     *
     * @throws StoreException when that cannot be said
     */
    public void add(Health health) {
        try (LogWriter writer = new LogWriter(file)) {
            Reports.make(store);
            writer.append(List.of(JsonText.line(HealthRecord.of(health))));
        } catch (IOException e) {
            throw Disk.refused(RECORD, file, e);
        } catch (StoreException e) {
            throw new StoreException(e.reason(), RECORD, file, e.why(), null, e);
        }
    }

    /** What was recorded since then, in the order of the file; nothing when there is no file. A line that cannot be read is left out. */
    public List<HealthRecord> since(Instant from) {
        List<HealthRecord> records = new ArrayList<>();
        try (var lines = new BufferedReader(new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                HealthRecord record = HealthRecord.read(line);
                if (record != null && !record.time().isBefore(from)) records.add(record);
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw Disk.refused("read the store's recorded health", file, e);
        }
        return records;
    }
}
