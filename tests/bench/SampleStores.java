import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.Next;
import telemetry.Runs;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.measure.IndexAdvice;
import telemetry.measure.QueryTimes;
import telemetry.measure.Tuning;
import telemetry.os.Attempt;
import telemetry.os.Machine;
import telemetry.setup.Sample;
import telemetry.setup.SampleWriter;
import telemetry.store.Layout;
import telemetry.text.Progress;

/**
 * The stores that are measured on. They are made once and kept for a day; nothing that is measured changes them, it works on copies in
 * {@link #scratch}.
 * For one process at a time: two that measure at once measure each other.
 */
final class SampleStores implements AutoCloseable {

    /** Health compares the last two days with the day files: an old store would have none of these. */
    private static final Duration FRESH = Duration.ofDays(1);

    private static final int VERY_SMALL = 1_000;

    private final Path folder;
    private final int small;
    private final int large;
    private final Consumer<String> notes;
    private final FileChannel lock;

    /** @throws StoreException {@code LOCKED} while another process measures with this folder */
    SampleStores(Path folder, int small, int large, Consumer<String> notes) {
        this.folder = folder.toAbsolutePath();
        this.small = small;
        this.large = large;
        this.notes = notes;
        try {
            Files.createDirectories(this.folder);
            lock = FileChannel.open(this.folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (lock.tryLock() == null) throw taken();
        } catch (OverlappingFileLockException e) {
            throw taken();
        } catch (IOException e) {
            throw Attempt.refused("keep stores in", this.folder, e);
        }
    }

    private StoreException taken() {
        return new StoreException(StoreException.Reason.LOCKED, "measure with the stores in", folder, "another benchmark is under way",
                Next.words("the same with another --cache DIR"));
    }

    static Path usualFolder() {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path folder = cache == null || cache.isBlank() ? Machine.home().resolve(".cache") : Path.of(cache);
        return folder.resolve("telemetry-toolkit").resolve("bench");
    }

    Store large() {
        return filled(large);
    }

    Store small() {
        return filled(small);
    }

    Store verySmall() {
        return filled(VERY_SMALL);
    }

    String sizeOfLarge() {
        return String.format(Locale.ROOT, "%,d", large);
    }

    String sizeOfSmall() {
        return String.format(Locale.ROOT, "%,d", small);
    }

    /** An empty folder for one comparison's own files. */
    Path scratch() {
        Path scratch = folder.resolve("scratch");
        delete(scratch);
        try {
            return Files.createDirectories(scratch);
        } catch (IOException e) {
            throw Attempt.refused("create the folder", scratch, e);
        }
    }

    /** A new store without runs. */
    static Store empty(Path base) {
        delete(base);
        Store store = Store.at(base);
        Layout.complete(store);
        return store;
    }

    private Store filled(int runs) {
        Path base = folder.resolve("runs-" + runs);
        Path made = base.resolve("made");
        Store store = Store.at(base);
        try {
            if (Files.exists(made) && Files.getLastModifiedTime(made).toInstant().isAfter(Instant.now().minus(FRESH))) return store;
            notes.accept(String.format(Locale.ROOT, "making a store of %,d runs in %s", runs, base));
            empty(base);
            var sample = new Sample(runs, runs > 100_000 ? 90 : 30, 1, Instant.now().truncatedTo(ChronoUnit.SECONDS));
            new SampleWriter(store).fill(sample, false, Progress.NONE);
            Files.writeString(made, "");
            return store;
        } catch (IOException e) {
            throw Attempt.refused("make a store in", base, e);
        }
    }

    /** The day files that are closed, all but the last two, copied with their times. */
    static void copyDays(Store from, Path to) throws IOException {
        Files.createDirectories(to);
        List<Path> days = days(from);
        for (Path day : days.subList(0, Math.max(1, days.size() - 2)))
            Files.copy(day, to.resolve(day.getFileName()), StandardCopyOption.COPY_ATTRIBUTES, StandardCopyOption.REPLACE_EXISTING);
    }

    /** A store with a copy of the large one's database and the indexes that {@code measure_performance --apply-indexes} makes there. */
    Store advised(Path base) throws IOException {
        Store store = empty(base);
        Files.delete(store.database());
        Map<String, String> missing;
        long runs;
        try (Database database = Database.openToRead(large().database())) {
            database.copyTo(store.database(), Database.PATIENCE, bytes -> { });
            missing = new IndexAdvice(store, database, QueryTimes.of(database, Instant.now())).missing();
            runs = new Runs(database).count();
        }
        if (!missing.isEmpty())
            new Tuning(store, Clock.systemUTC(), Database.PATIENCE, null, notes).makeIndexes(missing.values(), runs);
        return store;
    }

    /** A store that has lost its database: the same day files, by hard links, and nothing else. */
    static Store withoutDatabase(Store from, Path base) throws IOException {
        delete(base);
        Store store = Store.at(base);
        Files.createDirectories(store.raw());
        for (Path day : days(from)) Files.createLink(store.raw().resolve(day.getFileName()), day);
        return store;
    }

    static List<Path> days(Store store) throws IOException {
        try (Stream<Path> days = Files.list(store.raw())) {
            return days.filter(file -> file.toString().endsWith(".ndjson")).sorted().toList();
        }
    }

    static void delete(Path path) {
        if (Files.notExists(path)) return;
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
        } catch (IOException e) {
            throw Attempt.refused("delete", path, e);
        }
    }

    @Override
    public void close() {
        delete(folder.resolve("scratch"));
        try {
            lock.close();
        } catch (IOException e) {
            // the lock goes with the process
        }
    }
}
