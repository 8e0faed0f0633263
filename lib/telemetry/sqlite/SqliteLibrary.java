package telemetry.sqlite;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Account;
import telemetry.os.Disk;
import telemetry.os.InUse;
import telemetry.os.Machine;
import telemetry.os.NewFile;

/**
 * SQLite's native library, unpacked once into a folder that only its owner may enter. Without this the driver unpacks its 1.1 MB into the
 * temporary folder at every start (bench row {@code start}), and a killed process leaves it there. What stands in the cache is used only
 * when nobody else can have written it.
 */
final class SqliteLibrary {

    /** Ends the name of the file that says which state of the library was compared with the jar. */
    private static final String COMPARED = ".compared";

    private SqliteLibrary() { }

    /** Tells the driver where the unpacked library is. If anything prevents that, the driver's own way still works. */
    static void prepare() {
        if (System.getProperty("org.sqlite.lib.path") != null) return;
        try {
            prepare(SQLiteJDBCLoader.class.getProtectionDomain().getCodeSource().getLocation());
        } catch (IOException | URISyntaxException | UnsupportedOperationException | SecurityException e) {
            // a read-only home, for example: then the driver uses the temporary folder
        }
        if (System.getProperty("org.sqlite.lib.path") == null) Driver.LOGGER.setLevel(Level.OFF);
    }

    /** @param driver its jar, opened as a file: reading through its URL is slower */
    private static void prepare(URL driver) throws IOException, URISyntaxException {
        if (!driver.getProtocol().equals("file") || !driver.getPath().endsWith(".jar")) return;
        try (var jar = new ZipFile(new File(driver.toURI()))) {
            String name = LibraryLoaderUtil.getNativeLibName();
            ZipEntry packed = jar.getEntry(packedFolder().substring(1) + "/" + name);
            if (packed == null) return;
            Path folder = cache().resolve("sqlite-" + SQLiteJDBCLoader.getVersion() + "-" + Long.toHexString(packed.getCrc()));
            Path library = folder.resolve(name);
            boolean isIntact = isIntact(library, jar, packed);
            if (!isIntact) unpack(jar, packed, folder, library);
            if ((isIntact || isIntact(library, jar, packed))
                    && Account.isOnlyOwn(Machine.cache(System.getenv()).toAbsolutePath(), library.toAbsolutePath()))
                System.setProperty("org.sqlite.lib.path", folder.toString());
        }
    }

    /** The driver logs stack traces when its own way fails too. {@link #load} says it in one line. */
    private static final class Driver {
        private static final Logger LOGGER = Logger.getLogger("org.sqlite");
    }

    /**
     * Loads the library once, before {@code database} is opened.
     *
     * @param database null when no database is meant
     * @throws StoreException when it cannot be loaded from anywhere
     */
    static void load(Path database) {
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception e) {
            throw new StoreException(StoreException.Reason.FAILED, "open the database",
                    database, "SQLite's library cannot be unpacked into " + cache() + " or "
                    + System.getProperty("java.io.tmpdir"),
                    Next.words("make room there, or set XDG_CACHE_HOME to a folder that programs may be run from"), e);
        }
    }

    /**
     * The driver starts the program uname to tell Linux from Android, which takes longer than all the rest. A Linux that surely has glibc
     * does not need it.
     */
    private static String packedFolder() {
        String machine = System.getProperty("os.name") + "/" + System.getProperty("os.arch");
        boolean ordinary = System.getenv("ANDROID_ROOT") == null && switch (machine) {
            case "Linux/amd64" -> Files.exists(Path.of("/lib64/ld-linux-x86-64.so.2"))
                    && Files.notExists(Path.of("/lib/ld-musl-x86_64.so.1"));
            case "Linux/aarch64" -> Files.exists(Path.of("/lib/ld-linux-aarch64.so.1"))
                    && Files.notExists(Path.of("/lib/ld-musl-aarch64.so.1"));
            default -> false;
        };
        return ordinary ? "/org/sqlite/native/" + machine.replace("amd64", "x86_64") : LibraryLoaderUtil.getNativeLibResourcePath();
    }

    private static Path cache() {
        return Machine.cache(System.getenv()).resolve("telemetry-toolkit");
    }

    /**
     * True when the library has the jar's bytes. They are compared once: as long as neither the file nor the time of its last change of any
     * kind is another, nobody has written to it. Its checksum in the jar, which the system cannot know, finds a damaged disk. A comparison
     * of all bytes, or SHA-256, takes ten times as long as these two (bench row {@code start}).
     */
    private static boolean isIntact(Path library, ZipFile jar, ZipEntry packed) throws IOException {
        if (!Files.isRegularFile(library, LinkOption.NOFOLLOW_LINKS) || Files.size(library) != packed.getSize()) return false;
        String state = state(library);
        byte[] bytes = Files.readAllBytes(library);
        var crc = new CRC32();
        crc.update(bytes);
        if (crc.getValue() != packed.getCrc()) return false;
        Path compared = library.resolveSibling(library.getFileName() + COMPARED);
        if (state != null && state.equals(read(compared))) return true;
        try (InputStream in = jar.getInputStream(packed)) {
            if (!Arrays.equals(in.readAllBytes(), bytes)) return false;
        }
        if (state != null) keep(compared, state);
        return true;
    }

    /** Which file it is and when it was last changed; null where the system does not tell. */
    private static String state(Path library) throws IOException {
        if (!library.getFileSystem().supportedFileAttributeViews().contains("unix")) return null;
        Map<String, Object> its = Files.readAttributes(library, "unix:dev,ino,ctime", LinkOption.NOFOLLOW_LINKS);
        return its.get("dev") + " " + its.get("ino") + " " + ((FileTime) its.get("ctime")).toInstant();
    }

    /** Null when it cannot be read, or is no file. */
    private static String read(Path compared) {
        try {
            return Files.isRegularFile(compared, LinkOption.NOFOLLOW_LINKS) ? Files.readString(compared) : null;
        } catch (IOException e) {
            return null;
        }
    }

    /** Without it all bytes are compared the next time, too. */
    private static void keep(Path compared, String state) {
        try {
            Path unfinished = Files.createTempFile(compared.getParent(), "compared", ".tmp");
            try {
                Files.writeString(unfinished, state);
                InUse.move(unfinished, compared, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            // a full disk, for example
        }
    }

    private static void unpack(ZipFile jar, ZipEntry packed, Path folder, Path library) throws IOException {
        NewFile.ownFolders(folder.getParent(), 0700);
        if (Files.notExists(folder)) Files.createDirectory(folder, Disk.ownerOnlyFolder(folder));
        Path unfinished = Files.createTempFile(folder, "unpacking", ".tmp");
        try {
            try (InputStream in = jar.getInputStream(packed); OutputStream out = Files.newOutputStream(unfinished)) {
                in.transferTo(out);
            }
            InUse.move(unfinished, library, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }
}
