package telemetry.sqlite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import telemetry.os.Openers;

/** Which processes hold a SQLite file's locks. Linux shows it in {@code /proc/locks}; other systems do not show it. */
public final class LockHolders {
    private static final Path TABLE = Path.of("/proc/locks");

    /** Byte ranges of SQLite's locks; source: sqlite.org/walformat.html (2.3) and os.h (PENDING_BYTE 0x40000000). */
    private static final Bytes WAL_WRITER = new Bytes(120, 120);
    private static final Bytes WAL_READERS = new Bytes(123, 127);
    private static final Bytes WAL_CONNECTION = new Bytes(128, 128);
    private static final Bytes PENDING_TO_SHARED = new Bytes(0x40000000L, 0x400001ffL);
    private static final Bytes SHARED = new Bytes(0x40000002L, 0x400001ffL);

    private LockHolders() { }

    private record Bytes(long first, long last) { }

    /** False where {@link #writers} is always empty. */
    public static boolean areKnown() {
        return Files.isReadable(TABLE);
    }

    /** {@code " by 4711 (python3 agent.py)"}, or empty when no process is known. */
    public static String waitedFor(Path database) {
        return writers(database).stream().findFirst().map(pid -> " by " + Openers.describe(pid)).orElse("");
    }

    /**
     * The processes that hold the write lock at this moment. In WAL mode it is a lock on the -shm, otherwise RESERVED or more on the
     * database. locking_mode=EXCLUSIVE takes the latter in WAL mode too.
     */
    public static List<Long> writers(Path database) {
        List<Long> writers = new ArrayList<>(holders(wal(database), "WRITE", WAL_WRITER));
        writers.addAll(holders(database, "WRITE", PENDING_TO_SHARED));
        return writers.stream().distinct().toList();
    }

    /** The processes that are in a reading transaction. In WAL mode every connection holds SHARED all the time, so that says nothing. */
    public static List<Long> readers(Path database) {
        List<Long> readers = new ArrayList<>(holders(database, "READ", SHARED));
        readers.removeAll(holders(wal(database), "READ", WAL_CONNECTION));
        readers.addAll(holders(wal(database), "READ", WAL_READERS));
        return readers.stream().distinct().toList();
    }

    private static Path wal(Path database) {
        return DatabaseFile.beside(database, "-shm");
    }

    private static List<Long> holders(Path file, String kind, Bytes bytes) {
        try {
            if (Files.notExists(file)) return List.of();
            Map<String, Object> known = Files.readAttributes(file, "unix:ino,dev");
            return Files.readAllLines(TABLE, StandardCharsets.US_ASCII).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(f -> f.length >= 8 && !f[1].equals("->") && f[3].equals(kind) && overlaps(f, bytes))
                    .filter(f -> isOn(f[5], known, file, Long.parseLong(f[4])))
                    .map(f -> Long.parseLong(f[4])).filter(pid -> pid > 0).distinct().toList();
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return List.of();
        }
    }

    private static boolean overlaps(String[] lock, Bytes bytes) {
        long end = lock[7].equals("EOF") ? Long.MAX_VALUE : Long.parseLong(lock[7]);
        return Long.parseLong(lock[6]) <= bytes.last && bytes.first <= end;
    }

    /**
     * True when a lock at this place ({@code major:minor:inode}) is on the file. Inode numbers repeat on other disks. Some file systems
     * (overlay, btrfs) show one device to stat(2) and another to the lock table; there the holder must have the file open.
     */
    private static boolean isOn(String place, Map<String, Object> known, Path file, long pid) {
        if (!place.endsWith(":" + known.get("ino"))) return false;
        long device = ((Number) known.get("dev")).longValue();
        long major = device >>> 8 & 0xfff | device >>> 32 & ~0xfffL;
        long minor = device & 0xff | device >>> 12 & ~0xffL;
        return place.startsWith(String.format("%02x:%02x:", major, minor)) || Openers.hasOpen(pid, List.of(file));
    }
}
