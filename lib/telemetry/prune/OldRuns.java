package telemetry.prune;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.Rows;
import telemetry.RunFilter;
import telemetry.RunStatus;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.runs.ChangedRows;
import telemetry.runs.RunConditions;
import telemetry.runs.Schema;
import telemetry.runs.StartTimes;
import telemetry.runs.UnknownTriggers;
import telemetry.store.Pruned;
import telemetry.text.JsonText;

/**
 * Deletes old runs from the database and leaves the day files alone. A run that still says running stays, and so does one on which a
 * staying run depends: a chain goes whole or stays, and so do a run and its caller. What belongs to a run, such as its commits, goes with
 * it.
 */
public final class OldRuns {

    /**
     * A selection of runs.
     *
     * @param before      those that started before this
     * @param agent       of this agent only; null for any
     * @param breakChains whether some runs of a chain may go while others stay
     * @param limit       at most this many runs, the oldest first
     */
    public record Choice(Instant before, String agent, boolean breakChains, long limit) { }

    /** The runs of one agent that go. @param last when the latest of them started */
    public record AgentRuns(String agent, long runs, Instant first, Instant last) { }

    /**
     * What would go now.
     *
     * @param runs    rows to delete
     * @param kept    old enough, but kept because of others in their chain, or because of their caller
     * @param running old enough, but still running
     * @param unread  of unknown age, because their start cannot be read; they stay
     */
    public record Plan(Instant before, long runs, List<AgentRuns> agents, long kept, long running, long unread, List<long[]> groups,
            long newest) { }

    /** @param left runs of the plan that stay, because a new or changed run depends on them */
    public record Deleted(long runs, long commits, long left) {
        private Deleted plus(Deleted more) {
            return new Deleted(runs + more.runs, commits + more.commits, left + more.left);
        }
    }

    /** @param held how long writers had to wait */
    private record Batch(Deleted deleted, Duration held) { }

    /** Rows in a transaction, so that writers do not wait long. A chain goes in one transaction, however long it is. */
    private static final int BATCH = 500;

    private static final Set<RunStatus> OVER = EnumSet.complementOf(EnumSet.of(RunStatus.RUNNING));
    private static final String OF_RUNS = " WHERE run_id IN (SELECT value FROM json_each(?))";
    private static final String STRANGERS = "SELECT DISTINCT m.name FROM sqlite_master AS m"
            + " JOIN pragma_foreign_key_list(m.name) AS f ON f.\"table\" = 'agent_runs'"
            + " WHERE m.type = 'table' AND m.name NOT IN ('agent_runs', 'run_events', 'commits')";
    private static final String AGENTS = "SELECT agent_name, count(*) AS runs, min(" + StartTimes.TEXT + ") AS first, max("
            + StartTimes.TEXT + ") AS last FROM agent_runs";

    private final Database database;
    private final Schema schema;
    private final Choice choice;
    private final RunConditions over;
    private final RunConditions goes;
    private final RunGroups.Links links;
    private final RowPlaces places;

    /** @throws StoreException {@code FAILED} when another table refers to runs: it is unknown what should become of its rows */
    public OldRuns(Database database, Choice choice) {
        this.database = database;
        Schema.refuseNewer(database);
        this.schema = Schema.require(database);
        this.choice = choice;
        this.over = conditions(OVER, null);
        this.goes = conditions(OVER, choice.before);
        this.links = RunGroups.Links.in(schema, !choice.breakChains);
        this.places = new RowPlaces(database, schema);
        String strangers = database.query(STRANGERS).stream().map(row -> row.text("name")).collect(Collectors.joining(", "));
        if (!strangers.isEmpty()) throw new StoreException(StoreException.Reason.FAILED, "delete runs from", database.file(),
                "other tables refer to them: " + strangers, Next.words("remove the rows that refer to old runs, or the foreign keys"));
    }

    private RunConditions conditions(Set<RunStatus> statuses, Instant before) {
        RunFilter filter = RunFilter.ALL.withAgent(choice.agent).withStatuses(statuses).during(null, before);
        return new RunConditions(filter, schema, database, none -> false);
    }

    /** Looks only. */
    public Plan plan() {
        return database.inSnapshot(() -> {
            var groups = new RunGroups(links);
            boolean isUnread = false;
            for (Row row : rows(over, ", " + StartTimes.SECOND + " AS second", " ORDER BY second" + places.then())) {
                Row placed = places.placed(row);
                groups.add(placed, row.number("goes") == 1 && isOld(placed));
                isUnread |= row.get("second") == null;
            }
            RunGroups.Going going = groups.going(choice.limit);
            List<Long> rowids = rowids(going.groups());
            var running = conditions(Set.of(RunStatus.RUNNING), choice.before);
            long saysRunning = database.number("SELECT count(*) FROM agent_runs" + running.where(), running.values().toArray());
            return new Plan(choice.before, rowids.size(), agents(rowids), going.kept(), saysRunning, isUnread ? unread() : 0,
                    going.groups(), places.newest(database));
        });
    }

    private long unread() {
        RunFilter filter = RunFilter.ALL.withAgent(choice.agent);
        var unread = new RunConditions(filter, schema, database, none -> false).and(StartTimes.UNREADABLE);
        return database.number("SELECT count(*) FROM agent_runs" + unread.where(), unread.values().toArray());
    }

    /** The rows with their links to others, and whether each may go by itself. */
    private Rows rows(RunConditions goes, String more, String which, Object... values) {
        String sql = "SELECT " + places.columns() + links.columns() + ", " + goes.all() + " AS goes" + more + " FROM agent_runs" + which;
        return database.query(sql, goes.values(values).toArray());
    }

    /** By the second that its row was sorted by; SQL is asked once more where that does not decide. */
    private boolean isOld(Row row) {
        if (row.get("second") == null) return false;
        if (!StartTimes.isClose(row.number("second"), choice.before)) return row.number("second") < choice.before.getEpochSecond();
        return database.number("SELECT " + goes.all() + " FROM agent_runs" + places.where(),
                goes.values(places.json(List.of(row.number("place")))).toArray()) == 1;
    }

    private List<AgentRuns> agents(List<Long> rowids) {
        String sql = AGENTS + places.where() + " GROUP BY agent_name";
        return database.query(sql, places.json(rowids)).stream().map(row -> new AgentRuns(row.text("agent_name"), row.number("runs"),
                Times.instant(row.text("first")), Times.instant(row.text("last")))).toList();
    }

    private static List<Long> rowids(List<long[]> groups) {
        return groups.stream().flatMapToLong(Arrays::stream).boxed().toList();
    }

    /**
     * Deletes what was planned, as far as it may still go, batch by batch while others write. Each batch is added to the list of pruned
     * runs, on the disk, before its transaction ends, so that a killed run can be repeated.
     *
     * @param deleted receives the number of runs deleted so far
     */
    public Deleted delete(Plan plan, Pruned pruned, Instant now, LongConsumer deleted) {
        var all = new Deleted(0, 0, 0);
        Duration pause = Duration.ZERO;
        for (List<long[]> groups : batches(plan.groups)) {
            LockSupport.parkNanos(pause.toNanos());
            Batch batch = database.inTransaction(() -> delete(groups, plan.newest, pruned, now));
            all = all.plus(batch.deleted);
            pause = batch.held;
            deleted.accept(all.runs);
        }
        return all;
    }

    private static List<List<long[]>> batches(List<long[]> groups) {
        List<List<long[]>> batches = new ArrayList<>();
        long rows = BATCH;
        for (long[] group : groups) {
            if (rows + group.length > BATCH) {
                batches.add(new ArrayList<>());
                rows = 0;
            }
            batches.get(batches.size() - 1).add(group);
            rows += group.length;
        }
        return batches;
    }

    private Batch delete(List<long[]> groups, long newest, Pruned pruned, Instant now) {
        long began = System.nanoTime();
        Map<Boolean, List<Row>> stays = stays(groups, newest);
        Deleted deleted = delete(stays.get(false), pruned, now).plus(new Deleted(0, 0, stays.get(true).size()));
        return new Batch(deleted, Duration.ofNanos(System.nanoTime() - began));
    }

    private Deleted delete(List<Row> rows, Pruned pruned, Instant now) {
        if (rows.isEmpty()) return new Deleted(0, 0, 0);
        Set<String> runIds = rows.stream().map(row -> row.text("run_id")).filter(RunGroups::isId).collect(Collectors.toSet());
        int commits = deleteBelongings(database, schema, JsonText.line(runIds));
        String gone = places.json(rows.stream().map(row -> row.number("place")).toList());
        int runs = database.update("DELETE FROM agent_runs" + places.where(), gone);
        ChangedRows.require(database, rows.size(), runs);
        List<String> listed = runIds.stream().filter(id -> !pruned.contains(id)).sorted().toList();
        if (!listed.isEmpty()) pruned.add(listed, now);
        return new Deleted(runs, commits, 0);
    }

    /** @return the number of commits */
    private static int deleteBelongings(Database database, Schema schema, String runIds) {
        if (schema.tables().contains("run_events")) database.update("DELETE FROM run_events" + OF_RUNS, runIds);
        return schema.tables().contains("commits") ? database.update("DELETE FROM commits" + OF_RUNS, runIds) : 0;
    }

    /**
     * Deletes pruned runs again from a database that has them, from a backup or because the pruning was interrupted.
     *
     * @return how many rows
     */
    public static long deleteAgain(Database database, Pruned pruned) {
        if (pruned.size() == 0) return 0;
        Schema schema = Schema.require(database);
        List<String> back = database.query("SELECT DISTINCT run_id FROM agent_runs WHERE run_id IS NOT NULL").stream()
                .map(row -> row.text("run_id")).filter(pruned::contains).toList();
        long deleted = 0;
        for (List<String> batch : StaleRuns.batches(back)) {
            String ids = JsonText.line(batch);
            deleted += new UnknownTriggers(database).inTransaction(() -> {
                deleteBelongings(database, schema, ids);
                long rows = database.number("SELECT count(*) FROM agent_runs" + OF_RUNS, ids);
                ChangedRows.require(database, rows, database.update("DELETE FROM agent_runs" + OF_RUNS, ids));
                return rows;
            });
        }
        return deleted;
    }

    /** The rows that still exist: true for those of a group that a new row belongs to, or that has a row which may not go any more. */
    private Map<Boolean, List<Row>> stays(List<long[]> groups, long newest) {
        Set<String> fresh = new HashSet<>();
        for (Row row : rows(goes, "", places.after(newest)))
            if (!places.isOlder(places.placed(row), newest)) fresh.addAll(links.of(row));
        Map<Long, Row> rows = new HashMap<>();
        for (Row row : rows(goes, "", places.where(), places.json(rowids(groups)))) {
            Row placed = places.placed(row);
            rows.put(placed.number("place"), placed);
        }
        Map<Boolean, List<Row>> stays = Map.of(true, new ArrayList<>(), false, new ArrayList<>());
        for (long[] group : groups) {
            List<Row> there = Arrays.stream(group).mapToObj(rows::get).filter(Objects::nonNull).toList();
            stays.get(there.stream().anyMatch(row -> row.number("goes") == 0 || !Collections.disjoint(links.of(row), fresh))).addAll(there);
        }
        return stays;
    }
}
