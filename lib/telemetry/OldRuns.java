package telemetry;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/**
 * Deletes old runs from the database and leaves the day files alone. Never one that still says running, and none on which another that stays depends: a chain goes as a whole or stays, so do a run
 * and the one that called it. What belongs to a run, its commits say, goes with it.
 */
public final class OldRuns {

    /**
     * Which runs are meant.
     *
     * @param before      those that started before this
     * @param agent       of this agent alone; null for any
     * @param breakChains whether some runs of a chain may go while others stay
     * @param limit       so many runs at most, the oldest
     */
    public record Choice(Instant before, String agent, boolean breakChains, long limit) { }

    /** An agent's runs among those that go. @param last when the latest of them started */
    public record AgentRuns(String agent, long runs, Instant first, Instant last) { }

    /**
     * What would go now.
     *
     * @param runs    rows to delete
     * @param kept    that would go by their age and stay with others of their chain or caller
     * @param running that would go by their age and still say running
     */
    public record Plan(long runs, List<AgentRuns> agents, long kept, long running, List<long[]> groups, long newest) { }

    /** @param left runs of the plan that stay, because a run that has come meanwhile or was changed depends on them */
    public record Deleted(long runs, long commits, long left) { }

    /** Rows a transaction: some 30 ms during which writers wait. A chain goes in one, however long it is. */
    private static final int BATCH = 500;

    private static final Set<RunStatus> OVER = Arrays.stream(RunStatus.values()).filter(RunStatus::isFinal).collect(Collectors.toUnmodifiableSet());
    private static final String ROWS = " WHERE rowid IN (SELECT value FROM json_each(?))";
    private static final String OF_RUNS = " WHERE run_id IN (SELECT value FROM json_each(?))";
    private static final String STRANGERS = "SELECT DISTINCT m.name FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f ON f.\"table\" = 'agent_runs'"
            + " WHERE m.type = 'table' AND m.name NOT IN ('agent_runs', 'run_events', 'commits')";

    private final Database database;
    private final Schema schema;
    private final Choice choice;
    private final RunConditions goes;
    private long newest;

    /** @throws StoreException {@code REFUSED} when another table refers to runs: nobody here knows what would have to become of its rows */
    public OldRuns(Database database, Choice choice) {
        this.database = database;
        this.schema = Schema.require(database);
        this.choice = choice;
        this.goes = conditions(OVER);
        String strangers = database.query(STRANGERS).stream().map(row -> row.text("name")).collect(Collectors.joining(", "));
        if (!strangers.isEmpty()) throw new StoreException(StoreException.Reason.REFUSED, "delete runs from", database.file(),
                "other tables refer to them: " + strangers, "remove what refers to old runs there, or the foreign keys");
    }

    private RunConditions conditions(Set<RunStatus> statuses) {
        return new RunConditions(RunFilter.ALL.withAgent(choice.agent).withStatuses(statuses).during(null, choice.before), schema, none -> false);
    }

    /** Looks only. */
    public Plan plan() {
        return database.inSnapshot(() -> {
            var groups = new RunGroups(schema, !choice.breakChains);
            for (Row row : database.query("SELECT " + groups.columns() + ", " + goes.all() + " AS goes FROM agent_runs ORDER BY " + RunConditions.START + ", rowid", goes.values().toArray()))
                groups.add(row, row.number("goes") == 1);
            List<long[]> going = groups.going(choice.limit);
            var running = conditions(Set.of(RunStatus.RUNNING));
            return new Plan(going.stream().mapToLong(group -> group.length).sum(), agents(going), groups.kept(),
                    database.number("SELECT count(*) FROM agent_runs" + running.where(), running.values().toArray()), going, database.number("SELECT max(rowid) FROM agent_runs"));
        });
    }

    private List<AgentRuns> agents(List<long[]> groups) {
        String sql = "SELECT agent_name, count(*) AS runs, min(" + RunConditions.START + ") AS first, max(" + RunConditions.START + ") AS last FROM agent_runs" + ROWS + " GROUP BY agent_name";
        return database.query(sql, JsonText.line(rowids(groups))).stream()
                .map(row -> new AgentRuns(row.text("agent_name"), row.number("runs"), Times.instant(row.text("first")), Times.instant(row.text("last")))).toList();
    }

    private static List<Long> rowids(List<long[]> groups) {
        return groups.stream().flatMapToLong(Arrays::stream).boxed().toList();
    }

    /**
     * Deletes what was planned, as far as it may still go, batch by batch while others write. Each batch is on the list of pruned runs, on the disk, before its rows are deleted: killed
     * at any moment, it can be done again.
     *
     * @param deleted is given the number of runs deleted so far
     */
    public Deleted delete(Plan plan, Pruned pruned, Instant now, LongConsumer deleted) {
        var sum = new long[3];
        newest = plan.newest;
        List<long[]> batch = new ArrayList<>();
        long rows = 0;
        for (long[] group : plan.groups) {
            if (rows > 0 && rows + group.length > BATCH) {
                pause(deleteInTransaction(batch, pruned, now, sum));
                deleted.accept(sum[0]);
                batch.clear();
                rows = 0;
            }
            batch.add(group);
            rows += group.length;
        }
        if (rows > 0) deleteInTransaction(batch, pruned, now, sum);
        deleted.accept(sum[0]);
        return new Deleted(sum[0], sum[1], sum[2]);
    }

    /** As long as writers had to wait: they look for the lock now and then only, and are not to find it taken each time. */
    private static void pause(Duration lockHeld) {
        LockSupport.parkNanos(lockHeld.toNanos());
    }

    private Duration deleteInTransaction(List<long[]> batch, Pruned pruned, Instant now, long[] sum) {
        return database.inTransaction(() -> {
            long began = System.nanoTime();
            delete(stillGoing(batch, sum), pruned, now, sum);
            return Duration.ofNanos(System.nanoTime() - began);
        });
    }

    private void delete(List<Row> rows, Pruned pruned, Instant now, long[] sum) {
        if (rows.isEmpty()) return;
        Set<String> runIds = rows.stream().map(row -> row.text("run_id")).collect(Collectors.toSet());
        pruned.add(runIds.stream().filter(id -> !pruned.contains(id)).sorted().toList(), now);
        String ids = JsonText.line(runIds);
        if (schema.tables().contains("run_events")) database.update("DELETE FROM run_events" + OF_RUNS, ids);
        if (schema.tables().contains("commits")) sum[1] += database.update("DELETE FROM commits" + OF_RUNS, ids);
        sum[0] += database.update("DELETE FROM agent_runs" + ROWS, JsonText.line(rows.stream().map(row -> row.number("place")).toList()));
    }

    /** The rows of those groups to which no new row belongs, and no row that may not go any more. */
    private List<Row> stillGoing(List<long[]> batch, long[] sum) {
        var groups = new RunGroups(schema, !choice.breakChains);
        Set<String> linked = new HashSet<>();
        for (Row row : database.query("SELECT " + groups.columns() + " FROM agent_runs WHERE rowid > ? ORDER BY rowid", newest)) linked.addAll(groups.links(row));
        List<Object> values = goes.values(JsonText.line(rowids(batch)));
        Map<Long, Row> rows = new HashMap<>();
        for (Row row : database.query("SELECT " + groups.columns() + ", " + goes.all() + " AS goes FROM agent_runs" + ROWS, values.toArray())) rows.put(row.number("place"), row);
        List<Row> going = new ArrayList<>();
        for (long[] group : batch) {
            List<Row> there = Arrays.stream(group).mapToObj(rows::get).filter(Objects::nonNull).toList();
            boolean stays = there.stream().anyMatch(row -> row.number("goes") == 0 || groups.links(row).stream().anyMatch(linked::contains));
            if (stays) sum[2] += there.size();
            else going.addAll(there);
        }
        return going;
    }
}
