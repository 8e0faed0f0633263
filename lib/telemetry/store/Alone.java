package telemetry.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Disk;

/**
 * What exchanges a store's database runs alone: a second restore or rebuild would find the first one's database half in place. The kernel
 * takes the lock back from a process that is killed; the lock's file is there for as long as the work only.
 */
public final class Alone {

    /**
     * Which thread of this process is at it. It may begin another part of the same work; nobody else may even open the lock's file, closing
     * which would give the lock back.
     */
    private static final Map<Path, Thread> WORKING = new ConcurrentHashMap<>();

    private static final Set<OpenOption> FOUND_OR_MADE =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

    /** Each but the last failed because somebody had just ended; so many in a row are something else. */
    private static final int MOST_TRIES = 100;

    private Alone() { }

    /** @throws StoreException {@code LOCKED} when somebody else is at it */
    public static <T> T in(Store store, Supplier<T> work) {
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
        for (int n = 1;; n++) {
            Quarantine.make(store.quarantine());
            try (FileChannel channel = FileChannel.open(lock, FOUND_OR_MADE, Disk.ownerOnlyFile(store.quarantine()));
                    FileLock held = channel.tryLock()) {
                if (held == null) throw atWork(store);
                try (FileChannel named = FileChannel.open(lock, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
                    if (isLocked(named)) return alone(lock, work);
                    if (n == MOST_TRIES) throw atWork(store);
                }
            } catch (NoSuchFileException e) {
                if (n == MOST_TRIES) throw Disk.refused("lock the store by", lock, e);
            } catch (IOException e) {
                throw Disk.refused("lock the store by", lock, e);
            }
        }
    }

    /**
     * True when this process holds the lock of the file that has the name now. Somebody may have ended and taken the name away between the
     * file's opening and its locking: then the next one has made a file of that name, and the lock is on one that nobody finds any more.
     * Closing a second channel of a file gives its lock back, so both stay open until the end.
     */
    private static boolean isLocked(FileChannel named) throws IOException {
        try (FileLock another = named.tryLock()) {
            return false;
        } catch (OverlappingFileLockException e) {
            return true;
        }
    }

    private static <T> T alone(Path lock, Supplier<T> work) throws IOException {
        try {
            return work.get();
        } finally {
            Files.deleteIfExists(lock);
        }
    }

    private static StoreException atWork(Store store) {
        return new StoreException(StoreException.Reason.LOCKED, "replace", store.database(),
                "another restore, recovery or rebuild is at work there", Next.words("wait for it, then run it again"));
    }
}
