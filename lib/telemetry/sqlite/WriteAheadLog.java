package telemetry.sqlite;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Inside;

/**
 * A database's -wal, read frame by frame without SQLite, which would fold it into whatever database stands beside it. Its checksums tell
 * which commits are whole. Each frame's checksum begins with the one before, so those behind a damaged frame can be proved too; SQLite
 * itself ignores them. Source: sqlite.org/fileformat2.html, 4.
 */
public final class WriteAheadLog implements AutoCloseable {
    private static final int HEADER = 32;
    private static final int FRAME_HEADER = 24;
    private static final int MAGIC = 0x377f0682;

    private final Path file;
    private final FileChannel channel;
    private final Map<Integer, Long> pages = new HashMap<>();
    private final Map<Integer, Long> pending = new HashMap<>();
    private int pageSize;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private long salts;
    private int sum0;
    private int sum1;
    private boolean isHeaderWhole;
    private boolean isCut;
    private boolean isPendingBroken;
    private boolean isSkipping;
    private long frames;
    private long commits;
    private long broken;

    private WriteAheadLog(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Reads all of it once; nothing is written and no lock is taken.
     *
     * @param pageSize of the database, for a log whose header cannot be read; 0 when that is not known
     * @throws StoreException when the operating system does not let it be read
     */
    public static WriteAheadLog read(Path file, int pageSize) {
        return Attempt.of("read", file, () -> {
            FileChannel channel = Inside.read(file);
            var log = new WriteAheadLog(file, channel);
            try {
                log.readHeader(pageSize);
                log.readFrames();
                return log;
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        });
    }

    /** The page size that a database's first page names; 0 when it names none. */
    public static int pageSizeOf(Path database) {
        return Attempt.of("read", database, () -> {
            if (!Files.isRegularFile(database)) return 0;
            try (FileChannel channel = Inside.read(database)) {
                ByteBuffer header = ByteBuffer.allocate(HEADER);
                while (header.hasRemaining() && channel.read(header) >= 0) { }
                int size = header.position() < HEADER ? 0 : header.getShort(16) & 0xffff;
                return isPageSize(size == 1 ? 65_536 : size) ? size == 1 ? 65_536 : size : 0;
            } catch (NoSuchFileException e) {
                return 0;
            }
        });
    }

    private static boolean isPageSize(int size) {
        return size >= 512 && size <= 65_536 && Integer.bitCount(size) == 1;
    }

    private void readHeader(int otherwise) throws IOException {
        ByteBuffer header = bytes(0, HEADER);
        if (header == null) return;
        int magic = header.getInt(0);
        if (magic == MAGIC + 1) order = ByteOrder.BIG_ENDIAN;
        add(header, 0, 24);
        isHeaderWhole = (magic & ~1) == MAGIC && sum0 == header.getInt(24) && sum1 == header.getInt(28);
        pageSize = isHeaderWhole && isPageSize(header.getInt(8)) ? header.getInt(8) : otherwise;
        salts = header.getLong(16);
        if (isHeaderWhole || pageSize == 0) return;
        ByteBuffer first = bytes(HEADER, FRAME_HEADER);
        if (first != null) salts = first.getLong(8);
    }

    private void readFrames() throws IOException {
        if (pageSize == 0) return;
        long size = channel.size();
        long at = HEADER;
        for (; at + FRAME_HEADER + pageSize <= size; at += FRAME_HEADER + pageSize) readFrame(at);
        if (at == size) return;
        ByteBuffer last = bytes(at, FRAME_HEADER);
        isCut = last == null || last.getLong(8) == salts;
    }

    private void readFrame(long at) throws IOException {
        ByteBuffer frame = bytes(at, FRAME_HEADER + pageSize);
        if (frame.getLong(8) == salts) {
            add(frame, 0, 8);
            add(frame, FRAME_HEADER, FRAME_HEADER + pageSize);
            boolean isWhole = frame.getInt(0) > 0 && sum0 == frame.getInt(16) && sum1 == frame.getInt(20);
            frames++;
            isPendingBroken |= !isWhole || isSkipping;
            isSkipping = false;
            if (isWhole) pending.put(frame.getInt(0), at + FRAME_HEADER);
            if (frame.getInt(4) != 0) commit();
        } else {
            isSkipping = true;
        }
        sum0 = frame.getInt(16);
        sum1 = frame.getInt(20);
    }

    private void commit() {
        pages.putAll(pending);
        if (isPendingBroken) broken++;
        else commits++;
        pending.clear();
        isPendingBroken = false;
    }

    private void add(ByteBuffer bytes, int from, int to) {
        bytes.order(order);
        for (int i = from; i < to; i += 8) {
            sum0 += bytes.getInt(i) + sum1;
            sum1 += bytes.getInt(i + 4) + sum0;
        }
        bytes.order(ByteOrder.BIG_ENDIAN);
    }

    /** Null where the file is shorter. */
    private ByteBuffer bytes(long at, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) if (channel.read(bytes, at + bytes.position()) < 0) return null;
        return bytes.flip();
    }

    /** In bytes; 0 when nothing says it, and then there are no pages. */
    public int pageSize() {
        return pageSize;
    }

    /** Transactions of which every byte is proved. */
    public long commits() {
        return commits;
    }

    /** Transactions that were committed and of which a part is damaged; at least so many. */
    public long broken() {
        return broken;
    }

    /** True when all that was ever committed to it is proved, as far as its bytes can tell. */
    public boolean isWhole() {
        return broken == 0 && !isCut && (isHeaderWhole || size() == 0);
    }

    private long size() {
        return Attempt.of("read", file, channel::size);
    }

    /** The numbers of the pages that a commit wrote, in order. */
    public Set<Integer> pages() {
        return new TreeSet<>(pages.keySet());
    }

    /** A page as the last commit left it that wrote it; null when none did. */
    public ByteBuffer page(int number) {
        Long at = pages.get(number);
        return at == null ? null : Attempt.of("read", file, () -> bytes(at, pageSize));
    }

    @Override
    public void close() {
        Attempt.of("close", file, channel::close);
    }
}
