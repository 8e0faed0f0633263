package telemetry.logs;

import java.time.Duration;
import java.time.Instant;
import telemetry.Event;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.Times;
import telemetry.text.Terminal;
import telemetry.text.Escaped;
import telemetry.text.Words;

/** A record of a day file on one line for people: the time, the agent, the run, and what happened. */
final class LogLine {

    /** On a narrower terminal a line goes on below. */
    private static final int LEAST = 120;
    private static final int TIME = 19;
    private static final int AGENT = 18;
    private static final int ID = 8;
    private static final int WORD = 10;
    private static final String NO_TIME = "-";

    private LogLine() { }

    static String of(LogRecord record) {
        if (record instanceof Run run) return line(run, run.id(), run.agent() == null ? LogFilter.agentOf(run.id())
                : run.agent(), run.status() == null ? run.text("status") : run.status().toString(), story(run));
        if (record instanceof Event event)
            return line(event, event.runId(), LogFilter.agentOf(event.runId()), event.type(), event.payload());
        throw new IllegalArgumentException("damage is no record");
    }

    private static String line(LogRecord record, String run, String agent, String word, String detail) {
        Instant time = LogFilter.timeOf(record);
        String line = String.join("  ", cell(time == null ? NO_TIME : Times.seconds(time), TIME), cell(agent, AGENT),
                cell(LogFilter.shortId(run), ID), cell(word == null ? "" : word, WORD));
        return Terminal.cut((line + " " + (detail == null ? "" : Escaped.line(detail))).stripTrailing(),
                Math.max(LEAST, Terminal.columns()));
    }

    private static String cell(String text, int width) {
        return Words.padded(Terminal.cut(Escaped.line(text), Math.max(width, AGENT)), width);
    }

    /** {@code translate, 45/48 items, 12 min: what went wrong} */
    private static String story(Run run) {
        var story = new StringBuilder(run.job() == null ? "" : run.job());
        if (!run.isEnd()) return story.append(run.text("trigger_type") == null ? "" : " (" + run.text("trigger_type") + ")").toString();
        Long discovered = run.number("items_discovered");
        Long succeeded = run.number("items_succeeded");
        Duration duration = run.duration();
        if (discovered != null && succeeded != null && discovered != 0) append(story, succeeded + "/" + discovered + " items");
        if (duration != null) append(story, Times.words(duration));
        String error = run.text("error_summary");
        return story.append(error == null || error.isEmpty() ? "" : ": " + error).toString();
    }

    private static void append(StringBuilder story, String part) {
        story.append(story.length() == 0 ? "" : ", ").append(part);
    }
}
