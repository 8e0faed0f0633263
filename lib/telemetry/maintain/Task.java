package telemetry.maintain;

import telemetry.Check;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;

/**
 * One item of a checklist, and what came of it.
 *
 * @param name   a word that stays the same from time to time
 * @param status how it went; the worst of a checklist is the checklist's
 * @param isDone false while something is left to do
 * @param detail what was found or done, in one sentence
 * @param next   when something is left to do: what; else null
 * @param report what was looked at, whose {@code toString()} an operator reads; null when the detail says it all
 * @param data   the same for programs: maps, lists, records; null likewise
 */
public record Task(String name, Check.Status status, boolean isDone, String detail, Next next, Object report, Object data) {

    /** Nothing is left to do. */
    public static Task done(String name, String detail) {
        return new Task(name, Check.Status.OK, true, detail, null, null, null);
    }

    /** Something is left to do, which was only looked for: that is as it was asked for. */
    public static Task shown(String name, String detail, Next next) {
        return new Task(name, Check.Status.OK, false, detail, next, null, null);
    }

    /** Something is left to do. */
    public static Task open(String name, Check.Status status, String detail, Next next) {
        return new Task(name, status, false, detail, next, null, null);
    }

    /** It could not be done; what the exception says is next, is next. */
    public static Task refused(String name, Store store, StoreException e) {
        return open(name, e.isUnknown() ? Check.Status.UNKNOWN : Check.Status.FAILED, e.what(), store.on(e.next()));
    }

    /** The same with what was looked at. */
    public Task with(Object report, Object data) {
        return new Task(name, status, isDone, detail, next, report, data);
    }
}
