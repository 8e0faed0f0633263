///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Read the day files, archived ones too: by day, agent, run or text; follow them; list the days.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/store/package-info.java
//SOURCES ../lib/telemetry/cli/package-info.java ../lib/telemetry/logs/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import picocli.CommandLine.*;
import telemetry.*;
import telemetry.cli.*;
import telemetry.logs.*;
import telemetry.store.*;

@Command(name = "logs", mixinStandardHelpOptions = true,
        description = "Read the day files, archived ones too: by day, agent, run or text; follow them; list the days.",
        footer = {"", "Examples:", "  logs 2025-12-11 --agent docs-crawler", "  logs --follow --status failed",
            "  logs 2025-12 --grep timeout --raw"})
class logs extends Procedure {

    /** What --follow shows of the past. */
    private static final int BEFORE = 10;

    @Parameters(arity = "0..1", paramLabel = "DAY",
            description = "2025-12-11, 2025-12 for a month, today or yesterday (UTC). Default: the days that --since, --until "
            + "or --run ask for, else the newest day.")
    private String day;

    @Option(names = "--since", paramLabel = "TIME", description = "Only records of this time or later: 24h, 7d, 2025-12-10T12:00:00Z.")
    private Times.Since since;

    @Option(names = "--until", paramLabel = "TIME", description = "Only records before this time.")
    private Times.Since until;

    @Option(names = "--agent", paramLabel = "NAME", description = "Only runs of this agent and their events.")
    private String agent;

    @Option(names = "--run", paramLabel = "ID", description = "Only this run and its events: the whole id or its last eight digits.")
    private String run;

    @Option(names = "--type", paramLabel = "EVENT_TYPE", description = "Only events of this type.")
    private String type;

    @Option(names = "--status", paramLabel = "STATUS",
            description = "Only records of runs with this status: running, success, failed, partial, timeout, cancelled.")
    private RunStatus status;

    @Option(names = "--grep", paramLabel = "TEXT",
            description = "Only lines with this text. Other lines are not read, so damage in them is not reported.")
    private String grep;

    @Option(names = "--limit", paramLabel = "N", description = "Only the last N records; with --list, the last N days.")
    private Integer limit;

    @Option(names = "--reverse", description = "Newest first.")
    private boolean reverse;

    @Option(names = "--follow",
            description = "Show the last ten records (or --limit), then wait for new ones until Ctrl-C. If a pipe is closed (| head), "
                    + "it ends with the next line.")
    private boolean follow;

    @Option(names = "--raw", description = "Print the bytes of the lines unchanged, damaged ones too.")
    private boolean raw;

    @Option(names = "--list", description = "List the days: size, lines, runs, archived or not, damaged entries.")
    private boolean list;

    public static void main(String... args) {
        Cli.main(new logs(), args);
    }

    @Override
    public Integer call() {
        requireSense();
        Store store = Layout.withDayFiles(this.store.existing());
        var unread = new UnreadLines(this::note);
        try (var log = new EventLog(store)) {
            log.strangers().forEach(unread::stranger);
            if (list) return result(DayList.of(days(log, store, unread), limit, reverse, unread));
            var printer = new LogPrinter(output, raw);
            if (follow) follow(log, store, printer, unread);
            else show(new LogQuery(log, days(log, store, unread), filter(), unread::damaged, unread::denied), printer);
            if (printer.isEmpty()) note("no record matches");
        }
        unread.sum();
        return unread.status().exitCode();
    }

    private void requireSense() {
        if (raw && output.isJson()) throw wrong("--raw and --json exclude each other");
        if (follow && (day != null || until != null || reverse || list))
            throw wrong("--follow goes on from now: without DAY, --until, --reverse and --list");
        if (follow && output.isJson())
            throw wrong("--follow has no end, and a JSON document needs one: say --raw for one JSON object a line");
        if (list && (raw || agent != null || run != null || type != null || status != null || grep != null))
            throw wrong("--list counts whole days: without --raw, --agent, --run, --type, --status and --grep");
        if (limit != null && limit < 1) throw wrong("--limit is a number from 1");
        if (grep != null && grep.isEmpty()) throw wrong("--grep needs a text");
    }

    private List<DayFile> days(EventLog log, Store store, UnreadLines unread) {
        List<DayFile> all = log.days(unread::denied);
        if (all.isEmpty()) throw none(store);
        List<DayFile> wanted = all.stream().filter(range(newest(all))::contains).toList();
        if (wanted.isEmpty() && day != null)
            throw new StoreException(StoreException.Reason.MISSING, "read " + day + " in",
                    store.raw(), "no such day is there or in the archive", store.command("logs", "--list"));
        return wanted;
    }

    /** A file that a wrong clock has dated ahead hides no other. */
    private LocalDate newest(List<DayFile> all) {
        LocalDate today = DayFile.dayOf(clock.instant());
        return all.stream().map(DayFile::day).filter(day -> !day.isAfter(today)).reduce((one, later) -> later)
                .orElse(all.get(all.size() - 1).day());
    }

    private static StoreException none(Store store) {
        boolean isThere = Files.isDirectory(store.raw());
        return new StoreException(StoreException.Reason.MISSING, "read the day files in", store.raw(), isThere ? "there is none yet"
                : "there is no such folder", isThere ? store.command("track", "--self-test") : Layout.mend(store, store.raw()));
    }

    private DayRange range(LocalDate newest) {
        try {
            if (day != null) return DayRange.parse(day, DayFile.dayOf(clock.instant()));
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
        if (list) return DayRange.ALL;
        if (since != null || until != null) return DayRange.during(at(since), at(until));
        return run != null ? DayRange.ofRun(run) : new DayRange(newest, newest);
    }

    private Instant at(Times.Since time) {
        return time == null ? null : time.at(clock);
    }

    private LogFilter filter() {
        return new LogFilter(agent, run, type, status, at(since), at(until), grep == null ? null : LogFilter.text(grep), raw);
    }

    private void show(LogQuery query, LogPrinter printer) {
        try {
            if (reverse) query.newestFirst(limit == null ? Long.MAX_VALUE : limit, printer::print).forEach(this::unread);
            else if (limit != null) query.latest(limit, printer::print).forEach(this::unread);
            else query.forEach(printer::print);
        } finally {
            printer.end();
        }
    }

    private void unread(Path file, Size size) {
        note(file + ": its first " + size + " were not read");
    }

    private void follow(EventLog log, Store store, LogPrinter printer, UnreadLines unread) {
        var follower = new LogFollower(log, this::note);
        LogFilter filter = filter();
        if (log.days(unread::denied).isEmpty()) note(Files.isDirectory(store.raw()) ? "waiting for the first day file in " + store.raw()
                : Next.line(none(store).what() + "; waiting for it", none(store).next()));
        else new LogQuery(log, days(log, store, unread), filter, old -> { }).latest(limit == null ? BEFORE : limit, entry -> {
            if (follower.isOld(entry)) printer.print(entry);
        });
        follower.follow(filter, printer, unread::damaged);
    }
}
