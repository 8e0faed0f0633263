package telemetry.os;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import telemetry.text.Notes;

/**
 * Files and folders that come into being: each has its owner, group and mode before anything is in it, so that what root makes in another
 * account's store locks nobody out. They are those of what it replaces. What is new gets owner and group of its folder, and may be read
 * and written by the group and read by others where the folder allows it; others never write. The store may belong to a hostile account:
 * in a folder that others may change a file or folder comes into being in one of our own, and is moved out of it when it is settled. Only
 * root can give files away; other accounts keep theirs. On Windows nothing of this applies.
 */
public final class NewFile {
    private static final String NUMBERS = "unix:uid,gid,mode,nlink";
    private static final int KIND = 0170000;
    private static final int PLAIN = 0100000;
    private static final int FOLDER = 0040000;
    private static final int SET_GROUP = 02000;
    private static final int GROUP = 0070;
    private static final int GROUP_WRITES = 0020;
    private static final int OTHERS_WRITE = 0002;

    /** What a file or folder is or should be. */
    private record Nature(int uid, int gid, int mode) {
        static Nature of(Path path, LinkOption... options) throws IOException {
            Map<String, Object> its = Files.readAttributes(path, NUMBERS, options);
            return new Nature((int) its.get("uid"), (int) its.get("gid"), (int) its.get("mode"));
        }

        boolean isPlain() {
            return (mode & KIND) == PLAIN;
        }

        Nature with(int other) {
            return new Nature(uid, gid, other & ~OTHERS_WRITE);
        }

        /** Of a file in this folder. */
        Nature file() {
            return with(0600 | mode & 0666);
        }

        /** Of a folder in this folder, which keeps the group for what comes into it. */
        Nature folder() {
            return with(0700 | mode & (SET_GROUP | 0777));
        }

        /** The same for nobody else, except the group that may write here. */
        Nature closedFolder() {
            return with(0700 | mode & SET_GROUP | ((mode & GROUP_WRITES) == 0 ? 0 : GROUP));
        }
    }

    private NewFile() { }

    /** A new file, open for writing. @throws FileAlreadyExistsException also when a link has the name */
    public static FileChannel create(Path file) throws IOException {
        return create(file, (Path) null);
    }

    /** The same, with the mode of another one. @param model null, or no plain file, for the folder's */
    public static FileChannel create(Path file, Path model) throws IOException {
        return create(file, inFolder(file, model));
    }

    /** The same for nobody but its owner, whatever the folder allows. */
    public static FileChannel createSecret(Path file) throws IOException {
        Nature folder = ofFolder(file);
        return create(file, folder == null ? null : folder.with(0600));
    }

    /** The same with owner, group and mode of the file that it will replace; as {@link #create} when there is none. */
    public static FileChannel createLike(Path file, Path replaced) throws IOException {
        Nature nature = plain(replaced);
        return create(file, nature == null ? inFolder(file, null) : nature.with(nature.mode & 0777));
    }

    private static FileChannel create(Path file, Nature nature) throws IOException {
        Path absolute = file.toAbsolutePath();
        try (HeldFolder folder = HeldFolder.of(absolute.getParent())) {
            if (folder == null) return settled(absolute, nature);
            Path name = absolute.getFileName();
            if (isThere(folder.resolve(name))) throw new FileAlreadyExistsException(file.toString());
            return folder.inOwn(own -> {
                Path made = own.resolve(name);
                FileChannel channel = settled(made, nature);
                try {
                    publish(made, folder.resolve(name));
                    return channel;
                } catch (IOException | RuntimeException e) {
                    channel.close();
                    throw e;
                }
            });
        }
    }

    private static boolean isThere(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** The new name refuses to be one that is there. Where there are no hard links, that is looked at before. */
    private static void publish(Path made, Path file) throws IOException {
        try {
            Files.createLink(file, made);
            Files.delete(made);
        } catch (UnsupportedOperationException | FileSystemException e) {
            if (isThere(file)) throw new FileAlreadyExistsException(file.toString());
            InUse.move(made, file);
        }
    }

    private static FileChannel settled(Path file, Nature nature) throws IOException {
        FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                Disk.ownerOnlyFile(file));
        try {
            settle(file, nature);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * An empty file that has its name, owner and mode at one moment: another account may open it at any time. One that is there already,
     * or a link, stays.
     *
     * @param model as {@link #create(Path, Path)} has it
     */
    public static void appear(Path file, Path model) throws IOException {
        if (isThere(file)) return;
        Path unfinished = Unfinished.beside(file);
        try {
            create(unfinished, model).close();
            Inside.link(file, unfinished);
        } catch (FileAlreadyExistsException | NoSuchFileException e) {
            if (!isThere(file)) throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            make(file, model);
        } finally {
            Inside.delete(unfinished);
        }
    }

    /** Takes away the unfinished name of a file that {@link #appear} was killed at. Does nothing when there is no such file. */
    public static void keepOneName(Path file) throws IOException {
        try {
            boolean isTwice = isKnown(file) && (int) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS) > 1;
            if (isTwice) Unfinished.beside(file);
        } catch (NoSuchFileException e) {
            // nothing has two names
        }
    }

    /** As {@link #appear}, for a file that no other account opens unasked, in fewer steps. @return false when it is there already */
    public static boolean make(Path file, Path model) throws IOException {
        try {
            create(file, model).close();
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    /** A folder in one that is there. @throws FileAlreadyExistsException when it is there, or something else of its name */
    public static void folder(Path folder) throws IOException {
        Nature above = ofFolder(folder);
        folder(folder, above == null ? null : above.folder());
    }

    /** The same for nobody but its owner, and the group that may write to the folder above. */
    public static void closedFolder(Path folder) throws IOException {
        Nature above = ofFolder(folder);
        folder(folder, above == null ? null : above.closedFolder());
    }

    /** A folder of this account and those above it that are missing, with this mode whatever the umask is. None is in a store. */
    public static void ownFolders(Path folder, int mode) throws IOException {
        Path absolute = folder.toAbsolutePath();
        if (Files.isDirectory(absolute)) return;
        if (absolute.getParent() != null) ownFolders(absolute.getParent(), mode);
        try {
            Files.createDirectory(absolute, Disk.ownerOnlyFolder(absolute));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(absolute)) throw e;
            return;
        }
        if (isKnown(absolute)) Files.setAttribute(absolute, "unix:mode", Nature.of(absolute).mode & SET_GROUP | mode, LinkOption.NOFOLLOW_LINKS);
    }

    /** It has its name when it has its owner: what another thread makes in it takes that over. */
    private static void folder(Path folder, Nature nature) throws IOException {
        Path absolute = folder.toAbsolutePath();
        try (HeldFolder above = HeldFolder.of(absolute.getParent())) {
            Path there = above == null ? absolute : above.resolve(absolute.getFileName());
            if (isThere(there)) throw new FileAlreadyExistsException(folder.toString());
            if (nature == null) Files.createDirectory(there);
            else if (above == null) folder(Unfinished.free(absolute), there, nature);
            else above.inOwn(own -> {
                folder(own.resolve(absolute.getFileName()), there, nature);
                return null;
            });
        }
    }

    private static void folder(Path unfinished, Path folder, Nature nature) throws IOException {
        Files.createDirectory(unfinished, Disk.ownerOnlyFolder(unfinished));
        try {
            settle(unfinished, nature);
            InUse.move(unfinished, folder);
        } catch (FileSystemException e) {
            Files.deleteIfExists(unfinished);
            throw isThere(folder) ? new FileAlreadyExistsException(folder.toString()) : e;
        }
    }

    /** A folder for nobody but this account, with a name that nothing has, for work that ends with its removal. */
    public static Path scratchFolder(Path parent, String prefix) throws IOException {
        Path folder = Unfinished.random(parent.toAbsolutePath(), prefix);
        Inside.at(folder, there -> Files.createDirectory(there, Disk.ownerOnlyFolder(there)));
        return folder;
    }

    /** Null where files have no such numbers. */
    private static Nature ofFolder(Path path) throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        return folder == null || !isKnown(folder) ? null : Nature.of(folder);
    }

    private static Nature inFolder(Path file, Path model) throws IOException {
        Nature folder = ofFolder(file);
        Nature other = folder == null || model == null ? null : plain(model);
        return folder == null ? null : other == null ? folder.file() : folder.with(other.mode & 0777);
    }

    /** Null when there is no such file, or it is a link or a folder. */
    private static Nature plain(Path file) throws IOException {
        if (!isKnown(file) || !isThere(file)) return null;
        Nature nature = Nature.of(file, LinkOption.NOFOLLOW_LINKS);
        return nature.isPlain() ? nature : null;
    }

    private static boolean isKnown(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    private static void settle(Path path, Nature wanted) throws IOException {
        if (wanted == null) return;
        Map<String, Object> its = Files.readAttributes(path, NUMBERS, LinkOption.NOFOLLOW_LINKS);
        Nature is = Nature.of(path, LinkOption.NOFOLLOW_LINKS);
        boolean isOurs = is.isPlain() ? (int) its.get("nlink") == 1 : (is.mode & KIND) == FOLDER;
        if (!isOurs) throw new FileSystemException(path.toString(), null, "another program has put something else in its place");
        if (is.uid != wanted.uid) give(path, "unix:uid", wanted.uid, "account " + wanted.uid);
        boolean isGroup = is.gid == wanted.gid || give(path, "unix:gid", wanted.gid, "group " + wanted.gid);
        int mode = isGroup ? wanted.mode : wanted.mode & ~(GROUP | SET_GROUP) | (wanted.mode & 0005) << 3;
        if ((is.mode & 07777) != mode) give(path, "unix:mode", mode, String.format("mode %04o", mode));
    }

    /** @return false when the system refuses it, as it does to all but root */
    private static boolean give(Path path, String attribute, int number, String what) {
        try {
            Files.setAttribute(path, attribute, number, LinkOption.NOFOLLOW_LINKS);
            return true;
        } catch (IOException e) {
            if (Account.own().filter(Account::isRoot).isPresent()) Notes.warn("the file system does not give " + path
                    + " the " + what + " that its folder asks for: the agents may not be able to use it");
            return false;
        }
    }
}
