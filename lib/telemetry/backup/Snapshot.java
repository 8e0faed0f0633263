package telemetry.backup;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.runs.Integrity;
import telemetry.runs.Schema;
import telemetry.sqlite.SqliteErrors;
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
     * Copies while others write: nobody waits for it in WAL mode. Made before SQLite opens it, which would follow a planted link.
     *
     * @param target must not exist
     * @param err    where the progress is shown; null for nowhere
     */
    static Snapshot take(Database source, Path target, Clock clock, PrintWriter err) {
        Attempt.of("create", target, () -> NewFile.createSecret(target).close());
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
        Attempt.of("create", target, () -> NewFile.create(target).close());
        copy(source, target, err);
        standAlone(target);
    }

    private static void copy(Database source, Path target, PrintWriter err) {
        long pageSize = source.number("PRAGMA page_size");
        Attempt.of("write to", target, () -> {
            try (var progress = new Progress(err, "MB copied", pageSize * source.number("PRAGMA page_count") / 1_000_000);
                    var sync = new EarlySync(target)) {
                source.copyTo(target, Duration.ZERO, bytes -> {
                    progress.at(bytes / 1_000_000);
                    sync.more();
                });
            }
        });
    }

    /**
     * Has the disk take in a file in a thread of its own while it is still being written, so that the fsync behind its end finds little
     * left; see the bench row {@code backup}. It is not that fsync: whoever writes the file still needs one.
     *
     * <p>To be closed after whoever writes it has let go of the file: with one of a process' handles go all its locks on that file.
     */
    private static final class EarlySync implements AutoCloseable {
        private final FileChannel channel;
        private final Thread thread = new Thread(this::run, "early sync");
        private boolean isMore;
        private boolean isOver;
        private IOException failure;

        EarlySync(Path file) throws IOException {
            channel = Inside.write(file);
            thread.setDaemon(true);
            thread.start();
        }

        /** Some more has been written. Waits for nothing. */
        synchronized void more() {
            isMore = true;
            notifyAll();
        }

        private void run() {
            try {
                while (isThereMore()) channel.force(false);
            } catch (IOException e) {
                failure = e;
            } catch (InterruptedException e) {
                // nobody does; what is left then is left to the fsync at the end
            }
        }

        private synchronized boolean isThereMore() throws InterruptedException {
            while (!isMore && !isOver) wait();
            isMore = false;
            return !isOver;
        }

        /** @throws IOException when the disk did not take something in */
        @Override
        public void close() throws IOException {
            synchronized (this) {
                isOver = true;
                notifyAll();
            }
            try (channel) {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (failure != null) throw failure;
        }
    }

    /** How many rows each table has; without virtual tables that only the agents' SQLite can read. */
    public static Map<String, Long> rows(Database database) {
        Map<String, Long> rows = new LinkedHashMap<>();
        String tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY name";
        for (Row table : database.query(tables).list()) {
            try {
                rows.put(table.text("name"), database.number("SELECT count(*) FROM " + Database.quoted(table.text("name"))));
            } catch (StoreException e) {
                if (!SqliteErrors.isAboutTheStatement(e)) throw e;
            }
        }
        return Collections.unmodifiableMap(rows);
    }

    /** A copy whose header says WAL would be given a -wal and -shm by whoever opens it. */
    private static void standAlone(Path file) {
        try (Database copy = Database.open(file)) {
            copy.pragma("journal_mode", "DELETE");
        }
    }

    /**
     * What is odd and no damage.
     *
     * @param orphans rows that refer to others that are not there: no writer's SQLite looks after that. Null when the tables do not let
     *                SQLite tell, as the service's, where a run_id may stand in several rows
     * @param odd     rows that break a constraint, and what could not be checked; null when there is neither
     * @param newer   that the database is newer than this toolkit, or has no table of runs, in words; null when it is neither
     */
    record Oddities(Long orphans, Integrity odd, String newer) { }

    /**
     * @throws StoreException {@code DAMAGED} when it is not what was copied, or the copied database was damaged: copying does not notice
     */
    Oddities requireSound(BackupCheck check, PrintWriter err) {
        try (Database copy = Database.openFrozen(file)) {
            Integrity odd = check.run(copy, err);
            if (!rows.equals(rows(copy)))
                throw new StoreException(StoreException.Reason.DAMAGED, "verify the copy", file,
                        "it has other rows than were counted in the database", Next.RUN_AGAIN);
            Schema schema = Schema.of(copy);
            return new Oddities(orphans(copy), odd, schema.odd());
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
