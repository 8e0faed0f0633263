package telemetry.logs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.StoreException;
import telemetry.daylog.LogReader;
import telemetry.daylog.Tail;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;

/**
 * What is written to the raw day files from now on: today's and, after midnight, the next day's, and lines that come late for an older day.
 * A file is known by its identity and its last bytes, not by its name. So one that was moved goes on where it was, and one that took its
 * place or was cut is read from its beginning. A line is given when its newline is there.
 */
public final class LogFollower {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

    /** Bytes before a place, which show whether the file is still the one that was followed. A line has a run's id. */
    private static final int KNOWN = 512;

    private final EventLog log;
    private final Consumer<String> onOddity;
    private final Map<Path, Long> beginnings = new HashMap<>();
    private final Set<Path> unread = new HashSet<>();

    /** By file identity. */
    private Map<Object, Place> places = new HashMap<>();

    /**
     * How far a file was followed.
     *
     * @param given after the last whole line that was given
     * @param seen  no line has ended before; a gigabyte without a newline is looked through once only
     * @param known what stands before {@code given}
     */
    private record Place(long given, long seen, ByteBuffer known) {
        static final Place BEGINNING = new Place(0, 0, ByteBuffer.allocate(0));

        static Place at(FileChannel channel, long given, long seen) throws IOException {
            return new Place(given, seen, before(channel, given));
        }

        private static ByteBuffer before(FileChannel channel, long end) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(KNOWN, end));
            for (int n = 1; n > 0 && bytes.hasRemaining(); ) n = channel.read(bytes, end - bytes.capacity() + bytes.position());
            return bytes.flip();
        }

        /** False when the file was cut, although it may have grown again, or when another one has got its number. */
        boolean isIn(FileChannel channel) throws IOException {
            return channel.size() >= given && before(channel, given).equals(known);
        }
    }

    /** @param onOddity is told, in a few words, when a file is begun again or may not be read */
    public LogFollower(EventLog log, Consumer<String> onOddity) {
        this.log = log;
        this.onOddity = onOddity;
        for (DayFile file : log.raw()) look(file, (identity, channel) -> {
            Place place = end(file, channel);
            beginnings.put(file.path(), place.given);
            places.put(identity, place);
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
        Map<Object, Place> now = new HashMap<>();
        for (DayFile file : log.raw())
            look(file, (identity, channel) -> now.put(identity, read(file, channel, places.getOrDefault(identity, Place.BEGINNING), each)));
        places = now;
    }

    private interface Look {
        void at(Object identity, FileChannel channel) throws IOException;
    }

    private void look(DayFile file, Look look) {
        try (FileChannel channel = Inside.read(file.path())) {
            Object identity = Disk.identity(file.path());
            if (identity != null) look.at(identity, channel);
        } catch (NoSuchFileException e) {
            // archived since the folder was listed
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.MISSING) throw e;
        } catch (IOException e) {
            if (unread.add(file.path())) onOddity.accept(Attempt.refused("follow", file.path(), e).getMessage());
        }
    }

    private Place read(DayFile file, FileChannel channel, Place before, Consumer<LogEntry> each) throws IOException {
        Place place = before;
        long size = channel.size();
        if (!place.isIn(channel)) {
            onOddity.accept(file.path() + " was cut at byte " + Math.min(size, place.given) + ", or is another one: it is read from its "
                    + "beginning, and what came and went between two looks is not shown");
            place = Place.BEGINNING;
        }
        long end = Tail.afterNewline(channel, Math.min(place.seen, size), size);
        if (end < 0) return new Place(place.given, size, place.known);
        try (LogReader entries = new LogReader(file.path(), place.given).until(end)) {
            entries.forEachRemaining(each);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.MISSING || !file.path().equals(e.path())) throw e;
            return before;
        }
        return Place.at(channel, end, size);
    }

    /** After the last whole line that the file has now. */
    private static Place end(DayFile file, FileChannel channel) throws IOException {
        try (var tail = new Tail(file.path())) {
            long size = tail.left();
            return Place.at(channel, tail.afterLastLine(), size);
        }
    }
}
