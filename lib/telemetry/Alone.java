package telemetry;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What exchanges a store's database runs alone: a second restore or rebuild would find the first one's database half in place. The kernel
 * takes the lock back from a process that is killed; the lock's file is there for as long as the work only.
 */
final class Alone {

    /**
     * Which thread of this process is at it. It may begin another part of the same work; nobody else may even open the lock's file, closing
     * which would give the lock back.
     */
    private static final Map<Path, Thread> WORKING = new ConcurrentHashMap<>();

    private Alone() { }

    /** @throws StoreException {@code LOCKED} when somebody else is at it */
    static <T> T in(Store store, Supplier<T> work) {
        Path lock = store.quarantine().resolve(".lock");
        Thread other = WORKING.putIfAbsent(lock, Thread.currentThread());
        if (other == Thread.currentThread()) return work.get();
        if (other != null) throw atWork(store);
        try {
            return locked(store, lock, work);
        } finally {
            WORKING.remove(lock);
            Quarantine.removeIfEmpty(store.quarantine());
        }
    }

    private static <T> T locked(Store store, Path lock, Supplier<T> work) {
        Quarantine.make(store.quarantine());
        Set<OpenOption> options = Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        try (FileChannel channel = FileChannel.open(lock, options, Disk.ownerOnlyFile(store.quarantine()));
                FileLock held = channel.tryLock()) {
            if (held == null) throw atWork(store);
            try {
                return work.get();
            } finally {
                Files.deleteIfExists(lock);
            }
        } catch (IOException e) {
            throw Disk.refused("lock the store by", lock, e);
        }
    }

    private static StoreException atWork(Store store) {
        return new StoreException(StoreException.Reason.LOCKED, "replace", store.database(),
                "another restore, recovery or rebuild is at work there", "wait for it, then run it again");
    }
}
