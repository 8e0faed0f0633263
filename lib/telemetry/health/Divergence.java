package telemetry.health;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Size;
import telemetry.Store;
import telemetry.Times;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.InFlight;
import telemetry.daylog.LogReader;
import telemetry.daylog.Tail;
import telemetry.runs.Schema;
import telemetry.runs.StatusWords;
import telemetry.store.Pruned;
import telemetry.text.JsonText;
import telemetry.text.Words;

/**
 * Runs of the last days that stand in the day files and not in the database, or not as ended. The files are read before the database is
 * asked, and a record of the last minute does not count: its writer may still wait for the database ({@link InFlight}). Memory holds one
 * batch, and at most {@value #MOST} of the runs found.
 */
final class Divergence {

    private static final int BATCH = 20_000;
    private static final int MOST = 10_000;

    /**
     * How much of a plain file is read.
     *
     * @param whole a larger one is read from its end
     * @param last  then at least so many bytes are read, and up to a piece of {@link Tail#PIECE} more
     */
    record Reach(long whole, long last) {
        /** Takes less than half a second. */
        static final Reach USUAL = new Reach(64 << 20, 4 << 20);

        /** Of what a replay has just read. */
        static final Reach BRIEF = new Reach(4 << 20, 2 << 20);
    }

    private final Reach reach;

    private static final String ABSENT = "SELECT value FROM json_each(?1) EXCEPT SELECT run_id FROM agent_runs"
            + " WHERE run_id IN (SELECT value FROM json_each(?1))";

    /** The start time narrows what is looked through where run_id has no index, as in the service's tables. */
    private static final String ABSENT_SINCE = ABSENT + " AND start_time >= ?2";
    private static final String OF_STATUS = "SELECT DISTINCT run_id FROM agent_runs WHERE run_id IN (SELECT value FROM json_each(?)) AND ";

    private final Database database;
    private final StatusWords words;
    private final Pruned pruned;
    private final Instant now;
    private final LocalDate firstDay;

    /** Of the batch: a run and when its last record was written; long ago when the record has no time. */
    private final Map<String, Instant> batch = new HashMap<>();
    private final Set<String> ended = new LinkedHashSet<>();

    private final Set<String> missing = new LinkedHashSet<>();
    private final Set<String> unended = new LinkedHashSet<>();

    /** Of the files that were not read from their beginning: from what time on they were. */
    private final List<String> cut = new ArrayList<>();

    /** When the first record that was read of a piece was written; null when none has a time. */
    private Instant first;
    private Instant since;
    private int files;
    private long records;
    private long damaged;

    private Divergence(Store store, Database database, Schema schema, Instant now, Duration back, Reach reach) {
        this.reach = reach;
        this.database = database;
        this.words = new StatusWords(database, schema);
        this.pruned = Pruned.of(store);
        this.now = now;
        this.firstDay = DayFile.dayOf(now.minus(back));
    }

    /** Compares the day files since so long before now with the database. */
    static Divergence of(Store store, Database database, Schema schema, Instant now, Duration back, Reach reach) {
        var divergence = new Divergence(store, database, schema, now, back, reach);
        for (DayFile file : new EventLog(store).days())
            if (!file.day().isBefore(divergence.firstDay)) divergence.read(file);
        divergence.compare();
        return divergence;
    }

    /** Of these the database has no row. */
    Set<String> missing() {
        return missing;
    }

    /** Of these it has a row that says running, and the files have the end. */
    Set<String> unended() {
        return unended;
    }

    /** When the first record of these was written, of those that say; null without one. */
    Instant since() {
        return since;
    }

    boolean isNone() {
        return missing.isEmpty() && unended.isEmpty();
    }

    /** What was found, for an operator. */
    @Override
    public String toString() {
        var text = new StringJoiner("; ");
        if (!missing.isEmpty())
            text.add(counted(missing) + " of the day files not in the database, the first is " + missing.iterator().next());
        if (!unended.isEmpty())
            text.add(counted(unended) + " ended in the day files and running in the database, the first is " + unended.iterator().next());
        if (isNone()) text.add(files == 0 ? "no day file since " + firstDay
                : "the day files' " + records + " records since " + firstDay + " are in the database");
        cut.forEach(text::add);
        if (damaged > 0) text.add(Words.count(damaged, "damaged piece"));
        return text.toString();
    }

    private static String counted(Set<String> runs) {
        return (runs.size() < MOST ? "" : "at least ") + Words.count(runs.size(), "run");
    }

    private void read(DayFile file) {
        files++;
        if (file.compressed() || file.path().toFile().length() <= reach.whole) read(file, 0, Long.MAX_VALUE);
        else readEnd(file);
    }

    /** The last pieces first. Of a line that is too long to be one nothing is read: it is one damaged piece, however long. */
    private void readEnd(DayFile file) {
        long bytes = 0;
        first = null;
        try (var tail = new Tail(file.path())) {
            while (bytes < reach.last) {
                Tail.Piece piece = tail.previous();
                if (piece == null) break;
                if (piece.isOneLine()) {
                    damaged++;
                    continue;
                }
                Instant later = first;
                first = null;
                read(file, piece.from(), piece.to());
                if (first == null) first = later;
                bytes += piece.to() - piece.from();
            }
            if (tail.left() > 0) cut.add("of " + file.path().getFileName() + ", " + new Size(file.path().toFile().length())
                    + ", only the last " + new Size(bytes) + (first == null ? "" : ": compared from " + clock(first) + " on"));
        }
    }

    private static String clock(Instant time) {
        return Times.seconds(time).substring("2026-11-20 ".length(), "2026-11-20 12:00".length());
    }

    private void read(DayFile file, long from, long to) {
        try (LogReader entries = new LogReader(file.path(), from, BriefRecord::read).until(to)
                .longest(LogReader.LONGEST_READ)) {
            while (entries.hasNext()) {
                LogEntry entry = entries.next();
                if (entry.record() instanceof Run run) take(run);
                else if (entry.isDamaged()) damaged++;
            }
        }
    }

    private void take(Run run) {
        records++;
        Instant time = run.isEnd() ? run.end() : run.start();
        if (first == null) first = time;
        batch.merge(run.id(), time == null ? Instant.MIN : time, (one, other) -> one.isAfter(other) ? one : other);
        if (run.isEnd()) ended.add(run.id());
        if (batch.size() >= BATCH) compare();
    }

    private void compare() {
        if (batch.isEmpty()) return;
        keep(missing, absent(absent(batch.keySet(), firstDay.minusDays(1).toString()), null));
        Set<String> running = ended.isEmpty() ? Set.of() : ask(OF_STATUS + words.are(RunStatus.RUNNING), JsonText.line(ended));
        if (!running.isEmpty()) running.removeAll(ask(OF_STATUS + words.areNot(RunStatus.RUNNING), JsonText.line(running)));
        keep(unended, running);
        batch.clear();
        ended.clear();
    }

    private Set<String> absent(Collection<String> ids, String since) {
        if (ids.isEmpty()) return Set.of();
        return since == null ? ask(ABSENT, JsonText.line(ids)) : ask(ABSENT_SINCE, JsonText.line(ids), since);
    }

    private Set<String> ask(String sql, Object... params) {
        Set<String> ids = new LinkedHashSet<>();
        for (Row row : database.query(sql, params)) ids.add(String.valueOf(row.get(0)));
        return ids;
    }

    private void keep(Set<String> found, Set<String> ids) {
        for (String id : ids) {
            Instant written = batch.get(id);
            if (InFlight.is(written, now) || pruned.contains(id) || found.size() >= MOST) continue;
            found.add(id);
            if (!written.equals(Instant.MIN) && (since == null || written.isBefore(since))) since = written;
        }
    }
}
