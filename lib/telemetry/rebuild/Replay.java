package telemetry.rebuild;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import telemetry.Damage;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.daylog.InFlight;
import telemetry.daylog.LogFiles;
import telemetry.daylog.LogReader;
import telemetry.prune.StaleRuns;
import telemetry.runs.RowForm;
import telemetry.runs.RunWriter;
import telemetry.runs.Schema;
import telemetry.runs.UnknownTriggers;
import telemetry.sqlite.SqliteErrors;
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

    /** Entries in a transaction, during which writers wait for a moment. */
    private static final int BATCH = 500;
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
        this.form = new RowForm(writer.schema(), columns, Schema.defaults(database, columns));
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

    private boolean isSame(Run a, Run b) {
        return form.compare(form.row(a), form.row(b)) == 0 && a.fields().keySet().equals(b.fields().keySet());
    }

    private LogEntry better(LogEntry a, LogEntry b) {
        return form.compare(form.row((Run) a.record()), form.row((Run) b.record())) >= 0 ? a : b;
    }

    private RunFeed.Line better(RunFeed.Line a, RunFeed.Line b) {
        return Arrays.equals(a.bytes(), b.bytes()) ? a : RunFeed.Line.of(better(a.entry(), b.entry()));
    }

    /** One reading of the day files, with its counts. */
    private final class Reading {
        private final Consumer<LogEntry> onDamage;
        private final LongConsumer progress;
        private final LogFiles files = new LogFiles(this::take, this::takeEvent);
        private final OpenRuns open = new OpenRuns(database, Replay.this::better);
        private final Map<String, LogEntry> ends = new LinkedHashMap<>();
        private final CommitLines commits = new CommitLines(pruned);
        private final Disputes disputes = new Disputes(form, writer);
        private long endBytes;
        private long lines;
        private long events;
        private long damaged;
        private long inserted;
        private long updated;
        private long conflicts;
        private long left;
        private long changed;
        private long waiting;

        Reading(Consumer<LogEntry> onDamage, LongConsumer progress) {
            this.onDamage = onDamage;
            this.progress = progress;
            if (before == null) return;
            files.after(before.files());
            commits.addAll(before.commits());
            for (RunFeed.Line line : before.runs()) {
                LogEntry entry = line.entry();
                if (((Run) entry.record()).isEnd()) ended(entry, (Run) entry.record());
                else open.add(writer.key((Run) entry.record()), line);
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
            if (run.isEnd()) ended(entry, run);
            else if (!ends.containsKey(key) && (open.has(key) || writer.standing(run) == RunWriter.Standing.ABSENT))
                open.add(key, RunFeed.Line.of(entry));
        }

        private void ended(LogEntry entry, Run run) {
            String key = writer.key(run);
            LogEntry end = created(entry, run, open.remove(key));
            disputes.ended(key);
            LogEntry other = ends.put(key, end);
            if (other != null && !isSame(run, (Run) other.record())) {
                ends.put(key, better(end, other));
                disputes.addSeveral(key);
            }
            endBytes += entry.length();
            if (ends.size() >= BATCH || endBytes > LogReader.LONGEST_LINE) flush();
        }

        /** The row of a run whose end alone is written came into being with its start. */
        private LogEntry created(LogEntry end, Run run, RunFeed.Line start) {
            boolean isAsked = start != null && writer.schema().hasRowTimes() && run.text("created_at") == null;
            String created = isAsked ? ((Run) start.entry().record()).text("created_at") : null;
            return created == null ? end
                    : new LogEntry(end.file(), end.offset(), end.length(), end.bytes(), run.with("created_at", created));
        }

        private void flush() {
            writes.inTransaction(() -> ends.forEach((key, entry) -> end(key, entry, (Run) entry.record())));
            ends.clear();
            endBytes = 0;
            disputes.compared();
        }

        private void end(String key, LogEntry entry, Run run) {
            switch (writer.standing(run)) {
                case ABSENT -> inserted += write(entry, run);
                case OPEN -> updated += write(entry, run);
                case OTHER, RENAMED, CHANGED -> disputes.add(key, entry);
                case SAME -> { }
            }
        }

        private long write(LogEntry entry, Run run) {
            try {
                return writer.write(run) ? 1 : 0;
            } catch (StoreException e) {
                if (!SqliteErrors.isAboutTheRow(e)) throw e;
                damaged(new LogEntry(entry.file(), entry.offset(), entry.length(), entry.bytes(),
                        new Damage("the database refuses it: " + e.what())));
                return 0;
            }
        }

        ReplayResult finish() {
            files.finish();
            flush();
            disputes.settle(files.reached(), this::settle);
            Instant now = clock.instant();
            open.forEach(some -> writes.inTransaction(() -> some.stream().map(RunFeed.Line::entry).forEach(start -> begun(start, now))));
            if (!commits.isEmpty()) writes.inTransaction(() -> updated += commits.addTo(database, "main"));
            if (pruned != null) updated += StaleRuns.cancelAgain(database, pruned);
            return new ReplayResult(lines, events, damaged, inserted, updated, conflicts, left, changed, waiting);
        }

        private void begun(LogEntry start, Instant now) {
            Run run = (Run) start.record();
            if (!InFlight.is(start, now)) inserted += write(start, run);
            else if (writer.standing(run) == RunWriter.Standing.ABSENT) waiting++;
        }

        private void settle(Collection<Dispute> some) {
            if (!some.isEmpty()) writes.inTransaction(() -> some.forEach(this::settle));
        }

        private void settle(Dispute dispute) {
            Run run = dispute.run();
            if (dispute.isConflict()) conflicts++;
            RunWriter.Standing standing = writer.standing(run);
            boolean isNewer = standing == RunWriter.Standing.CHANGED && !isFromLines && !dispute.isRowOneOfThem();
            if (isNewer) changed++;
            boolean isOther = !isNewer && (standing == RunWriter.Standing.OTHER || standing == RunWriter.Standing.CHANGED);
            boolean isWritten = isOther && write(dispute.best(), run) > 0;
            boolean isRenamed = dispute.hasEventIds() && writer.takeEventId(run);
            if (isWritten || isRenamed) updated++;
        }
    }
}
