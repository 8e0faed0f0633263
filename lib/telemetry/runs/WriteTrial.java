package telemetry.runs;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Database;
import telemetry.Row;
import telemetry.RunStatus;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.sqlite.SqliteErrors;

/**
 * One INSERT and one UPDATE of a run, through all triggers and indexes, which are rolled back: whether agents can write. Nothing reaches
 * the disk, no -wal and no -journal.
 *
 * @param status ok; a warning when a trigger refused the run; unknown when only the agents' SQLite can tell; failed
 * @param said   in words
 */
public record WriteTrial(Check.Status status, String said) {

    /** Ends the transaction. */
    private static final class RolledBack extends RuntimeException {
        RolledBack() {
            super(null, null, false, false);
        }
    }

    /**
     * On a connection that is used for nothing else afterwards: what it keeps in memory is set otherwise.
     *
     * @throws StoreException {@code LOCKED} when the write lock did not come free, or the file cannot be written to
     */
    public static WriteTrial of(Database database, Schema schema) {
        database.pragma("cache_spill", "OFF");
        if ("delete".equals(database.pragma("journal_mode"))) database.pragma("journal_mode", "MEMORY");
        try {
            database.inTransaction(() -> {
                if (schema.isUsable()) write(database, schema);
                throw new RolledBack();
            });
            throw new IllegalStateException("it was not rolled back");
        } catch (RolledBack e) {
            return new WriteTrial(Check.Status.OK, "a run was written and rolled back");
        } catch (StoreException e) {
            return told(database, e);
        }
    }

    /** The same through a connection of its own, at the end of other work: whatever keeps it from being tried is said. */
    public static WriteTrial of(Path file, Duration patience) {
        try (Database database = Database.open(file, patience)) {
            return of(database, Schema.of(database));
        } catch (StoreException e) {
            return e.isUnknown() || e.reason() == StoreException.Reason.FULL
                    ? new WriteTrial(Check.Status.UNKNOWN, "a run was not tried: " + e.why())
                    : new WriteTrial(Check.Status.FAILED, "no run can be written: " + e.why());
        }
    }

    /**
     * For work that brings in runs which agents have written before. Where a CHECK of the table needs a function that only their SQLite
     * has, this connection leaves CHECKs out. Without that no run could be brought.
     */
    public static void tolerate(Database database) {
        if (isCompiled(database)) return;
        database.pragma("ignore_check_constraints", "ON");
        if (!isCompiled(database)) database.pragma("ignore_check_constraints", "OFF");
    }

    private static boolean isCompiled(Database database) {
        try {
            database.query("EXPLAIN INSERT INTO agent_runs DEFAULT VALUES").close();
            return true;
        } catch (StoreException e) {
            if (!SqliteErrors.isAboutTheStatement(e)) throw e;
            return SqliteErrors.lacking(e) == null;
        }
    }

    /** A run like the newest, which is what the agents' triggers are used to. Java's random UUIDs would add 15 ms to health's start. */
    private static void write(Database database, Schema schema) {
        String id = Times.stamp(Instant.now()).replace('_', 'T') + "Z-trial-" + Long.toHexString(System.nanoTime());
        List<String> columns = new ArrayList<>(schema.columns());
        columns.removeIf(column -> Database.quoted(column).equals(schema.number()));
        List<Object> values = new ArrayList<>();
        var names = new StringJoiner(", ");
        var selected = new StringJoiner(", ");
        var same = new StringJoiner(", ");
        for (String column : columns) {
            boolean isOwn = Columns.IDENTITY.contains(column) || column.equals("id");
            String name = Database.quoted(column);
            names.add(name);
            selected.add(isOwn ? "?" : name);
            same.add(name + " = " + (column.equals("status") ? "?" : name));
            if (isOwn) values.add(id);
        }
        String newest = schema.number() == null ? "" : " ORDER BY " + schema.number() + " DESC";
        int rows = database.update("INSERT INTO agent_runs (" + names + ") SELECT " + selected + " FROM agent_runs"
                + newest + " LIMIT 1", values.toArray());
        if (rows == 0) ChangedRows.require(database, 1, writeFirst(database, schema, id));
        ChangedRows.require(database, 1, database.update("UPDATE agent_runs SET " + same + " WHERE run_id = ?",
                schema.word(RunStatus.SUCCESS), id));
    }

    private static int writeFirst(Database database, Schema schema, String id) {
        List<String> columns = new ArrayList<>(List.of("run_id", "agent_name", "job_type", "start_time", "status"));
        List<Object> values = new ArrayList<>(List.of(id, "trial", "trial", Times.text(Instant.now()), schema.word(RunStatus.RUNNING)));
        if (schema.has("event_id")) columns.add("event_id");
        if (schema.has("event_id")) values.add(id);
        return database.update("INSERT INTO agent_runs (" + String.join(", ", columns) + ") VALUES ("
                + "?, ".repeat(columns.size() - 1) + "?)", values.toArray());
    }

    private static WriteTrial told(Database database, StoreException e) {
        String lacking = SqliteErrors.lacking(e);
        if (lacking != null) return new WriteTrial(Check.Status.UNKNOWN, "a run was not tried: it needs " + lacking
                + named(database, lacking) + ", which only the agents' SQLite has");
        if (SqliteErrors.isRaisedByTrigger(e)) return new WriteTrial(Check.Status.WARNING,
                "a trigger refuses a run like the newest one: " + e.why());
        if (SqliteErrors.isIgnored(e)) return new WriteTrial(Check.Status.FAILED, "no run can be written: " + e.why());
        if (SqliteErrors.isAboutTheRow(e)) return new WriteTrial(Check.Status.OK, "a rule of the table keeps a copy of a run out");
        if (!SqliteErrors.isAboutTheStatement(e)) throw e;
        return new WriteTrial(Check.Status.FAILED, "no run can be written: " + e.why() + named(database, e.why()));
    }

    /** The triggers and indexes that name what the words end with. */
    private static String named(Database database, String words) {
        List<String> its = new ArrayList<>();
        for (Row one : database.query("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"))
            if (UnknownTriggers.isNamedIn(database, one, words)) its.add("the " + one.text("type") + " " + one.text("name"));
        return its.isEmpty() ? "" : " (" + String.join(", ", its) + ")";
    }

    /** As a check of its own. */
    public Check check(String name) {
        return new Check(name, status, said, null);
    }

    /** As a part of a result: what only the agents' SQLite can tell is a warning there. */
    public Check remark() {
        return new Check("writing", status == Check.Status.UNKNOWN ? Check.Status.WARNING : status, said, null);
    }
}
