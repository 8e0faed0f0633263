package telemetry.archive;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.daylog.DayFolder;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.DiskSpace;
import telemetry.os.NewFile;
import telemetry.os.Openers;
import telemetry.store.Reserve;
import telemetry.store.StoreLock;
import telemetry.text.Notes;
import telemetry.text.Result;

/**
 * Old day files, gzipped, in folders whose names other engines read as columns: {@code
 * archive/year=2025/month=12/events_20251211.ndjson.gz}. At any moment a line is in a raw file or in a verified part here, despite kills,
 * full disks and power cuts. Needs no SQLite and no temporary folder, so it works when the disk is full.
 */
public final class Archive {

    /** A day file that changed within this time is left alone: a late writer may have more. */
    static final Duration AT_REST = Duration.ofHours(1);

    static final Next NEEDS_ROOM = Next.words("make room, or archive to another disk with --to DIR");

    static final Comparator<DayFile> BY_SIZE = Comparator.comparingLong(file -> file.path().toFile().length());

    /** A day that was restored. */
    public record Unpacked(Path restored) implements Result {
        @Override
        public String toString() {
            return "restored " + restored;
        }
    }

    static String named(List<Path> files) {
        return files.size() == 1 ? files.get(0).getFileName().toString() : files.size() + " day files";
    }

    private final Store store;
    private final Path folder;
    private final Clock clock;
    private final ArchiveManifest manifest;

    /** @param folder null for the store's own */
    public Archive(Store store, Path folder, Clock clock) {
        this.store = store;
        this.folder = folder == null ? store.archive() : folder.toAbsolutePath().normalize();
        this.clock = clock;
        this.manifest = new ArchiveManifest(this.folder);
    }

    public Path folder() {
        return folder;
    }

    /** True when logs and rebuild look here for archived days, perhaps through a link. */
    public boolean isTheStores() {
        try {
            return folder.equals(store.archive()) || Files.isSameFile(folder, store.archive());
        } catch (IOException e) {
            return false;
        }
    }

    Store store() {
        return store;
    }

    ArchiveManifest manifest() {
        return manifest;
    }

    Instant now() {
        return clock.instant();
    }

    /**
     * Plans which raw day files that ended longer ago than this are archived, and which are left alone. Smallest first: on a full disk each
     * makes room for the next. Changes nothing.
     */
    public ArchivePlan plan(Duration olderThan) {
        return plan(olderThan, null, BY_SIZE.thenComparing(DayFile::compareTo));
    }

    /** The same, oldest first, until this much is free on the raw folder's disk. No file when it already is. Null sets no such limit. */
    public ArchivePlan plan(Duration olderThan, Size free) {
        if (free == null) return plan(olderThan);
        return isFree(free) ? new ArchivePlan(List.of(), new Size(0), List.of(), free) : plan(olderThan, free, Comparator.naturalOrder());
    }

    public ArchivePlan.Preview preview(ArchivePlan plan) {
        return new ArchivePlan.Preview(plan, folder, free());
    }

    public ArchiveReport report(ArchiveRun.Result result) {
        return new ArchiveReport(result.archived(), result.left(), result.failures().stream().map(store::message).toList(), free());
    }

    /** On the raw folder's disk. */
    public Size free() {
        return Attempt.of("see how much is free at", store.raw(), () -> new Size(DiskSpace.free(store.raw())));
    }

    boolean isFree(Size wanted) {
        return free().compareTo(wanted) >= 0;
    }

    /** True when the archive's disk has room for this much even uncompressed. */
    boolean hasRoomFor(Size size) {
        return Attempt.of("see how much is free at", folder, () -> DiskSpace.free(folder) > size.bytes());
    }

    private ArchivePlan plan(Duration olderThan, Size free, Comparator<DayFile> order) {
        Openers open = Openers.writingDayFiles();
        List<DayFile> files = new ArrayList<>();
        List<ArchivePlan.Left> left = new ArrayList<>();
        long bytes = 0;
        try {
            for (DayFile file : new EventLog(store).raw()) {
                boolean today = !file.day().isBefore(DayFile.dayOf(now()));
                if (today ? olderThan.toDays() > 0 : !isOlder(file, olderThan)) continue;
                Optional<String> reason = today ? Optional.of("it is today's") : reasonToLeave(file.path(), open);
                reason.ifPresentOrElse(why -> left.add(new ArchivePlan.Left(file.path(), why)), () -> files.add(file));
            }
            for (DayFile file : files) bytes += Files.size(file.path());
        } catch (IOException e) {
            throw Attempt.refused("look at the day files in", store.raw(), e);
        }
        files.sort(order);
        return new ArchivePlan(List.copyOf(files), new Size(bytes), List.copyOf(left), free);
    }

    boolean isOlder(DayFile file, Duration age) {
        return !file.day().plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC).plus(age).isAfter(now());
    }

    private Optional<String> reasonToLeave(Path file, Openers open) throws IOException {
        Duration still = Duration.between(Files.getLastModifiedTime(file).toInstant(), now());
        if (still.compareTo(AT_REST) < 0)
            return Optional.of(still.isNegative() ? "its time of change is in the future"
                    : "it changed " + Times.words(still) + " ago");
        return open.writerOf(file).map(process -> "it is held open by " + process);
    }

    /**
     * Archives the files of a plan: each is compressed, synced, read back, compared and listed, and only then removed from the raw folder.
     *
     * @param progress receives the number of bytes compressed since the last call, from any thread
     * @throws StoreException {@code LOCKED} when another process is archiving; failures of single files are in the result
     */
    public ArchiveRun.Result run(ArchivePlan plan, LongConsumer progress) {
        long largest = plan.files().stream().mapToLong(file -> file.path().toFile().length()).max().orElse(0);
        try {
            return locked(() -> new ArchiveRun(this, plan, progress).run());
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.FULL || !giveUpReserve()) throw e;
            return locked(() -> new ArchiveRun(this, plan, progress).run());
        } finally {
            Reserve.keep(store, largest);
        }
    }

    /** @return true when that made room for the archive */
    boolean giveUpReserve() {
        return DiskSpace.isSame(folder, Reserve.file(store)) && Reserve.giveUp(store);
    }

    /** Holds the archive's lock: a second archiving would take this one's unfinished files for stale ones. */
    <T> T locked(Supplier<T> work) {
        try {
            createFolders(folder);
            return StoreLock.holding(folder.resolve(".lock"), new StoreException(StoreException.Reason.LOCKED, "archive into", folder,
                    "another archive command is running there", Next.words("wait for it")), work);
        } catch (IOException e) {
            StoreException refused = Attempt.refused("archive into", folder, e);
            if (refused.reason() != StoreException.Reason.FULL) throw refused;
            throw new StoreException(StoreException.Reason.FULL, "archive into", folder,
                    "there is no room even for a folder", NEEDS_ROOM, e);
        }
    }

    /** Creates the folder and its missing parents; each is on the disk when this returns. */
    static void createFolders(Path folder) throws IOException {
        if (Files.isDirectory(folder)) return;
        createFolders(folder.getParent());
        try {
            NewFile.folder(folder);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) throw e;
        }
        Disk.syncFolder(folder.getParent());
    }

    /** The place of a part of a day. */
    Path place(LocalDate day, int part) {
        String name = DayFile.name(day).replace(".ndjson", part == 1 ? ".ndjson.gz" : "." + part + ".ndjson.gz");
        return folder.resolve(String.format(Locale.ROOT, "year=%04d", day.getYear()))
                .resolve(String.format(Locale.ROOT, "month=%02d", day.getMonthValue())).resolve(name);
    }

    /** A file's name in the manifest. */
    String nameOf(Path file) {
        return folder.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
    }

    /** What can be read of the archive. A note names each folder that cannot. */
    private DayFolder readable() {
        DayFolder readable = DayFolder.readable(folder);
        readable.unread().forEach(one -> Notes.add(store.message(one)));
        return readable;
    }

    private static List<DayFile> sorted(DayFolder folder) {
        return folder.files().stream().filter(DayFile::compressed).sorted().toList();
    }

    /** How large all archived files are that can be seen. */
    public Size size() {
        return new Size(sorted(readable()).stream().mapToLong(file -> file.path().toFile().length()).sum());
    }

    /** The archive's day files, by day. */
    public List<DayFile> files() {
        return EventLog.in(folder, 3).filter(DayFile::compressed).sorted().toList();
    }

    /** The archived files, by day, with what the manifest says of each. */
    public ArchiveList listed() {
        Map<String, ArchiveManifest.Entry> known = manifest.read();
        Map<DayFile, Optional<ArchiveManifest.Entry>> listed = new LinkedHashMap<>();
        DayFolder readable = readable();
        for (DayFile file : sorted(readable)) listed.put(file, Optional.ofNullable(known.get(nameOf(file.path()))));
        return new ArchiveList(listed, readable.unread().stream().map(StoreException::path).toList());
    }

    /**
     * Restores a day to the raw folder, all its parts in one file. The archive keeps them. Nothing changes when just that stands there.
     *
     * @throws StoreException {@code MISSING} when the day is not archived, {@code FAILED} when the raw folder has another file of that day,
     *                        {@code DAMAGED} when a part is damaged
     */
    public Unpacked restore(LocalDate day) {
        return new ArchiveRestore(this).restore(day);
    }

    /** The archived files of days that ended longer ago than this, as far as they can be seen: what {@link #expire} would delete. */
    public ExpiredDays older(Duration age) {
        DayFolder readable = readable();
        return new ArchiveExpiry(this).older(sorted(readable), age, readable.unread().isEmpty());
    }

    /**
     * Deletes archived files permanently. The manifest loses the entry of a file that is gone, and of no other.
     *
     * @throws StoreException when one cannot be deleted; a note names each of these, and the others are gone
     */
    public ExpiredDays expire(ExpiredDays old) {
        return new ArchiveExpiry(this).expire(old);
    }
}
