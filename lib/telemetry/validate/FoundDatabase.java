package telemetry.validate;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import telemetry.Check;
import telemetry.Database;
import telemetry.Next;
import telemetry.Runs;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.health.FolderChecks;
import telemetry.os.Disk;
import telemetry.os.Link;
import telemetry.os.MountPoint;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.Runbook;

/**
 * The checks of {@link Installation} on the store that was found: its folders, who may write there, the shape of its database, its newest
 * backup.
 */
final class FoundDatabase {

    /** A younger store was just set up. */
    private static final Duration YOUNG = Duration.ofDays(1);


    private final Store store;
    private final Instant now;

    /** Null when the database cannot be read; the refusal says why. */
    private Schema schema;
    private StoreException refusal;
    private String journal;
    private Instant begun;
    private Instant newestRun;

    FoundDatabase(Store store, Instant now, Duration patience) {
        this.store = store;
        this.now = now;
        try (Database database = Database.openToRead(store.database(), patience)) {
            look(database);
        } catch (StoreException e) {
            refusal = e;
        }
    }

    private void look(Database database) {
        journal = MountPoint.isReadOnly(store.database()) ? "read-only" : database.pragma("journal_mode").toUpperCase(Locale.ROOT);
        Schema found = Schema.of(database);
        begun = found.begun(database);
        if (found.isUsable()) newestRun = newestOf(database);
        schema = found;
    }

    private static Instant newestOf(Database database) {
        return new Runs(database).recent(1).stream().map(row -> Times.instant(row.get("start_time"))).filter(Objects::nonNull)
                .findFirst().orElse(null);
    }

    /** When the newest run started; null when there is none, or none that can be read. */
    Instant newestRun() {
        return newestRun;
    }

    /** In capitals; null when the database cannot be read. */
    String journal() {
        return journal;
    }

    /** True when it has runs, is in WAL mode, and was not just set up: then agents probably write it with a library of their own. */
    boolean isSharedInWal() {
        return newestRun != null && journal.equals("WAL") && (begun == null || begun.isBefore(now.minus(YOUNG)));
    }

    /** Without a store nothing is known, which is no failure. */
    Check storage(FolderChecks folders) {
        if (!store.isMissing()) {
            Check storage = folders.storage();
            return storage.status() == Check.Status.OK ? synced(storage) : storage;
        }
        String detail = "there is no store yet: " + store.base() + " does not exist";
        return Check.unknown("storage", detail, store.next(Runbook.SYSTEM_OVERVIEW));
    }

    /** The toolkit works without it, and says so only here. */
    private Check synced(Check storage) {
        String unsynced = Stream.of(store.database().getParent(), store.raw(), store.archive(), store.backups())
                .filter(folder -> Files.isReadable(folder) && !Disk.canSyncFolder(folder)).map(Path::toString)
                .collect(Collectors.joining(", "));
        return unsynced.isEmpty() ? storage : Check.warning("storage", storage.detail() + "; the file system cannot sync the folder "
                + unsynced + ": a power cut may take away the newest files' names",
                Next.words("put the store on a disk of this machine").in(Runbook.SYSTEM_OVERVIEW));
    }

    /** What the agents' account must be allowed to do. */
    Check permissions() {
        if (store.isMissing()) return untold("permissions");
        Stream<Path> folders = Stream.of(store.base(), store.database().getParent(), store.raw(), store.backups(), store.archive(),
                store.reports(), store.quarantine());
        List<Path> all = Stream.concat(folders.filter(Files::exists), DatabaseFile.present(store.database()).stream()).toList();
        String user = System.getProperty("user.name");
        String denied = all.stream().filter(path -> !Files.isReadable(path) || !Files.isWritable(path)).map(Path::toString)
                .collect(Collectors.joining(", "));
        return denied.isEmpty() ? Check.ok("permissions", user + " may read and write all " + all.size() + " folders and files")
                : Check.unknown("permissions", user + " may not read and write " + denied, MountPoint.isReadOnly(store.base())
                        ? Next.MOUNT_WRITABLE.in(Runbook.COMPLETE_SYSTEM_FAILURE) : FolderChecks.OTHER_ACCOUNT);
    }

    /** The version, and what some procedures would need and it lacks. */
    Check shape() {
        if (store.isMissing()) return untold("database");
        Next damaged = Link.broken(store.database()) != null ? Link.MEND.in(Runbook.COMPLETE_SYSTEM_FAILURE)
                : store.next(Runbook.DATABASE_CORRUPTED);
        if (schema == null) return Check.refused("database", refusal, store.next(Runbook.DATABASE_LOCKED), damaged);
        if (schema.isForeign()) return Check.failed("database", schema.foreign(), store.next(Runbook.SYSTEM_OVERVIEW));
        if (schema.isNewer()) return Check.unknown("database", schema.newer(), null);
        String detail = schema + ", " + journal;
        if (!schema.missingColumns().isEmpty())
            return Check.failed("database", detail + ": " + String.join("; ", schema.oddities()), damaged);
        if (journal.equals("WAL") && Disk.isRemote(store.database()))
            return Check.warning("database", detail + " on another machine's disk, where WAL does not work (sqlite.org/wal.html)",
                    Next.words("put the store on a disk of this machine").in(Runbook.SYSTEM_OVERVIEW));
        List<String> lacking = new ArrayList<>();
        if (!schema.has("insight_id")) lacking.add("query chain (no insight_id)");
        if (!schema.has("parent_run_id")) lacking.add("query chain --tree (no parent_run_id)");
        String but = lacking.isEmpty() ? "" : " but " + String.join(" and ", lacking);
        return Check.ok("database", detail + "; every procedure works with it" + but);
    }

    /** The newest verified backup, checked byte by byte. */
    Check backup(FolderChecks folders, PrintWriter err) {
        if (store.isMissing()) return untold("backup");
        Check age = folders.backup(begun);
        try {
            var backups = new Backups(store, null, Clock.fixed(now, ZoneOffset.UTC), err);
            Backup newest = backups.newestVerified().orElse(null);
            if (newest == null) return age;
            backups.verify(newest);
            String detail = newest.file().getFileName() + ": " + newest.runs() + " runs, SHA-256 as in its manifest; " + age.detail();
            return new Check("backup", age.status(), detail, age.hint());
        } catch (StoreException e) {
            Next hint = store.next(Runbook.CREATE_BACKUP);
            boolean isDamaged = e.reason() == StoreException.Reason.DAMAGED;
            return isDamaged ? Check.failed("backup", e.brief(), hint) : Check.unknown("backup", e.brief(), hint);
        }
    }

    private static Check untold(String name) {
        return Check.unknown(name, "cannot tell without a store", null);
    }
}
