package telemetry.sqlite;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import telemetry.Rows;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.MountPoint;
import telemetry.os.NewFile;

/**
 * How a database is opened. What decides is what the caller wants, what stands beside the file, and whether its disk may be written to. A
 * connection that comes from here has read the file's first page: it is a database. A patience counts from the opening on.
 */
public final class Opening {

    /** Source of the modes: sqlite.org/uri.html. */
    private static final String WRITE = "mode=rw";
    private static final String MAKE = "mode=rwc";
    private static final String READ = "mode=ro";
    private static final String FROZEN = "mode=ro&immutable=1";

    private Opening() { }

    /** One that is there, to read and write. */
    public static SqliteConnection toWrite(Path file, Duration patience) {
        return open(file, WRITE, patience, false);
    }

    /** The same; an empty one is made when there is none, with owner and group of its folder. */
    public static SqliteConnection toMake(Path file, Duration patience) {
        Path absolute = file.toAbsolutePath();
        Attempt.of("create the database", absolute, () -> NewFile.appear(absolute, null));
        return open(absolute, MAKE, patience, false);
    }

    /**
     * One that is there, to look only; nothing comes into being beside it. SQLite's read-only mode is used only where a -wal or -journal is
     * there, because without one it leaves an empty -wal and -shm behind. On a read-only file system the file is opened as frozen, or a
     * copy of it, where there is a -wal or -journal that SQLite cannot read there.
     */
    public static SqliteConnection toRead(Path file, Duration patience) {
        boolean isTouched = Files.exists(DatabaseFile.beside(file, "-wal")) || Files.exists(DatabaseFile.beside(file, "-journal"));
        try {
            return open(file, isTouched ? READ : WRITE, patience, true);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DENIED || !MountPoint.isReadOnly(file)) throw e;
            return isTouched ? copied(file.toAbsolutePath(), patience) : frozen(file, patience);
        }
    }

    private static SqliteConnection copied(Path file, Duration patience) {
        var copy = new ReadOnlyCopy(file);
        try {
            SqliteConnection connection = open(file, copy.file(), WRITE, patience, true);
            connection.owns(copy);
            return connection;
        } catch (StoreException e) {
            copy.close();
            throw e;
        }
    }

    /** As {@link #toRead}; but a -journal of a program that died while it wrote is rolled back first, by an opening to write. */
    public static SqliteConnection rolledBack(Path file, Duration patience) {
        try {
            return toRead(file, patience);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DENIED) throw e;
            boolean isLeft = Files.exists(DatabaseFile.beside(file, "-journal"));
            if (!isLeft && !SqliteErrors.isLeftJournal(e)) throw e;
            return isLeft ? toWrite(file, patience) : toRead(file, patience);
        }
    }

    /** True when there is such a -journal. Looks only. */
    public static boolean isTorn(Path file) {
        if (DatabaseFile.beside(file, "-journal").toFile().length() == 0) return false;
        try {
            toRead(file, Duration.ZERO).close();
            return false;
        } catch (StoreException e) {
            return SqliteErrors.isLeftJournal(e);
        }
    }

    /** One that nobody writes. No lock is taken, and a -wal is ignored. */
    public static SqliteConnection frozen(Path file, Duration patience) {
        return open(file, FROZEN, patience, true);
    }

    /** A second connection to the same file, opened in the same way but to look only. */
    public static SqliteConnection another(SqliteConnection one, Duration patience) {
        return open(one.file(), one.opened(), one.mode().equals(MAKE) ? WRITE : one.mode(), patience, true);
    }

    private static SqliteConnection open(Path file, String mode, Duration patience, boolean isToRead) {
        Path absolute = file.toAbsolutePath();
        if (!mode.equals(MAKE) && !mode.equals(FROZEN)) WalRoom.require(absolute, patience);
        return open(absolute, absolute, mode, patience, isToRead);
    }

    private static SqliteConnection open(Path file, Path opened, String mode, Duration patience, boolean isToRead) {
        var connection = new SqliteConnection(file, opened, mode, patience);
        try {
            if (isToRead) connection.refuseWrites();
            try (Rows rows = connection.query("PRAGMA schema_version")) {
                rows.iterator().hasNext();
            }
            return connection;
        } catch (StoreException e) {
            connection.close();
            throw e;
        }
    }
}
