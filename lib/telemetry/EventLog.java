package telemetry;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import telemetry.daylog.LogReader;
import telemetry.daylog.LogWriter;
import telemetry.os.Attempt;
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
     * Adds a record to this day's file. When it returns, the line is on the disk.
     *
     * @throws StoreException when that cannot be said; part of the line may then stand in the file, which no reader stumbles over
     */
    public void append(LocalDate day, LogRecord record) {
        append(day, List.of(Ndjson.line(record)), () -> { });
    }

    /**
     * As the other, for several lines that share one write and one fsync; together they are acknowledged or not.
     *
     * @param written is called when the lines stand in the file, before their fsync; must not throw
     */
    public synchronized void append(LocalDate day, List<String> lines, Runnable written) {
        if (!day.equals(writing)) close();
        if (writer == null) writer = new LogWriter(store.raw().resolve(DayFile.name(day)));
        writing = day;
        writer.append(lines, written);
    }

    /**
     * All day files, raw and archived, oldest first. Empty when there is none. A day that is being archived at this moment may be there
     * twice, never not at all.
     */
    public List<DayFile> days() {
        try (Stream<DayFile> raw = in(store.raw(), 1); Stream<DayFile> archived = in(store.archive(), 3)) {
            return Stream.concat(raw, archived).sorted().toList();
        } catch (UncheckedIOException e) {
            throw Attempt.refused("list the day files of", store.base(), e.getCause());
        } catch (IOException e) {
            throw Attempt.refused("list the day files of", store.base(), e);
        }
    }

    /** Those of {@link #days} that are not compressed. */
    public List<DayFile> raw() {
        try (Stream<DayFile> raw = in(store.raw(), 1)) {
            return raw.filter(file -> !file.compressed()).sorted().toList();
        } catch (UncheckedIOException e) {
            throw Attempt.refused("list the day files in", store.raw(), e.getCause());
        } catch (IOException e) {
            throw Attempt.refused("list the day files in", store.raw(), e);
        }
    }

    /** True when there is no day file, or only empty ones. */
    public boolean isEmpty() {
        return days().stream().allMatch(file -> file.path().toFile().length() == 0);
    }

    /** The entries of one day file, read as the stream is; close it, or read it to its end. */
    public Stream<LogEntry> read(DayFile file) {
        return read(new LogReader(file.path()));
    }

    /** The entries that a reader has still to give. */
    public static Stream<LogEntry> read(LogReader reader) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(reader, Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(reader::close);
    }

    /** Closes what {@link #append} holds open; a later append opens it again. */
    @Override
    public synchronized void close() {
        if (writer != null) writer.close();
        writer = null;
    }

    /** The folder may be a link to another disk. */
    private static Stream<DayFile> in(Path folder, int depth) throws IOException {
        try {
            return Files.walk(folder, depth, FileVisitOption.FOLLOW_LINKS).map(DayFile::of)
                    .flatMap(Optional::stream).filter(file -> Files.isRegularFile(file.path()));
        } catch (NoSuchFileException e) {
            return Stream.empty();
        }
    }
}
