package telemetry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Who holds a SQLite file's locks, as the Linux kernel tells it in {@code /proc/locks}. Elsewhere nobody is known. */
final class LockHolders {
    /** Byte ranges of SQLite's locks; source: sqlite.org/walformat.html (2.3) and os.h (PENDING_BYTE 0x40000000). */
    private static final long WAL_WRITER = 120;
    private static final long RESERVED = 0x40000001L;

    private LockHolders() { }

    /** {@code " by 4711 (python3 agent.py)"}, or nothing when nobody is known. */
    static String waitedFor(Path database) {
        for (long pid : writers(database)) {
            String command = ProcessHandle.of(pid).map(ProcessHandle::info).flatMap(ProcessHandle.Info::commandLine).orElse("a process that is gone by now");
            return " by process " + pid + " (" + (command.length() > 80 ? command.substring(0, 80) + "…" : command) + ")";
        }
        return "";
    }

    /** The processes that hold the write lock at this moment. */
    static List<Long> writers(Path database) {
        try {
            String wal = inode(database.resolveSibling(database.getFileName() + "-shm"));
            String main = inode(database);
            return Files.readAllLines(Path.of("/proc/locks"), StandardCharsets.US_ASCII).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(f -> f.length >= 8 && !f[1].equals("->") && f[3].equals("WRITE"))
                    .filter(f -> isHeld(f, wal, WAL_WRITER) || isHeld(f, main, RESERVED))
                    .map(f -> Long.parseLong(f[4])).filter(pid -> pid > 0).distinct().toList();
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return List.of();
        }
    }

    private static boolean isHeld(String[] lock, String inode, long at) {
        if (inode == null || !lock[5].endsWith(":" + inode)) return false;
        long end = lock[7].equals("EOF") ? Long.MAX_VALUE : Long.parseLong(lock[7]);
        return Long.parseLong(lock[6]) <= at && at <= end;
    }

    private static String inode(Path file) throws IOException {
        return Files.exists(file) ? Files.getAttribute(file, "unix:ino").toString() : null;
    }
}
