///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Measure the commands side by side with sqlite3, gzip, pigz and plain Python scripts.
//SOURCES *.java
//SOURCES ../kit/Checkout.java
//SOURCES ../../scripts/*.java

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import telemetry.Check;
import telemetry.cli.Cli;
import telemetry.cli.Output;
import telemetry.text.JsonText;

@Command(name = "bench", mixinStandardHelpOptions = true,
        description = "Measure the commands side by side with sqlite3, gzip, pigz and plain Python scripts.",
        footer = {"", "Each is a whole process; ours and each peer run in turn, after a round that is not counted and in which their "
            + "results are compared. Exit code 1 says that a target was missed, 2 that a run failed or the two did not do the same work.",
            "", "The stores are kept in the cache folder for a day, because health looks at the last two. The targets are for the usual "
            + "sizes on a quiet machine."})
class bench implements Callable<Integer> {

    @Parameters(arity = "0..*", paramLabel = "NAME", description = "What to measure; all when none is named. --list shows the names.")
    private List<String> names = List.of();

    @Option(names = "--runs", paramLabel = "N", defaultValue = "5", description = "So many rounds are counted. Default: ${DEFAULT-VALUE}.")
    private int runs;

    @Option(names = "--list", description = "Only list what can be measured.")
    private boolean list;

    @Option(names = "--against", paramLabel = "CHECKOUT",
            description = "Measure beside the toolkit of another checkout, in turn, and not beside other programs.")
    private Path against;

    @Option(names = "--markdown", description = "Print all of it as docs/performance.md has it: machine, table, figures.")
    private boolean markdown;

    @Option(names = "--cache", paramLabel = "DIR",
            description = "Where the stores are kept, 5 GB. Default: telemetry-toolkit/bench in the user's cache folder.")
    private Path cache = SampleStores.usualFolder();

    @Option(names = "--large", paramLabel = "N", defaultValue = "1000000",
            description = "Runs in the large store. Default: ${DEFAULT-VALUE}.")
    private int large;

    @Option(names = "--small", paramLabel = "N", defaultValue = "100000",
            description = "Runs in the small store. Default: ${DEFAULT-VALUE}.")
    private int small;

    @Mixin
    private Output output;

    @Spec
    private CommandSpec command;

    public static void main(String... args) {
        Cli.main(new bench(), args);
    }

    @Override
    public Integer call() {
        if (markdown && output.isJson()) throw new ParameterException(command.commandLine(), "--markdown and --json: one of the two");
        try (var stores = new SampleStores(cache, small, large, output::note)) {
            var comparisons = new Comparisons(stores, Meter.here(), other());
            if (list) return list(comparisons);
            List<Outcome> outcomes = measure(comparisons);
            if (output.isJson()) output.print(document(outcomes));
            if (markdown) output.print(page(outcomes));
            return outcomes.stream().map(Outcome::status).max(Check.Status::compareTo).orElse(Check.Status.OK).exitCode();
        }
    }

    private Ours other() {
        if (against == null) return null;
        if (!Files.isExecutable(against.resolve("scripts/jbangw"))
                || !Files.isRegularFile(against.resolve("lib/telemetry/package-info.java")))
            throw new ParameterException(command.commandLine(), "--against " + against + ": no checkout of this toolkit");
        return new Ours(against.toAbsolutePath().normalize());
    }

    private Platform machine() {
        return against == null ? Platform.here() : Platform.here().with("against", other().checkout());
    }

    private int list(Comparisons comparisons) {
        Map<String, String> titles = comparisons.titles();
        output.result(String.join(System.lineSeparator(),
                titles.entrySet().stream().map(entry -> String.format("%-14s %s", entry.getKey(), entry.getValue())).toList()), titles);
        return Cli.OK;
    }

    /** Each result is printed when it is there: all of them take most of an hour. */
    private List<Outcome> measure(Comparisons comparisons) {
        if (runs < 1) throw new ParameterException(command.commandLine(), "--runs must be a number from 1");
        for (String name : names)
            if (!comparisons.titles().containsKey(name))
                throw new ParameterException(command.commandLine(), "nothing is measured by the name of " + name + ": see --list");
        boolean isReport = !output.isJson() && !markdown;
        if (isReport) output.print(machine());
        List<Outcome> outcomes = new ArrayList<>();
        for (String name : names.isEmpty() ? comparisons.titles().keySet() : names) {
            output.note("measuring " + name);
            Outcome outcome = comparisons.measure(name, runs);
            outcomes.add(outcome);
            if (isReport) output.print(System.lineSeparator() + outcome);
        }
        return outcomes;
    }

    private String page(List<Outcome> outcomes) {
        List<String> parts = new ArrayList<>(List.of("```", machine().toString(), "```", "",
                "| | what is measured | target | measured, median (min-max) | |", "|---|---|---|---|---|"));
        outcomes.forEach(outcome -> parts.addAll(outcome.markdown()));
        parts.addAll(List.of("", "## All figures", "```"));
        parts.add(outcomes.stream().map(Outcome::toString).collect(Collectors.joining(System.lineSeparator().repeat(2))));
        parts.add("```");
        return String.join(System.lineSeparator(), parts);
    }

    private String document(List<Outcome> outcomes) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("machine", machine().facts());
        document.put("comparisons", outcomes.stream().map(Outcome::data).toList());
        return JsonText.pretty(document);
    }
}
