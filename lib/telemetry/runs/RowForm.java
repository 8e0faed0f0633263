package telemetry.runs;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import telemetry.Database;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Times;
import telemetry.text.PythonText;

/**
 * Turns a run's record into the values of a row in one schema, and decides which of two records of a run counts. It is pure: the same
 * record always gives the same values. They are those that the row has when Python's writers bind the record: a text stays one among
 * numbers, a fraction a fraction. A value that a column's type or CHECK would refuse becomes the nearest acceptable one, so no run is left
 * out for one odd value.
 */
public final class RowForm {

    /** Marks a column in a raw row that the record lacks. */
    public static final Object LACKING = new Object();

    /** How a column's values are treated. */
    private enum Kind {
        COUNT(""), DURATION("duration_ms"), STATUS("status"), EVENT_ID("event_id"), VERSION("schema_version"), AGENT("agent_name"),
        JOB("job_type"), START("start_time"), TRIGGER("trigger_type"), COMMIT_SOURCE("git_commit_source"), ID("run_id"), ANY("");

        private final String column;

        Kind(String column) {
            this.column = column;
        }

        static Kind of(String column) {
            return Columns.COUNTS.contains(column) ? COUNT
                    : Arrays.stream(values()).filter(kind -> kind.column.equals(column)).findFirst().orElse(ANY);
        }
    }

    private static final int DATE_LENGTH = 10;

    private final Schema schema;
    private final List<String> columns;
    private final Object[] defaults;
    private final Kind[] kinds;
    private final boolean[] required;
    private final boolean[] texts;
    private final boolean service;
    private final String[] words;
    private final int runId;
    private final int eventId;
    private final int status;
    private final int startTime;
    private final int endTime;
    private final int createdAt;
    private final int updatedAt;

    /**
     * @param columns  of the row, in order: some of the schema's, including the required ones
     * @param defaults the table's own values for columns that a record lacks; null for null everywhere
     */
    public RowForm(Schema schema, List<String> columns, Object[] defaults) {
        this.schema = schema;
        this.columns = columns;
        this.defaults = defaults == null ? new Object[columns.size()] : defaults;
        this.kinds = columns.stream().map(Kind::of).toArray(Kind[]::new);
        this.required = new boolean[kinds.length];
        this.texts = new boolean[kinds.length];
        for (int i = 0; i < kinds.length; i++) {
            required[i] = Columns.REQUIRED.contains(columns.get(i));
            texts[i] = schema.limits().texts().contains(columns.get(i));
        }
        this.service = schema.shape() == Schema.Shape.SERVICE;
        this.words = Arrays.stream(RunStatus.values()).map(schema::word).toArray(String[]::new);
        this.runId = columns.indexOf("run_id");
        this.eventId = columns.indexOf("event_id");
        this.status = columns.indexOf("status");
        this.startTime = columns.indexOf("start_time");
        this.endTime = columns.indexOf("end_time");
        this.createdAt = schema.hasRowTimes() ? columns.indexOf("created_at") : -1;
        this.updatedAt = schema.hasRowTimes() ? columns.indexOf("updated_at") : -1;
    }

    public List<String> columns() {
        return columns;
    }

    /** The columns of a schema that records can set: not the database's own, and not the one that is the row's number. */
    public static List<String> settable(Schema schema) {
        return schema.columns().stream().filter(column -> (!Columns.OWN.contains(column)
                || schema.hasRowTimes() && Columns.ROW_TIMES.contains(column)) && !Database.quoted(column).equals(schema.number()))
                .toList();
    }

    /** The run as a row: a value for each column. */
    public Object[] row(Run run) {
        Object[] row = new Object[columns.size()];
        for (int i = 0; i < row.length; i++) {
            Object value = run.fields().getOrDefault(columns.get(i), LACKING);
            row[i] = value instanceof String text ? stored(text) : value instanceof PythonText json ? json.text() : value;
        }
        return complete(row);
    }

    /**
     * Completes a row of a record's own values, each at its column's place, with {@link #LACKING} for missing ones. Changes and returns the
     * same array.
     */
    public Object[] complete(Object[] raw) {
        String id = text(raw[runId]);
        boolean end = isEnd(raw);
        for (int i = 0; i < raw.length; i++) {
            if (raw[i] != LACKING) raw[i] = value(i, raw[i], id, end);
            else raw[i] = required[i] ? usual(i, id, end) : defaults[i];
        }
        if (createdAt >= 0) raw[createdAt] = rowTime(raw[createdAt], raw[startTime]);
        if (updatedAt >= 0) raw[updatedAt] = rowTime(raw[updatedAt], end && endTime >= 0 && raw[endTime] != null ? raw[endTime]
                : raw[startTime]);
        return raw;
    }

    /** What the record says, else the run's own time; an instant with its offset, by which the writers sort rows as text. */
    private static Object rowTime(Object said, Object own) {
        Object time = said instanceof String text && !text.isBlank() ? text : own;
        if (time instanceof String text && text.indexOf('T') == DATE_LENGTH && text.indexOf('+', DATE_LENGTH) > 0) return text;
        Instant instant = Times.instant(time);
        return instant == null ? time : Times.isoformat(instant);
    }

    /** Gives a row of a run's end the created_at of the run's start, where rows have one. @param created null for none */
    public void created(Object[] row, Object created) {
        if (createdAt >= 0 && created != null) row[createdAt] = rowTime(created, row[startTime]);
    }

    /**
     * The row takes over when another row of its run came into being, unless it says so itself.
     *
     * @return its created_at when it is another now, else null
     */
    public Object takeCreated(Object[] row, Object[] other) {
        if (createdAt < 0 || !Objects.equals(row[createdAt], rowTime(null, row[startTime]))) return null;
        Object before = row[createdAt];
        row[createdAt] = other[createdAt];
        return Objects.equals(before, row[createdAt]) ? null : row[createdAt];
    }

    /** The places of the columns that a run's record lacks. */
    public BitSet lacking(Run run) {
        var lacking = new BitSet();
        for (int i = 0; i < columns.size(); i++) if (!run.fields().containsKey(columns.get(i))) lacking.set(i);
        return lacking;
    }

    /** The columns that a record says something about; null in one that is filled later says nothing. */
    public BitSet said(Object[] row, BitSet lacking) {
        var said = new BitSet();
        for (int i = 0; i < row.length; i++) if (!lacking.get(i) && (row[i] != null || !Columns.isFilledLater(columns.get(i)))) said.set(i);
        return said;
    }

    private boolean isEnd(Object[] raw) {
        RunStatus known = RunStatus.of(text(raw[status]));
        return known == null ? endTime >= 0 && text(raw[endTime]) != null : known.isFinal();
    }

    private Object value(int i, Object value, String runId, boolean end) {
        return switch (kinds[i]) {
            case DURATION -> value == null ? usual(i, runId, end) : number(i, value);
            case COUNT, VERSION -> number(i, value);
            case STATUS -> status(text(value), end);
            case ID -> text(value);
            case EVENT_ID, AGENT, JOB, START -> value == null ? usual(i, runId, end) : text(value);
            case TRIGGER -> taken("trigger_type", text(value));
            case COMMIT_SOURCE -> taken("git_commit_source", text(value));
            case ANY -> value instanceof String ? value : texts[i] ? text(value) : value instanceof Boolean bool ? (Object) (bool ? 1L : 0L)
                    : value;
        };
    }

    /** What a column has that nothing is said about. */
    private Object usual(int i, String runId, boolean end) {
        return switch (kinds[i]) {
            case COUNT -> 0L;
            case VERSION -> (Long) (long) schema.version();
            case EVENT_ID -> derivedEventId(runId);
            case AGENT -> agentOf(runId);
            case JOB -> schema.limits().filled().contains("job_type") ? "" : null;
            case START -> startOf(runId);
            case DURATION -> schema.hasRowTimes() && !end ? (Long) 0L : number(i, null);
            case ANY -> null;
            case STATUS, ID, TRIGGER, COMMIT_SOURCE -> value(i, null, runId, end);
        };
    }

    /** The writer's own word where the table takes it, but a known one in small letters and without blanks. */
    private String status(String said, boolean end) {
        RunStatus known = RunStatus.of(said);
        boolean isSpelled = said != null && !said.isBlank() && (known == null || said.equals(said.strip().toLowerCase(Locale.ROOT)));
        boolean isOwn = isSpelled && schema.limits().takes("status", said);
        return isOwn ? said : words[(known != null ? known : end ? RunStatus.PARTIAL : RunStatus.RUNNING).ordinal()];
    }

    private String taken(String column, String word) {
        return word != null && schema.limits().takes(column, word) ? word : null;
    }

    /** A column of numbers takes any value, as Python's writers find, if the table does not refuse it. */
    private Object number(int i, Object value) {
        if (value instanceof Long count && count >= 0) return count;
        Limits limits = schema.limits();
        Object number = value instanceof Boolean bool ? (Object) (bool ? 1L : 0L) : value instanceof Double any ? Affinity.number(any)
                : value instanceof String text ? Affinity.number(text) : value;
        if (limits.isStrict() && !(number instanceof Long)) number = number instanceof Number near ? (Object) near.longValue() : null;
        if (number instanceof Number count && count.doubleValue() < 0 && limits.counts().contains(columns.get(i))) return 0L;
        return number == null && limits.filled().contains(columns.get(i)) ? (Object) 0L : number;
    }

    private static String text(Object value) {
        return value == null || value == LACKING ? null : value instanceof Double number ? Affinity.text(number)
                : value instanceof Boolean bool ? bool ? "1" : "0" : value.toString();
    }

    /** UTF-8 cannot store half a surrogate pair. It becomes a question mark here, so that a row equals its record. */
    public static String stored(String text) {
        for (int i = 0; i < text.length(); i++)
            if (Character.isSurrogate(text.charAt(i))) return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        return text;
    }

    /**
     * An event_id for a run without one of its own, because an older writer recorded it, or a broken writer gave it another run's. It is
     * always the same.
     */
    public static String derivedEventId(String runId) {
        return UUID.nameUUIDFromBytes(runId.getBytes(StandardCharsets.UTF_8)).toString();
    }

    /** The middle of {@code YYYYMMDDTHHMMSSZ-agent-12345678}; the whole id when it has another form. */
    private static String agentOf(String runId) {
        return runId.length() > 26 && runId.charAt(16) == '-' ? runId.substring(17, runId.length() - 9) : runId;
    }

    /** The time that the run's id begins with; the epoch when it has another form. */
    private static String startOf(String runId) {
        String t = runId.length() > 15 ? runId.substring(0, 4) + '-' + runId.substring(4, 6) + '-' + runId.substring(6, 11) + ':'
                + runId.substring(11, 13) + ':' + runId.substring(13, 15) + 'Z' : "";
        Instant start = Times.instant(t);
        return Times.text(start == null ? Instant.EPOCH : start);
    }

    /** Identifies the row's run: its run_id, with its event_id where one run_id may have several rows. */
    public String key(Object[] row) {
        return service ? row[runId] + "\n" + row[eventId] : (String) row[runId];
    }

    /** When the row's run began; null when that cannot be read. */
    public Instant start(Object[] row) {
        return Times.instant(row[columns.indexOf("start_time")]);
    }

    public boolean isOver(Object[] row) {
        if (RunStatus.RUNNING.toString().equals(row[status])) return false;
        return endTime >= 0 && row[endTime] != null || RunStatus.of(text(row[status])) != null;
    }

    /**
     * Compares two rows of one run: the end beats the start, and a later end an earlier one. Between ends of the same time the text
     * decides. Any rule would do that does not depend on the order of lines, so that moved and repeated lines change nothing. The times of
     * the row itself do not count.
     *
     * @return 0 when both say the same
     */
    public int compare(Object[] a, Object[] b) {
        int order = Boolean.compare(isOver(a), isOver(b));
        if (order == 0) order = end(a).compareTo(end(b));
        for (int i = 0; order == 0 && i < a.length; i++)
            if (i != createdAt && i != updatedAt) order = compare(columns.get(i), a[i], b[i]);
        return order;
    }

    private Instant end(Object[] row) {
        Instant end = endTime < 0 ? null : Times.instant(text(row[endTime]));
        return end == null ? Instant.MIN : end;
    }

    private static int compare(String column, Object a, Object b) {
        if (a == null || b == null) return a == b ? 0 : a == null ? -1 : 1;
        if (a.equals(b) || Columns.isSameJson(column, a, b)) return 0;
        return a.toString().compareTo(b.toString());
    }
}
