package telemetry.query;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import telemetry.Damage;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.Store;
import telemetry.logs.DayRange;
import telemetry.logs.LogFilter;
import telemetry.logs.LogQuery;
import telemetry.text.Table;
import telemetry.text.Escaped;

/**
 * The events of one run, from the day files between its start and some days after its end. Later events are unknown.
 *
 * @param list    in the order of the day files
 * @param more    true when there are more than were asked for
 * @param damaged what could not be read and may have been one of them: file, offset, reason
 */
record RunEvents(List<Event> list, boolean more, List<String> damaged) {

    /** An event may come after its run's end, an end after midnight. */
    private static final int DAYS_AFTER_END = 3;

    /** A run that never ended may have gone on for a while. */
    private static final int DAYS_WITHOUT_END = 7;

    private static final int MOST_DAMAGED = 20;

    /** The events of a run with id, start and end; without a start there is no day to look in. */
    static RunEvents of(Store store, Run run, int limit) {
        Set<Event> events = new LinkedHashSet<>();
        List<String> damaged = new ArrayList<>();
        if (run.start() != null) {
            var log = new EventLog(store);
            new LogQuery(log, files(log, run), LogFilter.ofRun(run.id()), entry -> damaged(entry, damaged)).forEach(entry -> {
                if (entry.record() instanceof Event event && event.runId().equals(run.id()) && events.size() <= limit) events.add(event);
            });
        }
        return new RunEvents(events.stream().limit(limit).toList(), events.size() > limit, List.copyOf(damaged));
    }

    private static List<DayFile> files(EventLog log, Run run) {
        LocalDate first = DayFile.dayOf(run.start());
        LocalDate last = run.end() == null ? first.plusDays(DAYS_WITHOUT_END) : DayFile.dayOf(run.end()).plusDays(DAYS_AFTER_END);
        return log.days().stream().filter(new DayRange(first, last)::contains).toList();
    }

    private static void damaged(LogEntry entry, List<String> damaged) {
        if (damaged.size() < MOST_DAMAGED)
            damaged.add(entry.file() + " at byte " + entry.offset() + ": " + ((Damage) entry.record()).reason());
    }

    /** A line for each event. */
    @Override
    public String toString() {
        int width = list.stream().mapToInt(event -> String.valueOf(event.type()).length()).max().orElse(1);
        var lines = new StringJoiner(System.lineSeparator());
        lines.add(list.isEmpty() ? "no events" : "events");
        for (Event event : list)
            lines.add(String.format("%-19s  %-" + width + "s  %s", Table.text(event.timestamp()),
                    Escaped.line(String.valueOf(event.type())),
                event.payload() == null ? "" : Escaped.line(event.payload())).stripTrailing());
        if (more) lines.add("… and more");
        return lines.toString();
    }
}
