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
import telemetry.store.CutShort;
import telemetry.text.Result;
import telemetry.text.Words;

/**
 * How a store was found by the daily check; {@code toString()} is the report. Whatever is wrong with the store, every check is there, and
 * of what is written for them nothing is left.
 *
 * @param at        when
 * @param checks    in the runbook's order: environment, storage, database, schema, journal, lock, disk, write, activity, stale, size,
 *                  backup, day files, divergence; exchange, where one was cut short
 * @param measures  the numbers behind them, those that could be taken
 * @param unchecked what nobody looked at, in a few words each
 */
public record Health(Store store, Instant at, Checks checks, List<Measure> measures, List<String> unchecked) implements Result {

    public Health {
        measures = List.copyOf(measures);
        unchecked = List.copyOf(unchecked);
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
            Check exchange = CutShort.check(store);
            if (exchange != null) checks.add(exchange);
            Check sound = integrity.get();
            checks.add(sound);
            for (Check other : others) checks.add(database.withoutEcho(other, sound));
            return new Health(store, now, new Checks(checks), measures, unchecked(rules, database));
        }
    }

    @Override
    public Check.Status status() {
        return checks.status();
    }

    /** Without the numbers, which monitoring systems are given in forms of their own. */
    @Override
    public Object data() {
        return new Document(status(), store.base(), checks, unchecked);
    }

    private record Document(Check.Status status, Path store, Checks checks, List<String> notChecked) { }

    private static List<String> unchecked(HealthRules rules, DatabaseChecks database) {
        List<String> unchecked = new ArrayList<>();
        if (rules.quick()) unchecked.add("whether indexes agree with their tables");
        unchecked.add("whether lines older than " + Times.words(rules.compare()) + " are in the database");
        unchecked.addAll(database.unchecked());
        unchecked.add("the bytes of backups and archived files");
        return unchecked;
    }

    /** The checks that are not ok; without those that were skipped, because another says why. */
    public List<Check> troubles() {
        List<Check> troubles = new ArrayList<>();
        for (Check check : checks.list())
            if (check.status().compareTo(Check.Status.OK) > 0) troubles.add(check);
        return troubles;
    }

    /** {@code all 14 checks are ok}, or {@code 1 failed, 2 warnings, 11 ok} */
    public String sum() {
        return checks.sum();
    }

    /** The checks, what was not checked, and as the last line how the store is. */
    @Override
    public String toString() {
        return checks + System.lineSeparator() + Words.item("not checked: ", String.join(", ", unchecked), null) + System.lineSeparator()
                + status() + ": " + sum();
    }
}
