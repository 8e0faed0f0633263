package telemetry.backup;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import telemetry.Database;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.GzipFile;
import telemetry.os.KeptFree;
import telemetry.os.NewFile;
import telemetry.os.Sha256;
import telemetry.os.Unfinished;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;
import telemetry.text.Progress;

/**
 * The database that a backup holds, proved to be the one that was backed up. Closing it removes what was unpacked.
 *
 * @param backup   where it is from
 * @param file     a database without a log: the backup itself, or what was unpacked from it
 * @param sha256   of that file
 * @param journal  the mode that the database had
 * @param pageSize in bytes
 * @param schema   in words
 * @param rows     of each table
 */
public record BackupContent(Backup backup, Path file, String sha256, String journal, long pageSize, String schema, Map<String, Long> rows)
        implements AutoCloseable {

    /**
     * Compares every byte with the manifest.
     *
     * @return the manifest; null when there is none, and nothing was proved; of a copy that was not checked when it was made only the size
     *         is
     * @throws StoreException {@code DAMAGED} when one bit is not as it was
     */
    public static BackupManifest requireIntact(Backup backup, PrintWriter err) {
        BackupManifest manifest = BackupManifest.read(backup.file());
        if (manifest == null) return null;
        Attempt.of("read the backup", backup.file(), () -> {
            long bytes = Files.size(backup.file());
            if (bytes != manifest.bytes())
                throw damaged(backup.file(), "it has " + bytes + " bytes, its manifest says " + manifest.bytes());
            if (manifest.sha256() != null && !hash(backup.file(), bytes, err).equals(manifest.sha256()))
                throw damaged(backup.file(), "its SHA-256 is not the manifest's: it has changed since it was made");
        });
        return manifest;
    }

    /**
     * Proves the backup and makes it readable.
     *
     * @param near a file beside which a compressed one may be unpacked
     * @throws StoreException {@code DAMAGED} when something is found against it
     */
    public static BackupContent open(Backup backup, Path near, PrintWriter err) {
        BackupManifest manifest = requireIntact(backup, err);
        Path file = backup.isCompressed() ? unpack(backup.file(), near, manifest)
                : manifest == null && hasLog(backup.file()) ? fold(backup.file(), near) : backup.file();
        try {
            return Attempt.of("read the backup", file, () -> look(backup, manifest, file, err));
        } catch (StoreException e) {
            remove(backup, file);
            throw e.reason() == StoreException.Reason.DAMAGED ? damaged(backup.file(), e.why()).with(e.errors()) : e;
        }
    }

    private static BackupContent look(Backup backup, BackupManifest manifest, Path file, PrintWriter err) throws IOException {
        try (Database database = Database.openFrozen(file)) {
            (backup.isVerified() ? BackupCheck.NONE : BackupCheck.FULL).run(database, err);
            Map<String, Long> rows = Snapshot.rows(database);
            if (manifest != null && !manifest.rows().equals(rows)) throw damaged(backup.file(), "it has other rows than its manifest says");
            boolean isHashed = manifest != null && manifest.contentSha256() != null;
            String sha256 = isHashed ? manifest.contentSha256() : hash(file, Files.size(file), err);
            return new BackupContent(backup, file, sha256, manifest == null ? null : manifest.journalMode(),
                    database.number("PRAGMA page_size"), Schema.of(database).toString(), rows);
        }
    }

    private static boolean hasLog(Path file) {
        return DatabaseFile.beside(file, "-wal").toFile().length() > 0 || DatabaseFile.beside(file, "-journal").toFile().length() > 0;
    }

    /** Somebody copied a database with its log, as a restore does with what it replaces: read alone, it would lack what is in the log. */
    private static Path fold(Path file, Path near) {
        Path folded = Unfinished.beside(near);
        return made(file, folded, "copy " + file + " to", () -> {
            for (String suffix : new String[] {"", "-wal", "-journal"}) {
                Path part = DatabaseFile.beside(file, suffix);
                if (Files.exists(part)) Disk.copy(part, NewFile.createSecret(DatabaseFile.beside(folded, suffix)));
            }
            try (Database database = Database.open(folded)) {
                database.pragma("journal_mode", "DELETE");
            }
        });
    }

    private static Path unpack(Path packed, Path near, BackupManifest manifest) {
        Path file = Unfinished.beside(near);
        String tried = "unpack " + packed + " to";
        if (manifest != null) KeptFree.require(tried, file, manifest.contentBytes());
        return made(packed, file, tried, () -> {
            GzipFile.Content content;
            try (FileChannel channel = NewFile.createSecret(file);
                    OutputStream out = KeptFree.watched(Channels.newOutputStream(channel), tried, file)) {
                content = GzipFile.copy(packed, manifest == null ? Long.MAX_VALUE : manifest.contentBytes(), out);
            }
            if (manifest != null && !content.sha256().equals(manifest.contentSha256()))
                throw damaged(packed, "what it holds is not what was compressed");
        });
    }

    /** @return the file that the step makes of a backup; what goes wrong leaves none, and is the backup's fault, but for a full disk */
    private static Path made(Path of, Path file, String tried, Attempt.Step step) {
        boolean isMade = false;
        try {
            step.run();
            isMade = true;
            return file;
        } catch (StoreException e) {
            throw e.reason() == StoreException.Reason.FULL ? e : damaged(of, e.why());
        } catch (IOException e) {
            throw Attempt.refused(tried, file, e);
        } finally {
            if (!isMade) DatabaseFile.delete(file);
        }
    }

    private static String hash(Path file, long bytes, PrintWriter err) throws IOException {
        try (var progress = new Progress(err, "MB compared", bytes / 1_000_000)) {
            return Sha256.of(file, done -> progress.at(done / 1_000_000));
        }
    }

    private static StoreException damaged(Path file, String why) {
        return new StoreException(StoreException.Reason.DAMAGED, "trust the backup",
                file, why, Next.words("choose another one").then(Next.command("backup", "list")));
    }

    private static void remove(Backup backup, Path file) {
        if (!file.equals(backup.file())) DatabaseFile.delete(file);
    }

    /** How many runs it has. */
    public long runs() {
        return rows.getOrDefault("agent_runs", 0L);
    }

    @Override
    public void close() {
        remove(backup, file);
    }
}
