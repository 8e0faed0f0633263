package telemetry;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import telemetry.daylog.DayFolder;
import telemetry.daylog.LogReader;
import telemetry.daylog.LogWriter;
import telemetry.text.Ndjson;

/** The day files of a store: the truth about runs and events. Safe for several threads and processes. */
public final class EventLog implements AutoCloseable {
    private final Store store;
    private LogWriter writer;
    private LocalDate writing;

    public EventLog(Store store) {
        this.store = store;
    }

    /**
     * Adds a record to this day's file. The line is on the disk when this returns.
     *
     * @throws StoreException when that is uncertain; part of the line may then be in the file, which readers can deal with
     */
    public void append(LocalDate day, LogRecord record) {
        append(day, List.of(Ndjson.line(record)), () -> { });
    }

    /**
     * The same for several lines that share one write and one fsync: all of them are acknowledged or none.
     *
     * @param written is called when the lines are in the file, before their fsync; it must not throw
     */
    public synchronized void append(LocalDate day, List<String> lines, Runnable written) {
        if (!day.equals(writing)) close();
        if (writer == null) writer = new LogWriter(store.raw().resolve(DayFile.name(day)));
        writing = day;
        writer.append(lines, written);
    }

    /**
     * All day files, raw and archived, oldest first. Empty when there are none. A day that is being archived at this moment may come twice,
     * but is never left out.
     */
    public List<DayFile> days() {
        return Stream.concat(in(store.raw(), 1), in(store.archive(), 3)).sorted().toList();
    }

    /** The same without the archive's folders that cannot be read. @param unread is told of each */
    public List<DayFile> days(Consumer<StoreException> unread) {
        DayFolder archive = DayFolder.readable(store.archive());
        archive.unread().forEach(unread);
        return Stream.concat(in(store.raw(), 1), archive.files().stream()).sorted().toList();
    }

    /** Those of {@link #days} that are not compressed. */
    public List<DayFile> raw() {
        return in(store.raw(), 1).filter(file -> !file.compressed()).sorted().toList();
    }

    /** What has a day file's name and is none: a folder, a FIFO, a socket, a device. Nothing reads it. */
    public List<Path> strangers() {
        return Stream.of(new DayFolder(store.raw(), 1), DayFolder.readable(store.archive())).flatMap(folder -> folder.strangers().stream())
                .sorted().toList();
    }

    /** True when there is no day file, or only empty ones. */
    public boolean isEmpty() {
        return days().stream().allMatch(file -> file.path().toFile().length() == 0);
    }

    /** The entries of one day file, read on demand; close the stream, or read it to its end. */
    public Stream<LogEntry> read(DayFile file) {
        return read(new LogReader(file.path()));
    }

    /** The remaining entries of a reader. */
    public static Stream<LogEntry> read(LogReader reader) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(reader, Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(reader::close);
    }

    /** Closes the file that {@link #append} holds open; a later append opens it again. */
    @Override
    public synchronized void close() {
        if (writer != null) writer.close();
        writer = null;
    }

    /** The day files in a folder, and {@code depth} folders down; as {@link DayFolder} has it. */
    public static Stream<DayFile> in(Path folder, int depth) {
        return new DayFolder(folder, depth).files().stream();
    }
}
