import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.prune.OldRuns;
import telemetry.runs.RunWriter;
import telemetry.runs.Schema;
import telemetry.store.Pruned;
import telemetry.text.JsonText;

/** prune: what goes, what stays, what is left of it on the disk, and what a later replay, rebuild, restore or recovery makes of it. */
class PruneTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    private static prune at(Instant now) {
        var prune = new prune();
        prune.clock = Clock.fixed(now, ZoneOffset.UTC);
        prune.patience = Duration.ofMillis(200);
        return prune;
    }

    static Script prune(Store store, Object... args) {
        Object[] all = Stream.concat(Stream.of(args), Stream.of("--store", store.base())).toArray();
        return Script.run(at(NOON), all);
    }

    static Map<String, Row> rows(Store store) {
        Map<String, Row> rows = new TreeMap<>();
        try (Database database = Database.openToRead(store.database())) {
            String key = Schema.of(database).has("event_id") ? "event_id" : "run_id";
            for (Row row : database.query("SELECT * FROM agent_runs")) rows.put(row.text(key), row);
        }
        return rows;
    }

    private static Set<String> ids(Store store) {
        Set<String> ids = new TreeSet<>();
        rows(store).values().forEach(row -> ids.add(row.text("run_id")));
        return ids;
    }

    static Map<String, String> files(Path folder) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) files.put(folder.relativize(file).toString(),
                    Files.readString(file, StandardCharsets.ISO_8859_1));
        }
        return files;
    }

    static void write(Store store, Run... runs) {
        try (Database database = Database.open(store.database())) {
            var writer = new RunWriter(database);
            database.inTransaction(() -> List.of(runs).forEach(writer::write));
        }
    }

    static long number(Store store, String sql, Object... params) {
        try (Database database = Database.openToRead(store.database())) {
            return database.number(sql, params);
        }
    }

    static Run run(Fixture shape, int n, String id, Duration age) {
        return shape.run(n, NOON.minus(age)).with("run_id", id).with("status", "success")
                .with("end_time", Times.text(NOON.minus(age).plusSeconds(5))).with("insight_id", null);
    }

    /** What should stay, found the slow way: a run stays when it is young or no end is known, and with it, again and again, its chain. */
    private static Set<String> expected(Map<String, Row> rows, Instant before) {
        Set<String> staying = new HashSet<>();
        for (Row row : rows.values()) {
            Instant start = Times.instant(row.text("start_time"));
            RunStatus status = RunStatus.of(row.text("status"));
            if (!start.isBefore(before) || status == null || !status.isFinal()) staying.add(row.text("run_id"));
        }
        Set<String> chains = new HashSet<>();
        for (int known = -1; known != staying.size(); ) {
            known = staying.size();
            for (Row row : rows.values()) if (row.has("insight_id") && row.get("insight_id") != null
                    && staying.contains(row.text("run_id"))) chains.add(row.text("insight_id"));
            for (Row row : rows.values()) if (row.has("insight_id")
                    && chains.contains(row.text("insight_id"))) staying.add(row.text("run_id"));
        }
        return new TreeSet<>(staying);
    }

    @Test
    void inEveryVersionOldRunsGoWithWhatBelongsToThemAndNothingBringsThemBack() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Store store = given.store();
            Map<String, Row> before = rows(store);
            Instant cut = NOON.minus(Duration.ofHours(26)).minusSeconds(1800);
            Set<String> staying = expected(before, cut);
            String oldest = before.values().stream().filter(row -> !staying.contains(row.text("run_id"))).map(row -> row.text("run_id"))
                    .min(String::compareTo).orElseThrow();
            String kept = staying.iterator().next();
            try (Database database = Database.open(store.database())) {
                for (String id : List.of(oldest, kept)) {
                    database.update("INSERT INTO run_events(run_id, event_type, timestamp) VALUES (?, 'x', 'y')", id);
                    if (!Schema.of(database).tables().contains("commits")) continue;
                    database.update("INSERT INTO commits(commit_hash, run_id) VALUES (?, ?)", "hash of " + id, id);
                }
            }
            Map<String, String> lines = files(store.raw());
            Map<String, String> untouched = files(store.base());

            Script shown = prune(store, "runs", "--older-than", "1590m", "--dry-run");
            assertEquals(0, shown.exit(), given + shown.toString());
            assertEquals(untouched, files(store.base()), given + ": a dry run changes nothing");

            Script done = prune(store, "runs", "--older-than", "1590m", "--yes");
            assertEquals(0, done.exit(), given + done.toString());
            assertEquals(staying, ids(store), given.toString());
            assertEquals(lines, files(store.raw()), given + ": the day files stay");
            assertTrue(done.out().contains((before.size() - rows(store).size()) + " runs that began before 2026-11-19 09:30:00 deleted"),
                    done.out());
            for (String table : List.of("run_events", "commits")) {
                if (number(store, "SELECT count(*) FROM sqlite_master WHERE name = ?", table) == 0) continue;
                assertEquals(1, number(store, "SELECT count(*) FROM " + table), given + ": " + table);
                assertEquals(1, number(store, "SELECT count(*) FROM " + table + " WHERE run_id = ?", kept), given + ": " + table);
            }
            Backup backup = Backups.newestVerified(store).orElseThrow();
            assertEquals(before.size(), backup.runs(), "the backup is older than the deletion");

            assertEquals(0, prune(store, "runs", "--older-than", "1590m", "--yes").exit());
            Set<String> inFiles = new TreeSet<>(staying);
            assertEquals(0, Script.run(new rebuild(), "--yes", "--store", store.base()).exit() & ~1, given + ": rebuild");
            Set<String> rebuilt = ids(store);
            rebuilt.removeAll(inFiles);
            before.values().forEach(row -> assertFalse(rebuilt.contains(row.text("run_id")), given + " brought back "
                    + row.text("run_id")));
        }
    }

    @Test
    void aDatabaseMadeAnewLacksWhatWasPruned() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        prune(store, "runs", "--older-than", "1d", "--yes");
        Set<String> staying = ids(store);
        Files.delete(store.database());
        assertEquals(0, Script.run(new rebuild(), "--yes", "--store", store.base()).exit());
        assertEquals(staying, ids(store));
        Files.delete(store.database());
        for (Backup backup : new Backups(store, null, Clock.systemUTC(), null).list()) Files.delete(backup.file());
        Script recovered = Script.run(new recover(), "--yes", "--store", store.base());
        assertEquals(staying, ids(store), recovered.toString());
    }

    @Test
    void aBackupFromBeforeBringsNothingBackUntilTheListIsTakenAway() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Set<String> all = ids(store);
        assertEquals(0, prune(store, "runs", "--older-than", "1d", "--yes").exit());
        Set<String> staying = ids(store);
        Script restored = Script.run(new backup(), "restore", "latest", "--yes", "--store", store.base());
        assertEquals(0, restored.exit(), restored.toString());
        assertTrue(restored.out().contains("pruned     " + (60 - staying.size()) + " runs of the backup, deleted again"), restored.out());
        assertEquals(staying, ids(store));
        assertEquals(0, Script.run(new rebuild(), "--check-only", "--store", store.base()).exit());

        Files.write(store.database(), new byte[100]);
        Script recovered = Script.run(new recover(), "--yes", "--store", store.base());
        assertEquals(staying, ids(store), recovered.toString());

        assertEquals(0, Script.run(new backup(), "restore", "latest", "--no-replay", "--yes", "--store", store.base()).exit() & ~1);
        assertEquals(all, ids(store), "the backup and nothing else");
        assertEquals(0, Script.run(new rebuild(), "--yes", "--store", store.base()).exit());
        assertEquals(staying, ids(store), "what a rebuild carries over was pruned all the same");

        Files.move(store.base().resolve("pruned.ndjson"), store.base().resolve("pruned.away"));
        Script.run(new backup(), "restore", "latest", "--yes", "--store", store.base());
        assertEquals(all, ids(store));
    }

    @Test
    void chainsBreakOnlyWhenToldTo() {
        Store store = Fixture.V3.empty(dir);
        write(store, run(Fixture.V3, 0, "old 1", Duration.ofDays(9)).with("insight_id", "i"),
                run(Fixture.V3, 1, "old 2", Duration.ofDays(8)).with("insight_id", "i"),
                run(Fixture.V3, 2, "young", Duration.ofDays(1)).with("insight_id", "i"), run(Fixture.V3, 3, "alone", Duration.ofDays(9)));
        Script shown = prune(store, "runs", "--older-than", "5d", "--dry-run");
        assertTrue(shown.out().contains("1 run that") && shown.out().contains("2 more are as old but stay, because others of their chain"),
                shown.out());
        prune(store, "runs", "--older-than", "5d", "--yes");
        assertEquals(Set.of("old 1", "old 2", "young"), ids(store));
        prune(store, "runs", "--older-than", "5d", "--yes", "--break-chains");
        assertEquals(Set.of("young"), ids(store));
    }

    @Test
    void aCallerStaysWithTheRunsItCalledAndARunIdWithAllItsRows() {
        Fixture shape = Fixture.V7_SERVICE;
        Store store = shape.empty(dir);
        write(store, run(shape, 0, "caller", Duration.ofDays(9)), run(shape, 1, "between", Duration.ofDays(8))
                .with("parent_run_id", "caller"),
                run(shape, 2, "called", Duration.ofDays(1)).with("parent_run_id", "between"), run(shape, 3, "sibling", Duration.ofDays(8))
                        .with("parent_run_id", "caller"),
                run(shape, 4, "twice", Duration.ofDays(9)), run(shape, 5, "twice", Duration.ofDays(1)),
                run(shape, 6, "gone caller", Duration.ofDays(9)), run(shape, 7, "gone called", Duration.ofDays(8))
                        .with("parent_run_id", "gone caller"),
                run(shape, 8, "orphan already", Duration.ofDays(9)).with("parent_run_id", "nobody"));
        assertEquals(0, prune(store, "runs", "--older-than", "5d", "--yes", "--break-chains").exit());
        assertEquals(Set.of("caller", "between", "called", "sibling", "twice"), ids(store));
        assertEquals(2, number(store, "SELECT count(*) FROM agent_runs WHERE run_id = 'twice'"));
    }

    @Test
    void whatSaysRunningOrNothingAtAllNeverGoes() {
        Store store = Fixture.V3.empty(dir);
        write(store, run(Fixture.V3, 0, "over", Duration.ofDays(900)), run(Fixture.V3, 1, "running", Duration.ofDays(900))
                .with("status", "running").with("end_time", null));
        try (Database database = Database.open(store.database())) {
            String insert = "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES (?, 'a', ?, ?)";
            database.update(insert, "wordless", "2020-01-01 00:00:00", null);
            database.update(insert, "timeless", "yesterday", "success");
        }
        Script done = prune(store, "runs", "--older-than", "0d", "--yes");
        assertEquals(Set.of("running", "wordless", "timeless"), ids(store));
        assertTrue(done.out().contains("1 more are as old and say running" + System.lineSeparator()
                + "next: jbang prune@telemetry stale --dry-run --store " + store.base()), done.out());
    }

    @Test
    void theOldestGoFirstAndAChainThatDoesNotFitStays() {
        Store store = Fixture.V3.empty(dir);
        write(store, run(Fixture.V3, 0, "chain 1", Duration.ofDays(9)).with("insight_id", "i"),
                run(Fixture.V3, 1, "chain 2", Duration.ofDays(3)).with("insight_id", "i"),
                run(Fixture.V3, 2, "third", Duration.ofDays(7)), run(Fixture.V3, 3, "second", Duration.ofDays(8)),
                        run(Fixture.V3, 4, "first", Duration.ofDays(10)).with("agent_name", "other"));
        assertEquals(0, prune(store, "runs", "--older-than", "1d", "--limit", 2, "--yes").exit());
        assertEquals(Set.of("chain 1", "chain 2", "third"), ids(store));
        prune(store, "runs", "--older-than", "1d", "--limit", 2, "--yes", "--agent", "hugo-translator");
        assertEquals(Set.of("chain 1", "chain 2"), ids(store), "third is hugo-translator's");
        prune(store, "runs", "--older-than", "1d", "--yes", "--agent", "link-checker");
        assertEquals(Set.of("chain 1", "chain 2"), ids(store), "the chain has a run of another agent");
        prune(store, "runs", "--older-than", "1d", "--yes");
        assertEquals(Set.of(), ids(store));
    }

    @Test
    void aRunThatJoinsAChainMeanwhileKeepsIt() {
        Store store = Fixture.V3.empty(dir);
        write(store, run(Fixture.V3, 0, "a", Duration.ofDays(9)).with("insight_id", "i"), run(Fixture.V3, 1, "b", Duration.ofDays(9))
                .with("insight_id", "i"),
                run(Fixture.V3, 2, "c", Duration.ofDays(9)), run(Fixture.V3, 3, "d", Duration.ofDays(9)));
        try (Database database = Database.open(store.database())) {
            var old = new OldRuns(database, new OldRuns.Choice(NOON.minus(Duration.ofDays(5)), null, false, Long.MAX_VALUE));
            OldRuns.Plan plan = old.plan();
            assertEquals(4, plan.runs());
            write(store, run(Fixture.V3, 4, "new", Duration.ofDays(0)).with("insight_id", "i"));
            database.update("UPDATE agent_runs SET status = 'running' WHERE run_id = 'c'");
            OldRuns.Deleted deleted = old.delete(plan, Pruned.of(store), NOON, done -> { });
            assertEquals(new OldRuns.Deleted(1, 0, 3), deleted);
        }
        assertEquals(Set.of("a", "b", "c", "new"), ids(store));
    }

    @Test
    void nothingGoesThatIsNotOnTheDiskAsPrunedBefore() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Files.createDirectory(store.base().resolve("pruned.ndjson"));
        Script refused = prune(store, "runs", "--older-than", "1d", "--yes");
        assertEquals(2, refused.exit(), refused.toString());
        assertEquals(60, rows(store).size());
    }

    @Test
    void nothingGoesWithoutABackup() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Files.delete(store.backups());
        Files.writeString(store.backups(), "in the way");
        for (String what : List.of("runs", "stale")) {
            Script refused = what.equals("runs") ? prune(store, what, "--older-than", "1d", "--yes") : prune(store, what, "--yes");
            assertEquals(2, refused.exit(), refused.toString());
        }
        assertEquals(60, rows(store).size());
        assertEquals(10, number(store, "SELECT count(*) FROM agent_runs WHERE status = 'running'"));
        assertFalse(Files.exists(store.base().resolve("pruned.ndjson")));
    }

    @Test
    void anotherTablesReferencesAreNotOrphaned() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        try (Database database = Database.open(store.database())) {
            database.execute("CREATE TABLE notes (run_id TEXT REFERENCES agent_runs(run_id), note TEXT)");
        }
        Script refused = prune(store, "runs", "--older-than", "1d", "--yes");
        assertEquals(2, refused.exit());
        assertTrue(refused.err().contains("other tables refer to them: notes"), refused.err());
        assertEquals(60, rows(store).size());
    }

    @Test
    void refusesWhatMakesNoSense() throws IOException {
        Store store = Fixture.V3.filled(dir, 6, NOON);
        assertEquals(64, prune(store).exit());
        assertEquals(64, prune(store, "runs", "--yes").exit());
        assertEquals(64, prune(store, "runs", "--older-than", "1d", "--limit", 0).exit());
        assertEquals(64, prune(store, "stale", "--older-than", "soon").exit());
        assertEquals(3, prune(Store.at(dir.resolve("none")), "stale").exit());
        assertEquals(3, prune(Store.at(dir.resolve("none")), "runs", "--older-than", "1d", "--yes").exit());
        try (Database other = Database.open(store.database())) {
            other.inTransaction(() -> assertEquals(3, prune(store, "runs", "--older-than", "0d", "--yes").exit(), "locked"));
        }
        Files.writeString(store.database(), "no database at all, but long enough to be looked at as one");
        assertEquals(2, prune(store, "runs", "--older-than", "1d").exit());
    }

    @Test
    void jsonTellsTheSame() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Map<String, Object> shown = JsonText.object(prune(store, "runs", "--older-than", "1d", "--json", "--dry-run").out());
        Map<String, Object> done = JsonText.object(prune(store, "runs", "--older-than", "1d", "--json", "--yes").out());
        long runs = 60 - rows(store).size();
        assertTrue(runs > 20);
        assertEquals(List.of(runs, 0L), List.of(shown.get("runs"), shown.get("deleted")));
        assertEquals(List.of(runs, runs, 0L), List.of(done.get("runs"), done.get("deleted"), done.get("left")));
        Map<String, Object> stale = JsonText.object(prune(store, "stale", "--json", "--yes").out());
        assertEquals(6L, stale.get("cancelled"), stale.toString());
    }

    @Test
    void killedAtAnyMomentItCanBeDoneAgain() throws Exception {
        Store store = Fixture.V3.empty(dir);
        List<Run> all = new ArrayList<>();
        for (int n = 0; n < 6_000; n++) all.add(run(Fixture.V3, n, "run " + n, Duration.ofDays(100).plusMinutes(n))
                .with("insight_id", n % 5 < 3 ? "i" + n / 5 : null));
        write(store, all.toArray(Run[]::new));
        for (int kill = 1; kill <= 3; kill++) {
            long there = rows(store).size();
            Process process = Script.processBuilder(Map.of(), "prune", "runs", "--older-than", "1d", "--yes", "--store", store.base())
                    .redirectErrorStream(true).start();
            process.getOutputStream().close();
            while (process.isAlive() && number(store, "SELECT count(*) FROM agent_runs") == there) Thread.sleep(2);
            process.destroyForcibly().waitFor();
            Pruned pruned = Pruned.of(store);
            Set<String> left = ids(store);
            all.forEach(run -> assertTrue(left.contains(run.id()) || pruned.contains(run.id()), run.id() + " is gone and not recorded"));
            String broken = "SELECT insight_id FROM agent_runs WHERE insight_id IS NOT NULL GROUP BY 1 HAVING count(*) <> 3";
            assertEquals(0, number(store, "SELECT count(*) FROM (" + broken + ")"), "a chain is whole");
        }
        assertTrue(rows(store).size() < 6_000, "something was deleted before the last kill");
        Script again = Script.runProcess(Map.of(), "prune", "runs", "--older-than", "1d", "--yes", "--store", store.base());
        assertEquals(0, again.exit(), again.toString());
        assertEquals(Set.of(), ids(store));
        assertEquals(6_000, Pruned.of(store).size());
        assertEquals(6_000, Files.readAllLines(store.base().resolve("pruned.ndjson")).stream().filter(line -> !line.isBlank()).distinct()
                .count());
    }

    @Test
    void agentsWriteOnMeanwhile() throws Exception {
        Store store = Fixture.V3.empty(dir);
        List<Run> all = new ArrayList<>();
        for (int n = 0; n < 5_000; n++) all.add(run(Fixture.V3, n, "run " + n, Duration.ofDays(100).plusMinutes(n)));
        write(store, all.toArray(Run[]::new));
        Agent agent = Agent.writing(store, "busy", 0);
        Script done = Script.run(new prune(), "runs", "--older-than", "30d", "--yes", "--store", store.base());
        agent.close();
        assertEquals(0, done.exit(), done.toString());
        assertEquals(List.of(), agent.errors());
        assertEquals(agent.acknowledged(), ids(store));
    }

    static String status(Store store, String runId) {
        try (Database database = Database.openToRead(store.database())) {
            return (String) database.value("SELECT status FROM agent_runs WHERE run_id = ?", runId);
        }
    }

    @Test
    void whatWasDoneBeforeAFailureIsSaid() {
        Store store = Fixture.V3.empty(dir);
        List<Run> all = new ArrayList<>();
        for (int n = 0; n < 1_200; n++) all.add(run(Fixture.V3, n, "run " + n, Duration.ofDays(100).minusMinutes(n)));
        write(store, all.toArray(Run[]::new));
        try (Database database = Database.open(store.database())) {
            database.execute("CREATE TRIGGER refusal BEFORE DELETE ON agent_runs WHEN old.run_id = 'run 1100'"
                    + " BEGIN SELECT RAISE(ABORT, 'not this one'); END");
        }
        Script failed = prune(store, "runs", "--older-than", "1d", "--yes");
        assertEquals(2, failed.exit(), failed.toString());
        assertTrue(failed.err().contains("1000 of 1200 were done before this"), failed.err());
        assertEquals(200, rows(store).size());
    }
}
