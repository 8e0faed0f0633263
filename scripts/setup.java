///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Create the store: folders, database, indexes; optionally a sample month.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/logs/package-info.java ../lib/telemetry/backup/package-info.java
//SOURCES ../lib/telemetry/query/package-info.java ../lib/telemetry/health/package-info.java ../lib/telemetry/setup/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.io.File;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import telemetry.*;
import telemetry.cli.*;
import telemetry.health.*;
import telemetry.query.*;
import telemetry.setup.*;
import telemetry.store.*;
import telemetry.text.*;

@Command(name = "setup", mixinStandardHelpOptions = true,
        description = "Create the store: folders, database, indexes; optionally a sample month.",
        footer = {"", "What is there already is left as it is; a second run changes nothing, and one after a power cut completes "
                + "the first.",
            "", "A launcher starts its script by java alone, without JBang. It sees by itself when a source, a jar or the JDK changed, "
            + "and builds anew, which takes some seconds."})
class setup extends Procedure {
    private static final int RUNS_A_DAY = 40;
    private static final int MOST_RUNS = 10_000_000;
    private static final int MOST_DAYS = 3_650;

    /** So many of the sample's runs are shown. */
    private static final int LATEST = 10;

    @ArgGroup(exclusive = false)
    private SampleOptions options;

    @Option(names = "--launchers", paramLabel = "DIR", arity = "0..1", fallbackValue = "",
            description = "Instead of a store, write launchers into DIR: "
            + "telemetry-health, telemetry-query …, one for each script of this checkout. DIR by default: ~/.local/bin, on Windows "
            + "%%LOCALAPPDATA%%\\telemetry-toolkit\\bin.")
    private Path launchers;

    private static final class SampleOptions {
        @Option(names = "--sample", required = true, description = "Fill the store with runs of five agents that end now.")
        private boolean wanted;

        @Option(names = "--runs", paramLabel = "N", description = "How many. Default: 40 a day.")
        private Integer runs;

        @Option(names = "--days", paramLabel = "D", description = "Over how many days. Default: ${DEFAULT-VALUE}.", defaultValue = "30")
        private int days;

        @Option(names = "--seed", paramLabel = "S",
                description = "The same number at the same time gives the same runs. Default: ${DEFAULT-VALUE}.", defaultValue = "1")
        private long seed;

        @Option(names = "--yes", description = "Add the sample even to a store that has runs already.")
        private boolean yes;
    }

    /** What was found and done; {@code toString()} is what the operator reads. */
    private record Report(Path store, String rule, List<Path> created, String database, List<String> odd, SampleWriter.Filled sample) {
        @Override
        public String toString() {
            var lines = new StringJoiner(System.lineSeparator());
            lines.add("store     " + store + " (" + rule + ")");
            created.forEach(path -> lines.add("created   " + path));
            if (created.isEmpty()) lines.add("created   nothing: all is there");
            lines.add("database  " + database);
            odd.forEach(what -> lines.add("odd       " + what));
            if (sample != null) lines.add(String.format(Locale.ROOT, "sample    %,d runs: %,d lines in %,d day files, %,d bytes",
                    sample.runs(), sample.lines(), sample.dayFiles(), sample.bytes()));
            return lines.toString();
        }
    }

    public static void main(String... args) {
        Cli.main(new setup(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of();
    }

    @Override
    public Integer call() {
        if (launchers != null) return writeLaunchers();
        Store store = this.store.store();
        Sample sample = options == null ? null : sample();
        settle(store);
        if (sample != null && !options.yes) SampleWriter.requireEmpty(store);
        Layout.Made made = Layout.complete(store);
        SampleWriter.Filled filled = sample == null ? null : fill(store, sample);
        var report = new Report(store.base(), store.rule(), made.created(), made.schema().toString(), made.odd(), filled);
        output.result(report, report);
        if (filled != null && !output.isJson()) show(store);
        return !made.schema().isUsable() ? Cli.FAILED : made.odd().isEmpty() ? Cli.OK : Cli.WARNING;
    }

    private int writeLaunchers() {
        if (options != null || spec.commandLine().getParseResult().hasMatchedOption("--store"))
            throw wrong("--launchers makes no store: leave --store and --sample to a setup of their own");
        Path folder = launchers.toString().isEmpty() ? Launchers.usualFolder() : launchers.toAbsolutePath().normalize();
        Launchers.Written written = Launchers.ofThisCheckout().write(folder);
        output.result(launcherReport(written), written);
        String path = System.getenv("PATH");
        if (path == null || !List.of(path.split(File.pathSeparator)).contains(folder.toString()))
            output.note("to be called by name, " + folder + " has to be on the PATH");
        return Cli.OK;
    }

    private static String launcherReport(Launchers.Written written) {
        var lines = new StringJoiner(System.lineSeparator());
        lines.add("checkout  " + written.checkout()).add("folder    " + written.folder());
        written.created().forEach(file -> lines.add("created   " + file.getFileName()));
        written.replaced().forEach(file -> lines.add("replaced  " + file.getFileName()));
        if (written.created().isEmpty() && written.replaced().isEmpty()) lines.add("created   nothing: all are there");
        return lines.toString();
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
        switch (SampleWriter.settle(store)) {
            case FINISHED -> output.note("finished a sample that an earlier setup had begun");
            case DISCARDED -> output.note("threw away a sample that an earlier setup had begun and not finished");
            case NOTHING -> { }
        }
    }

    private SampleWriter.Filled fill(Store store, Sample sample) {
        try (Database database = Database.open(store.database());
                var progress = new Progress(err(), "runs", sample.runs())) {
            return new SampleWriter(store, database).fill(sample, options.yes, progress);
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
