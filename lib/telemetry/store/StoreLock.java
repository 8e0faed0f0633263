package telemetry.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.os.NewFile;

/** Lets one at a time work on a part of a store, by the lock of a file, which the kernel takes back from a process that is killed. */
public final class StoreLock {

    /**
     * Which thread of this process is at it. It may begin another part of the same work; nobody else may even open the lock's file, closing
     * which would give the lock back.
     */
    private static final Map<Path, Thread> WORKING = new ConcurrentHashMap<>();

    /** Each but the last failed because somebody had just ended; so many in a row are something else. */
    private static final int MOST_TRIES = 100;

    private StoreLock() { }

    /**
     * Works with the lock of a file in a folder that is there; the file stays.
     *
     * @param atWork is thrown when somebody else has it
     */
    public static <T> T holding(Path lock, StoreException atWork, Supplier<T> work) throws IOException {
        return alone(lock, atWork, work, () -> {
            try (FileChannel channel = open(lock); FileLock held = channel.tryLock()) {
                if (held == null) throw atWork;
                return work.get();
            }
        });
    }

    /**
     * What exchanges a store's database: a second restore or rebuild would find the first one's database half in place. The lock's file is
     * there for as long as the work only.
     *
     * @throws StoreException {@code LOCKED} when somebody else is at it
     */
    public static <T> T replacing(Store store, Supplier<T> work) {
        Path lock = lock(store);
        var atWork = new StoreException(StoreException.Reason.LOCKED, "replace", store.database(),
                "another restore, recovery or rebuild is running there", Next.words("wait for it, then run it again"));
        try {
            return alone(lock, atWork, work, () -> locked(lock, atWork, work));
        } catch (IOException e) {
            throw Attempt.refused("lock the store by", lock, e);
        }
    }

    /** True when somebody is at {@link #replacing}, or was killed at it. */
    static boolean isThere(Store store) {
        return Files.exists(lock(store), LinkOption.NOFOLLOW_LINKS);
    }

    private static Path lock(Store store) {
        return store.quarantine().resolve(".lock");
    }

    /** True when somebody is at {@link #replacing} now. Changes nothing. */
    static boolean isTaken(Store store) {
        Path lock = lock(store);
        if (WORKING.containsKey(lock)) return true;
        try (FileChannel channel = Inside.read(lock); FileLock shared = channel.tryLock(0, Long.MAX_VALUE, true)) {
            return shared == null;
        } catch (OverlappingFileLockException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static <T> T alone(Path lock, StoreException atWork, Supplier<T> work, Attempt.Work<T> locked) throws IOException {
        Thread other = WORKING.putIfAbsent(lock, Thread.currentThread());
        if (other == Thread.currentThread()) return work.get();
        if (other != null) throw atWork;
        try {
            return locked.run();
        } finally {
            WORKING.remove(lock);
        }
    }

    /** Found or made. */
    private static FileChannel open(Path lock) throws IOException {
        if (Files.notExists(lock, LinkOption.NOFOLLOW_LINKS)) NewFile.make(lock, null);
        return Inside.write(lock);
    }

    private static <T> T locked(Path lock, StoreException atWork, Supplier<T> work) throws IOException {
        Path folder = lock.getParent();
        for (int n = 1;; n++) {
            Quarantine.make(folder);
            try (FileChannel channel = open(lock); FileLock held = channel.tryLock()) {
                if (held == null) throw atWork;
                try (FileChannel named = Inside.write(lock)) {
                    if (isLocked(named)) return workAndClear(lock, work);
                    if (n == MOST_TRIES) throw atWork;
                }
            } catch (NoSuchFileException e) {
                if (n == MOST_TRIES) throw e;
            } finally {
                Quarantine.removeIfEmpty(folder);
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

    private static <T> T workAndClear(Path lock, Supplier<T> work) throws IOException {
        try {
            return work.get();
        } finally {
            Inside.delete(lock);
        }
    }
}
