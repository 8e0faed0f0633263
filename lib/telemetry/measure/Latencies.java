//DEPS org.hdrhistogram:HdrHistogram:2.2.2
package telemetry.measure;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import org.HdrHistogram.Histogram;
import telemetry.Times;

/** How long the same work took, many times, and its percentiles; accurate to one part in a thousand. For one thread. */
final class Latencies {

    /** In milliseconds, for tables and programs. */
    record Figures(long times, BigDecimal p50Ms, BigDecimal p95Ms, BigDecimal p99Ms, BigDecimal maxMs) { }

    private static final int DIGITS = 3;

    private final Histogram nanos = new Histogram(DIGITS);

    /**
     * Does the work up to this many times, for about this long, but at least three times. One more time before that does not count, because
     * it may read from the disk for the first time.
     */
    static Latencies of(int times, Duration budget, Runnable work) {
        var latencies = new Latencies();
        long end = System.nanoTime() + budget.toNanos();
        work.run();
        for (int n = 0; n < times && (n < 3 || System.nanoTime() < end); n++) {
            long began = System.nanoTime();
            work.run();
            latencies.add(System.nanoTime() - began);
        }
        return latencies;
    }

    /** @param nanoseconds a clock that went backwards counts as 0 */
    void add(long nanoseconds) {
        nanos.recordValue(Math.max(0, nanoseconds));
    }

    /** How many times were measured. */
    long count() {
        return nanos.getTotalCount();
    }

    Duration p50() {
        return percentile(50);
    }

    Duration p95() {
        return percentile(95);
    }

    Duration p99() {
        return percentile(99);
    }

    Duration max() {
        return percentile(100);
    }

    /** The shortest time that this percentage did not exceed; zero without any. */
    private Duration percentile(double percent) {
        return Duration.ofNanos(nanos.getValueAtPercentile(percent));
    }

    Figures figures() {
        return new Figures(count(), Times.millis(p50()), Times.millis(p95()), Times.millis(p99()), Times.millis(max()));
    }

    /** The two numbers that a trend is made of. */
    void summary(String name, Map<String, Object> summary) {
        summary.put(name + "_p50_ms", Times.millis(p50()));
        summary.put(name + "_p95_ms", Times.millis(p95()));
    }
}
