package telemetry.prune;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Row;
import telemetry.Rows;
import telemetry.Run;
import telemetry.RunFilter;
import telemetry.RunStatus;
import telemetry.Times;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.LogReader;
import telemetry.runs.ChangedRows;
import telemetry.runs.NewerRows;
import telemetry.runs.RunConditions;
import telemetry.runs.Schema;
import telemetry.runs.StartTimes;
import telemetry.runs.UnknownTriggers;
import telemetry.store.Pruned;
import telemetry.text.JsonText;

/**
 * Finds runs that say running long after their start, and cancels them. In tables of v1 to v5, which lack that word, they are set to
 * failed. Their error_summary says why. A real end that comes later wins, as a row or as a line of the day files.
 */
public final class StaleRuns {

    /**
     * @param runId        null for a row that has none or an empty one: it is found by its place alone
     * @param endedInFiles only the database does not know its end; it needs a replay and is not cancelled
     * @param place        the number of its row; 0 where rows have none
     */
    public record Stale(String runId, String agent, Instant start, boolean endedInFiles, long place) { }

    /** Runs in one transaction, and in one look into the list of cancelled runs. */
    private static final int BATCH = 500;

    private static final String CANCEL = "UPDATE agent_runs SET status = ?, end_time = ?,"
            + " error_summary = iif(coalesce(error_summary, '') = '', '', error_summary || ' ') || ?";

    private final Database database;
    private final Schema schema;
    private final Instant before;

    /** The runs that started before this. */
    public StaleRuns(Database database, Instant before) {
        this.database = database;
        Schema.refuseNewer(database);
        this.schema = Schema.require(database);
        this.before = before;
    }

    /** Finds them, the oldest first; looks only. Reads the day files since the first one's start. @param agent null for any */
    public List<Stale> find(EventLog log, String agent, long limit) {
        Map<Object, Stale> stale = new LinkedHashMap<>();
        for (Row row : stale(agent, limit)) {
            String id = RunGroups.isId(row.text("run_id")) ? row.text("run_id") : null;
            var run = new Stale(id, row.text("agent_name"), Times.instant(row.get("start_time")), false, row.number("place"));
            stale.putIfAbsent(id == null ? (Object) run.place : id, run);
        }
        for (String id : ended(log, stale))
            stale.computeIfPresent(id, (same, run) -> new Stale(id, run.agent, run.start, true, run.place));
        return List.copyOf(stale.values());
    }

    private Rows stale(String agent, long limit) {
        var which = running(database, schema, RunFilter.ALL.withAgent(agent).during(null, before), "status"::equals);
        String place = schema.number() == null ? "0" : schema.number();
        return database.query("SELECT " + place + " AS place, run_id, agent_name, start_time FROM agent_runs" + which.where()
                + StartTimes.oldestFirst(schema) + " LIMIT ?", which.values(limit).toArray());
    }

    /** How many say running and may be stale or not, because their start cannot be read. @param agent null for any */
    public long unread(String agent) {
        var which = running(database, schema, RunFilter.ALL.withAgent(agent), "status"::equals).and(StartTimes.UNREADABLE);
        return database.number("SELECT count(*) FROM agent_runs" + which.where(), which.values().toArray());
    }

    private static RunConditions running(Database database, Schema schema, RunFilter filter, Predicate<String> indexed) {
        return new RunConditions(filter.withStatuses(Set.of(RunStatus.RUNNING)), schema, database, indexed);
    }

    private static Set<String> ended(EventLog log, Map<Object, Stale> stale) {
        Set<String> ended = new HashSet<>();
        if (stale.isEmpty()) return ended;
        LocalDate first = DayFile.dayOf(stale.values().iterator().next().start).minusDays(1);
        for (DayFile file : log.days()) {
            if (file.day().isBefore(first)) continue;
            try (LogReader entries = new LogReader(file.path(), 0, BriefRecord::read)) {
                while (entries.hasNext())
                    if (entries.next().record() instanceof Run run && run.isEnd() && stale.containsKey(run.id())) ended.add(run.id());
            }
        }
        return ended;
    }

    /**
     * Cancels these runs, if they are still stale, while others write. They are on the list of pruned runs before the transaction ends.
     *
     * @param done receives the number of runs cancelled so far
     * @return how many
     */
    public long cancel(List<Stale> stale, Pruned pruned, Instant now, LongConsumer done) {
        long cancelled = 0;
        for (List<Stale> batch : batches(stale)) {
            cancelled += database.inTransaction(() -> cancelBatch(batch, pruned, now));
            done.accept(cancelled);
        }
        return cancelled;
    }

    static <T> List<List<T>> batches(List<T> all) {
        return IntStream.iterate(0, from -> from < all.size(), from -> from + BATCH)
                .mapToObj(from -> all.subList(from, Math.min(from + BATCH, all.size()))).toList();
    }

    private long cancelBatch(List<Stale> batch, Pruned pruned, Instant now) {
        Set<String> running = running(database, schema, batch.stream().map(Stale::runId).filter(Objects::nonNull).toList());
        List<Stale> runs = batch.stream().filter(run -> run.runId == null || running.contains(run.runId)).toList();
        List<Pruned.Cancelled> listed = runs.stream().filter(run -> run.runId != null).map(run -> cancelled(run, now)).toList();
        long cancelled = runs.stream().mapToLong(run -> cancel(database, schema, cancelled(run, now), run.place)).sum();
        if (!listed.isEmpty()) pruned.cancel(listed);
        return cancelled;
    }

    private Pruned.Cancelled cancelled(Stale run, Instant now) {
        String took = Times.words(Duration.between(run.start, now));
        return new Pruned.Cancelled(run.runId, before, now, NewerRows.CANCELLED + " no end within " + took + " of its start");
    }

    /**
     * Cancels runs again in a database that has them as running, because it comes from the day files or from a backup. Repeating it changes
     * nothing.
     *
     * @return how many rows were changed
     */
    public static long cancelAgain(Database database, Pruned pruned) {
        if (pruned.cancelled().isEmpty()) return 0;
        Schema schema = Schema.require(database);
        long changed = 0;
        for (List<Pruned.Cancelled> batch : batches(pruned.cancelled())) {
            Set<String> running = running(database, schema, batch.stream().map(Pruned.Cancelled::runId).toList());
            List<Pruned.Cancelled> runs = batch.stream().filter(run -> running.contains(run.runId())).toList();
            if (runs.isEmpty()) continue;
            changed += new UnknownTriggers(database).inTransaction(() -> runs.stream().mapToLong(run -> cancel(database, schema, run,
                    0)).sum());
        }
        return changed;
    }

    private static Set<String> running(Database database, Schema schema, Iterable<String> runIds) {
        var which = running(database, schema, RunFilter.ALL, "status"::equals)
                .and("run_id IN (SELECT value FROM json_each(?))", JsonText.line(runIds));
        return database.query("SELECT run_id FROM agent_runs" + which.where(), which.values().toArray()).stream()
                .map(row -> row.text("run_id")).collect(Collectors.toSet());
    }

    /**
     * A run_id may have several rows, one of them of a later attempt that is not stale. The end time is that of the decision; the duration
     * stays unknown.
     *
     * @param place of a row without a run_id
     */
    private static int cancel(Database database, Schema schema, Pruned.Cancelled run, long place) {
        var which = running(database, schema, RunFilter.ALL.during(null, run.startedBefore()), none -> false);
        if (run.runId() == null && schema.number() != null) which.and(schema.number() + " = ?", place);
        if (run.runId() == null) which.and("trim(coalesce(run_id, '')) = ''");
        else which.and("run_id = ?", run.runId());
        String touched = schema.has("updated_at") ? ", updated_at = " + schema.now() : "";
        List<Object> values = new ArrayList<>(List.of(schema.word(RunStatus.CANCELLED), Times.text(run.at()), run.why()));
        values.addAll(which.values());
        int changed = database.update(CANCEL + touched + which.where(), values.toArray());
        if (changed == 0) ChangedRows.require(database, database.number("SELECT count(*) FROM agent_runs" + which.where(),
                which.values().toArray()), 0);
        return changed;
    }
}
