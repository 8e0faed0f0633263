package telemetry.sqlite;

import static telemetry.StoreException.Reason.*;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.MountPoint;

/** SQLite's result codes in the operator's words. Source of the codes: sqlite.org/rescode.html. */
public final class SqliteErrors {
    private static final int BUSY_SNAPSHOT = 517;
    private static final int READONLY = 8;
    private static final int READONLY_ROLLBACK = 776;
    private static final int CONSTRAINT_TRIGGER = 1811;
    private static final int IOERR_SHMSIZE = 4874;
    private static final Pattern LACKING = Pattern.compile("(?:no such|unknown) (module|function|collation sequence|tokenizer): ([^\\s()]+)");

    private SqliteErrors() { }

    static StoreException translate(String tried, Path file, SQLException e) {
        int extended = e instanceof SQLiteException known && known.getResultCode() != SQLiteErrorCode.UNKNOWN_ERROR
                ? known.getResultCode().code : e.getErrorCode();
        String why = said(e);
        if (extended == BUSY_SNAPSHOT)
            return new StoreException(LOCKED, tried, file,
                    "the transaction read before it wrote, and another program has written since (BUSY_SNAPSHOT); no process has to "
                    + "be stopped", Next.RUN_AGAIN, e);
        if (extended == READONLY_ROLLBACK)
            return new StoreException(DENIED, tried, file,
                    "a program died while it wrote; the next program that writes rolls back its -journal",
                    Next.command("track", "--self-test"), e);
        if (extended == IOERR_SHMSIZE) extended = 13;
        boolean isRefused = List.of(3, 8, 14, 23).contains(extended & 0xff) && extended != READONLY;
        if (isRefused && MountPoint.isReadOnly(file))
            return new StoreException(DENIED, tried, file, "the file system is read-only", Next.MOUNT_WRITABLE, e);
        return switch (extended & 0xff) {
            case 5, 6 -> new StoreException(LOCKED, tried, file, "it is locked" + LockHolders.waitedFor(file), Next.command("locks"), e);
            case 8 -> extended == READONLY
                    ? new StoreException(REFUSED, tried, file, "it is open for reading only, and this would write", null, e)
                    : new StoreException(DENIED, tried, file,
                            "no permission to write in its folder, which even reading needs in WAL mode",
                            Next.OTHER_ACCOUNT, e);
            case 11, 26 -> new StoreException(DAMAGED, tried, file, (extended & 0xff) == 26
                    ? "it is not a SQLite database, or its first page is damaged" : "it is damaged (" + why + ")",
                    Next.command("recover", "--dry-run"), e);
            case 13 -> new StoreException(FULL, tried, file, "no space left on the disk", Next.command("archive", "--dry-run"), e);
            case 3, 14, 23 -> new StoreException(DENIED, tried, file, why, Next.OTHER_ACCOUNT, e);
            case 1 -> new StoreException(REFUSED, tried, file, why, null, e);
            case 9 -> new StoreException(FAILED, tried, file, "interrupted", null, e);
            default -> new StoreException(FAILED, tried, file, why, null, e);
        };
    }

    /** True when SQLite refused one row for its content (a CHECK, NOT NULL, UNIQUE, its size) and could go on with the next. */
    public static boolean isAboutTheRow(StoreException e) {
        return isIgnored(e) || e.getCause() instanceof SQLiteException known
                && List.of(18, 19, 20).contains(known.getResultCode().code & 0xff);
    }

    /** Stands for the error that SQLite does not report. */
    private static final class Ignored extends RuntimeException { }

    /** True when SQLite reported no error and changed nothing; see {@link #ignored}. */
    public static boolean isIgnored(StoreException e) {
        return e.getCause() instanceof Ignored;
    }

    /** What is thrown when SQLite changed so many rows fewer than it was told to. @param why a trigger, in words */
    public static StoreException ignored(Path file, long rows, String why) {
        return new StoreException(FAILED, rows == 1 ? "change a run in" : "change " + rows + " runs in", file, why, null, new Ignored());
    }

    /** True when a value was longer than this connection reads. */
    public static boolean isTooBig(StoreException e) {
        return e.getCause() instanceof SQLiteException known && (known.getResultCode().code & 0xff) == 18;
    }

    /** True when a trigger said no, with words of its own. */
    public static boolean isRaisedByTrigger(StoreException e) {
        return e.getCause() instanceof SQLiteException known && known.getResultCode().code == CONSTRAINT_TRIGGER;
    }

    /** True when SQLite could not even begin with a statement: it is no SQL, or names what is not there. Of our own that is no argument. */
    public static boolean isAboutTheStatement(StoreException e) {
        return e.reason() == REFUSED && isOfSqlite(e);
    }

    private static boolean isOfSqlite(Throwable e) {
        return e != null && (e instanceof SQLException || isOfSqlite(e.getCause()));
    }

    /**
     * What a statement needs that only the SQLite of the agents has: {@code "the module vec0"}, {@code "the function f"},
     * {@code "the collation c"}, {@code "the tokenizer t"}; null when that is not what is wrong.
     */
    public static String lacking(StoreException e) {
        Matcher missing = LACKING.matcher(e.why());
        if (!isOfSqlite(e) || !missing.find()) return null;
        return "the " + missing.group(1).replace(" sequence", "") + " " + missing.group(2);
    }

    /** True when a -journal kept SQLite from reading: a program died while it wrote, and rolling that back needs write permission. */
    public static boolean isLeftJournal(StoreException e) {
        return e.getCause() instanceof SQLiteException known && known.getResultCode().code == READONLY_ROLLBACK;
    }

    /** The driver writes {@code [SQLITE_ERROR] SQL error or missing database (no such table: x)}. What counts is in the brackets. */
    private static String said(SQLException e) {
        String text = String.valueOf(e.getMessage());
        int open = text.indexOf(" (");
        return text.startsWith("[SQLITE") && open > 0 && text.endsWith(")") ? text.substring(open + 2, text.length() - 1) : text;
    }
}
