package telemetry.health;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Row;
import telemetry.Store;
import telemetry.runs.Schema;
import telemetry.store.KnownLosses;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * Whether the day files are all there. The database's runs tell which days there must be lines of: a day of which the database has runs, and
 * neither raw nor the archive has a file, was deleted or stands elsewhere.
 */
public final class DayFilesCheck {
    private static final int MOST_DAYS = 3;

    /** The days of which there are runs, each found through the index: one look a day, not one a run. */
    private static final String DAYS = "WITH RECURSIVE day(x) AS (SELECT substr(min(start_time), 1, 10) FROM agent_runs"
            + " UNION SELECT (SELECT substr(min(start_time), 1, 10) FROM agent_runs WHERE start_time > day.x || '~') FROM day"
            + " WHERE day.x IS NOT NULL) SELECT x FROM day WHERE x IS NOT NULL";
    private static final String DAYS_WITHOUT_INDEX = "SELECT DISTINCT substr(start_time, 1, 10) FROM agent_runs";

    /** Without the day's last minute: the line of a run that begins then may stand in the next day's file. */
    private static final String RUNS = "SELECT count(*) FROM agent_runs WHERE start_time >= ?1 AND start_time < ?2"
            + " AND strftime('%Y-%m-%d %H:%M', unixepoch(start_time), 'unixepoch') BETWEEN ?1 || ' 00:00' AND ?1 || ' 23:58'";

    private final Store store;
    private final Instant now;

    DayFilesCheck(Store store, Instant now) {
        this.store = store;
        this.now = now;
    }

    Check check(Database database, Schema schema) {
        List<OddDayFile> odd = OddDayFile.of(store, now);
        Check days = days(database, schema);
        if (odd.isEmpty() || days.status() != Check.Status.OK) return days;
        String more = odd.size() == 1 ? "" : "; and " + Words.count(odd.size() - 1, "more odd day file");
        return Check.warning("day files", odd.get(0).detail() + more, odd.get(0).next());
    }

    private Check days(Database database, Schema schema) {
        if (schema.shape() == Schema.Shape.SERVICE)
            return Check.ok("day files", "not compared with the database's days: this version's runs may come without lines");
        Map<LocalDate, Long> lost = lost(database, schema);
        KnownLosses known = KnownLosses.of(store);
        long acknowledged = lost.keySet().stream().filter(known::contains).count();
        lost.keySet().removeIf(known::contains);
        if (!lost.isEmpty()) return Check.warning("day files", said(lost) + " stand in the database and in no day file; if "
                + (lost.size() == 1 ? "it was" : "they were") + " moved away, put the files back, otherwise acknowledge the loss",
                store.command("health", "--acknowledge", "the day files are gone").in(Runbook.DATA_LOSS));
        return Check.ok("day files", "every day of the database has its lines"
                + (acknowledged == 0 ? "" : ", known: " + Words.count(acknowledged, "day") + " without"));
    }

    /** The days of which the database has runs and nothing has lines, and that nobody has acknowledged. */
    public static Set<LocalDate> lost(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            Map<LocalDate, Long> lost = new DayFilesCheck(store, Instant.EPOCH).lost(database, Schema.require(database));
            lost.keySet().removeIf(KnownLosses.of(store)::contains);
            return lost.keySet();
        }
    }

    private Map<LocalDate, Long> lost(Database database, Schema schema) {
        Set<LocalDate> there = new HashSet<>();
        for (Path folder : List.of(store.raw(), store.archive())) {
            String[] names = folder.toFile().list();
            if (names != null) for (String name : names) DayFile.of(folder.resolve(name)).ifPresent(file -> there.add(file.day()));
        }
        Map<LocalDate, Long> lost = new TreeMap<>();
        boolean isIndexed = schema.indexes().contains("idx_runs_start");
        for (Row row : database.query(isIndexed ? DAYS : DAYS_WITHOUT_INDEX).list()) {
            LocalDate day = day(row.get(0));
            if (day == null || there.contains(day)) continue;
            long runs = database.number(RUNS, day.toString(), day.plusDays(1).toString());
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
        String first = lost.entrySet().stream().limit(MOST_DAYS).map(day -> day.getKey() + ": " + day.getValue()).collect(joining(", "));
        int more = lost.size() - Math.min(MOST_DAYS, lost.size());
        return Words.count(runs, "run") + " of " + Words.count(lost.size(), "day") + " (" + first + (more == 0 ? "" : " and " + more + " more")
                + ")";
    }
}
