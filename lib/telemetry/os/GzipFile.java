package telemetry.os;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.function.LongConsumer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import telemetry.StoreException;

/** Writes a gzipped day file and reads it back. Its buffers are larger than the JDK's 512 bytes, for speed (bench row {@code archive}). */
public final class GzipFile {
    private static final int BUFFER = 1 << 17;

    /**
     * Faster than gzip's usual 6 on day files, for files a little larger: that pays for reading back what was written (bench row {@code
     * archive}).
     */
    private static final int LEVEL = 5;

    /** The last bytes of a gzip member: CRC-32 and length modulo 2^32 of its content, little-endian; source: RFC 1952, 2.3.1. */
    private static final int TRAILER = 8;

    /** Deflate, no flags, no time, no name, no operating system; source: RFC 1952, 2.3. */
    private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 255};

    /** The content of a gzip file that was read from its first byte to its last. */
    public record Content(long bytes, long lines, String sha256, long compressedBytes, String compressedSha256) { }

    /** What a trailer says of the content. */
    public record Trailer(int crc, long length) { }

    private GzipFile() { }

    /**
     * Writes the plain file's bytes from {@code from} to its present end, and makes them survive a power cut.
     *
     * @param out      a new file, which is closed then
     * @param progress receives the number of bytes read since the last call
     * @return how many bytes of the plain file are in it
     */
    public static long compress(Path plain, long from, FileChannel out, LongConsumer progress) throws IOException {
        try (out; FileChannel in = Inside.read(plain)) {
            write(ByteBuffer.wrap(HEADER), out);
            var crc = new CRC32();
            long bytes = deflate(in.position(from), crc, packed -> write(packed, out), progress);
            write(ByteBuffer.allocate(TRAILER).order(ByteOrder.LITTLE_ENDIAN).putInt((int) crc.getValue()).putInt((int) bytes).flip(), out);
            out.force(true);
            return bytes;
        }
    }

    /** How large {@link #compress} would make its target. */
    public static long sizeOf(Path plain, long from) throws IOException {
        long[] size = {HEADER.length + TRAILER};
        try (FileChannel in = Inside.read(plain)) {
            deflate(in.position(from), new CRC32(), packed -> size[0] += packed.remaining(), bytes -> { });
        }
        return size[0];
    }

    private interface Sink {
        void take(ByteBuffer packed) throws IOException;
    }

    /** The JDK's stream takes arrays, so each buffer of the file system would be copied once more. */
    private static long deflate(FileChannel in, CRC32 crc, Sink out, LongConsumer progress) throws IOException {
        var deflater = new Deflater(LEVEL, true);
        try {
            ByteBuffer plain = ByteBuffer.allocateDirect(BUFFER);
            ByteBuffer packed = ByteBuffer.allocateDirect(BUFFER);
            while (in.read(plain.clear()) > 0) {
                int n = plain.flip().remaining();
                crc.update(plain);
                deflater.setInput(plain.rewind());
                drain(deflater, packed, out);
                progress.accept(n);
            }
            deflater.setInput(plain.flip());
            deflater.finish();
            drain(deflater, packed, out);
            return deflater.getBytesRead();
        } finally {
            deflater.end();
        }
    }

    private static void drain(Deflater deflater, ByteBuffer packed, Sink out) throws IOException {
        while (deflater.deflate(packed.clear()) > 0) out.take(packed.flip());
    }

    private static void write(ByteBuffer bytes, FileChannel out) throws IOException {
        while (bytes.hasRemaining()) out.write(bytes);
    }

    /**
     * Reads the file back and compares it byte by byte with the plain one.
     *
     * @throws StoreException {@code DAMAGED} when the plain file differs from {@code from} on, or has fewer bytes
     */
    public static Content compare(Path gzip, Path plain, long from) throws IOException {
        try (FileChannel expected = Inside.read(plain)) {
            expected.position(from);
            ByteBuffer same = ByteBuffer.allocateDirect(BUFFER);
            return read(gzip, Long.MAX_VALUE, (bytes, n) -> {
                same.clear().limit(n);
                while (same.hasRemaining() && expected.read(same) > 0) { }
                if (!same.flip().equals(ByteBuffer.wrap(bytes, 0, n))) throw new ZipException("it differs from " + plain);
            });
        }
    }

    /** Reads the whole file. @throws StoreException {@code DAMAGED} when its own checksum does not match */
    public static Content read(Path gzip) throws IOException {
        return read(gzip, Long.MAX_VALUE);
    }

    /** The same. @param most bytes that its content may have; it is {@code DAMAGED} when there are more, and they are not unpacked */
    public static Content read(Path gzip, long most) throws IOException {
        return read(gzip, most, (bytes, n) -> { });
    }

    /** The same, and copies the content. */
    public static Content copy(Path gzip, long most, OutputStream to) throws IOException {
        return read(gzip, most, (bytes, n) -> to.write(bytes, 0, n));
    }

    private interface Each {
        void chunk(byte[] bytes, int n) throws IOException;
    }

    private static Content read(Path gzip, long most, Each each) throws IOException {
        MessageDigest inner = Sha256.digest();
        MessageDigest outer = Sha256.digest();
        long bytes = 0;
        long lines = 0;
        byte last = '\n';
        try (InputStream file = new DigestInputStream(Inside.stream(gzip), outer);
                InputStream in = new GZIPInputStream(file, BUFFER)) {
            byte[] chunk = new byte[BUFFER];
            for (int n = in.read(chunk); n > 0; n = in.read(chunk)) {
                if (n > most - bytes) throw new ZipException("it holds more than the " + most + " bytes that were packed");
                each.chunk(chunk, n);
                inner.update(chunk, 0, n);
                lines += newlines(chunk, n);
                bytes += n;
                last = chunk[n - 1];
            }
            file.transferTo(OutputStream.nullOutputStream());
        } catch (EOFException | ZipException e) {
            throw damaged(gzip, String.valueOf(e.getMessage()), e);
        }
        long all = last == '\n' ? lines : lines + 1;
        return new Content(bytes, all, Sha256.hex(inner.digest()), Files.size(gzip), Sha256.hex(outer.digest()));
    }

    private static int newlines(byte[] bytes, int n) {
        int count = 0;
        for (int i = 0; i < n; i++) if (bytes[i] == '\n') count++;
        return count;
    }

    /** What the file's last bytes say of its content, unchecked. Null when the file is too short. */
    public static Trailer trailer(Path gzip) throws IOException {
        try (FileChannel in = Inside.read(gzip)) {
            ByteBuffer bytes = ByteBuffer.allocate(TRAILER).order(ByteOrder.LITTLE_ENDIAN);
            if (in.size() < TRAILER || in.read(bytes, in.size() - TRAILER) < TRAILER) return null;
            return new Trailer(bytes.getInt(0), Integer.toUnsignedLong(bytes.getInt(4)));
        }
    }

    /** The CRC-32 of this many bytes of a plain file; null when it has fewer. */
    public static Integer crc(Path plain, long from, long length) throws IOException {
        var crc = new CRC32();
        try (FileChannel in = Inside.read(plain)) {
            in.position(from);
            ByteBuffer chunk = ByteBuffer.allocate(BUFFER);
            for (long left = length; left > 0; left -= chunk.limit()) {
                if (in.read(chunk.clear().limit((int) Math.min(BUFFER, left))) <= 0) return null;
                crc.update(chunk.flip());
            }
        }
        return (int) crc.getValue();
    }

    private static StoreException damaged(Path gzip, String why, Exception cause) {
        return new StoreException(StoreException.Reason.DAMAGED, "read back", gzip, "damaged or truncated: " + why, null, cause);
    }
}
