package telemetry.daylog;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import telemetry.Event;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.text.Ndjson;

/**
 * Reads only a run's id, status and times from a line, which is much faster than the whole record (bench row {@code rebuild}). It relies on
 * the form of the known writers: one flat object that begins with its run_id. Any other line goes to {@link Ndjson}.
 */
public final class BriefRecord {
    private static final byte[] BEGINNING = bytes("{\"run_id\": \"");
    private static final byte[] EVENT = bytes(", \"record_type\": \"event\"}");
    private static final String[] NAMES = {"status", "start_time", "end_time", "record_type"};
    private static final byte[][] KEYS = new byte[NAMES.length][];
    public static final Event SOME_EVENT = new Event("", "", null, null);

    static {
        for (int i = 0; i < NAMES.length; i++) KEYS[i] = bytes(", \"" + NAMES[i] + "\": ");
    }

    private BriefRecord() { }

    /** A run with only its id, status and times, some event, or what {@link Ndjson#read} gives. */
    public static LogRecord read(byte[] line, int from, int to) {
        if (!isOneObject(line, from, to)) return Ndjson.read(line, from, to);
        if (stands(EVENT, line, to - EVENT.length, to)) return SOME_EVENT;
        Map<String, Object> fields = new HashMap<>();
        fields.put("run_id", word(line, from + BEGINNING.length, to));
        for (int i = from + BEGINNING.length; i < to; i++)
            if (line[i] == ',' && i + 3 < to && isInitial(line[i + 3])) field(line, i, to, fields);
        return "run".equals(fields.remove("record_type")) && fields.get("run_id") != null ? new Run(fields) : Ndjson.read(line, from, to);
    }

    /** True for the expected form with nothing glued to it or nested in it. An object inside a text has a backslash after its brace. */
    public static boolean isOneObject(byte[] line, int from, int to) {
        if (!stands(BEGINNING, line, from, to) || line[to - 1] != '}') return false;
        for (int i = from + 1; i < to - 1; i++)
            if (line[i] == '{' && line[i + 1] == '"') return false;
        return true;
    }

    /** Of one of the names. */
    private static boolean isInitial(byte letter) {
        return letter == 's' || letter == 'e' || letter == 'r';
    }

    /** Reads a field. Inside a text, a quotation mark has a backslash before it, so a quoted key is always a real key. */
    private static void field(byte[] line, int at, int to, Map<String, Object> fields) {
        for (int i = 0; i < KEYS.length; i++) {
            int value = at + KEYS[i].length;
            if (!stands(KEYS[i], line, at, to) || value >= to) continue;
            if (line[value] == '"') fields.put(NAMES[i], word(line, value + 1, to));
            else if (line[value] >= '0' && line[value] <= '9') fields.put(NAMES[i], number(line, value, to));
        }
    }

    /** As text. */
    private static String number(byte[] line, int from, int to) {
        int end = from;
        while (end < to && line[end] != ',' && line[end] != '}') end++;
        return new String(line, from, end - from, StandardCharsets.US_ASCII);
    }

    private static boolean stands(byte[] expected, byte[] line, int at, int to) {
        if (at < 0 || at + expected.length > to) return false;
        for (int i = 0; i < expected.length; i++) if (line[at + i] != expected[i]) return false;
        return true;
    }

    /** The text up to its closing quotation mark; null when it is empty or not plain ASCII. */
    private static String word(byte[] line, int from, int to) {
        for (int i = from; i < to; i++) {
            if (line[i] == '"') return i == from ? null : new String(line, from, i - from, StandardCharsets.US_ASCII);
            if (line[i] < ' ' || line[i] == '\\') return null;
        }
        return null;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
