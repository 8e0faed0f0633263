package telemetry.health;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Row;
import telemetry.Store;
import telemetry.archive.ArchiveState;
import telemetry.os.Account;
import telemetry.os.Attempt;
import telemetry.runs.Schema;
import telemetry.runs.StartTimes;
import telemetry.store.KnownLosses;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * Whether the day files are all there. The database's runs tell which days there must be lines of: a day of which the database has runs,
 * and neither raw nor the archive has a file, was deleted or stands elsewhere. The archive's manifest tells which files it must have.
 */
public final class DayFilesCheck {
    private static final int MOST = 3;
    private static final long SECONDS_A_DAY = 86_400;

    /**
     * The days of which there are runs, each found through the index: one look a day, not one a run. A text that is too short for a day is
     * no day; the next text is looked for behind it.
     */
    private static final String DAYS = "WITH RECURSIVE day(x) AS (SELECT substr(min(start_time), 1, 10) FROM agent_runs"
            + " UNION SELECT (SELECT substr(min(start_time), 1, 10) FROM agent_runs"
            + " WHERE start_time > day.x || CASE WHEN length(day.x) = 10 THEN '~' ELSE '' END) FROM day"
            + " WHERE day.x IS NOT NULL) SELECT x FROM day WHERE x IS NOT NULL";
    private static final String DAYS_WITHOUT_INDEX = "SELECT DISTINCT substr(start_time, 1, 10) FROM agent_runs";

    /**
     * By their instants, whose texts may be of the next day or the one before. Without the day's last minute: the line of a run that begins
     * then may stand in the next day's file.
     */
    private static final String RUNS = "SELECT count(*) FROM agent_runs WHERE start_time >= ? AND start_time < ? AND " + StartTimes.SECOND
            + " BETWEEN ? AND ?";

    private final Store store;
    private final Instant now;
    private final KnownLosses known;
    private final ArchiveState archive;
    private final List<DayFile> files;
    private final List<Path> strangers;

    DayFilesCheck(Store store, Instant now) {
        this.store = store;
        this.now = now;
        this.known = KnownLosses.of(store);
        this.archive = ArchiveState.of(store);
        this.files = new EventLog(store).days();
        Path today = store.raw().resolve(DayFile.name(DayFile.dayOf(now)));
        this.strangers = new EventLog(store).strangers().stream().filter(path -> !path.equals(today)).toList();
    }

    Check check(Database database, Schema schema) {
        Map<LocalDate, Long> lost = lost(database, schema);
        List<ArchiveState.Gone> gone = new ArrayList<>(archive.gone());
        Set<LocalDate> acknowledged = new TreeSet<>();
        if (!known.isEmpty()) takeAway(acknowledged, lost, gone);

        List<String> found = new ArrayList<>();
        if (!lost.isEmpty()) found.add(said(lost) + " stand in the database and in no day file");
        if (!gone.isEmpty()) found.add(said(gone));
        boolean isLoss = !found.isEmpty();
        if (isLoss) found.add("put the files back from where they were moved to or from a backup, or acknowledge the loss");
        List<OddDayFile> odd = OddDayFile.of(store, files, now);
        for (OddDayFile file : odd.subList(0, Math.min(MOST, odd.size()))) found.add(file.detail());
        if (odd.size() > MOST) found.add("and " + Words.count(odd.size() - MOST, "more odd day file"));
        for (Path stranger : strangers.subList(0, Math.min(MOST, strangers.size()))) found.add(said(stranger));
        if (strangers.size() > MOST) found.add("and " + (strangers.size() - MOST) + " more that are no files");
        if (found.isEmpty()) return Check.ok("day files", fine(schema) + (acknowledged.isEmpty() ? ""
                : ", known: the lines of " + Words.count(acknowledged.size(), "day") + " are gone"));
        Next acknowledge = store.command("health", "--acknowledge", "the day files are gone").in(Runbook.DATA_LOSS);
        return Check.warning("day files", String.join("; ", found), isLoss ? acknowledge : odd.isEmpty() ? null : odd.get(0).next());
    }

    private void takeAway(Set<LocalDate> acknowledged, Map<LocalDate, Long> lost, List<ArchiveState.Gone> gone) {
        gone.forEach(file -> acknowledged.add(file.day()));
        acknowledged.addAll(lost.keySet());
        acknowledged.removeIf(day -> !known.contains(day));
        lost.keySet().removeAll(acknowledged);
        gone.removeIf(file -> acknowledged.contains(file.day()));
    }

    private String fine(Schema schema) {
        return areCompared(schema) ? "every day of the database has its lines"
                : "not compared with the database's days: this version's runs may come without lines";
    }

    /** Rows that came over HTTP have no lines. */
    private static boolean areCompared(Schema schema) {
        return schema.shape() != Schema.Shape.SERVICE;
    }

    /** The days whose lines are gone, wholly or in part, and that nobody has acknowledged. */
    public static Set<LocalDate> lost(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            var check = new DayFilesCheck(store, Instant.EPOCH);
            Set<LocalDate> lost = new TreeSet<>(check.lost(database, Schema.require(database)).keySet());
            check.archive.gone().forEach(file -> lost.add(file.day()));
            lost.removeIf(check.known::contains);
            return lost;
        }
    }

    private Map<LocalDate, Long> lost(Database database, Schema schema) {
        Map<LocalDate, Long> lost = new TreeMap<>();
        if (!areCompared(schema)) return lost;
        Set<LocalDate> there = new HashSet<>(archive.expired());
        for (DayFile file : files) there.add(file.day());
        boolean isIndexed = schema.indexes().contains("idx_runs_start");
        for (Row row : database.query(isIndexed ? DAYS : DAYS_WITHOUT_INDEX).list()) {
            LocalDate day = day(row.get(0));
            if (day == null || there.contains(day)) continue;
            long from = day.toEpochDay() * SECONDS_A_DAY;
            long runs = database.number(RUNS, day.minusDays(1).toString(), day.plusDays(2).toString(), from, from + SECONDS_A_DAY - 61);
            if (runs > 0) lost.put(day, runs);
        }
        return lost;
    }

    private static LocalDate day(Object text) {
        try {
            return LocalDate.parse(String.valueOf(text));
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /** {@code 412 runs of 5 days (2026-11-20: 80, 2026-11-21: 90, 2026-11-22: 70 and 2 more)} */
    private static String said(Map<LocalDate, Long> lost) {
        long runs = lost.values().stream().mapToLong(Long::longValue).sum();
        return Words.count(runs, "run") + " of " + Words.count(lost.size(), "day") + " ("
                + lost.entrySet().stream().limit(MOST).map(day -> day.getKey() + ": " + day.getValue()).collect(joining(", "))
                + more(lost.size()) + ")";
    }

    /** {@code 2 of 90 archived files: events_20251211.ndjson.gz is not there, events_20251212.ndjson.gz has 3 B of 1.2 MB} */
    private String said(List<ArchiveState.Gone> gone) {
        return gone.size() + " of " + Words.count(archive.listed(), "archived file") + ": "
                + gone.stream().limit(MOST).map(ArchiveState.Gone::toString).collect(joining(", ")) + more(gone.size());
    }

    /** {@code /srv/agents/raw/events_20251211.ndjson is a FIFO, which nothing reads} */
    private static String said(Path stranger) {
        return Attempt.of("look at", stranger, () -> stranger + " is " + Account.kindOf(stranger) + ", which nothing reads; move it away");
    }

    private static String more(int all) {
        return all <= MOST ? "" : " and " + (all - MOST) + " more";
    }
}
