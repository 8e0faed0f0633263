package telemetry.rebuild;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * Carries work from the thread that prepares it to the thread that does it, in order. It goes in batches, because handing over single
 * pieces would cost more than the work. Only a few batches are ahead, so memory stays bounded however large the pieces are.
 */
final class Conveyor {
    private static final int BATCH = 200;
    private static final long BATCH_BYTES = 1 << 18;
    private static final int AHEAD = 8;

    /** Work with so many bytes is done before the next is prepared. */
    private static final long ALONE_BYTES = 1 << 20;
    private static final List<Runnable> END = List.of();

    private final BlockingQueue<List<Runnable>> queue = new ArrayBlockingQueue<>(AHEAD);
    private List<Runnable> batch = new ArrayList<>(BATCH);
    /** Completed by the preparing thread as its last act; unlike the thread itself, it can be waited for despite interrupts. */
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private long bytes;
    private Throwable failure;

    /**
     * Runs {@code preparing} in a thread of its own, and does the work that it puts on in this one.
     *
     * @throws RuntimeException what either of them throws; the other has stopped then
     */
    void run(Runnable preparing) {
        var thread = new Thread(() -> prepare(preparing), "preparing");
        thread.setDaemon(true);
        thread.start();
        try {
            for (List<Runnable> next = queue.take(); next != END; next = queue.take()) next.forEach(Runnable::run);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            thread.interrupt();
            ended.join();
        }
        if (failure instanceof Error error) throw error;
        if (failure != null) throw (RuntimeException) failure;
    }

    private void prepare(Runnable preparing) {
        try {
            preparing.run();
            handOver();
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        try {
            queue.put(END);
        } catch (InterruptedException e) {
            // the other thread has stopped and takes nothing more
        } finally {
            ended.complete(null);
        }
    }

    /** For the preparing thread. @param bytes that the work keeps in memory, about */
    void put(long bytes, Runnable work) {
        batch.add(work);
        this.bytes += bytes;
        if (bytes >= ALONE_BYTES) handOverAndWait();
        else if (batch.size() == BATCH || this.bytes >= BATCH_BYTES) handOver();
    }

    private void handOverAndWait() {
        var done = new CountDownLatch(1);
        batch.add(done::countDown);
        handOver();
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("stopped", e);
        }
    }

    private void handOver() {
        try {
            queue.put(batch);
            batch = new ArrayList<>(BATCH);
            bytes = 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("stopped", e);
        }
    }
}
