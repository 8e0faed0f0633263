package telemetry.os;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.StoreException.Reason;

/**
 * Symbolic links to a store or a part of it, on another disk for example. They are followed once, where the store is named: SQLite keeps a
 * database's -wal beside the file, not beside the link, and what takes the file's place must not take the link's. Root follows only links
 * of root, or of the account that owns what they lead to: the agents could have any file replaced otherwise.
 */
public final class Link {

    /** What helps against one that is not followed. */
    public static final Next MEND = Next.words("mount the disk that it leads to, or lead the link to the right place");

    /** More in a row are a loop. */
    private static final int MOST = 40;

    private Link() { }

    /** Where this path leads when it is a link; the path itself when it is none, or leads nowhere. */
    public static Path followed(Path path) {
        try {
            return Files.isSymbolicLink(path) && isFollowed(path) ? path.toRealPath() : path;
        } catch (IOException e) {
            return path;
        }
    }

    /** The same for a file: a link to a folder stays what it is. */
    public static Path followedToFile(Path file) {
        Path target = followed(file);
        return Files.isDirectory(target) && Files.isSymbolicLink(file) ? file : target;
    }

    /**
     * {@code "it is a link to /mnt/big/telemetry.sqlite, which is not there"}; null for what is no link, or one that is
     * followed.
     */
    public static String broken(Path path) {
        if (!Files.isSymbolicLink(path)) return null;
        try {
            return isFollowed(path) ? null : "it is a link to " + path.toRealPath() + ", which is another account's";
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

    /** @throws IOException when it leads nowhere */
    private static boolean isFollowed(Path link) throws IOException {
        Path target = link.toRealPath();
        if (Account.own().filter(Account::isRoot).isEmpty()) return true;
        Object owner = Files.getAttribute(target, "unix:uid");
        Path next = link;
        for (int n = 0; n < MOST && Files.isSymbolicLink(next); n++) {
            Object its = Files.getAttribute(next, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            if (!its.equals(0) && !its.equals(owner)) return false;
            next = next.resolveSibling(Files.readSymbolicLink(next));
        }
        return true;
    }

    /** Systems have a word of their own for it, in their own language. */
    private static boolean isLoop(Path link) {
        Path next = link;
        for (int n = 0; n < MOST; n++) {
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
     * Stops at a link that is not followed: what is made in its place would hide the disk that is not mounted.
     *
     * @throws StoreException {@code MISSING} when what it leads to is not there, {@code FAILED} when it leads back to itself,
     *                        {@code DENIED} when this is root and the link is another account's
     */
    public static void require(String tried, Path path) {
        String why = broken(path);
        if (why == null) return;
        if (Files.exists(path)) throw new StoreException(Reason.DENIED, tried, path, why,
                Next.words("if that is right, give the link to root with chown -h, or run it as the account that the agents run as"));
        boolean isLoop = isLoop(path);
        throw new StoreException(isLoop ? Reason.FAILED : Reason.MISSING, tried, path, why,
                isLoop ? Next.words("lead it elsewhere") : MEND);
    }
}
