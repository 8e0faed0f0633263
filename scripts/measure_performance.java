///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Measure writing, queries and size against the runbook's baselines; advise, and carry advice out.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/recording/package-info.java ../lib/telemetry/locks/package-info.java
//SOURCES ../lib/telemetry/backup/package-info.java ../lib/telemetry/measure/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.measure.*;

@Command(name = "measure_performance", mixinStandardHelpOptions = true,
        description = "Measure writing, queries and size against the runbook's baselines; advise, and carry advice out.",
        footer = {"",
            "Runs are written to a scratch store of the same version beside the real one. The real one is only read; in DELETE "
                    + "mode (v6, v7) its writers wait during a query.",
            "",
            "Exit code 1: a baseline is missed; advice alone does not change the exit code. If the database cannot be read, "
                    + "writing is measured all the same and the exit code is 3 (missing, no permission, locked) or 2 (damaged).",
            "",
            "--apply-indexes and --vacuum ask first, check the lock and the free space and make a backup. Writers wait meanwhile. "
                    + "An agent that waits for more than five seconds gives up; its line is on the disk, and a replay brings the "
                    + "row.",
            "", "Examples:", "  measure_performance --runs 50 --history", "  measure_performance --apply-indexes --dry-run"})
class measure_performance extends Procedure {
    private static final int MOST_RUNS = 1_000_000;
    private static final int MOST_WRITERS = 256;
    private static final int MOST_PROCESSES = 64;

    @Mixin
    private Consent consent;

    @Option(names = "--runs", paramLabel = "N", defaultValue = "200",
            description = "Runs to track in each measurement. Default: ${DEFAULT-VALUE}.")
    private int runs;

    @Option(names = "--writers", paramLabel = "N", split = ",", defaultValue = "1,4,8",
            description = "Threads that write at the same time; one measurement for each number. Default: ${DEFAULT-VALUE}.")
    private List<Integer> writers;

    @Option(names = "--processes", paramLabel = "N", defaultValue = "4",
            description = "Processes that write at the same time; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int processes;

    @Option(names = "--history", description = "Add the result to the store's reports/performance.ndjson and show the latest results.")
    private boolean history;

    @Option(names = "--apply-indexes", description = "Create the missing indexes.")
    private boolean applyIndexes;

    @Option(names = "--vacuum", description = "Rewrite the database if that frees more than a fifth of it.")
    private boolean vacuum;

    @Option(names = "--write-p95", paramLabel = "TIME", defaultValue = "50ms",
            description = "Warn when 5 of 100 runs take longer than this to track. Default: ${DEFAULT-VALUE}.")
    private Duration write;

    @Option(names = "--query-p95", paramLabel = "TIME", defaultValue = "100ms",
            description = "Warn when 5 of 100 simple queries take longer than this. Default: ${DEFAULT-VALUE}.")
    private Duration query;

    @Option(names = "--runs-per-second", paramLabel = "N", defaultValue = "20",
            description = "Warn when fewer runs a second can be tracked; also the rate at which single runs are timed. Default: "
                    + "${DEFAULT-VALUE}.")
    private int runsPerSecond;

    @Option(names = "--bytes-per-run", paramLabel = "SIZE", defaultValue = "100",
            description = "Warn of more bytes a run, if the schema can do with that few. Default: ${DEFAULT-VALUE}.")
    private Size bytesPerRun;

    @Option(names = "--wal-size", paramLabel = "SIZE", defaultValue = "64MB",
            description = "Advise when the -wal is larger than this. Default: ${DEFAULT-VALUE}.")
    private Size walSize;

    @Option(names = "--wait", paramLabel = "TIME", defaultValue = "30s",
            description = "How long to wait for a locked database. Default: ${DEFAULT-VALUE}.")
    private Duration wait;

    @Option(names = "--as-writer", hidden = true, description = "Be one of the programs that write.")
    private boolean asWriter;

    /** There is something that --apply-indexes or --vacuum does. */
    private boolean isLeftToDo;

    public static void main(String... args) {
        Cli.main(new measure_performance(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("--help");
    }

    @Override
    public Integer call() throws Exception {
        requireSense();
        if (asWriter) return write();
        Store store = this.store.existing();
        PerformanceHistory past = history ? new PerformanceHistory(store) : null;
        List<Check> failures = new ArrayList<>();
        List<String> done = new ArrayList<>();
        Callable<StoreFigures> look = () -> StoreFigures.of(store, wait, clock.instant());
        StoreFigures figures = tried("database", look, failures);
        if (figures != null && carryOut(store, figures, done)) figures = tried("database", look, failures);
        WriteTimes writes = tried("writing", () -> measureWriting(store), failures);
        var report = PerformanceReport.of(store, clock.instant(), done, writes, figures,
                new Baselines(write, query, runsPerSecond, bytesPerRun), walSize, failures, past);
        try {
            if (history && !report.keep()) note("not added to the history: not everything could be measured");
        } finally {
            if (consent.isDryRun()) preview(report, isLeftToDo, consent);
            else result(report);
        }
        return report.status().exitCode();
    }

    private void requireSense() {
        requireBetween("--runs is a number", 1, runs, MOST_RUNS);
        requireBetween("--runs-per-second is a number", 1, runsPerSecond, MOST_RUNS);
        for (int number : writers) requireBetween("--writers are numbers", 1, number, MOST_WRITERS);
        requireBetween("--processes is a number", 0, processes, MOST_PROCESSES);
        if (consent.isDryRun() && !applyIndexes && !vacuum)
            throw wrong("--dry-run is for --apply-indexes and --vacuum; without them nothing is changed");
    }

    private void requireBetween(String what, int least, int number, int most) {
        if (number < least || number > most) throw wrong(what + " from " + least + " to " + most);
    }

    /** One of several: tells when it is ready, waits for the word to go, tells when it is done. */
    private int write() throws IOException {
        List<String> warnings = new ArrayList<>();
        try (TelemetryClient client = TelemetryClient.at(store.store(), clock, warnings::add)) {
            if (!WriterProcesses.beOne(client, runs, output::print)) return Cli.FAILED;
        }
        warnings.forEach(this::note);
        return warnings.isEmpty() ? Cli.OK : Cli.FAILED;
    }

    /** Null when it cannot be measured: then that is among the failures. */
    private <T> T tried(String name, Callable<T> measuring, List<Check> failures) throws Exception {
        try {
            return measuring.call();
        } catch (StoreException e) {
            failures.add(PerformanceReport.failure(name, store.store(), e));
            return null;
        }
    }

    /** @return false when nothing was to be done */
    private boolean carryOut(Store store, StoreFigures figures, List<String> done) {
        var tuning = new Tuning(store, clock, wait, err(), this::note);
        if (applyIndexes) done.add(makeIndexes(figures, tuning));
        if (vacuum) done.add(vacuum(figures.footprint(), tuning));
        return !done.isEmpty() && !consent.isDryRun();
    }

    private String makeIndexes(StoreFigures figures, Tuning tuning) {
        Map<String, String> missing = figures.indexes().missing();
        String names = String.join(", ", missing.keySet());
        if (missing.isEmpty()) return "no index is missing";
        isLeftToDo = true;
        if (consent.isDryRun()) return "would make " + names;
        if (!consent.to("Make " + names + "? Writers wait meanwhile; a backup comes first.")) return "nothing: no index was made";
        return "made " + names + ": " + tuning.makeIndexes(missing.values(), figures.footprint().runs());
    }

    private String vacuum(Footprint footprint, Tuning tuning) {
        String gain = footprint.wouldFree() + " of " + footprint.size();
        if (!Tuning.isVacuumWorthIt(footprint)) return "no VACUUM: it would free no more than " + gain;
        isLeftToDo = true;
        if (consent.isDryRun()) return "would free some " + gain + " with VACUUM";
        if (!consent.to("VACUUM, to free some " + gain + "? Writers wait meanwhile; a backup comes first.")) return "nothing: no VACUUM";
        return "VACUUM: " + tuning.vacuum();
    }

    private WriteTimes measureWriting(Store store) throws InterruptedException {
        var load = new WriteTimes.Load(runs, runsPerSecond, writers, processes);
        try (var scratch = ScratchStore.beside(store); var progress = progress("runs", load.all())) {
            return WriteTimes.of(scratch, load, List.of("measure_performance", "--as-writer"), progress::at);
        }
    }
}
