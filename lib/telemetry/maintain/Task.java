package telemetry.maintain;

import java.util.function.Supplier;
import telemetry.Check;
import telemetry.Health;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.text.Result;

/**
 * One item of a checklist and its result.
 *
 * @param name   a word that stays the same from time to time
 * @param status the worst of a checklist is the checklist's
 * @param done   false while something remains to be done
 * @param detail what was found or done, in one sentence
 * @param next   what remains to be done, otherwise null
 * @param data   what was looked at; null when the detail says everything
 */
public record Task(String name, Check.Status status, boolean done, String detail, Next next, Result data) {

    /** @param report its {@code toString()} is for the operator; empty when the detail says everything */
    private record Looked(Object report, Object data) implements Result {
        @Override
        public String toString() {
            return report.toString();
        }
    }

    /** Nothing remains to be done. */
    static Task done(String name, String detail) {
        return new Task(name, Check.Status.OK, true, detail, null, null);
    }

    /** Something remains to be done that was only to be shown, so the status is ok. */
    static Task shown(String name, String detail, Next next) {
        return new Task(name, Check.Status.OK, false, detail, next, null);
    }

    /** Something remains to be done. */
    static Task open(String name, Check.Status status, String detail, Next next) {
        return new Task(name, status, false, detail, next, null);
    }

    /** It could not be done; the exception's hint is the next step. */
    static Task refused(String name, Store store, StoreException e) {
        return open(name, e.isUnknown() ? Check.Status.UNKNOWN : Check.Status.FAILED, e.what(), store.on(e.next()));
    }

    /** Done, or refused; the other items are done in any case. */
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

    /**
     * @param report for an operator; null when the detail says everything
     * @param data   the same for programs: maps, lists, records
     */
    Task with(Object report, Object data) {
        return with(new Looked(report == null ? "" : report, data));
    }

    /** What was looked at, for an operator; empty when the detail says everything. */
    String report() {
        return data == null ? "" : data.toString();
    }
}
