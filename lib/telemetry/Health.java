package telemetry;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import telemetry.health.DatabaseChecks;
import telemetry.health.FolderChecks;
import telemetry.health.HealthRules;
import telemetry.health.Measure;
import telemetry.os.Machine;
import telemetry.text.Result;

/**
 * How a store was found by the daily check; {@code toString()} is the report. Whatever is wrong with the store, every check is there, and
 * of what is written for them nothing is left.
 *
 * @param at       when
 * @param checks   in the runbook's order: environment, storage, database, schema, journal, lock, disk, write, activity, stale, size,
 *                 backup, day files, divergence
 * @param measures the numbers behind them, those that could be taken
 */
public record Health(Store store, Instant at, Checks checks, List<Measure> measures) implements Result {

    public Health {
        measures = List.copyOf(measures);
    }

    /** The check with the runbook's thresholds. */
    public static Health of(Store store, Clock clock) {
        return of(store, clock, HealthRules.RUNBOOK, null);
    }

    /** As the other; the progress of the integrity check, seconds on a million runs, is shown on {@code err} unless that is null. */
    public static Health of(Store store, Clock clock, HealthRules rules, PrintWriter err) {
        Instant now = clock.instant();
        List<Measure> measures = new ArrayList<>();
        var folders = new FolderChecks(store, now, rules, measures);
        try (var database = new DatabaseChecks(store, now, rules, measures)) {
            Supplier<Check> integrity = database.integrity(err);
            List<Check> checks = new ArrayList<>(List.of(folders.environment(Machine.environment()), folders.storage()));
            List<Check> others = List.of(database.schema(), database.journal(), database.lock(), folders.disk(), folders.write(),
                    database.activity(), database.stale(), database.size(), folders.backup(database.begun()), database.dayFiles(),
                    database.divergence());
            checks.add(integrity.get());
            checks.addAll(others);
            return new Health(store, now, new Checks(checks), measures);
        }
    }

    @Override
    public Check.Status status() {
        return checks.status();
    }

    /** Without the numbers, which monitoring systems are given in forms of their own. */
    @Override
    public Object data() {
        return new Document(status(), store.base(), checks);
    }

    private record Document(Check.Status status, Path store, Checks checks) { }

    /** The checks that are not ok; without those that cannot tell only because another failed. */
    public List<Check> troubles() {
        List<Check> troubles = new ArrayList<>();
        for (Check check : checks.list())
            if (check.status().compareTo(Check.Status.OK) > 0 && (check.status() != Check.Status.UNKNOWN || status() == Check.Status.UNKNOWN))
                troubles.add(check);
        return troubles;
    }

    /** {@code all 12 checks are ok}, or {@code 1 failed, 2 warnings, 9 ok} */
    public String sum() {
        return checks.sum();
    }

    /** The checks, and as the last line how the store is. */
    @Override
    public String toString() {
        return checks + System.lineSeparator() + status() + ": " + sum();
    }
}
