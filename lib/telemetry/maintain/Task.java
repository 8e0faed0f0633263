package telemetry.maintain;

import java.util.function.Supplier;
import telemetry.Check;
import telemetry.Health;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.text.Result;

/**
 * One item of a checklist, and what came of it.
 *
 * @param name   a word that stays the same from time to time
 * @param status how it went; the worst of a checklist is the checklist's
 * @param done   false while something is left to do
 * @param detail what was found or done, in one sentence
 * @param next   when something is left to do: what; else null
 * @param data   what was looked at; null when the detail says it all
 */
public record Task(String name, Check.Status status, boolean done, String detail, Next next, Result data) {

    /** @param report whose {@code toString()} an operator reads; empty when the detail says it all */
    private record Looked(Object report, Object data) implements Result {
        @Override
        public String toString() {
            return report.toString();
        }
    }

    /** Nothing is left to do. */
    static Task done(String name, String detail) {
        return new Task(name, Check.Status.OK, true, detail, null, null);
    }

    /** Something is left to do, which was only looked for: that is as it was asked for. */
    static Task shown(String name, String detail, Next next) {
        return new Task(name, Check.Status.OK, false, detail, next, null);
    }

    /** Something is left to do. */
    static Task open(String name, Check.Status status, String detail, Next next) {
        return new Task(name, status, false, detail, next, null);
    }

    /** It could not be done; what the exception says is next, is next. */
    static Task refused(String name, Store store, StoreException e) {
        return open(name, e.isUnknown() ? Check.Status.UNKNOWN : Check.Status.FAILED, e.what(), store.on(e.next()));
    }

    /** Done, or refused: the others are done all the same. */
    public static Task tried(String name, Store store, Supplier<Task> task) {
        try {
            return task.get();
        } catch (StoreException e) {
            return refused(name, store, e);
        }
    }

    /** Done when there is no trouble. */
    public static Task health(Health health) {
        Task task = health.troubles().stream().filter(check -> check.status() == health.status()).findFirst()
                .map(worst -> open("health", health.status(), health.sum(), worst.hint())).orElseGet(() -> done("health", health.sum()));
        return task.with(health.checks());
    }

    Task with(Result data) {
        return new Task(name, status, done, detail, next, data);
    }

    /** @param report for an operator; null when the detail says it all. @param data the same for programs: maps, lists, records */
    Task with(Object report, Object data) {
        return with(new Looked(report == null ? "" : report, data));
    }

    /** What was looked at, for an operator; empty when the detail says it all. */
    String report() {
        return data == null ? "" : data.toString();
    }
}
