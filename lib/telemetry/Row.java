package telemetry;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One row of a query's result. A value is String, Long, Double, byte[] or null; of {@code Runs.inPieces} it may be a LargeValue.
 *
 * @param columns the names in the query's order; two may be equal
 * @param values  one for each column
 */
public record Row(List<String> columns, List<Object> values) {

    /** @throws IllegalArgumentException when there is no such column */
    public Object get(String column) {
        int at = columns.indexOf(column);
        if (at < 0) throw new IllegalArgumentException("no column " + column + " among " + columns);
        return values.get(at);
    }

    public Object get(int column) {
        return values.get(column);
    }

    /** Null when the value is. */
    public String text(String column) {
        Object value = get(column);
        return value == null ? null : value.toString();
    }

    /** 0 when the value is null. */
    public long number(String column) {
        return get(column) instanceof Number number ? number.longValue() : 0;
    }

    public boolean has(String column) {
        return columns.contains(column);
    }

    /** By column name; of two columns with one name the last. */
    public Map<String, Object> map() {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < columns.size(); i++) map.put(columns.get(i), values.get(i));
        return Collections.unmodifiableMap(map);
    }
}
