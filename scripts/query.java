///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Look at runs: recent, by agent, chain, failures, or your own SQL. Read only.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/logs/package-info.java ../lib/telemetry/query/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.query.*;
import telemetry.runs.*;
import telemetry.text.*;

@Command(name = "query", mixinStandardHelpOptions = true, addMethodSubcommands = false,
        description = "Look at runs: recent, by agent, chain, failures, or your own SQL. Read only.",
        footer = {"", "Examples:", "  query recent --agent docs-crawler --since 24h", "  query failures --limit 5",
            "  query sql \"SELECT status, count(*) FROM agent_runs GROUP BY status\""})
class query extends Procedure {

    @Mixin
    private FormatOption format;

    @Option(names = "--limit", paramLabel = "N", scope = ScopeType.INHERIT, description = "Show at most N rows.")
    private Integer limit;

    @Option(names = "--explain", scope = ScopeType.INHERIT, description = "Show SQLite's plan instead of the result.")
    private boolean explain;

    public static void main(String... args) {
        Database.warmUp();
        Cli.main(new query(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of("recent");
    }

    @Override
    public Integer call() {
        throw wrong("name what to show: " + String.join(", ", words()));
    }

    @Command(name = "recent", mixinStandardHelpOptions = true,
            description = "The latest runs, newest first; 20 unless --limit says otherwise.")
    int recent(@Mixin FilterOption filter) {
        return list(runs -> runs.recent(filter.at(clock), limit(20)), RunTables.runs(), RunTables::run);
    }

    @Command(name = "agent", mixinStandardHelpOptions = true,
            description = "One agent: runs, items, success rate, median and 95th-percentile duration.")
    int agent(@Mixin PeriodOption period, @Parameters(paramLabel = "NAME", description = "The agent's exact name.") String name) {
        return look(runs -> {
            Rows rows = runs.agents(period.at(clock).withAgent(name), limit(1));
            long shown = isReport() ? rows.stream().peek(agent -> output.print(Table.sheet(agent))).count() : show(rows);
            return shown > 0 || runs.count(RunFilter.ALL.withAgent(name)) > 0 ? Cli.OK
                    : unknown(Next.line("no runs for agent " + Words.brief(name), store.store().command("query", "agents")));
        });
    }

    @Command(name = "agents", mixinStandardHelpOptions = true,
            description = "One line per agent: runs, success rate, items, median and 95th-percentile duration.")
    int agents(@Mixin PeriodOption period) {
        return list(runs -> runs.agents(period.at(clock), limit(-1)), RunTables.agents(), RunTables::agent);
    }

    @Command(name = "chain", mixinStandardHelpOptions = true, description = "The runs of a chain in the order of their start.")
    int chain(@Mixin PeriodOption period,
            @Parameters(paramLabel = "INSIGHT_ID", description = "The insight that the runs of the chain worked for.") String insight,
            @Option(names = "--tree",
                    description = "Each run behind the one that called it, where the store records that (parent_run_id).") boolean tree) {
        return look(runs -> {
            RunFilter filter = period.at(clock).withInsight(insight);
            Rows rows = tree ? runs.tree(filter, limit(-1)) : runs.chain(filter, limit(-1));
            return show(rows, RunTables.chain(), RunTables::link) > 0 || runs.count(RunFilter.ALL.withInsight(insight)) > 0 ? Cli.OK
                    : unknown("no run has the insight " + Words.brief(insight));
        });
    }

    @Command(name = "run", mixinStandardHelpOptions = true,
            description = "Everything about one run, with its events from the day files, at most 1,000 or --limit of them.")
    int run(@Parameters(paramLabel = "RUN_ID", description = "The run's id.") String id) {
        return look(runs -> {
            var found = explain ? Optional.<RunReport>empty() : RunReport.of(store.store(), runs, id, limit(1_000));
            if (isReport()) found.ifPresent(output::print);
            else show(found.map(RunReport::withEvents).orElseGet(() -> runs.find(id)));
            List<String> damaged = found.map(RunReport::damaged).orElse(List.of());
            damaged.forEach(what -> output.note("not read: " + what));
            return found.isEmpty() && !explain ? unknown("the database has no run " + Words.brief(id))
                    : damaged.isEmpty() ? Cli.OK : Cli.WARNING;
        });
    }

    @Command(name = "failures", mixinStandardHelpOptions = true,
            description = "The latest runs that failed or timed out, and their errors; 20 unless --limit says otherwise.")
    int failures(@Mixin FilterOption filter) {
        return list(runs -> runs.failures(filter.at(clock), limit(20)), RunTables.runs(), RunTables::failure);
    }

    @Command(name = "stale", mixinStandardHelpOptions = true,
            description = "Runs that still say running long after their start, oldest first.")
    int stale(@Mixin FilterOption filter,
            @Option(names = "--older-than", paramLabel = "AGE", defaultValue = "24h",
                    description = "Started longer ago than this. Default: ${DEFAULT-VALUE}.") Duration age) {
        return list(runs -> runs.stale(clock.instant().minus(age), filter.at(clock), limit(-1)), RunTables.runs(), RunTables::run);
    }

    @Command(name = "pending", mixinStandardHelpOptions = true,
            description = "Runs that were not posted to an API yet, oldest first; 20 unless --limit says otherwise.")
    int pending(@Mixin FilterOption filter) {
        return look(runs -> {
            show(runs.pending(filter.at(clock), limit(20)), RunTables.pending(), RunTables.waiting(clock.instant()));
            if (isReport()) output.print(RunTables.pendingSum(runs.pendingSum(filter.at(clock))));
            return Cli.OK;
        });
    }

    @Command(name = "count", mixinStandardHelpOptions = true, description = "The number of runs.")
    int count(@Mixin FilterOption filter) {
        return look(runs -> {
            if (isReport()) output.print(runs.count(filter.at(clock)));
            else show(runs.counted(filter.at(clock)));
            tellUnreadable(runs);
            return Cli.OK;
        });
    }

    @Command(name = "sql", mixinStandardHelpOptions = true, description = "The rows of one SQL statement that only reads.",
            footer = "%nExample: query sql \"SELECT run_id FROM agent_runs WHERE duration_ms > ?\" 60000")
    int sql(@Option(names = "--file", paramLabel = "FILE", description = "Read the statement from this file (UTF-8).") Path file,
            @Parameters(arity = "0..*", paramLabel = "STATEMENT|VALUE", description =
                    "The statement, unless it is in a file, then a value for each of its question marks.") List<String> words) {
        List<String> given = words == null ? List.of() : words;
        if (file == null && given.isEmpty()) throw wrong("give the statement, or --file FILE");
        Query asked = file != null ? ReadOnlySql.query(ReadOnlySql.in(file), given)
                : ReadOnlySql.query(given.get(0), given.subList(1, given.size()));
        try (Database database = Database.openToRead(store.existing().database()).unlimited()) {
            show((explain ? asked.plan(database) : LargeRows.refusing(database, asked)).limit(limit(Integer.MAX_VALUE)));
            return Cli.OK;
        } catch (StoreException e) {
            throw ReadOnlySql.asked(e);
        }
    }

    private int list(Function<Runs, Rows> question, Table headings, BiConsumer<Table, Row> line) {
        return look(runs -> {
            show(question.apply(runs), headings, line);
            tellUnreadable(runs);
            return Cli.OK;
        });
    }

    private int look(ToIntFunction<Runs> question) {
        format.isTable(output);
        try (Database database = Database.openToRead(store.existing().database())) {
            var runs = new Runs(database);
            if (runs.schema().odd() != null) note(runs.schema().odd());
            if (RunTables.isWide() && isReport()) runs = runs.withDurations();
            return question.applyAsInt(explain ? runs.explaining() : runs.inPieces());
        }
    }

    /** They are in no period, and the last of a list. */
    private void tellUnreadable(Runs runs) {
        String unreadable = explain ? null : runs.unreadable();
        if (unreadable != null) note(unreadable);
    }

    private int unknown(String why) {
        note(why);
        return Cli.WARNING;
    }

    private int limit(int usual) {
        if (limit != null && limit < 1) throw wrong("--limit must be a number from 1");
        return limit == null ? usual : limit;
    }

    private boolean isReport() {
        return format.isTable(output) && !explain;
    }

    /** @return how many rows there were; of a plan there are always some */
    private long show(Rows rows, Table headings, BiConsumer<Table, Row> line) {
        return explain && format.isTable(output) ? RunTables.plan(rows, output::print) : format.printRows(output, rows, headings, line);
    }

    private long show(Rows rows) {
        return show(rows, new Table(rows.columns().toArray(String[]::new)), (table, row) -> table.row(row.values().toArray()));
    }
}
