package telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;

/**
 * Makes things in a thread of its own and uses them in the calling one, in the same order. Two hundred at a time, because a queue for each one costs more than the work; some
 * batches ahead and no more, so that memory stays bounded.
 */
final class Conveyor<T> {
    private static final int BATCH = 200;
    private static final int AHEAD = 8;

    private final BlockingQueue<List<T>> queue = new ArrayBlockingQueue<>(AHEAD);
    private List<T> batch = new ArrayList<>(BATCH);
    private volatile Throwable failure;

    /**
     * @param maker  is given where to put what it makes
     * @param user   is given each thing
     * @throws RuntimeException what either of them throws; the other one has stopped then
     */
    static <T> void run(Consumer<Consumer<T>> maker, Consumer<T> user) {
        new Conveyor<T>().move(maker, user);
    }

    private void move(Consumer<Consumer<T>> maker, Consumer<T> user) {
        var thread = new Thread(() -> make(maker), "maker");
        thread.setDaemon(true);
        thread.start();
        try {
            for (List<T> next = queue.take(); !next.isEmpty(); next = queue.take()) next.forEach(user);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            stop(thread);
        }
        if (failure instanceof RuntimeException known) throw known;
        if (failure instanceof Error known) throw known;
    }

    private void make(Consumer<Consumer<T>> maker) {
        try {
            maker.accept(this::put);
            if (!batch.isEmpty()) queue.put(batch);
        } catch (InterruptedException e) {
            return;
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        try {
            queue.put(List.of());
        } catch (InterruptedException e) {
            // the user has stopped, and knows why
        }
    }

    private void put(T thing) {
        batch.add(thing);
        if (batch.size() < BATCH) return;
        try {
            queue.put(batch);
            batch = new ArrayList<>(BATCH);
        } catch (InterruptedException e) {
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
