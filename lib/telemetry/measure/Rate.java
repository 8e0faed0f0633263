package telemetry.measure;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import telemetry.Times;

/**
 * How many runs somebody tracked in which time, as fast as it went.
 *
 * @param who {@code "4 threads"}
 */
record Rate(String who, int runs, Duration took) {

    double perSecond() {
        return runs * 1e9 / Math.max(1, took.toNanos());
    }

    /** For {@code --json}. */
    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("who", who);
        document.put("runs", runs);
        document.put("took_ms", Times.millis(took));
        document.put("runs_per_second", Math.round(perSecond()));
        return document;
    }
}
