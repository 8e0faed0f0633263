package telemetry.daylog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import telemetry.LogEntry;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;

/**
 * A plain day file in pieces of whole lines, the last piece first. A file of a gigabyte costs only the pieces that are asked for. A line
 * that is too long, for example a gigabyte of zeros, is a piece of its own, and its bytes are read only once.
 */
public final class Tail implements AutoCloseable {

    /** A piece has at most about this many bytes; a smaller file is one piece. */
    public static final int PIECE = 4 << 20;

    /** The last piece of a larger file; each piece before it is twice as large. */
    private static final int LAST = 1 << 18;

    private static final int CHUNK = 1 << 16;
    private static final int LARGE_CHUNK = 1 << 20;

    /**
     * How far back to look for a line's beginning in the usual way. Beyond that the search avoids the system's cache, which zeros would
     * fill.
     */
    private static final int NEAR = 8 << 20;

    /** How long to look for the beginning of one line. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(LARGE_CHUNK);

    /**
     * Bytes of the file.
     *
     * @param to        behind the last byte
     * @param isOneLine longer than {@link LogReader#LONGEST_LINE}: {@link #damage} is all that can be said of it
     */
    public record Piece(long from, long to, boolean isOneLine) { }

    private final Path file;
    private final FileChannel channel;
    private long end;
    private int size;
    private boolean isGivenUp;

    /** A line that was found on the way back to the beginning of a piece. */
    private Piece longLine;

    /** The present file; what is added later is in no piece. @throws StoreException when it cannot be opened */
    public Tail(Path file) {
        this.file = file;
        this.channel = Attempt.of("read", file, () -> Inside.read(file));
        this.end = Attempt.of("read", file, channel::size);
        this.size = end <= PIECE ? PIECE : LAST;
    }

    /** The piece before the last one returned; null when there is none, or none can be found in {@link #PATIENCE}. */
    public Piece previous() {
        return Attempt.of("read", file, () -> {
            Piece piece = longLine == null ? end == 0 || isGivenUp ? null : piece() : longLine;
            if (piece == longLine) longLine = null;
            if (piece != null) end = piece.from;
            return piece;
        });
    }

    /** How many bytes at the file's beginning are not in any piece yet. */
    public long left() {
        return end;
    }

    /** The place after the last newline in the file; 0 without one. When none is found in time, the place where the search ended. */
    public long afterLastLine() {
        return Attempt.of("read", file, () -> lineStart(channel.size()));
    }

    private Piece piece() throws IOException {
        if (end <= size) return new Piece(0, end, false);
        long middle = end - size;
        size = Math.min(PIECE, 2 * size);
        long start = lineStart(middle);
        if (middle - start <= LogReader.LONGEST_LINE) return new Piece(start, end, false);
        long behind = lineEnd(middle);
        long text = afterZero(Math.max(start, behind - LogReader.LONGEST_LINE), behind);
        if (text > 0 && text < behind - 1) behind = text;
        var line = new Piece(start, behind, true);
        if (behind == end) return line;
        longLine = line;
        return new Piece(behind, end, false);
    }

    /** What a reader says of such a line. @param line of one of the pieces */
    public LogEntry damage(Piece line) {
        ByteBuffer bytes = ByteBuffer.allocate(LogReader.LONGEST_LINE);
        ByteBuffer last = ByteBuffer.allocate(1);
        Attempt.of("read", file, () -> {
            for (int n = 1; n > 0 && bytes.hasRemaining(); ) n = channel.read(bytes, line.from + bytes.position());
            channel.read(last, line.to - 1);
        });
        boolean isEnded = last.get(0) == '\n';
        return new LogEntry(file, line.from, line.to - line.from - (isEnded ? 1 : 0), bytes.array(), LogReader.TOO_LONG);
    }

    /** The place after the first newline from here on, or the file's end. */
    private long lineEnd(long from) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        for (long at = from; at < end; at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(CHUNK, end - at));
            if (channel.read(chunk, at) <= 0) break;
            chunk.flip();
            for (int i = 0; i < chunk.limit(); i++) if (chunk.get(i) == '\n') return at + i + 1;
        }
        return end;
    }

    /** The place after the last newline before here; when none is found in time, the place where the search ended. */
    private long lineStart(long before) throws IOException {
        long near = Math.max(0, before - NEAR);
        long start = afterNewline(channel, near, before);
        if (start >= 0 || near == 0) return Math.max(0, start);
        try (FileChannel far = Disk.openUncached(file)) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            ByteBuffer chunk = Disk.uncached(file, LARGE_CHUNK);
            for (long at = near - near % LARGE_CHUNK, to = near; to > 0; to = at, at -= LARGE_CHUNK) {
                int newline = read(far, chunk.clear(), at, (int) (to - at));
                if (newline >= 0) return at + newline + 1;
                isGivenUp = System.nanoTime() > deadline;
                if (isGivenUp) return at;
            }
            return 0;
        }
    }

    /** Behind a gap of zero bytes a line may go on with a record. @return the place after the last of them; 0 without one */
    private long afterZero(long from, long to) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) (to - from));
        for (int n = 1; n > 0 && bytes.hasRemaining(); ) n = channel.read(bytes, from + bytes.position());
        for (int i = bytes.position() - 1; i >= 0; i--) if (bytes.get(i) == 0) return from + i + 1;
        return 0;
    }

    /** The place after the last newline of these bytes; -1 without one. */
    public static long afterNewline(FileChannel channel, long from, long to) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        for (long end = to; end > from; ) {
            long start = Math.max(from, end - CHUNK);
            int newline = read(channel, chunk.clear().limit((int) (end - start)), start, (int) (end - start));
            if (newline >= 0) return start + newline + 1;
            end = start;
        }
        return -1;
    }

    /** The last newline in the first {@code length} bytes from here; -1 without one. */
    private static int read(FileChannel channel, ByteBuffer chunk, long at, int length) throws IOException {
        while (chunk.position() < length && channel.read(chunk, at + chunk.position()) > 0) { }
        chunk.flip().limit(Math.min(length, chunk.limit()));
        if (chunk.mismatch(ZEROS.duplicate().limit(chunk.limit())) < 0) return -1;
        for (int i = chunk.limit() - 1; i >= 0; i--) if (chunk.get(i) == '\n') return i;
        return -1;
    }

    @Override
    public void close() {
        Attempt.of("read", file, channel::close);
    }
}
