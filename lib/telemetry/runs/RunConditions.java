package telemetry.runs;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import telemetry.RunFilter;
import telemetry.Times;

/**
 * A filter as SQL. The forms of start_time do not compare as text, so each time gives two conditions: a range of text that is wide enough
 * for every form and can use an index, and an exact one.
 */
public final class RunConditions {

    /** True for a start time that begins with a digit, as all forms do: the colon is the character after the digits. */
    public static final String IS_TIME = "start_time < ':'";

    /**
     * A run's start as a text that sorts as instants do, to the last digit, whatever its form; null when it is no time. A shorter text of
     * the same instant ({@code :30} for {@code :30.000+00:00}) sorts first. All forms are UTC.
     */
    public static final String START = "CASE WHEN " + IS_TIME
            + " THEN substr(start_time, 1, 10) || 'T' || rtrim(substr(start_time, 12), 'Z') END";

    private final Predicate<String> indexed;
    private final List<String> conditions = new ArrayList<>();
    private final List<Object> values = new ArrayList<>();

    /** @param indexed the columns whose indexes SQLite may use to find the rows */
    public RunConditions(RunFilter filter, Schema schema, Predicate<String> indexed) {
        this.indexed = indexed;
        words(filter).forEach((column, words) -> and(schema.has(column) ? name(column) + " IN " + marks(words)
                : "FALSE", schema.has(column) ? words.toArray() : new Object[0]));
        if (filter.since() != null) since(filter.since());
        if (filter.until() != null) until(filter.until());
    }

    /** The columns and words that a filter asks for; those that usually leave the fewest runs come first. */
    public static Map<String, List<String>> words(RunFilter filter) {
        Map<String, List<String>> words = new LinkedHashMap<>();
        if (filter.insight() != null) words.put("insight_id", List.of(filter.insight()));
        if (filter.agent() != null) words.put("agent_name", List.of(filter.agent()));
        if (filter.job() != null) words.put("job_type", List.of(filter.job()));
        if (!filter.statuses().isEmpty())
            words.put("status", filter.statuses().stream().sorted().flatMap(status -> status.words().stream()).toList());
        return words;
    }

    /** {@code "(?, ?, ?)"} */
    public static String marks(Collection<?> values) {
        return "(" + String.join(", ", Collections.nCopies(values.size(), "?")) + ")";
    }

    public RunConditions and(String condition, Object... more) {
        conditions.add(condition);
        Collections.addAll(values, more);
        return this;
    }

    /** {@code " WHERE …"}, or empty for all rows. */
    public String where() {
        return conditions.isEmpty() ? "" : " WHERE " + all();
    }

    /** As one condition; {@code TRUE} for all rows. */
    public String all() {
        return conditions.isEmpty() ? "TRUE" : String.join(" AND ", conditions);
    }

    /** The conditions' values, followed by these. */
    public List<Object> values(Object... more) {
        List<Object> all = new ArrayList<>(values);
        Collections.addAll(all, more);
        return all;
    }

    private void since(Instant since) {
        and(name("start_time") + " >= ?", since.atOffset(ZoneOffset.UTC).toLocalDate().toString());
        and(START + " >= ?", shortest(since));
    }

    private void until(Instant until) {
        and(name("start_time") + " < ?", until.atOffset(ZoneOffset.UTC).toLocalDate().plusDays(1).toString());
        and(START + " < ?", shortest(until));
    }

    /** A plus sign before a column keeps SQLite from using its index. Source: sqlite.org/optoverview.html, 4.1. */
    private String name(String column) {
        return indexed.test(column) ? column : "+" + column;
    }

    /** The first of all texts for this instant in the order of {@link #START}: no zone, and no trailing zero in the fraction. */
    private static String shortest(Instant instant) {
        String text = Times.text(instant).substring(0, 26);
        return text.endsWith(".000000") ? text.substring(0, 19) : text.replaceFirst("0+$", "");
    }
}
