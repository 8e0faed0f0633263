package telemetry.rebuild;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.runs.Ddl;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.LockHolders;

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
            watcher.update("VACUUM INTO ?", unfinished);
            Attempt.of("keep a copy of the old database as", to, () -> {
                Disk.sync(unfinished);
                Files.move(unfinished, to);
                Disk.syncFolder(to.getParent());
            });
            kept = to;
            return to;
        } finally {
            DatabaseFile.delete(unfinished);
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
            replaceRows(database);
        });
        Duration locked = Duration.ofNanos(System.nanoTime() - began[0]);
        database.detach(LIVE);
        watcher.pragma("wal_checkpoint", "PASSIVE");
        kept = null;
        return locked;
    }

    private static void replaceRows(Database database) {
        List<Row> triggers = database.query("SELECT name, sql FROM live.sqlite_master WHERE type = 'trigger' AND tbl_name = 'agent_runs'")
                .list();
        for (Row trigger : triggers) database.execute("DROP TRIGGER live." + Database.quoted(trigger.text("name")));
        database.update("DELETE FROM live.agent_runs");
        database.update("INSERT INTO live.agent_runs " + rows(database));
        for (Row trigger : triggers) database.execute("CREATE TRIGGER live." + trigger.text("sql").substring("CREATE TRIGGER ".length()));
    }

    /** {@code SELECT *} where possible: only then whole entries are copied. */
    private static String rows(Database database) {
        boolean generated = database.number("SELECT count(*) FROM pragma_table_xinfo('agent_runs', 'main') WHERE hidden > 0") > 0;
        String columns = Ddl.columns(database, "agent_runs");
        return generated ? "(" + columns + ") SELECT " + columns + " FROM main.agent_runs" : "SELECT * FROM main.agent_runs";
    }

    /** Deletes the copy when nothing was replaced. */
    @Override
    public void close() {
        watcher.close();
        if (kept != null) DatabaseFile.delete(kept);
    }
}
