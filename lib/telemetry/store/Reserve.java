package telemetry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import telemetry.Store;
import telemetry.os.DiskSpace;
import telemetry.os.Inside;
import telemetry.os.NewFile;

/**
 * A file that only takes room, {@code {base}/reserve}. When nothing is free on the disk, the archive deletes it: that is the room for its
 * first compressed day, whose original makes room for the next.
 */
public final class Reserve {

    /** In bytes, as the next. */
    public static final long LEAST = 4 << 20;
    private static final long MOST = 64 << 20;

    /** A compressed day file has a quarter of the original's bytes or less. */
    private static final int COMPRESSED = 4;

    /** It is not to be what fills a disk. */
    private static final int SHARE = 10;

    private static final int CHUNK = 1 << 16;

    private Reserve() { }

    public static Path file(Store store) {
        return store.base().resolve("reserve");
    }

    /** Makes it when it is missing and the disk has room. @return false when it was there, or cannot be made now */
    public static boolean make(Store store) {
        return Files.notExists(file(store), LinkOption.NOFOLLOW_LINKS) && fill(store, LEAST);
    }

    /**
     * Makes it large enough for the largest day file of now. Nobody waits for it: where it cannot be written it stays as it is.
     *
     * @param largest day file's size in bytes
     */
    public static void keep(Store store, long largest) {
        fill(store, Math.max(LEAST, Math.min(MOST, largest / COMPRESSED)));
    }

    /** Random bytes: some file systems do not store zeros. */
    private static boolean fill(Store store, long size) {
        Path file = file(store);
        try {
            long there = Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) : 0;
            if (there >= size || !Files.isDirectory(store.base()) || DiskSpace.free(file) < SHARE * (size - there)) return false;
            NewFile.make(file, null);
            try (FileChannel out = Inside.write(file, StandardOpenOption.APPEND)) {
                var random = new Random();
                byte[] chunk = new byte[CHUNK];
                for (long left = size - there; left > 0; left -= chunk.length) {
                    random.nextBytes(chunk);
                    ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, (int) Math.min(left, chunk.length));
                    while (bytes.hasRemaining()) out.write(bytes);
                }
                out.force(true);
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Deletes it. @return false when there was none, or it may not be deleted */
    public static boolean giveUp(Store store) {
        try {
            return Inside.delete(file(store));
        } catch (IOException e) {
            return false;
        }
    }
}
