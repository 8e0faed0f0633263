package telemetry.daylog;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import telemetry.Damage;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.text.Ndjson;
import telemetry.text.Words;

/**
 * Reads one day file, plain or gzipped, entry by entry, in memory bounded by {@link #LONGEST_LINE}.
 * Nothing that stands in the file stops it or is passed over: what is no record comes as {@link Damage}, and a record
 * that is glued to a torn one is found behind it. Blank lines are nothing.
 */
public final class LogReader implements Iterator<LogEntry>, AutoCloseable {

    /** In bytes; a longer line is damage where nobody asks for {@link #LONGEST_READ}. Writers' lines have a few hundred. */
    public static final int LONGEST_LINE = 1 << 20;

    /** So long a record may be where no run may be lost: as much as memory can be asked to hold. */
    public static final int LONGEST_READ = 64 << 20;

    /** What is said of a longer one. */
    static final Damage TOO_LONG = new Damage("longer than 1 MiB");

    private static final byte[] ZEROS = new byte[1 << 16];

    /** So many zero bytes end a line that does not end in the buffer. Fewer come with it. */
    private static final int GAP = 4096;

    private final Path file;
    private final Form form;
    private final ByteSearch search;
    private final InputStream in;
    private final Deque<LogEntry> ready = new ArrayDeque<>();
    private final Quick quick;
    private final byte[] buffer;
    private int next;
    private int filled;
    private long position;

    /** So far, those that were taken or read. */
    private long lines;
    private boolean ended;
    private long until = Long.MAX_VALUE;
    private int longest = LONGEST_LINE;

    /** What a line says. */
    public interface Form {
        LogRecord read(byte[] line, int from, int to);

        /** Of what is glued to a line that cannot be read. */
        default LogRecord glued(byte[] line, int from, int to) {
            return Ndjson.read(line, from, to);
        }
    }

    /** Takes lines from the buffer before anything else is done with them. */
    public interface Quick {
        /** @return where the next line begins; -1 to have this one read as all are */
        int take(byte[] buffer, int from, int to, long offset);
    }

    /** @throws StoreException when the file cannot be opened */
    public LogReader(Path file) {
        this(file, 0);
    }

    /** From this byte of the uncompressed content on: where an earlier reader's last entry ended. */
    public LogReader(Path file, long from) {
        this(file, from, Ndjson::read);
    }

    /** With lines read in another form. */
    public LogReader(Path file, long from, Form form) {
        this(file, from, form, null, null);
    }

    /** All lines, but those that {@code quick} takes. A larger buffer, because a line that does not end in it is not quick. */
    LogReader(Path file, long from, Quick quick) {
        this(file, from, Ndjson::read, null, quick);
    }

    /** Only lines that have what is searched for: all others are passed over unread. Null for every line. */
    public LogReader(Path file, long from, Form form, ByteSearch search) {
        this(file, from, form, search, null);
    }

    private LogReader(Path file, long from, Form form, ByteSearch search, Quick quick) {
        this.file = file;
        this.quick = quick;
        this.buffer = new byte[quick == null ? 1 << 16 : 1 << 20];
        this.search = search;
        this.form = form;
        this.position = from;
        InputStream opened = null;
        try {
            opened = Disk.patient(Inside.stream(file));
            in = file.getFileName().toString().endsWith(".gz") ? new GZIPInputStream(opened, 1 << 16) : opened;
            if (from > 0) in.skipNBytes(from);
        } catch (EOFException | ZipException e) {
            close(opened);
            throw new StoreException(StoreException.Reason.DAMAGED, "read", file, "damaged or truncated: " + e.getMessage(), null, e);
        } catch (IOException e) {
            close(opened);
            throw Attempt.refused("read", file, e);
        }
    }

    /** Ends before the first line that begins at this byte or behind it. @return this */
    public LogReader until(long byteOfContent) {
        until = byteOfContent;
        return this;
    }

    /** Takes lines of up to so many bytes. @return this */
    public LogReader longest(int bytes) {
        longest = bytes;
        return this;
    }

    @Override
    public boolean hasNext() {
        while (ready.isEmpty() && !ended && position < until) readLine();
        return !ready.isEmpty();
    }

    @Override
    public LogEntry next() {
        if (!hasNext()) throw new NoSuchElementException();
        return ready.remove();
    }

    /** Bytes of uncompressed content read so far. */
    public long position() {
        return position;
    }

    @Override
    public void close() {
        ended = true;
        close(in);
    }

    private void readLine() {
        while (quick != null && next < filled) {
            int end = quick.take(buffer, next, filled, position);
            if (end < 0) break;
            lines++;
            position += end - next;
            next = end;
        }
        int found = search == null ? -1 : passOver();
        int end = next;
        while (end < filled && buffer[end] != '\n') end++;
        if (end == filled) {
            readLongLine();
            return;
        }
        long start = position;
        int from = next;
        position += end + 1 - next;
        next = end + 1;
        if ((search == null || found >= 0 && found < end) && !isBlank(buffer, from, end))
            entries(start, Arrays.copyOfRange(buffer, from, end), true);
    }

    /** A line that does not end in the buffer. */
    private void readLongLine() {
        long start = position;
        byte[] line = new byte[512];
        int length = 0;
        long whole = 0;
        boolean terminated = false;
        while (!terminated && (next < filled || fill()) && zeros(next) < GAP) {
            int end = next;
            while (end < filled && buffer[end] != '\n') end++;
            int take = Math.min(end - next, longest - length);
            if (length + take > line.length) {
                line = larger(line, Math.max(length + take, Math.min(2 * line.length, longest)));
                take = Math.min(take, line.length - length);
            }
            System.arraycopy(buffer, next, line, length, take);
            length += take;
            whole += end - next;
            terminated = end < filled;
            position += end - next + (terminated ? 1 : 0);
            next = terminated ? end + 1 : end;
        }
        if (whole > length) damaged(start, whole, Arrays.copyOf(line, length),
                longest == LONGEST_LINE ? TOO_LONG : new Damage("longer than " + (longest >> 20) + " MiB"));
        while (!terminated && length == whole && length > 0 && line[length - 1] == 0) whole = --length;
        if (whole == length && !isBlank(line, 0, length) && (search == null || search.find(line, 0, length) >= 0)) entries(start,
                length == line.length ? line : Arrays.copyOf(line, length), terminated);
        if (!terminated) passOverZeros(start + whole);
    }

    /** The same bytes with room for more; of this file nothing longer is taken any more when memory has no room. */
    private byte[] larger(byte[] line, int size) {
        try {
            return Arrays.copyOf(line, size);
        } catch (OutOfMemoryError e) {
            longest = line.length;
            return line;
        }
    }

    /** A gap that a power cut or a sparse file left. What follows it is a line of its own. */
    private void passOverZeros(long start) {
        for (int zeros = 1; zeros > 0 && (next < filled || fill()); next += zeros, position += zeros) zeros = zeros(next);
        long length = position - start;
        if (length > 0) damaged(start, length, new byte[(int) Math.min(length, LONGEST_LINE)],
                length > LONGEST_LINE ? TOO_LONG : BrokenLine.ZERO_BYTES);
    }

    /** How many stand there in the buffer: a gigabyte of them is passed over as fast as it is read. */
    private int zeros(int from) {
        int most = Math.min(filled - from, ZEROS.length);
        int other = Arrays.mismatch(buffer, from, from + most, ZEROS, 0, most);
        return other < 0 ? most : other;
    }

    /**
     * Moves on over whole lines in the buffer before the one with what is searched for; when none has it, over all but the last, which may
     * go on.
     *
     * @return where it stands in the buffer, or -1
     */
    private int passOver() {
        int found = search.find(buffer, next, filled);
        int end = found < 0 ? filled : found;
        while (end > next && buffer[end - 1] != '\n') end--;
        position += end - next;
        next = end;
        return found;
    }

    /** A damaged gz has nothing to read behind the damage: that is an entry of its own, and the end. */
    private boolean fill() {
        if (ended) return false;
        try {
            next = 0;
            filled = Math.max(0, in.read(buffer));
            ended = filled == 0;
        } catch (EOFException | ZipException e) {
            filled = 0;
            ended = true;
            String doubt = lines == 0 ? "" : "; any of the " + Words.count(lines, "line") + " read before may be wrong";
            damaged(position, 0, new byte[0], new Damage("damaged or truncated gzip: " + e.getMessage() + doubt));
        } catch (IOException e) {
            throw Attempt.refused("read", file, e);
        }
        return filled > 0;
    }

    private void entries(long start, byte[] line, boolean terminated) {
        lines++;
        LogRecord whole = form.read(line, 0, line.length);
        var entry = new LogEntry(file, start, line.length, line, whole);
        if (entry.isDamaged()) ready.addAll(new BrokenLine(entry, form, terminated).entries());
        else ready.add(entry);
    }

    private void damaged(long start, long length, byte[] bytes, Damage damage) {
        ready.add(new LogEntry(file, start, length, bytes, damage));
    }

    static boolean isBlank(byte[] line, int from, int to) {
        for (int i = from; i < to; i++)
            if (line[i] != ' ' && line[i] != '\r' && line[i] != '\t') return false;
        return true;
    }

    private static void close(InputStream in) {
        try {
            if (in != null) in.close();
        } catch (IOException e) {
            // nothing was written: there is nothing to lose
        }
    }
}
