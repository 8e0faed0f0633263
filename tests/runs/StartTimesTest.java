package telemetry.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Row;
import telemetry.RunFilter;
import telemetry.Runs;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.kit.Fixture;
import telemetry.kit.Sql;

/** One rule for the start of a run, in Java and in SQL, whatever was written: with the index and without it. */
class StartTimesTest {
    private static final String[] SHAPES = {"yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd't'HH:mm:ss", "yyyy-MM-dd'T'HH:mm",
            "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:'60'", "yyyy-MM-dd'T24':mm:ss"};
    private static final String[] ZONES = {"", "Z", "z", "+00:00", " UTC", "+HH:MM", "+HHMM", "+HH", " +HH:MM"};
    private static final Object[] ODD = {"", " ", "now", "x", "0", "-1", "2025", "2025-", "2025-02-30T12:00:00Z", "2025-02-29 12:00:00",
        "2024-02-29T12:00:00Z", "2025-04-31T12:00:00Z", "2025-13-01T12:00:00Z", "2025-00-10T12:00:00Z", "2025-12-00T12:00:00Z",
        "2025-12-10T25:00:00Z", "2025-12-10T12:60:00Z", "2025-12-10T12:05:61Z", "2025-12-10T12:05:30.Z", "2025-12-10T12:05:30+15:00",
        "2025-12-10T12:05:30+14:59", "2025-12-10TT12:05:30", "2025-12-10  12:05:30", "2025-12-10\t12:05:30", "2025-12-10T12:05:30 ",
        "-2025-12-10T12:05:30Z", "+2025-12-10T12:05:30Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59-10:00",
        "10000-01-01T00:00:00Z", "2025-12-10T12:05:30Z\0rest", "2025-12-10T12:05:30[UTC]", "2025-12-10T12:05:30+01:00[Europe/Berlin]",
        "12:05:30", "2461020.5", "NaN", "Infinity", "1e400", "1e2147483648", "-1e2147483647", "1e-2147483647", "1765368330,25", "1,765,368",
        "20251210", "20251310", "123e-5-67-901:2", new byte[] {1, 2, 3}, "2025-12-10T12:05:30Z".getBytes(), 0L, -1L, Long.MAX_VALUE,
        Long.MIN_VALUE, 99_999_999_999L, 100_000_000_000L, 1e300, -1e300, Double.POSITIVE_INFINITY, 0.1, "7".repeat(2_000),
        "2025-12-10T12:05:30." + "1".repeat(500) + "Z", "2025-12-10T12:05:30." + "1".repeat(5_000) + "Z", "\u0662\u0660\u0662\u0665-12-10"};

    @TempDir
    private Path folder;

    @Test
    void sqlAndJavaReadTenThousandFormsAlike() {
        var random = new Random(14);
        try (Database database = Database.create(folder.resolve("any.sqlite"))) {
            database.execute("CREATE TABLE agent_runs (start_time)");
            database.inTransaction(() -> {
                for (Object odd : ODD) database.update("INSERT INTO agent_runs VALUES (?)", odd);
                for (int n = 0; n < 10_000; n++) database.update("INSERT INTO agent_runs VALUES (?)", any(random));
            });
            int read = 0;
            Map<Long, Instant> instants = new HashMap<>();
            for (Row row : database.query("SELECT rowid AS place, start_time, telemetry_instant(start_time) AS exact, " + StartTimes.SECOND
                    + " AS second, " + StartTimes.TEXT + " AS text, typeof(start_time) AS type FROM agent_runs")) {
                Instant instant = Times.instant(row.get("start_time"));
                String what = row.get("type") + " " + row.text("start_time");
                assertEquals(instant == null ? null : Times.sortable(instant), row.text("exact"), what);
                assertEquals(instant == null, row.get("text") == null, what);
                if (instant == null) assertEquals(null, row.get("second"), what);
                else {
                    long roundedUp = instant.getNano() >= 999_500_000 ? instant.getEpochSecond() + 1 : instant.getEpochSecond();
                    if (row.number("second") != instant.getEpochSecond()) assertEquals(roundedUp, row.number("second"), what);
                    assertEquals(instant.getEpochSecond(), Times.instant(row.text("text")).getEpochSecond(), what);
                    read++;
                }
                instants.put(row.number("place"), instant);
            }
            assertEquals(true, read > 7_000 && read < 9_900, "readable: " + read);
            for (long place = 1; place < 40; place++) if (instants.get(place) != null) {
                Instant limit = instants.get(place).plusNanos(random.nextInt(3) - 1);
                long before = counted(database, StartTimes.before(limit));
                assertEquals(count(instants, instant -> instant.isBefore(limit)), before, "before " + limit);
                long later = counted(database, StartTimes.notBefore(limit));
                assertEquals(count(instants, instant -> !instant.isBefore(limit)), later, "not before " + limit);
            }
        }
    }

    private static long count(Map<Long, Instant> instants, Predicate<Instant> wanted) {
        return instants.values().stream().filter(instant -> instant != null && wanted.test(instant)).count();
    }

    private static long counted(Database database, String condition) {
        return database.number("SELECT count(*) FROM agent_runs WHERE " + condition);
    }

    /** Half of them within a few days, a sixth of them with a letter too many, too few or another. */
    private static Object any(Random random) {
        Instant instant = Instant.ofEpochSecond(1_765_000_000L + random.nextInt(random.nextBoolean() ? 300_000 : 500_000_000),
                random.nextInt(4) == 0 ? 0 : random.nextInt(1_000_000_000));
        Object value = random.nextInt(4) == 0 ? number(random, instant) : dated(random, instant);
        if (!(value instanceof String text) || text.isEmpty() || random.nextInt(6) > 0) return value;
        int at = random.nextInt(text.length());
        String letter = random.nextInt(3) == 0 ? "" : "" + "0123456789-+:.,TtZz eE/".charAt(random.nextInt(23));
        return text.substring(0, at) + letter + text.substring(at + random.nextInt(2));
    }

    private static String dated(Random random, Instant instant) {
        String zone = ZONES[random.nextInt(ZONES.length)];
        var offset = zone.contains("HH") ? ZoneOffset.ofTotalSeconds((random.nextInt(14 * 4 * 2 + 1) - 14 * 4) * 900) : ZoneOffset.UTC;
        var text = new StringBuilder(" ".repeat(random.nextInt(12) / 11));
        OffsetDateTime local = instant.atOffset(offset);
        text.append(local.format(DateTimeFormatter.ofPattern(SHAPES[random.nextInt(random.nextBoolean() ? 2 : SHAPES.length)])));
        if (text.indexOf(":") != text.lastIndexOf(":")) text.append(fraction(random, instant));
        if (text.indexOf(":") > 0) text.append(zone.contains("HH") ? local.format(DateTimeFormatter.ofPattern(zone.replace("+HH:MM", "xxx")
                .replace("+HHMM", "xx").replace("+HH", "x"))) : zone);
        return text.append(" ".repeat(random.nextInt(12) / 11)).toString();
    }

    private static String fraction(Random random, Instant instant) {
        int digits = random.nextInt(13);
        return digits == 0 ? "" : (random.nextInt(4) == 0 ? "," : ".") + String.format("%09d%03d", instant.getNano(), random.nextInt(1000))
                .substring(0, digits);
    }

    private static Object number(Random random, Instant instant) {
        int unit = random.nextInt(4);
        long count = instant.getEpochSecond() * (long) Math.pow(1_000, unit) + instant.getNano() / (long) Math.pow(1_000, 3 - unit);
        return switch (random.nextInt(5)) {
            case 0 -> count;
            case 1 -> count + random.nextInt(1_000) / 1_000.0;
            case 2 -> count + "." + random.nextInt(1_000);
            case 3 -> String.valueOf((double) count);
            default -> String.valueOf(count);
        };
    }

    /** Of each form some, west and east of UTC, also where the column's type leaves numbers as they are. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void periodsAndOrderFollowTheInstants(long seed) {
        var random = new Random(seed);
        Store store = Fixture.V3.empty(folder);
        try (Database database = Database.open(store.database())) {
            if (seed % 3 == 0) Sql.redefine(database, "start_time TEXT", "start_time");
            List<Instant> all = new ArrayList<>();
            database.inTransaction(() -> {
                for (int n = 0; n < 400; n++) {
                    Instant instant = Instant.ofEpochSecond(1_796_000_000L + random.nextInt(400_000), random.nextInt(1_000) * 1_000_000L);
                    Object value = seed % 2 == 0 && random.nextInt(4) == 0 ? number(random, instant) : random.nextInt(9) == 0 ? "unknown"
                            : dated(random, instant);
                    database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES (?, 'a', ?, 'running')",
                            "r" + n, value);
                }
                for (Row row : database.query("SELECT start_time FROM agent_runs")) all.add(Times.instant(row.get(0)));
            });
            assertAnswers(database, all, "with the index");
            database.execute("DROP INDEX idx_runs_start");
            assertAnswers(database, all, "without the index");
        }
    }

    private static void assertAnswers(Database database, List<Instant> all, String how) {
        var runs = new Runs(database);
        List<Long> sorted = all.stream().filter(instant -> instant != null).map(Instant::getEpochSecond)
                .sorted(Comparator.reverseOrder()).toList();
        for (int limit : List.of(1, 2, 5, 20, 100, sorted.size()))
            assertEquals(sorted.stream().limit(limit).toList(), seconds(runs.recent(limit)).toList(), how + ", limit " + limit);
        assertEquals(400, runs.recent(1_000).list().size(), how);
        assertEquals(sorted.size(), seconds(runs.recent(1_000).limit(sorted.size())).filter(second -> second != null).count(), how);
        for (int n = 0; n < 12; n++) {
            Instant since = all.get(n);
            Instant until = all.get(399 - n);
            if (since == null || until == null) continue;
            assertEquals(all.stream().filter(instant -> instant != null && !instant.isBefore(since) && instant.isBefore(until)).count(),
                    runs.count(RunFilter.ALL.during(since, until)), how + ", " + since + " to " + until);
            List<Long> stale = all.stream().filter(instant -> instant != null && instant.isBefore(until)).map(Instant::getEpochSecond)
                    .sorted().toList();
            assertEquals(stale, seconds(runs.stale(until)).toList(), how + ", before " + until);
        }
    }

    private static Stream<Long> seconds(telemetry.Rows rows) {
        return rows.stream().map(row -> Times.instant(row.get("start_time"))).map(start -> start == null ? null : start.getEpochSecond());
    }

    @Test
    void withinASecondADateComesBeforeANumber() {
        Store store = Fixture.V3.empty(folder);
        try (Database database = Database.open(store.database())) {
            for (Object start : List.of("1796000000.9", "2026-11-30T00:53:20Z", "2026-11-30T00:53:20.5Z"))
                database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES (?1, 'a', ?1, 'success')", start);
            assertEquals(List.of("2026-11-30T00:53:20.5Z", "2026-11-30T00:53:20Z", "1796000000.9"),
                    new Runs(database).recent(9).stream().map(row -> row.text("run_id")).toList());
        }
    }

    /** A schema with it would fail for the agents, whose SQLite does not have it. */
    @Test
    void noSchemaCanHoldTheFunction() {
        Store store = Fixture.V3.empty(folder);
        try (Database database = Database.open(store.database())) {
            assertThrows(StoreException.class, () -> database.execute("CREATE INDEX i ON agent_runs(telemetry_instant(start_time))"));
            database.execute("CREATE VIEW v AS SELECT telemetry_instant(start_time) FROM agent_runs");
            assertThrows(StoreException.class, () -> database.query("SELECT * FROM v").list());
        }
    }
}
