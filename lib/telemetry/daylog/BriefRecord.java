package telemetry.daylog;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import telemetry.Event;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.text.Ndjson;

/**
 * Reads of a line only which run it is about and how that one stands: several times faster than the whole record. It trusts lines of the
 * known writers' form, one flat object that begins with its run_id; any other goes to {@link Ndjson}.
 */
public final class BriefRecord {
    private static final byte[] BEGINNING = bytes("{\"run_id\": \"");
    private static final byte[] EVENT = bytes(", \"record_type\": \"event\"}");
    private static final String[] NAMES = {"status", "start_time", "end_time", "record_type"};
    private static final byte[][] KEYS = new byte[NAMES.length][];
    public static final Event SOME_EVENT = new Event("", "", null, null);

    static {
        for (int i = 0; i < NAMES.length; i++) KEYS[i] = bytes(", \"" + NAMES[i] + "\": \"");
    }

    private BriefRecord() { }

    /** A run with its id, status and times alone, some event, or what {@link Ndjson#read} gives. */
    public static LogRecord read(byte[] line, int from, int to) {
        if (!isOneObject(line, from, to)) return Ndjson.read(line, from, to);
        if (stands(EVENT, line, to - EVENT.length, to)) return SOME_EVENT;
        Map<String, Object> fields = new HashMap<>();
        fields.put("run_id", word(line, from + BEGINNING.length, to));
        for (int i = from + BEGINNING.length; i < to; i++)
            if (line[i] == ',') field(line, i, to, fields);
        return "run".equals(fields.remove("record_type")) && fields.get("run_id") != null ? new Run(fields) : Ndjson.read(line, from, to);
    }

    /** Of the right form, and nothing glued to it or nested in it: an object in a text has a backslash after its brace. */
    public static boolean isOneObject(byte[] line, int from, int to) {
        if (!stands(BEGINNING, line, from, to) || line[to - 1] != '}') return false;
        for (int i = from + 1; i < to - 1; i++)
            if (line[i] == '{' && line[i + 1] == '"') return false;
        return true;
    }

    /** A quotation mark inside a text has a backslash before it, so that a key between its marks can stand nowhere but where it counts. */
    private static void field(byte[] line, int at, int to, Map<String, Object> fields) {
        for (int i = 0; i < KEYS.length; i++)
            if (stands(KEYS[i], line, at, to)) fields.put(NAMES[i], word(line, at + KEYS[i].length, to));
    }

    private static boolean stands(byte[] expected, byte[] line, int at, int to) {
        if (at < 0 || at + expected.length > to) return false;
        for (int i = 0; i < expected.length; i++) if (line[at + i] != expected[i]) return false;
        return true;
    }

    /** The text up to its closing mark; null when it is empty or more than plain ASCII. */
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
