package telemetry.os;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import telemetry.Next;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.text.Notes;

/** How much room the disks have. Some shares do not tell. */
public final class DiskSpace {
    private DiskSpace() { }

    /** Usable bytes on the disk of this path or of its nearest existing parent. @throws IOException also when the disk does not tell */
    public static long free(Path path) throws IOException {
        FileStore disk = of(path);
        if (disk.getTotalSpace() <= 0) throw new FileSystemException(path.toString(), null, "its disk does not tell how much is free");
        return disk.getUsableSpace();
    }

    /** The same; empty where the disk does not tell, as some shares do not, which is a warning. */
    static OptionalLong told(Path path) {
        try {
            return OptionalLong.of(free(path));
        } catch (IOException e) {
            Notes.warn("how much is free on the disk of " + path + " cannot be known: watch it while this works");
            return OptionalLong.empty();
        }
    }

    /** True when both paths, or their nearest existing parents, are on one disk, and when that is unknown. */
    public static boolean isSame(Path one, Path other) {
        try {
            return of(one).equals(of(other));
        } catch (IOException e) {
            return true;
        }
    }

    /** The disk of this path or of its nearest existing parent. */
    static FileStore of(Path path) throws IOException {
        Path existing = path.toAbsolutePath();
        while (existing.getParent() != null && (Files.notExists(existing) || Link.broken(existing) != null))
            existing = existing.getParent();
        return Files.getFileStore(existing);
    }

    /**
     * Stops when the disk has too little room. Where it does not tell, that is a warning.
     *
     * @param next what makes room
     * @throws StoreException {@code FULL} when fewer bytes are free on the disk of this path or of its nearest existing parent
     */
    public static void requireRoom(String tried, Path path, long needed, Next next) {
        OptionalLong free = told(path);
        if (free.orElse(needed) < needed) throw new StoreException(StoreException.Reason.FULL, tried, path,
                "it takes " + new Size(needed) + " and " + new Size(free.getAsLong()) + " are free", next);
    }
}
