package telemetry;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import telemetry.text.PythonText;

/**
 * What a run reports at its end: counts and texts that have columns, and anything else by name. A later value replaces an earlier one. For
 * several threads.
 */
public final class Metrics {
    private static final Set<String> COUNTS = Set.of("items_discovered", "items_succeeded", "items_failed", "items_skipped");
    private static final Set<String> TEXTS = Set.of("input_summary", "output_summary", "error_summary");

    private final Map<String, Object> values = new LinkedHashMap<>();

    public Metrics itemsDiscovered(long items) {
        return set("items_discovered", items);
    }

    public Metrics itemsSucceeded(long items) {
        return set("items_succeeded", items);
    }

    public Metrics itemsFailed(long items) {
        return set("items_failed", items);
    }

    /** It is a column since v6; a store of an older version keeps it in {@code metrics_json}. */
    public Metrics itemsSkipped(long items) {
        return set("items_skipped", items);
    }

    public Metrics inputSummary(String text) {
        return set("input_summary", text);
    }

    public Metrics outputSummary(String text) {
        return set("output_summary", text);
    }

    /** What went wrong in a run that goes on nevertheless. The exception that ends a run replaces it. */
    public Metrics errorSummary(String text) {
        return set("error_summary", text);
    }

    /**
     * A value of the program's own: a number, text, boolean, map or list. It goes into {@code metrics_json}, while the names above go into
     * their columns.
     */
    public synchronized Metrics set(String name, Object value) {
        values.put(name, value instanceof Integer number ? number.longValue() : value);
        return this;
    }

    /**
     * Adds to the fields of a run's end: values that have a column there, and the rest as {@code metrics_json}.
     *
     * @param isObject whether that is a JSON object in the line, as later writers have it, or a text
     */
    public synchronized void addTo(Map<String, Object> fields, boolean isObject) {
        Map<String, Object> others = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            boolean column = fields.containsKey(name)
                    && (COUNTS.contains(name) && value instanceof Long || TEXTS.contains(name) && value instanceof String);
            (column ? fields : others).put(name, value);
        });
        if (!others.isEmpty()) fields.put("metrics_json", isObject ? new PythonText(json(others)) : json(others));
    }

    /** A value whose own code throws, or that contains itself, must not cost the record. */
    static String json(Map<String, ?> values) {
        try {
            return PythonText.of(values);
        } catch (RuntimeException | StackOverflowError e) {
            return PythonText.of(Map.of("unreadable", e.getClass().getName()));
        }
    }
}
