import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Agent;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Owners;
import telemetry.kit.Script;

/** A store, or a part of it, is a symbolic link to another disk. */
class LinkTest {
    private static final int RUNS = 30;

    @TempDir
    Path dir;

    private Path base;
    private Path database;
    private Path big;

    @BeforeEach
    void make() throws IOException {
        base = dir.resolve("store");
        database = base.resolve("db/telemetry.sqlite");
        big = Files.createDirectory(dir.resolve("big")).resolve("telemetry.sqlite");
        Store store = Fixture.V3.filled(base, RUNS, Instant.now().minus(Duration.ofDays(2)));
        DayLines.rest(store, Instant.now());
    }

    private void link() throws IOException {
        Need.LINKS.orSkip();
        Files.move(database, big);
        Files.createSymbolicLink(database, Path.of("../../big/telemetry.sqlite"));
    }

    private Script run(Callable<Integer> script, Object... args) {
        Object[] all = Stream.concat(Stream.of(args), Stream.of("--store", base)).toArray();
        return Script.run(script, all);
    }

    private void assertGood(Script script) {
        assertTrue(script.exit() <= 1, script.out() + script.err());
        assertTrue(Files.isSymbolicLink(database), "the link is kept");
        try (Database there = Database.openToRead(big)) {
            assertEquals("ok", there.value("PRAGMA integrity_check"));
            assertEquals((long) RUNS, there.number("SELECT count(*) FROM agent_runs"));
        }
    }

    private void damage() throws IOException {
        try (FileChannel channel = FileChannel.open(big, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(4096), 0);
        }
    }

    @Test
    void lookingFoldsNoLogInAndReadsIt() throws Exception {
        link();
        Agent killed = Agent.writing(Store.at(base), "killed", 0);
        killed.kill();
        assertTrue(Files.size(Path.of(big + "-wal")) > 0, "the writer left its -wal");
        Map<Path, Integer> before = Folder.files(big.getParent());
        for (Callable<Integer> look : List.of(new health(), new validate_installation())) {
            run(look);
            assertEquals(before, Folder.files(big.getParent()), look.getClass().getSimpleName());
        }
        assertNotEquals("" + RUNS, run(new query(), "count").out().strip());
        run(new locks(), "--wait", "1s");
        run(new recover(), "--dry-run");
        run(new rebuild(), "--check-only");
        assertEquals(before, Folder.files(big.getParent()));
    }

    @Test
    void whoHoldsTheLockIsNamed() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/locks")), "no /proc/locks");
        link();
        try (Agent holder = Agent.holding(Store.at(base), "BEGIN IMMEDIATE")) {
            Script locks = run(new locks(), "--wait", "100ms");
            assertTrue(locks.out().contains("" + holder.pid()), locks.out());
            assertFalse(locks.out().contains("does not show"), locks.out());
        }
    }

    @Test
    void theLinkIsKeptByWhatReplacesTheDatabase() throws Exception {
        link();
        assertGood(run(new rebuild(), "--yes"));
        assertGood(run(new backup()));
        assertGood(run(new backup(), "restore", "latest", "--yes"));
        damage();
        assertGood(run(new backup(), "restore", "latest", "--yes"));
        damage();
        Script rebuilt = run(new rebuild(), "--yes");
        assertGood(rebuilt);
        Path kept = Path.of(rebuilt.out().lines().filter(line -> line.contains("is kept: ")).findFirst().orElseThrow()
                .replaceFirst(".*is kept: ", "").replaceFirst(" \\(.*", ""));
        assertTrue(Files.isRegularFile(kept), kept.toString());
        damage();
        assertGood(run(new recover(), "--yes"));
        Files.delete(big);
        Files.createFile(big);
        assertGood(run(new recover(), "--yes"));
    }

    @Test
    void aDatabaseOnAnotherDiskIsMovedAsideWhole() throws Exception {
        boolean isMounted = System.getProperty("user.name").equals("root") && Mounts.tmpfs(big.getParent(), "8m");
        assumeTrue(isMounted, "no file system can be mounted here");
        try {
            link();
            damage();
            byte[] bytes = Files.readAllBytes(big);
            assertGood(run(new rebuild(), "--yes"));
            Path kept;
            try (Stream<Path> all = Files.walk(base.resolve("quarantine"))) {
                kept = all.filter(file -> file.endsWith("telemetry.sqlite")).findFirst().orElseThrow();
            }
            assertEquals(ByteBuffer.wrap(bytes), ByteBuffer.wrap(Files.readAllBytes(kept)));
        } finally {
            Mounts.unmount(big.getParent());
        }
    }

    @Test
    void theVariableMayNameTheLink() throws Exception {
        link();
        Store store = Store.fromEnv(Map.of("TELEMETRY_DB_PATH", database.toString()), dir);
        assertEquals(base, store.base());
        assertEquals(big.toRealPath(), store.database());
        assertEquals(base.resolve("raw"), store.raw());
    }

    @Test
    @Needs(Need.LINKS)
    void folderAndStoreMayBeLinks() throws Exception {
        for (String part : List.of("raw", "archive", "db", "backups")) {
            Path folder = base.resolve(part);
            Path target = dir.resolve("disk-" + part);
            if (Files.exists(folder)) Files.move(folder, target);
            else Files.createDirectory(target);
            Files.createSymbolicLink(folder, target);
        }
        Path real = dir.resolve("real");
        Files.move(base, real);
        Files.createSymbolicLink(base, real);
        for (Script script : List.of(run(new backup()), run(new archive(), "--older-than", "1d", "--yes"),
                run(new archive(), "verify", "--all"), run(new rebuild(), "--check-only"), run(new rebuild(), "--yes"),
                run(new backup(), "restore", "latest", "--yes"), run(new recover(), "--dry-run"), run(new track(), "--self-test"),
                run(new health())))
            assertTrue(script.exit() <= 1, script.out() + script.err());
        assertEquals("" + (RUNS + 1), run(new query(), "count").out().strip());
        assertEquals(List.of(), Folder.names(dir.resolve("disk-archive")).stream().filter(name -> name.endsWith(".gz")).toList());
        assertTrue(Folder.names(dir.resolve("disk-archive")).contains("manifest.ndjson"));
        assertTrue(Files.isSymbolicLink(base) && Files.isSymbolicLink(real.resolve("archive")));
        assertEquals(base, Store.at(base).base(), "the store is called by its name");
    }

    @Test
    @Needs(Need.LINKS)
    void aLinkToNowhereIsNoMissingDatabase() throws Exception {
        Files.move(database, big);
        Files.createSymbolicLink(database, dir.resolve("unmounted/telemetry.sqlite"));
        Files.createDirectory(dir.resolve("unmounted"));
        String why = "it is a link to " + dir.resolve("unmounted/telemetry.sqlite") + ", which is not there";
        for (Object[] command : new Object[][] {{new setup()}, {new recover(), "--yes"}, {new rebuild(), "--yes"}, {new query(), "count"},
            {new backup()}, {new locks()}, {new prune(), "runs", "--older-than", "30d", "--dry-run"}}) {
            Script script = run((Callable<Integer>) command[0], java.util.Arrays.copyOfRange(command, 1, command.length));
            assertEquals(3, script.exit(), command[0] + script.out() + script.err());
            assertTrue(script.err().contains(why) && script.err().contains("mount the disk"), script.err());
        }
        Script health = run(new health());
        assertTrue(health.exit() >= 2, health.out());
        assertTrue(health.out().replaceAll("\\s+", " ").contains("which is not there"), health.out());
        assertFalse(health.out().contains("setup") || health.out().contains("recover"), health.out());
        assertTrue(HealthTest.check(run(new health(), "--json"), "storage").getString("detail", "").endsWith(why), health.out());
        assertEquals(List.of(), Folder.names(dir.resolve("unmounted")));
        assertTrue(Files.isSymbolicLink(database));
        assertEquals(StoreException.Reason.MISSING, org.junit.jupiter.api.Assertions.assertThrows(StoreException.class,
                () -> Database.create(database)).reason());
    }

    @Test
    @Needs(Need.LINKS)
    void aLoopAndALinkToAFolderAreSaid() throws Exception {
        Files.move(database, big);
        Files.createSymbolicLink(database, database.getFileName());
        Script loop = run(new query(), "count");
        assertEquals(2, loop.exit());
        assertTrue(loop.err().contains("it is a link that leads back to itself"), loop.err());
        Files.delete(database);
        Files.createSymbolicLink(database, big.getParent());
        for (Callable<Integer> script : List.of(new setup(), new locks())) {
            Script folder = run(script);
            assertEquals(2, folder.exit(), folder.out() + folder.err());
            assertTrue((folder.out() + folder.err()).replaceAll("\\s+", " ").contains("it is a directory (a link to "
                    + big.getParent() + ")"), folder.out() + folder.err());
        }
    }

    /** Day files on a disk that is not mounted are not "none": a rebuild without them would lose their runs. */
    @Test
    @Needs(Need.LINKS)
    void aFolderThatLeadsNowhereStopsWhatWouldDoWithoutIt() throws Exception {
        for (String part : List.of("archive", "raw", "backups")) {
            Path folder = base.resolve(part);
            if (Files.exists(folder)) Files.move(folder, dir.resolve("away"));
            Files.createSymbolicLink(folder, dir.resolve("unmounted"));
            Object[][] commands = part.equals("backups")
                    ? new Object[][] {{new recover(), "--dry-run"}, {new backup()}, {new backup(), "list"}}
                    : new Object[][] {{new rebuild(), "--yes"}, {new rebuild(), "--check-only"}, {new recover(), "--dry-run"}};
            for (Object[] command : commands) {
                Script script = run((Callable<Integer>) command[0], java.util.Arrays.copyOfRange(command, 1, command.length));
                assertEquals(3, script.exit(), command[0] + script.out() + script.err());
                assertTrue(script.err().contains("which is not there"), script.err());
            }
            assertTrue(run(new setup()).exit() > 0 || part.equals("archive"), part);
            assertTrue(Files.notExists(dir.resolve("unmounted")));
            Files.delete(folder);
            if (Files.exists(dir.resolve("away"))) Files.move(dir.resolve("away"), folder);
        }
        assertFalse(new EventLog(Store.at(base)).isEmpty());
    }

    /** The agents' account could have any file of the machine replaced by root. */
    @Test
    @Needs(Need.LINKS)
    void rootFollowsNoLinkOfTheAgentsToWhatIsNotTheirs() throws Exception {
        Owners.requireRoot();
        link();
        Owners.give(base);
        byte[] before = Files.readAllBytes(big);
        for (Object[] command : new Object[][] {{new recover(), "--yes"}, {new rebuild(), "--yes"}, {new query(), "count"},
            {new setup()}}) {
            Script script = run((Callable<Integer>) command[0], java.util.Arrays.copyOfRange(command, 1, command.length));
            assertEquals(3, script.exit(), command[0] + script.out() + script.err());
            assertTrue(script.err().contains("it is a link to " + big.toRealPath() + ", which is another account's"), script.err());
        }
        assertTrue(run(new health()).exit() >= 2);
        org.junit.jupiter.api.Assertions.assertArrayEquals(before, Files.readAllBytes(big));
        Files.setAttribute(big, "unix:uid", Owners.AGENTS);
        assertEquals("" + RUNS, run(new query(), "count").out().strip());
    }

    @Test
    void aDatabaseAloneIsNotCalledUnrecoverable() throws Exception {
        link();
        Store store = Store.fromEnv(Map.of("TELEMETRY_DB_PATH", big.toString()), dir);
        Script recover = Script.runProcess(Map.of("TELEMETRY_DB_PATH", store.database().toString()), "recover", "--dry-run");
        assertEquals(3, recover.exit(), recover.out() + recover.err());
        assertTrue(recover.err().contains("Name that store with --store"), recover.err());
    }
}
