package telemetry.prune;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Row;
import telemetry.Run;
import telemetry.Runs;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.InFlight;
import telemetry.daylog.LogReader;
import telemetry.store.Pruned;
import telemetry.text.JsonText;
import telemetry.text.Words;

/**
 * Runs that stand in the day files and that somebody else deleted from the database: a retention job of the service, say. Nothing but the
 * list of pruned runs keeps a restore, a recovery or a rebuild from bringing them back; {@link #adopt} adds them to it.
 */
public final class DeletedRuns {

    /**
     * What was found.
     *
     * @param before they began before this
     * @param first  when the first of them began; null when there is none
     */
    public record Found(Instant before, List<String> runIds, Instant first, Instant last) { }

    /**
     * Runs of the day files that are older than the oldest row; {@code toString()} is what to know before they come back.
     *
     * @param isAll false when there may be more
     */
    public record Older(long runs, boolean isAll) {
        @Override
        public String toString() {
            return (isAll ? "" : "at least ") + Words.count(runs, "run of the day files is", "runs of the day files are")
                    + " older than the oldest row: did a retention job delete them? They come back, unless they are recorded as pruned first";
        }
    }

    /** A command that only mentions them reads no more. */
    private static final long MOST_BYTES = 32 << 20;
    private static final int BATCH = 20_000;
    private static final String ABSENT = "SELECT value FROM json_each(?1) EXCEPT SELECT run_id FROM agent_runs"
            + " WHERE run_id IN (SELECT value FROM json_each(?1))";

    /** Lines of several writers are out of order by less. */
    private static final Duration SLACK = Duration.ofHours(1);

    private final Store store;
    private final Database database;
    private final Pruned pruned;
    private final Instant now;
    private final Map<String, Instant> batch = new LinkedHashMap<>();
    private final Map<String, Instant> found = new LinkedHashMap<>();
    private long bytes;
    private boolean isCut;

    public DeletedRuns(Store store, Database database, Instant now) {
        this.store = store;
        this.database = database;
        this.pruned = Pruned.of(store);
        this.now = now;
    }

    /**
     * Finds them; looks only.
     *
     * @param before those that began before this; null for before the oldest row
     * @throws StoreException {@code REFUSED} when the database has no run: it was lost or begun anew, and nobody deleted one
     */
    public Found find(Instant before) {
        Instant oldest = oldest();
        if (oldest == null) throw new StoreException(StoreException.Reason.REFUSED, "look for deleted runs in", store.database(),
                "it has no run: it may have been lost or begun anew", store.command("recover", "--dry-run"));
        return find(before == null ? oldest : before, null);
    }

    private Instant oldest() {
        return new Runs(database).first(null);
    }

    /** @param until a line of a run that began at this time or later ends the reading of its file; null for none */
    private Found find(Instant before, Instant until) {
        List<DayFile> days = new ArrayList<>(new EventLog(store).days());
        Collections.reverse(days);
        for (DayFile day : days) {
            if (day.day().isAfter(DayFile.dayOf(before).plusDays(until == null ? 1 : 0))) continue;
            isCut |= until != null && bytes > MOST_BYTES;
            if (!isCut) read(day, before, until);
        }
        ask();
        return new Found(before, List.copyOf(found.keySet()), found.values().stream().min(Instant::compareTo).orElse(null),
                found.values().stream().max(Instant::compareTo).orElse(null));
    }

    private void read(DayFile day, Instant before, Instant until) {
        try (LogReader entries = new LogReader(day.path(), 0, BriefRecord::read)) {
            while (entries.hasNext()) {
                if (!(entries.next().record() instanceof Run run) || run.start() == null) continue;
                if (until != null && !run.start().isBefore(until)) return;
                if (!run.start().isBefore(before) || InFlight.is(run.start(), now) || pruned.contains(run.id())) continue;
                batch.putIfAbsent(run.id(), run.start());
                if (batch.size() == BATCH) ask();
            }
            bytes += entries.position();
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.MISSING && e.reason() != StoreException.Reason.DAMAGED) throw e;
        }
    }

    private void ask() {
        batch.keySet().removeAll(found.keySet());
        List<String> absent = new ArrayList<>();
        if (!batch.isEmpty()) for (Row row : database.query(ABSENT, JsonText.line(batch.keySet()))) absent.add(row.text("value"));
        absent.forEach(id -> found.put(id, batch.get(id)));
        batch.clear();
    }

    /** Records them as pruned, on the disk: no restore, recovery or rebuild brings them back. */
    public void adopt(Found deleted) {
        pruned.add(deleted.runIds, now);
    }

    /**
     * Runs that a command is about to bring back. The newest of them are looked for first; of the oldest row's own day only what stands
     * before its line is read. None also where the database cannot tell.
     */
    public static Older older(Store store, Instant now) {
        try (Database database = Database.openToRead(store.database())) {
            var deleted = new DeletedRuns(store, database, now);
            Instant oldest = deleted.oldest();
            return new Older(oldest == null ? 0 : deleted.find(oldest, oldest.plus(SLACK)).runIds.size(), !deleted.isCut);
        } catch (StoreException e) {
            return new Older(0, true);
        }
    }

    /** Shows which ones they are. */
    public static Next offer(Store store) {
        return store.command("prune", "adopt", "--dry-run");
    }
}
