package telemetry.health;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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
import telemetry.Run;
import telemetry.Store;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.LogReader;
import telemetry.store.Pruned;
import telemetry.text.JsonText;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * Whether the database still has the runs that it had: one that was emptied or made anew is sound for SQLite. It is compared with the newest
 * verified backup, or without one with the newest day files.
 */
final class RunCount {

    /** Fewer than this part, or this many, is a loss and no difference of a day. */
    private static final double MOST_PART = 0.10;
    private static final long MOST_RUNS = 1_000;

    private static final Duration IN_FLIGHT = Duration.ofMinutes(1);
    private static final int BATCH = 20_000;
    private static final String ABSENT = "SELECT value AS run_id FROM json_each(?1) EXCEPT SELECT run_id FROM agent_runs"
            + " WHERE run_id IN (SELECT value FROM json_each(?1))";

    /** So long the day files are read. */
    private static final Duration READING = Duration.ofMillis(500);

    private final Store store;
    private final Database database;
    private final Instant now;

    RunCount(Store store, Database database, Instant now) {
        this.store = store;
        this.database = database;
        this.now = now;
    }

    /** The sound database's check, or a worse one when runs are missing. */
    Check compare(Check sound) {
        Optional<Backup> backup = Backups.newestVerified(store).filter(one -> one.runs() != null);
        return backup.isPresent() ? withBackup(sound, backup.get()) : withDayFiles(sound);
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
        long until = System.nanoTime() + READING.toNanos();
        Set<String> runs = new HashSet<>();
        int read = 0;
        while (read < days.size() && System.nanoTime() < until) read(days.get(read++), runs, until);
        if (runs.isEmpty()) return sound;
        String where = " that began by the day files since " + days.get(read - 1).day()
                + (read == days.size() && System.nanoTime() < until ? "" : ", older lines were not read");
        return judged(sound, runs.size() - absent(runs), runs.size(), where);
    }

    /** A run of the last minute may not have reached the database yet. */
    private void read(DayFile file, Set<String> runs, long until) {
        try (LogReader entries = new LogReader(file.path(), 0, BriefRecord::read)) {
            while (System.nanoTime() < until && entries.hasNext()) {
                LogRecord record = entries.next().record();
                if (record instanceof Run run && run.start() != null && run.start().isBefore(now.minus(IN_FLIGHT))) runs.add(run.id());
            }
        }
    }

    private long absent(Set<String> runs) {
        Pruned pruned = Pruned.of(store);
        long absent = 0;
        List<String> batch = new ArrayList<>();
        for (String run : runs) {
            batch.add(run);
            if (batch.size() == BATCH) absent += absent(batch, pruned);
        }
        return absent + absent(batch, pruned);
    }

    private long absent(List<String> batch, Pruned pruned) {
        long absent = 0;
        for (Row row : database.query(ABSENT, JsonText.line(batch))) if (!pruned.contains(row.text("run_id"))) absent++;
        batch.clear();
        return absent;
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
