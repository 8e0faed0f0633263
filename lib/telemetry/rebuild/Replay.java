package telemetry.rebuild;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import telemetry.Damage;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.daylog.LogFiles;
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
 * whatever the order of the lines. A run that the files know only as running never changes a row, and a second pass changes nothing. Of
 * several ends of one run, each column comes from the best end that names it ({@link SeveralEnds}). Memory holds one batch and the runs
 * that are open at once.
 */
public final class Replay {

    /** Entries in a transaction, during which writers wait for a moment. */
    private static final int BATCH = 500;
    private static final long MB = 1_000_000;

    /** Active writers may add runs during a pass; their own rows follow at once. */
    private static final int MOST_PASSES = 20;

    /** How many runs whose row differs from the files are examined in one pass. */
    private static final int DISPUTES = 20_000;

    /**
     * The result of one pass or several.
     *
     * @param lines     entries read, damaged ones included
     * @param events    of these, those that are not runs
     * @param damaged   of these, those that could not be read, or whose run the database refused
     * @param inserted  runs that the database did not have
     * @param updated   rows that were running, or differed from the files
     * @param conflicts runs with several different ends in the files
     * @param pruned    lines left out because their run was deleted on purpose
     */
    public record Result(long lines, long events, long damaged, long inserted, long updated, long conflicts, long pruned) {

        /** True when the database already had everything. */
        public boolean isNothingNew() {
            return changed() == 0;
        }

        /** Runs that were added or completed. */
        public long changed() {
            return inserted + updated;
        }

        /** Later passes read the same lines as the first. */
        private Result and(Result later) {
            return new Result(lines, events, Math.max(damaged, later.damaged), inserted + later.inserted, updated + later.updated,
                    conflicts, pruned);
        }
    }

    private final Database database;
    private final UnknownTriggers writes;
    private final RunWriter writer;
    private final RowForm form;
    private final RunScanner scanner;
    private PrintWriter err;
    private Predicate<DayFile> wanted = day -> true;
    private Pruned pruned;

    /** @throws StoreException {@code DAMAGED} when the database has no table of runs */
    public Replay(Database database) {
        this.database = database;
        this.writes = new UnknownTriggers(database);
        this.writer = new RunWriter(database);
        List<String> columns = RowForm.settable(writer.schema());
        this.form = new RowForm(writer.schema(), columns, Schema.defaults(database, columns));
        this.scanner = new RunScanner(form);
    }

    /** Shows the progress of a pass there; null, the default, for nowhere. */
    public Replay showing(PrintWriter err) {
        this.err = err;
        return this;
    }

    /** Only day files that are wanted. */
    Replay only(Predicate<DayFile> wanted) {
        this.wanted = wanted;
        return this;
    }

    /** Leaves out these runs, and cancels runs again that were cancelled and have no end, so that pruned runs stay pruned. */
    public Replay without(Pruned pruned) {
        this.pruned = pruned;
        return this;
    }

    /**
     * Replays a store's day files until a pass finds nothing new. It takes all of them, not only those since a backup: the database may
     * have lacked runs at that time, and after a clock was set back new lines look older than the backup.
     */
    public Result untilNothingNew(EventLog log) {
        Result all = apply(log, damaged -> { });
        Result last = all;
        for (int pass = 1; !last.isNothingNew() && pass < MOST_PASSES; pass++) {
            last = apply(log, damaged -> { });
            all = all.and(last);
        }
        return all;
    }

    /**
     * Replays a store's day files, including those that are archived or begun meanwhile.
     *
     * @param onDamage receives each entry that cannot be used, whose record says why
     */
    public Result apply(EventLog log, Consumer<LogEntry> onDamage) {
        Set<DayFile> seen = new HashSet<>();
        long bytes = log.days().stream().filter(wanted).mapToLong(Replay::size).sum();
        try (var progress = new Progress(err, "MB of day files replayed", bytes / MB)) {
            var pass = new Pass(onDamage, progress.adding(MB));
            for (List<DayFile> days = fresh(log, seen); !days.isEmpty(); days = fresh(log, seen))
                for (DayFile day : days) if (wanted.test(day)) pass.read(day);
            return pass.finish();
        }
    }

    private static List<DayFile> fresh(EventLog log, Set<DayFile> seen) {
        return log.days().stream().filter(seen::add).toList();
    }

    private static long size(DayFile day) {
        return day.path().toFile().length();
    }

    private boolean isSame(Run a, Run b) {
        return form.compare(form.row(a), form.row(b)) == 0 && a.fields().keySet().equals(b.fields().keySet());
    }

    private LogEntry better(LogEntry a, LogEntry b) {
        return form.compare(form.row((Run) a.record()), form.row((Run) b.record())) >= 0 ? a : b;
    }

    /** One pass through the day files, with its counts. */
    private final class Pass {
        private final Consumer<LogEntry> onDamage;
        private final LongConsumer progress;
        private final LogFiles files = new LogFiles(this::take, this::takeEvent);
        private final List<DayFile> days = new ArrayList<>();
        private final Map<String, LogEntry> open = new LinkedHashMap<>();
        private final Map<String, LogEntry> ends = new LinkedHashMap<>();
        private final Set<String> disputed = new HashSet<>();
        private final CommitLines commits = new CommitLines(pruned);
        private long lines;
        private long events;
        private long damaged;
        private long inserted;
        private long updated;
        private long conflicts;
        private long left;

        Pass(Consumer<LogEntry> onDamage, LongConsumer progress) {
            this.onDamage = onDamage;
            this.progress = progress;
        }

        void read(DayFile day) {
            if (read(day, files)) days.add(day);
        }

        /** @return false when the file is gone */
        private boolean read(DayFile day, LogFiles files) {
            try {
                files.read(day.path());
                progress.accept(size(day));
                return true;
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.MISSING) throw e;
                return false;
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
            if (!run.isEnd()) {
                if (!ends.containsKey(key) && (open.containsKey(key) || writer.standing(run) == RunWriter.Standing.ABSENT))
                    open.merge(key, entry, Replay.this::better);
                return;
            }
            open.remove(key);
            LogEntry other = ends.put(key, entry);
            if (other != null && !isSame(run, (Run) other.record())) {
                ends.put(key, better(entry, other));
                disputed.add(key);
            }
            if (ends.size() >= BATCH) flush();
        }

        private void flush() {
            writes.inTransaction(() -> ends.forEach((key, entry) -> end(key, entry, (Run) entry.record())));
            ends.clear();
        }

        private void end(String key, LogEntry entry, Run run) {
            switch (writer.standing(run)) {
                case ABSENT -> inserted += write(entry, run);
                case OPEN -> updated += write(entry, run);
                case OTHER, RENAMED -> disputed.add(key);
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

        Result finish() {
            files.finish();
            flush();
            inBatches(disputed, DISPUTES, batch -> settle(new HashSet<>(batch)));
            inBatches(open.values(), BATCH,
                    batch -> writes.inTransaction(() -> batch.forEach(entry -> inserted += write(entry, (Run) entry.record()))));
            if (!commits.isEmpty()) writes.inTransaction(() -> updated += commits.addTo(database, "main"));
            if (pruned != null) updated += StaleRuns.cancelAgain(database, pruned);
            return new Result(lines, events, damaged, inserted, updated, conflicts, left);
        }

        /** A row that differs may be another end that the files have too, so all ends of these runs are examined first. */
        private void settle(Set<String> keys) {
            Map<String, Dispute> disputes = new HashMap<>();
            var again = new LogFiles(entry -> {
                if (!(entry.record() instanceof Run run) || !run.isEnd() || !keys.contains(writer.key(run))) return;
                disputes.computeIfAbsent(writer.key(run), none -> new Dispute(form)).add(entry, run);
            });
            days.forEach(day -> read(day, again));
            writes.inTransaction(() -> disputes.values().forEach(this::settle));
        }

        private void settle(Dispute dispute) {
            Run run = dispute.run();
            if (dispute.isConflict()) conflicts++;
            boolean isWritten = writer.standing(run) == RunWriter.Standing.OTHER && write(dispute.best(), run) > 0;
            boolean isRenamed = dispute.hasEventIds() && writer.takeEventId(run);
            if (isWritten || isRenamed) updated++;
        }
    }

    private static <T> void inBatches(Collection<T> all, int size, Consumer<List<T>> each) {
        List<T> list = List.copyOf(all);
        for (int from = 0; from < list.size(); from += size) each.accept(list.subList(from, Math.min(from + size, list.size())));
    }
}
