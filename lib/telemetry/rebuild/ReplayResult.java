package telemetry.rebuild;

import telemetry.text.Words;

/**
 * What a replay has read and changed.
 *
 * @param lines     entries read, damaged ones included
 * @param events    of these, those that are not runs
 * @param damaged   of these, those that could not be read, or whose run the database refused
 * @param inserted  runs that the database did not have
 * @param updated   rows that were running, or differed from the files
 * @param conflicts runs with several different ends in the files
 * @param pruned    lines left out because their run was deleted on purpose
 * @param changed   rows that were changed after their run's end line, and stay
 * @param inFlight  runs that began in the last minute and have no row yet: it is left to their writers
 */
public record ReplayResult(long lines, long events, long damaged, long inserted, long updated, long conflicts, long pruned, long changed,
        long inFlight) {
    static final ReplayResult NOTHING = new ReplayResult(0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** True when the database already had everything. */
    public boolean isNothingNew() {
        return brought() == 0;
    }

    /** {@code 2 runs that began in the last minute are left to their writers; …} */
    public static String inFlight(long runs) {
        return Words.count(runs, "run that began in the last minute is left to its writer",
                "runs that began in the last minute are left to their writers") + "; a minute later this brings what is still missing";
    }

    /** {@code 3 rows stay as they are: changed since their line} */
    public static String newer(long rows) {
        return Words.count(rows, "row stays as it is", "rows stay as they are") + ": changed since their line";
    }

    /** Runs that were added or completed. */
    public long brought() {
        return inserted + updated;
    }
}
