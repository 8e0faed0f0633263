import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Checkout;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Operator;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/**
 * What happens to a store, played by an operator who has only the commands' words: health says it first and rightly, its hints run as they
 * are printed, and in a few commands all is well, with nothing lost or the loss said exactly.
 */
@Order(1)
@ResourceLock("jbang")
@Needs(Need.SH)
class IncidentsTest extends Incidents {

    @Test
    void theStoreBeforeAnyIncidentIsWell() throws Exception {
        operator.isWell();
    }

    @Test
    void aDatabaseOverwrittenInTheMiddle() throws Exception {
        try (var file = new RandomAccessFile(store.database().toFile(), "rw")) {
            file.seek(file.length() / 2 / 4096 * 4096);
            file.write("x".repeat(8192).getBytes());
        }
        assertTrue(operator.health().check("database").startsWith("failed"), operator::toString);
        assertWellAgain(4);
        assertEquals(RUNS, runs());
    }

    @Test
    void aDeletedDatabase() throws Exception {
        for (String suffix : List.of("", "-wal", "-shm")) Files.deleteIfExists(Path.of(store.database() + suffix));
        assertTrue(operator.health().check("database").startsWith("failed database telemetry.sqlite: it does not exist"),
                operator::toString);
        assertWellAgain(4);
        assertEquals(RUNS, runs());
    }

    @Test
    void aDatabaseOfZeroBytes() throws Exception {
        Files.write(store.database(), new byte[0]);
        assertTrue(operator.health().check("database").startsWith("failed"), operator::toString);
        assertWellAgain(4);
        assertEquals(RUNS, runs());
    }

    @Test
    void theWalOfAKilledWriterIsRead() throws Exception {
        Agent agent = Agent.writing(store, "killed-agent", 0);
        while (agent.acknowledged().size() < 20) Thread.sleep(20);
        agent.kill();
        assertTrue(Files.size(Path.of(store.database() + "-wal")) > 0);
        operator.isWell();
        assertTrue(operator.type("scripts/jbangw query sql --csv 'SELECT count(*) >= " + (RUNS + 20) + " AS n FROM agent_runs' --store "
                + store.base()).said().contains("\n1"), operator::toString);
    }

    @Test
    void aLockHeldByAStoppedProcess() throws Exception {
        Agent agent = Agent.holding(store, "BEGIN IMMEDIATE");
        try {
            new ProcessBuilder("kill", "-STOP", "" + agent.pid()).start().waitFor();
            String lock = operator.health().check("lock");
            assertTrue(lock.startsWith("failed lock not free within 1 s"), operator::toString);
            if (Files.exists(Path.of("/proc/locks")))
                assertTrue(lock.contains("held by process " + agent.pid() + " (stopped); last write to the database "), lock);
            assertWellAgain(4);
        } finally {
            agent.kill();
        }
        assertEquals(RUNS, runs());
    }

    @Test
    void noRunsForTwoHours() throws Exception {
        store = Store.at(dir.resolve("silent"));
        sample(store, Instant.now().minus(Duration.ofHours(2)));
        operator = at(store);
        operator.type("scripts/jbangw track --self-test --store " + store.base());
        String activity = operator.health().check("activity");
        assertTrue(activity.matches("warning activity no run for 2 h.*; silent: [a-z-]+ since .*start these agents.*"), activity);
        assertEquals(null, operator.health().next(), operator::toString);
        operator.type("scripts/jbangw track --agent docs-crawler --job crawl --store " + store.base() + " -- true");
        operator.isWell();
    }

    @Test
    void theDayFilesOfFiveDaysAreDeleted() throws Exception {
        List<DayFile> days = new EventLog(store).days();
        for (DayFile day : days.subList(1, 6)) Files.delete(day.path());
        String said = operator.health().check("day files");
        assertTrue(said.startsWith("warning day files ") && said.contains(" of 5 days (" + days.get(1).day() + ": "), said);
        assertWellAgain(1);
        assertTrue(operator.health().check("day files").contains("known: the lines of 5 days are gone"), operator::toString);
        Files.delete(days.get(6).path());
        assertTrue(operator.health().check("day files").startsWith("warning"), "what is lost later is news: " + operator);
        assertEquals(RUNS, runs());
    }

    @Test
    void theToolkitOnceRunAsRoot() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root, to give files to other accounts");
        new ProcessBuilder("chmod", "a+x", dir.toString()).start().waitFor();
        new ProcessBuilder("chown", "-R", "65534:65534", store.base().toString()).start().waitFor();
        operator.isWell();
        Path today = store.raw().resolve(DayFile.name(DayFile.dayOf(Instant.now())));
        for (Path file : List.of(today, store.database())) new ProcessBuilder("chown", "0:0", file.toString()).start().waitFor();
        String write = operator.health().check("write");
        assertTrue(write.startsWith("failed write the agents' account nobody may not append to " + today + " (owner root, mode 0"), write);
        assertWellAgain(1);
        assertEquals(65534, Files.getAttribute(store.database(), "unix:uid"));
    }

    @Test
    void theStoreWasMoved() throws Exception {
        Path moved = dir.resolve("moved");
        Files.move(store.base(), moved);
        var inTheOldPlace = new Operator(Checkout.root(), "scripts/jbangw health").with("TELEMETRY_BASE_DIR", store.base());
        String storage = inTheOldPlace.health().check("storage");
        assertTrue(storage.startsWith("failed storage there is no store: TELEMETRY_BASE_DIR names " + store.base()
                + ", which is not there: was the store moved?"), storage);
        assertEquals(null, inTheOldPlace.health().next(), inTheOldPlace::toString);
        assertTrue(Files.notExists(store.base()));
        new Operator(Checkout.root(), "scripts/jbangw health").with("TELEMETRY_BASE_DIR", moved).isWell();
    }

    @Test
    void aSchemaOfTheFuture() throws Exception {
        Sql.execute(store, "ALTER TABLE agent_runs RENAME COLUMN job_type TO job_kind", "ALTER TABLE agent_runs ADD COLUMN novelty TEXT",
                "INSERT INTO schema_migrations(version, description) VALUES (9, 'of the future')");
        byte[] before = Files.readAllBytes(store.database());
        Operator.Typed found = operator.health();
        String newer = "this database is newer (v9) than this toolkit (v7 at most); nothing is damaged: update the toolkit";
        assertEquals("failed schema " + newer, found.check("schema"));
        assertEquals(3, found.exit());
        assertEquals(null, found.next(), operator::toString);
        for (String refused : List.of("recover --yes", "recover --dry-run", "rebuild --yes", "backup restore latest --yes",
                "prune runs --older-than 1d --yes", "prune stale --yes")) {
            Operator.Typed said = operator.type("scripts/jbangw " + refused + " --store " + store.base());
            assertEquals(2, said.exit(), said::toString);
            assertTrue(said.said().contains(newer), said::toString);
        }
        for (String working : List.of("query recent", "backup")) {
            Operator.Typed said = operator.type("scripts/jbangw " + working + " --store " + store.base());
            assertTrue(said.exit() <= 1 && said.said().contains("newer"), said::toString);
        }
        assertEquals(RUNS, runs());
        assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(store.database())));
    }

    @Test
    void aClockAMonthBack() throws Exception {
        store = Store.at(dir.resolve("ahead"));
        sample(store, Instant.now().plus(Duration.ofDays(30)));
        operator = at(store);
        String activity = operator.health().check("activity");
        assertTrue(activity.matches("warning activity \\d+ runs begin later than this machine's clock, .* UTC; set the clock of this "
                + "machine.*"),
                activity);
        Clock rightly = Clock.offset(Clock.systemUTC(), Duration.ofDays(30));
        var backup = new backup();
        backup.clock = rightly;
        Script.run(backup, "--store", store.base());
        var later = new health();
        later.clock = rightly;
        Script right = Script.run(later, "--store", store.base());
        assertTrue(right.exit() == 0 && right.out().contains("ok       activity"), () -> "when the clock is right: " + right);
    }

    @Test
    void runsThatAnAgentWroteTwice() throws Exception {
        DayFile last = new EventLog(store).days().get(DAYS - 1);
        Files.write(last.path(), Files.readAllBytes(last.path()), StandardOpenOption.APPEND);
        operator.isWell();
        assertEquals(0, operator.type("scripts/jbangw rebuild --check-only --store " + store.base()).exit(), operator::toString);
        assertEquals(RUNS, runs());
    }

    @Test
    void aDayFileOfAGigabyte() throws Exception {
        Path file = new EventLog(store).days().get(2).path();
        try (var grown = new RandomAccessFile(file.toFile(), "rw")) {
            grown.setLength(1 << 30);
        }
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        String said = operator.health().check("day files");
        assertTrue(said.startsWith("warning day files " + file + " has 1.1 GB"), said);
        assertWellAgain(4);
        assertEquals(RUNS, runs());
    }

    @Test
    void aCopyByVacuumIntoBesideTheDatabase() throws Exception {
        Sql.execute(store, "VACUUM INTO '" + store.database().resolveSibling("copy.sqlite") + "'");
        operator.isWell();
        assertTrue(operator.type("scripts/jbangw recover --dry-run --store " + store.base()).said().contains("nothing to recover"),
                operator::toString);
        assertEquals(RUNS, runs());
    }
}
