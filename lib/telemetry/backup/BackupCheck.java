package telemetry.backup;

import java.io.PrintWriter;
import telemetry.Database;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;

/** How thoroughly SQLite looks at a backup before it counts as one. */
public enum BackupCheck {
    /** Every page, row and index entry, and that they agree with each other: most of the time of a backup (bench row {@code backup}). */
    FULL,
    /** Every page and row, but not that the indexes agree with them (bench row {@code backup-quick}). */
    QUICK,
    /** Not at all, and no SHA-256 either: a plain copy, which counts as unverified. */
    NONE;

    /**
     * @param err where the progress is shown; null for nowhere
     * @return rows that break a constraint, which is no damage, and what cannot be checked here; null when there is neither
     * @throws StoreException {@code DAMAGED} with what SQLite found, or when the table of runs is missing. A database that
     *                        is newer than this toolkit, or whose agent_runs is no table, is checked as pages alone
     */
    public Integrity run(Database database, PrintWriter err) {
        Schema schema = Schema.of(database);
        if (!schema.isNewer() && !schema.isForeign()) Schema.require(database);
        if (this == NONE) return null;
        var found = Integrity.of(database, schema, this == QUICK, err);
        if (found.isClean()) return null;
        if (!found.isSound()) throw new StoreException(StoreException.Reason.DAMAGED,
                "verify", database.file(), found.toString(), Next.command("recover", "--dry-run")).with(found.texts());
        return found;
    }

    /** @throws IllegalArgumentException when there is no such one */
    static BackupCheck of(String word) {
        return valueOf(word.toUpperCase(java.util.Locale.ROOT));
    }

    /** Lower case, as on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
