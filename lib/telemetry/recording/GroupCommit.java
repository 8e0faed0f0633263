package telemetry.recording;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Lets threads share slow work, an fsync or a transaction: what comes while it is under way gathers, and is then done at once, by the
 * thread that is there first. A thread alone does its own at once.
 */
final class GroupCommit<T> {

    /** Items that are worked on together. */
    final class Group {
        private final List<T> items = new ArrayList<>();
        private final AtomicBoolean isBegun = new AtomicBoolean();
        private final CompletableFuture<Void> done = new CompletableFuture<>();

        /** Returns when the items have been worked on, if need be by this thread. An interrupt does not cut it short. */
        void await() {
            begin();
            done.join();
        }

        /** Works on the items, unless another thread does already. */
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

    /** @param work is never given two groups at the same time, and does not throw */
    GroupCommit(Consumer<List<T>> work) {
        this.work = work;
    }

    /** Adds items to the group that gathers. @return that group, to be waited for */
    synchronized Group add(List<T> items) {
        gathering.items.addAll(items);
        return gathering;
    }

    private synchronized void close(Group group) {
        if (gathering == group) gathering = new Group();
    }
}
