import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Mounts;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.os.ScratchFolder;

/** A store on a mount where nobody may write, while its file system as a whole may be written to. */
class ReadOnlyTest {
    private static final int RUNS = 30;

    @TempDir
    Path dir;

    private Store store;
    private Path mounted;

    @BeforeEach
    void make() throws IOException {
        mounted = dir.resolve("a mount");
        store = Fixture.V3.filled(dir.resolve("store"), RUNS, Instant.now().minus(Duration.ofDays(2)));
        DayLines.rest(store, Instant.now());
        assertEquals(0, Script.run(new archive(), "--older-than", "3d", "--yes", "--store", store.base()).exit());
        assertEquals(0, Script.run(new backup(), "--compress", "--store", store.base()).exit());
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
    }

    private void mount() throws Exception {
        boolean isMounted = System.getProperty("user.name").equals("root") && Mounts.bindReadOnly(store.base(), mounted);
        assumeTrue(isMounted, "nothing can be mounted here");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted != null && Files.exists(mounted)) Mounts.unmount(mounted);
    }

    private Script run(Callable<Integer> script, Object... args) {
        return Script.run(script, Stream.concat(Stream.of(args), Stream.of("--store", mounted)).toArray());
    }

    private static List<String> scratch() throws IOException {
        return Folder.names(ScratchFolder.TEMPORARY).stream().filter(name -> name.startsWith("telemetry-read-only-")).toList();
    }

    /** All that only looks. @param runs that a query counts */
    private void assertLooking(long runs) throws Exception {
        List<String> scratch = scratch();
        Map<Path, Integer> before = Folder.files(store.base());
        assertEquals("" + runs, run(new query(), "count").out().strip());
        Map<String, Script> looks = new TreeMap<>();
        looks.put("query recent", run(new query(), "recent"));
        looks.put("query agents", run(new query(), "agents"));
        looks.put("query sql", run(new query(), "sql", "SELECT 1"));
        looks.put("logs", run(new logs(), "--list"));
        looks.put("backup list", run(new backup(), "list"));
        looks.put("backup verify", run(new backup(), "verify", "all"));
        looks.put("restore drill", run(new backup(), "restore", "latest", "--dry-run"));
        looks.put("backup --to", run(new backup(), "--to", dir.resolve("elsewhere")));
        looks.put("recover --dry-run", run(new recover(), "--dry-run"));
        looks.put("rebuild --check-only", run(new rebuild(), "--check-only"));
        looks.put("archive list", run(new archive(), "list"));
        looks.put("archive verify", run(new archive(), "verify", "--all"));
        looks.put("archive --dry-run", run(new archive(), "--older-than", "1d", "--dry-run"));
        looks.put("prune --dry-run", run(new prune(), "runs", "--older-than", "1d", "--dry-run"));
        looks.put("prune stale --dry-run", run(new prune(), "stale", "--dry-run"));
        looks.put("measure", run(new measure_performance()));
        looks.put("quarantine", run(new recover(), "quarantine"));
        looks.put("maintain", run(new maintain(), "weekly"));
        looks.put("locks", run(new locks()));
        looks.put("validate", run(new validate_installation()));
        looks.put("health", run(new health()));
        List<String> bad = new ArrayList<>();
        looks.forEach((name, script) -> {
            String said = (script.out() + script.err()).replaceAll("\\s+", " ");
            boolean saysIt = said.contains("read-only");
            boolean mayFail = List.of("measure", "maintain", "validate", "health", "recover --dry-run").contains(name);
            if (script.exit() > 1 && !(mayFail && saysIt)) bad.add(name + " " + script.exit() + ": " + said);
            if (said.contains("as the account that the agents run as") || said.contains("Exception")) bad.add(name + ": " + said);
        });
        assertEquals(List.of(), bad);
        assertEquals(before, Folder.files(store.base()));
        assertEquals(scratch, scratch());
    }

    @Test
    void everythingThatLooksWorks() throws Exception {
        mount();
        assertLooking(RUNS);
    }

    @Test
    void aLogIsReadToo() throws Exception {
        Agent killed = Agent.writing(store, "killed", 0);
        killed.kill();
        long rows = RUNS + killed.acknowledged().size();
        assertAllAreSeen(rows);
    }

    @Test
    void aLogWithoutItsIndexIsReadFromACopy() throws Exception {
        Agent killed = Agent.writing(store, "killed", 0);
        killed.kill();
        long rows = RUNS + killed.acknowledged().size();
        Files.deleteIfExists(Path.of(store.database() + "-shm"));
        assertAllAreSeen(rows);
    }

    /** @param rows at least, those that were acknowledged */
    private void assertAllAreSeen(long rows) throws Exception {
        mount();
        Script count = run(new query(), "count");
        assertTrue(Long.parseLong(count.out().strip()) >= rows, count.out() + count.err());
        assertLooking(Long.parseLong(count.out().strip()));
    }

    @Test
    void whatATornDatabaseHeldBeforeIsRead() throws Exception {
        Store torn = Fixture.V7_PYTHON.filled(dir.resolve("torn"), RUNS, Instant.now().minus(Duration.ofDays(2)));
        Sabotage.tear(torn);
        store = torn;
        mount();
        assertEquals("" + RUNS, run(new query(), "count").out().strip());
        assertEquals("0", run(new query(), "sql", "--csv", "SELECT count(*) AS n FROM agent_runs WHERE host = 'torn'").out().lines()
                .skip(1).findFirst().orElse(""));
    }

    @Test
    void aDamagedBackupIsFoundAndRemembersNothing() throws Exception {
        Path newest = store.backups().resolve(Folder.names(store.backups()).stream().filter(name -> name.endsWith(".sqlite")).findFirst()
                .orElseThrow());
        byte[] bytes = Files.readAllBytes(newest);
        bytes[bytes.length / 2] ^= 1;
        Files.write(newest, bytes);
        mount();
        Script verify = run(new backup(), "verify", "all");
        assertEquals(2, verify.exit(), verify.out() + verify.err());
        assertTrue(verify.out().contains(newest.getFileName().toString()), verify.out() + verify.err());
    }

    @Test
    void aRecoveryIsPlannedForADamagedDatabase() throws Exception {
        try (var channel = java.nio.channels.FileChannel.open(store.database(), java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.allocate(4096), 0);
        }
        mount();
        Script plan = run(new recover(), "--dry-run");
        assertTrue(plan.out().contains("would restore telemetry_backup_"), plan.out() + plan.err());
        assertTrue(plan.exit() <= 2, plan.out() + plan.err());
    }

    @Test
    void aCopyThatDoesNotFitIsNotBegun() throws Exception {
        Agent.writing(store, "killed", 0).kill();
        Files.deleteIfExists(Path.of(store.database() + "-shm"));
        mount();
        Path small = Files.createDirectory(dir.resolve("small"));
        assumeTrue(Mounts.tmpfs(small, "64k"), "no file system can be mounted here");
        try {
            Script count = Script.runProcess(Map.of("JDK_JAVA_OPTIONS", "-Djava.io.tmpdir=" + small), "query", "count", "--store", mounted);
            assertEquals(2, count.exit(), count.out() + count.err());
            assertTrue(count.err().contains("which is on a read-only file system, to " + small), count.err());
            assertTrue(count.err().contains("java.io.tmpdir"), count.err());
            assertEquals(List.of(), Folder.names(small));
        } finally {
            Mounts.unmount(small);
        }
    }

    @Test
    void whatWritesSaysThatTheFileSystemIsReadOnly() throws Exception {
        mount();
        for (Object[] command : new Object[][] {{new backup()}, {new prune(), "runs", "--older-than", "1d", "--yes"},
            {new rebuild(), "--yes"}, {new archive(), "--older-than", "1d", "--yes"}, {new backup(), "restore", "latest", "--yes"},
            {new setup()}, {new track(), "--self-test"}}) {
            Script script = run((Callable<Integer>) command[0], java.util.Arrays.copyOfRange(command, 1, command.length));
            String said = script.out() + script.err();
            if (command[0] instanceof setup) continue;
            assertTrue(script.exit() == 2 || script.exit() == 3, command[0] + " " + script.exit() + said);
            assertTrue(said.replaceAll("\\s+", " ").contains("read-only"), command[0] + said);
            assertFalse(said.contains("as the account that the agents run as"), said);
        }
    }

    /** Through the other mount. */
    @Test
    void whoHoldsTheLockIsNamed() throws Exception {
        mount();
        try (Agent holder = Agent.holding(store, "BEGIN IMMEDIATE")) {
            Script locks = run(new locks(), "--wait", "100ms");
            assertEquals(3, locks.exit(), locks.out() + locks.err());
            assertTrue(locks.out().contains("held by process " + holder.pid()), locks.out());
        }
    }

    @Test
    void healthSaysWhatItIs() throws Exception {
        mount();
        Script health = run(new health(), "--quick");
        assertTrue(health.out().contains("read-only"), health.out());
        assertEquals(2, health.exit());
    }
}
