package telemetry.runs;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import telemetry.Database;
import telemetry.Row;
import telemetry.RunFilter;
import telemetry.Times;
import telemetry.text.Words;

/**
 * The starts of a database's runs in SQL. {@link Times#instant} decides, as the function {@code telemetry_instant}. The usual forms are
 * left to SQLite's own {@code unixepoch}, which reads them alike and faster. The index on start_time only narrows
 * what is looked at: its texts may be off by an offset, and other forms stand elsewhere in it.
 *
 * @param years  the years with which dated texts begin, in their order
 * @param others true when other texts or numbers may be instants too
 */
public record StartTimes(List<String> years, boolean others) {

    /** What {@link Times#instant} reads, as a text that sorts as instants do; null for any other value, however large. */
    private static final String EXACT = "telemetry_instant(iif(octet_length(start_time) <= "
            + Times.MOST_CHARACTERS + ", start_time, NULL))";

    /** SQLite takes the 30th of February for the 2nd of March, and a blob for a text. */
    private static final String USUAL = "start_time BETWEEN '0001' AND '9999' AND start_time GLOB '????-??-??[T ]??:*'"
            + " AND (substr(start_time, 9, 2) < '29' OR substr(start_time, 6, 2) <> '02' AND (substr(start_time, 9, 2) < '31'"
            + " OR substr(start_time, 6, 2) IN ('01', '03', '05', '07', '08', '10', '12')))";

    /** Whole seconds since 1970, the last half millisecond of a second rounded up; null for a start that cannot be read. */
    public static final String SECOND = "coalesce(unixepoch(CASE WHEN " + USUAL + " THEN start_time END), unixepoch(substr(" + EXACT
            + ", 1, 19)))";

    /**
     * A text that sorts as instants do, to the last digit; null for a start that cannot be read. A shorter text of the same instant
     * ({@code :30} for {@code :30.000+00:00}) sorts first. A number counts as its whole second.
     */
    public static final String TEXT = "CASE WHEN (start_time GLOB '*+00:00' OR start_time GLOB '*Z' OR length(start_time) = 19)"
            + " AND " + USUAL + " AND substr(start_time, 12, 2) < '24' AND unixepoch(start_time) IS NOT NULL"
            + " THEN substr(start_time, 1, 10) || 'T' || rtrim(substr(start_time, 12), 'Z')"
            + " WHEN start_time GLOB '????-*' THEN " + EXACT + " ELSE substr(" + EXACT + ", 1, 19) END";

    public static final String UNREADABLE = SECOND + " IS NULL";

    private static final int LOOKED_AT = 5_000;

    /** The year 0 begins. */
    private static final long FIRST_SECOND = -62_167_219_200L;
    private static final int FURTHEST_WEST = 15 * 3_600;

    /** One look for each year, and one for each other beginning: a numeric text keeps its first four digits for days. */
    private static final int MOST_LOOKS = 2_000;
    private static final String BEGINNINGS = "WITH RECURSIVE met(x) AS (SELECT min(start_time) FROM agent_runs WHERE start_time < x''"
            + " UNION ALL SELECT (SELECT min(start_time) FROM agent_runs WHERE start_time < x'' AND start_time > substr(met.x, 1, 4)"
            + " || CASE WHEN met.x GLOB '????-*' THEN '.' ELSE char(1114111) END) FROM met WHERE met.x IS NOT NULL LIMIT " + MOST_LOOKS
            + ") SELECT substr(x, 1, 5) AS beginning, x < ':' AS possible FROM met WHERE x IS NOT NULL";

    /** Null where the index cannot narrow anything: there is none, or the starts begin in too many ways. */
    public static StartTimes of(Database database, Schema schema) {
        if (!schema.has("start_time") || !schema.indexes().contains("idx_runs_start")) return null;
        List<String> years = new ArrayList<>();
        boolean others = false;
        int looks = 0;
        for (Row row : database.query(BEGINNINGS)) {
            looks++;
            String beginning = row.text("beginning");
            if (beginning.length() == 5 && beginning.charAt(4) == '-' && isYear(beginning)) years.add(beginning.substring(0, 4));
            else others |= row.number("possible") == 1;
        }
        return looks < MOST_LOOKS - 1 ? new StartTimes(List.copyOf(years), others) : null;
    }

    private static boolean isYear(String text) {
        for (int i = 0; i < 4; i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
        return true;
    }

    /** As the plus sign does, which takes ten times as long where it is met first. */
    private static String joined(Object... parts) {
        var text = new StringBuilder(1_000);
        for (Object part : parts) text.append(part);
        return text.toString();
    }

    /** Within a second, numbers come after dates, which say what they mean; a start that cannot be read comes last. */
    public static String newestFirst(Schema schema) {
        return " ORDER BY " + TEXT + " DESC, start_time DESC" + schema.thenNumber(" DESC");
    }

    /** The oldest first; a start that cannot be read comes last. */
    public static String oldestFirst(Schema schema) {
        return " ORDER BY " + TEXT + " NULLS LAST, start_time" + schema.thenNumber("");
    }

    /** The dated texts of these instants, a day wider on both sides: no offset is further off. @param since null for no limit */
    static String dated(String column, Instant since, Instant until) {
        List<String> range = new ArrayList<>();
        if (since != null) range.add(joined(column, " >= '", day(since, -1), "'"));
        if (until != null && !day(until, 2).startsWith("+")) range.add(joined(column, " < '", day(until, 2), "'"));
        return range.isEmpty() ? "TRUE" : String.join(" AND ", range);
    }

    /**
     * The rows in which starts since then can be found, and others, for what decides by {@link #SECOND}.
     *
     * @param starts null where the index cannot narrow anything
     */
    public static String since(StartTimes starts, String day) {
        String dated = joined("start_time >= '", day, "'");
        if (starts == null) return joined("(", dated, " OR start_time NOT GLOB '????-*')");
        return starts.others ? joined("(", dated, " OR ", starts.gaps(), ")") : dated;
    }

    /**
     * The statement for the second in which the first run since then began. The first dated text is at most a day from it.
     *
     * @param starts null where the index cannot narrow anything
     */
    public static String first(StartTimes starts, Instant since) {
        String from = since == null ? "TRUE" : notBefore(since) + " AND " + since(starts, day(since, -1));
        String second = "SELECT min(" + SECOND + ") FROM agent_runs WHERE " + from;
        if (starts == null || starts.others) return second;
        return second + " AND start_time < (SELECT date(substr(start_time, 1, 10), '+3 days') FROM agent_runs WHERE " + from + " AND "
                + SECOND + " IS NOT NULL AND start_time GLOB '????-*' ORDER BY start_time LIMIT 1)";
    }

    /**
     * How many runs have a start that cannot be read: all that are no dated text, and those among the newest {@value #LOOKED_AT} dated
     * ones, which is all of them in a small store.
     *
     * @param starts null where the index cannot narrow anything: then among that many of all
     */
    public static long unreadable(StartTimes starts, Database database) {
        String unread = "SELECT count(*) FROM (SELECT start_time FROM agent_runs ";
        if (starts == null) return database.number(unread + "LIMIT " + LOOKED_AT + ") WHERE " + UNREADABLE);
        String dated = "start_time BETWEEN '0000-' AND '9999.' AND start_time GLOB '????-*' ORDER BY start_time DESC LIMIT " + LOOKED_AT;
        long runs = database.number(unread + "WHERE " + dated + ") WHERE " + UNREADABLE)
                + database.number("SELECT count(*) FROM agent_runs WHERE start_time IS NULL");
        for (String gap : starts.ranges())
            runs += database.number(joined("SELECT count(*) FROM agent_runs WHERE ", gap, " AND ", UNREADABLE));
        return runs;
    }

    /** {@code 3 runs have a start_time that cannot be read} */
    public static String unreadable(long runs) {
        return Words.count(runs, "run has", "runs have") + " a start_time that cannot be read";
    }

    String gaps() {
        return joined("(", String.join(") OR (", ranges()), ")");
    }

    /** All starts that are no dated text, as ranges of the index. */
    private List<String> ranges() {
        List<String> gaps = new ArrayList<>();
        String from = null;
        for (String year : years) {
            gaps.add(joined(from == null ? "" : joined("start_time >= '", from, "' AND "), "start_time < '", year, "-'"));
            from = joined(year, ".");
        }
        gaps.add(from == null ? "TRUE" : joined("start_time >= '", from, "'"));
        return gaps;
    }

    /**
     * The earliest second among as many runs as are wanted from the end of the index, and how many there are.
     *
     * @param conditions without the index, and may be added to
     */
    public Query last(RunConditions conditions, RunFilter filter, long limit) {
        conditions.and(dated("start_time", filter.since(), filter.until())).and("start_time < ':'").and(SECOND + " IS NOT NULL");
        return new Query(joined("SELECT count(*) AS runs, min(second) AS second FROM (SELECT ", SECOND, " AS second FROM agent_runs",
                conditions.where(), " ORDER BY start_time DESC LIMIT ?)"), conditions.values(limit));
    }

    /**
     * Ranges of the index that hold every run as new as this second. On one day, the form with a blank sorts before the form with a T, so a
     * newer run in the one form can be far from it; all later days follow both. West of UTC, texts are earlier than their instants.
     */
    public String asNewAs(long second) {
        String text = text(second - 1);
        String west = text(second - FURTHEST_WEST);
        String isWest = " AND instr(substr(start_time, 15), '-') > 0";
        return joined(SECOND, " >= ", second, " AND (", blank(text), " OR start_time >= '", text, "' OR ", blank(west), isWest,
                " OR start_time >= '", west, "' AND start_time < '", text, "'", isWest, others ? " OR " : "", others ? gaps() : "", ")");
    }

    /** The rest of the day in the form with a blank. */
    private static String blank(String text) {
        String day = text.substring(0, 10);
        return joined("start_time >= '", day, " ", text.substring(11), "' AND start_time < '", day, "!'");
    }

    private static String text(long second) {
        return Times.sortable(Instant.ofEpochSecond(Math.max(second, FIRST_SECOND)));
    }

    private static String day(Instant of, int offset) {
        LocalDate day = of.atOffset(ZoneOffset.UTC).toLocalDate();
        return day.plusDays(offset).toString();
    }

    /** True for starts not before this instant. */
    static String notBefore(Instant since) {
        return decided(since, "1", "0", ">=");
    }

    /** The instants before which a start in this second may be, or not: only its exact text tells. */
    public static boolean isClose(long second, Instant until) {
        return second == until.getEpochSecond() || second == until.getEpochSecond() + 1;
    }

    /** True for starts before this instant. */
    static String before(Instant until) {
        return decided(until, "0", "1", "<");
    }

    /** Next to the instant's own second the exact text decides; both are true or false for all others. */
    private static String decided(Instant instant, String later, String earlier, String compared) {
        long second = instant.getEpochSecond();
        return joined("CASE max(", second - 1, ", min(", second + 2, ", ", SECOND, ")) WHEN ", second + 2, " THEN ", later, " WHEN ",
                second - 1, " THEN ", earlier, " ELSE ", EXACT, " ", compared, " '", Times.sortable(instant), "' END");
    }
}
