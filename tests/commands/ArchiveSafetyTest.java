import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Store;
import telemetry.archive.Archive;
import telemetry.archive.ArchivePlan;
import telemetry.archive.ArchiveCheck;
import telemetry.archive.ArchiveRun;
import telemetry.kit.DayLines;
import telemetry.kit.Mounts;
import telemetry.kit.Script;

/** Archiving loses no line and doubles none: killed, without power, on a full disk, beside writers; and no change of a bit goes unseen. */
class ArchiveSafetyTest {
    private static final int DAYS = 40;
    private final Random random = new Random(1);

    /** In milliseconds, from a run's beginning to its kill; adapts to the machine. */
    private int longestWait = 200;

    @TempDir
    Path dir;

    @Test
    void killsLoseNothingAndTheNextCallFinishes() throws Exception {
        kills(10);
    }

    @Test
    @Tag("torture")
    void twoHundredKillsLoseNothingAndTheNextCallFinishes() throws Exception {
        kills(200);
    }

    private void kills(int times) throws Exception {
        int inTheMiddle = 0;
        for (int n = 0, round = 0; n < times; round++) {
            Store store = DayLines.store(dir.resolve("s" + round), DAYS, 200);
            List<String> before = DayLines.of(store);
            for (boolean done = false; !done && n < times; n++) {
                done = isOverBeforeKilled(store, n % 2 == 1);
                DayLines.assertHas(before, store, "after kill " + n);
                if (!done && !DayLines.files(store.archive()).isEmpty()) inTheMiddle++;
            }
            finish(store, before);
        }
        assertTrue(inTheMiddle >= times / 4, "only " + inTheMiddle + " of " + times + " kills came in the middle");
    }

    /** Kills it some time after it has begun to archive, or has archived a day, so that every part of its work is hit on any machine. */
    private boolean isOverBeforeKilled(Store store, boolean isDayFirst) throws Exception {
        Path begun = store.archive().resolve(".lock");
        Files.deleteIfExists(begun);
        Process process = process(store);
        while (process.isAlive() && (Files.notExists(begun) || isDayFirst && DayLines.files(store.archive()).isEmpty())) Thread.sleep(1);
        boolean over = process.waitFor(random.nextInt(longestWait), TimeUnit.MILLISECONDS);
        process.destroyForcibly().waitFor();
        longestWait = Math.max(20, over ? longestWait * 2 / 3 : longestWait * 5 / 4);
        return over;
    }

    private static Process process(Store store) throws IOException {
        return Script.processBuilder(Map.of(), "archive", "--store", store.base(), "--yes")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static void finish(Store store, List<String> before) throws IOException {
        Script finished = Script.run(new archive(), "--store", store.base(), "--yes");
        assertEquals(0, finished.exit(), finished.err());
        DayLines.assertHas(before, store);
        assertEquals(List.of(), DayLines.files(store.raw()));
        assertEquals(DAYS, DayLines.files(store.archive()).size(), "one part a day");
        try (Stream<Path> all = Files.walk(store.archive())) {
            assertEquals(0, all.filter(file -> file.toString().endsWith(".tmp")).count());
        }
        Script verified = Script.run(new archive(), "verify", "--all", "--store", store.base());
        assertEquals(new Script(0, DAYS + " of " + DAYS + " archived files are right" + System.lineSeparator(), ""), verified);
    }

    @Test
    void powerCutsLoseNothing() throws Exception {
        powerCuts(4);
    }

    @Test
    @Tag("torture")
    void fiftyPowerCutsLoseNothing() throws Exception {
        powerCuts(50);
    }

    /** Several times, without flushing anything the file system had not been told to, its power goes while an archiving is at work. */
    private void powerCuts(int times) throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Path image = dir.resolve("image");
        assumeTrue(Mounts.ext4(image, disk), "mounting an ext4 image is not permitted here");
        try {
            Store store = null;
            List<String> before = List.of();
            for (int n = 0, round = 0; n < times; n++) {
                if (store == null || DayLines.files(store.raw()).isEmpty()) {
                    store = DayLines.store(disk.resolve("s" + round++), DAYS, 200);
                    before = DayLines.of(store);
                    assertTrue(Mounts.sync());
                }
                Path begun = store.archive().resolve(".lock");
                Files.deleteIfExists(begun);
                Process process = process(store);
                while (Files.notExists(begun) && process.isAlive()) Thread.sleep(1);
                process.waitFor(random.nextInt(3 * longestWait), TimeUnit.MILLISECONDS);
                assumeTrue(Mounts.cutPower(disk), "python3 is needed to cut the power");
                process.destroyForcibly().waitFor();
                assertTrue(Mounts.ext4Again(image, disk));
                DayLines.assertHas(before, store, "after cut " + n);
            }
            finish(store, before);
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void aFullDiskLosesNothingSaysWhatItNeedsAndIsWorkedOffSmallestFirst() throws Exception {
        fullDisk(6, 0, 1, 2, 5, 12, 40);
    }

    @Test
    @Tag("torture")
    void aDiskThatIsFullAtEveryStepOf4KbLosesNothing() throws Exception {
        fullDisk(12, java.util.stream.IntStream.rangeClosed(0, 200).toArray());
    }

    private void fullDisk(int days, int... freePages) throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "16m"), "mounting a small file system is not permitted here");
        try {
            boolean refused = false;
            boolean fitted = false;
            for (int pages : freePages) {
                Store store = noise(disk.resolve("s" + pages), days);
                List<String> before = DayLines.of(store);
                Path ballast = fill(disk, pages);
                Script archived = Script.run(new archive(), "--store", store.base(), "--yes");
                DayLines.assertHas(before, store, pages + " pages free");
                int left = DayLines.files(store.raw()).size();
                assertEquals(left == 0 ? 0 : 2, archived.exit(), pages + " pages free: " + archived.err());
                if (left > 0) assertTrue(archived.err()
                        .matches("archive: cannot archive .*events_\\d+.ndjson: it needs [\\d.]+ k?B in .*archive, and [\\d.]+ k?B are "
                        + "free.*; make room, or archive to another disk with --to DIR\\R"), archived.err());
                refused |= left == days;
                fitted |= left == 0;
                Files.delete(ballast);
                assertEquals(0, Script.run(new archive(), "--store", store.base(), "--yes").exit());
                DayLines.assertHas(before, store);
                assertEquals(0, Script.run(new archive(), "verify", "--all", "--store", store.base()).exit());
                remove(store.base());
            }
            assertTrue(refused && fitted, "there was a step at which nothing fitted, and one at which everything did");
        } finally {
            Mounts.unmount(disk);
        }
    }

    /** Days of 4, 8, 12, ... kB that do not compress well: each makes room for the next. */
    private Store noise(Path base, int days) throws IOException {
        Store store = DayLines.store(base, days, 1);
        for (int day = 0; day < days; day++)
            for (int n = 0; n < 4 * (days - day); n++) DayLines.append(DayLines.file(store, day), "{\"noise\": \"" + noise(980) + "\"}");
        DayLines.rest(store, Instant.now());
        return store;
    }

    private String noise(int length) {
        var text = new StringBuilder();
        while (text.length() < length) text.append((char) ('0' + random.nextInt(70)));
        return text.toString().replace('\\', '/');
    }

    private static Path fill(Path disk, int pagesLeft) throws IOException {
        Path ballast = disk.resolve("ballast");
        Files.write(ballast, new byte[(int) (Files.getFileStore(disk).getUsableSpace() - 4096L * pagesLeft)]);
        return ballast;
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }

    @Test
    void theWantedFreeSpaceIsMadeFromTheOldestDays() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "16m"), "mounting a small file system is not permitted here");
        try {
            Store store = DayLines.store(disk.resolve("s"), 9, 2000);
            for (int n = 0; n < 100; n++) DayLines.append(DayLines.file(store, 0), DayLines.line(DayLines.FIRST, 2000 + n));
            DayLines.rest(store, Instant.now());
            List<String> before = DayLines.of(store);
            long free = Files.getFileStore(disk).getUsableSpace();
            Script shown = Script.run(new archive(), "--store", store.base(), "--free", (free + 500_000) + "B", "--dry-run");
            assertTrue(shown.out().matches("(?s)day .*2025-12-01.*2025-12-09.*9 day files, .* would be archived in .*, "
                    + "the oldest first, until .* are free; .* are free now\\Rnext: jbang archive@telemetry --store .* --free \\d+B "
                    + "--yes\\R"), shown.out());
            Script archived = Script.run(new archive(), "--store", store.base(), "--free", (free + 500_000) + "B", "--yes");
            assertEquals(0, archived.exit(), archived.err());
            int left = DayLines.files(store.raw()).size();
            assertTrue(left > 3 && left < 8, left + " left");
            assertEquals(DayLines.FIRST.plusDays(9 - left), DayLines.files(store.raw()).get(0).day());
            assertTrue(Files.getFileStore(disk).getUsableSpace() >= free + 500_000);
            DayLines.assertHas(before, store);
            Script tooMuch = Script.run(new archive(), "--store", store.base(), "--free", "1GB", "--yes");
            assertEquals(1, tooMuch.exit());
            assertTrue(tooMuch.err().contains("are free, not 1.0 GB, and no other day file can be archived"), tooMuch.err());
            DayLines.assertHas(before, store);
            Script nothingLeft = Script.run(new archive(), "--store", store.base(), "--free", "1GB", "--yes");
            assertEquals(1, nothingLeft.exit());
            assertTrue(nothingLeft.err().contains("are free, not 1.0 GB"), nothingLeft.err());
            Script enough = Script.run(new archive(), "--store", store.base(), "--free", "1MB");
            assertTrue(enough.out().matches("no day file to archive; .* are free now\\R"), enough.out());
            assertEquals(0, enough.exit(), "and nobody has to agree");
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void linesThatLateWritersAppendMeanwhileAreNeitherLostNorDoubled() throws Exception {
        Store store = DayLines.store(dir.resolve("s"), 8, 100);
        List<String> expected = new ArrayList<>(DayLines.of(store));
        var archive = new Archive(store, null, Clock.systemUTC());
        for (int round = 0; round < 4; round++) {
            ArchivePlan plan = archive.plan(Duration.ZERO);
            var stop = new AtomicBoolean();
            List<String> appended = new ArrayList<>();
            var writer = new Thread(() -> append(store, stop, appended));
            writer.start();
            ArchiveRun.Result result = archive.run(plan, bytes -> { });
            stop.set(true);
            writer.join();
            assertEquals(List.of(), result.failures());
            assertTrue(appended.size() > 20, "the writer was too slow: " + appended.size());
            expected.addAll(appended);
            expected.sort(null);
            DayLines.assertHas(expected, store, "round " + round);
            DayLines.rest(store, Instant.now());
        }
    }

    private static void append(Store store, AtomicBoolean stop, List<String> appended) {
        try {
            for (int n = 0; !stop.get(); n++) {
                String line = "{\"late\": \"" + System.nanoTime() + "\"}";
                DayLines.append(DayLines.file(store, n % 8), line);
                appended.add(line);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void aLineAppendedWhileItsOwnDayIsReadIsInTheArchive() throws IOException {
        Store store = DayLines.store(dir.resolve("s"), 1, 2000);
        List<String> expected = new ArrayList<>(DayLines.of(store));
        var archive = new Archive(store, null, Clock.systemUTC());
        archive.run(archive.plan(Duration.ZERO), bytes -> {
            try {
                if (expected.size() == 2010) return;
                String late = "{\"late\": " + expected.size() + "}";
                DayLines.append(DayLines.file(store, 0), late);
                expected.add(late);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        expected.sort(null);
        assertTrue(expected.size() > 2000);
        DayLines.assertHas(expected, store);
        assertEquals(List.of(), DayLines.files(store.raw()));
    }

    @Test
    void whatIsChangedInPlaceAfterItWasComparedIsArchivedAsItIsThen() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "who has a file open cannot be seen here");
        Store store = DayLines.store(dir.resolve("s"), 2, 100);
        var archive = new Archive(store, null, Clock.systemUTC());
        ArchivePlan plan = archive.plan(Duration.ZERO);
        Path aside = store.raw().resolve("events_20251201.2.ndjson");
        Thread archiving = new Thread(() -> archive.run(plan, bytes -> { }));
        try (FileChannel delaying = FileChannel.open(DayLines.file(store, 1), StandardOpenOption.APPEND)) {
            archiving.start();
            while (Files.notExists(aside) && archiving.isAlive()) Thread.sleep(1);
            Thread.sleep(100);
            try (FileChannel changing = FileChannel.open(aside, StandardOpenOption.WRITE)) {
                changing.write(ByteBuffer.wrap("{\"RUN_ID".getBytes()), 0);
            }
        }
        archiving.join();
        assertEquals(List.of(), DayLines.files(store.raw()));
        assertTrue(DayLines.of(store).stream().anyMatch(line -> line.startsWith("{\"RUN_ID")));
        assertEquals(0, Script.run(new archive(), "verify", "--all", "--store", store.base()).exit());
    }

    @Test
    void whatCannotBeListedIsNotDeleted() throws IOException {
        Store store = DayLines.store(dir.resolve("s"), 3, 100);
        List<String> before = DayLines.of(store);
        Path manifest = store.archive().resolve("manifest.ndjson");
        var archive = new Archive(store, null, Clock.systemUTC());
        ArchiveRun.Result result = archive.run(archive.plan(Duration.ZERO), bytes -> manifest.toFile().mkdir());
        assertEquals(List.of(), result.archived());
        assertEquals(3 + 1, result.failures().size(), "each day, and the manifest");
        assertEquals(3, DayLines.files(store.raw()).size());
        Files.delete(manifest);
        DayLines.assertHas(before, store);
        assertEquals(0, Script.run(new archive(), "--store", store.base(), "--yes").exit());
        DayLines.assertHas(before, store);
        assertEquals(0, Script.run(new archive(), "verify", "--all", "--store", store.base()).exit());
    }

    @Test
    void everyFlippedBitIsFoundByVerify() throws IOException {
        Store store = DayLines.store(dir.resolve("s"), 2, 100);
        Script.run(new archive(), "--store", store.base(), "--yes");
        Path file = DayLines.files(store.archive()).get(0).path();
        byte[] right = Files.readAllBytes(file);
        var archive = new Archive(store, null, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
        for (int n = 0; n < 200; n++) {
            byte[] wrong = right.clone();
            int bit = n < 160 ? n : random.nextInt(8 * right.length);
            wrong[bit / 8] ^= 1 << bit % 8;
            Files.write(file, wrong);
            List<Check> checks = new ArchiveCheck(archive, n % 20 == 0, bytes -> { }).run().data();
            assertEquals(List.of(Check.Status.FAILED, Check.Status.OK), checks.stream().map(Check::status).toList(), "bit " + bit);
        }
        Files.write(file, right);
        assertEquals(0, Script.run(new archive(), "verify", "--all", "--store", store.base()).exit());
        Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
        Script failed = Script.run(new archive(), "verify", "--store", store.base());
        assertEquals(2, failed.exit());
        assertEquals("1 of 2 archived files are right" + System.lineSeparator()
                + "failed  year=2025/month=12/events_20251201.ndjson.gz: it has 0 bytes of " + right.length
                + "; copy it from a backup of the archive; the lines before the damage can still be read" + System.lineSeparator()
                + "next: jbang logs@telemetry 2025-12-01 --store " + store.base() + System.lineSeparator(), failed.out());
    }
}
