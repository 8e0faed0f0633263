package telemetry.rebuild;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.runs.Schema;
import telemetry.runs.VirtualTable;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.LockHolders;
import telemetry.sqlite.SqliteErrors;

/**
 * Gives an intact database the runs of a new one while its users go on. It is one transaction under the write lock, so readers never see
 * half of it and no writer's commit gets lost. (A file renamed into place would leave current users writing into nothing. SQLite's backup
 * interface would lose what is committed just before it takes the lock.) With the same tables and indexes on both sides SQLite copies whole
 * index entries instead of rows: 600 MB take some seconds.
 */
final class LiveSwap implements AutoCloseable {
    private static final String LIVE = "live";

    private final Path file;
    private final Duration patience;
    private final Database watcher;
    private final String version;
    private final List<String> left = new ArrayList<>();
    private Path kept;

    /** @param file the database in use */
    LiveSwap(Path file, Duration patience) {
        this.file = file;
        this.patience = patience;
        this.watcher = Database.open(file, patience);
        this.version = watcher.pragma("data_version");
    }

    /** Copies the present database. @return {@code to} */
    Path keep(Path to) {
        Path unfinished = Unfinished.beside(to);
        Attempt.of("create", unfinished, () -> NewFile.create(unfinished).close());
        try {
            copy(unfinished);
            Attempt.of("keep a copy of the old database as", to, () -> {
                Disk.sync(unfinished);
                Inside.move(unfinished, to);
                Disk.syncFolder(to.getParent());
            });
            kept = to;
            return to;
        } finally {
            DatabaseFile.delete(unfinished);
        }
    }

    /** SQLite makes all indexes anew, which is smaller; where only the agents' SQLite can, the pages are copied. */
    private void copy(Path to) {
        try {
            watcher.vacuumInto(to);
        } catch (StoreException e) {
            if (SqliteErrors.lacking(e) == null) throw e;
            DatabaseFile.delete(to);
            watcher.inSnapshot(() -> {
                watcher.copyTo(to, patience, bytes -> { });
                return to;
            });
            try (Database copied = Database.open(to)) {
                copied.pragma("journal_mode", "DELETE");
            }
        }
    }

    /**
     * @param refused is given rows that the new tables do not take
     * @return how long writers had to wait
     */
    Duration replace(NewDatabase made, RefusedRows refused) {
        made.database().patience(patience).attach(file, LIVE);
        try {
            return locked(made, refused);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.LOCKED) throw e;
            throw new StoreException(e.reason(), "begin to write to", file, "it is locked" + LockHolders.waitedFor(file),
                    Next.command("locks"), e);
        }
    }

    private Duration locked(NewDatabase made, RefusedRows refused) {
        Database database = made.database();
        long[] began = new long[1];
        database.inTransaction(() -> {
            began[0] = System.nanoTime();
            if (!watcher.pragma("data_version").equals(version)) made.carryOver(LIVE, refused).runs();
            made.leaveInFlight(LIVE);
            replaceRows(made);
            made.loading().commits().addTo(database, LIVE);
        });
        Duration locked = Duration.ofNanos(System.nanoTime() - began[0]);
        database.detach(LIVE);
        watcher.pragma("wal_checkpoint", "PASSIVE");
        kept = null;
        return locked;
    }

    private void replaceRows(NewDatabase made) {
        Database database = made.database();
        List<Row> triggers = database.query("SELECT name, sql FROM live.sqlite_master WHERE type = 'trigger' AND tbl_name = 'agent_runs' "
                + "COLLATE NOCASE").list();
        for (Row trigger : triggers) database.execute("DROP TRIGGER live." + Database.quoted(trigger.text("name")));
        if (made.reshape() != null) made.reshape().recreate(database, LIVE);
        copyRows(database, made.schema());
        for (VirtualTable table : VirtualTable.of(database, LIVE)) refill(database, table, triggers);
        for (Row trigger : triggers) database.execute("CREATE TRIGGER live." + trigger.text("sql").substring("CREATE TRIGGER ".length()));
    }

    /** {@code SELECT *} where possible: only then whole entries are copied. Each row keeps its number either way. */
    private static void copyRows(Database database, Schema schema) {
        boolean generated = database.number("SELECT count(*) FROM pragma_table_xinfo('agent_runs', 'main') WHERE hidden > 0") > 0;
        database.update("DELETE FROM live.agent_runs");
        if (!generated) database.update("INSERT INTO live.agent_runs SELECT * FROM main.agent_runs");
        if (!generated && (schema.number() == null || numbers(database, "main", schema).equals(numbers(database, LIVE, schema)))) return;
        String columns = CarryOver.numbered(schema);
        database.update("DELETE FROM live.agent_runs");
        database.update("INSERT INTO live.agent_runs (" + columns + ") SELECT " + columns + " FROM main.agent_runs");
    }

    private static Object numbers(Database database, String attached, Schema schema) {
        return String.valueOf(database.value("SELECT total(" + schema.number() + ") FROM " + attached + ".agent_runs"));
    }

    /** What is kept about runs by their numbers is made again; what cannot be made here is as it was. */
    private void refill(Database database, VirtualTable table, List<Row> triggers) {
        String of = table.content();
        boolean isOfRuns = table.isOverAnother() && (of.equalsIgnoreCase("agent_runs")
                || database.number("SELECT count(*) FROM live.sqlite_master WHERE type = 'view' AND name = ? COLLATE NOCASE", of) > 0);
        String lacking = isOfRuns ? null : table.lacking(database, LIVE);
        String why = isOfRuns ? table.refill(database, LIVE) : lacking == null ? null : "which needs " + lacking;
        if (why == null) return;
        List<String> its = triggers.stream().map(trigger -> trigger.text("sql"))
                .filter(sql -> VirtualTable.isNamedIn(sql, table.name())).toList();
        if (!isOfRuns && its.isEmpty() && !VirtualTable.isNamedIn(table.sql(), "agent_runs")) return;
        left.add("the virtual table " + table.name() + ", " + why + ": it is as it was, and lacks what has changed; have a program fill it "
                + "again that has what it needs" + (its.isEmpty() ? "" : "; its triggers stay: " + String.join("; ", its)));
    }

    /** What could not be made again, in words. */
    List<String> left() {
        return left;
    }

    /** Deletes the copy when nothing was replaced. */
    @Override
    public void close() {
        watcher.close();
        if (kept != null) DatabaseFile.delete(kept);
    }
}
