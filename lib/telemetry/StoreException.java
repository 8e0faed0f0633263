package telemetry;

import java.nio.file.Path;
import java.util.List;
import telemetry.text.Escaped;

/**
 * The one exception of the library: what was tried, on which path, why it did not work, and what to do next.
 * Its message may be shown to an operator as it is, whatever a hostile file name holds: one line, and below it the next command if there
 * is one.
 */
public final class StoreException extends RuntimeException {

    /** Why it did not work, as far as a caller has to tell the cases apart. */
    public enum Reason {
        /** The store or one of its files is not there. */
        MISSING,
        /** The operating system does not permit it. */
        DENIED,
        /** Another program holds a lock, and waiting did not help. */
        LOCKED,
        /** The file is there and is not what it should be. */
        DAMAGED,
        /** No space is left. */
        FULL,
        /** What was asked for is not permitted here: a write through a query, a statement that is no SQL. */
        REFUSED,
        /** Anything else that went wrong outside this program. */
        FAILED
    }

    private final Reason reason;
    private final Path path;
    private final String what;
    private final String why;
    private final Next next;
    private List<String> errors = List.of();

    /**
     * @param tried what was tried, to follow "cannot": {@code "open the database"}
     * @param path  on which path; may be null when there is none
     * @param why   why it did not work, without a full stop
     * @param next  what to do next; null when there is nothing to advise
     */
    public StoreException(Reason reason, String tried, Path path, String why, Next next) {
        this(reason, tried, path, why, next, null);
    }

    /** As the other constructor, keeping the cause for a log. */
    public StoreException(Reason reason, String tried, Path path, String why, Next next, Throwable cause) {
        super(null, cause);
        this.reason = reason;
        this.what = Escaped.line("cannot " + tried + (path == null ? "" : " " + path) + ": " + why);
        this.path = path;
        this.why = Escaped.line(why);
        this.next = next;
    }

    /** This one, with all that SQLite found, of which the message shows the first. */
    public StoreException with(List<String> errors) {
        this.errors = List.copyOf(errors);
        return this;
    }

    /** All that SQLite found; empty when it was not asked. */
    public List<String> errors() {
        return errors;
    }

    @Override
    public String getMessage() {
        return message(next);
    }

    /** The message with this behind it instead of its own. */
    String message(Next next) {
        var message = new StringBuilder(Escaped.line(Next.hinted(what, next)));
        if (next != null) for (String line : next.lines()) message.append(System.lineSeparator()).append(Escaped.line(line));
        return message.toString();
    }

    public Reason reason() {
        return reason;
    }

    /** True when nothing can be told about the store, rather than that something is wrong with it. */
    public boolean isUnknown() {
        return reason == Reason.MISSING || reason == Reason.DENIED || reason == Reason.LOCKED;
    }

    /** The message without what is next. */
    public String what() {
        return what;
    }

    /** What to do next; null when there is nothing to advise. */
    public Next next() {
        return next;
    }

    /** The path it happened on, or null. */
    public Path path() {
        return path;
    }

    /** The middle part of the message alone: why it did not work. */
    public String why() {
        return why;
    }

    /** Which file and why: for a check, which has a name and a hint of its own. */
    public String brief() {
        return path == null || path.getFileName() == null ? why : Escaped.line(path.getFileName().toString()) + ": " + why;
    }
}
