package telemetry.health;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import telemetry.Check;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.locks.Locks;
import telemetry.os.MountPoint;
import telemetry.runs.Schema;
import telemetry.runs.WriteTrial;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.Runbook;

/**
 * Whether the database can be written to now: the try that {@code locks} makes, for a second, with a run that is rolled back. While it
 * cannot, no row is written.
 */
final class LockCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Store store;
    private final Instant now;

    LockCheck(Store store, Instant now) {
        this.store = store;
        this.now = now;
    }

    /**
     * While a connection that reads is open: it keeps the try from folding a -wal in when it closes.
     *
     * @param schema null when it could not be read
     * @throws StoreException when it cannot be tried; {@code DAMAGED} when a page is that the run would stand on
     */
    Check check(Schema schema) {
        if (MountPoint.isReadOnly(store.database()))
            return MountPoint.isReadOnly(store.raw()) ? Check.skipped("lock", "the file system is read-only") : Check.failed("lock",
                    "no row can be written: the file system of " + store.database() + " is read-only", FolderChecks.MOUNT);
        if (!Files.isWritable(store.database())) return notTried();
        return Locks.whenFree(store.database(), PATIENCE, database -> WriteTrial.of(database,
                schema == null ? Schema.of(database) : schema)).map(LockCheck::told).orElseGet(() -> held(PATIENCE));
    }

    private static Check told(WriteTrial trial) {
        return trial.status() == Check.Status.OK ? Check.ok("lock", "free to write") : trial.check("lock");
    }

    /** This account may not write, and so cannot try. */
    private Check notTried() {
        List<String> holders = Locks.writers(store.database());
        if (!holders.isEmpty()) return held(Duration.ZERO);
        return Locks.areKnown() ? Check.ok("lock", "nobody holds it now; not tried, because this account may not write")
                : Check.unknown("lock", "not tried: this account may not write", FolderChecks.OTHER_ACCOUNT);
    }

    /** @param waited in which it did not come free */
    Check held(Duration waited) {
        List<String> holders = Locks.writers(store.database());
        String by = holders.isEmpty() ? "" : ": held by " + String.join(" and ", holders);
        return Check.failed("lock", "not free" + (waited.isZero() ? "" : " within "
                + (waited.toMillis() < 1_000 ? Times.words(waited) : waited.toSeconds() + " s")) + by + lastWrite(),
                store.next(Runbook.DATABASE_LOCKED));
    }

    /** No system tells since when a lock is held. */
    private String lastWrite() {
        long newest = 0;
        for (Path file : List.of(store.database(), DatabaseFile.beside(store.database(), "-wal"))) {
            try {
                newest = Math.max(newest, Files.getLastModifiedTime(file).toMillis());
            } catch (IOException e) {
                // there is no such file now
            }
        }
        Duration ago = Duration.between(Instant.ofEpochMilli(newest), now);
        return newest == 0 || ago.isNegative() ? "" : "; last write to the database " + Times.words(ago) + " ago";
    }
}
