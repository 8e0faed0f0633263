import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Mounts;
import telemetry.kit.Owners;
import telemetry.kit.Paused;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** A new database takes the old one's place, and the process is killed at a step of it. The next command knows. */
class ExchangeTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final Set<String> STEPS = Set.of("link", "delete", "move", "publish", "copy", "syncFolder", "create", "closedFolder");
    private static final Set<String> EXCHANGE = Set.of("telemetry.store.Exchange", "telemetry.store.ExchangeMark");

    /** Runs that no day file has: five in the database's file, five in its -wal alone. */
    private static final int POSTED = 10;

    @TempDir
    Path dir;

    private Set<String> all;

    /** Damaged, and with a -wal as a killed writer leaves it. */
    private Store damaged(String name) throws IOException {
        Store store = Fixture.V3.filled(dir.resolve(name), 60, NOON);
        insert(store, 0, POSTED / 2);
        Sabotage.overwriteRoot(store, "idx_events_run");
        List<Path> files = List.of(store.database(), log(store));
        try (Database database = Database.open(store.database())) {
            insert(database, POSTED / 2, POSTED);
            for (Path file : files) Files.copy(file, dir.resolve(name + file.getFileName()));
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
            Files.move(dir.resolve(name + file.getFileName()), file);
        }
        all = new TreeSet<>();
        try (Database database = Database.openToRead(store.database())) {
            database.query("SELECT run_id FROM agent_runs").forEach(row -> all.add(row.text("run_id")));
        }
        assertEquals(60 + POSTED, all.size());
        Files.deleteIfExists(Path.of(store.database() + "-shm"));
        return store;
    }

    private static void insert(Store store, int from, int to) {
        try (Database database = Database.open(store.database())) {
            insert(database, from, to);
        }
    }

    private static void insert(Database database, int from, int to) {
        for (int n = from; n < to; n++) database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, end_time, status) VALUES "
                + "(?, 'web', '2026-11-20T13:00:00Z', '2026-11-20T13:00:01Z', 'success')", "posted-" + n);
    }

    private static Path log(Store store) {
        return Path.of(store.database() + "-wal");
    }

    private static Path mark(Store store) {
        return Path.of(store.database() + ".unfinished");
    }

    private static Path only(Path folder) throws IOException {
        List<String> names = Folder.names(folder).stream().filter(name -> !name.startsWith(".")).toList();
        assertEquals(1, names.size(), names.toString());
        return folder.resolve(names.get(0));
    }

    /** @return the step; null when it came to its end before */
    private static String kill(Store store, int n, Set<String> steps, String script, Object... args) throws Exception {
        Object[] all = Stream.concat(Arrays.stream(args), Stream.of("--store", store.base())).toArray();
        try (var process = new Paused(script, all)) {
            String step = process.beforeStep(n, steps, EXCHANGE);
            process.kill();
            return step;
        }
    }

    private static Script run(Store store, Callable<Integer> script, Object... args) {
        return Script.on(store, script, args);
    }

    private void isWhole(Store store, String where) throws IOException {
        assertEquals(all, new TreeSet<>(RestoreTest.ids(store)), where);
        assertEquals("ok", RestoreTest.check(store.database()), where);
        assertEquals(List.of("telemetry.sqlite"), Folder.names(store.database().getParent()), where);
        assertEquals(List.of(), unfinished(store), where);
    }

    private static List<Path> unfinished(Store store) throws IOException {
        try (Stream<Path> files = Files.walk(store.base())) {
            return files.filter(file -> file.getFileName().toString().matches(".*(\\.tmp.*|\\.unfinished|\\.lock)")).toList();
        }
    }

    /** An old log never stands beside the new file, and leaves the old one only where the mark says so. */
    private static void logsAreWithTheirDatabase(Store store, byte[] old, String where) throws IOException {
        boolean isOld = Arrays.equals(old, Files.readAllBytes(store.database()));
        if (!isOld) assertFalse(Files.exists(log(store)), where);
        else assertTrue(Files.exists(log(store)) || Files.exists(mark(store)), where);
    }

    @Test
    void aRebuildKilledBeforeAStepIsUndoneOrKnownByTheNextCommand() throws Exception {
        killed(2, 3);
    }

    @Test
    @Tag("torture")
    void aRebuildKilledBeforeAnyStepIsUndoneOrKnownByTheNextCommand() throws Exception {
        killed(1, 1);
    }

    private void killed(int first, int by) throws Exception {
        Store whole = damaged("whole");
        byte[] old = Files.readAllBytes(whole.database());
        int undone = 0;
        int known = 0;
        for (int n = first; ; n += by) {
            Store store = Store.at(Fixture.copy(whole.base(), dir.resolve("k" + n)));
            String step = kill(store, n, STEPS, "rebuild", "--yes");
            if (step == null) break;
            logsAreWithTheirDatabase(store, old, step);
            boolean isMarked = Files.exists(mark(store));
            Script looked = run(store, new health(), "--quick");
            assertTrue(looked.exit() > 0, step + looked);
            boolean isSaid = looked.said().contains("exchange the rebuild begun at");
            assertTrue(isMarked || !isSaid, step + looked);
            assertTrue(isSaid || Files.exists(log(store)) || !isMarked, step + looked);
            Script next = run(store, new query(), "agents");
            boolean isNew = Files.exists(mark(store));
            undone += next.err().contains("the former one is as it was") ? 1 : 0;
            known += isNew ? 1 : 0;
            assertEquals(isNew, next.exit() == 1 && next.err().contains("may have runs that the store lacks" + System.lineSeparator()
                    + "next: jbang recover@telemetry --dry-run"), step + next);
            if (!isNew) logsAreWithTheirDatabase(store, old, step + next);
            Script again = run(store, new rebuild(), "--yes");
            assertTrue(again.exit() <= 1, step + again);
            if (isNew) assertTrue(again.err().contains("was cut short; "), step + again);
            isWhole(store, step + again);
            assertEquals(0, run(store, new rebuild(), "--yes").exit(), step);
        }
        assertTrue(undone > 1 && known > 0, undone + " undone, " + known + " known");
    }

    @Test
    void aRestoreKilledAfterTheNewDatabaseHadItsPlaceSaysTheNextTimeWhatNobodyHasCompared() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        all = new TreeSet<>(RestoreTest.ids(store));
        assertEquals(0, run(store, new backup()).exit());
        Files.writeString(store.database(), "garbage ".repeat(3_000));
        assertEquals("Inside.move 2", kill(store, 2, Set.of("move"), "backup", "--restore", "latest", "--yes"));
        assertEquals(24_000, Files.size(store.database()), "the old one has its name to the last moment");
        Script looked = run(store, new health());
        assertEquals(2, looked.exit());
        assertTrue(looked.said().contains("exchange the restore begun at")
                && looked.said().contains("was cut short before the new database"), looked.toString());
        assertEquals("Inside.delete 6", kill(store, 6, Set.of("delete"), "backup", "--restore", "latest", "--yes"));
        Path kept = only(store.quarantine()).resolve("telemetry.sqlite");
        assertEquals(24_000, Files.size(kept));
        assertEquals(60, RestoreTest.ids(store).size());
        for (Callable<Integer> any : List.<Callable<Integer>>of(new locks(), new query())) {
            Script next = run(store, any, any instanceof query ? new Object[] {"agents"} : new Object[0]);
            assertEquals(1, next.exit(), next.toString());
            assertTrue(next.said().contains("may have runs that the store lacks"), next.toString());
        }
        Script again = run(store, new backup(), "--restore", "latest", "--yes");
        assertEquals(1, again.exit(), again.toString());
        assertTrue(again.err().contains("was cut short; of " + kept.getParent() + ": telemetry.sqlite: ")
                && again.err().contains("recover@telemetry --salvage " + kept + " --dry-run"), again.err());
        assertEquals(0, run(store, new backup(), "--restore", "latest", "--yes").exit(), "it has been said");
        isWhole(store, "at last");
    }

    @Test
    void aRestoreKilledAfterItOverwroteTheDatabaseSaysWhatOnlyThatOneHad() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, run(store, new backup()).exit());
        insert(store, 0, 3);
        try (var process = new Paused("backup", "--restore", "latest", "--yes", "--store", dir)) {
            process.before("telemetry.rebuild.Replay", "apply", "telemetry.restore.Restore");
            process.kill();
        }
        Script next = run(store, new backup(), "--restore", "latest", "--yes");
        assertEquals(1, next.exit(), next.toString());
        assertTrue(next.err().contains("3 of 63 rows not in the store"), next.err());
        assertEquals(0, run(store, new backup(), "--restore", "latest", "--yes").exit());
    }

    @Test
    void aRecoveryGoesOnWithWhatAKilledRebuildHasSetAside() throws Exception {
        Store store = damaged("s");
        assertNotNull(kill(store, 14, STEPS, "rebuild", "--yes"));
        assertTrue(Files.exists(mark(store)), Folder.names(store.database().getParent()).toString());
        Script recovered = run(store, new recover(), "--yes");
        assertTrue(recovered.exit() <= 1, recovered.toString());
        isWhole(store, recovered.toString());
        assertEquals(0, run(store, new recover()).exit());
    }

    @Test
    void aRecoveryKilledAfterTheExchangeIsKnownToEveryCommandAndGoesOn() throws Exception {
        Store store = damaged("s");
        try (var process = new Paused("recover", "--yes", "--store", store.base())) {
            process.before("telemetry.recover.GapFill", "<init>", "telemetry.recover.RecoveryRun");
            process.kill();
        }
        assertTrue(Files.exists(mark(store)), Folder.names(store.database().getParent()).toString());
        Script other = run(store, new query(), "agents");
        assertEquals(1, other.exit(), other.toString());
        Script rebuilt = run(store, new rebuild(), "--dry-run");
        assertTrue(rebuilt.err().contains("may have runs that the store lacks"), rebuilt.err());
        Script recovered = run(store, new recover(), "--yes");
        assertTrue(recovered.exit() <= 1, recovered.toString());
        isWhole(store, recovered.toString());
    }

    /** As where an agent wrote to the old database when its rows had been taken over. */
    @Test
    void everyCommandSaysThatARunIsMissingUntilARecoveryHasBroughtIt() throws Exception {
        Store store = Fixture.V3.filled(dir, 20, NOON);
        Path kept = Files.createDirectories(store.quarantine().resolve("rebuild-20251210_110000")).resolve("telemetry.sqlite");
        insert(store, 0, 1);
        Files.copy(store.database(), kept);
        Sql.execute(store, "DELETE FROM agent_runs WHERE run_id NOT IN (SELECT run_id FROM agent_runs ORDER BY rowid LIMIT 20)");
        boolean isNumbered = store.database().getFileSystem().supportedFileAttributeViews().contains("unix");
        Files.writeString(mark(store), "rebuild-20251210_110000 " + (isNumbered ? Files.getAttribute(store.database(), "unix:ino") : "0")
                + " 4096@1\n");
        for (Script said : List.of(run(store, new query(), "agents"), run(store, new rebuild(), "--yes"), run(store, new query(), "agents"))) {
            assertEquals(1, said.exit(), said.toString());
            assertTrue(said.err().contains("the rebuild begun at 2025-12-10 11:00:00 was cut short"), said.err());
        }
        Script recovered = run(store, new recover(), "--yes");
        assertTrue(recovered.exit() <= 1, recovered.toString());
        assertEquals(21, RestoreTest.ids(store).size());
        assertEquals(0, run(store, new query(), "agents").exit());
        assertFalse(Files.exists(mark(store)));
    }

    /** There is no second name across disks: what is set aside is copied. */
    @Test
    void onAnotherDiskTheQuarantineGetsACopyAndAKillIsUndoneAllTheSame() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "20m"), "needs the right to mount a small file system");
        try {
            Store whole = damaged("whole");
            byte[] old = Files.readAllBytes(whole.database());
            for (int n = 1; ; n++) {
                Store store = Store.at(Fixture.copy(whole.base(), dir.resolve("k" + n)));
                Files.createSymbolicLink(store.quarantine(), Files.createDirectory(disk.resolve("q" + n)));
                String step = kill(store, n, Set.of("copy", "delete", "move"), "rebuild", "--yes");
                if (step == null) break;
                logsAreWithTheirDatabase(store, old, step);
                run(store, new query(), "agents");
                if (!Files.exists(mark(store))) {
                    assertTrue(Arrays.equals(old, Files.readAllBytes(store.database())) && Files.exists(log(store)), step);
                    assertFalse(Files.exists(store.quarantine().resolve("telemetry.sqlite")), step);
                }
                Script again = run(store, new rebuild(), "--yes");
                assertTrue(again.exit() <= 1, step + again);
                isWhole(store, step + again);
            }
        } finally {
            Mounts.unmount(disk);
        }
    }

    /** The kill leaves it with two names, and it is not its folder's owner's: as what a hostile account plants. */
    @Test
    void theSecondNameThatAKillLeavesIsNoPlantedOne() throws Exception {
        Owners.requireRoot();
        Store store = damaged("s");
        Owners.give(store.base());
        for (Path file : List.of(store.database(), log(store))) Files.setAttribute(file, "unix:uid", 0);
        for (int n = 1; Files.notExists(store.quarantine()) || (int) Files.getAttribute(store.database(), "unix:nlink") < 2; n++)
            assertNotNull(kill(store, n, STEPS, "rebuild", "--yes"));
        Script next = run(store, new query(), "agents");
        assertEquals(0, next.exit(), next.toString());
        assertTrue(next.err().contains("the former one is as it was"), next.err());
        Script again = run(store, new rebuild(), "--yes");
        assertTrue(again.exit() <= 1, again.toString());
        isWhole(store, again.toString());
        assertEquals(0, Files.getAttribute(store.database(), "unix:uid"), "as the one that it replaced");
    }

    /** Rows that come into the old file without its log are the agents': the log that is set aside must not go over them. */
    @Test
    void whatAgentsWroteIntoTheOldDatabaseAfterAKillStays() throws Exception {
        Store store = damaged("s");
        assertEquals("Inside.move 2", kill(store, 2, Set.of("move"), "rebuild", "--yes"));
        assertFalse(Files.exists(log(store)));
        try (Database agent = Database.open(store.database())) {
            agent.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('meanwhile', 'web', '2026', 'success')");
        }
        Script next = run(store, new rebuild(), "--yes");
        assertEquals(1, next.exit(), next.toString());
        Path kept = Path.of(next.err().replaceAll("(?s).*--salvage (\\S+-wal) --dry-run.*", "$1"));
        assertTrue(Files.exists(kept), next.err());
        Script salvaged = run(store, new recover(), "--salvage", kept, "--yes");
        assertTrue(salvaged.exit() <= 1, salvaged.toString());
        all.add("meanwhile");
        isWhole(store, salvaged.toString());
    }

    @Test
    void whoMayNotWriteThereSaysWhatWasCutShort() throws Exception {
        Path there = dir.resolve("ro");
        Store store = damaged("s");
        assertEquals("Inside.move 2", kill(store, 2, Set.of("move"), "rebuild", "--yes"));
        assumeTrue(Mounts.bindReadOnly(store.base(), there), "needs the right to mount");
        try {
            Script looked = run(Store.at(there), new health(), "--quick");
            assertEquals(2, looked.exit());
            assertTrue(looked.said().contains("exchange the rebuild begun at")
                    && looked.said().contains("recover@telemetry --dry-run --store " + there), looked.toString());
            Script queried = run(Store.at(there), new query(), "agents");
            assertEquals(1, queried.exit(), queried.toString());
            assertTrue(queried.err().contains("was cut short before the new database had its place") && queried.err().contains("read-only"),
                    queried.err());
            assertTrue(run(Store.at(there), new backup(), "--to", dir.resolve("b")).exit() > 0);
        } finally {
            Mounts.unmount(there);
        }
        run(store, new recover(), "--yes");
        isWhole(store, "at last");
    }

    @Test
    void anyCommandRemovesTheUnfinishedFilesOfAKilledOne() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        for (String suffix : List.of("", "-journal"))
            Files.writeString(Path.of(store.database() + "." + dead.pid() + "-17.tmp" + suffix), "unfinished");
        Path other = Files.writeString(store.database().resolveSibling("other.sqlite." + dead.pid() + "-17.tmp"), "of somebody else");
        assertEquals(0, run(store, new query(), "agents").exit());
        assertEquals(List.of("other.sqlite." + dead.pid() + "-17.tmp", "telemetry.sqlite"), Folder.names(store.database().getParent()));
        Files.delete(other);
    }

    /** The mark stands in the agents' folder. */
    @Test
    void aMarkThatSomebodyPlantsLeadsNowhere() throws Exception {
        Path victim = Files.createDirectories(dir.resolve("victim/rebuild-20261120_120000")).resolve("telemetry.sqlite-wal");
        Files.writeString(victim, "not the store's");
        for (String planted : List.of("../../victim/rebuild-20261120_120000 1 -\n", victim.getParent() + " 1 -\n",
                "rebuild-20261120_120000/../../../victim/rebuild-20261120_120000 1 -\n", "x".repeat(1 << 20), "\0\0\0\0", "",
                "rebuild-20261120_120000 1 -\n", "rebuild-20261399_999999 99999999999999999999 99999999999999999999@-9\n")) {
            Store store = Fixture.V3.filled(dir.resolve("s" + planted.hashCode()), 60, NOON);
            all = new TreeSet<>(RestoreTest.ids(store));
            Files.writeString(mark(store), planted);
            Script next = run(store, new query(), "agents");
            assertEquals(0, next.exit(), next.toString());
            isWhole(store, planted);
        }
        assertEquals("not the store's", Files.readString(victim));
    }

    @Test
    void whatHasTheMarksNameAndIsNoFileStopsNothing() throws Exception {
        for (String kind : List.of("fifo", "link", "dangling", "folder")) {
            Store store = Fixture.V3.filled(dir.resolve(kind), 60, NOON);
            all = new TreeSet<>(RestoreTest.ids(store));
            Path target = dir.resolve("target-" + kind);
            if (kind.equals("fifo")) assumeTrue(new ProcessBuilder("mkfifo", mark(store).toString()).start().waitFor() == 0);
            else if (kind.equals("folder")) Files.createFile(Files.createDirectory(mark(store)).resolve("in it"));
            else Files.createSymbolicLink(mark(store), kind.equals("link") ? Files.writeString(target, "root's") : target);
            Script next = run(store, new rebuild(), "--yes");
            assertTrue(next.exit() <= 1, next.toString());
            isWhole(store, next.toString());
            assertEquals(kind.equals("link"), Files.exists(target, LinkOption.NOFOLLOW_LINKS));
            if (kind.equals("link")) assertEquals("root's", Files.readString(target));
        }
    }
}
