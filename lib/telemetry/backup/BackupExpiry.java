package telemetry.backup;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;

/** The deletion of backups that a rule takes. None goes on the strength of one that is damaged. */
final class BackupExpiry {
    private final Backups backups;
    private final Instant now;

    BackupExpiry(Backups backups, Instant now) {
        this.backups = backups;
        this.now = now;
    }

    /** What {@link #expire} would delete, as far as manifests tell; oldest first. */
    ExpiredBackups expirable(Retention retention) {
        return new ExpiredBackups(files(retention.expired(backups.list(), now)), manifestsAlone(), true);
    }

    /**
     * Deletes what the rule takes, after every byte of those that have to stay has been compared with their manifests.
     *
     * @param sound those that need no comparison; receives the others
     */
    ExpiredBackups expire(Retention retention, Set<Path> sound) {
        List<Backup> all = new ArrayList<>(backups.list());
        List<Backup> expired = retention.expired(all, now);
        while (!expired.isEmpty() && doubtOne(all, retention.kept(all, now), sound)) expired = retention.expired(all, now);
        List<Path> files = files(expired);
        List<Path> alone = manifestsAlone();
        Path folder = backups.folder();
        Attempt.of("expire backups in", folder, () -> {
            for (Path file : files) BackupFolder.delete(file);
            for (Path file : alone) Inside.delete(file);
            if (Files.isDirectory(folder)) Disk.syncFolder(folder);
        });
        return new ExpiredBackups(files, alone, false);
    }

    List<Path> manifestsAlone() {
        return Attempt.of("list the backups in", backups.folder(), () -> BackupFolder.manifestsAlone(backups.folder(), now));
    }

    private static List<Path> files(List<Backup> some) {
        return some.stream().map(Backup::file).toList();
    }

    /** @return true when one of these was found damaged and is marked so among all */
    private boolean doubtOne(List<Backup> all, List<Backup> kept, Set<Path> sound) {
        for (Backup backup : kept) {
            if (sound.contains(backup.file())) continue;
            try {
                backups.prove(backup);
                sound.add(backup.file());
            } catch (StoreException e) {
                all.set(all.indexOf(backup), backup.doubted(e.why()));
                return true;
            }
        }
        return false;
    }
}
