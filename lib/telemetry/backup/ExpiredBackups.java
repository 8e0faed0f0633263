package telemetry.backup;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.List;
import telemetry.text.Result;

/** The backups that were deleted; in a dry run, those that would be. */
public record ExpiredBackups(List<Path> expired, boolean dryRun) implements Result {
    @Override
    public String toString() {
        if (expired.isEmpty()) return "no backup is to expire";
        return expired.stream().map(old -> (dryRun ? "would expire  " : "expired  ") + old).collect(joining(System.lineSeparator()));
    }
}
