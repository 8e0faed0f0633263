package telemetry.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Run;
import telemetry.Store;
import telemetry.backup.BackupCheck;
import telemetry.backup.Backups;
import telemetry.kit.Fixture;
import telemetry.kit.Sql;
import telemetry.runs.Schema;
import telemetry.store.Pruned;
import telemetry.text.Ndjson;

class RunCountTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final Check SOUND = Check.ok("database", "sound");

    @TempDir
    Path dir;

    @Test
    void aTenthFewerThanTheBackupHadIsAWarningAndMoreIsAFailure() {
        Store store = Fixture.V3.filled(dir, 220, NOON);
        backUp(store, NOON);
        assertEquals(SOUND, counted(store));
        deleteFirst(store, 1);
        assertEquals("warning: sound; but 219 of the 220 runs in the backup of 2026-11-20 12:00:00", told(store));
        deleteFirst(store, 21);
        assertEquals("warning: sound; but 198 of the 220 runs in the backup of 2026-11-20 12:00:00", told(store));
        deleteFirst(store, 1);
        assertEquals("failed: sound; but 197 of the 220 runs in the backup of 2026-11-20 12:00:00", told(store));
        assertEquals("(runbook: Data Loss) jbang recover@telemetry --dry-run --store " + dir, counted(store).hint().toString());
        Sql.execute(store, "DELETE FROM agent_runs");
        assertEquals("failed: sound; but 0 of the 220 runs in the backup of 2026-11-20 12:00:00", told(store));
    }

    @Test
    void aThousandFewerIsAWarningAndMoreIsAFailureOfTheLargestStore() {
        Store store = Fixture.V3.empty(dir);
        Sql.execute(store, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20003) INSERT INTO "
                + "agent_runs(run_id, agent_name, "
                + "start_time) SELECT 'r' || i, 'a', '2026-11-19T00:00:00Z' FROM n");
        backUp(store, NOON);
        deleteFirst(store, 1_000);
        assertTrue(told(store).startsWith("warning: sound; but 19003 of the 20003 runs"), told(store));
        deleteFirst(store, 1);
        assertTrue(told(store).startsWith("failed: sound; but 19002 of the 20003 runs"), told(store));
        Sql.execute(store, "DELETE FROM agent_runs");
        assertTrue(told(store).startsWith("failed: sound; but 0 of the 20003 runs"), told(store));
    }

    @Test
    void whatWasPrunedSinceIsNotMissed() {
        Store store = Fixture.V3.filled(dir, 220, NOON);
        backUp(store, NOON);
        List<String> ids = Sql.rows(store, "SELECT run_id FROM agent_runs ORDER BY rowid LIMIT 100").stream().map(row -> row.get("run_id").toString()).toList();
        Pruned.of(store).add(ids, NOON.plusSeconds(1));
        deleteFirst(store, 100);
        assertEquals(SOUND, counted(store));
        deleteFirst(store, 1);
        assertEquals("warning: sound; but 119 of the 120 runs in the backup of 2026-11-20 12:00:00", told(store));
        for (Path backup : folder(store.backups())) backup.toFile().delete();
        assertTrue(told(store).startsWith("warning: sound; but "), "the day files know it too: " + told(store));
    }

    /** What was pruned is listed by run, of which a service has several rows. */
    @Test
    void severalRowsOfARunThatWasPrunedAreNotMissed() {
        Store store = Fixture.V7_SERVICE.filled(dir, 20, NOON);
        Sql.execute(store, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO "
                + "agent_runs(event_id, run_id, "
                + "agent_name, start_time) SELECT 'e' || i, 'twice', 'a', '2026-11-19T00:00:00Z' FROM n");
        backUp(store, NOON);
        Pruned.of(store).add(List.of("twice"), NOON.plusSeconds(1));
        Sql.execute(store, "DELETE FROM agent_runs WHERE run_id = 'twice'");
        assertEquals(SOUND, counted(store));
        Sql.execute(store, "DELETE FROM agent_runs");
        assertTrue(told(store).startsWith("failed: sound; but 0 of the 20 runs that began by the day files since 2026-11-19"), told(store));
    }

    @Test
    void withoutABackupTheDayFilesTell() throws IOException {
        for (Fixture shape : Fixture.values()) {
            Store store = shape.filled(dir.resolve(shape.name()), 60, NOON);
            assertEquals(SOUND, counted(store), shape.name());
            deleteFirst(store, 1);
            assertEquals("warning: sound; but 59 of the 60 runs that began by the day files since 2026-11-18", told(store), shape.name());
            for (DayFile day : new EventLog(store).raw()) Fixture.archive(store, day);
            Sql.execute(store, "DELETE FROM agent_runs");
            assertEquals("failed: sound; but 0 of the 60 runs that began by the day files since 2026-11-18", told(store), shape.name());
        }
    }

    @Test
    void aRunOfTheLastMinuteMayBeOnItsWay() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Run begun = Fixture.V3.run(70, NOON.plusSeconds(100)).with("end_time", null).with("status", "running");
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), Ndjson.line(begun) + "\n", StandardOpenOption.APPEND);
        assertEquals(SOUND, counted(store, NOON.plusSeconds(159), Duration.ofMinutes(1)));
        assertEquals(Check.Status.FAILED, counted(store, NOON.plusSeconds(161), Duration.ofMinutes(1)).status());
    }

    @Test
    void howFarTheDayFilesWereReadIsSaid() {
        Store store = Fixture.V3.filled(dir, 220, NOON);
        try (Database database = Database.openToRead(store.database())) {
            var whole = new RunCount(store, database, Schema.of(database), NOON.plusSeconds(600), Duration.ofMinutes(1));
            whole.compare(SOUND);
            assertNull(whole.unread());
            var hurried = new RunCount(store, database, Schema.of(database), NOON.plusSeconds(600), Duration.ZERO);
            assertEquals(SOUND, hurried.compare(SOUND));
            assertEquals("whether all runs of before 2026-11-21 are still in the database", hurried.unread());
        }
    }

    @Test
    void aDamagedArchiveTellsNothingAndHarmsNothing() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Path gz = Fixture.archive(store, new EventLog(store).raw().get(0));
        Files.write(gz, "no gzip".getBytes());
        assertEquals(SOUND, counted(store));
    }

    private static List<Path> folder(Path folder) {
        try (var files = Files.list(folder)) {
            return files.toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void backUp(Store store, Instant when) {
        new Backups(store, null, Clock.fixed(when, ZoneOffset.UTC), null).make(Duration.ofSeconds(5), BackupCheck.FULL, false);
    }

    private static void deleteFirst(Store store, int runs) {
        Sql.execute(store, "DELETE FROM agent_runs WHERE rowid IN (SELECT rowid FROM agent_runs ORDER BY rowid LIMIT " + runs + ")");
    }

    private static String told(Store store) {
        Check check = counted(store);
        return check.status() + ": " + check.detail();
    }

    private static Check counted(Store store) {
        return counted(store, NOON.plusSeconds(600), Duration.ofMinutes(1));
    }

    private static Check counted(Store store, Instant now, Duration reading) {
        try (Database database = Database.openToRead(store.database())) {
            return new RunCount(store, database, Schema.of(database), now, reading).compare(SOUND);
        }
    }
}
