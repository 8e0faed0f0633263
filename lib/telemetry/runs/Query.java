package telemetry.runs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import telemetry.Database;
import telemetry.Row;
import telemetry.Rows;

/**
 * A statement that reads.
 *
 * @param values for its question marks, in order; a value may be null
 */
public record Query(String sql, List<Object> values) {

    private static final List<String> PLAN = List.of("statement", "step");

    public Query {
        values = Collections.unmodifiableList(new ArrayList<>(values));
    }

    public Query(String sql, Object... values) {
        this(sql, Arrays.asList(values));
    }

    /** Runs it. */
    public Rows on(Database database) {
        return database.query(sql, values.toArray());
    }

    /** SQLite's plan, without running the query: a row for each step, with nested steps indented by two blanks. */
    public Rows plan(Database database) {
        return plan(database, List.of(this));
    }

    /** The plans of several statements, one below the other. */
    public static Rows plan(Database database, List<Query> queries) {
        List<Row> steps = new ArrayList<>();
        for (Query query : queries) {
            Map<Long, Integer> depths = new HashMap<>();
            for (Row row : database.query("EXPLAIN QUERY PLAN " + query.sql, query.values.toArray())) {
                int depth = depths.getOrDefault(row.number("parent"), -1) + 1;
                depths.put(row.number("id"), depth);
                steps.add(new Row(PLAN, List.of(query.sql, "  ".repeat(depth) + row.text("detail"))));
            }
        }
        return Rows.of(PLAN, steps);
    }
}
