package telemetry.os;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.StoreException.Reason;

/**
 * Symbolic links to a store or a part of it, on another disk for example. They are followed once, where the store is named: SQLite keeps a
 * database's -wal beside the file, not beside the link, and what takes the file's place must not take the link's.
 */
public final class Link {
    private Link() { }

    /** Where this path leads when it is a link; the path itself when it is none, or leads nowhere. */
    public static Path followed(Path path) {
        try {
            return Files.isSymbolicLink(path) ? path.toRealPath() : path;
        } catch (IOException e) {
            return path;
        }
    }

    /** The same for a file: a link to a folder stays what it is. */
    public static Path followedToFile(Path file) {
        Path target = followed(file);
        return Files.isDirectory(target) && Files.isSymbolicLink(file) ? file : target;
    }

    /** {@code "it is a link to /mnt/big/telemetry.sqlite, which is not there"}; null for what is no link, or one that leads somewhere. */
    public static String broken(Path path) {
        if (!Files.isSymbolicLink(path) || Files.exists(path)) return null;
        try {
            path.toRealPath();
            return null;
        } catch (NoSuchFileException e) {
            return "it is a link to " + named(path) + ", which is not there";
        } catch (IOException e) {
            return isLoop(path) ? "it is a link that leads back to itself" : "it is a link to " + named(path) + ", which cannot be reached";
        }
    }

    /** {@code " (a link to /mnt/big)"} behind the name of what a link leads to wrongly; empty for what is no link. */
    public static String said(Path path) {
        return Files.isSymbolicLink(path) ? " (a link to " + named(path) + ")" : "";
    }

    private static String named(Path link) {
        try {
            return link.resolveSibling(Files.readSymbolicLink(link)).normalize().toString();
        } catch (IOException e) {
            return "somewhere";
        }
    }

    /** Systems have a word of their own for it, in their own language. */
    private static boolean isLoop(Path link) {
        Path next = link;
        for (int n = 0; n < 64; n++) {
            try {
                if (!Files.isSymbolicLink(next)) return false;
                next = next.resolveSibling(Files.readSymbolicLink(next));
            } catch (FileSystemLoopException e) {
                return true;
            } catch (IOException e) {
                return false;
            }
        }
        return true;
    }

    /**
     * Stops at a link that leads nowhere: what is made in its place would hide the disk that is not mounted.
     *
     * @throws StoreException {@code MISSING} when what it leads to is not there, {@code FAILED} when it leads back to itself
     */
    public static void require(String tried, Path path) {
        String why = broken(path);
        if (why == null) return;
        boolean isLoop = isLoop(path);
        throw new StoreException(isLoop ? Reason.FAILED : Reason.MISSING, tried, path, why, Next.words(isLoop ? "lead it elsewhere"
                : "mount the disk that it leads to, or lead the link to the right place"));
    }
}
