package telemetry.rebuild;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Damage;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;
import telemetry.store.Pruned;
import telemetry.text.Ndjson;

/** What the day files know, brought into a database that is there. */
class ReplayTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String RUNS =
            "SELECT run_id, agent_name, status, end_time, items_discovered, items_succeeded, items_failed, duration_ms, error_summary, "
            + "metrics_json, host "
            + "FROM agent_runs ORDER BY run_id";

    @TempDir
    Path dir;

    private final List<LogEntry> damaged = new ArrayList<>();

    @Test
    void everyRunOfEveryStoreIsThereAfterwardsAndASecondPassChangesNothing() {
        Fixture.all(dir).forEach(given -> {
            try (Database database = Database.open(given.store().database())) {
                String before = database.query(RUNS).list().toString();
                long rows = database.number("SELECT count(*) FROM agent_runs");
                ReplayResult first = replay(given.store(), database);
                long missing = given.name().contains("ahead") ? 7 : 0;
                assertEquals(missing, first.inserted(), given.name());
                assertEquals(rows + missing, database.number("SELECT count(*) FROM agent_runs"), given.name());
                if (first.isNothingNew()) assertEquals(before, database.query(RUNS).list().toString(), given.name());
                String whole = database.query("SELECT * FROM agent_runs").list().toString();
                assertTrue(replay(given.store(), database).isNothingNew(), given.name());
                assertEquals(whole, database.query("SELECT * FROM agent_runs").list().toString(), given.name());
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void lostRowsComeBackAsTheyWere(Fixture shape) {
        Store store = shape.filled(dir, 60, NOON);
        try (Database database = Database.open(store.database())) {
            String before = database.query(RUNS).list().toString();
            database.update("DELETE FROM agent_runs WHERE rowid % 3 > 0");
            ReplayResult result = replay(store, database);
            assertEquals(new ReplayResult(140, 30, 0, 40, 0, 0, 0, 0, 0), result);
            assertEquals(before, database.query(RUNS).list().toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRunningRowGetsItsEndAndAFinishedOneKeepsIt(Fixture shape) {
        Store store = shape.filled(dir, 12, NOON);
        try (Database database = Database.open(store.database())) {
            String before = database.query(RUNS).list().toString();
            database.update("UPDATE agent_runs SET status = 'running', end_time = NULL, items_succeeded = 0 WHERE status = 'success'");
            database.update("UPDATE agent_runs SET status = 'success', end_time = '2026-11-20 13:00:00' WHERE run_id = ?",
                    shape.run(5, NOON.minusSeconds(5 * 3600)).id());
            ReplayResult result = replay(store, database);
            assertEquals(0, result.inserted());
            assertEquals(6, result.updated());
            assertEquals("success", database.value("SELECT status FROM agent_runs WHERE run_id = ?",
                    shape.run(5, NOON.minusSeconds(5 * 3600)).id()));
            database.update("UPDATE agent_runs SET status = 'running', end_time = NULL WHERE run_id = ?",
                    shape.run(5, NOON.minusSeconds(5 * 3600)).id());
            assertEquals(before, database.query(RUNS).list().toString());
        }
    }

    @Test
    void theOrderOfLinesDoesNotMatter() throws IOException {
        String expected = null;
        for (int seed = 0; seed < 8; seed++) {
            Store store = Fixture.V3.empty(dir.resolve("s" + seed));
            List<LogRecord> lines = new ArrayList<>();
            for (int n = 0; n < 900; n++) lines.addAll(Fixture.lines(Fixture.V3.run(n, NOON.minusSeconds(n)), n));
            Run end = Fixture.V3.run(0, NOON);
            lines.addAll(List.of(end, end.with("host", "a"), end.with("host", "b"),
                    end.with("end_time", "2026-11-20T13:30:00+02:00").with("host", "z")));
            Run running = Fixture.V3.run(5, NOON.minusSeconds(5));
            lines.add(running.with("host", "other"));
            Collections.shuffle(lines, new Random(seed));
            for (int i = 0; i < lines.size(); i++)
                Files.writeString(store.raw().resolve("events_202611" + (10 + i % 7) + ".ndjson"),
                        Ndjson.line(lines.get(i)) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            try (Database database = Database.open(store.database())) {
                ReplayResult result = replay(store, database);
                assertEquals(900, result.inserted());
                assertEquals(1, result.conflicts());
                String content = database.query(RUNS).list().toString();
                if (expected == null) expected = content;
                assertEquals(expected, content);
                assertTrue(replay(store, database).isNothingNew());
                assertEquals(expected, database.query(RUNS).list().toString());
                assertFalse(content.contains(", z]"), "an earlier end loses against a later one");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatTheLinesDoNotKnowStays(Fixture shape) {
        Store store = shape.filled(dir, 6, NOON);
        try (Database database = Database.open(store.database())) {
            database.execute("ALTER TABLE agent_runs ADD COLUMN custom_metadata TEXT DEFAULT 'd'");
            String commit = shape.version() >= 4 ? ", git_commit_hash = 'abc'" : "";
            database.update("UPDATE agent_runs SET api_posted = 1, api_posted_at = 'then', created_at = 'long ago', custom_metadata "
                    + "= 'mine'" + commit);
            database.update("UPDATE agent_runs SET status = 'running', end_time = NULL WHERE status = 'success'");
            Fixture.append(store, NOON, shape.run(50, NOON));
            if (shape.version() >= 4) Fixture.append(store, NOON, shape.run(0, NOON).with("git_commit_hash", null));
            assertEquals(3, replay(store, database).updated());
            assertEquals("d", database.value("SELECT custom_metadata FROM agent_runs WHERE run_id = ?", shape.run(50, NOON).id()),
                    "the column's own value for a new row");
            assertEquals(6, database.number("SELECT count(*) FROM agent_runs WHERE api_posted = 1 AND api_posted_at = 'then' AND "
                    + "created_at = 'long ago' AND custom_metadata = 'mine'"
                    + commit.replace(",", " AND")));
        }
    }

    @Test
    void damagedEntriesAreHandedOverAndTheirNeighboursKept() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Path file = store.raw().resolve("events_20261120.ndjson");
        String run = Ndjson.line(Fixture.V3.run(0, NOON));
        Files.writeString(file, "{torn" + run + "\nnull\n" + Ndjson.line(Fixture.V3.run(1, NOON)) + "\n{\"run_id\": 1}");
        Files.write(store.raw().resolve("events_20261119.ndjson.gz"), new byte[] {1, 2, 3});
        try (Database database = Database.open(store.database())) {
            ReplayResult result = replay(store, database);
            assertEquals(new ReplayResult(6, 0, 4, 2, 0, 0, 0, 0, 0), result);
            assertEquals(List.of(file.resolveSibling("events_20261119.ndjson.gz"), file, file, file),
                    damaged.stream().map(LogEntry::file).toList());
            assertEquals(List.of("", "{torn", "null", "{\"run_id\": 1}"), damaged.stream().map(LogEntry::text).toList());
            assertEquals(5L + run.length() + 1, damaged.get(2).offset());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRunThatTheDatabaseDoesNotTakeIsDamageAndNotTheEnd(Fixture shape) {
        Store store = shape.filled(dir, 60, NOON);
        try (Database database = Database.open(store.database())) {
            database.update("DELETE FROM agent_runs");
            database.execute("CREATE TRIGGER picky BEFORE INSERT ON agent_runs WHEN new.agent_name = 'docs-crawler' BEGIN SELECT "
                    + "RAISE(ABORT, 'no crawlers'); END");
            ReplayResult result = replay(store, database);
            assertEquals(40, result.inserted());
            assertEquals(20, result.damaged());
            assertTrue(((Damage) damaged.get(0).record()).reason().contains("no crawlers"), damaged.get(0).toString());
            assertTrue(damaged.stream().allMatch(entry -> entry.text().contains("docs-crawler")));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"V6_PYTHON", "V7_PYTHON", "V7_SERVICE"})
    void runsThatShareAnEventIdAllGetTheirRow(Fixture shape) {
        Store store = shape.empty(dir);
        for (int n = 0; n < 3; n++) Fixture.append(store, NOON, shape.run(n, NOON).with("event_id", "the same"));
        try (Database database = Database.open(store.database())) {
            assertEquals(3, replay(store, database).inserted());
            assertEquals(3, database.number("SELECT count(DISTINCT run_id) FROM agent_runs"));
            assertTrue(replay(store, database).isNothingNew());
        }
    }

    @Test
    void aServiceRunWithSeveralEventIdsKeepsItsRows() {
        Store store = Fixture.V7_SERVICE.empty(dir);
        for (int n = 0; n < 3; n++) Fixture.append(store, NOON, Fixture.V7_SERVICE.run(0, NOON).with("event_id", "e" + n));
        try (Database database = Database.open(store.database())) {
            assertEquals(3, replay(store, database).inserted());
            assertTrue(replay(store, database).isNothingNew());
            assertEquals(3, database.number("SELECT count(*) FROM agent_runs"));
        }
    }

    @Test
    void severalEndsSayTogetherWhatEachNamesAndASharedEventIdIsTheFirstRunsInAnyOrder() throws IOException {
        Fixture shape = Fixture.V7_PYTHON;
        Run early = shape.run(0, NOON).with("end_time", "2026-11-20T10:00:00Z");
        Run middle = shape.run(0, NOON).with("end_time", "2026-11-20T11:00:00Z");
        Run late = shape.run(0, NOON).with("end_time", "2026-11-20T13:00:00Z").with("event_id", "late");
        List<LogRecord> lines = new ArrayList<>(List.of(
                without(early.with("product", "early").with("platform", "early").with("website", "early"), "insight_id"),
                without(middle.with("product", "middle").with("website", null).with("git_commit_hash", "abc"), "platform"),
                without(late.with("git_commit_hash", null), "product", "platform", "website", "insight_id")));
        for (int n = 1; n < 4; n++) lines.add(shape.run(n, NOON.minusSeconds(n)).with("event_id", "shared"));
        lines.add(shape.run(3, NOON.minusSeconds(3)).with("event_id", "shared"));
        for (int n = 4; n < 1_200; n++) lines.add(shape.run(n, NOON.minusSeconds(n)));
        String first = lines.stream().skip(3).limit(3).map(line -> ((Run) line).id()).min(String::compareTo).orElseThrow();
        for (int seed = 0; seed < 8; seed++) {
            Store store = shape.empty(dir.resolve("s" + seed));
            Collections.shuffle(lines, new Random(seed));
            Files.write(store.raw().resolve("events_20261120.ndjson"), lines.stream().map(Ndjson::line).toList());
            Path made = dir.resolve("made" + seed);
            Rebuilt result = new Rebuild(store, Clock.systemUTC()).into(made);
            assertEquals("[" + early.id() + "]", result.conflicts().toString());
            try (Database rebuilt = Database.openFrozen(made); Database replayed = Database.open(store.database());
                    EventLog log = new EventLog(store)) {
                assertEquals(1, new Replay(replayed).apply(log, entry -> { }).conflicts());
                assertTrue(new Replay(replayed).apply(log, entry -> { }).isNothingNew());
                for (Database database : List.of(rebuilt, replayed))
                    assertEquals("2026-11-20T13:00:00Z late middle early null abc " + middle.text("insight_id"),
                            database.query("SELECT end_time"
                                    + " || ' ' || event_id || ' ' || product || ' ' || platform || ' ' || coalesce(website, 'null') "
                                    + "|| ' ' ||"
                            + " git_commit_hash || ' ' || insight_id AS said FROM agent_runs WHERE run_id = ?", early.id())
                            .list().get(0).text("said"), database.file() + " " + seed);
                assertEquals(first, rebuilt.value("SELECT run_id FROM agent_runs WHERE event_id = 'shared'"));
                assertEquals(1_200, rebuilt.number("SELECT count(DISTINCT event_id) FROM agent_runs"));
                assertEquals(1_200, replayed.number("SELECT count(DISTINCT event_id) FROM agent_runs"));
            }
        }
    }

    private static Run without(Run run, String... columns) {
        var fields = new LinkedHashMap<>(run.fields());
        fields.keySet().removeAll(List.of(columns));
        return new Run(fields);
    }

    @Test
    void whatWasPrunedStaysPruned() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        List<String> old = new ArrayList<>();
        for (int n = 30; n < 50; n++) old.add(Fixture.V3.run(n, NOON.minusSeconds(3600L * n)).id());
        Pruned.of(store).add(old.subList(0, 10), NOON);
        Files.writeString(dir.resolve("pruned.ndjson"), "{\"run_id\": \"" + Fixture.V3.run(0, NOON).id(), StandardOpenOption.APPEND);
        Pruned.of(store).add(old.subList(10, 20), NOON);
        try (Database database = Database.open(store.database())) {
            database.update("DELETE FROM agent_runs");
            assertEquals(20, Pruned.of(store).size());
            ReplayResult result = new Replay(database).without(Pruned.of(store)).apply(new EventLog(store), damaged::add);
            assertEquals(40, result.inserted());
            assertEquals(37, result.pruned(), "20 starts, 17 ends");
            assertEquals(20, new Replay(database).apply(new EventLog(store), damaged::add).inserted());
        }
    }

    @Test
    void aDayThatIsArchivedMeanwhileIsReadFromTheArchive() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Files.writeString(store.raw().resolve("events_20261101.ndjson"), "garbage\n");
        List<DayFile> listed = new EventLog(store).days();
        try (Database database = Database.open(store.database())) {
            database.update("DELETE FROM agent_runs");
            ReplayResult result = new Replay(database).apply(new EventLog(store), entry -> Fixture.archive(store, listed.get(1)));
            assertEquals(60, result.inserted());
        }
    }

    @Test
    void aDatabaseWithoutRunsIsRefused() {
        try (Database database = Database.create(dir.resolve("d.sqlite"))) {
            assertEquals(StoreException.Reason.DAMAGED, assertThrows(StoreException.class, () -> new Replay(database)).reason());
        }
    }

    private ReplayResult replay(Store store, Database database) {
        return new Replay(database).apply(new EventLog(store), damaged::add);
    }
}
