package telemetry.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.os.Link;

/** A folder's files that are backups by their names. What is remembered of them is not asked here. */
final class BackupFolder {
    static final Comparator<Backup> NEWEST_FIRST =
            Comparator.comparing(Backup::time).reversed().thenComparing(backup -> backup.file().getFileName().toString());

    private static final String LIST = "list the backups in";

    /** A disk of another machine may not answer at all. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Somebody may be about to give a backup its name. */
    private static final Duration MANIFEST_ALONE = Duration.ofHours(1);

    private BackupFolder() { }

    /** Newest first; none when there is no folder. Links are none. @throws StoreException also when the folder is a link to nowhere */
    static List<Backup> list(Path folder) {
        Link.require(LIST, folder);
        if (Files.notExists(folder)) return List.of();
        if (!Files.isDirectory(folder)) throw new StoreException(StoreException.Reason.FAILED, LIST, folder, "it is no folder", null);
        List<Backup> backups = new ArrayList<>();
        try {
            for (Path file : Inside.list(folder))
                if (Backup.timeOf(file).isPresent() && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) backups.add(Backup.of(file));
        } catch (NotDirectoryException e) {
            throw new StoreException(StoreException.Reason.FAILED, LIST, folder, "it is no folder", null, e);
        } catch (IOException e) {
            throw Attempt.refused(LIST, folder, e);
        }
        backups.sort(NEWEST_FIRST);
        return backups;
    }

    /** As the other, of a folder that had some. @throws StoreException when they are not at hand, or their disk does not answer */
    static List<Backup> listElsewhere(Path folder) {
        var listing = new FutureTask<>(() -> list(folder));
        var thread = new Thread(listing, "backups elsewhere");
        thread.setDaemon(true);
        thread.start();
        try {
            List<Backup> backups = listing.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (backups.isEmpty()) throw new StoreException(StoreException.Reason.MISSING, LIST, folder,
                    Files.notExists(folder) ? "it is not there" : "none of those that were made there is there", null);
            return backups;
        } catch (TimeoutException e) {
            throw new StoreException(StoreException.Reason.FAILED, LIST, folder, "its disk does not answer", null, e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException known) throw known;
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(StoreException.Reason.FAILED, LIST, folder, "interrupted", null, e);
        }
    }

    /** @throws StoreException when what is there cannot be a backup */
    static void requireBackup(Store store, Path file) throws IOException {
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

    static void delete(Path file) throws IOException {
        Inside.delete(file);
        Inside.delete(BackupManifest.of(file));
    }

    /** Manifests whose backup somebody deleted, or is not there because its maker was killed between two renames. */
    static List<Path> manifestsAlone(Path folder, Instant now) throws IOException {
        List<Path> alone = new ArrayList<>();
        if (!Files.isDirectory(folder)) return alone;
        for (Path file : Inside.list(folder)) {
            Path backup = BackupManifest.backupOf(file);
            if (backup == null || Backup.timeOf(backup).isEmpty() || Files.exists(backup, LinkOption.NOFOLLOW_LINKS)) continue;
            if (Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant().isBefore(now.minus(MANIFEST_ALONE)))
                alone.add(file);
        }
        alone.sort(null);
        return alone;
    }
}
