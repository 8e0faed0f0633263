///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Delete old runs from the database, or cancel those that never ended; the day files stay as they are.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/backup/package-info.java ../lib/telemetry/prune/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongConsumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import telemetry.*;
import telemetry.backup.*;
import telemetry.cli.*;
import telemetry.prune.*;
import telemetry.store.*;
import telemetry.text.*;

@Command(name = "prune", mixinStandardHelpOptions = true, addMethodSubcommands = false,
        description = "Delete old runs from the database, or cancel those that never ended; the day files stay as they are.",
        footer = {"", "Without --yes it only shows what it would do. With it a verified backup comes first, and what is pruned is "
            + "written to pruned.ndjson in the store's folder, so that no replay, rebuild or recovery brings it back."})
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
        throw wrong("say what to prune: runs --older-than 180d, or stale");
    }

    @Command(name = "runs", mixinStandardHelpOptions = true,
            description = "Delete runs that are over and began long ago, with their commits. The runs of a chain go together or stay "
                + "together, and so do a run and its caller.")
    int runs(@Mixin Consent consent,
            @Option(names = "--older-than", required = true, paramLabel = "AGE",
                    description = "Runs that began longer ago than this: 180d.") Duration age,
            @Option(names = "--agent", paramLabel = "NAME", description = "Of this agent only.") String agent,
            @Option(names = "--break-chains", description = "Let runs go from a chain of which others stay.") boolean breakChains,
            @Option(names = "--limit", paramLabel = "N",
                    description = "At the most so many, the oldest; a chain that does not fit stays.") Long limit) {
        Instant before = clock.instant().minus(age);
        try (Database database = open(store.existing(), consent)) {
            var runs = new OldRuns(database, new OldRuns.Choice(before, agent, breakChains, most(limit)));
            OldRuns.Plan plan = runs.plan();
            if (plan.runs() == 0 || !consent.isGiven()) return show(output, text(plan, toDo(plan.runs(), before, "deleted"), store.store()),
                    json(plan, before), plan.runs());
            Path backup = backUp(store.store());
            OldRuns.Deleted deleted = counting(output, plan.runs(),
                    done -> runs.delete(plan, Pruned.of(store.store()), clock.instant(), done));
            var text = text(plan, old(deleted.runs(), before) + " deleted, " + deleted.commits() + " commits with them", store.store());
            if (deleted.left() > 0) text.add(counted(deleted.left()) + " of these left: others that have come meanwhile depend on them");
            text.add("backup  " + backup);
            Map<String, Object> json = json(plan, before);
            json.putAll(Map.of("deleted", deleted.runs(), "commits", deleted.commits(), "left", deleted.left(), "backup", backup));
            output.result(text, json);
            return Cli.OK;
        }
    }

    @Command(name = "stale", mixinStandardHelpOptions = true,
            description = "Set runs that still say running long after their start to cancelled (v1 to v5: failed), with the reason in "
                + "error_summary. A real end that comes later wins.")
    int stale(@Mixin Consent consent,
            @Option(names = "--older-than", paramLabel = "AGE", defaultValue = "24h",
                    description = "Started longer ago than this. Default: ${DEFAULT-VALUE}.") Duration age,
            @Option(names = "--agent", paramLabel = "NAME", description = "Of this agent only.") String agent,
            @Option(names = "--limit", paramLabel = "N", description = "At the most so many, the oldest.") Long limit) {
        Instant before = clock.instant().minus(age);
        try (Database database = open(store.existing(), consent)) {
            var stale = new StaleRuns(database, before);
            List<StaleRuns.Stale> all = stale.find(new EventLog(store.store()), agent, most(limit));
            List<StaleRuns.Stale> endless = all.stream().filter(run -> !run.endedInFiles()).toList();
            int exit = note(output, all, store.store());
            if (endless.isEmpty() || !consent.isGiven()) return Math.max(exit,
                    show(output, text(endless, toDo(endless.size(), before, "cancelled")), json(all, before), endless.size()));
            Path backup = backUp(store.store());
            long cancelled = counting(output, endless.size(),
                    done -> stale.cancel(endless, Pruned.of(store.store()), clock.instant(), done));
            Map<String, Object> json = json(all, before);
            json.putAll(Map.of("cancelled", cancelled, "backup", backup));
            output.result(text(endless, old(cancelled, before) + " cancelled").add("backup  " + backup), json);
            return exit;
        }
    }

    private long most(Long limit) {
        if (limit != null && limit < 1) throw wrong("--limit is a number from 1 on");
        return limit == null ? Long.MAX_VALUE : limit;
    }

    private Database open(Store store, Consent consent) {
        return consent.isGiven() ? Database.open(store.database(), patience) : Database.openToRead(store.database(), patience);
    }

    private Path backUp(Store store) {
        return new Backups(store, null, clock, err()).make(patience, BackupCheck.FULL, false).backup().file();
    }

    /** What was done before something went wrong is done, and is said. */
    private <T> T counting(Output output, long total, Function<LongConsumer, T> work) {
        var done = new AtomicLong();
        try (var progress = new Progress(err(), "runs", total)) {
            return work.apply(count -> {
                done.set(count);
                progress.at(count);
            });
        } catch (StoreException e) {
            output.note("prune: " + done + " of " + total + " were done before this; the same command goes on");
            throw e;
        }
    }

    private static int show(Output output, Object text, Map<String, Object> json, long runs) {
        output.result(text, json);
        if (runs > 0) output.note("nothing was changed: the same with --yes does it");
        return Cli.OK;
    }

    private static StringJoiner text(OldRuns.Plan plan, String sum, Store store) {
        var text = new StringJoiner(System.lineSeparator());
        var table = new Table("agent", "runs", "first", "last");
        for (OldRuns.AgentRuns agent : plan.agents()) table.row(agent.agent(), agent.runs(), agent.first(), agent.last());
        if (!table.isEmpty()) text.add(table.toString());
        text.add(sum);
        if (plan.kept() > 0) text.add(plan.kept() + " more are as old and stay: others of their chain do, or a run that they called");
        if (plan.running() > 0) text.add(plan.running() + " more are as old and say running: " + store.command("prune", "stale"));
        return text;
    }

    private static String toDo(long runs, Instant before, String what) {
        return runs == 0 ? "no run that began before " + Times.seconds(before) + " is to be " + what
                : old(runs, before) + " would be " + what;
    }

    private static String old(long runs, Instant before) {
        return counted(runs) + " that began before " + Times.seconds(before);
    }

    private static String counted(long runs) {
        return runs + (runs == 1 ? " run" : " runs");
    }

    private static Map<String, Object> json(OldRuns.Plan plan, Instant before) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("before", before);
        json.put("runs", plan.runs());
        json.put("agents", plan.agents());
        json.put("kept", plan.kept());
        json.put("running", plan.running());
        json.put("deleted", 0);
        return json;
    }

    private StringJoiner text(List<StaleRuns.Stale> runs, String sum) {
        var text = new StringJoiner(System.lineSeparator());
        var table = new Table("run_id", "started", "running for");
        for (StaleRuns.Stale run : runs) table.row(run.runId(), run.start(), Duration.between(run.start(), clock.instant()));
        if (!table.isEmpty()) text.add(table.toString());
        return text.add(sum);
    }

    private static Map<String, Object> json(List<StaleRuns.Stale> runs, Instant before) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("before", before);
        json.put("runs", runs);
        json.put("cancelled", 0);
        return json;
    }

    private static int note(Output output, List<StaleRuns.Stale> runs, Store store) {
        long ended = runs.stream().filter(StaleRuns.Stale::endedInFiles).count();
        if (ended > 0) output.note("left alone: " + counted(ended)
                + " that ended according to the day files; what the database lacks of these: " + store.command("rebuild", "--check-only"));
        return ended > 0 ? Cli.WARNING : Cli.OK;
    }
}
