///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Look at runs: recent, by agent, chain, failures, or your own SQL. Read only.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/recording/package-info.java ../lib/telemetry/logs/package-info.java
//SOURCES ../lib/telemetry/backup/package-info.java ../lib/telemetry/query/package-info.java ../lib/telemetry/health/package-info.java
//SOURCES ../lib/telemetry/setup/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.ToIntFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import telemetry.Database;
import telemetry.Row;
import telemetry.Rows;
import telemetry.RunFilter;
import telemetry.Runs;
import telemetry.cli.Cli;
import telemetry.cli.FilterOption;
import telemetry.cli.FormatOption;
import telemetry.cli.PeriodOption;
import telemetry.cli.StoreOption;
import telemetry.os.Disk;
import telemetry.query.BriefRuns;
import telemetry.query.ReadOnlySql;
import telemetry.query.RunReport;
import telemetry.runs.Query;
import telemetry.text.Sheet;
import telemetry.text.Table;

@Command(name = "query", mixinStandardHelpOptions = true,
        description = "Look at runs: recent, by agent, chain, failures, or your own SQL. Read only.", addMethodSubcommands = false)
class query implements Callable<Integer> {

    Clock clock = Clock.systemUTC();

    @Mixin
    private StoreOption store;

    @Mixin
    private Answer answer;

    @Spec
    private CommandSpec command;

    /** The rows in the format that was asked for, how many of them, and whether their plan is wanted instead. */
    private static final class Answer extends FormatOption {
        @Option(names = "--limit", paramLabel = "N", description = "At the most so many.")
        private Integer limit;

        @Option(names = "--explain", description = "Show how SQLite goes about it instead of the result.")
        private boolean explain;

        @Spec(Spec.Target.MIXEE)
        private CommandSpec command;

        private int limit(int usual) {
            if (limit != null && limit < 1) throw new ParameterException(command.commandLine(), "--limit is a number from 1 on");
            return limit == null ? usual : limit;
        }

        /** For people, and no plan. */
        private boolean isReport() {
            return isTable() && !explain;
        }

        /** @return how many rows there were; of a plan there are always some */
        private long show(Rows rows, Table headings, BiConsumer<Table, Row> line) {
            return explain && isTable() ? showPlan(rows) : printRows(rows, headings, line);
        }

        private long show(Rows rows) {
            return explain && isTable() ? showPlan(rows) : printRows(rows);
        }

        private long showPlan(Rows steps) {
            String statement = null;
            for (Row step : steps) {
                if (!step.text("statement").equals(statement)) print(statement = step.text("statement"));
                print("    " + step.get("step"));
            }
            return 1;
        }
    }

    public static void main(String... args) {
        Database.warmUp();
        Cli.main(new query(), args);
    }

    @Override
    public Integer call() {
        throw new ParameterException(command.commandLine(), "say what to look at: " + String.join(", ", command.subcommands().keySet()));
    }

    @Command(name = "recent", mixinStandardHelpOptions = true,
            description = "The latest runs, newest first; 20 unless --limit says otherwise.")
    int recent(@Mixin StoreOption store, @Mixin Answer answer, @Mixin FilterOption filter) {
        return look(store, answer, runs -> {
            answer.show(runs.recent(filter.at(clock), answer.limit(20)), BriefRuns.table(), BriefRuns::add);
            return Cli.OK;
        });
    }

    @Command(name = "agent", mixinStandardHelpOptions = true,
            description =
            "What one agent has done: runs, items, percent of the ended runs that succeeded, and how long 50 and 95 percent of these took "
            + "at the most.")
    int agent(@Mixin StoreOption store, @Mixin Answer answer, @Mixin PeriodOption period,
            @Parameters(paramLabel = "NAME", description = "The agent's exact name.") String name) {
        return look(store, answer, runs -> {
            Rows rows = runs.agents(period.at(clock).withAgent(name), answer.limit(1));
            long shown = answer.isReport() ? rows.stream().peek(agent -> answer.print(new Sheet(agent))).count() : answer.show(rows);
            if (shown > 0 || runs.count(RunFilter.ALL.withAgent(name)) > 0) return Cli.OK;
            return unknown(answer, "no run is of an agent named " + Table.text(name) + "; next: "
                    + store.store().command("query", "agents"));
        });
    }

    @Command(name = "agents", mixinStandardHelpOptions = true, description = "The same for every agent.")
    int agents(@Mixin StoreOption store, @Mixin Answer answer, @Mixin PeriodOption period) {
        return look(store, answer, runs -> {
            answer.show(runs.agents(period.at(clock), answer.limit(-1)),
                    new Table("agent_name", "runs", "ok %", "discovered", "succeeded", "failed", "p50", "p95"),
                    (table, agent) -> table.row(agent.get("agent_name"), agent.get("runs"), agent.get("success_rate"),
                            agent.get("items_discovered"), agent.get("items_succeeded"),
                            agent.get("items_failed"), milliseconds(agent.get("p50_duration_ms")),
                            milliseconds(agent.get("p95_duration_ms"))));
            return Cli.OK;
        });
    }

    @Command(name = "chain", mixinStandardHelpOptions = true, description = "The runs of a chain in the order of their start.")
    int chain(@Mixin StoreOption store, @Mixin Answer answer, @Mixin PeriodOption period,
            @Parameters(paramLabel = "INSIGHT_ID", description = "The insight that the runs of the chain worked for.") String insight,
            @Option(names = "--tree",
                    description = "Each run behind the one that called it, where the store records that (parent_run_id).") boolean tree) {
        return look(store, answer, runs -> {
            RunFilter filter = period.at(clock).withInsight(insight);
            long shown = answer.show(tree ? runs.tree(filter, answer.limit(-1)) : runs.chain(filter, answer.limit(-1)),
                    new Table("run_id", "job_type", "status"),
                    (table, run) -> table.row("  ".repeat(tree ? (int) run.number("depth") : 0) + run.get("run_id"),
                            run.get("job_type"), run.get("status")));
            return shown > 0 || runs.count(RunFilter.ALL.withInsight(insight)) > 0 ? Cli.OK
                    : unknown(answer, "no run has the insight " + Table.text(insight));
        });
    }

    @Command(name = "run", mixinStandardHelpOptions = true,
            description = "All about one run, its events in the day files included: 1,000 of them unless --limit says otherwise.")
    int run(@Mixin StoreOption store, @Mixin Answer answer, @Parameters(paramLabel = "RUN_ID", description = "The run's id.") String id) {
        return look(store, answer, runs -> {
            Optional<RunReport> found = answer.explain ? Optional.empty() : RunReport.of(store.store(), runs, id, answer.limit(1_000));
            if (found.isPresent()) return show(answer, found.get());
            long shown = answer.isReport() ? 0 : answer.show(runs.find(id));
            return shown > 0 ? Cli.OK : unknown(answer, "the database has no run " + Table.text(id));
        });
    }

    private static int show(Answer answer, RunReport run) {
        if (answer.isReport()) answer.print(run);
        else answer.show(run.withEvents());
        run.damaged().forEach(what -> answer.note("not read: " + what));
        return run.damaged().isEmpty() ? Cli.OK : Cli.WARNING;
    }

    @Command(name = "failures", mixinStandardHelpOptions = true,
            description = "The latest runs that failed or ran out of time, and what they said; 20 unless --limit says otherwise.")
    int failures(@Mixin StoreOption store, @Mixin Answer answer, @Mixin FilterOption filter) {
        return look(store, answer, runs -> {
            answer.show(runs.failures(filter.at(clock), answer.limit(20)), BriefRuns.table(), (table, run) -> {
                BriefRuns.add(table, run);
                if (run.get("error_summary") != null) table.below(run.text("error_summary"));
            });
            return Cli.OK;
        });
    }

    @Command(name = "stale", mixinStandardHelpOptions = true,
            description = "Runs that still say running long after their start, oldest first.")
    int stale(@Mixin StoreOption store, @Mixin Answer answer, @Mixin FilterOption filter,
            @Option(names = "--older-than", paramLabel = "AGE", defaultValue = "24h",
                    description = "Started longer ago than this. Default: ${DEFAULT-VALUE}.") Duration age) {
        return look(store, answer, runs -> {
            answer.show(runs.stale(clock.instant().minus(age), filter.at(clock), answer.limit(-1)), BriefRuns.table(), BriefRuns::add);
            return Cli.OK;
        });
    }

    @Command(name = "count", mixinStandardHelpOptions = true, description = "How many runs there are.")
    int count(@Mixin StoreOption store, @Mixin Answer answer, @Mixin FilterOption filter) {
        return look(store, answer, runs -> {
            if (answer.isReport()) answer.print(runs.count(filter.at(clock)));
            else answer.show(runs.counted(filter.at(clock)));
            return Cli.OK;
        });
    }

    @Command(name = "sql", mixinStandardHelpOptions = true, description = "The rows of one statement that only reads.",
            footer = "%nExample: query sql \"SELECT run_id FROM agent_runs WHERE duration_ms > ?\" 60000")
    int sql(@Mixin StoreOption store, @Mixin Answer answer,
            @Option(names = "--file", paramLabel = "FILE", description = "Read the statement from this file (UTF-8).") Path file,
            @Parameters(arity = "0..*", paramLabel = "STATEMENT|VALUE",
                    description =
                    "The statement, unless it is in a file, then a value for each of its question marks.") List<String> words) {
        Query asked = query(file, words == null ? List.of() : words, answer.command);
        try (Database database = Database.openToRead(store.existing().database())) {
            Rows rows = answer.explain ? asked.plan(database) : asked.on(database);
            answer.show(rows.limit(answer.limit(Integer.MAX_VALUE)));
            return Cli.OK;
        }
    }

    private static Query query(Path file, List<String> words, CommandSpec command) {
        if (file == null && words.isEmpty()) throw new ParameterException(command.commandLine(), "say the statement, or --file FILE");
        String sql = file == null ? words.get(0) : text(file, command);
        return new Query(ReadOnlySql.require(sql), words.stream().skip(file == null ? 1 : 0).map(ReadOnlySql::value).toList());
    }

    private static String text(Path file, CommandSpec command) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new ParameterException(command.commandLine(), Disk.refused("read the statement from", file, e).getMessage());
        }
    }

    private static int look(StoreOption store, Answer answer, ToIntFunction<Runs> question) {
        answer.isTable();
        try (Database database = Database.openToRead(store.existing().database())) {
            var runs = new Runs(database);
            return question.applyAsInt(answer.explain ? runs.explaining() : runs);
        }
    }

    private static int unknown(Answer answer, String why) {
        answer.note(answer.command.qualifiedName() + ": " + why);
        return Cli.WARNING;
    }

    private static Duration milliseconds(Object number) {
        return number == null ? null : Duration.ofMillis((long) number);
    }
}
