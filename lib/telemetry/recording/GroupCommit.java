package telemetry.recording;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Lets threads share slow work, such as an fsync or a transaction. Items that arrive while it runs gather, and the first thread then works
 * on all of them together. A single thread never waits.
 */
final class GroupCommit<T> {

    /** Items that are worked on together. */
    final class Group {
        private final List<T> items = new ArrayList<>();
        private final AtomicBoolean isBegun = new AtomicBoolean();
        private final CompletableFuture<Void> done = new CompletableFuture<>();

        /** Returns when the items have been worked on, by this thread if necessary. An interrupt does not cut it short. */
        void await() {
            begin();
            done.join();
        }

        /** Works on the items, unless another thread already does. */
        void begin() {
            if (!isBegun.compareAndSet(false, true)) return;
            working.lock();
            try {
                close(this);
                work.accept(items);
            } finally {
                working.unlock();
                done.complete(null);
            }
        }
    }

    private final Consumer<List<T>> work;
    private final ReentrantLock working = new ReentrantLock();
    private Group gathering = new Group();

    /** @param work never receives two groups at the same time, and does not throw */
    GroupCommit(Consumer<List<T>> work) {
        this.work = work;
    }

    /** Adds items to the gathering group. @return that group, to wait for */
    synchronized Group add(List<T> items) {
        gathering.items.addAll(items);
        return gathering;
    }

    private synchronized void close(Group group) {
        if (gathering == group) gathering = new Group();
    }
}
