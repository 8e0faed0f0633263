package telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Lets threads share slow work, an fsync or a transaction: what comes while it is under way gathers, and is then done at once, by the
 * thread whose item came first. A thread alone does its own at once and hands nothing over.
 */
final class GroupCommit<T> {

    private final class Group {
        private final List<T> items = new ArrayList<>();
        private final CompletableFuture<Void> done = new CompletableFuture<>();
    }

    private final Consumer<List<T>> work;
    private final ReentrantLock working = new ReentrantLock();
    private Group gathering = new Group();

    /** @param work is never given two groups at the same time, and does not throw */
    GroupCommit(Consumer<List<T>> work) {
        this.work = work;
    }

    /** Returns when the item's group has been worked on. An interrupt does not cut it short. */
    void add(T item) {
        Group group;
        boolean first;
        synchronized (this) {
            group = gathering;
            first = group.items.isEmpty();
            group.items.add(item);
        }
        if (first) lead(group);
        else group.done.join();
    }

    private void lead(Group group) {
        working.lock();
        try {
            synchronized (this) {
                gathering = new Group();
            }
            work.accept(group.items);
        } finally {
            working.unlock();
            group.done.complete(null);
        }
    }
}
