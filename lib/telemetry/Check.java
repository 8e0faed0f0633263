package telemetry;

import java.util.List;
import java.util.Locale;
import telemetry.text.JsonText;
import telemetry.text.Result;
import telemetry.text.Runbook;

/**
 * One thing that was looked at.
 *
 * @param name   a word that stays the same from day to day
 * @param detail what was measured
 * @param hint   when not ok: what to do next, and the runbook's section about it; otherwise null. JSON has it as two members, {@code hint}
 *               and {@code next}
 * @param errors all that SQLite found, of which the detail shows the first; in JSON only when there are any
 */
public record Check(String name, Status status, String detail, Next hint, List<String> errors) implements Result {

    private record Plain(String name, Status status, String detail, Next hint) { }

    /** One whose detail says it all. */
    public Check(String name, Status status, String detail, Next hint) {
        this(name, status, detail, hint, List.of());
    }

    /** How it stands, the worse the later. */
    public enum Status {
        /** It was not made, because another check has failed whose cause is this one's too. */
        SKIPPED,
        OK, WARNING,
        /** It could not be made: no permission, locked. Shown as failed; the exit code tells the two apart. */
        UNKNOWN,
        FAILED;

        /** What a command ends with whose worst check stands so; the same as monitoring plugins' exit codes. */
        public int exitCode() {
            return switch (this) {
                case SKIPPED, OK -> 0;
                case WARNING -> 1;
                case FAILED -> 2;
                case UNKNOWN -> 3;
            };
        }

        /** Lower case, as in JSON and in the tables: ok, warning, skipped or failed. */
        @Override
        public String toString() {
            return this == UNKNOWN ? "failed" : name().toLowerCase(Locale.ROOT);
        }
    }

    public static Check ok(String name, String detail) {
        return new Check(name, Status.OK, detail, null);
    }

    /** @param why the cause that the other check names: {@code "no store"} */
    public static Check skipped(String name, String why) {
        return new Check(name, Status.SKIPPED, "skipped: " + why, null);
    }

    public static Check warning(String name, String detail, Next hint) {
        return new Check(name, Status.WARNING, detail, hint);
    }

    public static Check unknown(String name, String detail, Next hint) {
        return new Check(name, Status.UNKNOWN, detail, hint);
    }

    public static Check failed(String name, String detail, Next hint) {
        return new Check(name, Status.FAILED, detail, hint);
    }

    /** The same with all errors, of which the detail shows the first. */
    public Check with(List<String> errors) {
        return new Check(name, status, detail, hint, List.copyOf(errors));
    }

    /** The same with more at the end of its detail. */
    public Check saying(String more) {
        return new Check(name, status, detail + more, hint, errors);
    }

    @Override
    public Object data() {
        return errors.isEmpty() ? new Plain(name, status, detail, hint) : JsonText.members(this);
    }

    /**
     * What kept a check from being made: behind a lock or for want of permission nothing is known, else it has failed.
     *
     * @param locked    what helps against a lock
     * @param otherwise what helps against all but a lock and a missing permission
     */
    public static Check refused(String name, StoreException e, Next locked, Next otherwise) {
        return switch (e.reason()) {
            case LOCKED -> unknown(name, e.brief(), locked);
            case DENIED -> unknown(name, e.brief(), Next.MOUNT_WRITABLE.equals(e.next()) ? e.next().in(Runbook.COMPLETE_SYSTEM_FAILURE)
                    : Next.OTHER_ACCOUNT.in(Runbook.SYSTEM_OVERVIEW));
            default -> failed(name, e.brief(), otherwise);
        };
    }
}
