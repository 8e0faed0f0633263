package telemetry.logs;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import telemetry.Damage;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.StoreException;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.Held;
import telemetry.daylog.LogReader;
import telemetry.text.Ndjson;

/**
 * The wanted entries of some day files, oldest or newest first, in memory bounded by a few MB of lines whatever is asked for; what does not
 * fit is read again. Damage does not stop it, and a file that is archived in the meantime is read in the archive.
 *
 * @param files    oldest first
 * @param onDamage hears of each damaged piece; where the filter asks for a text or a run, only lines that have it are looked at
 * @param onDenied hears, each time, of a file that may not be read; what it throws ends the reading, else the other files are read
 */
public record LogQuery(EventLog log, List<DayFile> files, LogFilter filter, Consumer<LogEntry> onDamage,
        Consumer<StoreException> onDenied) {

    /** In bytes of lines; what is read of them takes several times that. */
    private static final long KEPT = 4 << 20;

    public LogQuery {
        files = Held.withoutDoubles(files);
    }

    /** As the other; a file that may not be read ends it. */
    public LogQuery(EventLog log, List<DayFile> files, LogFilter filter, Consumer<LogEntry> onDamage) {
        this(log, files, filter, onDamage, denied -> {
            throw denied;
        });
    }

    /** All, in the order in which they were written. */
    public void forEach(Consumer<LogEntry> each) {
        for (DayFile file : files) read(file, each, onDamage);
    }

    /** The last so many, in the order in which they were written. */
    public void latest(long limit, Consumer<LogEntry> each) {
        Deque<DayFile> needed = new ArrayDeque<>();
        long[] tooMany = {-limit};
        for (int i = files.size() - 1; i >= 0 && tooMany[0] < 0; i--) {
            needed.addFirst(files.get(i));
            read(files.get(i), entry -> tooMany[0]++, onDamage);
        }
        for (DayFile file : needed) read(file, entry -> {
            if (tooMany[0]-- <= 0) each.accept(entry);
        }, damage -> { });
    }

    /** The last so many, newest first. */
    public void newestFirst(long limit, Consumer<LogEntry> each) {
        long left = limit;
        for (int i = files.size() - 1; i >= 0 && left > 0; i--) left = newestFirst(files.get(i), left, each);
    }

    /** @return how many may still come */
    private long newestFirst(DayFile file, long limit, Consumer<LogEntry> each) {
        var kept = new Kept();
        read(file, kept::add, onDamage);
        long left = emit(kept.entries, limit, each);
        for (int i = kept.starts.size() - 2; i >= 0 && left > 0; i--) {
            List<LogEntry> before = new ArrayList<>();
            read(file, kept.starts.get(i), kept.starts.get(i + 1), before::add, damage -> { });
            left = emit(before, left, each);
        }
        return left;
    }

    /** The last entries of a file, and the offsets at which to read again for those before. */
    private static final class Kept {
        private final List<Long> starts = new ArrayList<>();
        private List<LogEntry> entries = new ArrayList<>();
        private long bytes = KEPT + 1;

        private void add(LogEntry entry) {
            if (bytes > KEPT) {
                starts.add(entry.offset());
                entries = new ArrayList<>();
                bytes = 0;
            }
            entries.add(entry);
            bytes += entry.bytes().length;
        }
    }

    private static long emit(List<LogEntry> entries, long limit, Consumer<LogEntry> each) {
        Collections.reverse(entries);
        entries.stream().limit(limit).forEach(each);
        return Math.max(0, limit - entries.size());
    }

    private void read(DayFile file, Consumer<LogEntry> each, Consumer<LogEntry> damage) {
        read(file, 0, Long.MAX_VALUE, each, damage);
    }

    private void read(DayFile file, long from, long to, Consumer<LogEntry> each, Consumer<LogEntry> damage) {
        LogReader.Form form = filter.isOfBytes() ? LogQuery::unread : Ndjson::read;
        try (LogReader entries = new LogReader(file.path(), from, form, filter.search())) {
            while (entries.hasNext()) {
                LogEntry entry = entries.next();
                if (entry.offset() >= to) return;
                if (entry.isDamaged()) damage.accept(entry);
                if (filter.test(entry)) each.accept(entry);
            }
        } catch (StoreException e) {
            if (!file.path().equals(e.path())) throw e;
            if (e.reason() == StoreException.Reason.MISSING) moved(file).forEach(moved -> read(moved, from, to, each, damage));
            else if (e.reason() == StoreException.Reason.DAMAGED || e.reason() == StoreException.Reason.FAILED)
                damage.accept(new LogEntry(file.path(), 0, 0, new byte[0], new Damage(e.why())));
            else if (e.reason() == StoreException.Reason.DENIED) onDenied.accept(e);
            else throw e;
        }
    }

    /** Some event in place of a record that need not be read. */
    private static LogRecord unread(byte[] line, int from, int to) {
        return BriefRecord.isOneObject(line, from, to) ? BriefRecord.SOME_EVENT : Ndjson.read(line, from, to);
    }

    /** Where the lines of a file are that is not there any more. */
    private List<DayFile> moved(DayFile gone) {
        Set<DayFile> known = new HashSet<>(files);
        List<DayFile> present = log.days().stream().filter(file -> file.day().equals(gone.day())).toList();
        return Held.withoutDoubles(present).stream().filter(file -> !known.contains(file)).toList();
    }
}
