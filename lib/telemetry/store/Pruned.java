package telemetry.store;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import telemetry.Next;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.daylog.Records;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.text.JsonText;
import telemetry.text.Notes;

/**
 * What was done on purpose to runs that the day files know otherwise, one line each in {@code {base}/pruned.ndjson}: deleted from the
 * database, so that a replay or rebuild leaves them out, or cancelled, so that it does not set them running again. It stands beside the
 * database, not in it, because it must outlive it.
 */
public final class Pruned {

    /**
     * A run that was declared over without an end line.
     *
     * @param startedBefore rows of this run that started later are not meant: another attempt
     * @param at            when that was
     * @param why           as its error_summary says it
     */
    public record Cancelled(String runId, Instant startedBefore, Instant at, String why) { }

    private static final String NAME = "pruned.ndjson";
    private static final String READ = "read the list of pruned runs";

    private final Store store;
    private final Path file;
    private final Records lines;

    /** 128 bits for each id: some 70 bytes a run in memory, and no two ids meet. */
    private final Set<UUID> ids = new HashSet<>();
    private final Map<String, Cancelled> cancelled = new LinkedHashMap<>();

    /** @param isStrict whether a list that says nothing is an error */
    private Pruned(Store store, boolean isStrict) {
        this.store = store;
        file = store.base().resolve(NAME);
        lines = new Records(file, READ, "write the list of pruned runs");
        if (!isStrict && isNoFile()) {
            Notes.warn(file + " is no plain file and was not read: runs that were deleted on purpose come back");
            return;
        }
        Records.Count count = lines.forEach(this::read);
        boolean isAll = count.read() > 0 || count.skipped() == 0 || count.isTorn();
        if (!isAll && !isStrict && count.isText())
            Notes.warn("not one line of " + file + " says anything: runs that were deleted on purpose come back");
        else if (!isAll) throw new StoreException(StoreException.Reason.DAMAGED, READ, file,
                "not one of its lines can be read, so nobody knows which runs were deleted on purpose", Next.words("bring it back "
                + "from a copy; if there is none, move it away: every run that was deleted comes back then"));
    }

    /**
     * Reads the store's list; an empty one when nothing was ever pruned. A line that cannot be read is skipped: it was cut short by a power
     * cut, and its run was not touched yet.
     *
     * @throws StoreException when it cannot be read at all
     */
    public static Pruned of(Store store) {
        return new Pruned(store, true);
    }

    /**
     * The same for what must not be kept from its work by whoever can write there. What stands in the list's place and is no file, and
     * lines of text that say nothing, count as no list, with a warning.
     *
     * @throws StoreException when it was another text once: in another encoding, or overwritten by a power cut
     */
    public static Pruned leniently(Store store) {
        return new Pruned(store, false);
    }

    private boolean isNoFile() {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file);
    }

    private boolean read(Map<String, Object> line) {
        var run = new Run(line);
        if (run.id() == null || run.id().isBlank()) return false;
        Instant at = Times.instant(run.text("cancelled_at"));
        if (at == null) ids.add(hash(run.id()));
        else cancelled.put(run.id(), new Cancelled(run.id(), Times.instant(run.text("started_before")), at, run.text("error_summary")));
        return true;
    }

    /** How many runs were deleted since then. */
    public static long deletedSince(Store store, Instant since) {
        var counted = new long[1];
        new Records(store.base().resolve(NAME), READ, "").forEach(line -> {
            Instant at = Times.instant(new Run(line).text("pruned_at"));
            if (at != null && !at.isBefore(since)) counted[0]++;
            return line.get("run_id") != null;
        });
        return counted[0];
    }

    /** True for a run that was deleted. */
    public boolean contains(String runId) {
        return !ids.isEmpty() && ids.contains(hash(runId));
    }

    /** True when no run was ever deleted or cancelled on purpose. */
    public boolean isEmpty() {
        return ids.isEmpty() && cancelled.isEmpty();
    }

    /** How many were deleted. */
    public int size() {
        return ids.size();
    }

    /** Those that were cancelled, in the order in which they were. */
    public List<Cancelled> cancelled() {
        return List.copyOf(cancelled.values());
    }

    /** Adds runs, before they are deleted. When it returns, they are on the disk. */
    public void add(Collection<String> runIds, Instant when) {
        append(runIds.stream().map(id -> line(id, "pruned_at", when)).toList());
        runIds.forEach(id -> ids.add(hash(id)));
    }

    /** Adds runs, before they are cancelled. When it returns, they are on the disk. What is no file is set aside for the list. */
    public void cancel(Collection<Cancelled> runs) {
        if (isNoFile()) setAside();
        List<Map<String, Object>> lines = new ArrayList<>();
        for (Cancelled run : runs) {
            Map<String, Object> line = line(run.runId, "cancelled_at", run.at);
            line.put("started_before", Times.text(run.startedBefore));
            line.put("error_summary", run.why);
            lines.add(line);
        }
        append(lines);
        for (Cancelled run : runs) cancelled.put(run.runId, run);
    }

    private void setAside() {
        Path aside = Quarantine.claim(store, "pruned", Instant.now()).resolve(NAME);
        Attempt.of("set aside", file, () -> Inside.move(file, aside, StandardCopyOption.ATOMIC_MOVE));
        Notes.warn("set aside " + file + ", which is no plain file, as " + aside);
    }

    private static Map<String, Object> line(String runId, String what, Instant when) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("run_id", runId);
        line.put(what, Times.text(when));
        return line;
    }

    private void append(List<Map<String, Object>> added) {
        lines.append(added.stream().map(JsonText::line).toList());
    }

    private static UUID hash(String runId) {
        return UUID.nameUUIDFromBytes(runId.getBytes(StandardCharsets.UTF_8));
    }
}
