package telemetry.daylog;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import telemetry.Damage;
import telemetry.DayFile;
import telemetry.LogEntry;
import telemetry.StoreException;

/**
 * Reads many files of lines while their writers may be active, each line once. A file is read as far as it reached when the reading began.
 * A short pass reads what has come since, at most {@link #SHORT_PASSES} times, so that a command ends however long the writers go on. An
 * unfinished last line is read again with what was appended behind it, and counts as damage only at the end. A gz that cannot be opened
 * counts as a damaged entry.
 */
public final class LogFiles {

    /** So many times a command reads what has come since it began. What comes later is its writers' own. */
    public static final int SHORT_PASSES = 2;

    private final Consumer<LogEntry> each;
    private final LogReader.Quick quick;

    /** How far each file was read: to the end of its last whole line. */
    private final Map<Path, Long> reached = new HashMap<>();
    private final Map<Path, LogEntry> torn = new LinkedHashMap<>();
    private final List<LogEntry> counted = new ArrayList<>();

    public LogFiles(Consumer<LogEntry> each) {
        this(each, null);
    }

    /** Passes on only what {@code quick} does not take. */
    public LogFiles(Consumer<LogEntry> each, LogReader.Quick quick) {
        this.each = each;
        this.quick = quick;
    }

    /** Goes on where another reading of the same files has come to, which has counted its unfinished lines. @return this */
    public LogFiles after(LogFiles other) {
        reached.putAll(other.reached);
        torn.putAll(other.torn);
        counted.addAll(other.torn.values());
        return this;
    }

    /** The lengths of files in bytes, of a missing one 0: how far they are to be read. */
    public static Map<Path, Long> lengths(List<Path> files) {
        Map<Path, Long> lengths = new LinkedHashMap<>();
        for (Path file : files) lengths.put(file, file.toFile().length());
        return lengths;
    }

    /** How far each file was read: to the end of its last whole line. */
    public Map<Path, Long> reached() {
        return Map.copyOf(reached);
    }

    /** True for a file that was not read yet, or has come to more since. */
    public boolean hasMore(Path file) {
        Long before = reached.get(file);
        return before == null || isPlain(file) && file.toFile().length() > before && !isStillTorn(file);
    }

    private boolean isStillTorn(Path file) {
        LogEntry last = torn.get(file);
        return last != null && file.toFile().length() == last.offset() + last.length();
    }

    /**
     * Reads what has come since the last time, from its beginning at the first.
     *
     * @param until lines that begin before this byte, and perhaps some behind it; a gz is read whole, once
     * @return how many bytes were read
     * @throws StoreException {@code MISSING} when the file is gone and was not read before
     */
    public long read(Path file, long until) {
        long from = reached.getOrDefault(file, 0L);
        if (reached.containsKey(file) && (!isPlain(file) || until <= from)) return 0;
        torn.remove(file);
        try (LogReader entries = new LogReader(file, from, quick).longest(LogReader.LONGEST_READ)) {
            if (isPlain(file)) entries.until(until);
            LogEntry last = null;
            while (entries.hasNext()) {
                LogEntry entry = entries.next();
                boolean isTorn = entry.isDamaged() && entry.offset() + entry.length() == entries.position() && !entries.hasNext();
                if (isTorn && isPlain(file)) last = entry;
                else each.accept(entry);
            }
            if (last != null) torn.put(file, last);
            reached.put(file, last != null ? last.offset() : entries.position());
            return entries.position() - from;
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED || !file.equals(e.path())) throw e;
            each.accept(new LogEntry(file, 0, 0, new byte[0], new Damage(e.why())));
            reached.put(file, 0L);
            return 0;
        }
    }

    private static boolean isPlain(Path file) {
        return DayFile.of(file).filter(DayFile::compressed).isEmpty();
    }

    /** Reads unfinished last lines again. Those that are whole by now are passed on. */
    public void readTorn() {
        for (LogEntry entry : List.copyOf(torn.values())) {
            if (isStillTorn(entry.file())) continue;
            try {
                read(entry.file(), entry.offset() + 1);
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.MISSING) throw e;
            }
        }
    }

    /** The last lines that are unfinished so far. */
    public List<LogEntry> torn() {
        return new ArrayList<>(torn.values());
    }

    /** Call it when all passes are made: passes on the last lines that are still unfinished. */
    public void finish() {
        readTorn();
        torn.values().stream().filter(entry -> !counted.contains(entry)).forEach(each);
        torn.clear();
    }
}
