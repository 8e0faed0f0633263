package telemetry.rebuild;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Carries work from the thread that prepares it to the one that does it, in the same order. It goes in batches, because handing over each
 * piece costs more than the work, and only some batches are ahead, so that memory stays bounded however large the pieces are.
 */
final class Conveyor {
    private static final int BATCH = 200;
    private static final long BATCH_BYTES = 1 << 18;
    private static final int AHEAD = 8;
    private static final List<Runnable> END = List.of();

    private final BlockingQueue<List<Runnable>> queue = new ArrayBlockingQueue<>(AHEAD);
    private List<Runnable> batch = new ArrayList<>(BATCH);
    private long bytes;
    private Throwable failure;

    /**
     * Has {@code preparing} run in a thread of its own, and does in this one what that puts on.
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
            stop(thread);
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
            // the other has stopped, and takes nothing any more
        }
    }

    /** For the thread that prepares. @param bytes that the work keeps in memory, about */
    void put(long bytes, Runnable work) {
        batch.add(work);
        this.bytes += bytes;
        if (batch.size() == BATCH || this.bytes >= BATCH_BYTES) handOver();
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

    private static void stop(Thread thread) {
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
