import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.archive.Archive;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.os.Attempt;

@SuppressWarnings("try")
class ArchiveTest {
    private static final String NL = System.lineSeparator();
    private static final Instant NOW = Instant.parse("2025-12-31T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void oldDaysAreCompressedAndTheirOriginalsDeleted() throws IOException {
        Store store = store(3, 40);
        List<String> before = DayLines.of(store);
        Script archived = archive(store, "--older-than", "28d", "--yes");
        assertEquals("""
                day         lines    size  archived  file
                2025-12-01     40  7.9 kB     N B  events_20251201.ndjson.gz
                2025-12-02     40  7.9 kB     N B  events_20251202.ndjson.gz
                2 day files, 16 kB -> N kB; N GB are free on the disk now
                """.replace("\n", NL), archived.out().replaceAll("\\d+ B ", "N B ").replaceAll("-> [\\d.]+ kB; [\\d.]+ .B", "-> N kB; N GB"));
        assertEquals("", archived.err());
        assertEquals(0, archived.exit());
        assertEquals(List.of("events_20251203.ndjson"), names(store.raw()));
        assertEquals(List.of(".lock", "manifest.ndjson", "year=2025", "year=2025/month=12",
                "year=2025/month=12/events_20251201.ndjson.gz", "year=2025/month=12/events_20251202.ndjson.gz"), tree(store.archive()));
        assertEquals(before, DayLines.of(store));
    }

    @Test
    void foldersHaveTheSameNamesInEveryLanguage() throws Exception {
        Store store = store(2, 40);
        Map<String, String> arabic = Map.of("JDK_JAVA_OPTIONS", "-Duser.language=ar -Duser.country=EG -Duser.extensions=u-nu-arab");
        Script archived = Script.runProcess(arabic, "archive", "--store", store.base(), "--older-than", "0d", "--yes");
        assertEquals(0, archived.exit(), archived.err());
        assertTrue(tree(store.archive()).contains("year=2025/month=12/events_20251201.ndjson.gz"), tree(store.archive()).toString());
    }

    @Test
    void everyShapeOfStoreKeepsEveryLine() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            DayLines.rest(given.store(), Instant.now());
            List<String> before = DayLines.of(given.store());
            Script archived = Script.run(new archive(), "--store", given.store().base(), "--older-than", "0d", "--yes");
            assertEquals(0, archived.exit(), given + archived.err());
            assertEquals(before, DayLines.of(given.store()), given.toString());
            assertEquals(List.of(), names(given.store().raw()), given.toString());
            assertEquals(0, Script.run(new archive(), "verify", "--all", "--store", given.store().base()).exit());
        }
    }

    @Test
    @Needs(Need.NOT_WINE)
    void todaysFileOneThatChangedLatelyAndOneThatIsHeldOpenAreLeftAloneAndNamed() throws IOException {
        Store store = store(31, 3);
        Files.setLastModifiedTime(DayLines.file(store, 28), FileTime.from(NOW.minusSeconds(60 * 59)));
        Path open = DayLines.file(store, 27);
        boolean linux = Files.isDirectory(Path.of("/proc/self/fd"));
        try (FileChannel writer = FileChannel.open(open, StandardOpenOption.APPEND);
                FileChannel reader = FileChannel.open(DayLines.file(store, 0), StandardOpenOption.READ)) {
            Script archived = archive(store, "--older-than", "0d", "--yes");
            String left = "left alone: " + (linux ? open + ": it is held open by process " + ProcessHandle.current().pid()
                    + " (…)" + NL + "left alone: " : "") + DayLines.file(store, 28) + ": it changed 59 min ago" + NL
                    + "left alone: " + DayLines.file(store, 30) + ": it is today's" + NL;
            assertEquals(left, archived.err().replaceAll("\\(.*\\)", "(…)"));
            assertEquals(1, archived.exit());
            assertEquals(linux ? List.of("events_20251228.ndjson", "events_20251229.ndjson", "events_20251231.ndjson")
                    : List.of("events_20251229.ndjson", "events_20251231.ndjson"), names(store.raw()));
        }
        Files.setLastModifiedTime(DayLines.file(store, 28), FileTime.from(NOW.minusSeconds(60 * 61)));
        Script again = archive(store, "--older-than", "0d", "--yes");
        assertEquals("left alone: " + DayLines.file(store, 30) + ": it is today's" + NL, again.err());
        assertEquals(0, again.exit());
        assertEquals(List.of("events_20251231.ndjson"), names(store.raw()));
    }

    @Test
    void aDryRunShowsAndChangesNothing() throws IOException {
        Store store = store(2, 40);
        Map<String, String> before = snapshot(store.base());
        Script shown = archive(store, "--older-than", "0d", "--dry-run");
        assertEquals("day           size  file" + NL + "2025-12-01  7.9 kB  " + DayLines.file(store, 0)
                + NL + "2025-12-02  7.9 kB  " + DayLines.file(store, 1) + NL
                + "2 day files, 16 kB, would be archived in " + store.archive() + NL
                + "next: jbang archive@telemetry --store " + store.base() + " --older-than 0d --yes" + NL, shown.out());
        assertEquals(0, shown.exit());
        assertEquals(before, snapshot(store.base()));
    }

    @Test
    void withoutATerminalYesIsNeeded() throws IOException {
        Store store = store(2, 3);
        Map<String, String> before = snapshot(store.base());
        Script refused = archive(store, "--older-than", "0d");
        assertEquals(64, refused.exit());
        assertTrue(refused.err().contains("add --yes to go ahead, or --dry-run"), refused.err());
        assertEquals(before, snapshot(store.base()));
        assertEquals(0, archive(store).exit(), "nothing to do needs no consent");
    }

    @Test
    void aDryRunSaidBeforeTheWordExpireIsHeeded() throws IOException {
        Store store = store(2, 3);
        archive(store, "--older-than", "0d", "--yes");
        Script shown = run("--dry-run", "--store", store.base(), "expire", "--older-than", "0d", "--yes");
        assertEquals(0, shown.exit(), shown.err());
        assertEquals(2, DayLines.files(store.archive()).size());
    }

    @Test
    void lateLinesBecomeAPartOfTheirOwn() throws IOException {
        Store store = store(1, 40);
        archive(store, "--older-than", "0d", "--yes");
        DayLines.append(DayLines.file(store, 0), "{\"late\": 1}");
        DayLines.rest(store, NOW);
        List<String> before = DayLines.of(store);
        assertEquals(41, before.size());
        assertEquals(0, archive(store, "--older-than", "0d", "--yes").exit());
        assertEquals(before, DayLines.of(store));
        assertEquals(List.of("events_20251201.2.ndjson.gz", "events_20251201.ndjson.gz"),
                names(store.archive().resolve("year=2025/month=12")));
    }

    @Test
    void whatAKilledRunHadPublishedIsNotArchivedTwice() throws IOException {
        Store store = store(2, 40);
        byte[] content = Files.readAllBytes(DayLines.file(store, 0));
        archive(store, "--older-than", "0d", "--yes");
        Files.write(DayLines.file(store, 0), content);
        Files.write(DayLines.file(store, 1), DayLines.content(part(store, 1, 1)));
        DayLines.append(DayLines.file(store, 1), "{\"late\": 1}");
        Files.write(store.archive().resolve("year=2025/month=12/events_20251209.ndjson.gz.999999999-1.tmp"), new byte[100]);
        Files.createLink(store.archive().resolve("year=2025/month=12/events_20251201.ndjson.gz.999999999-2.tmp"), part(store, 0, 1));
        Files.delete(store.archive().resolve("manifest.ndjson"));
        DayLines.rest(store, NOW);
        List<String> before = DayLines.of(store);
        assertEquals(81, before.size());
        assertEquals(0, archive(store, "--older-than", "0d", "--yes").exit());
        assertEquals(before, DayLines.of(store));
        assertEquals(List.of("events_20251201.ndjson.gz", "events_20251202.2.ndjson.gz", "events_20251202.ndjson.gz"),
                names(store.archive().resolve("year=2025/month=12")));
        assertEquals("{\"late\": 1}\n", new String(DayLines.content(part(store, 1, 2))));
        assertEquals("3 of 3 archived files are right" + NL, command("verify", store, "--all").out());
    }

    @Test
    void aDamagedPartIsNoReasonToDeleteTheOriginal() throws IOException {
        Store store = store(1, 400);
        byte[] content = Files.readAllBytes(DayLines.file(store, 0));
        archive(store, "--older-than", "0d", "--yes");
        byte[] damaged = Files.readAllBytes(part(store, 0, 1));
        damaged[damaged.length / 2] ^= 1;
        Files.write(part(store, 0, 1), damaged);
        Files.write(DayLines.file(store, 0), content);
        DayLines.rest(store, NOW);
        assertEquals(0, archive(store, "--older-than", "0d", "--yes").exit());
        assertEquals(List.of(), names(store.raw()));
        assertEquals(new String(content), new String(DayLines.content(part(store, 0, 2))));
    }

    @Test
    @Needs(Need.LINKS)
    void anotherFolderAndALinkToAnotherFolderWillDo() throws IOException {
        Store store = store(2, 3);
        List<String> before = DayLines.of(store);
        Path other = dir.resolve("other disk/archive");
        Script archived = archive(store, "--older-than", "0d", "--yes", "--to", other);
        assertEquals(0, archived.exit());
        assertEquals("archive: logs and rebuild do not look in " + other + ": make "
                + store.archive() + " a link to it" + NL, archived.err());
        assertEquals(before, DayLines.of(store, other));
        assertFalse(Files.exists(store.archive()));
        assertEquals("2 of 2 archived files are right" + NL, command("verify", store, "--to", other).out());
        Files.createSymbolicLink(store.archive(), other);
        assertEquals(6, Script.run(new logs(), "--store", store.base(), "2025-12").out().lines().count());
        assertEquals("", archive(store, "--to", other).err());
    }

    @Test
    void whoMayReadTheLinesMayReadTheArchive() throws IOException {
        Store store = store(1, 3);
        assumeTrue(dir.getFileSystem().supportedFileAttributeViews().contains("posix"), "no POSIX permissions here");
        Files.setPosixFilePermissions(DayLines.file(store, 0), PosixFilePermissions.fromString("rw-r-----"));
        archive(store, "--older-than", "0d", "--yes");
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(part(store, 0, 1))));
    }

    @Test
    void twoAtATimeWouldDisturbEachOther() throws Exception {
        Store store = store(1, 3);
        Files.createDirectories(store.archive());
        String refused = "archive: cannot archive into " + store.archive()
                + ": another archive command is running there; wait for it" + NL;
        try (FileChannel lock = FileChannel.open(store.archive().resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var held = lock.lock()) {
            DayLines.rest(store, Instant.now());
            assertEquals(new Script(3, "", refused),
                    Script.runProcess(Map.of(), "archive", "--store", store.base(), "--older-than", "0d", "--yes"));
        }
        assertEquals(List.of("events_20251201.ndjson"), names(store.raw()));
    }

    @Test
    void anotherThreadOfThisProcessIsRefusedToo() throws Exception {
        Store store = store(1, 3);
        var archive = new Archive(store, null, Clock.systemUTC());
        DayLines.rest(store, Instant.now());
        var refused = new java.util.concurrent.atomic.AtomicReference<StoreException>();
        archive.run(archive.plan(Duration.ZERO), bytes -> refused.compareAndSet(null, refusedNow(store)));
        assertEquals(StoreException.Reason.LOCKED, refused.get().reason());
    }

    private static StoreException refusedNow(Store store) {
        var second = new Archive(store, null, Clock.systemUTC());
        return org.junit.jupiter.api.Assertions.assertThrows(StoreException.class,
                () -> second.run(second.plan(Duration.ZERO), bytes -> { }));
    }

    @Test
    void listShowsWhatIsThere() {
        Store store = store(1, 40);
        assertEquals("the archive is empty" + NL, command("list", store).out());
        archive(store, "--older-than", "0d", "--yes");
        assertEquals("day         lines    size  archived  when                 file" + NL
                + "2025-12-01     40  7.9 kB     N B  2025-12-31 12:00:00  events_20251201.ndjson.gz" + NL,
                command("list", store).out().replaceAll("\\d+ B ", "N B "));
        assertTrue(command("list", store, "--json").out().contains("\"lines\": 40"));
    }

    @Test
    void restoreBringsADayBackWithAllItsParts() throws IOException {
        Store store = store(1, 40);
        archive(store, "--older-than", "0d", "--yes");
        DayLines.append(DayLines.file(store, 0), "{\"late\": 1}");
        DayLines.rest(store, NOW);
        Script refused = command("restore", store, "2025-12-01");
        assertEquals(2, refused.exit());
        assertTrue(refused.err().contains("it is there already, perhaps with late lines"), refused.err());
        archive(store, "--older-than", "0d", "--yes");
        Script restored = command("restore", store, "2025-12-01");
        assertEquals(new Script(0, "restored " + DayLines.file(store, 0) + NL, ""), restored);
        assertEquals(41, Files.readAllLines(DayLines.file(store, 0)).size());
        assertEquals(restored, command("restore", store, "2025-12-01"), "it is there, whole: one that was stopped at its end has left it");
        assertEquals(41, Script.run(new logs(), "--store", store.base(), "--raw").out().lines().count(), "no line is shown twice");
        DayLines.rest(store, NOW);
        archive(store, "--older-than", "0d", "--yes");
        assertEquals(2, names(store.archive().resolve("year=2025/month=12")).size(), "nothing new was archived");
        assertEquals(3, command("restore", store, "2024-01-01").exit());
        Script noDay = command("restore", store, "2024-13-01");
        assertEquals(64, noDay.exit());
        assertTrue(noDay.err().contains("'2024-13-01' is not a day (2025-12-11)" + NL + "next: jbang archive@telemetry restore --help"
                + NL), noDay.err());
    }

    @Test
    void aDamagedDayIsNotRestored() throws IOException {
        Store store = store(1, 400);
        archive(store, "--older-than", "0d", "--yes");
        byte[] damaged = Files.readAllBytes(part(store, 0, 1));
        damaged[damaged.length / 2] ^= 1;
        Files.write(part(store, 0, 1), damaged);
        Script failed = command("restore", store, "2025-12-01");
        assertEquals(2, failed.exit());
        assertTrue(failed.err().startsWith("archive restore: cannot restore " + part(store, 0, 1) + ": damaged or truncated: "),
                failed.err());
        assertTrue(failed.err().contains("; what is left of it can still be read" + NL + "next: jbang logs@telemetry 2025-12-01 --store "),
                failed.err());
        assertEquals(List.of(), names(store.raw()));
    }

    /** A folder that only root may enter, say: the rest is shown all the same, and expire leaves the list as the files are. */
    @Test
    @Needs(Need.PERMISSIONS)
    void aMonthThatCannotBeReadIsNamedAndTheRestIsShown() throws Exception {
        Store store = store(3, 3);
        archive(store, "--older-than", "0d", "--yes");
        Path closed = Files.createDirectory(store.archive().resolve("year=2025/month=11"));
        Files.setPosixFilePermissions(closed, Set.of());
        String why = ": cannot list the day files in " + closed + ": permission denied";
        Script list = Script.runWithoutRights("archive", "list", "--store", store.base());
        assertEquals(1, list.exit(), list.out());
        assertTrue(list.out().contains("archive list" + why) && list.out().contains("events_20251203.ndjson.gz"), list.out());
        Script logs = Script.runWithoutRights("logs", "--limit", "1", "--store", store.base());
        assertTrue(logs.exit() == 3 && logs.out().contains("logs" + why) && logs.out().contains("2025-12-03"), logs.out());
        Script verify = Script.runWithoutRights("archive", "verify", "--store", store.base());
        assertEquals(3, verify.exit(), verify.out());
        assertTrue(verify.out().contains("3 of 4 archived files are right") && verify.out().contains("year=2025/month=11"), verify.out());
        Script expire = Script.runWithoutRights("archive", "expire", "--older-than", "1000d", "--yes", "--store", store.base());
        assertTrue(expire.out().contains("archive expire" + why), expire.out());
        assertTrue(expire.exit() == 3 && expire.out().contains("no archived day that can be seen is older than 1000 d"), expire.out());
    }

    @Test
    @Needs(Need.PERMISSIONS)
    void expireKeepsTheEntryOfAFileThatItCannotDelete() throws Exception {
        Store store = store(3, 3);
        archive(store, "--older-than", "0d", "--yes");
        Path month = store.archive().resolve("year=2025/month=12");
        Files.setPosixFilePermissions(month, PosixFilePermissions.fromString("r-xr-xr-x"));
        Script expire = Script.runWithoutRights("archive", "expire", "--older-than", "1d", "--yes", "--store", store.base());
        assertEquals(3, expire.exit(), expire.out());
        for (int day = 0; day < 3; day++)
            assertTrue(expire.out().contains("cannot delete " + part(store, day, 1) + ": permission denied"), expire.out());
        Files.setPosixFilePermissions(month, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertEquals("3 of 3 archived files are right" + NL, command("verify", store).out());
    }

    @Test
    void aReasonIsSaidNeverNullOrABarePath() throws IOException {
        Path folder = Files.createDirectories(dir.resolve("events_20251201.ndjson.gz"));
        for (IOException e : List.of(new FileSystemException(folder.toString()), new DirectoryNotEmptyException(folder.toString()),
                new IOException("Is a directory"), new IOException()))
            assertEquals("it is a folder", Attempt.refused("read", folder, e).why());
        assertEquals("the system says no more than FileSystemException",
                Attempt.refused("read", dir.resolve("none"), new FileSystemException(dir.toString())).why());
    }

    @Test
    void expireDeletesOldDaysForGood() throws IOException {
        Store store = store(3, 3);
        archive(store, "--older-than", "0d", "--yes");
        assertEquals(64, command("expire", store, "--yes").exit(), "the age is never a guess");
        assertEquals("2 day files (N B) would be deleted" + NL + "next: jbang archive@telemetry expire --store " + store.base()
                + " --older-than 28d --yes" + NL, command("expire", store, "--older-than", "28d", "--dry-run").out().replaceAll("\\d+ B",
                "N B"));
        assertEquals(3, DayLines.files(store.archive()).size());
        assertEquals("2 day files (N B) deleted" + NL,
                command("expire", store, "--older-than", "28d", "--yes").out().replaceAll("\\d+ B", "N B"));
        assertEquals(List.of("events_20251203.ndjson.gz"), names(store.archive().resolve("year=2025/month=12")));
        assertEquals("1 of 1 archived files are right" + NL, command("verify", store).out());
        assertEquals("no archived day is older than 28 d" + NL, command("expire", store, "--older-than", "28d", "--yes").out());
    }

    @Test
    void theManifestIsMadeAnewFromTheFiles() throws IOException {
        Store store = store(2, 3);
        archive(store, "--older-than", "0d", "--yes");
        Path manifest = store.archive().resolve("manifest.ndjson");
        String whole = Files.readString(manifest);
        Files.writeString(manifest, whole.substring(0, whole.length() - 30));
        Script warned = command("verify", store);
        assertEquals(1, warned.exit());
        assertTrue(warned.out().contains("it was not in the manifest; its own checksum is right, and it is listed now"), warned.out());
        assertEquals("2 of 2 archived files are right" + NL, command("verify", store, "--all").out());
        Files.delete(part(store, 0, 1));
        Script failed = command("verify", store);
        assertEquals(2, failed.exit());
        assertTrue(failed.out().contains("it is listed and not there"), failed.out());
    }

    @Test
    void neitherSqliteNorATemporaryFolderIsNeeded() throws Exception {
        Store store = store(2, 40);
        DayLines.rest(store, Instant.now());
        List<String> before = DayLines.of(store);
        String withoutSqlite = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(jar -> !jar.contains("sqlite-jdbc")).collect(Collectors.joining(File.pathSeparator));
        ProcessBuilder builder = Script.processBuilder(Map.of(), "archive", "--store", store.base(), "--older-than", "0d", "--yes");
        builder.command().set(builder.command().indexOf("-cp") + 1, withoutSqlite);
        builder.command().addAll(1, List.of("-Djava.io.tmpdir=" + dir.resolve("missing"), "-Xmx32m"));
        Process process = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        String err = new String(process.getErrorStream().readAllBytes());
        String ofTheJvm = "WARNING: java.io.tmpdir directory does not exist\\R";
        assertEquals("0 ", process.waitFor() + " " + err.replaceFirst(ofTheJvm, ""));
        assertEquals(before, DayLines.of(store));
        assertEquals(List.of(), names(store.raw()));
    }

    private Store store(int days, int linesADay) {
        Store store = DayLines.store(dir.resolve("s"), days, linesADay);
        DayLines.rest(store, NOW);
        return store;
    }

    private static Script archive(Store store, Object... options) {
        return run(Stream.concat(Stream.of("--store", store.base()), Stream.of(options)).toArray());
    }

    private static Script command(String name, Store store, Object... options) {
        return run(Stream.concat(Stream.of(name, "--store", store.base()), Stream.of(options)).toArray());
    }

    private static Script run(Object... args) {
        var archive = new archive();
        archive.clock = Clock.fixed(NOW, ZoneOffset.UTC);
        return Script.run(archive, args);
    }

    private static Path part(Store store, int day, int part) {
        String name = DayFile.name(DayLines.FIRST.plusDays(day)).replace(".ndjson", part == 1 ? ".ndjson.gz" : "." + part + ".ndjson.gz");
        return store.archive().resolve("year=2025/month=12").resolve(name);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static List<String> tree(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> !file.equals(folder)).map(file -> folder.relativize(file).toString().replace(File.separator, "/"))
                    .sorted().toList();
        }
    }

    private static Map<String, String> snapshot(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.collect(Collectors.toMap(Path::toString, file -> file.toFile().lastModified() + " " + file.toFile().length()));
        }
    }
}
