package telemetry.backup;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import telemetry.text.Result;

/**
 * What was deleted; in a dry run, what would be.
 *
 * @param alone manifests whose backup somebody else had deleted
 */
public record ExpiredBackups(List<Path> expired, List<Path> alone, boolean dryRun) implements Result {

    public boolean isNothing() {
        return expired.isEmpty() && alone.isEmpty();
    }

    @Override
    public String toString() {
        if (isNothing()) return "no backup is to expire";
        String mark = dryRun ? "would expire  " : "expired  ";
        return Stream.concat(expired.stream().map(old -> mark + old), alone.stream().map(left -> mark + left + ", its backup is gone"))
                .collect(joining(System.lineSeparator()));
    }
}
