import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.os.Openers;
import telemetry.os.Sha256;
import telemetry.runs.Schema;
import telemetry.sqlite.DatabaseFile;

/** Backups whose pages have another form than those of the database, and logs that are not of the database that they stand beside. */
class RestoreFormTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    /** @param reserved bytes at the end of each page, as SQLCipher and others have them */
    private record Form(String name, int pageSize, String encoding, String journal, int reserved) { }

    private static final Form USUAL = new Form("usual", 4096, "UTF-8", "WAL", 0);
    private static final List<Form> OTHERS = List.of(new Form("large", 8192, "UTF-8", "WAL", 0), new Form("large, no log", 8192, "UTF-8",
            "DELETE", 0), new Form("utf-16", 4096, "UTF-16le", "WAL", 0), new Form("utf-16, no log", 4096, "UTF-16be", "DELETE", 0),
            new Form("reserved", 4096, "UTF-8", "WAL", 32), new Form("all", 1024, "UTF-16le", "WAL", 8));

    @Test
    void aBackupOfAnotherFormIsRestoredAndWhatWasThereIsKept() throws IOException {
        for (Form other : OTHERS) for (boolean isBackup : new boolean[] {false, true}) {
            String name = other.name + (isBackup ? " backup" : " database");
            Store store = store(name, isBackup ? other : USUAL, isBackup ? USUAL : other);
            Sql.execute(store, "INSERT INTO agent_runs(run_id, agent_name, start_time) VALUES ('alone', 'a', '2026-11-20T10:00:00Z')",
                    "INSERT INTO commits(commit_hash, agent_name) VALUES ('c', 'a')");
            Script drill = run(new backup(), store, "--restore", "latest", "--dry-run");
            Script restored = run(new backup(), store, "--restore", "latest", "--yes");
            for (Script one : List.of(drill, restored)) {
                assertEquals(1, one.exit(), name + one);
                assertTrue(one.err().contains("1 run st") && one.err().contains("commits: 1 row"), name + one.err());
            }
            boolean isMoved = !other.encoding.equals("UTF-8") || (isBackup ? USUAL : other).journal.equals("WAL")
                    && other.pageSize != USUAL.pageSize;
            assertEquals(isMoved, drill.out().contains("it would be moved aside and replaced: its "), name + drill.out());
            assertEquals(isMoved, restored.out().contains("it was moved aside and replaced: its "), name + restored.out());
            assertEquals(20L, Sql.rows(store, "SELECT count(*) AS n FROM agent_runs").get(0).get("n"), name);
            Path kept = Path.of(restored.out().lines().filter(line -> line.startsWith("kept")).findFirst().orElseThrow()
                    .replaceAll("^kept +|, what was.*", ""));
            try (Database before = Database.open(kept); Database now = Database.open(store.database())) {
                assertEquals(21, before.number("SELECT count(*) FROM agent_runs"), name);
                assertEquals("ok", now.pragma("integrity_check"), name);
                assertEquals((isBackup ? USUAL : other).journal, now.pragma("journal_mode").toUpperCase(), name);
            }
        }
    }

    @Test
    void aDamagedDatabaseOfAnotherFormIsRecovered() throws IOException {
        for (Form other : OTHERS) for (boolean isBackup : new boolean[] {false, true}) {
            String name = other.name + (isBackup ? " backup" : " database");
            Store store = store(name, isBackup ? other : USUAL, isBackup ? USUAL : other);
            Sql.execute(store, "INSERT INTO commits(commit_hash, agent_name) VALUES ('c', 'a')", "PRAGMA wal_checkpoint(TRUNCATE)",
                    "CREATE TABLE more(a)", "INSERT INTO more VALUES (zeroblob(100000))", "PRAGMA wal_checkpoint(TRUNCATE)");
            damageLastPages(store);
            Script plan = run(new recover(), store, "--dry-run");
            boolean isMoved = !other.encoding.equals("UTF-8") || (isBackup ? USUAL : other).journal.equals("WAL")
                    && other.pageSize != USUAL.pageSize;
            assertEquals(isMoved, plan.out().replaceAll("\\s+", " ").contains("it is moved aside, once nobody has it open"), name
                    + plan.out());
            assertTrue(plan.out().replaceAll("\\s+", " ").contains("commits: 1 row"), name + plan.out());
            Script recovered = run(new recover(), store, "--yes");
            assertTrue(recovered.exit() < 2, name + recovered);
            assertEquals(20L, Sql.rows(store, "SELECT count(*) AS n FROM agent_runs").get(0).get("n"), name);
            assertEquals(1L, Sql.rows(store, "SELECT count(*) AS n FROM commits").get(0).get("n"), name + recovered.out());
        }
    }

    /** SQLite would copy the pages, and whoever has the database open would fail until it opens it again. */
    @Test
    void whileSomebodyHasItOpenNothingIsChanged() throws Exception {
        assumeTrue(Openers.areKnown(), "this system does not tell who has a file open");
        for (Form other : List.of(OTHERS.get(0), OTHERS.get(2))) {
            Store store = store(other.name, USUAL, other);
            try (Agent agent = Agent.holding(store, "BEGIN")) {
                List<String> names = quarantined(store);
                String before = Sha256.of(store.database(), bytes -> { });
                for (String how : List.of("--dry-run", "--yes")) {
                    Script script = run(new backup(), store, "--restore", "latest", how);
                    assertEquals(3, script.exit(), script.toString());
                    assertTrue(script.err().contains("has it open, and it must be moved aside: its "), script.err());
                    assertEquals(before, Sha256.of(store.database(), bytes -> { }));
                    assertEquals(names, quarantined(store));
                }
            }
        }
    }

    @Test
    void aDamagedOneOfAnotherFormThatSomebodyHasOpenIsLeftAlone() throws Exception {
        assumeTrue(Openers.areKnown(), "this system does not tell who has a file open");
        Store store = store("open", USUAL, OTHERS.get(0));
        Sql.execute(store, "CREATE TABLE more(a)", "INSERT INTO more VALUES (zeroblob(100000))", "PRAGMA wal_checkpoint(TRUNCATE)");
        damageLastPages(store);
        try (Agent agent = Agent.holding(store, "BEGIN")) {
            List<String> names = quarantined(store);
            Script refused = run(new recover(), store, "--yes", "--wait", "1s");
            assertEquals(3, refused.exit(), refused.toString());
            assertTrue(refused.err().contains("has it open, and it must be moved aside: its pages have 8192 bytes, the backup's 4096"),
                    refused.err());
            assertEquals(names, quarantined(store), "nothing was begun");
        }
        assertTrue(run(new recover(), store, "--yes").exit() < 2);
    }

    @Test
    void aLogWhoseDatabaseIsGoneIsNamedBeforeAndAfter() throws IOException {
        for (boolean isRecovery : new boolean[] {true, false}) {
            Store store = store("gone" + isRecovery, USUAL, USUAL);
            Path log = leaveLog(store);
            Files.delete(store.database());
            Script before = isRecovery ? run(new recover(), store, "--dry-run")
                    : run(new backup(), store, "--restore", "latest", "--dry-run");
            assertTrue(before.exit() == 1 && before.out().replaceAll("\\s+", " ").contains(" " + log), before.toString());
            assertTrue((before.out() + before.err()).contains("has 3 whole commits"), before.toString());
            Script after = isRecovery ? run(new recover(), store, "--yes") : run(new backup(), store, "--restore", "latest", "--yes");
            assertNamed(store, after);
            if (isRecovery) continue;
            String kept = after.out().replaceAll("(?s).*\\Rlog +(\\S+-wal),.*", "$1");
            assertTrue(after.err().contains("recover@telemetry --salvage " + kept), after.toString());
            assertTrue(run(new recover(), store, "--salvage", kept, "--yes").exit() < 2);
            assertEquals(23L, Sql.rows(store, "SELECT count(*) AS n FROM agent_runs").get(0).get("n"), "what the log alone had is back");
        }
    }

    @Test
    @Needs(Need.OPENERS)
    void aLogOfAnotherFileIsNamedBeforeAndAfter() throws IOException {
        for (int pageSize : List.of(4096, 8192)) for (boolean isRecovery : new boolean[] {true, false}) {
            Store other = store("other" + pageSize + isRecovery, USUAL, new Form("o", pageSize, "UTF-8", "WAL", 0));
            Sql.execute(other, "DELETE FROM agent_runs WHERE rowid % 2 = 0");
            Path foreign = leaveLog(other);
            Store store = store("foreign" + pageSize + isRecovery, USUAL, USUAL);
            Path log = DatabaseFile.beside(store.database(), "-wal");
            Files.copy(foreign, log);
            Script before = isRecovery ? run(new recover(), store, "--dry-run")
                    : run(new backup(), store, "--restore", "latest", "--dry-run");
            assertTrue(before.exit() < 2 && before.out().replaceAll("\\s+", " ").contains(" " + log), before.toString());
            assertNamed(store, isRecovery ? run(new recover(), store, "--yes") : run(new backup(), store, "--restore", "latest", "--yes"));
        }
    }

    private static List<String> quarantined(Store store) throws IOException {
        return Folder.names(store.quarantine()).stream().filter(name -> !name.equals(".lock")).toList();
    }

    private static void assertNamed(Store store, Script after) throws IOException {
        assertEquals(1, after.exit(), after.toString());
        List<Path> logs;
        try (Stream<Path> all = Files.walk(store.quarantine())) {
            logs = all.filter(path -> path.toString().endsWith("-wal") && path.toFile().length() > 0).toList();
        }
        assertFalse(logs.isEmpty());
        for (Path log : logs) assertTrue(after.out().contains(log.toString()), log + " in " + after);
    }

    /** Three commits that a killed program leaves in the -wal alone. @return its path */
    private static Path leaveLog(Store store) throws IOException {
        Path log = DatabaseFile.beside(store.database(), "-wal");
        Path aside = store.base().resolve("aside-wal");
        try (Database database = Database.open(store.database())) {
            database.pragma("wal_checkpoint", "TRUNCATE");
            database.pragma("wal_autocheckpoint", 0);
            for (int n = 0; n < 3; n++)
                database.update("INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES (?, 'a', '2026-11-20T10:00:00Z', "
                        + "'success')", "left-" + n);
            Files.copy(log, aside);
        }
        Files.move(aside, log, StandardCopyOption.REPLACE_EXISTING);
        return log;
    }

    /** A store of 20 runs, of which the database's form is changed after the backup was made. */
    private Store store(String name, Form backedUp, Form now) throws IOException {
        Store store = Fixture.V3.filled(dir.resolve(name.replaceAll("\\W", "-")), 20, NOON);
        make(store, backedUp);
        assertEquals(0, run(new backup(), store).exit());
        if (now != backedUp) make(store, now);
        return store;
    }

    private static void make(Store store, Form form) throws IOException {
        DatabaseFile.delete(store.database());
        try (Database database = Database.create(store.database())) {
            database.pragma("page_size", form.pageSize);
            database.pragma("encoding", "'" + form.encoding + "'");
            database.execute("CREATE TABLE x(a)");
            database.execute("DROP TABLE x");
        }
        try (var bytes = new RandomAccessFile(store.database().toFile(), "rw")) {
            bytes.seek(20);
            bytes.write(form.reserved);
        }
        try (Database database = Database.open(store.database())) {
            database.execute("VACUUM");
            Schema.create(database);
            database.pragma("journal_mode", form.journal);
        }
        assertEquals(0, Script.run(new rebuild(), "--store", store.base(), "--yes").exit());
        try (Database database = Database.open(store.database())) {
            assertEquals(form.encoding + form.pageSize, database.pragma("encoding") + database.pragma("page_size"));
        }
        try (var bytes = new RandomAccessFile(store.database().toFile(), "r")) {
            bytes.seek(20);
            assertEquals(form.reserved, bytes.read());
        }
    }

    private static void damageLastPages(Store store) throws IOException {
        try (var file = new RandomAccessFile(store.database().toFile(), "rw")) {
            file.seek(file.length() - 60_000);
            file.write(new byte[50_000]);
        }
    }

    private static Script run(java.util.concurrent.Callable<Integer> script, Store store, Object... words) {
        return Script.run(script, Stream.concat(Stream.of(words), Stream.of("--store", store.base())).toArray());
    }
}
