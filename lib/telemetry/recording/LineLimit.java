package telemetry.recording;

import java.util.LinkedHashMap;
import java.util.Map;
import telemetry.Event;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.daylog.LogReader;
import telemetry.runs.Columns;
import telemetry.text.Ndjson;
import telemetry.text.PythonText;

/**
 * Makes a record fit on a line that readers accept ({@link LogReader#LONGEST_LINE}): texts that are too long are cut and say so. The row
 * gets the same texts, so a database rebuilt from the lines is equal.
 */
final class LineLimit {

    private static final int SHORTEST_LIMIT = 256;

    /** A record and its line, which has as many bytes as characters. */
    record Fitting(LogRecord record, String line) { }

    private LineLimit() { }

    /** @throws IllegalArgumentException when it has too many fields to fit even with the shortest texts */
    static Fitting fit(LogRecord record) {
        for (int limit = LogReader.LONGEST_LINE; limit >= SHORTEST_LIMIT; limit /= 2) {
            LogRecord cut = record instanceof Run run ? cut(run, limit) : cut((Event) record, limit);
            String line = Ndjson.line(cut);
            if (line.length() <= LogReader.LONGEST_LINE) return new Fitting(cut, line);
        }
        throw new IllegalArgumentException("a record with so many fields does not fit on a line of 1 MiB");
    }

    private static Run cut(Run run, int limit) {
        Map<String, Object> changed = null;
        for (Map.Entry<String, Object> field : run.fields().entrySet()) {
            boolean isObject = field.getValue() instanceof PythonText;
            if (!isObject && !(field.getValue() instanceof String) || Columns.IDENTITY.contains(field.getKey())) continue;
            String text = field.getValue().toString();
            if (text.length() <= limit) continue;
            if (changed == null) changed = new LinkedHashMap<>(run.fields());
            changed.put(field.getKey(), isObject ? new PythonText(cutJson(text, limit))
                    : field.getKey().endsWith("_json") ? cutJson(text, limit) : cut(text, limit));
        }
        return changed == null ? run : new Run(changed);
    }

    private static Event cut(Event event, int limit) {
        return new Event(event.runId(), cut(event.type(), limit), event.timestamp(), cutJson(event.payload(), limit));
    }

    private static String cut(String text, int limit) {
        if (text == null || text.length() <= limit) return text;
        int kept = Character.isHighSurrogate(text.charAt(limit - 1)) ? limit - 1 : limit;
        return text.substring(0, kept) + " ... [" + (text.length() - kept) + " characters left out]";
    }

    /** Still JSON, with the old content as text. */
    private static String cutJson(String json, int limit) {
        if (json == null || json.length() <= limit) return json;
        Map<String, Object> instead = new LinkedHashMap<>();
        instead.put("shortened", cut(json, limit / 2));
        return PythonText.of(instead);
    }
}
