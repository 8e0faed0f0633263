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
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Disk;
import telemetry.os.InUse;
import telemetry.os.Inside;
import telemetry.os.Machine;

/**
 * SQLite's native library, unpacked once into a folder that only its owner may enter. Without this the driver unpacks its 1.1 MB into the
 * temporary folder at every start (bench row {@code start}), and a killed process leaves it there. What stands in the cache is used only
 * when nobody else can have written it.
 */
final class SqliteLibrary {
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
            if (!isIntact(library, packed)) unpack(jar, packed, folder, library);
            if (isIntact(library, packed) && Inside.isOwn(Machine.cache(System.getenv()).toAbsolutePath(), library.toAbsolutePath()))
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
     * Compares the library with its checksum in the jar, which finds damage. It need not find a forgery, which {@link Inside#isOwn} rules
     * out: a checksum that nobody can forge takes twenty times as long here as all the rest (bench row {@code start}).
     */
    private static boolean isIntact(Path library, ZipEntry entry) throws IOException {
        if (!Files.isRegularFile(library, LinkOption.NOFOLLOW_LINKS) || Files.size(library) != entry.getSize()) return false;
        var crc = new CRC32();
        crc.update(Files.readAllBytes(library));
        return crc.getValue() == entry.getCrc();
    }

    private static void unpack(ZipFile jar, ZipEntry packed, Path folder, Path library) throws IOException {
        Files.createDirectories(folder.getParent());
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
