package telemetry.logs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.StoreException;
import telemetry.daylog.LogReader;
import telemetry.os.Attempt;
import telemetry.os.Disk;

/**
 * What is written to the raw day files from now on: today's and, after midnight, the next day's, and lines that come late for an older day.
 * A file is known by its identity, not by its name, so one that was moved goes on where it was, and one that took its place or was
 * truncated is read from its beginning. A line is given when its newline is there.
 */
public final class LogFollower {
    private static final int CHUNK = 1 << 13;
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

    private final EventLog log;
    private final Consumer<String> onOddity;
    private final Map<Path, Long> beginnings = new HashMap<>();

    /** By file identity: the place after the last whole line that was given. */
    private Map<Object, Long> places = new HashMap<>();

    /** @param onOddity is told, in a few words, when a file is begun again */
    public LogFollower(EventLog log, Consumer<String> onOddity) {
        this.log = log;
        this.onOddity = onOddity;
        for (DayFile file : log.raw()) look(file, (identity, channel) -> {
            long end = afterLastNewline(channel, 0);
            beginnings.put(file.path(), end);
            places.put(identity, end);
        });
    }

    /** True for an entry that {@link #poll} does not give because it was there before. */
    public boolean isOld(LogEntry entry) {
        boolean isArchived = DayFile.of(entry.file()).filter(DayFile::compressed).isPresent();
        return isArchived || entry.offset() < beginnings.getOrDefault(entry.file(), 0L);
    }

    /** Prints what is wanted of the lines that come, until the thread is interrupted. @param onDamage hears of each damaged piece */
    public void follow(LogFilter filter, LogPrinter printer, Consumer<LogEntry> onDamage) {
        while (!Thread.currentThread().isInterrupted()) {
            printer.end();
            LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
            poll(entry -> {
                if (entry.isDamaged()) onDamage.accept(entry);
                if (filter.test(entry)) printer.print(entry);
            });
        }
    }

    /** Gives the lines that have come since the last call. */
    public void poll(Consumer<LogEntry> each) {
        Map<Object, Long> now = new HashMap<>();
        for (DayFile file : log.raw())
            look(file, (identity, channel) -> now.put(identity, read(file, channel, places.getOrDefault(identity, 0L), each)));
        places = now;
    }

    private interface Look {
        void at(Object identity, FileChannel channel) throws IOException;
    }

    private static void look(DayFile file, Look look) {
        try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ)) {
            Object identity = Disk.identity(file.path());
            if (identity != null) look.at(identity, channel);
        } catch (NoSuchFileException e) {
            // archived since the folder was listed
        } catch (IOException e) {
            throw Attempt.refused("follow", file.path(), e);
        }
    }

    private long read(DayFile file, FileChannel channel, long place, Consumer<LogEntry> each) throws IOException {
        if (channel.size() < place) {
            onOddity.accept(file.path() + " was truncated: it is read from its beginning");
            place = 0;
        }
        long end = afterLastNewline(channel, place);
        if (end == place) return place;
        try (LogReader entries = new LogReader(file.path(), place)) {
            while (entries.hasNext()) {
                LogEntry entry = entries.next();
                if (entry.offset() >= end) break;
                each.accept(entry);
            }
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.MISSING || !file.path().equals(e.path())) throw e;
            return place;
        }
        return end;
    }

    /** {@code from} when no line has ended since. */
    private static long afterLastNewline(FileChannel channel, long from) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        for (long end = channel.size(); end > from; end -= CHUNK) {
            long start = Math.max(from, end - CHUNK);
            channel.read(chunk.clear().limit((int) (end - start)), start);
            for (int i = chunk.position() - 1; i >= 0; i--)
                if (chunk.get(i) == '\n') return start + i + 1;
        }
        return from;
    }
}
