package telemetry.archive;


import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.Openers;
import telemetry.os.Unfinished;

/**
 * One archiving. Each core packs days. Whenever some are packed, they are synced together, one look shows who still has their originals
 * open, and the other originals are deleted, while the next days are being packed. A day that does not fit on a full disk is tried again
 * after others have made room.
 */
public final class ArchiveRun {

    /** Days that share one look at the open files, which costs as much as packing a small day, and the fsyncs of folders and manifest. */
    private static final int BATCH = 8;

    /** A writer opens, writes and closes. After this time it counts as one that keeps the file open. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);

    /** Where open files cannot be seen: how long to wait for a writer that may have had a file open while it was renamed. */
    private static final Duration ONE_APPEND = Duration.ofMillis(200);

    /**
     * The outcome.
     *
     * @param archived in the order of their days
     * @param failures what went wrong, one for each file, whose lines stay where they were
     */
    public record Result(List<Archived> archived, List<ArchivePlan.Left> left, List<StoreException> failures) { }

    /**
     * A day file that was archived and removed from the raw folder.
     *
     * @param parts      the files that hold it
     * @param size       of its content
     * @param compressed of all parts
     */
    public record Archived(LocalDate day, Path file, List<Path> parts, long lines, Size size, Size compressed) { }

    /** A file whose lines are all in the archive and that no writer will open any more, or the failure. */
    private record Packed(DayFile file, Path aside, StoreException failure) {

        /** The file that has its lines until they are deleted. */
        DayFile original() {
            return aside == null ? file : DayFile.of(aside).orElseThrow();
        }
    }

    private final Archive archive;
    private final ArchivePlan plan;
    private final ArchivePacker packer;
    private final List<Archived> archived = new ArrayList<>();
    private final List<ArchivePlan.Left> left = new ArrayList<>();
    private final List<StoreException> failures = new ArrayList<>();
    private final List<DayFile> tooLarge = new ArrayList<>();

    ArchiveRun(Archive archive, ArchivePlan plan, LongConsumer progress) {
        this.archive = archive;
        this.plan = plan;
        this.packer = new ArchivePacker(archive, progress);
    }

    Result run() {
        left.addAll(plan.left());
        removeUnfinished();
        int cores = Runtime.getRuntime().availableProcessors();
        ExecutorService workers = Executors.newFixedThreadPool(cores);
        try {
            List<List<DayFile>> days = days();
            int step = plan.free() == null ? Math.max(1, days.size()) : cores;
            for (int next = 0; next < days.size() && !isEnoughFree(); next += step)
                move(days.subList(next, Math.min(next + step, days.size())), workers);
            while (!tooLarge.isEmpty() && !isEnoughFree() && (retry(workers) || archive.giveUpReserve())) { }
        } finally {
            end(workers);
        }
        if (!tooLarge.isEmpty() && !isEnoughFree()) failures.add(packer.noRoomFor(tooLarge));
        listWhatWaits();
        archived.sort(Comparator.comparing(Archived::day));
        return new Result(archived, left, failures);
    }

    /** Removes what a killed run left behind; the lock keeps others out. */
    private void removeUnfinished() {
        Attempt.of("remove what an earlier run left unfinished in", archive.folder(), () -> {
            removeUnfinished(archive.folder(), 3);
        });
    }

    private static void removeUnfinished(Path folder, int depth) throws IOException {
        Unfinished.sweep(folder);
        if (depth == 1) return;
        for (Path path : Inside.list(folder))
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) removeUnfinished(path, depth - 1);
    }

    /**
     * Files of one day go to one thread, because their parts are numbered in turn. The order is the plan's. With room for everything it is
     * the largest first, so that no core ends with a large one while the others wait.
     */
    private List<List<DayFile>> days() {
        Map<LocalDate, List<DayFile>> days = new LinkedHashMap<>();
        for (DayFile file : plan.files()) days.computeIfAbsent(file.day(), day -> new ArrayList<>()).add(file);
        List<List<DayFile>> inOrder = new ArrayList<>(days.values());
        if (plan.free() == null && archive.hasRoomFor(plan.size())) Collections.reverse(inOrder);
        return inOrder;
    }

    private boolean isEnoughFree() {
        return plan.free() != null && archive.isFree(plan.free());
    }

    private void move(List<List<DayFile>> days, ExecutorService workers) {
        var packing = new ExecutorCompletionService<List<Packed>>(workers);
        for (List<DayFile> day : days) packing.submit(() -> day.stream().map(this::pack).toList());
        List<Packed> packed = new ArrayList<>();
        try {
            for (int left = days.size(); left > 0; left--) {
                packed.addAll(packing.take().get());
                if (packed.size() < BATCH && left > 1) continue;
                takeAway(packed);
                packed.clear();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(StoreException.Reason.FAILED, "archive into", archive.folder(), "interrupted", Next.RUN_AGAIN, e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Returns when all packing has stopped: the next run would take files that are still written for unfinished ones. */
    private static void end(ExecutorService workers) {
        workers.shutdownNow();
        boolean interrupted = false;
        for (boolean over = false; !over;) {
            try {
                over = workers.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    private Packed pack(DayFile file) {
        try {
            return new Packed(file, packer.pack(file), null);
        } catch (StoreException e) {
            return new Packed(file, null, e);
        }
    }

    private void takeAway(List<Packed> packed) {
        for (Packed one : packed) if (one.failure() != null) failed(one, one.failure());
        List<Packed> whole = packed.stream().filter(one -> one.failure() == null).toList();
        try {
            packer.secure(whole.stream().map(one -> one.file().day()).toList());
        } catch (StoreException e) {
            for (Packed one : whole) failed(one, e);
            return;
        }
        Openers open = openAfterPatience(whole.stream().map(Packed::aside).toList());
        for (Packed one : whole) {
            Optional<String> writer = writerOf(one.aside(), open);
            if (writer.isPresent()) left.add(new ArchivePlan.Left(one.aside(), "it is held open by " + writer.get()));
            else takeAway(one);
        }
        Attempt.of("archive", archive.store().raw(), () -> Disk.syncFolder(archive.store().raw()));
    }

    private void takeAway(Packed packed) {
        try {
            archived.add(packer.takeAway(packed.file(), packed.aside()));
        } catch (StoreException e) {
            failed(packed, e);
        }
    }

    private void failed(Packed one, StoreException e) {
        if (e.reason() == StoreException.Reason.FULL) tooLarge.add(one.original());
        else failures.add(e);
    }

    private Openers openAfterPatience(List<Path> files) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        if (!Openers.areKnown()) pause(ONE_APPEND);
        Openers open = Openers.writingDayFiles();
        while (System.nanoTime() < deadline && isAnyOpen(files, open)) {
            pause(BETWEEN_LOOKS);
            open = Openers.writingDayFiles();
        }
        return open;
    }

    private static boolean isAnyOpen(List<Path> files, Openers open) {
        return files.stream().anyMatch(file -> writerOf(file, open).isPresent());
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Optional<String> writerOf(Path file, Openers open) {
        return Attempt.of("see who has open", file, () -> open.writerOf(file));
    }

    /** @return true when one of them fitted */
    private boolean retry(ExecutorService workers) {
        List<DayFile> again = tooLarge.stream().sorted(Archive.BY_SIZE).toList();
        int before = archived.size();
        for (DayFile file : again) {
            tooLarge.remove(file);
            move(List.of(List.of(file)), workers);
        }
        return archived.size() > before;
    }

    /** Writes the manifest's lines that had no room before. */
    private void listWhatWaits() {
        try {
            archive.manifest().flush();
        } catch (StoreException e) {
            failures.add(new StoreException(e.reason(), "list what was archived in", archive.folder().resolve(ArchiveManifest.NAME),
                    "there is no room even for its lines",
                    Next.words("make room, then").then(archive.store().command("archive", "verify")), e));
        }
    }
}
