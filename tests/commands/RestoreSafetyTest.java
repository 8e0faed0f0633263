import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.Backups;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Paused;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.runs.RunWriter;

/** Restores that are refused, fail, are killed or meet each other: the database is the old one or the new one. */
class RestoreSafetyTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    @Needs(Need.OPENERS)
    void whatAProgramLeftThatDiedWhileItWroteIsLeftAloneByADrillAndKeptByARestore() throws IOException {
        Store store = Fixture.V7_PYTHON.filled(dir, 60, NOON);
        assertEquals(0, RestoreTest.script(store).exit());
        Sabotage.tear(store);
        byte[] database = Files.readAllBytes(store.database());
        byte[] journal = Files.readAllBytes(Path.of(store.database() + "-journal"));
        Map<String, Object> before = RestoreTest.bytes(dir);
        Script drill = RestoreTest.script(store, "--restore", "latest", "--dry-run");
        assertEquals(0, drill.exit(), drill.err());
        assertEquals(before, RestoreTest.bytes(dir));
        Script restored = RestoreTest.script(store, "--restore", "latest", "--yes");
        assertEquals(0, restored.exit(), restored.err());
        assertEquals(60, RestoreTest.ids(store).size());
        Path torn = RestoreTest.kept(store, 0);
        assertTrue(restored.out().contains("kept       " + torn + ", with the -journal that a program left which died while it wrote"),
                restored.out());
        assertArrayEquals(database, Files.readAllBytes(torn));
        assertArrayEquals(journal, Files.readAllBytes(Path.of(torn + "-journal")));
        try (Database kept = Database.openToRead(RestoreTest.kept(store, 1))) {
            assertEquals(0, kept.number("SELECT count(*) FROM agent_runs WHERE host = 'torn'"), "and once more, rolled back");
        }
    }

    @Test
    void ofTwoRestoresAtOnceNoneTakesAwayWhatTheOtherKeeps() throws Exception {
        for (int n = 0; n < 4; n++) {
            Store store = Fixture.V3.filled(dir.resolve("s" + n), 60, NOON);
            assertEquals(0, RestoreTest.script(store).exit());
            boolean isGarbage = n % 2 == 0;
            if (isGarbage) Files.writeString(store.database(), "garbage ".repeat(3_000));
            else try (Database database = Database.open(store.database())) {
                new RunWriter(database).write(Fixture.V3.run(0, NOON).with("run_id", "posted"));
            }
            List<Thread> threads = new ArrayList<>();
            List<Script> ended = java.util.Collections.synchronizedList(new ArrayList<>());
            for (int i = 0; i < 2; i++) threads.add(new Thread(() -> ended.add(restoreAt(store))));
            threads.forEach(Thread::start);
            for (Thread thread : threads) thread.join();
            assertTrue(ended.stream().anyMatch(script -> script.exit() <= 1), ended.toString());
            for (Script script : ended)
                assertTrue(script.exit() <= 1 || script.exit() == 3 && script.err().contains("run it again"), script.toString());
            assertEquals(60, RestoreTest.ids(store).size());
            assertEquals("ok", RestoreTest.check(store.database()));
            boolean isKept = false;
            for (String folder : BackupTest.names(store.quarantine())) {
                Path kept = store.quarantine().resolve(folder).resolve("telemetry.sqlite");
                isKept |= isGarbage ? Files.readString(kept, java.nio.charset.StandardCharsets.ISO_8859_1).startsWith("garbage")
                        : RestoreTest.ids(kept).contains("posted");
            }
            assertTrue(isKept, ended + "" + BackupTest.names(store.quarantine()));
        }
    }

    @Test
    void whileAnotherProcessRestoresOrRecoversNobodyElseDoes() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, RestoreTest.script(store).exit());
        Files.writeString(store.database(), "garbage ".repeat(3_000));
        Files.createDirectory(store.quarantine());
        Path lock = store.quarantine().resolve(".lock");
        try (var channel = java.nio.channels.FileChannel.open(lock, java.nio.file.StandardOpenOption.CREATE,
                java.nio.file.StandardOpenOption.WRITE); var held = channel.lock()) {
            for (Object[] command : new Object[][] {{"backup", "--restore", "latest"}, {"recover"}}) {
                Script refused = Script.runProcess(Map.of(), command[0].toString(), java.util.stream.Stream.concat(
                        java.util.Arrays.stream(command).skip(1), java.util.stream.Stream.of("--yes", "--store", store.base())).toArray());
                assertEquals(3, refused.exit(), refused.toString());
                assertTrue(refused.err().contains("another restore, recovery or rebuild is running there; wait for it, "
                        + "then run it again"), refused.err());
                assertTrue(held.isValid());
            }
        }
        assertEquals("garbage ".repeat(3_000), Files.readString(store.database()));
        assertTrue(Files.exists(lock), "as a killed one leaves it");
        assertEquals(1, RestoreTest.script(store, "--restore", "latest", "--yes").exit());
        assertFalse(Files.exists(lock));
    }

    /** The second opens the lock's file, and gets no further before the first ends and the third begins. */
    @Test
    @Needs(Need.DEBUGGER)
    void whoOpenedTheLocksFileBeforeItsHolderEndedDoesNotWorkBesideTheNext() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, RestoreTest.script(store).exit());
        Files.createDirectory(store.quarantine());
        Path lock = Files.createFile(store.quarantine().resolve(".lock"));
        try (var second = new Paused("backup", "--restore", "latest", "--yes", "--store", store.base())) {
            second.before("sun.nio.ch.FileChannelImpl", "tryLock", "telemetry.store.StoreLock");
            Files.delete(lock);
            try (FileChannel third = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock held = third.lock()) {
                String said = second.said();
                assertEquals(3, second.exit(), said);
                assertTrue(said.contains("another restore, recovery or rebuild is running there"), said);
                assertTrue(held.isValid() && Files.exists(lock));
            }
        }
        assertEquals(0, RestoreTest.script(store, "--restore", "latest", "--yes").exit(), "what is left locks nobody out");
        assertFalse(Files.exists(lock));
    }

    /** Both in the same second. */
    /** One moment for all, and none before the backups are made, which would not be believed then. */
    private static final Instant LATER = Instant.now().plusSeconds(3_600);

    private static Script restoreAt(Store store) {
        var script = new backup();
        script.clock = Clock.fixed(LATER, java.time.ZoneOffset.UTC);
        script.patience = Duration.ofSeconds(5);
        return Script.run(script, "--store", store.base(), "--restore", "latest", "--yes");
    }

    @Test
    void aFileInPlaceOfTheStoreIsSaidBeforeABackupIsLookedFor() throws IOException {
        Path file = Files.writeString(dir.resolve("file"), "x");
        Script refused = RestoreTest.script(Store.at(file), "--restore", "latest", "--yes");
        assertEquals(3, refused.exit());
        assertEquals("backup: cannot use the store " + file + ": it is a file, and a store is a folder (named by --store); name the "
                + "store's folder with --store DIR", refused.err().strip());
    }

    @Test
    void tenRestoresThatFailLeaveTheDatabaseAsItWas() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        assertEquals(0, RestoreTest.script(store).exit());
        Path good = RestoreTest.newest(store);
        Path file = dir.resolve("other.sqlite");

        refused(store, 3, "it does not exist", dir.resolve("missing"));
        refused(store, 2, "it is a directory", Files.createDirectory(dir.resolve("folder")));
        if (Need.LINKS.isMet())
            refused(store, 64, "it is a symbolic link, which is not followed", Files.createSymbolicLink(dir.resolve("link"), good));
        refused(store, 2, "the file is empty (0 bytes)", Files.createFile(dir.resolve("empty")));
        refused(store, 2, "it is not a SQLite database", Files.writeString(dir.resolve("garbage"), "garbage ".repeat(2_000)));
        try (Database other = Database.create(file)) {
            other.execute("CREATE TABLE cookies(name TEXT)");
        }
        refused(store, 2, "it has no table agent_runs", file);
        try (Agent holder = Agent.holding(store, "BEGIN IMMEDIATE")) {
            refused(store, 3, "it is locked by process " + holder.pid(), good);
            refused(store, 3, "it must be moved aside: its pages have 4096 bytes, the backup's 1024; stop that program", otherPages());
        }
        noPermission(store, good);
        noSpace();
    }

    private static void refused(Store store, int exit, String why, Path file) throws IOException {
        Map<String, Object> before = RestoreTest.bytes(store.base());
        Script refused = RestoreTest.script(store, "--restore", file, "--yes");
        assertEquals(exit, refused.exit(), refused.err());
        assertTrue(refused.err().contains(why), refused.err());
        assertEquals(1, refused.err().lines().filter(line -> !line.startsWith("next: jbang ")).count(), refused.err());
        assertEquals("", refused.out());
        assertEquals(withoutLogs(before), withoutLogs(RestoreTest.bytes(store.base())), why);
    }

    /** An open connection of somebody else keeps an empty -wal and a -shm. */
    private static Map<String, Object> withoutLogs(Map<String, Object> tree) {
        tree.keySet().removeIf(name -> name.endsWith("-shm") || name.endsWith("-wal"));
        return tree;
    }

    private Path otherPages() throws IOException {
        Store small = Fixture.V3.filled(dir.resolve("small"), 6, NOON);
        try (Database database = Database.open(small.database())) {
            database.pragma("journal_mode", "DELETE");
            database.pragma("page_size", 1024);
            database.execute("VACUUM");
        }
        assertEquals(0, RestoreTest.script(small).exit());
        return RestoreTest.newest(small);
    }

    /** Root may write everywhere, unless it gives that right up. */
    private void noPermission(Store store, Path good) throws Exception {
        Assumptions.assumeTrue(Files.getFileStore(dir).supportsFileAttributeView("posix"), "no permissions here");
        var writable = PosixFilePermissions.fromString("rwx------");
        for (Path locked : new Path[] {store.database().getParent(), good}) {
            var before = Files.getPosixFilePermissions(locked);
            Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString(Files.isDirectory(locked) ? "r-x------" : "---------"));
            if (Files.isDirectory(locked)) Files.setPosixFilePermissions(store.database(), PosixFilePermissions.fromString("r--------"));
            Script refused = Script.runWithoutRights("backup", "--store", store.base(), "--restore", good, "--yes");
            String said = refused.err();
            Files.setPosixFilePermissions(locked, before);
            Files.setPosixFilePermissions(store.database(), writable);
            assertEquals(3, refused.exit(), said);
            assertTrue(said.contains("permission") || said.contains("read"), said);
            assertEquals(60, RestoreTest.ids(store).size());
            assertEquals(Set.of(), BackupTest.names(store.quarantine()), said);
        }
    }

    private void noSpace() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Store elsewhere = Fixture.large(dir.resolve("big"), 4);
        assertEquals(0, RestoreTest.script(elsewhere).exit());
        Assumptions.assumeTrue(Mounts.tmpfs(disk, "6m"), "needs root and mount");
        try {
            Store store = Fixture.V3.filled(disk.resolve("s"), 60, NOON);
            refused(store, 2, "are free" + System.lineSeparator() + "next: jbang archive@telemetry --dry-run --store " + store.base(),
                    RestoreTest.newest(elsewhere));
            Files.write(disk.resolve("filler"), new byte[(int) Files.getFileStore(disk).getUsableSpace() - 100_000]);
            assertEquals(0, RestoreTest.script(store, "--to", dir.resolve("b2")).exit());
            refused(store, 2, "are free" + System.lineSeparator() + "next: jbang archive@telemetry --dry-run --store " + store.base(),
                    new Backups(store, dir.resolve("b2"), Clock.systemUTC(), null).list().get(0).file());
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void aCopyThatFailsSaysWhyAndRollsBack() throws Exception {
        Store big = Fixture.large(dir.resolve("big"), 4);
        assertEquals(0, RestoreTest.script(big).exit());
        Path file = RestoreTest.newest(big);
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        try (Agent holder = Agent.holding(store, "BEGIN IMMEDIATE")) {
            assertEquals(StoreException.Reason.LOCKED, copy(file, store.database()), "result code 5, held by " + holder.pid());
        }
        assertEquals(60, RestoreTest.ids(store).size());
        assertEquals(StoreException.Reason.DENIED, copy(otherPages(), store.database()), "result code 8");
        assertEquals(60, RestoreTest.ids(store).size());
        Path garbage = Files.writeString(dir.resolve("garbage"), "garbage ".repeat(3_000));
        assertEquals(StoreException.Reason.DAMAGED, copy(file, garbage), "result code 26");
        assertEquals("garbage ".repeat(3_000), Files.readString(garbage));
        assertEquals(null, copy(file, store.database()));
        assertEquals(RestoreTest.ids(big), RestoreTest.ids(store));

        Path disk = Files.createDirectory(dir.resolve("disk"));
        Assumptions.assumeTrue(Mounts.tmpfs(disk, "3m"), "needs root and mount");
        try {
            Store full = Fixture.V3.filled(disk.resolve("s"), 60, NOON);
            assertEquals(StoreException.Reason.FULL, copy(file, full.database()), "result code 13");
            assertEquals(60, RestoreTest.ids(full).size());
            assertEquals("ok", RestoreTest.check(full.database()));
        } finally {
            Mounts.unmount(disk);
        }
    }

    /** Why it failed; null when it did not. */
    private static StoreException.Reason copy(Path from, Path to) {
        try (Database source = Database.openFrozen(from)) {
            source.copyTo(to, Duration.ofMillis(200), bytes -> { });
            return null;
        } catch (StoreException e) {
            return e.reason();
        }
    }

    @Test
    @Needs(Need.LINKS)
    void aLinkInTheDatabasesPlaceIsFollowedAndKept() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        assertEquals(0, RestoreTest.script(store).exit());
        Path real = Files.move(store.database(), dir.resolve("elsewhere.sqlite"));
        Files.createSymbolicLink(store.database(), real);
        try (Database database = Database.open(real)) {
            database.update("DELETE FROM agent_runs");
        }
        Script restored = RestoreTest.script(store, "--restore", "latest", "--yes");
        assertEquals(0, restored.exit(), restored.err());
        assertTrue(Files.isSymbolicLink(store.database()));
        try (Database database = Database.openToRead(real)) {
            assertEquals(60, database.number("SELECT count(*) FROM agent_runs"));
        }
    }

    @Test
    void whatSomebodyHasOpenIsNotMovedAway() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        assertEquals(0, RestoreTest.script(store).exit());
        Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "who has a file open is known on Linux only");
        try (Agent holder = Agent.holding(store, "BEGIN")) {
            Files.writeString(store.database(), "garbage ".repeat(3_000));
            Script refused = RestoreTest.script(store, "--restore", "latest", "--yes");
            assertEquals(3, refused.exit(), refused.err());
            assertTrue(refused.err().contains("process " + holder.pid()), refused.err());
            assertEquals(Set.of(), BackupTest.names(store.quarantine()));
        }
    }

    @Test
    void aKilledOneLeavesTheOldOrTheNewAndTheNextCallEndsIt() throws Exception {
        killed(6, 8);
    }

    @Test
    @Tag("torture")
    void fiftyKilledOnesLeaveTheOldOrTheNewAndTheNextCallEndsIt() throws Exception {
        killed(50, 40);
    }

    private void killed(int times, int megabytes) throws Exception {
        Store store = Fixture.large(dir.resolve("s"), megabytes);
        assertEquals(0, RestoreTest.script(store).exit());
        Set<String> backedUp = RestoreTest.ids(store);
        Set<String> all = new TreeSet<>(backedUp);
        try (Database database = Database.open(store.database()); var log = new EventLog(store)) {
            Instant now = Instant.now();
            for (int n = 0; n < 20; n++) {
                Run run = Fixture.V3.run(0, now).with("run_id", "later-" + n);
                log.append(DayFile.dayOf(now), run);
                new RunWriter(database).write(run);
                all.add(run.id());
            }
        }
        var random = new Random();
        for (int n = 0; n < times; n++) {
            if (n % 3 == 2) Files.writeString(store.database(), "garbage ".repeat(3_000));
            Process process = Script.processBuilder(Map.of(), "backup", "--store", store.base(), "--restore", "latest", "--yes")
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            Set<String> quarantine = BackupTest.names(store.quarantine());
            while (process.isAlive() && BackupTest.names(store.quarantine()).equals(quarantine)) Thread.sleep(1);
            Thread.sleep(random.nextInt(30 * megabytes));
            process.destroyForcibly().waitFor();
            if (n % 3 == 2 && (Files.notExists(store.database()) || Files.size(store.database()) == 24_000)) {
                assertEquals(0, RestoreTest.script(store, "--restore", "latest", "--yes").exit() & ~1, "the next call");
            } else if (Files.notExists(store.database())) {
                throw new AssertionError("the database is gone");
            }
            assertEquals("ok", RestoreTest.check(store.database()));
            Set<String> found = RestoreTest.ids(store);
            assertTrue(found.containsAll(backedUp), "half a database");
            assertEquals(Set.of(), BackupTest.names(store.backups()).stream().filter(name -> name.contains(".tmp"))
                    .collect(java.util.stream.Collectors.toSet()));
        }
        assertEquals(0, RestoreTest.script(store, "--restore", "latest", "--yes").exit() & ~1, "it may speak of what was set aside");
        Script last = RestoreTest.script(store, "--restore", "latest", "--yes");
        assertEquals(0, last.exit(), last.err());
        assertEquals(all, RestoreTest.ids(store));
        assertEquals(Set.of("telemetry.sqlite"), BackupTest.names(store.database().getParent()));
        for (String folder : BackupTest.names(store.quarantine()))
            assertTrue(BackupTest.names(store.quarantine().resolve(folder)).stream().noneMatch(name -> name.contains(".tmp")),
                    "unfinished copies are gone");
    }
}
