//DEPS org.hdrhistogram:HdrHistogram:2.2.2
package telemetry.measure;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import org.HdrHistogram.Histogram;
import telemetry.Times;

/**
 * How long the same thing took, time and again, and what part of them stayed below which time; to one part in a thousand. For one thread.
 */
final class Latencies {

    /** In milliseconds, as tables and programs get them. */
    record Figures(long times, BigDecimal p50Ms, BigDecimal p95Ms, BigDecimal p99Ms, BigDecimal maxMs) { }

    private static final int DIGITS = 3;

    private final Histogram nanos = new Histogram(DIGITS);

    /**
     * Does it as often as wanted, but not for much longer than so long: at least three times. Once before that it is done for nothing, so
     * that what is read from the disk for the first time does not count.
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

    /** How many there were. */
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

    /** The shortest time that so many percent of them did not exceed; zero when there was none. */
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
