package telemetry.backup;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import telemetry.Database;
import telemetry.Next;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.os.Disk;
import telemetry.os.GzipFile;
import telemetry.os.Sha256;
import telemetry.os.Unfinished;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.Progress;

/**
 * A backup in the making: a copy under a name that nobody takes for a backup, checked, then given its name. Whatever goes wrong before
 * that, nothing is left. The manifest gets its name first: a backup is never seen without it, and a manifest without its backup is nothing.
 */
final class NewBackup implements AutoCloseable {

    /** What a file system needs beside the copy itself. */
    private static final long ROOM_TO_WORK = 1 << 20;

    private final Path folder;
    private final Clock clock;
    private final PrintWriter err;
    private final List<Path> unfinished = new ArrayList<>();
    private Duration copying;

    /** @param err where the progress is shown; null for nowhere */
    NewBackup(Path folder, Clock clock, PrintWriter err) {
        this.folder = folder;
        this.clock = clock;
        this.err = err;
    }

    /**
     * @param patience how long a locked database is waited for
     * @return the backup's file
     */
    Path make(Path database, Duration patience, BackupCheck check, boolean compress) {
        long began = System.nanoTime();
        Snapshot copied = copy(database, patience);
        copying = Duration.ofNanos(System.nanoTime() - began);
        try {
            Long[] orphans = new Long[1];
            Runnable looking = () -> orphans[0] = copied.requireSound(check, err);
            String sha256 = check == BackupCheck.NONE ? unhashed(copied.file(), looking) : hashWhile(copied.file(), looking);
            long bytes = Files.size(copied.file());
            GzipFile.Content packed = compress ? compress(copied.file()) : new GzipFile.Content(bytes, 0, sha256, bytes, sha256);
            return publish(copied, new BackupManifest(copied.time(), packed.compressedBytes(),
                    packed.compressedSha256(), bytes, packed.sha256(),
                    check, copied.schema(), copied.journal(), copied.pageSize(), copied.sqlite(), orphans[0], copied.rows()));
        } catch (IOException e) {
            throw Disk.refused("write the backup to", folder, e);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            throw new StoreException(e.reason(), "back up", database, e.why() + "; no backup was made and none expires",
                    Next.command("recover", "--dry-run"), e);
        }
    }

    /** How long the copy took, of the whole. */
    Duration copying() {
        return copying;
    }

    private Snapshot copy(Path database, Duration patience) {
        try (Database source = Database.openRolledBack(database, patience)) {
            createFolder();
            requireRoom(source.number("PRAGMA page_size") * source.number("PRAGMA page_count"));
            return Snapshot.take(source, next(), clock, err);
        }
    }

    /** Its parent has to be there: a disk that is not mounted is not to become a folder on another. */
    private void createFolder() {
        try {
            if (!Files.isDirectory(folder)) Files.createDirectory(folder, Disk.ownerOnlyFolder(folder.getParent()));
        } catch (IOException e) {
            throw Disk.refused("create the folder", folder, e);
        }
    }

    private void requireRoom(long bytes) {
        try {
            long free = Disk.free(folder);
            if (free < bytes + ROOM_TO_WORK) throw new StoreException(StoreException.Reason.FULL, "back up to", folder,
                    "it takes " + new Size(bytes + ROOM_TO_WORK) + " and " + new Size(free) + " are free",
                    Next.command("archive", "--dry-run").then(", or name another disk with --to DIR"));
        } catch (IOException e) {
            throw Disk.refused("back up to", folder, e);
        }
    }

    private Path next() {
        Path file = Unfinished.beside(folder.resolve("telemetry_backup"));
        unfinished.add(file);
        return file;
    }

    /** Reading the file for SQLite's checks and for the SHA-256 at the same time costs little more than the longer of the two. */
    private static String hashWhile(Path file, Runnable check) {
        CompletableFuture<String> hash = CompletableFuture.supplyAsync(() -> {
            try {
                Disk.sync(file);
                return Sha256.of(file, bytes -> { });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        try {
            check.run();
        } finally {
            hash.handle((done, failed) -> done).join();
        }
        try {
            return hash.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UncheckedIOException io) throw Disk.refused("read back", file, io.getCause());
            throw e;
        }
    }

    /** Reading it all again would be a third of the time of a copy of which nobody wants to know whether it is good. */
    private static String unhashed(Path file, Runnable looking) throws IOException {
        looking.run();
        Disk.sync(file);
        return null;
    }

    private GzipFile.Content compress(Path plain) throws IOException {
        Path packed = next();
        long size = Files.size(plain);
        try (var progress = new Progress(err, "MB compressed", size / 1_000_000)) {
            long[] done = {0};
            GzipFile.compress(plain, 0, packed, Disk.ownerOnlyFile(folder), bytes -> progress.at((done[0] += bytes) / 1_000_000));
        }
        GzipFile.Content content = GzipFile.compare(packed, plain, 0);
        if (content.bytes() != size)
            throw new StoreException(StoreException.Reason.FAILED, "compress the backup to",
                    packed, "it has " + content.bytes() + " bytes of " + size, Next.RUN_AGAIN);
        return content;
    }

    private Path publish(Snapshot copied, BackupManifest manifest) throws IOException {
        boolean compressed = unfinished.size() > 1;
        Path file = unfinished.get(unfinished.size() - 1);
        Path seal = next();
        try (FileChannel channel = FileChannel.open(seal, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                Disk.ownerOnlyFile(folder))) {
            channel.write(ByteBuffer.wrap(manifest.text().getBytes(StandardCharsets.UTF_8)));
            channel.force(true);
        }
        for (Instant stamp = copied.time(); ; stamp = stamp.plusSeconds(1)) {
            Path target = folder.resolve(Backup.name(stamp) + (compressed ? ".gz" : ""));
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) || Files.exists(BackupManifest.of(target), LinkOption.NOFOLLOW_LINKS))
                continue;
            try {
                Disk.publish(seal, BackupManifest.of(target));
            } catch (FileAlreadyExistsException e) {
                continue;
            }
            Disk.syncFolder(folder);
            Disk.publish(file, target);
            Disk.syncFolder(folder);
            return target;
        }
    }

    @Override
    public void close() {
        unfinished.forEach(DatabaseFile::delete);
    }
}
