package telemetry.runs;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.RunStatus;
import telemetry.StoreException;
import telemetry.Times;

/**
 * The shape of a database's tables. It is recognised by their columns, because {@code schema_migrations.version} cannot be trusted: a v2
 * table can be stamped 3.
 *
 * @param shape   which family of writers made it
 * @param version 1 to 7; 6 and 7 have the same columns, so only there the stamp decides
 * @param columns of agent_runs, in order; empty when there is no such table
 * @param tables  all of them
 * @param indexes those with a name of their own
 * @param stamp   the highest version in schema_migrations, 0 when there is none or the table is another tool's
 * @param named   the version that the database says it has, in its stamp or in what a new row gets
 * @param number  the name under which SQL reaches a row's number in agent_runs, a column or rowid; null when rows have none
 * @param foreign what agent_runs is instead of a table of runs, in words; null when it is one or there is none
 * @param limits  what its columns refuse
 */
public record Schema(Shape shape, int version, List<String> columns, Set<String> tables, Set<String> indexes, int stamp, int named,
        String number, String foreign, Limits limits) {

    /** The families of writers. */
    public enum Shape {
        /** No table agent_runs. */
        NONE,
        /** v1 to v5: run_id is the primary key. */
        RUNBOOK,
        /** v6 and v7 of the Python client: run_id is the primary key, event_id unique. */
        PYTHON,
        /** v6 and v7 of the service: event_id is unique, run_id is not. */
        SERVICE
    }

    /** The newest version that the toolkit knows. */
    public static final int NEWEST = 7;

    private static final Next AN_OWN_TABLE = Next.words("give the runs a table of their own, or name another store with --store DIR");

    /** The version that {@code setup} makes. */
    public static final int RUNBOOK_VERSION = 3;

    /** Makes the runbook's tables and indexes (v3) in an empty database, in WAL mode. */
    public static Schema create(Database database) {
        return create(database, SchemaForm.RUNBOOK);
    }

    /** Makes the tables and indexes of these writers in an empty database, in their journal mode. */
    public static Schema create(Database database, SchemaForm form) {
        database.pragma("journal_mode", form.journal());
        database.inTransaction(() -> {
            form.createTables(database);
            form.createIndexes(database);
        });
        return of(database);
    }

    /** Reads the schema; changes nothing. */
    public static Schema of(Database database) {
        Set<String> tables = new LinkedHashSet<>();
        Set<String> indexes = new LinkedHashSet<>();
        Row runs = null;
        for (Row row : database.query("SELECT type, name, CASE name WHEN 'agent_runs' THEN sql END AS sql FROM sqlite_master"
                + " WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@'")) {
            if ("table".equals(row.text("type"))) tables.add(row.text("name"));
            else if ("index".equals(row.text("type"))) indexes.add(row.text("name"));
            if ("agent_runs".equals(row.text("name"))) runs = row;
        }
        var table = RunsTable.of(database, runs);
        List<String> columns = table.columns();
        int stamp = tables.contains("schema_migrations") ? RunsTable.stamp(database) : 0;
        Shape shape = columns.isEmpty() ? Shape.NONE : !columns.contains("event_id") ? Shape.RUNBOOK
                : columns.contains("id") ? Shape.SERVICE : Shape.PYTHON;
        return new Schema(shape, version(shape, columns, stamp), columns, tables, indexes, stamp, Math.max(stamp, table.version()),
                table.number(), table.foreign(), table.limits());
    }

    /** Since when the database says it is there, by the times of its versions; null when it does not. */
    public Instant begun(Database database) {
        if (stamp == 0) return null;
        try {
            return Times.instant((String) database.value("SELECT CAST(min(applied_at) AS TEXT) FROM schema_migrations"));
        } catch (StoreException e) {
            return null;
        }
    }

    /** True when agent_runs is not a table of runs; see {@link #foreign}. */
    public boolean isForeign() {
        return foreign != null;
    }

    /**
     * True for a database of writers that came after this toolkit: it names a later version, or lacks a column that every version has and
     * has others that none has. Nothing is wrong with it.
     */
    public boolean isNewer() {
        return !isForeign() && (named > NEWEST
                || shape != Shape.NONE && !missingColumns().isEmpty() && !columns.stream().allMatch(Columns::isKnown));
    }

    /** What to tell where the toolkit knows the runs only in part: of a foreign or newer one; null of any other. */
    public String odd() {
        return isForeign() ? foreign : isNewer() ? newer() : null;
    }

    /** What to tell of a newer one. Whether it is damaged is SQLite's to say; that it is unknown is no damage. */
    public String newer() {
        if (named > NEWEST) return "this database is newer (v" + named + ") than this toolkit (v" + NEWEST
                + " at most); nothing is damaged: update the toolkit";
        return "this database is perhaps newer than this toolkit (v" + NEWEST + " at most): its table of runs lacks "
                + String.join(", ", missingColumns()) + " and has "
                + String.join(", ", columns.stream().filter(column -> !Columns.isKnown(column)).toList()) + "; update the toolkit";
    }

    /**
     * For what changes or replaces a database: only one that is known to the last column.
     *
     * @throws StoreException {@code FAILED} when it is newer, or agent_runs is no table of runs
     */
    public static void refuseNewer(Database database) {
        Schema schema = of(database);
        if (schema.isForeign()) throw schema.refused(database.file());
        if (schema.isNewer()) throw schema.newer(database);
    }

    /** What is thrown of one whose agent_runs is something else. */
    public StoreException refused(Path file) {
        return new StoreException(StoreException.Reason.FAILED, "use the database", file, foreign + "; nothing was changed", AN_OWN_TABLE);
    }

    /** What is thrown of a newer one that lacks what is needed. */
    public StoreException newer(Database database) {
        return new StoreException(StoreException.Reason.FAILED, "use the database", database.file(), newer(), null);
    }

    /**
     * As {@link #of}.
     *
     * @throws StoreException {@code DAMAGED} when the table of runs is missing or has not even the first version's columns, {@code FAILED}
     *                        when it lacks them because it is newer, or is no table of runs
     */
    public static Schema require(Database database) {
        Schema schema = of(database);
        if (schema.isForeign()) throw schema.refused(database.file());
        if (!schema.isUsable() && schema.isNewer()) throw schema.newer(database);
        if (!schema.isUsable()) throw new StoreException(StoreException.Reason.DAMAGED, "use the database", database.file(),
                schema.shape == Shape.NONE ? "it has no table agent_runs" : "agent_runs lacks " + schema.missingColumns(),
                Next.command("health"));
        return schema;
    }

    /** As {@link #require}; but a newer one may lack columns, and a view be none, as long as runs are known by id and start. */
    public static Schema readable(Database database) {
        Schema schema = of(database);
        return (schema.isNewer() || schema.isForeign()) && schema.has("run_id") && schema.has("start_time") ? schema : require(database);
    }

    /** The answer to a question. Of a newer database it may be that a column is gone; then that is said. */
    public <T> T told(Database database, Supplier<T> question) {
        try {
            return question.get();
        } catch (StoreException e) {
            throw e.reason() == StoreException.Reason.REFUSED && isNewer() ? newer(database) : e;
        }
    }

    private static int version(Shape shape, List<String> columns, int stamp) {
        return switch (shape) {
            case NONE -> 0;
            case PYTHON, SERVICE -> stamp == 6 ? 6 : 7;
            case RUNBOOK -> columns.contains("website") ? 5 : columns.contains("git_commit_hash") ? 4
                    : columns.contains("product_family") ? 3 : columns.contains("insight_id") ? 2 : 1;
        };
    }

    public boolean has(String column) {
        return columns.contains(column);
    }

    /**
     * The word of this version's writers for a status; v1 to v5 have only failed for timeout and cancelled. Where a CHECK of this very
     * table does not take it, one that it takes.
     */
    public String word(RunStatus status) {
        boolean isOld = !hasRowTimes();
        String word = status == RunStatus.FAILED || isOld && (status == RunStatus.TIMEOUT || status == RunStatus.CANCELLED)
                ? isOld ? "failed" : "failure" : status.toString();
        if (limits.takes("status", word) || !limits.takes("status", "failed") && !limits.takes("status", "failure")) return word;
        return status == RunStatus.RUNNING || status == RunStatus.SUCCESS || status == RunStatus.PARTIAL ? word
                : limits.takes("status", "failed") ? "failed" : "failure";
    }

    /** True from v6 on: created_at and updated_at are instants of the writers, {@code 2026-11-28T12:46:31.868343+00:00}. */
    public boolean hasRowTimes() {
        return shape == Shape.PYTHON || shape == Shape.SERVICE;
    }

    /** SQL for the present time as it stands in created_at and updated_at. */
    public String now() {
        return hasRowTimes() ? "strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')" : "datetime('now')";
    }

    /** What rows are sorted by in the order in which they came, as far as the table tells. */
    public String byNumber() {
        return number != null ? number : "start_time";
    }

    /** Behind the columns of an ORDER BY, so that the order is always the same: {@code ", rowid DESC"}. @param direction behind the name */
    public String thenNumber(String direction) {
        return number != null ? ", " + number + direction : has("run_id") ? ", run_id" + direction : "";
    }

    /** The column that identifies a row: event_id where one run_id may have several rows. */
    public String key() {
        return shape == Shape.SERVICE ? "event_id" : "run_id";
    }

    /** False where nothing but the writers keeps a run from having two rows: the table has another key, or none. */
    public boolean isKeyUnique(Database database) {
        return database.value("SELECT 1 FROM pragma_index_list('agent_runs') AS l WHERE l.\"unique\" AND NOT l.partial AND (SELECT "
                + "group_concat(name) FROM pragma_index_info(l.name)) = ?", key()) != null;
    }

    /** Columns without which no command can work. */
    public List<String> missingColumns() {
        return Columns.INDISPENSABLE.stream().filter(column -> !columns.contains(column)).toList();
    }

    /** False where no command can work. */
    public boolean isUsable() {
        return missingColumns().isEmpty() && !isForeign();
    }

    /**
     * What is missing or odd, each in a few words for an operator; empty when all is as usual for this version. What no command can work
     * without comes first, the {@link #missingIndexes} last.
     */
    public List<String> oddities() {
        if (isForeign()) return List.of(foreign);
        if (isNewer()) return List.of(newer());
        List<String> odd = new ArrayList<>();
        if (shape == Shape.NONE) return List.of("no table agent_runs");
        if (!missingColumns().isEmpty()) odd.add("columns missing: " + String.join(", ", missingColumns()));
        for (String table : List.of("run_events", "commits", "schema_migrations"))
            if (!tables.contains(table)) odd.add("no table " + table);
        if (isHalfMigrated()) odd.add("stamped v" + stamp + ", has the columns of v" + version);
        List<String> missing = missingIndexes();
        if (!missing.isEmpty()) odd.add("indexes missing: " + String.join(", ", missing));
        return odd;
    }

    /** True when its stamp names other tables than it has. */
    public boolean isHalfMigrated() {
        return !isForeign() && stamp != 0 && stamp != version;
    }

    /** The runbook's indexes that this database lacks although it has their columns. Any further indexes are ignored. */
    public List<String> missingIndexes() {
        if (shape == Shape.NONE || isForeign()) return List.of();
        List<String> missing = new ArrayList<>(SchemaForm.RUNBOOK.indexes().keySet());
        missing.removeAll(indexes);
        if (!has("insight_id")) missing.remove("idx_runs_insight");
        for (String table : List.of("run_events", "commits"))
            if (!tables.contains(table)) missing.removeIf(name -> SchemaForm.RUNBOOK.indexes().get(name).startsWith(table));
        return missing;
    }

    /** {@code v3} or {@code v7 (service)} */
    @Override
    public String toString() {
        if (isForeign()) return "foreign";
        if (named > NEWEST) return "v" + named + " (newer than this toolkit)";
        return shape == Shape.NONE ? "none"
                : "v" + version + (shape == Shape.RUNBOOK ? "" : shape == Shape.PYTHON ? " (python)" : " (service)");
    }
}
