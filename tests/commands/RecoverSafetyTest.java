import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.os.Machine;

/** Recoveries that only look, are refused, run out of room or are killed: nothing is lost, and the next call goes on. */
class RecoverSafetyTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String MARK = "[salvaged from a damaged database]";

    @TempDir
    Path dir;

    @Test
    void aDryRunChangesNothing() throws Exception {
        for (String damage : List.of("none", "page", "garbage", "deleted", "killed")) {
            Store store = Fixture.V3.filled(dir.resolve(damage), 60, NOON);
            assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            if (damage.equals("killed")) {
                Agent agent = Agent.writing(store, "killed", 0);
                agent.kill();
            } else if (!damage.equals("none")) Sabotage.damage(store, damage);
            Map<String, ByteBuffer> before = tree(store);
            Script dry = RecoverTest.script(store, "--dry-run");
            boolean isWell = dry.out().contains("nothing to recover");
            assertEquals(isWell ? 0 : 1, dry.exit(), dry.out() + dry.err());
            if (!damage.equals("killed"))
                assertEquals(damage.equals("none"), isWell, "a killed writer may have written a line whose row it did not write");
            assertEquals(before.keySet(), tree(store).keySet(), damage);
            assertEquals(before, tree(store), damage);
            assertEquals(!damage.equals("none") && !damage.equals("killed"), dry.out().contains("would restore telemetry_backup_"),
                    damage + dry.out());
        }
    }

    @Test
    void whatAProgramLeftThatDiedWhileItWroteIsRolledBackAndNotCalledIntact() throws IOException {
        for (boolean isGarbage : new boolean[] {false, true}) {
            Store store = Fixture.V7_PYTHON.filled(dir.resolve("garbage-" + isGarbage), 60, NOON);
            assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            Set<String> runs = RecoverTest.ids(store);
            Sabotage.tear(store);
            if (isGarbage) Files.writeString(store.database(), "garbage ".repeat(3_000));
            Map<String, ByteBuffer> before = tree(store);
            Script dry = RecoverTest.script(store, "--dry-run");
            assertEquals(1, dry.exit(), dry.out());
            assertTrue(dry.out().contains("would roll back what a program that died has left, and look again"), dry.out());
            assertEquals(before, tree(store));
            Script recovered = RecoverTest.script(store, "--yes");
            assertTrue(recovered.exit() <= 1, recovered.out() + recovered.err());
            assertEquals(runs, RecoverTest.ids(store, "host IS NOT 'torn'"), recovered.out());
            assertEquals("ok", RecoverTest.integrity(store));
            assertEquals(0, RecoverTest.script(store).exit());
        }
    }

    @Test
    void withoutPermissionItSaysHowFarItCameAndGoesOnLater() throws Exception {
        Assumptions.assumeTrue(Files.getFileStore(dir).supportsFileAttributeView("posix"), "no permissions here");
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        Set<String> runs = RecoverTest.ids(store);
        Sabotage.damage(store, "garbage");
        byte[] garbage = Files.readAllBytes(store.database());
        Path newest = telemetry.backup.Backups.newestVerified(store).orElseThrow().file();
        Path day;
        try (Stream<Path> days = Files.list(store.raw())) {
            day = days.findFirst().orElseThrow();
        }
        for (Path locked : new Path[] {newest, store.database().getParent(), day}) {
            var permissions = Files.getPosixFilePermissions(locked);
            Files.setPosixFilePermissions(locked,
                    java.nio.file.attribute.PosixFilePermissions.fromString(Files.isDirectory(locked) ? "r-x------" : "---------"));
            Script refused = Script.runWithoutRights("recover", "--store", store.base(), "--yes");
            Files.setPosixFilePermissions(locked, permissions);
            assertEquals(3, refused.exit(), locked + refused.out());
            assertTrue(refused.out().contains("permission denied"), refused.out());
            if (locked.equals(day)) assertTrue(refused.out().contains("60 runs are in place, but: cannot read " + day), refused.out());
            else assertTrue(Arrays.equals(garbage, Files.readAllBytes(store.database())), refused.out());
        }
        assertTrue(RecoverTest.script(store, "--yes").exit() <= 1);
        assertEquals(runs, RecoverTest.ids(store));
        assertFalse(Files.exists(RecoverTest.unfinished(store)));
    }

    @Test
    void onADiskThatTheKernelMadeReadOnlyItLooksAndDrills() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Assumptions.assumeTrue(Mounts.tmpfs(disk, "6m"), "needs root and mount");
        try {
            Store store = Fixture.V3.filled(disk.resolve("s"), 60, NOON);
            assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            Assumptions.assumeTrue(Mounts.makeReadOnly(disk), "cannot be made read-only");
            Script dry = RecoverTest.script(store, "--dry-run");
            assertEquals(2, dry.exit(), "agents cannot write: " + dry);
            assertTrue(dry.out().contains("60 runs, none missing in the database"), dry.out());
            assertTrue(dry.out().strip().endsWith("; what else has failed, this does not mend"), dry.out());
            Script drill = Script.run(new backup(), "--store", store.base(), "--restore", "latest", "--dry-run");
            assertEquals(0, drill.exit(), drill.toString());
            Script refused = Script.run(new backup(), "--store", store.base(), "--restore", "latest", "--yes");
            assertEquals(3, refused.exit(), refused.toString());
            assertTrue(refused.err().contains("the file system is read-only"), refused.err());
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void onAFullDiskEverythingStaysAsItWasAndWithRoomItGoesOn() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Assumptions.assumeTrue(Mounts.tmpfs(disk, "6m"), "needs root and mount");
        try {
            for (String damage : List.of("page", "garbage", "deleted")) {
                Store store = Fixture.V3.filled(disk.resolve(damage), 60, NOON);
                Set<String> runs = RecoverTest.ids(store);
                if (!damage.equals("deleted")) assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
                Sabotage.damage(store, damage);
                Map<String, ByteBuffer> before = tree(store);
                Path filler = Files.write(disk.resolve("filler"), new byte[(int) Files.getFileStore(disk).getUsableSpace() - 50_000]);
                Script full = RecoverTest.script(store, "--yes");
                assertEquals(2, full.exit(), full.out() + full.err());
                assertTrue(full.err().contains("archive@telemetry"), full.err());
                Map<String, ByteBuffer> after = tree(store);
                after.keySet().removeIf(name -> name.startsWith("quarantine") || name.equals("db"));
                before.keySet().removeIf(name -> name.equals("db"));
                assertEquals(before, after, damage);
                Files.delete(filler);
                assertTrue(RecoverTest.script(store, "--yes").exit() <= 1, damage);
                assertEquals(runs, RecoverTest.ids(store), damage);
                assertFalse(Files.exists(RecoverTest.unfinished(store)), damage);
            }
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void withoutATerminalItAsksForYesAndChangesNothing() throws IOException {
        Assumptions.assumeTrue(System.console() == null || !Machine.isWindows());
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Sabotage.damage(store, "page");
        Map<String, ByteBuffer> before = tree(store);
        Script asked = RecoverTest.script(store);
        assertEquals(64, asked.exit(), asked.err());
        assertTrue(asked.err().contains("add --yes"), asked.err());
        assertEquals(before, tree(store));
    }

    @Test
    void exitsTwoWhenNothingIsLeftAndThreeWhenThereIsNoStoreOrItIsLocked() throws Exception {
        Script none = RecoverTest.script(Store.at(dir.resolve("nowhere")), "--yes");
        assertEquals(3, none.exit(), none.err());
        Store bare = Fixture.V3.empty(dir.resolve("bare"));
        Sabotage.damage(bare, "garbage");
        Map<String, ByteBuffer> before = tree(bare);
        Script nothing = RecoverTest.script(bare, "--yes");
        assertEquals(2, nothing.exit(), nothing.out() + nothing.err());
        assertTrue(nothing.err().contains("no database that can be read, no backup and no day file"), nothing.err());
        assertEquals(before, tree(bare));

        Store locked = Fixture.V7_PYTHON.filled(dir.resolve("locked"), 60, NOON);
        try (Agent agent = Agent.holding(locked, "BEGIN EXCLUSIVE")) {
            Script held = RecoverTest.script(locked, "--yes", "--wait", "1s");
            assertEquals(3, held.exit(), held.out() + held.err());
            assertTrue(held.err().contains("locked" + (Need.OPENERS.isMet() ? " by process " + agent.pid() : "")), held.err());
        }
        assertEquals(60, RecoverTest.ids(locked).size());
    }

    @Test
    void whoHasADamagedDatabaseOpenIsNamedAndNothingIsReplacedUnderIt() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "only Linux tells who has it open");
        try (Agent agent = Agent.holding(store, "BEGIN")) {
            Sabotage.damage(store, "page");
            Script held = RecoverTest.script(store, "--yes", "--wait", "1s");
            assertEquals(3, held.exit(), held.out() + held.err());
            assertTrue(held.err().contains("process " + agent.pid()), held.err());
        }
        assertTrue(RecoverTest.script(store, "--yes").exit() <= 1);
        assertEquals(60, RecoverTest.ids(store).size());
    }

    @Test
    void oneThatWasKilledWhileTheDamagedDatabaseWasAsideGoesOn() throws IOException {
        Store store = Fixture.V7_SERVICE.filled(dir, 60, NOON);
        RecoverTest.post(store, 200);
        Set<String> all = RecoverTest.ids(store);
        all.removeAll(Sabotage.overwriteLeafWith(store,
                RecoverTest.ids(store, "agent_name = 'posted'").stream().skip(100).findFirst().orElseThrow()));
        Path aside = Files.createDirectories(store.quarantine().resolve("rebuild-20261120_120000"));
        Files.createFile(store.quarantine().resolve("recover-20261120_120000.unfinished"));
        Files.move(store.database(), aside.resolve("telemetry.sqlite"));
        Script recovered = RecoverTest.script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.out() + recovered.err());
        assertTrue(RecoverTest.ids(store).containsAll(all), recovered.out());
        assertTrue(RecoverTest.columns(store).contains("context_json"), "of the same schema");
        assertFalse(Files.exists(RecoverTest.unfinished(store)));
    }

    @Test
    void killedAtAnyMomentTheNextCallConverges() throws Exception {
        kill(5, 200);
    }

    @Test
    @Tag("torture")
    void killedAtFiftyMomentsTheNextCallConverges() throws Exception {
        kill(50, 2_000);
    }

    private void kill(int times, int rows) throws Exception {
        var random = new Random(7);
        for (int n = 0; n < times; n++) {
            Path base = dir.resolve("kill-" + n);
            Store store = Fixture.V3.filled(base, 100, NOON);
            if (n % 2 == 0) assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            Set<String> expected = RecoverTest.ids(store);
            Set<String> posted = RecoverTest.post(store, rows);
            Set<String> destroyed = Sabotage.overwriteLeafWith(store, posted.stream().skip(rows / 2).findFirst().orElseThrow());
            destroyed.removeAll(expected);
            expected.addAll(posted);
            expected.removeAll(destroyed);
            Process process = Script.processBuilder(Map.of(), "recover", "--yes", "--store", base)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            process.waitFor(300 + random.nextInt(1_500), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            Script recovered = RecoverTest.script(store, "--yes");
            assertTrue(recovered.exit() <= 1, n + ": " + recovered.out() + recovered.err());
            assertEquals(expected, RecoverTest.ids(store), n + ": " + recovered.out());
            assertEquals(RecoverTest.beside(posted, destroyed).size(), RecoverTest.ids(store, "error_summary LIKE '%" + MARK + "'").size(),
                    n + ": " + recovered.out());
            assertEquals("ok", RecoverTest.integrity(store));
            Script again = RecoverTest.script(store);
            assertEquals(0, again.exit(), n + ": " + again.out() + again.err());
            assertFalse(Files.exists(RecoverTest.unfinished(store)));
        }
    }

    /** All but the -shm, which SQLite makes anew whenever somebody looks. */
    private static Map<String, ByteBuffer> tree(Store store) throws IOException {
        Map<String, ByteBuffer> tree = new TreeMap<>();
        try (Stream<Path> files = Files.walk(store.base())) {
            for (Path file : files.toList()) tree.put(store.base().relativize(file).toString(), Files.isRegularFile(file)
                    && !file.toString().endsWith("-shm") ? ByteBuffer.wrap(Files.readAllBytes(file)) : ByteBuffer.allocate(0));
        }
        return tree;
    }
}
