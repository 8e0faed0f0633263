package telemetry;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * SQLite's backup interface, with its true result codes. The driver's {@code restore} and its SQL form {@code restore from} answer 0 after
 * they failed, so whichever way a copy goes, the source is the connection that calls.
 */
final class SqliteCopy {

    /** 8 MB of the usual pages: often enough for a progress line, too seldom to cost anything. */
    private static final int PAGES_A_STEP = 2_000;
    private static final int PAUSE_MS = 50;
    private static final int READONLY = 8;

    private SqliteCopy() { }

    /** @param bytes is given how many bytes are copied, for the first time once the target is locked and before the copy counts */
    static void run(SQLiteConnection source, long pages, long pageSize, Path target, Duration patience, LongConsumer bytes)
            throws SQLException {
        int tries = (int) (patience.toMillis() / PAUSE_MS);
        int step = (int) Math.max(1, Math.min(PAGES_A_STEP, pages - 1));
        int code = source.getDatabase()
                .backup("main", target.toString(), (left, all) -> bytes.accept((all - left) * pageSize), PAUSE_MS, tries, step);
        if (code == 0) return;
        if (code == READONLY) throw new StoreException(StoreException.Reason.DENIED,
                "copy to", target, "it must not be written to, or is in WAL mode with pages of another size", null);
        SQLiteErrorCode known = SQLiteErrorCode.getErrorCode(code);
        throw new SQLiteException(known.message, known);
    }
}
