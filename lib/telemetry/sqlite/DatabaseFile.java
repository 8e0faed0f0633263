package telemetry.sqlite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import org.sqlite.JDBC;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.Link;

/** A database's file, the files that SQLite keeps beside it, and what can be said before it is open. */
public final class DatabaseFile {

    /** Suffixes of the database itself, its log, the log's index and its rollback journal. */
    static final List<String> SUFFIXES = List.of("", "-wal", "-shm", "-journal");

    /** To read and write, to create, by URI, and through no link, whose number the driver does not name; source: sqlite3.h. */
    private static final int OPEN = 0x02 | 0x04 | 0x40 | 0x01000000;

    static {
        SqliteLibrary.prepare();
    }

    private DatabaseFile() { }

    /** The -wal, -shm or -journal of a database, or the database itself for an empty suffix. It need not exist. */
    public static Path beside(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }

    /** The database and the files beside it, as far as they exist. */
    public static List<Path> present(Path file) {
        return SUFFIXES.stream().map(suffix -> beside(file, suffix)).filter(Files::exists).toList();
    }

    /**
     * What changes when somebody writes to one of these files. Those beside a database vanish at any moment, also while they are looked at:
     * that one is not there is a state too.
     */
    public static Object state(Path file) throws IOException {
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return List.of(found.size(), found.lastModifiedTime());
        } catch (NoSuchFileException e) {
            return "none";
        }
    }

    /** Removes a database that no process has open, with all files that SQLite keeps beside it. */
    public static void delete(Path file) {
        try {
            for (String suffix : SUFFIXES) Inside.delete(beside(file, suffix));
        } catch (IOException e) {
            throw Attempt.refused("remove", file, e);
        }
    }

    /** Loads what opening a database needs, by opening one in memory. */
    public static void warmUp() {
        try (Connection nowhere = nowhere();
                var statement = nowhere.prepareStatement("SELECT 1")) {
            statement.execute();
        } catch (SQLException | LinkageError e) {
            // opening the real database fails the same way, and says so
        }
    }

    private static Connection nowhere() throws SQLException {
        return JDBC.createConnection("jdbc:sqlite::memory:", options());
    }

    /** @throws StoreException when the library cannot be loaded */
    public static String libraryVersion() {
        SqliteLibrary.load(null);
        try (Connection nowhere = nowhere()) {
            return nowhere.getMetaData().getDatabaseProductVersion();
        } catch (SQLException e) {
            throw SqliteErrors.translate("load SQLite", null, e);
        }
    }

    /**
     * @param mode as in sqlite.org/uri.html: {@code mode=rw}
     * @throws StoreException when the file is missing, empty, a directory or not permitted, unless the mode is to create it
     */
    static Connection connect(Path absolute, String mode) {
        Link.require("open the database", absolute);
        if (!mode.equals("mode=rwc")) require(absolute);
        SqliteLibrary.load(absolute);
        Path real = real(absolute);
        requirePlain(real);
        Object before = identity(real);
        Connection connection;
        try {
            connection = JDBC.createConnection("jdbc:sqlite:" + Disk.uri(real) + "?" + mode, options());
        } catch (SQLException e) {
            throw SqliteErrors.translate("open the database", absolute, e);
        }
        if (before == null || before.equals(identity(real))) return connection;
        SqliteCursor.close(connection);
        throw new StoreException(StoreException.Reason.LOCKED, "open the database", absolute,
                "another program has replaced it in the meantime", Next.RUN_AGAIN);
    }

    /** The name to open it by: SQLite is told to follow no link. @throws StoreException when another account has put one on the way */
    static Path real(Path file) {
        return Attempt.of("open the database", file, () -> Inside.real(file));
    }

    /** SQLite waits for the other end of a FIFO, and writes to any file that has one of these names. It follows no link there. */
    private static void requirePlain(Path file) {
        for (String suffix : SUFFIXES) Attempt.of("open the database by", beside(file, suffix), () -> {
            Inside.requirePlain(beside(file, suffix));
        });
    }

    /** Null when it is not there. */
    static Object identity(Path file) {
        return Attempt.of("open the database", file, () -> Disk.identity(file));
    }

    /** Without the first the driver asks for the new row's number after each INSERT, which nobody here needs (bench row {@code track}). */
    private static Properties options() {
        var options = new Properties();
        options.setProperty("jdbc.get_generated_keys", "false");
        options.setProperty("open_mode", String.valueOf(OPEN));
        return options;
    }

    /** SQLite says "unable to open database file" for all of these, or takes an empty file for a new database. */
    private static void require(Path file) {
        String tried = "open the database";
        if (Files.isDirectory(file)) throw new StoreException(StoreException.Reason.DAMAGED, tried, file,
                "it is a directory" + Link.said(file), Next.words("move it elsewhere, then").then(Next.command("recover", "--dry-run")));
        Path inTheWay = Disk.fileInTheWay(file);
        if (inTheWay != null) throw new StoreException(StoreException.Reason.FAILED, tried, file,
                inTheWay + " is a file, and should be a folder",
                Next.words("move it elsewhere, then").then(Next.command("recover", "--dry-run")));
        if (Files.notExists(file)) throw new StoreException(StoreException.Reason.MISSING, tried, file, "it does not exist",
                Next.words("was it there before?").then(Next.command("recover", "--dry-run")));
        if (!Files.isReadable(file)) throw new StoreException(StoreException.Reason.DENIED, tried, file, "permission denied",
                Next.OTHER_ACCOUNT);
        if (file.toFile().length() == 0)
            throw new StoreException(StoreException.Reason.DAMAGED, tried, file, "the file is empty (0 bytes)",
                    Next.command("recover", "--dry-run"));
    }
}
