import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** What a -wal has that stands beside another database than its own, beside none, or is damaged. */
class RecoverLogTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void theCommitsOfTheLogComeBackWhenAnOldCopyWasPutOverTheDatabase() throws IOException {
        for (boolean withBackup : new boolean[] {true, false}) {
            Store store = Fixture.V3.filled(dir.resolve("backup-" + withBackup), 300, NOON);
            Path old = copyOf(store);
            Set<String> checkpointed = RecoverTest.post(store, 150);
            Set<String> runs = overwrittenByCopy(store, 200, old, withBackup);
            byte[] log = Files.readAllBytes(wal(store));

            Script checked = Script.run(new health(), "--store", store.base());
            assertEquals(2, checked.exit(), checked.out());
            assertArrayEquals(log, Files.readAllBytes(wal(store)), "looking changes nothing");
            Script dry = RecoverTest.script(store, "--dry-run");
            assertEquals(1, dry.exit(), dry.out());
            assertTrue(said(dry).contains("the -wal has 200 whole commits"), dry.out());
            assertTrue(said(dry).contains("was a copy put in its place?"), dry.out());
            assertArrayEquals(log, Files.readAllBytes(wal(store)));

            Script recovered = RecoverTest.script(store, "--yes", "--json");
            assertEquals(1, recovered.exit(), recovered.toString());
            Set<String> missing = new TreeSet<>(runs);
            missing.removeAll(RecoverTest.ids(store));
            assertEquals(Set.of(), missing, recovered.out());
            JsonObject json = Json.parse(recovered.out()).asObject();
            assertTrue(json.get("lost").isNull(), "what the overwritten file had is not known: " + recovered.out());
            missing = new TreeSet<>(checkpointed);
            missing.removeAll(RecoverTest.ids(store));
            assertFalse(missing.isEmpty(), "some stood in the overwritten file alone");
            assertTrue(recovered.out().contains("by the numbers of the rows at most " + missing.size()), missing.size() + recovered.out());
            assertEquals("ok", RecoverTest.integrity(store));
            assertEquals(Set.of(), RecoverTest.ids(store, "error_summary LIKE '%salvaged%'"), "whole rows get no mark");
            assertEquals(0, RecoverTest.script(store).exit());
        }
    }

    @Test
    void killedAtAnyMomentTheLogIsStillThereForTheNextCall() throws Exception {
        var random = new Random(11);
        for (int n = 0; n < 6; n++) {
            Store store = Fixture.V3.filled(dir.resolve("kill-" + n), 300, NOON);
            Path old = copyOf(store);
            RecoverTest.post(store, 150);
            Set<String> runs = overwrittenByCopy(store, 200, old, n % 2 == 0);
            Process process = Script.processBuilder(Map.of(), "recover", "--yes", "--store", store.base())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            process.waitFor(500 + random.nextInt(1_000), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            Script recovered = RecoverTest.script(store, "--yes");
            assertTrue(recovered.exit() <= 1, n + ": " + recovered);
            assertTrue(RecoverTest.ids(store).containsAll(runs), n + ": " + recovered.out());
            assertEquals("ok", RecoverTest.integrity(store));
            assertFalse(Files.exists(RecoverTest.unfinished(store)), n + ": " + recovered.out());
        }
    }

    @Test
    void aLogWithoutItsDatabaseGivesWhatItHasAndIsNotCalledWhole() throws IOException {
        for (String source : new String[] {"backup", "day files", "nothing"}) {
            Store store = Fixture.V3.filled(dir.resolve(source), 60, NOON);
            if (source.equals("nothing")) RecoverTest.delete(store.raw());
            Set<String> runs = inLog(store, 5);
            if (source.equals("backup")) assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            for (String suffix : new String[] {"", "-shm"}) Files.deleteIfExists(Path.of(store.database() + suffix));
            Script dry = RecoverTest.script(store, "--dry-run");
            assertEquals(1, dry.exit(), dry.out());
            assertTrue(said(dry).contains("the -wal has 5 whole commits"), dry.out());
            Script recovered = RecoverTest.script(store, "--yes");
            assertEquals(1, recovered.exit(), recovered.out());
            assertTrue(RecoverTest.ids(store).containsAll(runs), source + recovered.out());
            assertFalse(recovered.out().contains("recovered whole"), recovered.out());
            assertFalse(said(recovered).contains("lost 0 runs"), recovered.out());
            assertTrue(recovered.out().contains("quarantine"), recovered.out());
        }
    }

    @Test
    void whatSqliteLeavesOutBehindADamagedFrameComesBack() throws IOException {
        for (String how : new String[] {"a frame", "the header"}) {
            Store store = Fixture.V3.filled(dir.resolve(how), 60, NOON);
            Set<String> runs = inLog(store, 40);
            long frames = (Files.size(wal(store)) - 32) / (4096 + 24);
            flip(wal(store), how.equals("the header") ? 3 : 32 + frames / 2 * (4096 + 24) + 24 + 4000);
            Script dry = RecoverTest.script(store, "--dry-run");
            assertEquals(1, dry.exit(), dry.out());
            assertTrue(dry.out().contains("warning  log"), dry.out());
            Script recovered = RecoverTest.script(store, "--yes");
            assertEquals(1, recovered.exit(), recovered.out());
            Set<String> missing = new TreeSet<>(runs);
            missing.removeAll(RecoverTest.ids(store));
            assertTrue(missing.size() <= 1, missing + recovered.out());
            assertTrue(said(recovered).contains("lost unknown"), recovered.out());
            assertEquals(0, RecoverTest.script(store).exit(), "and then it is healthy");
        }
    }

    @Test
    void aLogThatSomebodySetAsideIsBroughtInByItsName() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, NOON);
        byte[] now = Files.readAllBytes(store.database());
        Set<String> runs = inLog(store, 20);
        Path aside = Files.move(wal(store), dir.resolve("found-wal"));
        Files.write(store.database(), now);
        Script recovered = RecoverTest.script(store, "--salvage", aside, "--yes");
        assertEquals(1, recovered.exit(), recovered.toString());
        assertTrue(RecoverTest.ids(store).containsAll(runs), recovered.out());
        Script again = RecoverTest.script(store, "--salvage", aside, "--yes");
        assertEquals(0, again.exit(), again.toString());
    }

    /** SQLite follows no link there; nobody gets a copy of what it leads to. */
    @Test
    @Needs(Need.LINKS)
    void aLinkInTheLogsPlaceIsNotFollowed() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, NOON);
        Path secret = Files.writeString(dir.resolve("secret"), "secret ".repeat(1_000));
        Files.createSymbolicLink(wal(store), secret);
        RecoverTest.script(store, "--yes");
        if (Files.exists(store.quarantine())) try (Stream<Path> files = Files.walk(store.quarantine())) {
            for (Path file : files.filter(Files::isRegularFile).toList())
                assertFalse(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1).contains("secret"), file.toString());
        }
    }

    @Test
    void otherTablesAndColumnsOfTheLogComeBackToo() throws IOException {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        Path old = copyOf(store);
        RecoverTest.post(store, 150);
        Sql.execute(store, "CREATE TABLE artifacts(id INTEGER PRIMARY KEY, run_id TEXT, path TEXT)",
                "ALTER TABLE agent_runs ADD COLUMN cost REAL", "CREATE TABLE notes(text TEXT)");
        try (Database database = Database.open(store.database())) {
            byte[] log = logOf(database, () -> {
                database.update("INSERT INTO artifacts(run_id, path) VALUES ('r', 'a')");
                database.update("INSERT INTO notes VALUES ('one'), ('one'), ('two')");
                database.update("UPDATE agent_runs SET cost = 1.5, api_posted = 1");
            });
            database.close();
            put(store, old, log);
        }
        assertEquals(0, Script.run(new backup(), "--store", dir, "list").exit());
        Script recovered = RecoverTest.script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.toString());
        assertEquals(450, Sql.rows(store, "SELECT 1 FROM agent_runs WHERE cost = 1.5 AND api_posted = 1").size(), recovered.out());
        assertEquals(1, Sql.rows(store, "SELECT 1 FROM artifacts WHERE path = 'a'").size(), recovered.out());
        assertEquals(3, Sql.rows(store, "SELECT 1 FROM notes").size(), recovered.out());
        assertTrue(recovered.out().contains("the column agent_runs.cost"), recovered.out());
    }

    /** @return the runs of so many commits that stand in the log alone; {@code old} is in the database's place then */
    private Set<String> overwrittenByCopy(Store store, int commits, Path old, boolean withBackup) throws IOException {
        if (withBackup) {
            Path now = copyOf(store);
            Files.copy(old, store.database(), StandardCopyOption.REPLACE_EXISTING);
            assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            Files.copy(now, store.database(), StandardCopyOption.REPLACE_EXISTING);
        }
        Set<String> runs = inLog(store, commits);
        Files.copy(old, store.database(), StandardCopyOption.REPLACE_EXISTING);
        return runs;
    }

    /** As a killed writer leaves it: each run a commit, and none of them in the database file. */
    private Set<String> inLog(Store store, int commits) throws IOException {
        Set<String> runs = new TreeSet<>();
        byte[] before;
        byte[] log;
        try (Database database = Database.open(store.database())) {
            database.pragma("wal_checkpoint", "TRUNCATE");
            before = Files.readAllBytes(store.database());
            log = logOf(database, () -> {
                for (int i = 0; i < commits; i++) {
                    String id = String.format("20261120T140000Z-http-%08x", i);
                    database.update("INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status, output_summary) "
                            + "VALUES (?, 'http', 'j', '2026-11-20T14:00:00Z', 'success', ?)", id, "o".repeat(i * 20));
                    runs.add(id);
                }
            });
        }
        Path file = dir.resolve("before-" + store.base().getFileName());
        Files.write(file, before);
        put(store, file, log);
        return runs;
    }

    private static byte[] logOf(Database database, Runnable work) throws IOException {
        database.pragma("wal_checkpoint", "TRUNCATE");
        database.pragma("wal_autocheckpoint", 0);
        work.run();
        return Files.readAllBytes(Path.of(database.file() + "-wal"));
    }

    private static void put(Store store, Path database, byte[] log) throws IOException {
        Files.copy(database, store.database(), StandardCopyOption.REPLACE_EXISTING);
        Files.write(wal(store), log);
    }

    private Path copyOf(Store store) throws IOException {
        try (Database database = Database.open(store.database())) {
            database.pragma("wal_checkpoint", "TRUNCATE");
        }
        try (Stream<Path> files = Files.list(dir)) {
            return Files.copy(store.database(), dir.resolve("copy-" + files.count()));
        }
    }

    private static Path wal(Store store) {
        return Path.of(store.database() + "-wal");
    }

    private static String said(Script script) {
        return script.out().replaceAll("\\s+", " ");
    }

    private static void flip(Path file, long at) throws IOException {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            int was = bytes.read();
            bytes.seek(at);
            bytes.write(was ^ 0x5a);
        }
    }
}
