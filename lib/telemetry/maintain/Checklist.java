package telemetry.maintain;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Store;
import telemetry.Times;
import telemetry.text.Words;

/**
 * A period's maintenance, item by item; {@code toString()} is the report, at its end what is done and what is left to do.
 *
 * @param period {@code "weekly"}
 * @param at     when it was begun
 */
public record Checklist(String period, Store store, Instant at, List<Task> tasks) {

    public Checklist {
        tasks = List.copyOf(tasks);
    }

    /** The worst of them. */
    public Check.Status status() {
        return new Checks(tasks.stream().map(task -> new Check(task.name(), task.status(), task.detail(), null)).toList()).status();
    }

    /** {@code 2 of 3 done} */
    private String sum() {
        return tasks.stream().filter(Task::isDone).count() + " of " + tasks.size() + " done";
    }

    @Override
    public String toString() {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add(period + " maintenance of " + store.base() + ", " + Times.seconds(at) + " UTC").add("");
        for (Task task : tasks) if (task.report() != null) lines.add(task.name()).add(task.report().toString()).add("");
        for (Task task : tasks) lines.add(line(task));
        return lines.add(status() + ": " + sum()).toString();
    }

    private String line(Task task) {
        int width = tasks.stream().mapToInt(other -> other.name().length()).max().orElse(0);
        String box = task.isDone() ? "[x]  " : "[ ]  ";
        String margin = " ".repeat(box.length() + width + 2);
        String line = box + Words.padded(task.name(), width) + "  " + Words.wrapped(Words.visible(task.detail()), margin);
        return task.next() == null ? line : line + System.lineSeparator() + margin + "-> " + Words.visible(task.next().toString());
    }

    /** The same as a Markdown page. */
    public String markdown() {
        var lines = new StringJoiner("\n", "", "\n");
        lines.add("# Telemetry: " + period + " maintenance").add("");
        String where = "Store `" + Words.visible(store.base().toString()) + "`, " + Times.seconds(at) + " UTC.";
        lines.add(where + " **" + status() + "**, " + sum() + ".").add("");
        for (Task task : tasks) {
            lines.add("- [" + (task.isDone() ? "x" : " ") + "] **" + task.name() + "**: " + plain(task.detail()));
            if (task.next() != null) lines.add("  - next: " + plain(task.next().toString()));
        }
        for (Task task : tasks) {
            if (task.report() == null) continue;
            lines.add("").add("## " + task.name()).add("````text").add(task.report().toString().replace("\r\n", "\n")).add("````");
        }
        return lines.toString();
    }

    /** A text as Markdown shows it, whatever it holds. */
    private static String plain(String text) {
        return Words.visible(text).replaceAll("([\\\\`*_<\\[\\]|~])", "\\\\$1");
    }

    /** For {@code --json}. */
    public Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("period", period);
        document.put("status", status());
        document.put("store", store.base());
        document.put("time", at);
        List<Map<String, Object>> items = new ArrayList<>();
        for (Task task : tasks) items.add(document(task));
        document.put("tasks", items);
        return document;
    }

    private static Map<String, Object> document(Task task) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", task.name());
        document.put("status", task.status());
        document.put("done", task.isDone());
        document.put("detail", task.detail());
        document.put("next", task.next());
        document.put("data", task.data());
        return document;
    }
}
