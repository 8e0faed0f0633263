package telemetry.runs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import telemetry.Database;
import telemetry.RunFilter;

/**
 * A filter as SQL. The forms of start_time do not compare as text, so a period gives two conditions: a range of text that is wide enough
 * for every form and can use an index, and an exact one ({@link StartTimes}).
 */
public final class RunConditions {
    private final Predicate<String> indexed;
    private final List<String> conditions = new ArrayList<>();
    private final List<Object> values = new ArrayList<>();

    /** @param indexed the columns whose indexes SQLite may use to find the rows */
    public RunConditions(RunFilter filter, Schema schema, Database database, Predicate<String> indexed) {
        this.indexed = indexed;
        for (var word : words(filter).entrySet())
            if (schema.has(word.getKey())) and(name(word.getKey()).concat(" = ?"), word.getValue());
            else and("FALSE");
        String plus = indexed.test("status") ? "" : "+";
        if (!filter.statuses().isEmpty()) and(plus + new StatusWords(database, schema).are(filter.statuses()));
        if (filter.since() != null || filter.until() != null) during(filter, schema, database);
    }

    /** The columns and words that a filter asks for, without the status; those that usually leave the fewest runs come first. */
    public static Map<String, String> words(RunFilter filter) {
        Map<String, String> words = new LinkedHashMap<>();
        if (filter.insight() != null) words.put("insight_id", filter.insight());
        if (filter.agent() != null) words.put("agent_name", filter.agent());
        if (filter.job() != null) words.put("job_type", filter.job());
        return words;
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

    private void during(RunFilter filter, Schema schema, Database database) {
        StartTimes starts = indexed.test("start_time") ? StartTimes.of(database, schema) : null;
        String dated = StartTimes.dated(name("start_time"), filter.since(), filter.until());
        if (starts == null) and("(" + dated + " OR start_time NOT GLOB '????-*')");
        else and(starts.others() ? "(" + dated + " OR " + starts.gaps() + ")" : dated);
        if (filter.since() != null) and(StartTimes.notBefore(filter.since()));
        if (filter.until() != null) and(StartTimes.before(filter.until()));
    }

    /** A plus sign before a column keeps SQLite from using its index. Source: sqlite.org/optoverview.html, 4.1. */
    private String name(String column) {
        return indexed.test(column) ? column : "+" + column;
    }
}
