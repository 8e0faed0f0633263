package telemetry.logs;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import telemetry.Damage;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.Held;
import telemetry.daylog.LogReader;
import telemetry.daylog.Tail;
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
        for (DayFile file : files) read(Section.whole(file), each, onDamage);
    }

    /**
     * The last so many, in the order in which they were written. Plain files are read from their end, as far as that takes.
     *
     * @return of each file that was not read whole, how much at its beginning was not
     */
    public Map<Path, Size> latest(long limit, Consumer<LogEntry> each) {
        Deque<Section> needed = new ArrayDeque<>();
        long[] tooMany = {-limit};
        Map<Path, Size> unread = backwards(section -> {
            needed.addFirst(section);
            read(section, entry -> tooMany[0]++, damage -> { });
            return tooMany[0] < 0;
        });
        for (Section section : needed) read(section, entry -> {
            if (tooMany[0]-- <= 0) each.accept(entry);
        }, onDamage);
        return unread;
    }

    /** The last so many, newest first. @return as {@link #latest} */
    public Map<Path, Size> newestFirst(long limit, Consumer<LogEntry> each) {
        long[] left = {limit};
        return backwards(section -> {
            left[0] = section.isWhole() ? newestFirst(section.file, left[0], each) : emit(entries(section, onDamage), left[0], each);
            return left[0] > 0;
        });
    }

    /**
     * What is read at once.
     *
     * @param from   byte of the file's content
     * @param damage when it is but one line that is too long to be read, that line; else null
     */
    private record Section(DayFile file, long from, long to, LogEntry damage) {
        static Section whole(DayFile file) {
            return new Section(file, 0, Long.MAX_VALUE, null);
        }

        boolean isWhole() {
            return to == Long.MAX_VALUE;
        }
    }

    /** Gives the files' sections, the newest first, until there is none or no more are wanted. @return as {@link #latest} */
    private Map<Path, Size> backwards(Predicate<Section> isMoreWanted) {
        Map<Path, Size> unread = new LinkedHashMap<>();
        boolean isMore = true;
        for (int i = files.size() - 1; i >= 0 && isMore; i--) {
            DayFile file = files.get(i);
            try (Tail tail = file.compressed() ? null : tail(file)) {
                if (tail == null) isMore = isMoreWanted.test(Section.whole(file));
                else for (Tail.Piece piece = tail.previous(); piece != null && isMore; piece = isMore ? tail.previous() : null)
                    isMore = isMoreWanted.test(new Section(file, piece.from(), piece.to(), piece.isOneLine() ? tail.damage(piece) : null));
                if (tail != null && tail.left() > 0) unread.put(file.path(), new Size(tail.left()));
            }
        }
        return unread;
    }

    /** Null when it cannot be opened: the reader finds out why, or where it is now. */
    private static Tail tail(DayFile file) {
        try {
            return new Tail(file.path());
        } catch (StoreException e) {
            return null;
        }
    }

    /** @return how many may still come */
    private long newestFirst(DayFile file, long limit, Consumer<LogEntry> each) {
        var kept = new Kept();
        read(Section.whole(file), kept::add, onDamage);
        long left = emit(kept.entries, limit, each);
        for (int i = kept.starts.size() - 2; i >= 0 && left > 0; i--)
            left = emit(entries(new Section(file, kept.starts.get(i), kept.starts.get(i + 1), null), damage -> { }), left, each);
        return left;
    }

    private List<LogEntry> entries(Section section, Consumer<LogEntry> damage) {
        List<LogEntry> entries = new ArrayList<>();
        read(section, entries::add, damage);
        return entries;
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

    private void read(Section section, Consumer<LogEntry> each, Consumer<LogEntry> damage) {
        if (section.damage == null) read(section.file, section.from, section.to, each, damage);
        else read(section.damage, each, damage);
    }

    private void read(LogEntry entry, Consumer<LogEntry> each, Consumer<LogEntry> damage) {
        if (entry.isDamaged()) damage.accept(entry);
        if (filter.test(entry)) each.accept(entry);
    }

    private void read(DayFile file, long from, long to, Consumer<LogEntry> each, Consumer<LogEntry> damage) {
        LogReader.Form form = filter.isOfBytes() ? LogQuery::unread : Ndjson::read;
        try (LogReader entries = new LogReader(file.path(), from, form, filter.search()).until(to)) {
            while (entries.hasNext()) {
                LogEntry entry = entries.next();
                if (entry.offset() >= to) return;
                read(entry, each, damage);
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
