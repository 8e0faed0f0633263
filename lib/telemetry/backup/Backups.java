package telemetry.backup;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Database;
import telemetry.Next;
import telemetry.Runs;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.text.Result;
import telemetry.text.Runbook;

/** The backups in one folder: made, listed, verified, expired. */
public final class Backups {

    /** What a new one would hold, and which ones would go then. */
    public record Plan(long runs, Size size, Path folder, List<Path> wouldExpire) implements Result {
        @Override
        public String toString() {
            return wouldExpire.stream().map(old -> System.lineSeparator() + "would expire  " + old)
                    .collect(joining("", "would back up " + runs + " runs, " + size + ", to " + folder, ""));
        }
    }

    /** Those that went; in a dry run, that would go. */
    public record Expired(List<Path> expired, boolean dryRun) implements Result {
        @Override
        public String toString() {
            if (expired.isEmpty()) return "no backup is to expire";
            return expired.stream().map(old -> (dryRun ? "would expire  " : "expired  ") + old).collect(joining(System.lineSeparator()));
        }
    }

    /** One check a backup that was verified. */
    public record Verified(Check.Status status, List<Check> checks) implements Result {
        @Override
        public String toString() {
            return new Checks(checks).toString();
        }
    }

    /** The name for the newest verified one. */
    public static final String LATEST = "latest";

    /** The name for all of them together. */
    private static final String ALL = "all";

    /** Somebody may be about to give a backup its name. */
    private static final Duration MANIFEST_ALONE = Duration.ofHours(1);

    private final Store store;
    private final Path folder;
    private final Clock clock;
    private final PrintWriter err;
    private final Set<Path> sound = new HashSet<>();

    /**
     * @param folder null for the store's own
     * @param err    where the progress of long work is shown; null for nowhere
     */
    public Backups(Store store, Path folder, Clock clock, PrintWriter err) {
        this.store = store;
        this.folder = folder == null ? store.backups() : folder.toAbsolutePath().normalize();
        this.clock = clock;
        this.err = err;
    }

    /** The newest backup of the store's own folder that was verified when it was made. A look at manifests and sizes, not at every byte. */
    public static Optional<Backup> newestVerified(Store store) {
        return new Backups(store, null, Clock.systemUTC(), null).newestVerified();
    }

    public Optional<Backup> newestVerified() {
        return list().stream().filter(Backup::isVerified).findFirst();
    }

    public Path folder() {
        return folder;
    }

    /** All that have a backup's name, newest first; links are none. */
    public List<Backup> list() {
        List<Backup> backups = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files)
                if (Backup.timeOf(file).isPresent() && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) backups.add(Backup.of(file));
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (NotDirectoryException e) {
            throw new StoreException(StoreException.Reason.FAILED, "list the backups in", folder, "it is no folder", null, e);
        } catch (IOException e) {
            throw Attempt.refused("list the backups in", folder, e);
        }
        backups.sort(Comparator.comparing(Backup::time).reversed().thenComparing(backup -> backup.file().getFileName().toString()));
        return backups;
    }

    /** The same, with what the next expiry takes. */
    public BackupList list(Retention retention) {
        List<Backup> all = list();
        return new BackupList(folder, all, retention.expired(all, clock.instant()), clock.instant());
    }

    /**
     * @param name a path, the bare name of a file in the folder, or {@link #LATEST}
     * @throws StoreException when there is none, or what is there cannot be a backup
     */
    public Backup find(String name) {
        if (name.equals(LATEST)) return newestVerified().orElseThrow(this::noneVerified);
        Path file = path(name);
        return Attempt.of("read the backup", file, () -> {
            requireFile(file);
            return Backup.of(file);
        });
    }

    private StoreException noneVerified() {
        int others = list().size();
        Next none = Files.exists(store.database()) ? store.command("backup") : store.command("recover", "--dry-run");
        return new StoreException(StoreException.Reason.MISSING, "find a verified backup in", folder,
                others == 0 ? "there is no backup" : "none of the " + others + " is verified",
                others == 0 ? none : store.command("backup", "verify", "all"));
    }

    private Path path(String name) {
        try {
            Path path = Path.of(name);
            boolean bare = path.getParent() == null && Files.exists(folder.resolve(path), LinkOption.NOFOLLOW_LINKS);
            return bare ? folder.resolve(path) : path.toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new StoreException(StoreException.Reason.REFUSED, "find the backup", null,
                    "'" + name + "' is no file name", store.command("backup", "list"), e);
        }
    }

    private void requireFile(Path file) throws IOException {
        String tried = "use the backup";
        Next list = store.command("backup", "list");
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS))
            throw new StoreException(StoreException.Reason.MISSING, tried, file, "it does not exist", list);
        if (Files.isSymbolicLink(file)) throw new StoreException(StoreException.Reason.REFUSED, tried, file,
                "it is a symbolic link, which is not followed", Next.words("name the file itself"));
        if (!Files.isRegularFile(file)) throw new StoreException(StoreException.Reason.DAMAGED, tried, file,
                Files.isDirectory(file) ? "it is a directory" : "it is no plain file", list);
        if (!Files.isReadable(file)) throw new StoreException(StoreException.Reason.DENIED, tried, file, "permission denied", null);
        if (Files.size(file) == 0)
            throw new StoreException(StoreException.Reason.DAMAGED, tried, file, "the file is empty (0 bytes)", list);
    }

    /** What {@link #make} and then {@link #expire} would do. */
    public Plan plan(Retention retention) {
        try (Database database = Database.openToRead(store.database())) {
            var size = new Size(database.number("PRAGMA page_size") * database.number("PRAGMA page_count"));
            return new Plan(new Runs(database).count(), size, folder, expirable(retention).expired);
        }
    }

    private static List<Path> files(List<Backup> backups) {
        return backups.stream().map(Backup::file).toList();
    }

    /**
     * Makes one of the store's database, while others write to it.
     *
     * @param patience how long a locked database is waited for
     */
    public MadeBackup make(Duration patience, BackupCheck check, boolean compress) {
        try (var backup = new NewBackup(folder, clock, err)) {
            MadeBackup made = backup.make(store, patience, check, compress);
            sound.add(made.backup().file());
            return made;
        }
    }

    /**
     * Verifies each of these.
     *
     * @param name as {@link #find} takes it, or all
     * @throws StoreException {@code MISSING} when there is none
     */
    public Verified verify(String name) {
        List<Backup> wanted = name.equals(ALL) ? list() : List.of(find(name));
        if (wanted.isEmpty()) throw new StoreException(StoreException.Reason.MISSING,
                "verify the backups in", folder, "there is none", store.command("backup"));
        List<Check> checks = wanted.stream().map(this::check).toList();
        return new Verified(new Checks(checks).status(), checks);
    }

    private Check check(Backup backup) {
        String name = backup.file().getFileName().toString();
        try {
            verify(backup);
        } catch (StoreException e) {
            Next hint = Next.words("use another backup").then(store.command("backup", "list")).in(Runbook.DATABASE_CORRUPTED);
            return e.reason() == StoreException.Reason.DAMAGED ? Check.failed(name, e.why(), hint).with(e.errors())
                    : Check.unknown(name, e.why(), hint);
        }
        if (!backup.isVerified())
            return Check.warning(name, backup.doubt() + "; SQLite finds nothing wrong with it, which does not prove every value",
                    store.next(Runbook.CREATE_BACKUP));
        return Check.ok(name, backup.runs() + " runs, " + backup.size() + ", SHA-256 as in its manifest");
    }

    /**
     * Reads every byte and compares with the manifest. One that has no manifest, or was not checked when it was made, SQLite looks at now;
     * it stays doubtful.
     *
     * @throws StoreException {@code DAMAGED} when something is found against it
     */
    public void verify(Backup backup) {
        BackupContent.requireIntact(backup, err);
        if (!backup.isVerified()) BackupContent.open(backup, backup.file().resolveSibling("telemetry_backup"), err).close();
    }

    /** What {@link #expire} would delete, as far as manifests tell; oldest first. */
    public Expired expirable(Retention retention) {
        return new Expired(files(retention.expired(list(), clock.instant())), true);
    }

    /** Deletes what the rule takes, after every byte of those that have to stay has been compared with their manifests. */
    public Expired expire(Retention retention) {
        List<Backup> all = new ArrayList<>(list());
        List<Backup> expired = retention.expired(all, clock.instant());
        while (!expired.isEmpty() && doubtOne(all, retention.kept(all))) expired = retention.expired(all, clock.instant());
        List<Path> files = files(expired);
        Attempt.of("expire backups in", folder, () -> {
            for (Path file : files) delete(file);
            deleteManifestsAlone();
        });
        return new Expired(files, false);
    }

    /** @return true when one of these was found damaged and is marked so among all */
    private boolean doubtOne(List<Backup> all, List<Backup> kept) {
        for (Backup backup : kept) {
            if (sound.contains(backup.file())) continue;
            try {
                verify(backup);
                sound.add(backup.file());
            } catch (StoreException e) {
                all.set(all.indexOf(backup), backup.doubted(e.why()));
                return true;
            }
        }
        return false;
    }

    private static void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
        Files.deleteIfExists(BackupManifest.of(file));
    }

    /** Left by one that was killed between two renames. */
    private void deleteManifestsAlone() throws IOException {
        if (!Files.isDirectory(folder)) return;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Path backup = BackupManifest.backupOf(file);
                if (backup == null || Backup.timeOf(backup).isEmpty() || Files.exists(backup, LinkOption.NOFOLLOW_LINKS)) continue;
                if (Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant().isBefore(clock.instant().minus(MANIFEST_ALONE)))
                    Files.deleteIfExists(file);
            }
        }
        Disk.syncFolder(folder);
    }
}
