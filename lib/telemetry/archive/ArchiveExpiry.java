package telemetry.archive;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import telemetry.DayFile;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.text.Notes;

/** Deletes archived days. */
final class ArchiveExpiry {
    private final Archive archive;

    ArchiveExpiry(Archive archive) {
        this.archive = archive;
    }

    ExpiredDays older(List<DayFile> files, Duration age, boolean isAll) {
        List<Path> old = files.stream().filter(file -> archive.isOlder(file, age)).map(DayFile::path).toList();
        var size = new Size(old.stream().mapToLong(file -> file.toFile().length()).sum());
        return new ExpiredDays(new ExpiredDays.Going(old, size, true), age, isAll);
    }

    ExpiredDays expire(ExpiredDays old) {
        List<Path> files = old.data().expired();
        List<StoreException> failures = files.isEmpty() ? List.of() : archive.locked(() -> delete(files));
        for (StoreException failure : failures.subList(Math.min(1, failures.size()), failures.size()))
            Notes.add(archive.store().message(failure));
        if (!failures.isEmpty()) throw failures.get(0);
        return new ExpiredDays(new ExpiredDays.Going(files, old.data().size(), false), old.age(), old.isAll());
    }

    /** A kill may leave files that the manifest does not know; a check lists them again. @return what could not be deleted */
    private List<StoreException> delete(List<Path> files) {
        ArchiveManifest manifest = archive.manifest();
        Map<String, ArchiveManifest.Entry> known = manifest.read();
        List<StoreException> failures = new ArrayList<>();
        List<ArchiveManifest.Entry> kept = new ArrayList<>();
        manifest.remove(files.stream().map(archive::nameOf).toList(), archive.now());
        for (Path file : files) {
            try {
                Attempt.of("delete", file, () -> {
                    Inside.delete(file);
                });
            } catch (StoreException e) {
                failures.add(e);
                if (known.containsKey(archive.nameOf(file))) kept.add(known.get(archive.nameOf(file)));
            }
        }
        for (Path folder : files.stream().map(Path::getParent).distinct().toList())
            Attempt.of("delete from", folder, () -> Disk.syncFolder(folder));
        manifest.add(kept);
        manifest.flush();
        return failures;
    }
}
