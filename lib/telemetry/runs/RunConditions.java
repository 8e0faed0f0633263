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
 * A filter as SQL. The forms of start_time do not compare as text, so a time is asked for twice: as a range of text, wide enough for every
 * form, that an index can answer, and exactly.
 */
public final class RunConditions {

    /**
     * A run's start as a text that sorts as the instants do, to the last digit, whatever its form; null when it is no time. A shorter text
     * of the same instant ({@code :30} for {@code :30.000+00:00}) sorts first. All forms are UTC.
     */
    public static final String START = "CASE WHEN " + isTime()
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

    /** That a start time begins with a digit, as all forms do: the next character is the colon. */
    public static String isTime() {
        return "start_time < ':'";
    }

    /** The columns that a filter asks for by word, and the words; those that tend to leave the fewest runs first. */
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

    /** {@code " WHERE …"}, or nothing when all rows are meant. */
    public String where() {
        return conditions.isEmpty() ? "" : " WHERE " + all();
    }

    /** As one condition; all rows are meant when it is {@code TRUE}. */
    public String all() {
        return conditions.isEmpty() ? "TRUE" : String.join(" AND ", conditions);
    }

    /** The conditions' values, and these behind them. */
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

    /** The first of all texts for this instant in the order of {@link #START}: no zone, and no zero at the end of the fraction. */
    private static String shortest(Instant instant) {
        String text = Times.text(instant).substring(0, 26);
        return text.endsWith(".000000") ? text.substring(0, 19) : text.replaceFirst("0+$", "");
    }
}
