package telemetry.daylog;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import telemetry.Damage;
import telemetry.DayFile;
import telemetry.LogEntry;
import telemetry.StoreException;

/**
 * Reads many files of lines to the end while their writers may be active. An unfinished last line is read again at the end, with whatever
 * was appended behind it. A gz that cannot be opened counts as a damaged entry.
 */
public final class LogFiles {
    private final Consumer<LogEntry> each;
    private final LogReader.Quick quick;
    private final List<LogEntry> torn = new ArrayList<>();

    public LogFiles(Consumer<LogEntry> each) {
        this(each, null);
    }

    /** Passes on only what {@code quick} does not take. */
    public LogFiles(Consumer<LogEntry> each, LogReader.Quick quick) {
        this.each = each;
        this.quick = quick;
    }

    /** @throws StoreException {@code MISSING} when the file is gone */
    public void read(Path file) {
        try (LogReader entries = new LogReader(file, quick)) {
            while (entries.hasNext()) {
                LogEntry entry = entries.next();
                boolean isTorn = entry.isDamaged() && entry.offset() + entry.length() == entries.position() && !entries.hasNext();
                if (isTorn && DayFile.of(file).filter(DayFile::compressed).isEmpty()) torn.add(entry);
                else each.accept(entry);
            }
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED || !file.equals(e.path())) throw e;
            each.accept(new LogEntry(file, 0, 0, new byte[0], new Damage(e.why())));
        }
    }

    /** Call it when all files have been read. */
    public void finish() {
        for (LogEntry entry : torn) {
            try (LogReader again = new LogReader(entry.file(), entry.offset())) {
                again.forEachRemaining(each);
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.MISSING) throw e;
                each.accept(entry);
            }
        }
        torn.clear();
    }
}
