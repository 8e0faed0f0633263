package telemetry.health;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import telemetry.Check;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.DiskSpace;
import telemetry.os.Link;
import telemetry.os.Machine;
import telemetry.os.MountPoint;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Layout;
import telemetry.text.Runbook;

/**
 * The checks of {@code Health} that need no database: where the store is, whether it can be written, how much room there is, how old its
 * backup.
 */
public final class FolderChecks {

    public static final Next OTHER_ACCOUNT = Next.OTHER_ACCOUNT.in(Runbook.SYSTEM_OVERVIEW);

    static final Next MOUNT = Next.MOUNT_WRITABLE.in(Runbook.COMPLETE_SYSTEM_FAILURE);

    private static final Next ANOTHER_FOLDER = Layout.ANOTHER_FOLDER.in(Runbook.SYSTEM_OVERVIEW);

    static final String NO_STORE = "no store";
    static final String NO_DATABASE = "no database";
    static final String NO_RAW = "no day files' folder";

    private final Store store;
    private final Instant now;
    private final HealthRules rules;
    private final List<Measure> measures;

    /** What stands there before health opens the database, which may put a -wal and -shm beside it for as long. */
    private final List<Path> database;

    /** @param measures what is measured is added to these */
    public FolderChecks(Store store, Instant now, HealthRules rules, List<Measure> measures) {
        this.store = store;
        this.now = now;
        this.rules = rules;
        this.measures = measures;
        this.database = Files.isRegularFile(store.database()) ? DatabaseFile.present(store.database()) : List.of();
    }

    /** A warning when the variables name different stores: some program then writes elsewhere. */
    public Check environment(Map<String, String> env) {
        List<String> others = new ArrayList<>();
        for (String variable : Store.VARIABLES) if (namesAnother(variable, env)) others.add(variable + "=" + env.get(variable));
        String runbooks = env.containsKey("AGENT_METRICS_DIR") ? "" : "; AGENT_METRICS_DIR is not set";
        String detail = store.base() + ", named by " + store.rule();
        if (others.isEmpty()) return Check.ok("environment", detail + runbooks);
        String another = detail + "; another store by " + String.join(", ", others);
        if (store.rule().equals("--store")) return Check.ok("environment", another);
        return Check.warning("environment", another,
                Next.words("name one store for all programs, or unset the others").in(Runbook.SYSTEM_OVERVIEW));
    }

    private boolean namesAnother(String variable, Map<String, String> env) {
        String value = env.get(variable);
        if (value == null || value.isBlank()) return false;
        Store named = Store.fromEnv(Map.of(variable, value), Machine.home());
        return !isSame(named.base(), store.base()) || !isSame(named.database(), store.database());
    }

    private static boolean isSame(Path one, Path other) {
        return one.equals(other) || Link.followed(one).equals(Link.followed(other));
    }

    public Check storage() {
        Path link = brokenLink(store);
        if (link != null && !link.equals(store.base()))
            return Check.failed("storage", link + ": " + Link.broken(link), Link.MEND.in(Runbook.COMPLETE_SYSTEM_FAILURE));
        List<Path> missing = new ArrayList<>();
        for (Path folder : List.of(store.base(), store.database().getParent(), store.raw())) {
            Path file = Layout.fileInPlaceOf(folder);
            if (file != null) return Check.failed("storage", file + " is no folder", mend(folder));
            else if (Files.notExists(folder)) missing.add(folder);
            else if (!Files.isReadable(folder) || !Files.isExecutable(folder)) return Check.unknown("storage",
                    "no permission to read " + folder, OTHER_ACCOUNT);
        }
        if (store.isMissing()) return Check.failed("storage", store.absence(), store.anew().in(Runbook.SYSTEM_OVERVIEW));
        if (missing.equals(List.of(store.raw())) && !store.raw().startsWith(store.base())) return Check.failed("storage", Store.RAW_VARIABLE
                + " names " + store.raw() + ", which is not there: were the day files moved?",
                Next.words("name their folder in " + Store.RAW_VARIABLE + ", or unset it").in(Runbook.SYSTEM_OVERVIEW));
        if (!missing.isEmpty()) return Check.failed("storage", "missing: " + joined(missing), mend(missing.get(0)));
        return MountPoint.isReadOnly(store.raw()) ? Check.failed("storage", "the file system of " + store.raw() + " is read-only", MOUNT)
                : Check.ok("storage", "folders are there: db, raw" + (Files.isDirectory(store.backups()) ? ", backups" : ""));
    }

    /** Nothing can be told of a store that is not there: the storage check says so. */
    static boolean isAbsent(Store store) {
        return store.isMissing() || Layout.fileInPlaceOf(store.base()) != null;
    }

    private Next mend(Path folder) {
        return Layout.mend(store, folder).in(isAbsent(store) ? Runbook.SYSTEM_OVERVIEW : Runbook.COMPLETE_SYSTEM_FAILURE);
    }

    /** A part of the store that is a link to what is not there; null without one. */
    private static Path brokenLink(Store store) {
        Path database = store.database();
        for (Path part : List.of(store.base(), database.getParent(), database, store.raw(), store.archive(), store.backups()))
            if (Link.broken(part) != null) return part;
        return null;
    }

    /** What to do when the database is not there. */
    static Next lost(Store store) {
        return brokenLink(store) != null ? Link.MEND.in(Runbook.COMPLETE_SYSTEM_FAILURE)
                : Layout.fileInPlaceOf(store.base()) != null ? ANOTHER_FOLDER
                : store.isMissing() ? store.anew().in(Runbook.SYSTEM_OVERVIEW)
                : Layout.isLost(store) ? store.next(Runbook.COMPLETE_SYSTEM_FAILURE) : store.next(Runbook.SYSTEM_OVERVIEW);
    }

    private static String joined(List<Path> paths) {
        List<String> names = new ArrayList<>();
        for (Path path : paths) names.add(path.toString());
        return String.join(", ", names);
    }

    /** The least that is free on the disks of database and day files. */
    public Check disk() {
        return isAbsent(store) ? Check.skipped("disk", NO_STORE) : room();
    }

    /** The same, also where a store is still to be made. */
    public Check room() {
        if (Layout.fileInPlaceOf(store.raw()) != null) return Check.skipped("disk", NO_RAW);
        if (Layout.fileInPlaceOf(store.database().getParent()) != null) return Check.skipped("disk", NO_DATABASE);
        try {
            Path tightest = DiskSpace.free(store.database()) <= DiskSpace.free(store.raw()) ? store.database().getParent() : store.raw();
            Size free = new Size(DiskSpace.free(tightest));
            measures.add(Measure.of("disk_free", "bytes", "Free on the store's disk.", free.bytes())
                    .atLeast(rules.diskWarning().bytes(), rules.diskFailed().bytes()));
            String detail = free + " free" + (store.raw().startsWith(store.base()) ? "" : " on the disk of " + tightest);
            Next hint = store.next(Runbook.DISK_FULL);
            if (free.compareTo(rules.diskFailed()) < 0) return Check.failed("disk", detail + ", less than " + rules.diskFailed(), hint);
            if (free.compareTo(rules.diskWarning()) < 0) return Check.warning("disk", detail + ", less than " + rules.diskWarning(), hint);
            return Check.ok("disk", detail);
        } catch (IOException e) {
            StoreException refused = Attempt.refused("measure the disk of", store.base(), e);
            return refused.reason() == StoreException.Reason.DENIED ? Check.unknown("disk", refused.why(), OTHER_ACCOUNT)
                    : Check.warning("disk", refused.why(), Next.words("watch it on the machine that has it").in(Runbook.DISK_FULL));
        }
    }

    /** Whether the agents' account could append a line and write a row now. */
    public Check write() {
        if (isAbsent(store)) return Check.skipped("write", NO_STORE);
        if (Layout.fileInPlaceOf(store.raw()) != null || Files.notExists(store.raw())) return Check.skipped("write", NO_RAW);
        return new WriteCheck(store, now, database, measures).check();
    }

    /** @param begun since when the database is there, or null when that cannot be told: a young store needs no backup yet */
    public Check backup(Instant begun) {
        if (isAbsent(store)) return Check.skipped("backup", NO_STORE);
        try {
            return new NewestBackup(store, now, rules, measures).check(begun);
        } catch (StoreException e) {
            boolean isNoFolder = Layout.fileInPlaceOf(store.backups()) != null;
            return e.reason() == StoreException.Reason.DENIED ? Check.unknown("backup", e.path() + ": " + e.why(), OTHER_ACCOUNT)
                    : Check.failed("backup", e.path() + ": " + e.why(),
                            isNoFolder ? mend(store.backups()) : store.next(Runbook.CREATE_BACKUP));
        }
    }
}
