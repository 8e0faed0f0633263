///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Read the day files, archived ones too: by day, agent, run or text; follow them; list the days.
//SOURCES ../lib/telemetry/text/package-info.java ../lib/telemetry/os/package-info.java ../lib/telemetry/sqlite/package-info.java
//SOURCES ../lib/telemetry/daylog/package-info.java ../lib/telemetry/runs/package-info.java ../lib/telemetry/cli/package-info.java
//SOURCES ../lib/telemetry/store/package-info.java ../lib/telemetry/logs/package-info.java
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import telemetry.*;
import telemetry.cli.*;
import telemetry.logs.*;
import telemetry.store.*;
import telemetry.text.*;

@Command(name = "logs", mixinStandardHelpOptions = true,
        description = "Read the day files, archived ones too: by day, agent, run or text; follow them; list the days.")
class logs extends Procedure {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

    /** What --follow shows of the past. */
    private static final int BEFORE = 10;

    /** So many damaged pieces of one file are named, the others counted. */
    private static final int NAMED = 20;

    private static final Duration BETWEEN_FLUSHES = Duration.ofMillis(100);
    private static final byte[] NEWLINE = {'\n'};

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

    @Option(names = "--run", paramLabel = "ID", description = "Only this run and its events: the whole id, or its last eight digits.")
    private String run;

    @Option(names = "--type", paramLabel = "EVENT_TYPE", description = "Only events of this type.")
    private String type;

    @Option(names = "--status", paramLabel = "STATUS",
            description = "Only records of runs that stand so: running, success, failed, partial, timeout, cancelled.")
    private RunStatus status;

    @Option(names = "--grep", paramLabel = "TEXT",
            description = "Only lines with this text. Others are not looked at, so damage in them is not reported.")
    private String grep;

    @Option(names = "--limit", paramLabel = "N", description = "Only the last so many; with --list, days.")
    private Integer limit;

    @Option(names = "--reverse", description = "Newest first.")
    private boolean reverse;

    @Option(names = "--follow", description = "Show the last ten (or --limit), then go on with what is written, until Ctrl-C. "
            + "That a pipe's reader has gone (| head) shows, and ends it, with the next line only.")
    private boolean follow;

    @Option(names = "--raw", description = "Print the lines' untouched bytes, damaged ones too.")
    private boolean raw;

    @Option(names = "--list", description = "List the days instead: size, lines, runs, archived or not, damaged pieces.")
    private boolean list;

    private final Map<Path, Long> damaged = new TreeMap<>();
    private final Set<Path> denied = new HashSet<>();
    private long shown;
    private long flushed = System.nanoTime();

    /** The piece that --raw printed without its newline yet. */
    private LogEntry last;

    public static void main(String... args) {
        Cli.main(new logs(), args);
    }

    @Override
    protected List<String> rehearsal() {
        return List.of();
    }

    @Override
    public Integer call() {
        checkOptions();
        Store store = this.store.existing();
        try (var log = new EventLog(store)) {
            if (list) return list(days(log, store));
            if (follow) follow(log, store);
            else show(log, days(log, store));
        }
        if (shown == 0) output.note("logs: no record matches");
        damaged.forEach((file, count) -> {
            if (count > NAMED) output.note("logs: " + file + ": " + count + " damaged pieces in all");
        });
        return exitCode(!damaged.isEmpty());
    }

    /** Of what may not be read nothing can be told, which is worse than to know of damage. */
    private int exitCode(boolean isDamaged) {
        return !denied.isEmpty() ? Cli.UNKNOWN : isDamaged ? Cli.WARNING : Cli.OK;
    }

    private void checkOptions() {
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

    private List<DayFile> days(EventLog log, Store store) {
        List<DayFile> all = log.days();
        if (all.isEmpty()) throw none(store);
        DayRange range = range(all.get(all.size() - 1).day());
        List<DayFile> wanted = all.stream().filter(range::contains).toList();
        if (wanted.isEmpty() && day != null)
            throw new StoreException(StoreException.Reason.MISSING, "read " + day + " in",
                    store.raw(), "no such day is there or in the archive", store.command("logs", "--list"));
        return wanted;
    }

    private static StoreException none(Store store) {
        boolean isThere = Files.isDirectory(store.raw());
        return new StoreException(StoreException.Reason.MISSING, "read the day files in", store.raw(), isThere ? "there is none yet"
                : "there is no such folder", isThere ? store.command("track", "--self-test") : Layout.mend(store, store.raw()));
    }

    private DayRange range(LocalDate newest) {
        if (day != null) return named();
        if (list) return new DayRange(LocalDate.MIN, LocalDate.MAX);
        if (since == null && until == null) return run != null ? DayRange.ofRun(run) : new DayRange(newest, newest);
        return new DayRange(since == null ? LocalDate.MIN : DayFile.dayOf(since.at(clock)),
                until == null ? LocalDate.MAX : DayFile.dayOf(until.at(clock)).plusDays(1));
    }

    private DayRange named() {
        try {
            return DayRange.parse(day, DayFile.dayOf(clock.instant()));
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private int list(List<DayFile> files) {
        Map<LocalDate, List<DayFile>> days = files.stream().collect(Collectors.groupingBy(DayFile::day, TreeMap::new, Collectors.toList()));
        List<List<DayFile>> wanted = new ArrayList<>(days.values());
        if (limit != null) wanted = wanted.subList(Math.max(0, wanted.size() - limit), wanted.size());
        if (reverse) Collections.reverse(wanted);
        List<DaySummary> summaries = wanted.parallelStream().map(day -> DaySummary.of(day, this::sayDenied)).toList();
        var table = new Table("day", "size", "lines", "runs", "archived", "damaged");
        for (DaySummary day : summaries) table.row(day.day(), day.size(), day.lines(), day.runs(), day.archived(), day.damaged());
        output.result(table, summaries);
        return exitCode(summaries.stream().anyMatch(day -> day.damaged() > 0));
    }

    private void show(EventLog log, List<DayFile> files) {
        var query = new LogQuery(log, files, filter(), raw, this::sayDamage).onDenied(this::sayDenied);
        if (output.isJson()) output.out().print("[");
        try {
            if (reverse) query.newestFirst(limit == null ? Long.MAX_VALUE : limit, this::print);
            else if (limit != null) query.latest(limit, this::print);
            else query.forEach(this::print);
        } finally {
            end();
        }
    }

    private LogFilter filter() {
        return new LogFilter(agent, run, type, status, since == null ? null : since.at(clock),
                until == null ? null : until.at(clock), grep == null ? null : LogFilter.text(grep));
    }

    private void follow(EventLog log, Store store) {
        var follower = new LogFollower(log, oddity -> output.note("logs: " + oddity));
        LogFilter filter = filter();
        if (log.days().isEmpty()) output.note(Files.isDirectory(store.raw()) ? "logs: waiting for the first day file in " + store.raw()
                : "logs: " + none(store).getMessage() + "; waiting for it");
        else new LogQuery(log, days(log, store), filter, raw, damage -> { })
                .latest(limit == null ? BEFORE : limit, entry -> {
            if (follower.isOld(entry)) print(entry);
        });
        while (!Thread.currentThread().isInterrupted()) {
            end();
            pause();
            follower.poll(entry -> {
                if (entry.isDamaged()) sayDamage(entry);
                if ((raw || !entry.isDamaged()) && filter.test(entry)) print(entry);
            });
        }
    }

    private static void pause() {
        try {
            Thread.sleep(BETWEEN_LOOKS.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void print(LogEntry entry) {
        if (raw) printRaw(entry);
        else if (output.isJson()) output.out().print((shown == 0 ? "" : ",") + System.lineSeparator() + Ndjson.line(entry.record()));
        else output.out().println(LogLine.of(entry.record()));
        shown++;
        if (System.nanoTime() - flushed > BETWEEN_FLUSHES.toNanos()) flush();
    }

    /** What is glued together in the file stays so. */
    private void printRaw(LogEntry entry) {
        boolean glued = last != null && last.file().equals(entry.file()) && last.offset() + last.length() == entry.offset();
        if (last != null && !glued) output.bytes(NEWLINE);
        output.bytes(entry.bytes());
        last = entry;
    }

    private void end() {
        if (last != null) output.bytes(NEWLINE);
        last = null;
        if (output.isJson()) output.out().println(System.lineSeparator() + "]");
        flush();
    }

    private void flush() {
        output.stopIfReaderGone();
        flushed = System.nanoTime();
    }

    private synchronized void sayDenied(StoreException denied) {
        if (this.denied.add(denied.path())) output.note("logs: " + denied.getMessage());
    }

    private void sayDamage(LogEntry entry) {
        if (damaged.merge(entry.file(), 1L, Long::sum) > NAMED) return;
        output.note("logs: " + entry.file() + ": byte " + entry.offset() + ": " + ((Damage) entry.record()).reason());
    }
}
