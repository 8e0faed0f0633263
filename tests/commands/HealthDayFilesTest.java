import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;

/** Health's look at the day files and the archive: what is gone is said, what was meant to go or is acknowledged is not. */
class HealthDayFilesTest {
    private static final Instant NOON = HealthTest.NOON;
    private static final String FINE = "ok: every day of the database has its lines";

    @TempDir
    Path dir;
    private Store store;

    /** Ten days of 24 runs and less. */
    @BeforeEach
    void fill() throws IOException {
        store = Fixture.V3.filled(dir.resolve("s"), 220, NOON);
        rest();
    }

    private void rest() throws IOException {
        for (DayFile day : new EventLog(store).raw()) Files.setLastModifiedTime(day.path(), FileTime.from(NOON.minus(Duration.ofDays(2))));
    }

    @Test
    void deletedDaysAreNamedWithTheirRunsUntilTheyAreAcknowledged() throws IOException {
        for (int day = 13; day <= 17; day++) delete(day);
        assertEquals("warning: 120 runs of 5 days (2026-11-13: 24, 2026-11-14: 24, 2026-11-15: 24 and 2 more) stand in the database and "
                + "in no day "
                + "file; put the files back from where they were moved to or from a backup, or acknowledge the loss", told());
        assertEquals("jbang health@telemetry --acknowledge " + Script.quoted("the day files are gone")
                        + " --store " + store.base(),
                HealthTest.next(health(), "day files"));
        Script acknowledged = HealthTest.health(store, "--acknowledge", "a disk died");
        assertEquals("", acknowledged.err());
        assertEquals(FINE + ", known: the lines of 5 days are gone", told());
        JsonObject line = Json.parse(Files.readString(store.reports().resolve("known-losses.ndjson"))).asObject();
        assertEquals(List.of("days", "reason", "time", "account"), line.names());
        assertEquals("[\"2026-11-13\",\"2026-11-14\",\"2026-11-15\",\"2026-11-16\",\"2026-11-17\"]", line.get("days").toString());
        assertEquals("a disk died", line.getString("reason", ""));
        assertEquals(System.getProperty("user.name"), line.getString("account", ""));
        delete(18);
        assertTrue(told().startsWith("warning: 24 runs of 1 day (2026-11-18: 24) stand in "), told());
    }

    @Test
    void withNothingGoneNothingIsAcknowledged() {
        Script script = HealthTest.health(store, "--acknowledge", "just so");
        assertEquals("health: no day's lines are gone: nothing was acknowledged" + System.lineSeparator(), script.err());
        assertTrue(Files.notExists(store.reports().resolve("known-losses.ndjson")));
    }

    @Test
    void aLineThatWasCutShortAcknowledgesNothing() throws IOException {
        delete(13);
        HealthTest.health(store, "--acknowledge", "a disk died");
        Path known = store.reports().resolve("known-losses.ndjson");
        String whole = Files.readString(known);
        Files.writeString(known, whole.substring(0, whole.length() / 2) + "\n[]\n{\"days\": 7}\n{}\n");
        assertTrue(told().startsWith("warning: 24 runs of 1 day"), told());
    }

    @Test
    void archivedDaysAreThere() {
        archive("--older-than", "1d", "--yes");
        assertEquals(FINE, told());
    }

    @Test
    void daysThatTheArchiveHasExpiredAreGoneOnPurpose() {
        archive("--older-than", "1d", "--yes");
        archive("expire", "--older-than", "3d", "--yes");
        assertEquals(FINE, told());
    }

    @Test
    void archivedFilesThatAreGoneOrCutAreFoundByTheManifest() throws IOException {
        archive("--older-than", "1d", "--yes");
        List<Path> files = archived();
        Files.delete(files.get(0));
        try (var cut = new RandomAccessFile(files.get(1).toFile(), "rw")) {
            cut.setLength(7);
        }
        String name = files.get(0).getFileName().toString();
        String told = told();
        assertTrue(told.contains("2 of " + files.size() + " archived files: " + name + " is not there, " + files.get(1).getFileName()
                + " has 7 B of "),
                told);
        assertTrue(told.contains("(2026-11-11: "), told);
        HealthTest.health(store, "--acknowledge", "the tape is torn");
        assertEquals(FINE + ", known: the lines of 2 days are gone", told());
    }

    @Test
    void aServicesRowsNeedNoLinesAndItsArchiveIsLookedAtAllTheSame() throws IOException {
        store = Fixture.V7_SERVICE.filled(dir.resolve("service"), 100, NOON);
        rest();
        archive("--older-than", "1d", "--yes");
        String fine = "ok: not compared with the database's days: this version's runs may come without lines";
        assertEquals(fine, told());
        delete(18);
        for (Path file : archived()) Files.delete(file);
        assertTrue(told().matches("warning: \\d of \\d archived files: events_.*"), told());
        HealthTest.health(store, "--acknowledge", "gone");
        assertTrue(told().matches(fine + ", known: the lines of \\d days are gone"), told());
    }

    @Test
    void runsOfADaysLastMinuteMayHaveTheirLineOnTheNext() {
        Sql.execute(store, "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('late', 'a', '2026-10-01T23:59:59Z', "
                + "'success')");
        assertEquals(FINE, told());
        Sql.execute(store, "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('early', 'a', '2026-10-01 23:58:00', "
                + "'success')");
        assertTrue(told().startsWith("warning: 1 run of 1 day (2026-10-01: 1) "), told());
    }

    /** One that sorts before all days, one behind, and one that is the beginning of many. */
    @Test
    void aStartThatIsNoTimeHidesNoDay() throws IOException {
        delete(13);
        Sql.execute(store, "INSERT INTO agent_runs(run_id, agent_name, start_time) VALUES ('a', 'a', ''), ('b', 'a', 'soon'), ('c', 'a', "
                + "'2026')");
        assertTrue(told().startsWith("warning: 24 runs of 1 day (2026-11-13: 24) "), told());
        Sql.execute(store, "DROP INDEX idx_runs_start");
        assertTrue(told().startsWith("warning: 24 runs of 1 day (2026-11-13: 24) "), told());
    }

    @Test
    void aLossAndAnOddFileAreBothSaid() throws IOException {
        delete(13);
        Path ahead = Files.writeString(store.raw().resolve("events_20270101.ndjson"), "x\n");
        assertTrue(told().matches("warning: 24 runs of 1 day .*; or.*") || told().contains("or acknowledge the loss; " + ahead), told());
        delete(13);
        HealthTest.health(store, "--acknowledge", "gone");
        assertTrue(told().startsWith("warning: " + ahead + " (2 B) is of a day that is still to come"), told());
    }

    @Test
    void theFilesMayStandElsewhere() throws Exception {
        Path elsewhere = dir.resolve("lines");
        Files.move(store.raw(), elsewhere);
        Script health = Script.runProcess(Map.of("AGENT_METRICS_DIR", store.base().toString(), "TELEMETRY_NDJSON_DIR",
                elsewhere.toString()),
                "health", "--json", "--quick");
        assertEquals("every day of the database has its lines", HealthTest.check(health, "day files").getString("detail", ""));
    }

    private void delete(int day) throws IOException {
        Files.deleteIfExists(store.raw().resolve(DayFile.name(LocalDate.of(2026, 11, day))));
    }

    private List<Path> archived() throws IOException {
        try (Stream<Path> all = Files.walk(store.archive())) {
            return all.filter(file -> file.toString().endsWith(".gz")).sorted().toList();
        }
    }

    private void archive(Object... arguments) {
        var archive = new archive();
        archive.clock = Clock.fixed(NOON.plusSeconds(600), ZoneOffset.UTC);
        List<Object> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--store", store.base()));
        assertEquals(0, Script.run(archive, all.toArray()).exit());
    }

    private Script health() {
        return HealthTest.health(store, "--json", "--quick");
    }

    private String told() {
        Script health = health();
        return HealthTest.status(health, "day files") + ": " + HealthTest.check(health, "day files").getString("detail", "");
    }
}
