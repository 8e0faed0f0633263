package telemetry.text;

import telemetry.Check;

/** The result of a command, or a part of it. Its {@code toString()} is the report for people. */
public interface Result {

    /** How it went; the command's exit code follows from it. */
    default Check.Status status() {
        return Check.Status.OK;
    }

    /** The same for programs, as {@link JsonText} writes it: a record's components are the members of the JSON document. */
    default Object data() {
        return this;
    }
}
