import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.Health;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;

/** Health's check lock: whether the database can be written to now, and nothing that was left is touched by finding out. */
@Tag("system")
class HealthLockTest {

    @TempDir
    Path dir;

    /** Takes the lock, writes this host into each row, says so, and waits. With a third word readers are locked out too. */
    public static void main(String... args) throws Exception {
        try (Database database = Database.open(Path.of(args[0]))) {
            if (args.length > 2) database.pragma("cache_size", 1);
            database.execute("BEGIN IMMEDIATE");
            if (args.length > 1) database.update("UPDATE agent_runs SET host = ?", args[1]);
            System.out.println("held");
            System.in.read();
            database.execute("ROLLBACK");
        }
    }

    private static Process holder(Store store, String... host) throws IOException {
        List<Object> args = new ArrayList<>(List.of(store.database()));
        args.addAll(List.of(host));
        Process holder = Script.processBuilder(Map.of(), "HealthLockTest", args.toArray()).redirectErrorStream(true).start();
        byte[] said = holder.getInputStream().readNBytes(4);
        assertEquals("held", new String(said));
        return holder;
    }

    @Test
    @Needs({Need.SIGNALS, Need.PROC})
    void aStoppedProcessThatHoldsItIsNamedInEveryMode() throws Exception {
        for (Fixture shape : List.of(Fixture.V3, Fixture.V7_PYTHON, Fixture.V7_SERVICE))
            for (boolean writes : new boolean[] {false, true}) {
                Store store = shape.filled(dir.resolve(shape + "-" + writes), 20, Instant.now());
                Process holder = writes ? holder(store, "x") : holder(store);
                try {
                    assertEquals(0, new ProcessBuilder("kill", "-STOP", "" + holder.pid()).start().waitFor());
                    FileTime then = FileTime.from(Instant.now().minusSeconds(59));
                    for (String suffix : List.of("", "-wal")) {
                        Path file = Path.of(store.database() + suffix);
                        if (Files.exists(file)) Files.setLastModifiedTime(file, then);
                    }
                    Path journal = Path.of(store.database() + "-journal");
                    if (Files.exists(journal)) Files.setLastModifiedTime(journal, FileTime.from(Instant.now().minusSeconds(3600)));
                    String said = "not free within 1 s: held by process " + holder.pid() + " (stopped); last write to the database ";
                    Check lock = check(store, "lock");
                    assertTrue(lock.detail().matches(Pattern.quote(said) + "(59 s|1 min) ago"), lock.detail());
                    assertEquals(Check.Status.FAILED, lock.status());
                    assertEquals("(runbook: Database Locked) jbang locks@telemetry --store " + store.base(), lock.hint().toString());
                    assertEquals(Check.Status.OK, check(store, "journal").status(), "its -journal is in use: " + check(store, "journal"));
                    Script plugin = Script.run(new health(), "--nagios", "--quick", "--store", store.base());
                    assertEquals(2, plugin.exit());
                    assertTrue(plugin.out().startsWith("TELEMETRY CRITICAL - lock: " + said), plugin.out());
                    assertEquals(3, Script.run(new locks(), "--store", store.base(), "--wait", "100ms").exit(), "locks itself keeps its 3");
                } finally {
                    holder.destroyForcibly().waitFor();
                }
            }
    }

    /** In the middle of a commit nobody can read either. Then the -journal that stands there is no left one, however old. */
    @Test
    @Needs({Need.SIGNALS, Need.PROC})
    void whereNobodyCanReadEitherTheLockIsTheOneFailure() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir.resolve("s"), 60, Instant.now());
        Process holder = holder(store, "x".repeat(5_000), "spill");
        try {
            assertEquals(0, new ProcessBuilder("kill", "-STOP", "" + holder.pid()).start().waitFor());
            Path journal = Path.of(store.database() + "-journal");
            assertTrue(Files.size(journal) > 0);
            Files.setLastModifiedTime(journal, FileTime.from(Instant.now().minusSeconds(3600)));
            Script health = HealthTest.health(store, "--json", "--wait", "100ms");
            assertEquals(2, health.exit());
            assertTrue(HealthTest.check(health, "lock").getString("detail", "").startsWith("not free within 100 ms: held by process "
                    + holder.pid()
                    + " (stopped)"), health.out());
            for (String name : List.of("database", "schema", "journal", "activity", "stale", "size", "day files", "divergence"))
                assertEquals("skipped: the database is locked", HealthTest.check(health, name).getString("detail", ""), name);
        } finally {
            holder.destroyForcibly().waitFor();
        }
    }

    /** Writers that take turns, and one that holds it for half a second. */
    @Test
    void aLockThatComesFreeIsWell() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir.resolve("s"), 20, Instant.now());
        try (Database other = Database.open(store.database())) {
            other.execute("BEGIN IMMEDIATE");
            var release = new Thread(() -> {
                try {
                    Thread.sleep(400);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                other.execute("ROLLBACK");
            });
            release.start();
            assertEquals("ok: free to write", told(store, "lock"));
            release.join();
        }
        Store busy = Fixture.V3.filled(dir.resolve("busy"), 20, Instant.now());
        try (Agent one = Agent.writing(busy, "one", 0); Agent two = Agent.writing(busy, "two", 0)) {
            for (int i = 0; i < 5; i++) assertEquals("ok: free to write", told(busy, "lock"));
        }
    }

    /** As far as the killed writer had come: rows in the -wal that are not in the database. */
    @Test
    void aWalThatAKilledWriterLeftIsNotFoldedIn() throws Exception {
        Store live = Fixture.V3.filled(dir.resolve("live"), 20, Instant.now());
        Store dead = Store.at(dir.resolve("dead"));
        try (Database writer = Database.open(live.database())) {
            writer.update("UPDATE agent_runs SET host = 'in the log'");
            Fixture.copy(live.base(), dead.base());
        }
        byte[] database = Files.readAllBytes(dead.database());
        byte[] log = Files.readAllBytes(Path.of(dead.database() + "-wal"));
        assertTrue(log.length > 0);
        assertEquals("ok: free to write", told(dead, "lock"));
        assertArrayEquals(database, Files.readAllBytes(dead.database()));
        assertArrayEquals(log, Files.readAllBytes(Path.of(dead.database() + "-wal")));
    }

    @Test
    void aJournalThatWasLeftIsNotRolledBackAndThatIsSaid() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir.resolve("s"), 60, Instant.now());
        Sabotage.tear(store);
        byte[] database = Files.readAllBytes(store.database());
        byte[] journal = Files.readAllBytes(Path.of(store.database() + "-journal"));
        assertEquals("skipped: skipped: a -journal was left, which a try would roll back", told(store, "lock"));
        assertTrue(told(store, "journal").matches("warning: a -journal was left .* ago by a program that died while it wrote.*"),
                told(store, "journal"));
        assertEquals(3, Script.run(new health(), "--quick", "--store", store.base()).exit(), "not all is known to be well");
        assertArrayEquals(database, Files.readAllBytes(store.database()));
        assertArrayEquals(journal, Files.readAllBytes(Path.of(store.database() + "-journal")));
    }

    @Test
    void whereNothingIsHeldNothingIsLeftBeside() throws Exception {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            try (var before = Files.list(given.store().database().getParent())) {
                List<Path> files = before.sorted().toList();
                assertEquals("ok: free to write", told(given.store(), "lock"), given.name());
                try (var after = Files.list(given.store().database().getParent())) {
                    assertEquals(files, after.sorted().toList(), given.name());
                }
            }
        }
    }

    @Test
    void theTryTakesNoLongerThanItSays() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 20, Instant.now());
        Process holder = holder(store);
        try {
            assumeTrue(holder.isAlive());
            long began = System.nanoTime();
            assertTrue(told(store, "lock").startsWith("failed: not free within 1 s"), told(store, "lock"));
            assertTrue(Duration.ofNanos(System.nanoTime() - began).toSeconds() < 10);
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertEquals("ok: free to write", told(store, "lock"));
    }

    private static String told(Store store, String name) {
        Check check = check(store, name);
        return check.status() + ": " + check.detail();
    }

    private static Check check(Store store, String name) {
        return Health.of(store, Clock.systemUTC()).checks().list().get(HealthTest.NAMES.indexOf(name));
    }
}
