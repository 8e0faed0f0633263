package telemetry.health;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import telemetry.Check;
import telemetry.Database;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.Times;
import telemetry.os.Inside;
import telemetry.os.MountPoint;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.Runbook;

/**
 * The database's -wal and -journal, as they stood before anything opened the database. Writers of v1 to v5 set WAL, those of v6 and v7
 * DELETE.
 */
final class JournalCheck {
    private final Store store;
    private final HealthRules rules;
    private final Size wal;
    private final Duration journalAge;

    JournalCheck(Store store, HealthRules rules) {
        this.store = store;
        this.rules = rules;
        this.wal = new Size(DatabaseFile.beside(store.database(), "-wal").toFile().length());
        this.journalAge = ageOf(DatabaseFile.beside(store.database(), "-journal"));
    }

    /** Since the last write; null when there is none, or one that was emptied or zeroed at its commit. */
    private static Duration ageOf(Path file) {
        try (InputStream journal = Inside.stream(file)) {
            return journal.read() <= 0 ? null : Duration.ofMillis(System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis());
        } catch (IOException e) {
            return null;
        }
    }

    /** True when there is one with something in it: in use, or left by a program that died. */
    boolean isThere() {
        return journalAge != null;
    }

    Measure measure() {
        return Measure.of("wal_size", "bytes", "Size of the database's -wal.", wal.bytes()).atMost(rules.wal().bytes());
    }

    /** A -journal that waits to be rolled back. */
    Check left() {
        return Check.warning("journal", "a -journal was left" + (journalAge == null ? "" : " " + Times.words(journalAge) + " ago")
                + " by a program that died while it wrote; the next one that writes rolls it back", rollBack(store));
    }

    static Next rollBack(Store store) {
        return store.command("track", "--self-test").in(Runbook.DATABASE_CORRUPTED);
    }

    Check check(Database database, Schema schema) {
        if (MountPoint.isReadOnly(store.database()))
            return Check.skipped("journal", "the file system is read-only");
        String mode = database.pragma("journal_mode").toUpperCase(Locale.ROOT);
        String forced = schema.shape() == Schema.Shape.RUNBOOK ? "WAL" : "DELETE";
        if (schema.isUsable() && !schema.isNewer() && !mode.equals(forced)) return Check.warning("journal", mode + ", but the writers of "
                + schema + " set " + forced + ": programs of different versions fight over it", store.next(Runbook.DATABASE_LOCKED));
        String log = wal.bytes() == 0 ? "no -wal" : "-wal of " + wal;
        return wal.compareTo(rules.wal()) > 0 ? Check.warning("journal", mode + ", " + log + ", more than " + rules.wal()
                + ": a reader that does not end keeps it from being folded in", store.next(Runbook.DATABASE_LOCKED))
                : Check.ok("journal", mode + ", " + log);
    }
}
