package telemetry.backup;

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
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Disk;

/** The backups in one folder: made, listed, verified, expired. */
public final class Backups {

    /**
     * A new one.
     *
     * @param took    in all
     * @param copying of it, while the database was read; the rest went into checking, hashing and compressing the copy
     */
    public record Made(Backup backup, Duration took, Duration copying) { }

    /** The name for the newest verified one. */
    public static final String LATEST = "latest";

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
                if (Backup.timeOf(file).isPresent() && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) backups.add(look(file));
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (NotDirectoryException e) {
            throw new StoreException(StoreException.Reason.FAILED, "list the backups in", folder, "it is no folder", null, e);
        } catch (IOException e) {
            throw Disk.refused("list the backups in", folder, e);
        }
        backups.sort(Comparator.comparing(Backup::time).reversed().thenComparing(backup -> backup.file().getFileName().toString()));
        return backups;
    }

    private static Backup look(Path file) throws IOException {
        Instant named = Backup.timeOf(file).orElse(null);
        if (named == null) named = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
        var size = new Size(Files.size(file));
        try {
            BackupManifest manifest = BackupManifest.read(file);
            if (manifest == null) return new Backup(file, named, size, null, "it has no manifest");
            String doubt = manifest.bytes() != size.bytes() ? "its size is not the manifest's"
                    : manifest.check() == BackupCheck.NONE ? "it was not checked when it was made" : null;
            return new Backup(file, manifest.time(), size, manifest, doubt);
        } catch (StoreException e) {
            return new Backup(file, named, size, null, "its manifest cannot be trusted: " + e.why());
        }
    }

    /**
     * @param name a path, the bare name of a file in the folder, or {@link #LATEST}
     * @throws StoreException when there is none, or what is there cannot be a backup
     */
    public Backup find(String name) {
        if (name.equals(LATEST)) return newestVerified().orElseThrow(this::noneVerified);
        Path file = path(name);
        try {
            requireFile(file);
            return look(file);
        } catch (IOException e) {
            throw Disk.refused("read the backup", file, e);
        }
    }

    private StoreException noneVerified() {
        int others = list().size();
        Next none = store.command("backup").then("to make one,")
                .then(store.command("recover", "--dry-run")).then("when the database is lost");
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

    /**
     * Makes one of the store's database, while others write to it.
     *
     * @param patience how long a locked database is waited for
     */
    public Made make(Duration patience, BackupCheck check, boolean compress) {
        long began = System.nanoTime();
        try (var backup = new NewBackup(folder, clock, err)) {
            Path file = backup.make(store.database(), patience, check, compress);
            sound.add(file);
            return new Made(look(file), Duration.ofNanos(System.nanoTime() - began), backup.copying());
        } catch (IOException e) {
            throw Disk.refused("read the backup in", folder, e);
        }
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
    public List<Backup> expirable(Retention retention) {
        return retention.expired(list(), clock.instant());
    }

    /**
     * Deletes what the rule takes, after every byte of those that have to stay has been compared with their manifests.
     *
     * @return what was deleted
     */
    public List<Backup> expire(Retention retention) {
        List<Backup> all = new ArrayList<>(list());
        List<Backup> expired = retention.expired(all, clock.instant());
        while (!expired.isEmpty() && doubtOne(all, retention.kept(all))) expired = retention.expired(all, clock.instant());
        try {
            for (Backup backup : expired) delete(backup.file());
            deleteManifestsAlone();
        } catch (IOException e) {
            throw Disk.refused("expire backups in", folder, e);
        }
        return expired;
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
