package telemetry.rebuild;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.daylog.InFlight;
import telemetry.daylog.LogFiles;
import telemetry.prune.StaleRuns;
import telemetry.runs.RowForm;
import telemetry.runs.RunWriter;
import telemetry.runs.RunsTable;
import telemetry.runs.UnknownTriggers;
import telemetry.store.Pruned;
import telemetry.text.Progress;

/**
 * Adds what the day files know of runs to an existing database of any version, while its writers go on. The end of a run beats its start,
 * whatever the order of the lines. A run that the files know only as running never changes a row, and one that began in the last minute is
 * left to its writer ({@link InFlight}). A row that was changed after its run's end line stays ({@link RunWriter.Standing#CHANGED}). A
 * second replay changes nothing. Of several ends of one run, each column comes from the best end that names it ({@link SeveralEnds}).
 * Memory holds one batch, some of the runs that are open at once ({@link OpenRuns}), and eight bytes for each end.
 */
public final class Replay {

    private static final long MB = 1_000_000;

    private final Database database;
    private final UnknownTriggers writes;
    private final RunWriter writer;
    private final RowForm form;
    private final RunScanner scanner;
    private final List<Path> others = new ArrayList<>();
    private PrintWriter err;
    private Clock clock = Clock.systemUTC();
    private Predicate<DayFile> wanted = day -> true;
    private Pruned pruned;
    private LinesRead before;
    private boolean isFromLines;

    /** @throws StoreException {@code DAMAGED} when the database has no table of runs */
    public Replay(Database database) {
        this.database = database;
        this.writes = new UnknownTriggers(database);
        this.writer = new RunWriter(database);
        List<String> columns = RowForm.settable(writer.schema());
        this.form = new RowForm(writer.schema(), columns, RunsTable.defaults(database, columns));
        this.scanner = new RunScanner(form);
    }

    /** Shows the progress there; null, the default, for nowhere. */
    public Replay showing(PrintWriter err) {
        this.err = err;
        return this;
    }

    /** Tells which runs are in flight; the default is the system's. */
    public Replay at(Clock clock) {
        this.clock = clock;
        return this;
    }

    /** Only day files that are wanted. */
    Replay only(Predicate<DayFile> wanted) {
        this.wanted = wanted;
        return this;
    }

    /** Reads these files too, which are no day files. */
    Replay also(List<Path> files) {
        others.addAll(files);
        return this;
    }

    /** Goes on where these have come to, and with the runs that they name; null for from the beginning. */
    public Replay after(LinesRead lines) {
        this.before = lines == null || !lines.isWhole() ? null : lines;
        return this;
    }

    /** Leaves out these runs, and cancels runs again that were cancelled and have no end, so that pruned runs stay pruned. */
    public Replay without(Pruned pruned) {
        this.pruned = pruned;
        return this;
    }

    /** Whether the lines also replace rows that were changed after them; the default is false. */
    public Replay fromLines(boolean isFromLines) {
        this.isFromLines = isFromLines;
        return this;
    }

    /** The same as {@link #apply(EventLog, Consumer)} where nobody asks for the damaged entries. */
    public ReplayResult apply(EventLog log) {
        return apply(log, damaged -> { });
    }

    /**
     * Replays a store's day files, including those that are archived or begun meanwhile: each as far as it reaches now, then in
     * {@link LogFiles#SHORT_PASSES short passes} what comes meanwhile. It takes all of them, not only those since a backup: the database
     * may have lacked runs at that time, and after a clock was set back new lines look older than the backup.
     *
     * @param onDamage receives each entry that cannot be used, whose record says why
     */
    public ReplayResult apply(EventLog log, Consumer<LogEntry> onDamage) {
        long bytes = LogFiles.lengths(files(log)).values().stream().mapToLong(Long::longValue).sum();
        try (var progress = new Progress(err, "MB of day files replayed", bytes / MB)) {
            var reading = new Reading(onDamage, progress.adding(MB));
            reading.read(log);
            for (int pass = 0; pass < LogFiles.SHORT_PASSES && reading.hasMore(log); pass++) reading.read(log);
            return reading.finish();
        }
    }

    private List<Path> files(EventLog log) {
        return Stream.concat(log.days().stream().filter(wanted).map(DayFile::path), others.stream()).toList();
    }

    /** One reading of the day files, with its counts. */
    private final class Reading {
        private final Consumer<LogEntry> onDamage;
        private final LongConsumer progress;
        private final LogFiles files = new LogFiles(this::take, this::takeEvent);
        private final RunEnds ends = new RunEnds(writes, writer, form, isFromLines, this::damaged);
        private final OpenRuns open = new OpenRuns(database, ends::better);
        private final CommitLines commits = new CommitLines(pruned);
        private long lines;
        private long events;
        private long damaged;
        private long completed;
        private long left;
        private long waiting;

        Reading(Consumer<LogEntry> onDamage, LongConsumer progress) {
            this.onDamage = onDamage;
            this.progress = progress;
            if (before == null) return;
            files.after(before.files());
            commits.addAll(before.commits());
            for (RunFeed.Line line : before.runs()) {
                LogEntry entry = line.entry();
                Run run = (Run) entry.record();
                if (run.isEnd()) ends.add(entry, run, open.remove(writer.key(run)));
                else open.add(writer.key(run), line);
            }
        }

        boolean hasMore(EventLog log) {
            return files(log).stream().anyMatch(files::hasMore);
        }

        /** What there is now, and files that are archived or begun while that is read. */
        void read(EventLog log) {
            Set<Path> now = new HashSet<>();
            for (List<Path> next = fresh(log, now); !next.isEmpty(); next = fresh(log, now))
                LogFiles.lengths(next).forEach(this::read);
        }

        private List<Path> fresh(EventLog log, Set<Path> now) {
            return files(log).stream().filter(now::add).filter(files::hasMore).toList();
        }

        private void read(Path file, long until) {
            try {
                progress.accept(files.read(file, until));
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.MISSING) throw e;
            }
        }

        /** Most lines are events, which the scanner recognises quickly. */
        private int takeEvent(byte[] buffer, int from, int to, long offset) {
            int next = scanner.scan(buffer, from, to);
            if (next < 0 || !scanner.isEvent() || scanner.isCommit()) return -1;
            lines++;
            events++;
            return next;
        }

        private void take(LogEntry entry) {
            lines++;
            if (entry.record() instanceof Event event) take(event);
            else if (entry.isDamaged()) damaged(entry);
            else run(entry, (Run) entry.record());
        }

        private void take(Event event) {
            events++;
            commits.add(event);
        }

        private void damaged(LogEntry entry) {
            damaged++;
            onDamage.accept(entry);
        }

        private void run(LogEntry entry, Run run) {
            if (pruned != null && pruned.contains(run.id())) {
                left++;
                return;
            }
            String key = writer.key(run);
            if (run.isEnd()) ends.add(entry, run, open.remove(key));
            else if (!ends.has(key) && (open.has(key) || writer.standing(run) == RunWriter.Standing.ABSENT))
                open.add(key, RunFeed.Line.of(entry));
        }

        ReplayResult finish() {
            files.finish();
            ends.settle(files.reached());
            Instant now = clock.instant();
            open.forEach(some -> writes.inTransaction(() -> some.stream().map(RunFeed.Line::entry).forEach(start -> begun(start, now))));
            if (!commits.isEmpty()) writes.inTransaction(() -> completed += commits.addTo(database, "main"));
            if (pruned != null) completed += StaleRuns.cancelAgain(database, pruned);
            return new ReplayResult(lines, events, damaged, ends.inserted(), ends.updated() + completed, ends.conflicts(), left,
                    ends.changed(), waiting);
        }

        private void begun(LogEntry start, Instant now) {
            Run run = (Run) start.record();
            if (!InFlight.is(start, now)) ends.insert(start, run);
            else if (writer.standing(run) == RunWriter.Standing.ABSENT) waiting++;
        }
    }
}
