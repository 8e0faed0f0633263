import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.runs.RunWriter;
import telemetry.store.Pruned;

/** What comes back from a backup and the day files, and what a drill says of it. */
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
                + Pattern.quote(store.quarantine().resolve("restore-").toString()) + ".*\\Rnext: jbang recover@telemetry --salvage "
                + Pattern.quote(store.quarantine().resolve("restore-").toString()) + "\\S+ --dry-run --store "
                + Pattern.quote(store.base().toString()) + "\\R"), alone.err());
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
            if (one.main != null && !telemetry.os.Machine.isWindows())
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
            if (one.main != null && !telemetry.os.Machine.isWindows())
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
        if (Need.PERMISSIONS.isMet()) BackupSafetyTest.assertOwnerOnly(fresh.base());
    }

    @Test
    void writersGoOnWhileItIsRestoredAndLoseNothing() throws Exception {
        Store store = Fixture.large(dir, 6);
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
        Store store = Fixture.large(dir, 2);
        assertEquals(0, script(store).exit());
        try (Agent holder = Agent.holding(store, "BEGIN")) {
            assertEquals(0, script(store, "--restore", "latest", "--yes").exit());
            assertEquals(0, Files.size(Path.of(store.database() + "-wal")), "still open in " + holder.pid());
        }
    }

    @Test
    void runsWithoutALineAreCountedAndStayInTheCopyToTheLastOne() throws Exception {
        Store store = Fixture.large(dir, 6);
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
    @Needs(Need.OPENERS)
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
        assertEquals("backup: this backup has no SHA-256: SQLite finds no error in it, but nothing proves that it is unchanged",
                restored.err().strip());
        assertEquals(runs, ids(store));
        assertEquals(1, script(store, "verify", old).exit());
        Sabotage.damage(old);
        assertEquals(2, script(store, "verify", old).exit());
        assertEquals(2, script(store, "--restore", old, "--yes").exit());
        assertEquals(runs, ids(store));
    }

    /** The system clock: what comes after a backup is told by the times of files. */
    static Script script(Store store, Object... args) {
        var script = new backup();
        script.patience = Duration.ofMillis(400);
        List<Object> all = new ArrayList<>(List.of("--store", store.base()));
        all.addAll(List.of(args));
        return Script.run(script, all.toArray());
    }

    static Path newest(Store store) {
        return Backups.newestVerified(store).map(Backup::file).orElseThrow();
    }

    /** The n-th copy that was kept. */
    static Path kept(Store store, int n) throws IOException {
        return store.quarantine().resolve(new ArrayList<>(BackupTest.names(store.quarantine())).get(n)).resolve("telemetry.sqlite");
    }

    static String check(Path database) {
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

    static Set<String> ids(Store store) {
        return ids(store.database());
    }

    static Set<String> ids(Path database) {
        try (Database open = Database.openToRead(database)) {
            return ids(open);
        }
    }

    static Set<String> ids(Database database) {
        Set<String> ids = new TreeSet<>();
        for (Row row : database.query("SELECT run_id FROM agent_runs")) ids.add(row.text("run_id"));
        return ids;
    }

    static Map<String, Object> bytes(Path folder) throws IOException {
        Map<String, Object> tree = new TreeMap<>();
        try (var all = Files.walk(folder)) {
            for (Path path : all.toList())
                tree.put(folder.relativize(path).toString(), Files.isRegularFile(path)
                        ? java.util.Arrays.hashCode(Files.readAllBytes(path)) : "");
        }
        return tree;
    }
}
