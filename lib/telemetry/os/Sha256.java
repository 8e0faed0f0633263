package telemetry.os;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/** SHA-256 in lower-case hexadecimal digits. It needs the JVM's second compiler: the first makes it many times slower. */
public final class Sha256 {
    private static final int BUFFER = 1 << 18;

    private Sha256() { }

    public static String of(byte[] bytes) {
        return hex(digest().digest(bytes));
    }

    /** @param bytes receives the number of bytes read so far, now and then */
    public static String of(Path file, LongConsumer bytes) throws IOException {
        MessageDigest digest = digest();
        try (FileChannel in = Inside.read(file)) {
            ByteBuffer chunk = ByteBuffer.allocateDirect(BUFFER);
            while (in.read(chunk.clear()) > 0) {
                digest.update(chunk.flip());
                bytes.accept(in.position());
            }
        }
        return hex(digest.digest());
    }

    static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
