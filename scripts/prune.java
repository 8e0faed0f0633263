///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Delete old runs from the database, cancel those that never ended, or record those that others deleted.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/prune/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongConsumer;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.backup.*;
import telemetry.cli.*;
import telemetry.prune.*;
import telemetry.store.*;
import telemetry.text.*;

@Command(name = "prune", mixinStandardHelpOptions = true, addMethodSubcommands = false,
        description = "Delete old runs from the database, cancel those that never ended, or record those that others deleted.",
        footer = {"",
            "A verified backup is made first. pruned.ndjson in the store's folder lists what was pruned, so that no replay, rebuild "
                    + "or recovery brings it back.",
            "", "Examples:", "  prune runs --older-than 180d --dry-run", "  prune stale --older-than 24h --dry-run",
            "  prune adopt --dry-run"})
class prune extends Procedure {

    Duration patience = Database.PATIENCE;

    @Mixin
    private Consent consent;

    public static void main(String... args) {
        Cli.main(new prune(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("runs", "--older-than", "1d");
    }

    @Override
    public Integer call() {
        throw wrong("name what to prune: runs --older-than 180d, stale, or adopt");
    }

    @Command(name = "runs", mixinStandardHelpOptions = true,
            description = "Delete runs that are over and began long ago, with their commits. The runs of a chain, and a run and its "
                    + "caller, are deleted together or not at all.")
    int runs(@Mixin Consent consent,
            @Option(names = "--older-than", required = true, paramLabel = "AGE",
                    description = "Runs that began longer ago than this: 180d.") Duration age,
            @Option(names = "--agent", paramLabel = "NAME", description = "Of this agent only.") String agent,
            @Option(names = "--break-chains", description = "Let runs go from a chain of which others stay.") boolean breakChains,
            @Option(names = "--limit", paramLabel = "N",
                    description = "At most N runs, the oldest first; a chain that does not fit stays.") Long limit) {
        try (Database database = open(consent)) {
            var runs = new OldRuns(database, new OldRuns.Choice(clock.instant().minus(age), agent, breakChains, most(limit)));
            OldRuns.Plan plan = runs.plan();
            var report = new OldRunsReport(store.store(), plan, null, null);
            if (plan.runs() == 0 || consent.isDryRun()) return preview(report, plan.runs() > 0, consent);
            if (!isAgreed("Delete " + Words.count(plan.runs(), "run") + "?", report, consent)) return Cli.OK;
            Path backup = backUp();
            OldRuns.Deleted deleted = counting(plan.runs(),
                    done -> runs.delete(plan, Pruned.of(store.store()), clock.instant(), done));
            return result(new OldRunsReport(store.store(), plan, deleted, backup));
        }
    }

    @Command(name = "stale", mixinStandardHelpOptions = true,
            description = "Set runs that still say running long after their start to cancelled (v1 to v5: failed); error_summary says "
                    + "why. A real end that arrives later wins.")
    int stale(@Mixin Consent consent,
            @Option(names = "--older-than", paramLabel = "AGE", defaultValue = "24h",
                    description = "Started longer ago than this. Default: ${DEFAULT-VALUE}.") Duration age,
            @Option(names = "--agent", paramLabel = "NAME", description = "Of this agent only.") String agent,
            @Option(names = "--limit", paramLabel = "N", description = "At most N runs, the oldest first.") Long limit) {
        Instant now = clock.instant();
        Layout.withDayFiles(this.store.existing());
        try (Database database = open(consent)) {
            var stale = new StaleRuns(database, now.minus(age));
            List<StaleRuns.Stale> found = stale.find(new EventLog(store.store()), agent, most(limit));
            var report = new StaleRunsReport(store.store(), now, now.minus(age), found, stale.unread(agent), 0, null);
            if (report.status() != Check.Status.OK) output.note(report.leftAlone());
            List<StaleRuns.Stale> endless = report.endless();
            if (endless.isEmpty() || consent.isDryRun()) return preview(report, !endless.isEmpty(), consent);
            if (!isAgreed("Cancel " + Words.count(endless.size(), "run") + "?", report, consent)) return Cli.OK;
            Path backup = backUp();
            long cancelled = counting(endless.size(),
                    done -> stale.cancel(endless, Pruned.leniently(store.store()), clock.instant(), done));
            return result(report.done(cancelled, backup));
        }
    }

    @Command(name = "adopt", mixinStandardHelpOptions = true,
            description = "Record runs that others deleted from the database as pruned, so that no restore, recovery or rebuild brings "
                    + "them back from the day files.")
    int adopt(@Mixin Consent consent,
            @Option(names = "--before", paramLabel = "TIME",
                    description = "Only runs that began before this time: 30d (ago), or 2025-12-10T12:00:00Z. Default: before the oldest "
                            + "run that the database has.") Times.Since before) {
        try (Database database = Database.openToRead(Layout.withDayFiles(this.store.existing()).database(), patience)) {
            var deleted = new DeletedRuns(store.store(), database, clock.instant());
            DeletedRuns.Found found = deleted.find(before == null ? null : before.at(clock));
            var report = new DeletedRunsReport(found, false);
            int runs = found.runIds().size();
            if (runs == 0 || consent.isDryRun()) return preview(report, runs > 0, consent);
            if (!isAgreed("Record " + Words.count(runs, "run") + " as pruned?", report, consent)) return Cli.OK;
            deleted.adopt(found);
            return result(new DeletedRunsReport(found, true));
        }
    }

    private long most(Long limit) {
        if (limit != null && limit < 1) throw wrong("--limit must be a number from 1");
        return limit == null ? Long.MAX_VALUE : limit;
    }

    private Database open(Consent consent) {
        Store store = this.store.existing();
        return !consent.isDryRun() ? Database.open(store.database(), patience) : Database.openToRead(store.database(), patience);
    }

    private Path backUp() {
        return new Backups(store.store(), null, clock, err()).make(patience, BackupCheck.FULL, false).backup().file();
    }

    private boolean isAgreed(String question, Result report, Consent consent) {
        if (!consent.isGiven()) output.note(report);
        return consent.to(question);
    }

    /** What was done before something went wrong is done, and is said. */
    private <T> T counting(long total, Function<LongConsumer, T> work) {
        var done = new AtomicLong();
        try (var progress = progress("runs", total)) {
            return work.apply(count -> {
                done.set(count);
                progress.at(count);
            });
        } catch (StoreException e) {
            output.note("prune: " + done + " of " + total + " were done before this; the same command goes on");
            throw e;
        }
    }
}
