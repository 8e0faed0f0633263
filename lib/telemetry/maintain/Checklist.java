package telemetry.maintain;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Next;
import telemetry.Store;
import telemetry.Times;
import telemetry.text.Result;
import telemetry.text.Escaped;
import telemetry.text.Words;

/**
 * A period's maintenance, item by item; {@code toString()} is the report, with what is done and what remains at its end.
 *
 * @param period {@code "weekly"}
 * @param status the worst item's
 * @param time   of its beginning
 */
public record Checklist(String period, Check.Status status, Path store, Instant time, List<Task> tasks) implements Result {

    public static Checklist of(String period, Store store, Instant time, List<Task> tasks) {
        Check.Status worst = tasks.stream().map(Task::status).max(Comparator.naturalOrder()).orElse(Check.Status.OK);
        return new Checklist(period, worst, store.base(), time, List.copyOf(tasks));
    }

    /** {@code 2 of 3 done} */
    private String sum() {
        return tasks.stream().filter(Task::done).count() + " of " + tasks.size() + " done";
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add(period + " maintenance of " + store + ", " + Times.seconds(time) + " UTC").add("");
        for (Task task : tasks) if (!task.report().isEmpty()) lines.add(task.name()).add(task.report()).add("");
        for (Task task : tasks) lines.add(line(task));
        return lines.add(status + ": " + sum()).toString();
    }

    private String line(Task task) {
        int width = tasks.stream().mapToInt(other -> other.name().length()).max().orElse(0);
        return Words.item((task.done() ? "[x]  " : "[ ]  ") + Words.padded(task.name(), width) + "  ", task.detail(), task.next());
    }

    /** The same as a Markdown page. */
    public String markdown() {
        var lines = new StringJoiner("\n", "", "\n");
        lines.add("# Telemetry: " + period + " maintenance").add("");
        String where = "Store " + Escaped.code(store.toString()) + ", " + Times.seconds(time) + " UTC.";
        lines.add(where + " **" + status + "**, " + sum() + ".").add("");
        for (Task task : tasks) {
            lines.add("- [" + (task.done() ? "x" : " ") + "] **" + task.name() + "**: "
                    + Escaped.markdown(Next.hinted(task.detail(), task.next())));
            if (task.next() != null) task.next().lines().forEach(line -> lines.add("  - " + Escaped.markdown(line)));
        }
        for (Task task : tasks) {
            if (task.report().isEmpty()) continue;
            lines.add("").add("## " + task.name()).add(Escaped.block(task.report()));
        }
        return lines.toString();
    }
}
