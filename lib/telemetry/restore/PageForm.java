package telemetry.restore;

import java.nio.file.Path;
import java.time.Duration;
import telemetry.Database;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Openers;
import telemetry.sqlite.DatabaseFile;

/**
 * What a database keeps while programs have it open: pages of another form cannot be copied over its own. The size cannot change in WAL
 * mode. Another text encoding can be copied, but every connection that is open then fails with each statement until it is closed.
 *
 * @param pageSize in bytes
 * @param encoding of texts, in SQLite's words
 * @param journal  its journal mode
 */
public record PageForm(long pageSize, String encoding, String journal) {

    public static PageForm of(Database database) {
        return new PageForm(database.number("PRAGMA page_size"), database.pragma("encoding"), database.pragma("journal_mode"));
    }

    /** Of a file that nobody writes. */
    public static PageForm ofFrozen(Path file) {
        try (Database database = Database.openFrozen(file)) {
            return of(database);
        }
    }

    /** Changes nothing, unless a -journal must be rolled back first. @return null when SQLite cannot read it */
    public static PageForm ofLive(Path file, Duration patience) {
        try (Database database = Database.openRolledBack(file, patience)) {
            return of(database);
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.DAMAGED || e.reason() == StoreException.Reason.MISSING) return null;
            throw e;
        }
    }

    /** Why pages of the other form cannot be copied over a database of this one, in a few words; null when they can. */
    public String whyNot(PageForm other) {
        if (!encoding.equals(other.encoding)) return "its texts are in " + encoding + ", the backup's in " + other.encoding;
        return pageSize == other.pageSize || !"wal".equalsIgnoreCase(journal) ? null
                : "its pages have " + pageSize + " bytes, the backup's " + other.pageSize;
    }

    /**
     * @throws StoreException {@code LOCKED} when a process has the database open, as far as is known, which is to be moved aside for this
     */
    public static void requireUnused(String tried, Path live, String why) {
        for (long pid : Openers.of(DatabaseFile.present(live)))
            throw new StoreException(StoreException.Reason.LOCKED, tried, live, Openers.describe(pid)
                    + " has it open, and it must be moved aside: " + why, Next.words("stop that program, then run it again"));
    }
}
