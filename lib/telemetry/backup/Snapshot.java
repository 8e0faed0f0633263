package telemetry.backup;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.os.Disk;
import telemetry.runs.Schema;
import telemetry.text.Progress;

/**
 * A copy of a database as it was at one moment, in one file that needs no log beside it.
 *
 * @param file     the copy, which nobody but its owner may read
 * @param time     of that moment
 * @param schema   in words: {@code "v3"}
 * @param journal  the database's journal mode; the copy's own is DELETE
 * @param pageSize in bytes
 * @param sqlite   version of the library that copied
 * @param rows     of each table
 */
public record Snapshot(Path file, Instant time, String schema, String journal, long pageSize, String sqlite, Map<String, Long> rows) {

    /**
     * Copies while others write: nobody waits for it in WAL mode.
     *
     * @param target must not exist
     * @param err    where the progress is shown; null for nowhere
     */
    static Snapshot take(Database source, Path target, Clock clock, PrintWriter err) {
        create(target);
        String journal = source.pragma("journal_mode");
        Instant time = clock.instant();
        Snapshot snapshot = source.inSnapshot(() -> {
            Map<String, Long> rows = rows(source);
            copy(source, target, err);
            return new Snapshot(target, time, Schema.of(source).toString(), journal, source.number("PRAGMA page_size"),
                    source.sqliteVersion(), rows);
        });
        standAlone(target);
        return snapshot;
    }

    /** Copies the state that the connection reads now, not counting anything: what cannot be read is copied as it is. */
    public static void keep(Database source, Path target, PrintWriter err) {
        create(target);
        copy(source, target, err);
        standAlone(target);
    }

    private static void copy(Database source, Path target, PrintWriter err) {
        long pageSize = source.number("PRAGMA page_size");
        try (var progress = new Progress(err, "MB copied", pageSize * source.number("PRAGMA page_count") / 1_000_000);
                var sync = new EarlySync(target)) {
            source.copyTo(target, Duration.ZERO, bytes -> {
                progress.at(bytes / 1_000_000);
                sync.more();
            });
        }
    }

    /** SQLite would open a name that a planted link leads elsewhere; this refuses it. */
    private static void create(Path file) {
        try {
            FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    Disk.ownerOnlyFile(file.getParent())).close();
        } catch (IOException e) {
            throw Disk.refused("create", file, e);
        }
    }

    /** How many rows each table has. */
    public static Map<String, Long> rows(Database database) {
        Map<String, Long> rows = new LinkedHashMap<>();
        String tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY name";
        for (Row table : database.query(tables).list())
            rows.put(table.text("name"), database.number("SELECT count(*) FROM " + Database.quoted(table.text("name"))));
        return Collections.unmodifiableMap(rows);
    }

    /** A copy whose header says WAL would be given a -wal and -shm by whoever opens it. */
    private static void standAlone(Path file) {
        try (Database copy = Database.open(file)) {
            copy.pragma("journal_mode", "DELETE");
        }
    }

    /**
     * @return how many rows refer to others that are not there, which is odd but no damage: no writer's SQLite looks after that. Null when
     *         the tables do not let SQLite tell, as the service's, where a run_id may stand in several rows
     * @throws StoreException {@code DAMAGED} when it is not what was copied, or the copied database was damaged: copying does not notice
     */
    Long requireSound(BackupCheck check, PrintWriter err) {
        try (Database copy = Database.openFrozen(file)) {
            check.run(copy, err);
            if (!rows.equals(rows(copy)))
                throw new StoreException(StoreException.Reason.DAMAGED, "verify the copy", file,
                        "it has other rows than were counted in the database", Next.RUN_AGAIN);
            return orphans(copy);
        }
    }

    private static Long orphans(Database copy) {
        try {
            return copy.number("SELECT count(*) FROM pragma_foreign_key_check");
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.REFUSED) throw e;
            return null;
        }
    }
}
