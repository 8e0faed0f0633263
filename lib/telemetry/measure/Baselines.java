package telemetry.measure;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import telemetry.Check;
import telemetry.Size;
import telemetry.Store;
import telemetry.Times;
import telemetry.os.Disk;
import telemetry.text.Runbook;

/**
 * The runbook's baselines for a store, and the checks against them.
 *
 * @param write         95 of 100 tracked runs take at most this
 * @param query         the same for simple queries
 * @param runsPerSecond that can be tracked, however few or many writers there are
 * @param bytesPerRun   in the database, indexes included
 */
public record Baselines(Duration write, Duration query, double runsPerSecond, Size bytesPerRun) {

    /** Source: the runbook, Performance Baselines. */
    public static final Baselines RUNBOOK = new Baselines(Duration.ofMillis(50), Duration.ofMillis(100), 20, new Size(100));

    Check write(WriteTimes times) {
        String detail = "a run takes " + Times.millis(times.paced().p95()) + " ms at most in 95 of 100 cases, baseline "
                + Times.words(write);
        return times.paced().p95().compareTo(write) < 0 ? Check.ok("write", detail)
                : Check.warning("write", detail, Disk.watch().in(Runbook.PERFORMANCE_BASELINES));
    }

    Check rate(WriteTimes times) {
        WriteTimes.Rate slowest = times.slowest();
        String detail = String.format(Locale.ROOT, "%,d runs/s at least (%s), baseline %s", Math.round(slowest.perSecond()), slowest.who(),
                plain(runsPerSecond));
        return slowest.perSecond() > runsPerSecond ? Check.ok("rate", detail)
                : Check.warning("rate", detail, Disk.watch().in(Runbook.PERFORMANCE_BASELINES));
    }

    /** Only simple queries; other queries take longer as the store grows. */
    public Check queries(Store store, QueryTimes times) {
        List<QueryTime> slow = times.list().stream().filter(time -> time.isSimple() && time.p95().compareTo(query) >= 0).toList();
        if (slow.isEmpty()) {
            QueryTime slowest = times.list().stream().filter(QueryTime::isSimple).max(Comparator.comparing(QueryTime::p95)).orElseThrow();
            return Check.ok("query", "simple queries take " + Times.millis(slowest.p95()) + " ms at most (" + slowest.name()
                    + "), baseline " + Times.words(query));
        }
        String named = slow.stream().map(time -> time.name() + " takes " + Times.words(time.p95())).collect(Collectors.joining(", "));
        return Check.warning("query", named + ", baseline " + Times.words(query),
                store.command("measure_performance", "--apply-indexes", "--dry-run").in(Runbook.PERFORMANCE_BASELINES));
    }

    /** A baseline below the size of the keys alone cannot be met. The check then says so, with the sum, and warns nobody. */
    Check size(Store store, Footprint footprint) {
        if (footprint.runs() == 0) return Check.ok("size", "no run yet");
        String detail = Math.round(footprint.bytesPerRun()) + " bytes a run, baseline " + bytesPerRun.bytes();
        if (footprint.bytesPerRun() <= bytesPerRun.bytes()) return Check.ok("size", detail);
        if (footprint.leastBytesPerRun() > bytesPerRun.bytes())
            return Check.ok("size", detail + ", out of reach for this schema: the indexed columns alone take "
                    + Math.round(footprint.leastBytesPerRun()) + " bytes a run (" + footprint.keySum() + ")");
        return Check.warning("size", detail,
                store.command("measure_performance", "--vacuum", "--dry-run").in(Runbook.PERFORMANCE_BASELINES));
    }

    private static String plain(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }
}
