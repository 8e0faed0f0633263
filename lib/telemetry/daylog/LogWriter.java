package telemetry.daylog;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import telemetry.DayFile;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Openers;

/**
 * Appends lines to one day file: one write of whole lines in append mode, which other writers' lines cannot split, and an fsync. It asks
 * for a lock on the file's first byte, which the JVM's writers and Windows Python writers honour, but does not need it. Linux Python
 * writers use flock, which it does not exclude, and no lock may cost a line. An interrupt of the thread neither loses nor doubles a line.
 */
public final class LogWriter implements AutoCloseable {
    private static final long PATIENCE_MS = 2_000;
    private static final int MOST_TRIES = 3;

    /** The system lets a write that is too fast for the disk wait for less than this. */
    private static final long SETTLED_MS = 250;

    private final Path file;
    private final String tried;

    /** Made by {@link Files#newOutputStream}: unlike a {@link FileChannel}, an interrupt does not close it. */
    private OutputStream out;

    /** For the fsync. An interrupt does not close it either. */
    private AsynchronousFileChannel synced;

    /** For the lock and the last byte. */
    private FileChannel channel;
    private Object identity;
    private boolean lockIsStuck;

    /** Its name may be lost in a power cut. */
    private boolean isNew;

    public LogWriter(Path file) {
        this(file, "append to the day file");
    }

    /** @param tried what an append does, to follow "cannot" */
    LogWriter(Path file, String tried) {
        this.file = file;
        this.tried = tried;
    }

    /** Appends the lines; they are on the disk when this returns. @throws StoreException when that is uncertain */
    public void append(List<String> lines) {
        append(lines, () -> { });
    }

    /** The same. @param written is called when the lines are in the file, before their fsync; it must not throw */
    public void append(List<String> lines, Runnable written) {
        byte[] bytes = ('\n' + String.join("\n", lines) + '\n').getBytes(StandardCharsets.UTF_8);
        boolean interrupted = false;
        try {
            while (!appended(bytes)) interrupted |= Thread.interrupted();
            written.run();
            synced.force(false);
            if (isNew) Disk.syncFolder(file.toAbsolutePath().getParent());
            isNew = false;
        } catch (IOException e) {
            close();
            throw Attempt.refused(tried, file, e);
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    /** @return false when an interrupt came before anything was written */
    private boolean appended(byte[] bytes) throws IOException {
        try {
            open();
            FileLock lock = lock();
            try {
                int from = endsTorn() ? 0 : 1;
                out.write(bytes, from, bytes.length - from);
            } finally {
                if (lock != null && channel.isOpen()) lock.release();
            }
            return true;
        } catch (ClosedByInterruptException e) {
            close();
            return false;
        }
    }

    /** Opens the file again if its name leads to another file now: the folder may have been moved. */
    private void open() throws IOException {
        if (out != null && identity != null && identity.equals(Disk.identity(file))) return;
        close();
        out = openOrMake();
        synced = Inside.open(file, there -> AsynchronousFileChannel.open(there, StandardOpenOption.WRITE));
        channel = Inside.write(file, StandardOpenOption.READ);
        identity = Disk.identity(file);
    }

    /** A file that is renamed between the two steps is made again. A link that leads nowhere is not followed. */
    private OutputStream openOrMake() throws IOException {
        for (int n = 1;; n++) {
            if (Files.notExists(file)) make();
            else NewFile.keepOneName(file);
            try {
                return Inside.open(file, there -> Files.newOutputStream(there, StandardOpenOption.APPEND));
            } catch (NoSuchFileException e) {
                if (n == MOST_TRIES || Files.isSymbolicLink(file)) throw e;
            }
        }
    }

    /** A day file is as the newest one beside it. */
    private void make() throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        DayFile newest = DayFile.of(file).isEmpty() ? null : DayFile.newestIn(folder);
        NewFile.appear(file, newest == null ? null : newest.path());
        isNew = true;
    }

    /** Null when another process keeps the lock. The writer waits for it once, not for every line. */
    private FileLock lock() throws IOException {
        long deadline = System.nanoTime() + PATIENCE_MS * 1_000_000;
        while (true) {
            FileLock lock = tried();
            if (lock != null || lockIsStuck || System.nanoTime() > deadline) {
                lockIsStuck = lock == null;
                return lock;
            }
            try {
                Thread.sleep(2);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            }
        }
    }

    /** Null also when another thread of this JVM has the lock, for which Java throws. */
    private FileLock tried() throws IOException {
        try {
            return channel.tryLock(0, 1, false);
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /**
     * After a full disk or a crash the last line may lack its newline. Ours must not be glued to it. A line that another program is writing
     * looks the same until its end is there, and a newline behind that would leave a blank line. So the end counts as torn when nothing has
     * been added to it for a moment and nobody holds the file's flock.
     */
    private boolean endsTorn() throws IOException {
        long began = System.nanoTime();
        long since = began;
        for (long size = channel.size(), before = size; lacksNewline(size); before = size, size = channel.size()) {
            long now = System.nanoTime();
            if (size != before) since = now;
            boolean isSettled = now - since >= SETTLED_MS * 1_000_000 && !Openers.isFlocked(file);
            if (isSettled || now - began >= PATIENCE_MS * 1_000_000) return true;
            try {
                Thread.sleep(2);
            } catch (InterruptedException e) {
                throw new ClosedByInterruptException();
            }
        }
        return false;
    }

    private boolean lacksNewline(long size) throws IOException {
        if (size == 0) return false;
        ByteBuffer last = ByteBuffer.allocate(1);
        return channel.read(last, size - 1) == 1 && last.get(0) != '\n';
    }

    @Override
    public void close() {
        try {
            if (out != null) out.close();
            if (synced != null) synced.close();
            if (channel != null) channel.close();
        } catch (IOException e) {
            // every acknowledged line has had its fsync
        } finally {
            out = null;
            synced = null;
            channel = null;
        }
    }
}
