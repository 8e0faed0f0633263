package telemetry.backup;

import java.io.PrintWriter;
import java.util.List;
import telemetry.Database;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;

/** How thoroughly SQLite looks at a backup before it counts as one. */
public enum BackupCheck {
    /** Every page, row and index entry, and that they agree with each other: most of the time of a backup (bench row {@code backup}). */
    FULL("integrity_check"),
    /** Every page and row, but not that the indexes agree with them (bench row {@code backup-quick}). */
    QUICK("quick_check"),
    /** Not at all, and no SHA-256 either: a plain copy, which counts as unverified. */
    NONE(null);

    private final String pragma;

    BackupCheck(String pragma) {
        this.pragma = pragma;
    }

    /**
     * @param err where the progress is shown; null for nowhere
     * @throws StoreException {@code DAMAGED} with SQLite's words for the first thing it found, or when the table of runs is missing. A
     *                        database that is newer than this toolkit is checked as pages alone
     */
    public void run(Database database, PrintWriter err) {
        Schema schema = Schema.of(database);
        if (!schema.isNewer()) Schema.require(database);
        if (pragma == null) return;
        List<String> errors = Integrity.errors(database, schema, this == QUICK, 1, err);
        if (!errors.isEmpty()) throw new StoreException(StoreException.Reason.DAMAGED,
                "verify", database.file(), pragma + ": " + errors.get(0), Next.command("recover", "--dry-run"));
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
