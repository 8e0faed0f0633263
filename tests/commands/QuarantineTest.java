import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.DayLines;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.store.Quarantine;
import telemetry.store.Quarantined;

/** What is in the quarantine goes only when the store has all of it. */
class QuarantineTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;
    private Store store;

    @BeforeEach
    void fill() {
        store = Fixture.V3.filled(dir, 300, NOON);
    }

    @Test
    void anEmptyQuarantineIsSaidToBeEmpty() {
        assertEquals(new Script(0, "the quarantine is empty" + System.lineSeparator(), ""), recover("quarantine"));
        String nothing = "nothing in the quarantine is taken back and older than 30 d" + System.lineSeparator();
        assertEquals(nothing, recover("expire", "--yes").out());
    }

    @Test
    void aDatabaseWhoseRowsAreAllThereGoesWhenItIsOldEnough() throws IOException {
        Path old = setAside("rebuild");
        Script listed = recover("quarantine");
        assertTrue(listed.out().contains("300 rows, all in the store"), listed.toString());
        String next = "next: jbang recover@telemetry expire --older-than 0d --dry-run --store " + dir;
        assertEquals(next, listed.err().lines().reduce((one, last) -> last).orElse(""));
        assertTrue(recover("expire", "--yes").out().startsWith("nothing in the quarantine"));
        Script dry = recover("expire", "--older-than", "0d", "--dry-run");
        assertTrue(dry.out().contains("1 entry of the quarantine (") && dry.out().contains(") would be deleted"), dry.out());
        assertTrue(dry.out().contains("next: jbang recover@telemetry expire "), dry.out());
        assertTrue(Files.exists(old));
        assertEquals(64, recover("expire", "--older-than", "0d").exit(), "nobody can be asked");
        assertEquals(0, recover("expire", "--older-than", "0d", "--yes").exit());
        assertFalse(Files.exists(old));
        assertTrue(recover("quarantine", "--json").out().startsWith("["));
    }

    @Test
    void afterThirtyDaysItGoesWithoutAnAge() throws IOException {
        Path old = setAside("rebuild");
        Script expired = recover(NOON.plus(Duration.ofDays(31)), "expire", "--yes");
        assertEquals(0, expired.exit(), expired.err());
        assertFalse(Files.exists(old), expired.out());
    }

    @Test
    void rowsOfAnyTableAndValuesThatOnlyItHasKeepIt() throws IOException {
        for (String change : List.of("UPDATE agent_runs SET run_id = 'http-only' WHERE rowid = 7",
                "UPDATE agent_runs SET api_posted_at = '2026-11-20T12:00:00Z' WHERE rowid = 7",
                "INSERT INTO commits(commit_hash, run_id, agent_name) SELECT 'abc', run_id, agent_name FROM agent_runs LIMIT 1",
                "CREATE TABLE own AS SELECT 1 AS x", "ALTER TABLE agent_runs ADD COLUMN mood TEXT DEFAULT 'good'")) {
            Path old = setAside("restore");
            try (Database database = Database.open(old.resolve("telemetry.sqlite"))) {
                database.pragma("foreign_keys", "OFF");
                database.update(change);
            }
            Quarantined one = Quarantined.of(store).get(0);
            assertEquals(Quarantined.State.MISSING, one.state(), change + one);
            Script expired = recover("expire", "--older-than", "0d", "--yes");
            assertTrue(expired.out().contains("kept: " + old + ": "), change + expired);
            assertTrue(Files.exists(old.resolve("telemetry.sqlite")));
            Script listed = recover("quarantine");
            String next = "next: jbang recover@telemetry --salvage " + old.resolve("telemetry.sqlite") + " --dry-run";
            assertTrue(listed.err().contains(next), listed.err());
            delete(old);
        }
    }

    @Test
    void whatIsTakenBackByTheHintMayGoThen() throws IOException {
        Path old = setAside("restore");
        try (Database database = Database.open(old.resolve("telemetry.sqlite"))) {
            database.update("UPDATE agent_runs SET run_id = '20261120T000000Z-http-00000001' WHERE rowid = 7");
        }
        assertEquals(1, recover("expire", "--older-than", "0d", "--yes").out().lines().filter(line -> line.startsWith("kept: ")).count());
        recover("--salvage", old.resolve("telemetry.sqlite").toString(), "--yes");
        assertEquals(0, recover("expire", "--older-than", "0d", "--yes").exit());
        assertFalse(Files.exists(old));
    }

    @Test
    void aPrunedRunIsMissedByNobody() throws IOException {
        Path old = setAside("rebuild");
        assertEquals(0, Script.run(new prune(), "runs", "--older-than", "1d", "--yes", "--store", dir).exit());
        assertEquals(Quarantined.State.TAKEN_BACK, Quarantined.of(store).get(0).state(), Quarantined.of(store).toString());
        assertTrue(Files.exists(old));
    }

    @Test
    void ofADamagedDatabaseAllThatCanBeReadIsCompared() throws IOException {
        Path old = setAside("recover");
        Sabotage.damage(old.resolve("telemetry.sqlite"));
        Quarantined one = Quarantined.of(store).get(0);
        assertTrue(one.detail().endsWith("; the rest cannot be read"), one.toString());
        Files.write(old.resolve("telemetry.sqlite"), new byte[8_192]);
        assertEquals(Quarantined.State.UNKNOWN, Quarantined.of(store).get(0).state());
        recover("expire", "--older-than", "0d", "--yes");
        assertTrue(Files.exists(old.resolve("telemetry.sqlite")), "what cannot be told stays");
    }

    @Test
    void aRunThatOnlyAnIndexOfTheDamagedDatabaseStillNamesKeepsIt() throws IOException {
        Path old = setAside("recover");
        var copy = new Store(store.base(), old.resolve("telemetry.sqlite"), store.raw(), store.rule());
        Sabotage.damage(copy, "page");
        assertEquals(Quarantined.State.TAKEN_BACK, Quarantined.of(store).get(0).state(), Quarantined.of(store).toString());
        try (Database database = Database.open(store.database())) {
            database.update("DELETE FROM agent_runs WHERE rowid BETWEEN 140 AND 160");
        }
        assertEquals(Quarantined.State.MISSING, Quarantined.of(store).get(0).state(), Quarantined.of(store).toString());
    }

    @Test
    void theLogBesideADatabaseIsReadTooAndALogAloneStays() throws IOException {
        Path old = Quarantine.claim(store, "restore", NOON);
        try (Database writer = Database.open(store.database())) {
            writer.update("UPDATE agent_runs SET host = 'log' WHERE rowid = 7");
            for (String suffix : List.of("", "-wal"))
                Files.copy(Path.of(store.database() + suffix), Path.of(old.resolve("telemetry.sqlite") + suffix));
        }
        List<String> before = tree();
        assertEquals(Quarantined.State.TAKEN_BACK, Quarantined.of(store).get(0).state(), Quarantined.of(store).toString());
        assertEquals(before, tree());
        try (Database writer = Database.open(store.database())) {
            writer.update("UPDATE agent_runs SET host = NULL WHERE rowid = 7");
        }
        assertEquals(Quarantined.State.MISSING, Quarantined.of(store).get(0).state(), "what only the log has");
        Path log = old.resolve("telemetry.sqlite-wal");
        byte[] bytes = Files.readAllBytes(log);
        bytes[bytes.length - 100] ^= 1;
        Files.write(log, bytes);
        assertEquals("telemetry.sqlite: its -wal has more than SQLite reads", Quarantined.of(store).get(0).detail());
        Files.delete(old.resolve("telemetry.sqlite"));
        assertEquals(Quarantined.State.UNKNOWN, Quarantined.of(store).get(0).state());
    }

    @Test
    void damagedLinesGoAsLongAsADayFileHasThem() throws IOException {
        Path day = store.raw().resolve("events_20261120.ndjson");
        DayLines.append(day, "{\"run_id\": \"torn");
        assertEquals(1, Script.run(new rebuild(), "--yes", "--store", dir).exit());
        assertEquals(Quarantined.State.TAKEN_BACK, Quarantined.of(store).get(0).state(), Quarantined.of(store).toString());
        Files.delete(day);
        Quarantined one = Quarantined.of(store).get(0);
        assertTrue(one.detail().startsWith("1 of "), one.toString());
        recover("expire", "--older-than", "0d", "--yes");
        assertTrue(Files.exists(one.path()));
    }

    @Test
    void duringARecoveryOrWithoutADatabaseNothingCanBeTold() throws IOException {
        Path old = setAside("recover");
        Path mark = Files.createFile(store.quarantine().resolve("recover-20261120_120000.unfinished"));
        assertEquals("a recovery has not come to its end", Quarantined.of(store).get(0).detail());
        Files.delete(mark);
        Sabotage.delete(store.database());
        assertEquals(Quarantined.State.UNKNOWN, Quarantined.of(store).get(0).state());
        recover("expire", "--older-than", "0d", "--yes");
        assertTrue(Files.exists(old.resolve("telemetry.sqlite")));
    }

    @Test
    void aStrangersFileStays() throws IOException {
        Path own = Files.createDirectories(store.quarantine()).resolve("notes.txt");
        Files.writeString(own, "mine", StandardOpenOption.CREATE_NEW);
        recover("expire", "--older-than", "0d", "--yes");
        assertTrue(Files.exists(own));
    }

    @Test
    void lookingChangesNothing() throws IOException {
        setAside("rebuild");
        List<String> before = tree();
        recover("quarantine");
        recover("expire", "--older-than", "0d", "--dry-run");
        assertEquals(before, tree());
    }

    private List<String> tree() throws IOException {
        try (Stream<Path> all = Files.walk(dir)) {
            return all.map(path -> path + " " + (Files.isDirectory(path) ? "" : path.toFile().length())).sorted().toList();
        }
    }

    /** A copy of the database, as that procedure would have set it aside at noon. */
    private Path setAside(String procedure) throws IOException {
        Path folder = Quarantine.claim(store, procedure, NOON);
        try (Database database = Database.open(store.database())) {
            database.execute("VACUUM INTO '" + folder.resolve("telemetry.sqlite") + "'");
        }
        return folder;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }

    private Script recover(String... arguments) {
        return recover(NOON.plusSeconds(3_600), arguments);
    }

    private Script recover(Instant now, String... arguments) {
        var script = new recover();
        script.clock = Clock.fixed(now, ZoneOffset.UTC);
        return Script.run(script, Stream.concat(Stream.of(arguments), Stream.of("--store", dir.toString())).toArray());
    }
}
