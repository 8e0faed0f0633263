package telemetry.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import telemetry.StoreException;

/**
 * A copy by SQLite's backup interface, with its true result codes. The driver's {@code restore} and its SQL form {@code restore from}
 * return 0 after a failure. So the calling connection is always the source, whichever way a copy goes.
 */
final class PageCopy {

    /** 8 MB with the usual page size: often enough for a progress line, and too seldom to cost time. */
    private static final int PAGES_A_STEP = 2_000;
    private static final int PAUSE_MS = 50;
    private static final int READONLY = 8;

    private final Path source;
    private final SQLiteConnection driver;
    private final long pages;
    private final long pageSize;

    /**
     * @param source   the file that the connection has open
     * @param pages    how many it has
     * @param pageSize in bytes
     */
    PageCopy(Path source, SQLiteConnection driver, long pages, long pageSize) {
        this.source = source;
        this.driver = driver;
        this.pages = pages;
        this.pageSize = pageSize;
    }

    /**
     * @param patience how long to wait for the target's lock
     * @param bytes    receives the bytes copied so far, for the first time when the target is locked and before the copy counts
     */
    void make(Path target, Duration patience, LongConsumer bytes) throws SQLException {
        Path real = DatabaseFile.real(target);
        Object before = DatabaseFile.identity(real);
        copy(real, patience, bytes);
        if (before != null && !before.equals(DatabaseFile.identity(real))) throw new StoreException(StoreException.Reason.FAILED,
                "copy " + source + " to", target, "another program has put something else in its place", null);
    }

    private void copy(Path target, Duration patience, LongConsumer bytes) throws SQLException {
        int tries = (int) (patience.toMillis() / PAUSE_MS);
        int step = (int) Math.max(1, Math.min(PAGES_A_STEP, pages - 1));
        int code = driver.getDatabase()
                .backup("main", target.toString(), (left, all) -> bytes.accept((all - left) * pageSize), PAUSE_MS, tries, step);
        if (code == 0) return;
        if (code == READONLY) throw new StoreException(StoreException.Reason.DENIED,
                "copy to", target, "it cannot be written, or it is in WAL mode with another page size", null);
        SQLiteErrorCode known = SQLiteErrorCode.getErrorCode(code);
        throw new SQLiteException(known.message, known);
    }
}
