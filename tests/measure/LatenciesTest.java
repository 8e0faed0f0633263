package telemetry.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LatenciesTest {

    @Test
    void atLeastThreeCountAndTheFirstDoesNot() {
        List<Integer> done = new ArrayList<>();
        assertEquals(3, Latencies.of(50, Duration.ZERO, () -> done.add(1)).count());
        assertEquals(4, done.size());
        assertEquals(1, Latencies.of(1, Duration.ZERO, () -> done.add(1)).count());
        assertEquals(20, Latencies.of(20, Duration.ofMinutes(1), () -> done.add(1)).count());
    }

    @Test
    void whatTookLongIsSeenAtTheTopAndNotInTheMiddle() {
        int[] n = {0};
        var latencies = Latencies.of(20, Duration.ofMinutes(1), () -> {
            if (++n[0] == 11) pause(60);
        });
        assertTrue(latencies.max().compareTo(Duration.ofMillis(60)) >= 0, latencies.max().toString());
        assertTrue(latencies.p50().compareTo(Duration.ofMillis(60)) < 0, latencies.p50().toString());
        assertEquals(latencies.max(), latencies.p99());
        assertTrue(latencies.p95().compareTo(latencies.max()) < 0, "one of twenty is above the 95th percentile");
    }

    private static void pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
