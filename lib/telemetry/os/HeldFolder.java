package telemetry.os;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A folder that another account may change, held open: {@link #resolve} names a file in this very folder, wherever the folder's own name
 * leads by then. Linux has a name for each open file under {@code /proc/self/fd}. The folder is opened part by part and through no link,
 * but one that leads to a folder of the account that it stands at: such a link gives nobody anything.
 */
final class HeldFolder implements AutoCloseable {
    private static final Path HANDLES = Path.of("/proc/self/fd");
    private static final int HANDLES_OF_A_STREAM = 2;
    private static final int TRIES = 20;
    private static final String NUMBERS = "unix:uid,mode,ino";

    /** Before the mark of its process. */
    private static final String OWN = ".telemetry-";

    /** Folders in which this process has looked for what others have left. */
    private static final Set<Path> SWEPT = ConcurrentHashMap.newKeySet();


    /** Folders that nobody else can change, and until when that need not be looked up again. */
    private static final Map<Path, Remembered> OURS = new ConcurrentHashMap<>();
    private static final long REMEMBERED = Duration.ofSeconds(1).toNanos();

    private final SecureDirectoryStream<Path> open;
    private final Iterator<Path> names;
    private final Path handle;

    private HeldFolder(SecureDirectoryStream<Path> open, Iterator<Path> names, Path handle) {
        this.open = open;
        this.names = names;
        this.handle = handle;
    }

    /**
     * Null when no other account can change what is in the folder, and where the system has no such things: its name will do then.
     *
     * @param folder null above a root
     * @throws NoSuchFileException    when it is not there
     * @throws FileSystemException    when another account has put a link on the way to it
     */
    static HeldFolder of(Path folder) throws IOException {
        if (folder == null) return null;
        Remembered known = OURS.get(folder);
        if (known != null && System.nanoTime() < known.until && its(folder).equals(known.its)) return null;
        var way = new FolderWay(folder);
        HeldFolder held = way.walk();
        if (held == null && way.isKnown()) OURS.put(folder, new Remembered(its(folder), System.nanoTime() + REMEMBERED));
        return held;
    }

    /** A folder that nobody else could change. */
    private record Remembered(Map<String, Object> its, long until) { }

    /** Whose number this process has; looked up once. */
    static final class Owner {
        static final int NUMBER = Account.own().map(Account::uid).orElse(-1);
    }

    static Map<String, Object> its(Path path) throws IOException {
        return Files.readAttributes(path, NUMBERS, LinkOption.NOFOLLOW_LINKS);
    }

    static int mode(Map<String, Object> its) {
        return (int) its.get("mode");
    }

    /** Null where the system cannot hold folders so, or does not name what is open. */
    static HeldFolder opened(DirectoryStream<Path> stream) throws IOException {
        DirectoryStream<Path> next = stream;
        for (int n = 0; n < TRIES && next instanceof SecureDirectoryStream<Path> open; n++) {
            Iterator<Path> names = open.iterator();
            List<Path> handles = handles(open, names);
            if (handles.size() == HANDLES_OF_A_STREAM) return new HeldFolder(open, names, handles.get(0));
            next = handles.isEmpty() ? null : open.newDirectoryStream(Path.of("."), LinkOption.NOFOLLOW_LINKS);
            open.close();
        }
        if (next != null) next.close();
        return null;
    }

    /**
     * The names under which the system has this very stream's folder open, a stream having two; none without /proc. When the folder is
     * open elsewhere in this process too, they are those that reading from the stream moves on; or more, when others read at that moment.
     */
    private static synchronized List<Path> handles(SecureDirectoryStream<Path> open, Iterator<Path> names) throws IOException {
        Object key = open.getFileAttributeView(BasicFileAttributeView.class).readAttributes().fileKey();
        Map<Path, String> places = new LinkedHashMap<>();
        try (DirectoryStream<Path> handles = Files.newDirectoryStream(HANDLES)) {
            for (Path handle : handles) if (key.equals(key(handle))) places.put(handle, place(handle));
        } catch (IOException e) {
            return List.of();
        }
        if (places.size() > HANDLES_OF_A_STREAM) {
            names.hasNext();
            places.keySet().removeIf(handle -> place(handle).equals(places.get(handle)));
        }
        return List.copyOf(places.keySet());
    }

    private static String place(Path handle) {
        try (BufferedReader info = Files.newBufferedReader(Path.of("/proc/self/fdinfo").resolve(handle.getFileName()))) {
            return String.valueOf(info.readLine());
        } catch (IOException e) {
            return "closed";
        }
    }

    private static Object key(Path handle) {
        try {
            return Files.readAttributes(handle, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** A folder in this one. */
    HeldFolder enter(Path name) throws IOException {
        return enter(name, Owner.NUMBER);
    }

    HeldFolder enter(Path name, int own) throws IOException {
        BasicFileAttributes its = open.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).readAttributes();
        if (its.isSymbolicLink()) return follow(name, own);
        if (!its.isDirectory()) throw new NotDirectoryException(real().resolve(name).toString());
        HeldFolder held = opened(Inside.patient(name, name, inner -> open.newDirectoryStream(inner, LinkOption.NOFOLLOW_LINKS)));
        if (held == null) throw tooMany(name);
        return held;
    }

    private FileSystemException tooMany(Path name) throws IOException {
        return new FileSystemException(real().resolve(name).toString(), null, "too many files are open");
    }

    /** A link that root or this account has set may lead anywhere; one of others to what belongs to whose folder it stands in. */
    private HeldFolder follow(Path name, int own) throws IOException {
        Path link = resolve(name);
        Map<String, Object> before = its(link);
        Path target = link.toRealPath();
        boolean isSame = (int) its(link).get("uid") == (int) before.get("uid") && link.toRealPath().equals(target);
        if (!Files.isDirectory(target)) throw new NotDirectoryException(real().resolve(name).toString());
        HeldFolder held = opened(Inside.patient(target, target, Files::newDirectoryStream));
        if (held == null) throw refused(name, target);
        boolean isOwn = (int) before.get("uid") == 0 || (int) before.get("uid") == own;
        if (isSame && (isOwn || held.owner() == owner())) return held;
        held.close();
        throw refused(name, target);
    }

    private FileSystemException refused(Path name, Path target) throws IOException {
        return new FileSystemException(real().resolve(name).toString(), null,
                "it is a link to " + target + ", which is another account's");
    }

    /** A name in this folder, as long as it is held. */
    Path resolve(Path name) {
        return handle.resolve(name.toString());
    }

    /** Where it stands now. */
    Path real() throws IOException {
        return Files.readSymbolicLink(handle);
    }

    /** True for an entry of root or of this account. */
    boolean isOwn(Path entry) throws IOException {
        int uid = (int) its(entry).get("uid");
        return uid == 0 || uid == Owner.NUMBER;
    }

    int owner() throws IOException {
        return (int) Files.getAttribute(handle, "unix:uid");
    }

    /** The names in it. To be asked for once. */
    Iterable<Path> names() {
        return () -> names;
    }

    /** Removes a file; or a folder and everything in it, entering no link. */
    void remove(Path name) throws IOException {
        BasicFileAttributes its = open.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).readAttributes();
        if (!its.isDirectory()) {
            open.deleteFile(name);
            return;
        }
        IOException refused = null;
        try (HeldFolder inner = opened(open.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS))) {
            if (inner == null) throw tooMany(name);
            for (Path entry : inner.names()) {
                try {
                    inner.remove(entry.getFileName());
                } catch (NoSuchFileException e) {
                    // somebody was quicker
                } catch (IOException e) {
                    refused = refused == null ? e : refused;
                }
            }
        }
        if (refused != null) throw refused;
        open.deleteDirectory(name);
    }

    /**
     * Work in a new folder in this one that nobody but this account may enter. What is made there is moved out of it; the folder goes. One
     * that a killed process has left goes with the next.
     */
    <T> T inOwn(Work<T> work) throws IOException {
        if (SWEPT.add(real())) sweep();
        Path name = Unfinished.random(Path.of(""), OWN).getFileName();
        Files.createDirectory(resolve(name), Disk.ownerOnlyFolder(resolve(name)));
        try (HeldFolder own = opened(open.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS))) {
            if (own == null) throw tooMany(name);
            if (own.owner() != Owner.NUMBER || (mode(its(own.resolve(Path.of(".")))) & 0077) != 0) throw exchanged(name);
            return work.in(own);
        } finally {
            try {
                remove(name);
            } catch (IOException e) {
                // the next one removes it
            }
        }
    }

    /** Work in a folder that is held. */
    interface Work<T> {
        T in(HeldFolder folder) throws IOException;
    }

    private void sweep() throws IOException {
        try (HeldFolder again = opened(open.newDirectoryStream(Path.of("."), LinkOption.NOFOLLOW_LINKS))) {
            if (again == null) return;
            for (Path name : again.names())
                if (Unfinished.isLeft(name, OWN) && its(resolve(name.getFileName())).get("uid").equals(Owner.NUMBER)) remove(name.getFileName());
        } catch (NoSuchFileException | DirectoryIteratorException e) {
            // the next one removes it
        }
    }

    private FileSystemException exchanged(Path name) throws IOException {
        return new FileSystemException(real().resolve(name).toString(), null, "another program has put something else in its place");
    }

    @Override
    public void close() throws IOException {
        open.close();
    }
}
