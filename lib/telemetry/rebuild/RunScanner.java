package telemetry.rebuild;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.Commit;
import telemetry.RunStatus;
import telemetry.runs.RowForm;

/**
 * Reads the usual lines of writers, from bytes to a row, without a tree of JSON values. It is strict: it takes only lines that have, byte
 * by byte, a known form, with the known keys in their order and values that are ASCII texts, whole numbers or null. {@code Ndjson} reads
 * all others. What it takes it reads as Ndjson does. It learns the forms of run lines from lines that Ndjson has read.
 */
final class RunScanner {
    private static final int MOST_FORMS = 4;
    private static final int MOST_VALUES = 128;

    /** An event's line around its values, as writers write it. */
    private static final byte[][] EVENT = {ascii("{\"run_id\": "), ascii(", \"event_type\": "),
            ascii(", \"timestamp\": "), ascii(", \"payload_json\": "),
            ascii(", \"id\": null, \"record_type\": \"event\"}\n")};

    private static final byte[] NULL = ascii("null");

    /** The kind of a value. A text is plain when its bytes are its characters. */
    private enum Kind { PLAIN, ESCAPED, NUMBER, NULL }

    /**
     * The form of one writer's run lines.
     *
     * @param parts   what precedes each value, and what follows the last
     * @param columns the place of each value in a row; -1 for none
     * @param empty   a row whose values are still to come
     * @param lacking the columns without a value
     * @param type    the number of the record_type's value; -1 for none
     * @param id      the number of the run_id's value, and so on
     */
    private record Form(byte[][] parts, int[] columns, Object[] empty, BitSet lacking, int type, int id, int status, int end,
            int created) { }

    private final RowForm rows;
    private final List<Form> forms = new ArrayList<>();
    private final int[] from = new int[MOST_VALUES];
    private final int[] to = new int[MOST_VALUES];
    private final Kind[] kinds = new Kind[MOST_VALUES];
    private Form form;
    private byte[] bytes;
    private int end;
    private int at;

    RunScanner(RowForm rows) {
        this.rows = rows;
    }

    /**
     * Reads the line that begins here.
     *
     * @return where the next line begins; -1 when this line is not taken, or does not end before {@code end}
     */
    int scan(byte[] buffer, int begin, int end) {
        this.bytes = buffer;
        this.end = end;
        this.form = null;
        this.at = begin;
        if (isEventLine()) return at;
        for (int i = 0; i < forms.size(); i++) {
            at = begin;
            if (!isRunLine(forms.get(i))) continue;
            form = forms.get(i);
            if (i > 0) forms.add(0, forms.remove(i));
            return at;
        }
        return -1;
    }

    private boolean isEventLine() {
        for (int i = 0; i < EVENT.length - 1; i++)
            if (!isNext(EVENT[i]) || !value(i)) return false;
        return isNext(EVENT[EVENT.length - 1]) && isId(0);
    }

    private boolean isRunLine(Form form) {
        int values = form.columns.length;
        for (int i = 0; i < values; i++)
            if (!isNext(form.parts[i]) || !value(i)) return false;
        return isNext(form.parts[values]) && isId(form.id)
                && (form.type < 0 || kinds[form.type] == Kind.PLAIN && text(form.type).equals("run"));
    }

    private boolean isNext(byte[] part) {
        if (end - at < part.length || !Arrays.equals(bytes, at, at + part.length, part, 0, part.length)) return false;
        at += part.length;
        return true;
    }

    private boolean isId(int i) {
        return kinds[i] == Kind.PLAIN && to[i] > from[i] && bytes[from[i]] > ' ';
    }

    private boolean value(int i) {
        if (at >= end) return false;
        byte first = bytes[at];
        if (first == '"') return text(i, at + 1);
        if (first == 'n') {
            kinds[i] = Kind.NULL;
            return isNext(NULL);
        }
        return number(i);
    }

    /**
     * All characters that a JSON text may have unescaped and that are ASCII have bytes from 0x20 on; other characters' bytes are negative.
     */
    private boolean text(int i, int begin) {
        int p = begin;
        Kind kind = Kind.PLAIN;
        while (true) {
            while (p < end && bytes[p] >= ' ' && bytes[p] != '"' && bytes[p] != '\\') p++;
            if (p >= end || bytes[p] != '\\') break;
            int length = escape(p);
            if (length < 0) return false;
            kind = Kind.ESCAPED;
            p += length;
        }
        if (p >= end || bytes[p] != '"') return false;
        from[i] = begin;
        to[i] = p;
        kinds[i] = kind;
        at = p + 1;
        return true;
    }

    /** The length of the escape; -1 when it is none, or incomplete. */
    private int escape(int p) {
        if (p + 1 >= end) return -1;
        if (bytes[p + 1] != 'u') return "\"\\/bfnrt".indexOf(bytes[p + 1]) < 0 ? -1 : 2;
        if (p + 6 > end) return -1;
        for (int q = p + 2; q < p + 6; q++) if (bytes[q] < 0 || Character.digit((char) bytes[q], 16) < 0) return -1;
        return 6;
    }

    /** Reads a whole number of at most 18 digits. */
    private boolean number(int i) {
        int p = at;
        if (bytes[p] == '-') p++;
        int digits = p;
        while (p < end && bytes[p] >= '0' && bytes[p] <= '9') p++;
        if (p == digits || p - digits > 18 || bytes[digits] == '0' && p - digits > 1) return false;
        from[i] = at;
        to[i] = p;
        kinds[i] = Kind.NUMBER;
        at = p;
        return true;
    }

    private Object decoded(int i) {
        return switch (kinds[i]) {
            case NULL -> null;
            case PLAIN -> text(i);
            case ESCAPED -> unescaped(i);
            case NUMBER -> number(from[i], to[i]);
        };
    }

    private String text(int i) {
        return new String(bytes, from[i], to[i] - from[i], StandardCharsets.ISO_8859_1);
    }

    private static long digits(byte[] bytes, int from, int to) {
        long number = 0;
        for (int p = from; p < to; p++) number = number * 10 + bytes[p] - '0';
        return number;
    }

    private Long number(int from, int to) {
        return bytes[from] == '-' ? -digits(bytes, from + 1, to) : digits(bytes, from, to);
    }

    private String unescaped(int i) {
        var text = new StringBuilder(to[i] - from[i]);
        for (int p = from[i]; p < to[i]; p++) {
            char c = (char) bytes[p];
            if (c != '\\') {
                text.append(c);
                continue;
            }
            c = (char) bytes[++p];
            if (c == 'u') {
                text.append((char) Integer.parseInt(new String(bytes, p + 1, 4, StandardCharsets.ISO_8859_1), 16));
                p += 4;
            } else {
                int place = "bfnrt".indexOf(c);
                text.append(place < 0 ? c : "\b\f\n\r\t".charAt(place));
            }
        }
        return RowForm.stored(text.toString());
    }

    /** True when the line scanned last is an event. */
    boolean isEvent() {
        return form == null;
    }

    /** True when that event may tell of a commit, of which everything is needed. */
    boolean isCommit() {
        return to[1] - from[1] == Commit.EVENT.length() && text(1).equals(Commit.EVENT);
    }

    /** True for a run's end; see {@code Run.isEnd}. */
    boolean isEnd() {
        RunStatus status = form.status < 0 || kinds[form.status] != Kind.PLAIN ? null : RunStatus.of(text(form.status));
        if (status == null && form.status >= 0 && kinds[form.status] == Kind.ESCAPED) status = RunStatus.of(unescaped(form.status));
        return status != null ? status.isFinal() : form.end >= 0 && kinds[form.end] != Kind.NULL;
    }

    String runId() {
        return text(form.id);
    }

    /** The run's created_at; null when it says nothing. */
    Object created() {
        return form.created < 0 ? null : decoded(form.created);
    }

    /** The run's row. */
    Object[] row() {
        Object[] row = form.empty.clone();
        for (int i = 0; i < form.columns.length; i++)
            if (form.columns[i] >= 0) row[form.columns[i]] = decoded(i);
        return rows.complete(row);
    }

    /** The columns that the run's record lacks; one object for all lines of a form. */
    BitSet lacking() {
        return form.lacking;
    }

    /** Learns the form of a run's line, without its newline, that {@code Ndjson} has read. An unusual line teaches nothing. */
    void learn(byte[] line) {
        bytes = line;
        end = line.length;
        at = 0;
        Map<String, byte[]> keys = new LinkedHashMap<>();
        for (String before = "{"; isNext(ascii(before)); before = ", ") {
            if (at >= end || bytes[at] != '"' || !text(0, at + 1) || kinds[0] != Kind.PLAIN || !isNext(ascii(": "))) return;
            String key = text(0);
            keys.put(key, ascii(before + '"' + key + "\": "));
            if (keys.size() > MOST_VALUES || !value(0)) return;
        }
        if (at != end - 1 || bytes[at] != '}' || !keys.containsKey("run_id")) return;
        byte[][] parts = parts(keys);
        if (forms.stream().anyMatch(known -> Arrays.deepEquals(known.parts, parts))) return;
        if (forms.size() == MOST_FORMS) forms.remove(MOST_FORMS - 1);
        forms.add(form(parts, List.copyOf(keys.keySet())));
    }

    private static byte[][] parts(Map<String, byte[]> keys) {
        List<byte[]> parts = new ArrayList<>(keys.values());
        parts.add(ascii("}\n"));
        return parts.toArray(byte[][]::new);
    }

    private Form form(byte[][] parts, List<String> keys) {
        Object[] empty = new Object[rows.columns().size()];
        var lacking = new BitSet();
        for (int i = 0; i < empty.length; i++) {
            if (keys.contains(rows.columns().get(i))) continue;
            empty[i] = RowForm.LACKING;
            lacking.set(i);
        }
        return new Form(parts, keys.stream().mapToInt(rows.columns()::indexOf).toArray(), empty, lacking,
                keys.indexOf("record_type"), keys.indexOf("run_id"), keys.indexOf("status"), keys.indexOf("end_time"),
                keys.indexOf("created_at"));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
