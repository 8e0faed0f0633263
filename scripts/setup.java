///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Create the store: folders, database, indexes; optionally a sample month.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/logs/package-info.java ../lib/telemetry/archive/package-info.java
//SOURCES ../lib/telemetry/locks/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/query/package-info.java
//SOURCES ../lib/telemetry/prune/package-info.java ../lib/telemetry/health/package-info.java ../lib/telemetry/rebuild/package-info.java
//SOURCES ../lib/telemetry/setup/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.health.*;
import telemetry.query.*;
import telemetry.setup.*;
import telemetry.store.*;

@Command(name = "setup", mixinStandardHelpOptions = true,
        description = "Create the store: folders, database, indexes; optionally a sample month.",
        footer = {"", "Nothing that exists is changed: a second run does nothing, and a run after a power cut completes the first.",
            "", "Examples:", "  setup --store /data/telemetry", "  setup --sample --days 7 --store demo"})
class setup extends Procedure {
    private static final int RUNS_A_DAY = 40;
    private static final int MOST_RUNS = 10_000_000;
    private static final int MOST_DAYS = 3_650;

    /** So many of the sample's runs are shown. */
    private static final int LATEST = 10;

    @ArgGroup(exclusive = false)
    private SampleOptions options;

    @Option(names = "--launchers", paramLabel = "DIR", arity = "0..1", fallbackValue = "",
            description = "Write launchers into DIR instead of making a store; the same as the command launchers.")
    private Path launchers;

    @Option(names = "--yes", description = "Do not ask: add the sample even if the store has runs, and make an empty database even if "
            + "there was another one before.")
    private boolean yes;

    private static final class SampleOptions {
        @Option(names = "--sample", required = true, description = "Fill the store with runs of five agents that end now.")
        private boolean wanted;

        @Option(names = "--runs", paramLabel = "N", description = "Number of runs. Default: 40 a day.")
        private Integer runs;

        @Option(names = "--days", paramLabel = "D", description = "Number of days. Default: ${DEFAULT-VALUE}.", defaultValue = "30")
        private int days;

        @Option(names = "--seed", paramLabel = "S", defaultValue = "1",
                description = "The same seed at the same time gives the same runs. Default: ${DEFAULT-VALUE}.")
        private long seed;

    }

    public static void main(String... args) {
        Cli.main(new setup(), args);
    }

    @Override
    public Integer call() {
        if (launchers != null) return writeLaunchers();
        Store store = this.store.anyhow();
        Sample sample = options == null ? null : sample();
        Layout.refuseToLoseLog(store);
        Layout.refuseOnShare(store);
        if (Layout.isLost(store)) {
            Layout.makeFolder(store.database().getParent());
            if (!isAgreed(store)) return Cli.OK;
        }
        settle(store);
        if (sample != null && !yes) new SampleWriter(store).requireEmpty();
        Layout.Made made = Layout.complete(store);
        SampleWriter.Filled filled = sample == null ? null : fill(store, sample);
        int exit = result(new SetupReport(store, made, filled));
        if (filled != null && !output.isJson()) show(store);
        return exit;
    }

    /** An empty database would hide that the runs are gone. */
    private boolean isAgreed(Store store) {
        return yes || Consent.ask(spec.commandLine(), "The database " + store.database() + " is missing or empty, and there was one "
                + "before; recover looks for its runs. Make an empty one?", "recover --dry-run");
    }

    /** The older spelling of {@code launchers}. */
    private int writeLaunchers() {
        if (options != null || spec.commandLine().getParseResult().hasMatchedOption("--store"))
            throw wrong("--launchers makes no store: leave --store and --sample to a setup of their own");
        Launchers.Written written = Launchers.ofThisCheckout().write(launchers);
        int exit = result(written);
        if (!written.isOnPath()) output.note("to be called by name, " + written.folder() + " must be on the PATH");
        return exit;
    }

    private Sample sample() {
        if (options.days < 1 || options.days > MOST_DAYS) throw wrong("--days", MOST_DAYS);
        int runs = options.runs == null ? RUNS_A_DAY * options.days : options.runs;
        if (runs < 1 || runs > MOST_RUNS) throw wrong("--runs", MOST_RUNS);
        return new Sample(runs, options.days, options.seed, clock.instant().truncatedTo(ChronoUnit.SECONDS));
    }

    private ParameterException wrong(String option, int most) {
        return wrong(String.format(Locale.ROOT, "%s is a number from 1 to %,d", option, most));
    }

    private void settle(Store store) {
        switch (new SampleWriter(store).settle()) {
            case FINISHED -> output.note("finished a sample of an earlier setup");
            case DISCARDED -> output.note("discarded a sample that an earlier setup had not finished");
            case NOTHING -> { }
        }
    }

    private SampleWriter.Filled fill(Store store, Sample sample) {
        try (var progress = progress("runs", sample.runs())) {
            return new SampleWriter(store).fill(sample, yes, progress);
        }
    }

    /** The quick check will do for a database that is seconds old. */
    private void show(Store store) {
        output.print("");
        output.print(Health.of(store, clock, HealthRules.RUNBOOK.quickly(), err()));
        output.print("");
        try (Database database = Database.openToRead(store.database())) {
            output.print(RunTables.of(new Runs(database).recent(LATEST)));
        }
    }
}
