package telemetry.backup;

import java.util.Comparator;
import java.util.List;
import telemetry.Check;
import telemetry.Checks;
import telemetry.text.Result;
import telemetry.text.Words;

/**
 * Backups that were verified; {@code toString()} is how many are right, then the worst of them.
 *
 * @param checks one a backup
 */
record VerifiedBackups(Check.Status status, List<Check> checks) implements Result {
    @Override
    public String toString() {
        if (checks.size() == 1) return new Checks(checks).toString();
        List<Check> worst = checks.stream().sorted(Comparator.comparing(Check::status).reversed()).toList();
        return Words.listed(Words.count(checks.size(), "backup") + ": " + new Checks(checks).sum(), worst, worst.size(),
                some -> new Checks(some).toString());
    }
}
