package telemetry.health;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import telemetry.Check;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Machine;
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

    /** About the length of a run's line. */
    private static final int LINE_BYTES = 1_000;

    private final Store store;
    private final Instant now;
    private final HealthRules rules;
    private final List<Measure> measures;

    /** @param measures what is measured is added to these */
    public FolderChecks(Store store, Instant now, HealthRules rules, List<Measure> measures) {
        this.store = store;
        this.now = now;
        this.rules = rules;
        this.measures = measures;
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
        return !named.base().equals(store.base()) || !named.database().equals(store.database());
    }

    public Check storage() {
        List<Path> missing = new ArrayList<>();
        for (Path folder : List.of(store.base(), store.database().getParent(), store.raw())) {
            Path file = Layout.fileInPlaceOf(folder);
            if (file != null) return Check.failed("storage", file + " is no folder", mend(folder));
            else if (Files.notExists(folder)) missing.add(folder);
            else if (!Files.isReadable(folder) || !Files.isExecutable(folder)) return Check.unknown("storage",
                    "no permission to read " + folder, OTHER_ACCOUNT);
        }
        if (store.isMissing()) return Check.failed("storage", "there is no store: " + store.base() + " does not exist", mend(store.base()));
        if (!missing.isEmpty()) return Check.failed("storage", "missing: " + joined(missing), mend(missing.get(0)));
        return Disk.isReadOnly(store.raw()) ? Check.failed("storage", "the file system of " + store.raw() + " is read-only", MOUNT)
                : Check.ok("storage", "folders are there: db, raw" + (Files.isDirectory(store.backups()) ? ", backups" : ""));
    }

    private Next mend(Path folder) {
        boolean isNone = store.isMissing() || Layout.fileInPlaceOf(store.base()) != null;
        return Layout.mend(store, folder).in(isNone ? Runbook.SYSTEM_OVERVIEW : Runbook.COMPLETE_SYSTEM_FAILURE);
    }

    /** What to do when the database is not there. */
    static Next lost(Store store) {
        return Layout.fileInPlaceOf(store.base()) != null ? ANOTHER_FOLDER
                : store.next(store.isMissing() ? Runbook.SYSTEM_OVERVIEW : Runbook.COMPLETE_SYSTEM_FAILURE);
    }

    private static String joined(List<Path> paths) {
        List<String> names = new ArrayList<>();
        for (Path path : paths) names.add(path.toString());
        return String.join(", ", names);
    }

    /** The least that is free on the disks of database and day files. */
    public Check disk() {
        try {
            Path tightest = Disk.free(store.database()) <= Disk.free(store.raw()) ? store.database().getParent() : store.raw();
            Size free = new Size(Disk.free(tightest));
            measures.add(Measure.of("disk_free", "bytes", "Free on the store's disk.", free.bytes())
                    .atLeast(rules.diskWarning().bytes(), rules.diskFailed().bytes()));
            String detail = free + " free" + (store.raw().startsWith(store.base()) ? "" : " on the disk of " + tightest);
            Next hint = store.next(Runbook.DISK_FULL);
            if (free.compareTo(rules.diskFailed()) < 0) return Check.failed("disk", detail + ", less than " + rules.diskFailed(), hint);
            if (free.compareTo(rules.diskWarning()) < 0) return Check.warning("disk", detail + ", less than " + rules.diskWarning(), hint);
            return Check.ok("disk", detail);
        } catch (IOException e) {
            Path file = Layout.fileInPlaceOf(store.raw());
            return file != null ? Check.unknown("disk", "cannot tell: " + file + " is a file, and should be a folder", mend(store.raw()))
                    : Check.unknown("disk", Attempt.refused("measure the disk of", store.base(), e).why(), OTHER_ACCOUNT);
        }
    }

    /**
     * What a writer does with a line, in a file beside the day file: append, fsync. The file goes away even when this process is killed,
     * where the system can do that.
     */
    public Check write() {
        Path file = store.raw().resolve("health-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".tmp");
        long began = System.nanoTime();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW,
                StandardOpenOption.APPEND, StandardOpenOption.DELETE_ON_CLOSE)) {
            ByteBuffer line = ByteBuffer.allocate(LINE_BYTES);
            channel.write(line);
            if (line.hasRemaining()) throw new IOException("No space left on device: the line was cut short");
            channel.force(false);
        } catch (IOException e) {
            return unwritable(Attempt.refused("append to", file, e));
        }
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        measures.add(Measure.of("write", "seconds", "Time to append a line beside the day file and sync it.",
                took.toNanos() / 1_000 / 1e6));
        return Check.ok("write", "a line appended and on the disk in " + Times.words(took));
    }

    private Check unwritable(StoreException e) {
        String detail = "cannot append in " + store.raw() + ": " + e.why();
        if (Layout.fileInPlaceOf(store.raw()) != null) return Check.failed("write", detail, mend(store.raw()));
        return switch (e.reason()) {
            case DENIED -> Disk.isReadOnly(store.raw()) ? Check.failed("write", detail, MOUNT)
                    : Check.unknown("write", detail, OTHER_ACCOUNT);
            case FULL -> Check.failed("write", detail, store.next(Runbook.DISK_FULL));
            case MISSING -> Check.failed("write", "there is no folder " + store.raw(), mend(store.raw()));
            default -> Check.failed("write", detail, store.next(Runbook.COMPLETE_SYSTEM_FAILURE));
        };
    }

    /** @param begun since when the database is there, or null when that cannot be told: a young store needs no backup yet */
    public Check backup(Instant begun) {
        try {
            Instant newest = newestBackup();
            return newest == null ? noBackup(begun) : backup(Duration.between(newest, now));
        } catch (StoreException e) {
            boolean isNoFolder = Layout.fileInPlaceOf(store.backups()) != null;
            return e.reason() == StoreException.Reason.DENIED ? Check.unknown("backup", store.backups() + ": " + e.why(), OTHER_ACCOUNT)
                    : Check.failed("backup", store.backups() + ": " + e.why(), isNoFolder ? mend(store.backups()) : backUp());
        }
    }

    private Instant newestBackup() {
        return Backups.newestVerified(store).map(Backup::time).orElse(null);
    }

    private Check noBackup(Instant begun) {
        return isYounger(Duration.ofDays(1), begun) ? Check.ok("backup", "none yet, in a store younger than a day")
                : Check.warning("backup", "there is no verified backup", backUp());
    }

    private Check backup(Duration age) {
        measures.add(Measure.of("backup_age", "seconds", "Age of the newest verified backup.", age.toSeconds())
                .atMost(rules.backupAge().toSeconds()));
        String detail = "the newest verified one is " + Times.words(age) + " old";
        return age.compareTo(rules.backupAge()) <= 0 ? Check.ok("backup", detail)
                : Check.warning("backup", detail + ", more than " + Times.words(rules.backupAge()), backUp());
    }

    private Next backUp() {
        return store.next(Runbook.CREATE_BACKUP);
    }

    /** A database may have been made anew in an old folder, a folder be a copy of another. */
    private boolean isYounger(Duration age, Instant begun) {
        Instant young = now.minus(age);
        try {
            return begun != null && begun.isAfter(young) && Files.readAttributes(store.base(), BasicFileAttributes.class)
                    .creationTime().toInstant().isAfter(young);
        } catch (IOException e) {
            return false;
        }
    }
}
