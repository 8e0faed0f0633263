package telemetry.archive;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.GzipFile;
import telemetry.os.Inside;
import telemetry.os.KeptFree;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;

/** Restores an archived day. */
final class ArchiveRestore {
    private final Archive archive;
    private final Path raw;

    ArchiveRestore(Archive archive) {
        this.archive = archive;
        this.raw = archive.store().raw();
    }

    Archive.Unpacked restore(LocalDate day) {
        Map<DayFile, Optional<ArchiveManifest.Entry>> parts = archive.listed().files();
        parts.keySet().removeIf(part -> !part.day().equals(day));
        if (parts.isEmpty()) throw new StoreException(StoreException.Reason.MISSING,
                "restore " + day + " from", archive.folder(), "it is not there", archive.store().command("archive", "list"));
        Path target = raw.resolve(DayFile.name(day));
        boolean isDone = isDone(day, parts.keySet(), target);
        Attempt.of("restore", target, () -> {
            Archive.createFolders(raw);
            Path unfinished = Unfinished.beside(target);
            try {
                if (!isDone) {
                    write(parts, unfinished);
                    Disk.publish(unfinished, target);
                }
            } finally {
                Inside.delete(unfinished);
            }
            Disk.syncFolder(raw);
        });
        return new Archive.Unpacked(target);
    }

    /**
     * True when the raw file has this day's archived lines and no others: one that was stopped at its end has left it.
     * @throws StoreException when it has late lines: they are not to be mixed
     */
    private boolean isDone(LocalDate day, Collection<DayFile> parts, Path target) {
        List<DayFile> present = new EventLog(archive.store()).days().stream()
                .filter(file -> file.day().equals(day) && raw.equals(file.path().getParent())).toList();
        if (present.isEmpty() || isSame(parts, target)) return !present.isEmpty();
        throw new StoreException(StoreException.Reason.FAILED,
                "restore " + day + " to", present.get(0).path(), "it is there already, perhaps with late lines",
                Next.words("archive it too, then restore").then(archive.store().command("archive", "--older-than", "0d", "--dry-run")));
    }

    private static boolean isSame(Collection<DayFile> parts, Path target) {
        try {
            long bytes = 0;
            for (DayFile part : parts) bytes += GzipFile.compare(part.path(), target, bytes).bytes();
            return bytes == Files.size(target);
        } catch (IOException | StoreException e) {
            return false;
        }
    }

    private void write(Map<DayFile, Optional<ArchiveManifest.Entry>> parts, Path unfinished) throws IOException {
        long bytes = 0;
        for (Optional<ArchiveManifest.Entry> listed : parts.values()) bytes += listed.map(ArchiveManifest.Entry::bytes).orElse(0L);
        KeptFree.require("restore", unfinished, bytes);
        DayFile newest = DayFile.newestIn(raw);
        try (FileChannel out = NewFile.create(unfinished, (newest == null ? parts.keySet().iterator().next() : newest).path())) {
            OutputStream to = KeptFree.watched(Channels.newOutputStream(out), "restore", unfinished);
            for (Map.Entry<DayFile, Optional<ArchiveManifest.Entry>> part : parts.entrySet()) copy(part.getKey(), part.getValue(), to);
            out.force(true);
        }
    }

    private void copy(DayFile part, Optional<ArchiveManifest.Entry> listed, OutputStream to) throws IOException {
        GzipFile.Content content;
        try {
            content = GzipFile.copy(part.path(), listed.map(ArchiveManifest.Entry::bytes).orElse(Long.MAX_VALUE), to);
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.FULL) throw e;
            throw damaged(part, e.why(), e);
        }
        boolean isOther = listed.isPresent() && !listed.get().sha256().equals(content.sha256());
        if (isOther) throw damaged(part, "its content is not what was archived", null);
    }

    private StoreException damaged(DayFile part, String why, StoreException cause) {
        Next rest = Next.words("what is left of it can still be read").then(archive.store().command("logs", part.day().toString()));
        return new StoreException(StoreException.Reason.DAMAGED, "restore", part.path(), why, rest, cause);
    }
}
