package telemetry.health;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogRecord;
import telemetry.Next;
import telemetry.Row;
import telemetry.Rows;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.LogReader;
import telemetry.daylog.Tail;
import telemetry.runs.Schema;
import telemetry.store.Pruned;
import telemetry.text.JsonText;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * Whether the database still has the runs that it had: one that was emptied or made anew is sound for SQLite. It is compared with the
 * newest verified backup, or without one with the newest day files.
 */
final class RunCount {

    /** Fewer than this part, or this many, is a loss and no difference of a day. */
    private static final double MOST_PART = 0.10;
    private static final long MOST_RUNS = 1_000;

    private static final Duration IN_FLIGHT = Duration.ofMinutes(1);
    private static final int BATCH = 20_000;

    private static final String ABSENT = "SELECT value AS run_id FROM json_each(?1) EXCEPT SELECT run_id FROM agent_runs"
            + " WHERE run_id IN (SELECT value FROM json_each(?1))";

    /** The start time narrows what is looked through where run_id has no index, as in the service's tables. */
    private static final String ABSENT_SINCE = ABSENT + " AND start_time >= ?2";

    /** So long the day files are read; health as a whole then takes about a second beside a day file of 1 GB. */
    private static final Duration READING = Duration.ofMillis(350);

    private final Store store;
    private final Database database;
    private final Schema schema;
    private final Instant now;
    private final Duration reading;
    private String unread;

    RunCount(Store store, Database database, Schema schema, Instant now) {
        this(store, database, schema, now, READING);
    }

    /** @param reading so long the day files are read */
    RunCount(Store store, Database database, Schema schema, Instant now, Duration reading) {
        this.reading = reading;
        this.store = store;
        this.database = database;
        this.schema = schema;
        this.now = now;
    }

    /** The sound database's check, or a worse one when runs are missing. */
    Check compare(Check sound) {
        Optional<Backup> backup = newestVerified();
        return backup.isPresent() ? withBackup(sound, backup.get()) : withDayFiles(sound);
    }

    /** Which runs were not counted, in a few words; null when all that is known was, or nothing was asked yet. */
    String unread() {
        return unread;
    }

    /**
     * Empty also where the backup's count of rows says nothing: since then runs were deleted on purpose, of which each may have had
     * several. That the backups cannot be read is the check of the backups' own business.
     */
    private Optional<Backup> newestVerified() {
        try {
            return new Backups(store, null, Clock.fixed(now, ZoneOffset.UTC), null).newestVerified().filter(one -> one.runs() != null)
                    .filter(one -> schema.shape() != Schema.Shape.SERVICE || Pruned.deletedSince(store, one.time()) == 0);
        } catch (StoreException e) {
            return Optional.empty();
        }
    }

    private Check withBackup(Check sound, Backup backup) {
        long runs = database.number("SELECT count(*) FROM agent_runs");
        long had = backup.runs() - Pruned.deletedSince(store, backup.time());
        return judged(sound, runs, had, " in the backup of " + Times.seconds(backup.time()));
    }

    /** The newest first, each whole: a store of any size is told in the same time. */
    private Check withDayFiles(Check sound) {
        List<DayFile> days = new ArrayList<>(new EventLog(store).days());
        Collections.reverse(days);
        if (days.isEmpty()) return sound;
        long until = System.nanoTime() + reading.toNanos();
        Set<String> runs = new HashSet<>();
        int read = 0;
        do read(days.get(read++), runs, until); while (read < days.size() && System.nanoTime() < until);
        LocalDate since = days.get(read - 1).day();
        boolean isAll = read == days.size() && System.nanoTime() < until;
        if (!isAll) unread = "whether all runs of before " + since.plusDays(1) + " are still in the database";
        return judged(sound, runs.size() - missing(runs, since), runs.size(), " that began by the day files since " + since
                + (isAll ? "" : ", older lines were not read"));
    }

    /** A run of the last minute may not have reached the database yet. A file that cannot be read tells nothing. */
    private void read(DayFile file, Set<String> runs, long until) {
        try {
            if (file.compressed()) read(file, 0, Long.MAX_VALUE, runs, until);
            else readFromTheEnd(file, runs, until);
        } catch (StoreException e) {
            // the checks of storage and divergence, and logs, name it
        }
    }

    /** In pieces: a gigabyte of zeros without a line must not outlast the time. */
    private void readFromTheEnd(DayFile file, Set<String> runs, long until) {
        try (var tail = new Tail(file.path())) {
            Tail.Piece piece = tail.previous();
            for (; piece != null && System.nanoTime() < until; piece = tail.previous())
                if (!piece.isOneLine()) read(file, piece.from(), piece.to(), runs, until);
        }
    }

    private void read(DayFile file, long from, long to, Set<String> runs, long until) {
        try (LogReader entries = new LogReader(file.path(), from, BriefRecord::read).until(to)) {
            while (System.nanoTime() < until && entries.hasNext()) {
                LogRecord record = entries.next().record();
                if (record instanceof Run run && run.start() != null && run.start().isBefore(now.minus(IN_FLIGHT))) runs.add(run.id());
            }
        }
    }

    private long missing(Set<String> runs, LocalDate since) {
        Pruned pruned = Pruned.of(store);
        Set<String> absent = absent(absent(runs, since.minusDays(1).toString()), null);
        absent.removeIf(pruned::contains);
        return absent.size();
    }

    private Set<String> absent(Collection<String> runs, String since) {
        Set<String> absent = new HashSet<>();
        List<String> batch = new ArrayList<>();
        for (String run : runs) {
            batch.add(run);
            if (batch.size() == BATCH) ask(batch, since, absent);
        }
        ask(batch, since, absent);
        return absent;
    }

    private void ask(List<String> batch, String since, Set<String> absent) {
        if (batch.isEmpty()) return;
        String ids = JsonText.line(batch);
        Rows found = since == null ? database.query(ABSENT, ids) : database.query(ABSENT_SINCE, ids, since);
        for (Row row : found) absent.add(row.text("run_id"));
        batch.clear();
    }

    private Check judged(Check sound, long runs, long had, String where) {
        long fewer = had - runs;
        if (fewer <= 0) return sound;
        String detail = sound.detail() + "; but " + runs + " of the " + Words.count(had, "run") + where;
        Next next = store.command("recover", "--dry-run").in(Runbook.DATA_LOSS);
        return fewer > MOST_RUNS || fewer > had * MOST_PART ? Check.failed(sound.name(), detail, next)
                : Check.warning(sound.name(), detail, next);
    }
}
