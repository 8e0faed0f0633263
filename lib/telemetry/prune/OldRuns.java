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
import telemetry.runs.RunConditions;
import telemetry.runs.Schema;
import telemetry.store.Pruned;
import telemetry.text.JsonText;

/**
 * Deletes old runs from the database and leaves the day files alone. Never one that still says running, and none on which another that
 * stays depends: a chain goes as a whole or stays, so do a run and the one that called it. What belongs to a run, its commits say, goes
 * with it.
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

    /** Rows a transaction, so that writers do not wait for long. A chain goes in one, however long it is. */
    private static final int BATCH = 500;

    private static final Set<RunStatus> OVER = EnumSet.complementOf(EnumSet.of(RunStatus.RUNNING));
    private static final String ROWS = " WHERE rowid IN (SELECT value FROM json_each(?))";
    private static final String OF_RUNS = " WHERE run_id IN (SELECT value FROM json_each(?))";
    private static final String STRANGERS = "SELECT DISTINCT m.name FROM sqlite_master AS m"
            + " JOIN pragma_foreign_key_list(m.name) AS f ON f.\"table\" = 'agent_runs'"
            + " WHERE m.type = 'table' AND m.name NOT IN ('agent_runs', 'run_events', 'commits')";
    private static final String AGENTS = "SELECT agent_name, count(*) AS runs, min(" + RunConditions.START + ") AS first, max("
            + RunConditions.START + ") AS last FROM agent_runs" + ROWS + " GROUP BY agent_name";

    private final Database database;
    private final Schema schema;
    private final Choice choice;
    private final RunConditions goes;
    private final RunGroups links;
    private long newest;
    private long gone;
    private long commits;
    private long left;

    /** @throws StoreException {@code REFUSED} when another table refers to runs: nobody here knows what would have to become of its rows */
    public OldRuns(Database database, Choice choice) {
        this.database = database;
        this.schema = Schema.require(database);
        this.choice = choice;
        this.goes = conditions(OVER);
        this.links = new RunGroups(schema, !choice.breakChains);
        String strangers = database.query(STRANGERS).stream().map(row -> row.text("name")).collect(Collectors.joining(", "));
        if (!strangers.isEmpty()) throw new StoreException(StoreException.Reason.REFUSED, "delete runs from", database.file(),
                "other tables refer to them: " + strangers, Next.words("remove what refers to old runs there, or the foreign keys"));
    }

    private RunConditions conditions(Set<RunStatus> statuses) {
        RunFilter filter = RunFilter.ALL.withAgent(choice.agent).withStatuses(statuses).during(null, choice.before);
        return new RunConditions(filter, schema, none -> false);
    }

    /** Looks only. */
    public Plan plan() {
        return database.inSnapshot(() -> {
            var groups = new RunGroups(schema, !choice.breakChains);
            for (Row row : rows(" ORDER BY " + RunConditions.START + ", rowid")) groups.add(row, row.number("goes") == 1);
            List<long[]> going = groups.going(choice.limit);
            long runs = going.stream().mapToLong(group -> group.length).sum();
            var running = conditions(Set.of(RunStatus.RUNNING));
            long saysRunning = database.number("SELECT count(*) FROM agent_runs" + running.where(), running.values().toArray());
            return new Plan(runs, agents(going), groups.kept(), saysRunning, going, database.number("SELECT max(rowid) FROM agent_runs"));
        });
    }

    /** With what a group is told by, and whether each may go as far as it alone is concerned. */
    private Rows rows(String which, Object... values) {
        String sql = "SELECT " + links.columns() + ", " + goes.all() + " AS goes FROM agent_runs" + which;
        return database.query(sql, goes.values(values).toArray());
    }

    private List<AgentRuns> agents(List<long[]> groups) {
        List<AgentRuns> agents = new ArrayList<>();
        for (Row row : database.query(AGENTS, JsonText.line(rowids(groups)))) {
            Instant last = Times.instant(row.text("last"));
            agents.add(new AgentRuns(row.text("agent_name"), row.number("runs"), Times.instant(row.text("first")), last));
        }
        return agents;
    }

    private static List<Long> rowids(List<long[]> groups) {
        return groups.stream().flatMapToLong(Arrays::stream).boxed().toList();
    }

    /**
     * Deletes what was planned, as far as it may still go, batch by batch while others write. Each batch is on the list of pruned runs, on
     * the disk, before its rows are deleted: killed at any moment, it can be done again.
     *
     * @param deleted is given the number of runs deleted so far
     */
    public Deleted delete(Plan plan, Pruned pruned, Instant now, LongConsumer deleted) {
        newest = plan.newest;
        gone = commits = left = 0;
        List<long[]> batch = new ArrayList<>();
        long rows = 0;
        for (long[] group : plan.groups) {
            if (rows > 0 && rows + group.length > BATCH) {
                pause(delete(batch, pruned, now));
                deleted.accept(gone);
                batch.clear();
                rows = 0;
            }
            batch.add(group);
            rows += group.length;
        }
        if (rows > 0) delete(batch, pruned, now);
        deleted.accept(gone);
        return new Deleted(gone, commits, left);
    }

    /** As long as writers had to wait: they look for the lock now and then only, and are not to find it taken each time. */
    private static void pause(Duration lockHeld) {
        LockSupport.parkNanos(lockHeld.toNanos());
    }

    private Duration delete(List<long[]> batch, Pruned pruned, Instant now) {
        return database.inTransaction(() -> {
            long began = System.nanoTime();
            List<Row> rows = stillGoing(batch);
            if (!rows.isEmpty()) deleteRows(rows, pruned, now);
            return Duration.ofNanos(System.nanoTime() - began);
        });
    }

    private void deleteRows(List<Row> rows, Pruned pruned, Instant now) {
        Set<String> runIds = rows.stream().map(row -> row.text("run_id")).collect(Collectors.toSet());
        pruned.add(runIds.stream().filter(id -> !pruned.contains(id)).sorted().toList(), now);
        commits += deleteBelongings(database, schema, JsonText.line(runIds));
        String places = JsonText.line(rows.stream().map(row -> row.number("place")).toList());
        gone += database.update("DELETE FROM agent_runs" + ROWS, places);
    }

    /** @return how many commits these were */
    private static int deleteBelongings(Database database, Schema schema, String runIds) {
        if (schema.tables().contains("run_events")) database.update("DELETE FROM run_events" + OF_RUNS, runIds);
        return schema.tables().contains("commits") ? database.update("DELETE FROM commits" + OF_RUNS, runIds) : 0;
    }

    /**
     * Deletes again what was pruned, from a database that has it from a backup, or because the pruning was interrupted.
     *
     * @return how many rows
     */
    public static long deleteAgain(Database database, Pruned pruned) {
        if (pruned.size() == 0) return 0;
        Schema schema = Schema.require(database);
        List<String> back = new ArrayList<>();
        for (Row row : database.query("SELECT DISTINCT run_id FROM agent_runs WHERE run_id IS NOT NULL"))
            if (pruned.contains(row.text("run_id"))) back.add(row.text("run_id"));
        long deleted = 0;
        for (int from = 0; from < back.size(); from += BATCH) {
            String ids = JsonText.line(back.subList(from, Math.min(from + BATCH, back.size())));
            deleted += database.inTransaction(() -> {
                deleteBelongings(database, schema, ids);
                return database.update("DELETE FROM agent_runs" + OF_RUNS, ids);
            });
        }
        return deleted;
    }

    /** The rows of those groups to which no new row belongs, and no row that may not go any more. */
    private List<Row> stillGoing(List<long[]> batch) {
        Set<String> fresh = new HashSet<>();
        for (Row row : rows(" WHERE rowid > ?", newest)) fresh.addAll(links.links(row));
        Map<Long, Row> rows = new HashMap<>();
        for (Row row : rows(ROWS, JsonText.line(rowids(batch)))) rows.put(row.number("place"), row);
        List<Row> going = new ArrayList<>();
        for (long[] group : batch) {
            List<Row> there = Arrays.stream(group).mapToObj(rows::get).filter(Objects::nonNull).toList();
            if (there.stream().anyMatch(row -> stays(row, fresh))) left += there.size();
            else going.addAll(there);
        }
        return going;
    }

    private boolean stays(Row row, Set<String> fresh) {
        return row.number("goes") == 0 || !Collections.disjoint(links.links(row), fresh);
    }
}
