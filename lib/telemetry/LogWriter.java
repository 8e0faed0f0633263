package telemetry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Appends lines to one day file: one write of the whole line in append mode, which no other writer's line gets into,
 * then fsync. A lock on the file's first byte, which the JVM's and the Windows Python writers honour, is asked for and
 * not insisted on: Linux Python writers use flock, which it does not exclude, and nobody's lock may lose a line.
 */
final class LogWriter implements AutoCloseable {
    private static final long PATIENCE_MS = 2_000;

    /** The JVM throws when two of its threads lock one file through two channels, so they queue here. */
    private static final ReentrantLock APPENDING = new ReentrantLock();

    private final Path file;
    private FileChannel channel;
    private FileChannel tail;
    private Object identity;

    LogWriter(Path file) {
        this.file = file;
    }

    Path file() {
        return file;
    }

    void append(String line) {
        byte[] bytes = ('\n' + line + '\n').getBytes(StandardCharsets.UTF_8);
        APPENDING.lock();
        try {
            open();
            FileLock lock = lock();
            try {
                int from = endsTorn() ? 0 : 1;
                int written = channel.write(ByteBuffer.wrap(bytes, from, bytes.length - from));
                if (written < bytes.length - from) throw new IOException("No space left on device: the line was cut short");
                channel.force(false);
            } finally {
                if (lock != null) lock.release();
            }
        } catch (IOException e) {
            close();
            throw Disk.refused("append to the day file", file, e);
        } finally {
            APPENDING.unlock();
        }
    }

    /** The name must still lead to the file that is open: somebody may have moved the folder since. */
    private void open() throws IOException {
        if (channel != null && identity != null && identity.equals(identity())) return;
        close();
        boolean created = Files.notExists(file);
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        tail = FileChannel.open(file, StandardOpenOption.READ);
        identity = identity();
        if (created) Disk.syncFolder(file.getParent());
    }

    private Object identity() throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Objects.requireNonNullElse(attributes.fileKey(), attributes.creationTime());
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private FileLock lock() throws IOException {
        long deadline = System.nanoTime() + PATIENCE_MS * 1_000_000;
        while (true) {
            FileLock lock = channel.tryLock(0, 1, false);
            if (lock != null || System.nanoTime() > deadline) return lock;
            try {
                Thread.sleep(2);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            }
        }
    }

    /** After a full disk or a crash the last line may lack its newline: ours must not be glued to it. */
    private boolean endsTorn() throws IOException {
        long size = tail.size();
        if (size == 0) return false;
        ByteBuffer last = ByteBuffer.allocate(1);
        return tail.read(last, size - 1) == 1 && last.get(0) != '\n';
    }

    @Override
    public void close() {
        try {
            if (channel != null) channel.close();
            if (tail != null) tail.close();
        } catch (IOException e) {
            // every line that was acknowledged has had its fsync
        } finally {
            channel = null;
            tail = null;
        }
    }
}
