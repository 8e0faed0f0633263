package telemetry.archive;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import telemetry.Check;
import telemetry.Size;
import telemetry.Times;
import telemetry.text.Result;

/**
 * Archived files that were deleted, or would be in a dry run.
 *
 * @param age   of the days, at least
 * @param isAll false when not every folder of the archive could be read: nobody knows what else is that old
 */
public record ExpiredDays(Going data, Duration age, boolean isAll) implements Result {
    record Going(List<Path> expired, Size size, boolean dryRun) { }

    public boolean isEmpty() {
        return data.expired.isEmpty();
    }

    /** {@code 3 day files (12.1 MB)} */
    public String what() {
        return Archive.named(data.expired) + " (" + data.size + ")";
    }

    @Override
    public Check.Status status() {
        return isAll ? Check.Status.OK : Check.Status.UNKNOWN;
    }

    @Override
    public String toString() {
        if (isEmpty()) return "no archived day " + (isAll ? "" : "that can be seen ") + "is older than " + Times.words(age);
        return what() + (data.dryRun ? " would be deleted" : " deleted");
    }
}
