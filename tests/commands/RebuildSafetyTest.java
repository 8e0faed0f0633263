import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static telemetry.kit.Sql.execute;
import static telemetry.kit.Sql.rows;

import com.eclipsesource.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Paused;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.runs.RunWriter;

/** Rebuilding where the database or the day files are damaged, and while others are at work. */
class RebuildSafetyTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void whatAProgramLeftThatDiedWhileItWroteIsNotRolledBackByALook() throws IOException {
        Store store = Fixture.V7_PYTHON.filled(dir, 60, NOON);
        Sabotage.tear(store);
        Path journal = Path.of(store.database() + "-journal");
        byte[] database = Files.readAllBytes(store.database());
        byte[] left = Files.readAllBytes(journal);
        for (String look : List.of("--check-only", "--dry-run")) {
            Script looked = Script.run(new rebuild(), "--store", dir, look);
            assertEquals(3, looked.exit(), looked.toString());
            assertTrue(looked.err().contains("a program died while it wrote"), looked.err());
            assertArrayEquals(database, Files.readAllBytes(store.database()), look);
            assertArrayEquals(left, Files.readAllBytes(journal), look);
        }
        assertEquals(0, Script.run(new rebuild(), "--store", dir, "--yes").exit());
    }

    @Test
    void aDamagedDatabaseGivesWhatItCanAndIsKept() throws IOException {
        for (String how : List.of("garbage", "page", "truncated", "empty", "foreign")) {
            Store store = Fixture.V3.filled(dir.resolve(how), 600, NOON);
            execute(store, "INSERT INTO commits(commit_hash, run_id) VALUES ('c', 'r')",
                    "UPDATE agent_runs SET api_posted = 1", "PRAGMA wal_checkpoint(TRUNCATE)");
            if (how.equals("foreign")) execute(store, "DROP TABLE agent_runs");
            byte[] bytes = Files.readAllBytes(store.database());
            byte[] damaged = switch (how) {
                case "garbage" -> "this is no database, but a text that somebody wrote over it".repeat(100)
                        .getBytes(StandardCharsets.UTF_8);
                case "truncated" -> java.util.Arrays.copyOf(bytes, bytes.length / 2);
                case "empty" -> new byte[0];
                default -> bytes;
            };
            if (how.equals("page")) java.util.Arrays.fill(damaged, 4096 * 10, 4096 * 11, (byte) 7);
            Files.write(store.database(), damaged);
            Script result = Script.run(new rebuild(), "--store", store.base(), "--yes");
            assertEquals(how.equals("foreign") || how.equals("page") ? 0 : 1, result.exit(), how + result.err() + result.out());
            assertEquals(600, rows(store, "SELECT run_id FROM agent_runs").size(), how);
            assertEquals("ok", RebuildTest.pragma(store, "integrity_check"));
            if (how.equals("page") || how.equals("foreign"))
                assertEquals(1, rows(store, "SELECT * FROM commits").size(), how + result.out());
            Path kept = Path.of(result.out().replaceAll("(?s).*kept: (.*telemetry.sqlite).*", "$1"));
            assertEquals(java.util.Arrays.hashCode(damaged), java.util.Arrays.hashCode(Files.readAllBytes(kept)), how);
            assertEquals(List.of("telemetry.sqlite"), Folder.names(store.database().getParent()), how);
        }
    }

    @Test
    void aLogWithoutItsDatabaseIsNotTakenForTheNewOnes() throws IOException {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        try (Database writer = Database.open(store.database())) {
            writer.update("UPDATE agent_runs SET status = 'running'");
            Files.copy(RebuildTest.wal(store), dir.resolve("wal"));
        }
        Files.delete(store.database());
        Files.move(dir.resolve("wal"), RebuildTest.wal(store));
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(0, result.exit(), result.err());
        assertEquals(5, rows(store, "SELECT 1 FROM agent_runs WHERE status = 'running'").size());
        assertTrue(result.out().contains("the old one (absent) is kept: " + store.quarantine()), result.out());
    }

    @Test
    @Needs(Need.OPENERS)
    void aDamagedDatabaseThatSomebodyHasOpenIsLeftAlone() throws Exception {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        Files.writeString(store.database(), "garbage");
        Process holder = new ProcessBuilder("sh", "-c", "exec 3<'" + store.database() + "'; echo ready; read line").start();
        try {
            assertEquals('r', holder.getInputStream().read());
            Map<Path, Integer> before = Folder.files(dir);
            Script result = Script.run(new rebuild(), "--store", dir, "--yes");
            assertEquals(3, result.exit());
            assertTrue(result.err().contains("process " + holder.pid() + " (") && result.err().contains("has it open"), result.err());
            assertEquals(before, Folder.files(dir));
        } finally {
            holder.destroy();
            holder.waitFor();
        }
        assertEquals(1, Script.run(new rebuild(), "--store", dir, "--yes").exit());
    }

    @Test
    void writersGoOnAndNothingOfTheirsIsLost() throws Exception {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        execute(store, "DELETE FROM agent_runs WHERE rowid % 7 = 0");
        var stop = new AtomicBoolean();
        List<String> acknowledged = Collections.synchronizedList(new ArrayList<>());
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        Thread agent = new Thread(() -> {
            try (Database database = Database.open(store.database())) {
                var writer = new RunWriter(database);
                for (int n = 1000; !stop.get(); n++) {
                    Run run = Fixture.V3.run(n, NOON.minusSeconds(n));
                    Fixture.append(store, NOON, run);
                    database.inTransaction(() -> writer.write(run));
                    acknowledged.add(run.id());
                    database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status, api_posted) VALUES (?, 'http', "
                            + "'2026', 'success', 1)", "http-" + n);
                    acknowledged.add("http-" + n);
                    // Without a pause the store grows as fast as it is rebuilt, and the test takes as long as it likes.
                    Thread.sleep(3);
                }
            } catch (InterruptedException | RuntimeException | Error e) {
                failures.add(e);
            }
        });
        agent.start();
        for (int i = 0; i < 6; i++) assertEquals(0, Script.run(new rebuild(), "--store", dir, "--yes").exit());
        stop.set(true);
        agent.join();
        assertEquals(List.of(), failures);
        List<String> there = rows(store, "SELECT run_id FROM agent_runs").stream().map(row -> (String) row.get("run_id")).toList();
        assertTrue(new HashSet<>(there).containsAll(acknowledged), "of " + acknowledged.size());
        assertEquals(300 + acknowledged.size(), there.size());
    }

    /** The first stands still before it makes the new database. */
    @Test
    @Needs(Need.DEBUGGER)
    void whileOneRebuildsNobodyElseReplacesTheDatabase() throws Exception {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, Script.run(new backup(), "--store", dir).exit());
        Sabotage.delete(store.database());
        try (var first = new Paused("rebuild", "--store", dir, "--yes")) {
            first.before("telemetry.rebuild.NewDatabase", "<init>", "telemetry.store.StoreLock");
            Path lock = store.quarantine().resolve(".lock");
            assertTrue(Files.exists(lock), "it is at work alone");
            for (List<String> command : List.of(List.of("rebuild"), List.of("recover"), List.of("backup", "--restore", "latest"))) {
                List<String> options = new ArrayList<>(command.subList(1, command.size()));
                options.addAll(List.of("--yes", "--store", dir.toString()));
                Script refused = Script.runProcess(Map.of(), command.get(0), options.toArray());
                assertEquals(3, refused.exit(), refused.toString());
                assertTrue(refused.err().contains(command.get(0) + ": cannot replace " + store.database()
                        + ": another restore, recovery or rebuild is running there; wait for it"), refused.err());
            }
            assertTrue(Files.exists(lock));
            String said = first.said();
            assertEquals(0, first.exit(), said);
        }
        assertEquals(60, rows(store, RebuildTest.RUNS).size());
        assertEquals(0, Script.run(new rebuild(), "--store", dir, "--yes").exit());
        assertEquals(60, rows(store, RebuildTest.RUNS).size());
    }

    /** One byte of a value: what comes out is JSON all the same, and only the checksum at the end tells. */
    @Test
    void linesOfAnArchiveWhoseChecksumFailsAreTakenAndSaidToBeDoubtful() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        DayFile day = new EventLog(store).days().get(0);
        int lines = Files.readAllLines(day.path()).size();
        Path gz = Fixture.archive(store, day);
        byte[] content;
        try (var in = new GZIPInputStream(Files.newInputStream(gz))) {
            content = in.readAllBytes();
        }
        var stored = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(stored) { { def.setLevel(Deflater.NO_COMPRESSION); } }) {
            out.write(content);
        }
        String wrong = stored.toString(StandardCharsets.ISO_8859_1).replaceFirst("\"agent_owner\": \"ops\"", "\"agent_owner\": \"0ps\"");
        Files.write(gz, wrong.getBytes(StandardCharsets.ISO_8859_1));
        String said = gz + ": 1 damaged entry: damaged or truncated gzip: Corrupt GZIP trailer; any of the " + lines
                + " lines read before may be wrong";
        Script check = Script.run(new rebuild(), "--store", dir, "--check-only");
        assertEquals(1, check.exit(), check.toString());
        assertTrue(check.err().contains("rebuild: " + said), check.err());
        Sabotage.delete(store.database());
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(1, result.exit(), result.toString());
        assertTrue(result.err().contains("rebuild: " + said), result.err());
        assertEquals(60, rows(store, RebuildTest.RUNS).size());
    }

    @Test
    void aDamagedArchiveIsNamedAndTheOthersAreRead() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Path gz = Fixture.archive(store, new EventLog(store).days().get(0));
        byte[] bytes = Files.readAllBytes(gz);
        Files.write(gz, java.util.Arrays.copyOf(bytes, bytes.length - 20));
        Path other = Fixture.archive(store, new EventLog(store).days().get(1));
        Files.write(other, new byte[] {1, 2});
        Sabotage.delete(store.database());
        Script result = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(1, result.exit());
        assertTrue(result.out().contains("3 damaged entries"), result.out());
        String kept = Files.readString(Path.of(result.out().replaceAll("(?s).*kept in (.*damaged.ndjson).*", "$1")));
        assertTrue(kept.contains(Json.value(gz.toString()).toString())
                && kept.contains(Json.value(other.toString()).toString()) && kept.contains("truncated"), kept);
        assertTrue(rows(store, RebuildTest.RUNS).size() >= 36);
    }

    @Test
    void aFileThatMayNotBeReadIsNamedAndTheOthersAreRead() throws Exception {
        assumeTrue(dir.getFileSystem().supportedFileAttributeViews().contains("posix"), "no POSIX permissions here");
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Path gz = Fixture.archive(store, new EventLog(store).days().get(0));
        Files.setPosixFilePermissions(gz, Set.of());
        int readable = 60 - (int) rows(store, RebuildTest.RUNS).stream()
                .filter(row -> row.get("run_id").toString().startsWith("20261118")).count();
        for (String option : List.of("--check-only", "--dry-run", "--into=" + dir.resolve("other.sqlite"), "--yes")) {
            if (option.equals("--yes")) Sabotage.delete(store.database());
            Script result = Script.runWithoutRights("rebuild", "--store", dir, option);
            assertEquals(3, result.exit(), option + result);
            assertEquals(1, result.out().split("rebuild: cannot read " + gz + ": permission denied", -1).length - 1, option + result);
        }
        assertEquals(readable, rows(store, RebuildTest.RUNS).size());
        Sabotage.delete(store.database());
        Script recover = Script.runWithoutRights("recover", "--store", dir, "--yes");
        assertEquals(3, recover.exit(), recover.toString());
        assertTrue(recover.out().contains("cannot read " + gz + ": permission denied"), recover.toString());
        assertFalse(Files.exists(store.database()), "a recovery takes all day files or none");
    }

    @Test
    void saysWhatItCannotDo() throws IOException {
        assertEquals(3, Script.run(new rebuild(), "--store", dir.resolve("none"), "--yes").exit());
        assertFalse(Files.exists(dir.resolve("none")));
        Store store = Fixture.V3.empty(dir);
        Script nothing = Script.run(new rebuild(), "--store", dir, "--yes");
        assertEquals(3, nothing.exit());
        assertTrue(nothing.err().startsWith("rebuild: cannot rebuild from the day files in " + dir + ": there is none; "
                + "recover looks for other sources too" + System.lineSeparator() + "next: jbang recover@telemetry --dry-run --store "
                + dir), nothing.err());
        Fixture.append(store, NOON, Fixture.V3.run(0, NOON));
        Script notThere = Script.run(new rebuild(), "--store", dir, "--from", "archive", "--yes");
        assertEquals(3, notThere.exit());
        assertTrue(notThere.err().startsWith("rebuild: cannot rebuild from the day files in " + store.archive() + ": there is none; "
                + "leave out --from"), notThere.err());
        assertEquals(64, Script.run(new rebuild(), "--store", dir).exit(), "it asks, and there is nobody to ask");
        assertEquals(3, Script.run(new rebuild(), "--store", dir, "--buffer", dir.resolve("no such"), "--yes").exit());
        Sabotage.delete(store.database());
        assertEquals(3, Script.run(new rebuild(), "--store", dir, "--check-only").exit());
        Files.writeString(store.database(), "garbage");
        assertEquals(2, Script.run(new rebuild(), "--store", dir, "--check-only").exit());
    }
}
