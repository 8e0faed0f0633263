import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import telemetry.Store;
import telemetry.TelemetryClient;

/** Tracks so many runs with so many threads as fast as it can and prints how fast that was: STORE RUNS THREADS. */
final class Tracking {
    private Tracking() { }

    public static void main(String... args) throws Exception {
        int runs = Integer.parseInt(args[1]);
        int threads = Integer.parseInt(args[2]);
        long[] took = new long[runs];
        var next = new AtomicInteger();
        var done = new CountDownLatch(threads);
        long began = System.nanoTime();
        try (var client = TelemetryClient.at(Store.at(Path.of(args[0])))) {
            for (int i = 0; i < threads; i++)
                new Thread(() -> {
                    for (int n = next.getAndIncrement(); n < runs; n = next.getAndIncrement()) took[n] = track(client, n);
                    done.countDown();
                }).start();
            done.await();
            double seconds = (System.nanoTime() - began) / 1e9;
            Arrays.sort(took);
            System.out.printf(java.util.Locale.ROOT, "{\"%s\": %.2f, \"%s\": %.4f, \"%s\": %.4f}%n", Figure.RATE.key(), runs / seconds,
                    Figure.P50.key(), took[runs / 2] / 1e6, Figure.P99.key(), took[runs * 99 / 100] / 1e6);
        }
    }

    private static long track(TelemetryClient client, int n) {
        long began = System.nanoTime();
        client.track("bench-agent", "measure", run -> run.metrics(metrics -> metrics.itemsDiscovered(n).itemsSucceeded(n)));
        return System.nanoTime() - began;
    }
}
