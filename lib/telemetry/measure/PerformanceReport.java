package telemetry.measure;

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
import telemetry.Times;
import telemetry.os.Disk;

/**
 * What was measured of a store, held against the baselines; {@code toString()} is the report.
 *
 * @param done     advice that was carried out before it was measured
 * @param writes   null when writing could not be measured
 * @param figures  null when the database could not be read
 * @param checks   the baselines, and what could not be measured
 */
public record PerformanceReport(Store store, Instant at, List<String> done, WriteTimes writes, StoreFigures figures, Checks checks,
        List<Advice> advice) {

    /**
     * A run waits for the disk at least twice, once for each line: with fsyncs that take this part of the baseline, half of it is gone
     * before SQLite begins.
     */
    private static final int SLOW_DISK = 4;

    /**
     * @param walSize  from this size on of the -wal there is advice
     * @param failures what could not be measured
     */
    public static PerformanceReport of(Store store, Instant at, List<String> done, WriteTimes writes, StoreFigures figures,
            Baselines baselines, Size walSize, List<Check> failures) {
        List<Check> checks = new ArrayList<>();
        List<Advice> advice = new ArrayList<>();
        if (writes != null) {
            checks.add(baselines.write(writes));
            checks.add(baselines.rate(writes));
            if (writes.sync().p95().compareTo(baselines.write().dividedBy(SLOW_DISK)) > 0) advice.add(slowDisk(writes));
        }
        if (figures != null) {
            checks.add(baselines.queries(store, figures.queries()));
            checks.add(baselines.size(store, figures.footprint()));
            advice.addAll(figures.indexes().advice());
            advice.addAll(Tuning.vacuumAdvice(store, figures.footprint()));
            if (figures.wal().compareTo(walSize) > 0)
                advice.add(new Advice("-wal", "it has " + figures.wal() + " and does not shrink: every query looks through it. A reader "
                        + "that does not end keeps it from being folded in", store.command("locks")));
        }
        checks.addAll(failures);
        return new PerformanceReport(store, at, done, writes, figures, new Checks(checks), advice);
    }

    private static Advice slowDisk(WriteTimes writes) {
        return new Advice("disk", "an fsync takes " + Times.millis(writes.sync().p95()) + " ms in 5 of 100 cases, and a run waits for two "
                + "and more: look who else uses the disk, or move the store to a quicker one", Disk.watch());
    }

    public Check.Status status() {
        return checks.status();
    }

    /** False when something could not be measured. */
    public boolean isWhole() {
        return writes != null && figures != null;
    }

    @Override
    public String toString() {
        var text = new StringJoiner(System.lineSeparator());
        text.add("store    " + store.base() + (figures == null ? "" : figures.brief()));
        done.forEach(line -> text.add("done     " + line));
        if (writes != null) text.add("").add(writes.toString());
        if (figures != null) text.add("").add(figures.toString());
        text.add("").add(checks.toString());
        if (!advice.isEmpty()) text.add(Advice.report(advice));
        return text.toString();
    }

    /** For {@code --json}. */
    public Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("status", status());
        document.put("store", store.base());
        document.put("time", at);
        document.put("done", done);
        document.put("writing", writes == null ? null : writes.document());
        document.put("reading", figures == null ? null : figures.document());
        document.put("checks", checks.list());
        document.put("advice", advice);
        return document;
    }

    /** For {@link PerformanceHistory}: the numbers that a trend is made of. */
    public Map<String, Object> summary() {
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("time", at);
        summary.put("status", status());
        if (writes != null) writes.summary(summary);
        if (figures != null) figures.summary(summary);
        return summary;
    }
}
