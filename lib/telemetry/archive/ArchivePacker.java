package telemetry.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import telemetry.DayFile;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.daylog.Held;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.os.GzipFile;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;

/**
 * The steps that bring the lines of a day file into the archive and out of the raw folder: {@link #pack}, {@link #secure}, {@link
 * #takeAway}. Different threads may handle different days.
 */
final class ArchivePacker {

    /** How many more parts are made for a file that still grows although no writer should know its name. */
    private static final int MOST_TRIES = 3;

    /** After so many damaged parts of a file the rest of them is taken for damaged, too: the file is compressed anew. */
    private static final int MOST_DAMAGED = 100;

    private final Archive archive;
    private final LongConsumer progress;
    private final Map<LocalDate, List<DayFile>> parts;
    private final Map<Path, GzipFile.Content> verified = new ConcurrentHashMap<>();
    private final Map<Path, Compared> compared = new ConcurrentHashMap<>();
    private final Map<LocalDate, Integer> free = new ConcurrentHashMap<>();
    private final Set<String> listed;
    private final Set<Path> secured = ConcurrentHashMap.newKeySet();

    /**
     * A file that was compared with its parts, byte by byte. It had been at rest for {@link Archive#AT_REST}, so any write changes its
     * time. Its identity, size and time therefore show whether it is unchanged, without reading it a third time.
     */
    private record Compared(Object identity, long size, FileTime changed, Held held) {
        static Compared now(Path source, Held held) throws IOException {
            return new Compared(Disk.identity(source), Files.size(source), Files.getLastModifiedTime(source), held);
        }
    }

    ArchivePacker(Archive archive, LongConsumer progress) {
        this.archive = archive;
        this.progress = progress;
        this.parts = archive.files().stream()
                .collect(Collectors.groupingBy(DayFile::day, ConcurrentHashMap::new, Collectors.toCollection(ArrayList::new)));
        this.listed = ConcurrentHashMap.newKeySet();
        this.listed.addAll(archive.manifest().read().keySet());
    }

    /**
     * Archives what the archive lacks of this file, then gives the file a name that no writer uses. What a late writer adds before that is
     * in the file; what one adds later is in a new file. The parts' content is on the disk then, but perhaps not their names.
     *
     * @return the file under its new name
     */
    Path pack(DayFile file) {
        return Attempt.of("archive", file.path(), () -> {
            Compared before = Compared.now(file.path(), null);
            Held held = archiveRest(file.path(), file.day());
            Path aside = setAside(file);
            compared.put(aside, new Compared(before.identity(), before.size(), before.changed(), held));
            return aside;
        });
    }

    /** Does it once: a writer that never pauses could not be caught up with. */
    private Held archiveRest(Path source, LocalDate day) throws IOException {
        Held held = held(source, day);
        if (held.bytes() >= Files.size(source)) return held;
        DayFile part = write(source, held.bytes(), day);
        return held.and(part, verified.get(part.path()).bytes());
    }

    /** @return the parts that hold the whole file, each read back and compared with it */
    private Held archiveAll(Path source, LocalDate day) throws IOException {
        Held held = held(source, day);
        for (int tries = 0; held.bytes() < Files.size(source); tries++) {
            if (tries == MOST_TRIES) throw new IOException("a program keeps writing to it");
            write(source, held.bytes(), day);
            held = held(source, day);
        }
        return held;
    }

    private Held held(Path source, LocalDate day) throws IOException {
        List<DayFile> candidates = parts.getOrDefault(day, List.of());
        for (int damaged = 0; ; damaged++) {
            if (damaged == MOST_DAMAGED) candidates.removeIf(part -> !verified.containsKey(part.path()));
            Held held = Held.of(source, candidates);
            DayFile wrong = firstWrong(held, source);
            if (wrong == null) return held;
            candidates.remove(wrong);
        }
    }

    /** @return null when all of them have what the source has */
    private DayFile firstWrong(Held held, Path source) throws IOException {
        long from = 0;
        for (DayFile part : held.parts()) {
            if (!isVerified(part, source, from)) return part;
            from += verified.get(part.path()).bytes();
        }
        return null;
    }

    private boolean isVerified(DayFile part, Path source, long from) throws IOException {
        if (verified.containsKey(part.path())) return true;
        try {
            verified.put(part.path(), GzipFile.compare(part.path(), source, from));
            return true;
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            return false;
        }
    }

    private DayFile write(Path source, long from, LocalDate day) throws IOException {
        DayFile target = free(day);
        Archive.createFolders(target.path().getParent());
        Path unfinished = Unfinished.beside(target.path());
        try {
            long bytes = GzipFile.compress(source, from, NewFile.createLike(unfinished, source), progress);
            GzipFile.Content content = GzipFile.compare(unfinished, source, from);
            if (content.bytes() != bytes)
                throw new IOException("it has " + content.bytes() + " bytes of " + bytes + " after it was written");
            Disk.publish(unfinished, target.path());
            verified.put(target.path(), content);
            parts.computeIfAbsent(day, none -> new ArrayList<>()).add(target);
        } finally {
            Inside.delete(unfinished);
        }
        return target;
    }

    /** The name of the day's next part. */
    private DayFile free(LocalDate day) {
        int part = free.getOrDefault(day, 1);
        while (Files.exists(archive.place(day, part))) part++;
        free.put(day, part);
        return DayFile.of(archive.place(day, part)).orElseThrow();
    }

    /** {@code events_20251211.2.ndjson}: readers find it there if this process dies before the file is deleted. */
    private static Path setAside(DayFile file) throws IOException {
        if (file.part() > 1) return file.path();
        int part = 2;
        while (true) {
            Path aside = file.path().resolveSibling(DayFile.name(file.day()).replace(".ndjson", "." + part + ".ndjson"));
            if (Files.notExists(aside)) {
                Inside.move(file.path(), aside);
                return aside;
            }
            part++;
        }
    }

    /**
     * Makes the verified parts of these days survive a power cut, with their folders' names, and lists them. There is one fsync for each
     * folder and one for the manifest, however many days there are.
     */
    void secure(Collection<LocalDate> days) {
        List<DayFile> some = days.stream().distinct().flatMap(day -> parts.getOrDefault(day, List.of()).stream())
                .filter(part -> verified.containsKey(part.path()) && !secured.contains(part.path())).toList();
        Set<Path> folders = new LinkedHashSet<>();
        for (DayFile part : some)
            for (Path in = part.path().getParent(); in.startsWith(archive.folder()); in = in.getParent()) folders.add(in);
        Attempt.of("archive into", archive.folder(), () -> {
            for (Path in : folders) Disk.syncFolder(in);
        });
        list(some);
        for (DayFile part : some) secured.add(part.path());
    }

    private void list(List<DayFile> some) {
        List<ArchiveManifest.Entry> lines = new ArrayList<>();
        for (DayFile part : some) {
            String name = archive.nameOf(part.path());
            if (!listed.contains(name)) lines.add(ArchiveManifest.Entry.of(name, part.day(), verified.get(part.path()), archive.now()));
        }
        archive.manifest().add(lines);
        for (ArchiveManifest.Entry line : lines) listed.add(line.file());
    }

    /**
     * Deletes a file that was set aside, when the archive holds all of it; lines of a late writer are archived first. A power cut may bring
     * the file back; readers notice that its lines are in both places.
     *
     * @param file  its former place
     * @param aside its present place; no process has it open
     */
    ArchiveRun.Archived takeAway(DayFile file, Path aside) {
        return Attempt.of("archive", aside, () -> {
            Held held = isAsCompared(aside) ? compared.get(aside).held() : archiveAll(aside, file.day());
            secure(List.of(file.day()));
            long size = Files.size(aside);
            if (size != held.bytes()) throw new IOException("a program keeps writing to it");
            Inside.delete(aside);
            List<GzipFile.Content> contents = held.parts().stream().map(part -> verified.get(part.path())).toList();
            return new ArchiveRun.Archived(file.day(), file.path(), held.parts().stream().map(DayFile::path).toList(),
                    contents.stream().mapToLong(GzipFile.Content::lines).sum(),
                    new Size(size), new Size(contents.stream().mapToLong(GzipFile.Content::compressedBytes).sum()));
        });
    }

    private boolean isAsCompared(Path aside) throws IOException {
        Compared then = compared.get(aside);
        return then != null && then.held().bytes() == then.size() && then.equals(Compared.now(aside, then.held()));
    }

    /** The refusal that says what the smallest of them needs. */
    StoreException noRoomFor(List<DayFile> files) {
        DayFile smallest = files.stream().min(Archive.BY_SIZE).orElseThrow();
        return Attempt.of("archive", smallest.path(), () -> {
            Size needed = new Size(GzipFile.sizeOf(smallest.path(), held(smallest.path(), smallest.day()).bytes()));
            return new StoreException(StoreException.Reason.FULL, "archive", smallest.path(),
                    "it needs " + needed + " in " + archive.folder() + ", and " + new Size(DiskSpace.free(archive.folder()))
                    + " are free" + (files.size() == 1 ? "" : " (the " + (files.size() - 1) + " others need more)"), Archive.NEEDS_ROOM);
        });
    }
}
