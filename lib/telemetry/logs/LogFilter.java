package telemetry.logs;

import java.time.Instant;
import java.util.function.Predicate;
import java.util.stream.Stream;
import telemetry.Event;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.daylog.ByteSearch;
import telemetry.text.JsonText;
import telemetry.text.Ndjson;

/**
 * A selection of entries of the day files; null selects everything.
 *
 * @param agent  as the run names it, for an event as its run's id does
 * @param run    the whole id or its last eight digits
 * @param type   of events only
 * @param status of runs only
 * @param since  the record's own time
 * @param until  exclusive
 * @param text   in the line, see {@link #text(String)}
 * @param raw    only bytes are needed: damaged pieces match too, unless the filter asks for something that only a record has
 */
public record LogFilter(String agent, String run, String type, RunStatus status, Instant since, Instant until, ByteSearch text,
        boolean raw) implements Predicate<LogEntry> {
    private static final int SHORT_ID = 8;

    /** The records of this run. */
    public static LogFilter ofRun(String id) {
        return new LogFilter(null, id, null, null, null, null, null, false);
    }

    /**
     * A search for a text as people write it. A line may have it plain, escaped with or without the letters beyond ASCII, or escaped twice,
     * as JSON inside a JSON text.
     */
    public static ByteSearch text(String text) {
        String json = JsonText.line(text);
        String escaped = Ndjson.escaped(text);
        return ByteSearch.forAny(Stream.of(text, json.substring(1, json.length() - 1), escaped, Ndjson.escaped(escaped))
                .distinct().toArray(String[]::new));
    }

    /** What every matching line contains, to be found before the line is parsed; null when there is no such text. */
    ByteSearch search() {
        return text != null || run == null ? text : text(run);
    }

    @Override
    public boolean test(LogEntry entry) {
        if (text != null && !text.isIn(entry.bytes())) return false;
        if (entry.record() instanceof Run one) return type == null && (status == null || status == one.status())
                && isWanted(one.id(), one.agent(), one);
        if (entry.record() instanceof Event event) return status == null && (type == null || type.equals(event.type()))
                && isWanted(event.runId(), agentOf(event.runId()), event);
        return isOfBytes();
    }

    /** True when the filter asks for nothing that only a record has. */
    boolean isOfBytes() {
        return raw && agent == null && run == null && type == null && status == null && since == null && until == null;
    }

    private boolean isWanted(String id, String itsAgent, LogRecord record) {
        return (agent == null || agent.equals(itsAgent)) && (run == null || id.equals(run) || shortId(id).equals(run))
                && (since == null && until == null || isInTime(timeOf(record)));
    }

    private boolean isInTime(Instant time) {
        return time != null && (since == null || !time.isBefore(since)) && (until == null || time.isBefore(until));
    }

    /** The time of what the record reports: the run's start or end, or the event. Null when there is none that can be read. */
    static Instant timeOf(LogRecord record) {
        if (record instanceof Event event) return event.timestamp();
        return record instanceof Run run ? run.isEnd() && run.end() != null ? run.end() : run.start() : null;
    }

    /** {@code 1f2e3d4c} of {@code 20251211T120530Z-agent-1f2e3d4c}; an id of another form stays whole. */
    static String shortId(String run) {
        int at = run.length() - SHORT_ID;
        return at > 0 && run.charAt(at - 1) == '-' ? run.substring(at) : run;
    }

    /** {@code agent} of {@code 20251211T120530Z-agent-1f2e3d4c}; empty when the id has another form. */
    static String agentOf(String run) {
        int from = run.indexOf('-');
        int to = run.length() - SHORT_ID - 1;
        return from > 0 && from < to && run.charAt(to) == '-' ? run.substring(from + 1, to) : "";
    }
}
