package telemetry.backup;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import telemetry.Check;
import telemetry.Database;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.os.GzipFile;
import telemetry.os.Inside;
import telemetry.os.Link;
import telemetry.os.NewFile;
import telemetry.os.Sha256;
import telemetry.os.Unfinished;
import telemetry.runs.Integrity;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.Progress;

/**
 * A backup in the making: a copy under a name that nobody takes for a backup, checked, then given its name. Whatever goes wrong before
 * that, nothing is left. The manifest gets its name first: a backup is never seen without it, and a manifest without its backup is nothing.
 */
final class NewBackup implements AutoCloseable {

    /** What a file system needs beside the copy itself. */
    private static final long ROOM_TO_WORK = 1 << 20;
    private static final long MB = 1_000_000;

    private final Path folder;
    private final Clock clock;
    private final PrintWriter err;
    private final List<Path> unfinished = new ArrayList<>();
    private Snapshot.Oddities oddities;

    /** @param err where the progress is shown; null for nowhere */
    NewBackup(Path folder, Clock clock, PrintWriter err) {
        this.folder = folder;
        this.clock = clock;
        this.err = err;
    }

    /** @param patience how long a locked database is waited for */
    MadeBackup make(Store store, Duration patience, BackupCheck check, boolean compress) {
        long began = System.nanoTime();
        Snapshot copy = copy(store.database(), patience);
        Duration copying = since(began);
        try {
            Backup made = Attempt.of("write the backup to", folder, () -> Backup.of(finish(copy, check, compress)));
            if (made.runs() == null)
                throw new StoreException(StoreException.Reason.FAILED, "read back", made.file(), made.doubt(), Next.RUN_AGAIN);
            return new MadeBackup(made, oddities.orphans(), odd(store), oddities.newer(), since(began), copying, List.of());
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            throw new StoreException(e.reason(), "back up", store.database(), e.why() + "; no backup was made and none expires",
                    Next.command("recover", "--dry-run"), e).with(e.errors());
        }
    }

    private Check odd(Store store) {
        Integrity odd = oddities.odd();
        if (odd == null) return null;
        boolean isOfModules = odd.lines().isEmpty() && odd.untold().stream().allMatch(Integrity.Untold::isModule);
        return isOfModules ? Check.ok("database", odd.toString()) : odd.trouble("database", store);
    }

    private static Duration since(long began) {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    private Snapshot copy(Path database, Duration patience) {
        try (Database source = Database.openRolledBack(database, patience)) {
            createFolder();
            long bytes = source.number("PRAGMA page_size") * source.number("PRAGMA page_count");
            DiskSpace.requireRoom("back up to", folder, bytes + ROOM_TO_WORK,
                    Next.words("make room, or make a backup on another disk (backup --to DIR)").then(Next.command("archive", "--dry-run")));
            return Snapshot.take(source, next(), clock, err);
        }
    }

    /** Its parent has to be there: a disk that is not mounted is not to become a folder on another. */
    private void createFolder() {
        Link.require("create the folder", folder);
        Attempt.ofFolder("create the folder", folder, () -> {
            if (!Files.isDirectory(folder)) NewFile.closedFolder(folder);
        });
    }

    private Path next() {
        Path file = Unfinished.beside(folder.resolve("telemetry_backup"));
        unfinished.add(file);
        return file;
    }

    /** Reading the file for SQLite's checks and for the SHA-256 at the same time costs little more than the longer of the two. */
    private Path finish(Snapshot copy, BackupCheck check, boolean compress) throws IOException {
        CompletableFuture<String> hash = CompletableFuture.supplyAsync(() -> hash(copy.file(), check));
        try {
            oddities = copy.requireSound(check, err);
        } finally {
            hash.handle((done, failed) -> done).join();
        }
        try {
            long bytes = Files.size(copy.file());
            var plain = new GzipFile.Content(bytes, 0, hash.join(), bytes, hash.join());
            return publish(copy.time(), BackupManifest.of(copy, compress ? compress(copy.file()) : plain, check, oddities.orphans()));
        } catch (CompletionException e) {
            throw e.getCause() instanceof StoreException known ? known : e;
        }
    }

    /** Null for a copy of which nobody wants to know whether it is good; see the bench row {@code backup}. */
    private static String hash(Path file, BackupCheck check) {
        return Attempt.of("read back", file, () -> {
            Disk.sync(file);
            return check == BackupCheck.NONE ? null : Sha256.of(file, bytes -> { });
        });
    }

    private GzipFile.Content compress(Path plain) throws IOException {
        Path packed = next();
        long size = Files.size(plain);
        try (var progress = new Progress(err, "MB compressed", size / MB)) {
            GzipFile.compress(plain, 0, NewFile.createSecret(packed), progress.adding(MB));
        }
        GzipFile.Content content = GzipFile.compare(packed, plain, 0);
        if (content.bytes() != size)
            throw new StoreException(StoreException.Reason.FAILED, "compress the backup to",
                    packed, "it has " + content.bytes() + " bytes of " + size, Next.RUN_AGAIN);
        return content;
    }

    private Path publish(Instant time, BackupManifest manifest) throws IOException {
        boolean compressed = unfinished.size() > 1;
        Path file = unfinished.get(unfinished.size() - 1);
        Path seal = next();
        try (FileChannel channel = NewFile.createSecret(seal)) {
            channel.write(ByteBuffer.wrap(manifest.text().getBytes(StandardCharsets.UTF_8)));
            channel.force(true);
        }
        for (Instant stamp = time; ; stamp = stamp.plusSeconds(1)) {
            Path target = folder.resolve(Backup.name(stamp) + (compressed ? ".gz" : ""));
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) || Files.exists(BackupManifest.of(target), LinkOption.NOFOLLOW_LINKS))
                continue;
            try {
                Disk.publish(seal, BackupManifest.of(target));
            } catch (FileAlreadyExistsException e) {
                continue;
            }
            publish(file, target);
            return target;
        }
    }

    /** Its manifest has its name by now, and loses it when the backup does not get one. */
    private void publish(Path file, Path target) throws IOException {
        boolean isThere = false;
        try {
            Disk.syncFolder(folder);
            Disk.publish(file, target);
            isThere = true;
            Disk.syncFolder(folder);
        } finally {
            if (!isThere) Inside.delete(BackupManifest.of(target));
        }
    }

    @Override
    public void close() {
        unfinished.forEach(DatabaseFile::delete);
    }
}
