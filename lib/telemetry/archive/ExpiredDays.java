package telemetry.archive;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import telemetry.Size;
import telemetry.Times;
import telemetry.text.Result;

/** Archived files that were deleted, or would be in a dry run. @param age of the days, at least */
public record ExpiredDays(Going data, Duration age) implements Result {
    record Going(List<Path> expired, Size size, boolean dryRun) { }

    public boolean isEmpty() {
        return data.expired.isEmpty();
    }

    /** {@code 3 day files (12.1 MB)} */
    public String what() {
        return Archive.named(data.expired) + " (" + data.size + ")";
    }

    @Override
    public String toString() {
        if (isEmpty()) return "no archived day is older than " + Times.words(age);
        return what() + (data.dryRun ? " would be deleted" : " deleted");
    }
}
