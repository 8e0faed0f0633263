package telemetry.measure;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Disk;
import telemetry.text.JsonText;
import telemetry.text.Result;

/**
 * What was measured of a store, compared with the baselines; {@code toString()} is the report.
 *
 * @param done    advice that was carried out before the measurement
 * @param writing null when writing could not be measured
 * @param reading null when the database could not be read
 * @param checks  the baselines, and what could not be measured
 * @param history null when it is not wanted
 */
public record PerformanceReport(Check.Status status, Path store, Instant time, List<String> done, WriteTimes writing, StoreFigures reading,
        Checks checks, List<Advice> advice, PerformanceHistory history) implements Result {

    /**
     * A run waits for the disk at least twice, once for each line. When an fsync takes this fraction of the baseline, half of the baseline
     * is gone before SQLite begins.
     */
    private static final int SLOW_DISK = 4;

    /**
     * @param walSize  the -wal's size from which there is advice
     * @param failures what could not be measured
     */
    public static PerformanceReport of(Store store, Instant time, List<String> done, WriteTimes writes, StoreFigures figures,
            Baselines baselines, Size walSize, List<Check> failures, PerformanceHistory history) {
        List<Check> all = new ArrayList<>();
        List<Advice> advice = new ArrayList<>();
        if (writes != null) {
            all.add(baselines.write(writes));
            all.add(baselines.rate(writes));
            if (writes.sync().p95().compareTo(baselines.write().dividedBy(SLOW_DISK)) > 0) advice.add(slowDisk(writes));
        }
        if (figures != null) {
            all.add(baselines.queries(store, figures.queries()));
            all.add(baselines.size(store, figures.footprint()));
            advice.addAll(figures.indexes().advice());
            advice.addAll(Tuning.vacuumAdvice(store, figures.footprint()));
            if (figures.wal().compareTo(walSize) > 0)
                advice.add(new Advice("-wal", "it has " + figures.wal() + " and does not shrink: every query searches it. A reader "
                        + "that does not end prevents folding it in", store.command("locks")));
        }
        all.addAll(failures);
        var checks = new Checks(all);
        return new PerformanceReport(checks.status(), store.base(), time, done, writes, figures, checks, advice, history);
    }

    private static Advice slowDisk(WriteTimes writes) {
        return new Advice("disk", "an fsync takes " + Times.millis(writes.sync().p95()) + " ms in 5 of 100 cases, and a run waits for two "
                + "or more: find out what else uses the disk, or move the store to a faster one", Disk.watch());
    }

    /** What could not be measured, and why. */
    public static Check failure(String name, Store store, StoreException e) {
        return new Check(name, e.isUnknown() ? Check.Status.UNKNOWN : Check.Status.FAILED, e.what(), store.on(e.next()));
    }

    @Override
    public String toString() {
        var text = new StringJoiner(System.lineSeparator());
        text.add("store    " + store + (reading == null ? "" : reading.brief()));
        done.forEach(line -> text.add("done     " + line));
        if (writing != null) text.add("").add(writing.toString());
        if (reading != null) text.add("").add(reading.toString());
        text.add("").add(checks.toString());
        if (!advice.isEmpty()) text.add(Advice.report(advice));
        if (history != null) text.add("").add(history.toString());
        return text.toString();
    }

    @Override
    public Object data() {
        Map<String, Object> members = JsonText.members(this);
        if (history == null) members.remove("history");
        return members;
    }

    /** Adds it to its history. @return false when something could not be measured: half a measurement has no place in a trend */
    public boolean keep() {
        if (writing == null || reading == null) return false;
        history.add(summary());
        return true;
    }

    /** The numbers of the trends. */
    private Map<String, Object> summary() {
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("time", time);
        summary.put("status", status);
        writing.summary(summary);
        reading.summary(summary);
        return summary;
    }
}
