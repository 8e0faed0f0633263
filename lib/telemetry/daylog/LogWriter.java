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
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import telemetry.os.Attempt;
import telemetry.os.Disk;

/**
 * Appends lines to one day file: one write of whole lines in append mode, which no other writer's line gets into, and an
 * fsync. A lock on the file's first byte, which the JVM's and the Windows Python writers honour, is asked for
 * and not insisted on: Linux Python writers use flock, which it does not exclude, and nobody's lock may lose a line. An interrupt of the
 * thread neither loses nor doubles a line.
 */
public final class LogWriter implements AutoCloseable {
    private static final long PATIENCE_MS = 2_000;

    private final Path file;
    private final String tried;

    /** Made by {@link Files#newOutputStream}, which unlike a {@link FileChannel} no interrupt closes. */
    private OutputStream out;

    /** For the fsync: no interrupt closes it either. */
    private AsynchronousFileChannel synced;

    /** For the lock and the last byte. */
    private FileChannel channel;
    private Object identity;
    private boolean lockIsStuck;

    public LogWriter(Path file) {
        this(file, "append to the day file");
    }

    /** @param tried what an append tries, to follow "cannot" */
    LogWriter(Path file, String tried) {
        this.file = file;
        this.tried = tried;
    }

    /** When it returns, the lines are on the disk. @throws StoreException when that cannot be said */
    public void append(List<String> lines) {
        append(lines, () -> { });
    }

    /** As the other. @param written is called when the lines stand in the file, before their fsync; must not throw */
    public void append(List<String> lines, Runnable written) {
        byte[] bytes = ('\n' + String.join("\n", lines) + '\n').getBytes(StandardCharsets.UTF_8);
        boolean interrupted = false;
        try {
            while (!appended(bytes)) interrupted |= Thread.interrupted();
            written.run();
            synced.force(false);
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

    /** The name must still lead to the file that is open: somebody may have moved the folder since. */
    private void open() throws IOException {
        if (out != null && identity != null && identity.equals(Disk.identity(file))) return;
        close();
        boolean created = Files.notExists(file);
        out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        synced = AsynchronousFileChannel.open(file, StandardOpenOption.WRITE);
        channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        identity = Disk.identity(file);
        if (created) Disk.syncFolder(file.getParent());
    }

    /** Null when somebody keeps it; that is waited for once, not with every line. */
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

    /** Null also when another thread of this JVM has it, of which the JVM makes an exception. */
    private FileLock tried() throws IOException {
        try {
            return channel.tryLock(0, 1, false);
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** After a full disk or a crash the last line may lack its newline: ours must not be glued to it. */
    private boolean endsTorn() throws IOException {
        long size = channel.size();
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
            // every line that was acknowledged has had its fsync
        } finally {
            out = null;
            synced = null;
            channel = null;
        }
    }
}
