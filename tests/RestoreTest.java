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
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Backup;
import telemetry.Backups;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Pruned;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.RunWriter;
import telemetry.Store;
import telemetry.StoreException;

@Order(1)
class RestoreTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void afterAKillTheBackupAloneIsExactlyTheBackupAndWithTheDayFilesEveryAcknowledgedRunIsThere() throws Exception {
        Store store = Fixture.V3.filled(dir, 500, NOON);
        Set<String> backedUp = ids(store);
        assertEquals(0, script(store).exit());
        Agent agent = Agent.writing(store, "killed", 0);
        Thread.sleep(300);
        agent.kill();
        assertTrue(Files.size(Path.of(store.database() + "-wal")) > 0, "the writer left its -wal");

        Script alone = script(store, "--restore", "latest", "--yes", "--no-replay");
        assertEquals(1, alone.exit(), alone.err());
        assertTrue(alone.err().matches("backup: \\d+ runs stood only in the database before and are missing now; they are in "
                + store.quarantine() + "/restore-.*\\s+"), alone.err());
        assertEquals(backedUp, ids(store));
        assertEquals("ok", check(store.database()));

        Script whole = script(store, "restore", "latest", "--yes");
        assertEquals(0, whole.exit(), whole.err());
        Set<String> expected = new TreeSet<>(backedUp);
        expected.addAll(agent.acknowledged());
        Set<String> found = ids(store);
        assertTrue(found.containsAll(expected), "an acknowledged run is missing");
        found.removeAll(expected);
        assertTrue(found.size() <= 1, "at most the run whose line was written and not acknowledged: " + found);
        assertTrue(whole.out().contains("backup     500 runs"), whole.out());
        assertTrue(whole.out().contains("day files  " + (expected.size() + found.size() - 500) + " runs added, 0 completed"), whole.out());
        assertTrue(ids(kept(store, 0)).containsAll(expected), "the first copy has what was there, the -wal included");
    }

    @Test
    void everyStoreComesBackWholeFromEveryKindOfBackup() {
        Fixture.all(dir).forEach(given -> {
            Store store = given.store();
            String before = contents(store);
            for (Object[] how : new Object[][] {{}, {"--compress"}, {"--to", store.base().resolve("second")}}) {
                Script made = script(store, how);
                assertEquals(0, made.exit(), given + made.err());
                List<Object> restore = new ArrayList<>(List.of("--restore", "latest", "--yes", "--no-replay"));
                if (how.length == 2) restore.addAll(List.of(how));
                for (String state : new String[] {"there", "absent", "garbage"}) {
                    spoil(store, state);
                    Script restored = script(store, restore.toArray());
                    assertEquals(state.equals("garbage") ? 1 : 0, restored.exit(), given + " " + state + restored.err());
                    assertEquals(before, contents(store), given + " " + state);
                    assertEquals("ok", check(store.database()));
                }
                assertEquals(0, script(store, "--restore", "latest", "--dry-run").exit() & ~1, given.toString());
            }
        });
    }

    private static void spoil(Store store, String state) {
        try {
            if (state.equals("garbage")) Files.writeString(store.database(), "garbage ".repeat(3_000));
            if (!state.equals("absent")) return;
            for (String name : BackupTest.names(store.database().getParent())) Files.delete(store.database().resolveSibling(name));
            Files.delete(store.database().getParent());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void whatStandsThereInsteadOfADatabaseIsMovedAsideTogether() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Set<String> runs = ids(store);
        assertEquals(0, script(store).exit());
        record Case(String main, String wal, String kept) { }
        int n = 0;
        for (Case one : List.of(new Case("garbage ".repeat(3_000), "an old log", ""),
                new Case("", null, ""), new Case(null, "an old log", "-wal"))) {
            Files.deleteIfExists(store.database());
            if (one.main != null) Files.writeString(store.database(), one.main);
            if (one.main != null && !telemetry.Disk.isWindows())
                Files.setPosixFilePermissions(store.database(), PosixFilePermissions.fromString("rw-rw-r--"));
            if (one.wal != null) Files.writeString(Path.of(store.database() + "-wal"), one.wal);
            Script restored = script(store, "--restore", "latest", "--yes");
            assertEquals(one.main == null ? 0 : 1, restored.exit(), restored.err());
            assertEquals(runs, ids(store), restored.out());
            assertEquals(Set.of("telemetry.sqlite"), BackupTest.names(store.database().getParent()));
            Path folder = kept(store, n++).getParent();
            if (one.main != null) assertEquals(one.main, Files.readString(folder.resolve("telemetry.sqlite")));
            if (one.wal != null) assertEquals(one.wal, Files.readString(folder.resolve("telemetry.sqlite-wal")));
            assertTrue(restored.out().contains("kept       " + folder), restored.out());
            if (one.main != null && !telemetry.Disk.isWindows())
                assertEquals("rw-rw-r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(store.database())),
                        "the agents can still write");
            try (Database database = Database.open(store.database())) {
                assertEquals("wal", database.pragma("journal_mode"));
            }
        }
    }

    @Test
    void aNewMachineGetsItsStoreFromASecondDisk() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("old"), 60, NOON);
        assertEquals(0, script(store, "--to", dir.resolve("disk2"), "--compress").exit());
        Path file = new Backups(store, dir.resolve("disk2"), Clock.systemUTC(), null).list().get(0).file();
        Store fresh = Store.at(dir.resolve("new"));
        Script drill = script(fresh, "--restore", file, "--dry-run");
        assertEquals(0, drill.exit(), drill.err());
        assertFalse(Files.exists(fresh.base()));
        assertEquals(0, script(fresh, "--restore", file, "--yes").exit());
        assertEquals(ids(store), ids(fresh));
        BackupTest.assertOwnerOnly(fresh.base());
    }

    @Test
    void writersGoOnWhileItIsRestoredAndLoseNothing() throws Exception {
        Store store = BackupTest.large(dir, 6);
        assertEquals(0, script(store).exit());
        List<Agent> agents = List.of(Agent.writing(store, "one", 40), Agent.writing(store, "two", 40));
        try {
            for (int n = 0; n < 2; n++) {
                Script restored = Script.runProcess(Map.of(), "backup", "--store", store.base(), "--restore", "latest", "--yes");
                assertEquals(0, restored.exit(), restored.err());
            }
        } finally {
            agents.forEach(Agent::close);
        }
        Set<String> found = ids(store);
        for (Agent agent : agents) {
            assertEquals(List.of(), agent.errors());
            assertTrue(found.containsAll(agent.acknowledged()), "an acknowledged run is missing");
        }
        assertEquals("ok", check(store.database()));
    }

    @Test
    void noLogAsLargeAsTheDatabaseIsLeftWhileOthersHaveItOpen() throws Exception {
        Store store = BackupTest.large(dir, 2);
        assertEquals(0, script(store).exit());
        try (Agent holder = Agent.holding(store, "BEGIN")) {
            assertEquals(0, script(store, "--restore", "latest", "--yes").exit());
            assertEquals(0, Files.size(Path.of(store.database() + "-wal")), "still open in " + holder.pid());
        }
    }

    @Test
    void runsWithoutALineAreCountedAndStayInTheCopyToTheLastOne() throws Exception {
        Store store = BackupTest.large(dir, 6);
        assertEquals(0, script(store).exit());
        Agent poster = Agent.posting(store, "poster", 0);
        Agent second = Agent.posting(store, "second", 0);
        Script restored = Script.runProcess(Map.of(), "backup", "--store", store.base(), "--restore", "latest", "--yes");
        poster.close();
        second.close();
        assertEquals(1, restored.exit(), restored.err());
        Set<String> posted = poster.acknowledged();
        posted.addAll(second.acknowledged());
        Set<String> gone = new TreeSet<>(posted);
        gone.removeAll(ids(store));
        assertTrue(restored.err().startsWith("backup: " + gone.size()
                + " runs stood only in the database before and are missing now; they are in " + kept(store, 0)),
                gone.size() + restored.err());
        assertTrue(gone.size() > 0);
        gone.removeAll(ids(kept(store, 0)));
        assertEquals(Set.of(), gone, "what was committed until the last moment is in the copy");
    }

    @Test
    void theEndOfARunIsNeverOverwrittenByItsStartAndWhatWasPrunedStaysAway() throws IOException {
        Store store = Fixture.V3.filled(dir, 6, NOON);
        Instant now = Instant.now();
        Run open = Fixture.V3.run(3, now).with("run_id", "open").with("status", "running").with("end_time", null);
        Run later = Fixture.V3.run(0, now).with("run_id", "later");
        Run pruned = Fixture.V3.run(0, now).with("run_id", "pruned");
        try (Database database = Database.open(store.database()); var log = new EventLog(store)) {
            var writer = new RunWriter(database);
            log.append(DayFile.dayOf(now), open);
            writer.write(open);
            assertEquals(0, script(store).exit());
            Run ended = open.with("status", "success").with("end_time", "2026-11-20T12:00:00Z").with("items_discovered", 77L);
            for (Run run : List.of(ended, later, pruned)) log.append(DayFile.dayOf(now), run);
            log.append(DayFile.dayOf(now), open);
            writer.write(later);
        }
        Pruned.of(store).add(List.of("pruned"), now);
        Script restored = script(store, "--restore", "latest", "--yes");
        assertEquals(0, restored.exit(), restored.err());
        assertTrue(restored.out().contains("day files  1 run added, 1 completed"), restored.out());
        try (Database database = Database.open(store.database())) {
            assertEquals("success 77", database.value("SELECT status || ' ' || items_discovered FROM agent_runs WHERE run_id = 'open'"));
            assertEquals(0, database.number("SELECT count(*) FROM agent_runs WHERE run_id = 'pruned'"));
            assertEquals(1, database.number("SELECT count(*) FROM agent_runs WHERE run_id = 'later'"));
            assertEquals(RunStatus.SUCCESS,
                    new Run(database.one("SELECT * FROM agent_runs WHERE run_id = 'later'").orElseThrow().map()).status());
        }
    }

    @Test
    void linesOlderThanTheBackupAreReplayedTooIfItHasNotTheirRuns() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Instant longAgo = NOON.minus(Duration.ofDays(200));
        try (var log = new EventLog(store)) {
            log.append(DayFile.dayOf(longAgo), Fixture.V3.run(0, longAgo).with("run_id", "the database was locked then"));
            log.append(DayFile.dayOf(NOON), Fixture.V3.run(0, NOON).with("run_id", "the clock was set back since"));
        }
        for (String name : BackupTest.names(store.raw()))
            Files.setLastModifiedTime(store.raw().resolve(name), java.nio.file.attribute.FileTime.from(longAgo));
        assertEquals(0, script(store).exit());
        Script restored = script(store, "--restore", "latest", "--yes");
        assertEquals(0, restored.exit(), restored.err());
        assertTrue(restored.out().contains("day files  2 runs added, 0 completed"), restored.out());
        assertEquals(62, ids(store).size());
    }

    @Test
    void aDrillReportsTheRowsAndTouchesNothing() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, script(store).exit());
        try (Database database = Database.open(store.database())) {
            new RunWriter(database).write(Fixture.V3.run(0, NOON).with("run_id", "posted"));
        }
        Files.createDirectory(dir.resolve(".drill-999999999"));
        Files.writeString(dir.resolve(".drill-999999999/telemetry.sqlite"), "left by a killed one");
        Script first = script(store, "--restore", "latest", "--dry-run");
        assertEquals(1, first.exit());
        assertEquals("backup: 1 run stands only in the database and would be missing in the restored one", first.err().strip());
        assertTrue(first.out().contains("database   60 runs, in a scratch folder that is gone again"), first.out());
        Map<String, Object> before = bytes(dir);
        assertFalse(before.keySet().stream().anyMatch(name -> name.contains("drill")), "also what a killed drill left");
        assertEquals(1, script(store, "--restore", "latest", "--dry-run").exit());
        assertEquals(before, bytes(dir));
        Script asked = script(store, "--restore", "latest");
        assertEquals(64, asked.exit(), "nobody to ask");
        assertEquals(before, bytes(dir));
    }

    @Test
    void whatAProgramLeftThatDiedWhileItWroteIsLeftAloneByADrillAndKeptByARestore() throws IOException {
        Store store = Fixture.V7_PYTHON.filled(dir, 60, NOON);
        assertEquals(0, script(store).exit());
        tear(store);
        byte[] database = Files.readAllBytes(store.database());
        byte[] journal = Files.readAllBytes(Path.of(store.database() + "-journal"));
        Map<String, Object> before = bytes(dir);
        Script drill = script(store, "--restore", "latest", "--dry-run");
        assertEquals(0, drill.exit(), drill.err());
        assertEquals(before, bytes(dir));
        Script restored = script(store, "--restore", "latest", "--yes");
        assertEquals(0, restored.exit(), restored.err());
        assertEquals(60, ids(store).size());
        Path torn = kept(store, 0);
        assertTrue(restored.out().contains("kept       " + torn + ", with the -journal that a program left which died while it wrote"),
                restored.out());
        assertArrayEquals(database, Files.readAllBytes(torn));
        assertArrayEquals(journal, Files.readAllBytes(Path.of(torn + "-journal")));
        try (Database kept = Database.openToRead(kept(store, 1))) {
            assertEquals(0, kept.number("SELECT count(*) FROM agent_runs WHERE host = 'torn'"), "and once more, rolled back");
        }
    }

    /** As a program leaves it that is killed in the middle of a large transaction: some pages written, and a -journal to undo that. */
    static void tear(Store store) throws IOException {
        Path copy = store.database().resolveSibling("copy");
        try (Database database = Database.open(store.database())) {
            database.pragma("cache_size", 1);
            database.execute("BEGIN IMMEDIATE");
            database.update("UPDATE agent_runs SET host = 'torn', output_summary = hex(randomblob(2000))");
            for (String suffix : List.of("", "-journal")) Files.copy(Path.of(store.database() + suffix), Path.of(copy + suffix));
            database.execute("ROLLBACK");
        }
        for (String suffix : List.of("", "-journal"))
            Files.move(Path.of(copy + suffix), Path.of(store.database() + suffix), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void ofTwoRestoresAtOnceNoneTakesAwayWhatTheOtherKeeps() throws Exception {
        for (int n = 0; n < 4; n++) {
            Store store = Fixture.V3.filled(dir.resolve("s" + n), 60, NOON);
            assertEquals(0, script(store).exit());
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
            assertEquals(60, ids(store).size());
            assertEquals("ok", check(store.database()));
            boolean isKept = false;
            for (String folder : BackupTest.names(store.quarantine())) {
                Path kept = store.quarantine().resolve(folder).resolve("telemetry.sqlite");
                isKept |= isGarbage ? Files.readString(kept, java.nio.charset.StandardCharsets.ISO_8859_1).startsWith("garbage")
                        : ids(kept).contains("posted");
            }
            assertTrue(isKept, ended + "" + BackupTest.names(store.quarantine()));
        }
    }

    @Test
    void whileAnotherProcessRestoresOrRecoversNobodyElseDoes() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, script(store).exit());
        Files.writeString(store.database(), "garbage ".repeat(3_000));
        Files.createDirectory(store.quarantine());
        Path lock = store.quarantine().resolve(".lock");
        try (var channel = java.nio.channels.FileChannel.open(lock, java.nio.file.StandardOpenOption.CREATE,
                java.nio.file.StandardOpenOption.WRITE); var held = channel.lock()) {
            for (Object[] command : new Object[][] {{"backup", "--restore", "latest"}, {"recover"}}) {
                Script refused = Script.runProcess(Map.of(), command[0].toString(), java.util.stream.Stream.concat(
                        java.util.Arrays.stream(command).skip(1), java.util.stream.Stream.of("--yes", "--store", store.base())).toArray());
                assertEquals(3, refused.exit(), refused.toString());
                assertTrue(refused.err().contains("another restore, recovery or rebuild is at work there; next: wait for it, "
                        + "then run it again"), refused.err());
                assertTrue(held.isValid());
            }
        }
        assertEquals("garbage ".repeat(3_000), Files.readString(store.database()));
        assertTrue(Files.exists(lock), "as a killed one leaves it");
        assertEquals(1, script(store, "--restore", "latest", "--yes").exit());
        assertFalse(Files.exists(lock));
    }

    /** The second opens the lock's file, a named pipe, and gets no further before the first ends and the third begins. */
    @Test
    void whoOpenedTheLocksFileBeforeItsHolderEndedDoesNotWorkBesideTheNext() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, script(store).exit());
        Files.createDirectory(store.quarantine());
        Path lock = store.quarantine().resolve(".lock");
        Assumptions.assumeTrue(new ProcessBuilder("mkfifo", lock.toString()).start().waitFor() == 0, "no named pipes here");
        Process second = Script.processBuilder(Map.of(), "backup", "--restore", "latest", "--yes", "--store", store.base())
                .redirectErrorStream(true).start();
        Path ended = dir.resolve("ended");
        try {
            while (!stack(second).matches("(?s).*UnixNativeDispatcher.open.*telemetry.Alone.*")) assertTrue(second.isAlive());
            Files.move(lock, ended);
            try (FileChannel third = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock held = third.lock(); var opened = Files.newInputStream(ended)) {
                String said = new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertEquals(3, second.waitFor(), said);
                assertTrue(said.contains("another restore, recovery or rebuild is at work there"), said);
                assertTrue(held.isValid() && Files.exists(lock));
            }
        } finally {
            second.destroyForcibly();
        }
        assertEquals(0, script(store, "--restore", "latest", "--yes").exit(), "what is left locks nobody out");
        assertFalse(Files.exists(lock));
    }

    /** What each of its threads is doing. */
    private static String stack(Process java) throws IOException {
        Path jstack = Path.of(System.getProperty("java.home"), "bin", "jstack");
        Process process = new ProcessBuilder(jstack.toString(), Long.toString(java.pid())).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Both in the same second. */
    private static Script restoreAt(Store store) {
        var script = new backup();
        script.clock = Clock.fixed(NOON, java.time.ZoneOffset.UTC);
        script.patience = Duration.ofSeconds(5);
        return Script.run(script, "--store", store.base(), "--restore", "latest", "--yes");
    }

    @Test
    void whatWasReplacedCanBeBroughtBackWithTheLogThatItHad() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, script(store).exit());
        Agent agent = Agent.posting(store, "killed", 0);
        agent.kill();
        assertEquals(1, script(store, "--restore", "latest", "--yes").exit());
        assertEquals(60, ids(store).size());
        assertTrue(Files.size(Path.of(kept(store, 0) + "-wal")) > 0);
        Script undone = script(store, "--restore", kept(store, 0), "--yes");
        assertEquals(1, undone.exit(), undone.err());
        assertTrue(ids(store).containsAll(agent.acknowledged()), undone.out());
        Script itself = script(store, "--restore", store.database(), "--yes");
        assertEquals(64, itself.exit());
        assertTrue(itself.err().contains("the backup is the database itself"), itself.err());
    }

    @Test
    void aBackupWithoutAManifestIsTakenWhenItIsNamedAndSqliteFindsNothingWrong() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        Set<String> runs = ids(store);
        Path old = store.backups().resolve("telemetry.backup.20261120.sqlite");
        Files.copy(store.database(), old);
        assertEquals(3, script(store, "--restore", "latest", "--yes").exit(), "latest is the newest verified one");
        Script restored = script(store, "--restore", old.getFileName(), "--yes");
        assertEquals(1, restored.exit());
        assertEquals("backup: nothing but SQLite's own check speaks for this backup, which does not prove every value",
                restored.err().strip());
        assertEquals(runs, ids(store));
        assertEquals(1, script(store, "verify", old).exit());
        BackupTest.damage(old);
        assertEquals(2, script(store, "verify", old).exit());
        assertEquals(2, script(store, "--restore", old, "--yes").exit());
        assertEquals(runs, ids(store));
    }

    @Test
    void aFileInPlaceOfTheStoreIsSaidBeforeABackupIsLookedFor() throws IOException {
        Path file = Files.writeString(dir.resolve("file"), "x");
        Script refused = script(Store.at(file), "--restore", "latest", "--yes");
        assertEquals(3, refused.exit());
        assertEquals("backup: cannot use the store " + file + ": it is a file, and a store is a folder (named by --store); next: name the "
                + "store's folder with --store DIR", refused.err().strip());
    }

    @Test
    void tenRestoresThatFailLeaveTheDatabaseAsItWas() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        assertEquals(0, script(store).exit());
        Path good = newest(store);
        Path file = dir.resolve("other.sqlite");

        refused(store, 3, "it does not exist", dir.resolve("missing"));
        refused(store, 2, "it is a directory", Files.createDirectory(dir.resolve("folder")));
        refused(store, 64, "it is a symbolic link, which is not followed", Files.createSymbolicLink(dir.resolve("link"), good));
        refused(store, 2, "the file is empty (0 bytes)", Files.createFile(dir.resolve("empty")));
        refused(store, 2, "it is no SQLite database", Files.writeString(dir.resolve("garbage"), "garbage ".repeat(2_000)));
        try (Database other = Database.create(file)) {
            other.execute("CREATE TABLE cookies(name TEXT)");
        }
        refused(store, 2, "it has no table agent_runs", file);
        refused(store, 2, "its pages have 4096 bytes, the backup's 1024, which cannot change in WAL mode", otherPages());
        try (Agent holder = Agent.holding(store, "BEGIN IMMEDIATE")) {
            refused(store, 3, "it is locked by process " + holder.pid(), good);
        }
        noPermission(store, good);
        noSpace();
    }

    private static void refused(Store store, int exit, String why, Path file) throws IOException {
        Map<String, Object> before = bytes(store.base());
        Script refused = script(store, "--restore", file, "--yes");
        assertEquals(exit, refused.exit(), refused.err());
        assertTrue(refused.err().contains(why), refused.err());
        assertEquals(1, refused.err().lines().count(), refused.err());
        assertEquals("", refused.out());
        assertEquals(withoutLogs(before), withoutLogs(bytes(store.base())), why);
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
        assertEquals(0, script(small).exit());
        return newest(small);
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
            assertEquals(60, ids(store).size());
            assertEquals(Set.of(), BackupTest.names(store.quarantine()), said);
        }
    }

    private void noSpace() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Store elsewhere = BackupTest.large(dir.resolve("big"), 4);
        assertEquals(0, script(elsewhere).exit());
        Assumptions.assumeTrue(Mounts.tmpfs(disk, "6m"), "needs root and mount");
        try {
            Store store = Fixture.V3.filled(disk.resolve("s"), 60, NOON);
            refused(store, 2, "are free; next: jbang archive@telemetry --store " + store.base() + " --dry-run", newest(elsewhere));
            Files.write(disk.resolve("filler"), new byte[(int) Files.getFileStore(disk).getUsableSpace() - 100_000]);
            assertEquals(0, script(store, "--to", dir.resolve("b2")).exit());
            refused(store, 2, "are free; next: jbang archive@telemetry --store " + store.base() + " --dry-run",
                    new Backups(store, dir.resolve("b2"), Clock.systemUTC(), null).list().get(0).file());
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void aCopyThatFailsSaysWhyAndRollsBack() throws Exception {
        Store big = BackupTest.large(dir.resolve("big"), 4);
        assertEquals(0, script(big).exit());
        Path file = newest(big);
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        try (Agent holder = Agent.holding(store, "BEGIN IMMEDIATE")) {
            assertEquals(StoreException.Reason.LOCKED, copy(file, store.database()), "result code 5, held by " + holder.pid());
        }
        assertEquals(60, ids(store).size());
        assertEquals(StoreException.Reason.DENIED, copy(otherPages(), store.database()), "result code 8");
        assertEquals(60, ids(store).size());
        Path garbage = Files.writeString(dir.resolve("garbage"), "garbage ".repeat(3_000));
        assertEquals(StoreException.Reason.DAMAGED, copy(file, garbage), "result code 26");
        assertEquals("garbage ".repeat(3_000), Files.readString(garbage));
        assertEquals(null, copy(file, store.database()));
        assertEquals(ids(big), ids(store));

        Path disk = Files.createDirectory(dir.resolve("disk"));
        Assumptions.assumeTrue(Mounts.tmpfs(disk, "3m"), "needs root and mount");
        try {
            Store full = Fixture.V3.filled(disk.resolve("s"), 60, NOON);
            assertEquals(StoreException.Reason.FULL, copy(file, full.database()), "result code 13");
            assertEquals(60, ids(full).size());
            assertEquals("ok", check(full.database()));
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
    void aLinkInTheDatabasesPlaceIsNotFollowed() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        assertEquals(0, script(store).exit());
        Path real = Files.move(store.database(), dir.resolve("elsewhere.sqlite"));
        Files.createSymbolicLink(store.database(), real);
        byte[] before = Files.readAllBytes(real);
        Script refused = script(store, "--restore", "latest", "--yes");
        assertEquals(64, refused.exit());
        assertTrue(refused.err()
                .contains("it is a symbolic link, which is not followed; next: name the file itself with TELEMETRY_DB_PATH"),
                refused.err());
        assertArrayEquals(before, Files.readAllBytes(real));
    }

    @Test
    void whatSomebodyHasOpenIsNotMovedAway() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        assertEquals(0, script(store).exit());
        Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "who has a file open is known on Linux only");
        try (Agent holder = Agent.holding(store, "BEGIN")) {
            Files.writeString(store.database(), "garbage ".repeat(3_000));
            Script refused = script(store, "--restore", "latest", "--yes");
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
        Store store = BackupTest.large(dir.resolve("s"), megabytes);
        assertEquals(0, script(store).exit());
        Set<String> backedUp = ids(store);
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
                assertEquals(0, script(store, "--restore", "latest", "--yes").exit() & ~1, "the next call");
            } else if (Files.notExists(store.database())) {
                throw new AssertionError("the database is gone");
            }
            assertEquals("ok", check(store.database()));
            Set<String> found = ids(store);
            assertTrue(found.containsAll(backedUp), "half a database");
            assertEquals(Set.of(), BackupTest.names(store.backups()).stream().filter(name -> name.contains(".tmp"))
                    .collect(java.util.stream.Collectors.toSet()));
        }
        Script last = script(store, "--restore", "latest", "--yes");
        assertEquals(0, last.exit(), last.err());
        assertEquals(all, ids(store));
        assertEquals(Set.of("telemetry.sqlite"), BackupTest.names(store.database().getParent()));
        for (String folder : BackupTest.names(store.quarantine()))
            assertTrue(BackupTest.names(store.quarantine().resolve(folder)).stream().noneMatch(name -> name.contains(".tmp")),
                    "unfinished copies are gone");
    }

    /** The system clock: what comes after a backup is told by the times of files. */
    private static Script script(Store store, Object... args) {
        var script = new backup();
        script.patience = Duration.ofMillis(400);
        List<Object> all = new ArrayList<>(List.of("--store", store.base()));
        all.addAll(List.of(args));
        return Script.run(script, all.toArray());
    }

    private static Path newest(Store store) {
        return Backups.newestVerified(store).map(Backup::file).orElseThrow();
    }

    /** The n-th copy that was kept. */
    private static Path kept(Store store, int n) throws IOException {
        return store.quarantine().resolve(new ArrayList<>(BackupTest.names(store.quarantine())).get(n)).resolve("telemetry.sqlite");
    }

    private static String check(Path database) {
        try (Database live = Database.openToRead(database)) {
            return live.pragma("integrity_check");
        }
    }

    private static String contents(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            var all = new StringBuilder(database.pragma("journal_mode"));
            for (Row table : database.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").list())
                all.append(table.text("name")).append(database.query("SELECT * FROM \"" + table.text("name") + "\" ORDER BY 1").list());
            return all.toString();
        }
    }

    private static Set<String> ids(Store store) {
        return ids(store.database());
    }

    private static Set<String> ids(Path database) {
        try (Database open = Database.openToRead(database)) {
            return ids(open);
        }
    }

    static Set<String> ids(Database database) {
        Set<String> ids = new TreeSet<>();
        for (Row row : database.query("SELECT run_id FROM agent_runs")) ids.add(row.text("run_id"));
        return ids;
    }

    private static Map<String, Object> bytes(Path folder) throws IOException {
        Map<String, Object> tree = new TreeMap<>();
        try (var all = Files.walk(folder)) {
            for (Path path : all.toList())
                tree.put(folder.relativize(path).toString(), Files.isRegularFile(path)
                        ? java.util.Arrays.hashCode(Files.readAllBytes(path)) : "");
        }
        return tree;
    }
}
