import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.Health;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.Times;
import telemetry.backup.Backups;
import telemetry.health.HealthRules;
import telemetry.health.Measure;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.store.Pruned;
import telemetry.text.Ndjson;

/** The rules of each check of health, one after the other. */
class HealthChecksTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void environmentTellsWhichRuleNamedTheStoreAndWhenVariablesDisagree() throws Exception {
        Fixture.V3.filled(dir, 6, NOON);
        Path other = dir.resolve("other");
        assertEquals("ok " + dir + ", named by AGENT_METRICS_DIR", environment(Map.of("AGENT_METRICS_DIR", dir.toString())));
        assertEquals("ok " + dir + ", named by TELEMETRY_BASE_DIR; AGENT_METRICS_DIR is not set",
                environment(Map.of("TELEMETRY_BASE_DIR", dir.toString())));
        assertEquals("ok " + dir + ", named by TELEMETRY_BASE_DIR",
                environment(Map.of("TELEMETRY_BASE_DIR", dir.toString(), "AGENT_METRICS_DIR", dir + "/.")));
        assertEquals("warning " + dir + ", named by TELEMETRY_BASE_DIR; another store by AGENT_METRICS_DIR=" + other,
                environment(Map.of("TELEMETRY_BASE_DIR", dir.toString(), "AGENT_METRICS_DIR", other.toString())));
        assertEquals("ok " + dir + ", named by --store; another store by AGENT_METRICS_DIR=" + other,
                environment(Map.of("AGENT_METRICS_DIR", other.toString()), "--store", dir));
        Script health = Script.runProcess(Map.of("AGENT_METRICS_DIR", dir.toString()), "health", "--json");
        assertEquals("jbang prune@telemetry stale --dry-run", HealthTest.next(health, "stale"),
                "the variable names the store to the next command too");
    }

    private static String environment(Map<String, String> env, Object... options) throws Exception {
        List<Object> args = new java.util.ArrayList<>(List.of("--json", "--quick"));
        args.addAll(List.of(options));
        Script health = Script.runProcess(env, "health", args.toArray());
        return HealthTest.status(health, "environment") + " " + HealthTest.check(health, "environment").getString("detail", "");
    }

    @Test
    void storageNamesWhatIsMissing() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 5, NOON);
        Path elsewhere = dir.resolve("raw elsewhere");
        Files.move(store.raw(), elsewhere);
        assertEquals("failed: missing: " + store.raw(), told(store, "storage"));
        Store moved = Store.fromEnv(Map.of("AGENT_METRICS_DIR", store.base().toString(),
                "TELEMETRY_NDJSON_DIR", elsewhere.toString()), dir);
        assertEquals("ok: folders are there: db, raw, backups", told(moved, "storage"));
        String disk = told(moved, "disk");
        assertTrue(disk.endsWith(" free on the disk of " + store.database().getParent())
                || disk.endsWith(" free on the disk of " + elsewhere), disk);
        Files.writeString(store.raw(), "");
        assertEquals("failed: " + store.raw() + " is no folder", told(store, "storage"));
        for (String check : List.of("write", "day files", "divergence"))
            assertEquals("skipped: skipped: no day files' folder", told(store, check), "one cause is one failure");
        assertEquals("move that file elsewhere, then (runbook: Complete System Failure) jbang setup@telemetry --store " + store.base(),
                hint(store, "storage"));
        Store astray = Store.fromEnv(Map.of("AGENT_METRICS_DIR", store.base().toString(), "TELEMETRY_NDJSON_DIR", dir + "/gone"), dir);
        assertEquals("failed: TELEMETRY_NDJSON_DIR names " + dir.resolve("gone") + ", which is not there: were the day files moved?",
                told(astray, "storage"));
        assertEquals("name their folder in TELEMETRY_NDJSON_DIR, or unset it (runbook: System Overview)", hint(astray, "storage"));
    }

    @Test
    void aFileInPlaceOfTheStoreIsNoMatterOfPermissionsAndNothingToRecover() throws IOException {
        Store store = Store.at(Files.writeString(dir.resolve("file"), "x"));
        assertEquals("failed: " + store.base() + " is no folder", told(store, "storage"));
        for (Store none : List.of(store, Store.at(store.base().resolve("below")))) {
            assertEquals("failed: " + store.base() + " is no folder", told(none, "storage"));
            assertEquals("name the store's folder with --store DIR (runbook: System Overview)", hint(none, "storage"));
            for (String check : HealthTest.NAMES.subList(2, HealthTest.NAMES.size()))
                assertEquals("skipped: skipped: no store", told(none, check), check);
        }
    }

    @Test
    void whereTheDatabaseIsLostSetupIsNotAdvisedWhichWouldMakeAnEmptyOne() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Files.delete(store.database());
        Files.delete(store.database().getParent());
        assertEquals("(runbook: Complete System Failure) jbang recover@telemetry --dry-run --store " + dir, hint(store, "storage"));
        assertEquals("skipped: skipped: no database", told(store, "database"), "one cause is one failure");
        Store fresh = Store.at(Files.createDirectory(dir.resolve("fresh")));
        assertEquals("(runbook: Complete System Failure) jbang setup@telemetry --store " + fresh.base(), hint(fresh, "storage"));
    }

    @Test
    void anIndexThatDiffersFromItsTableIsFoundByTheIntegrityCheckAndNotByTheQuickOne() {
        Store store = Fixture.V3.filled(dir, 20, NOON);
        try (Database database = Database.open(store.database())) {
            database.pragma("writable_schema", 1);
            database.update("UPDATE sqlite_master SET sql = 'CREATE INDEX idx_runs_agent ON agent_runs(host)' WHERE name = "
                    + "'idx_runs_agent'");
        }
        Check whole = check(of(store, NOON, HealthRules.RUNBOOK), "database");
        assertEquals(Check.Status.FAILED, whole.status());
        assertEquals("only indexes are damaged: integrity_check found 20 errors in agent_runs: row 1 missing from index idx_runs_agent; "
                + "row 2 missing from index idx_runs_agent; row 3 missing from index idx_runs_agent; …", whole.detail());
        assertEquals("(runbook: Database Corrupted) jbang recover@telemetry --dry-run --store " + dir, whole.hint().toString());
        assertEquals(20, whole.errors().size(), "with --json all of them");
        String json = Script.run(new health(), "--json", "--store", dir).out();
        assertEquals(20, json.split("\"row \\d+ missing from index idx_runs_agent\"", -1).length - 1, json);
        assertTrue(check(of(store, NOON, HealthRules.RUNBOOK.quickly()), "database").detail().startsWith("quick_check ok in "));
    }

    /** Somebody wrote them so: no rollback to a backup helps. */
    @Test
    void rowsThatBreakAConstraintAreAWarningAndTheDatabaseIsNotCalledCorrupted() {
        Store store = Fixture.V3.filled(dir, 20, NOON);
        Sabotage.breakConstraints(store);
        for (HealthRules rules : List.of(HealthRules.RUNBOOK, HealthRules.RUNBOOK.quickly())) {
            Check database = check(of(store, NOON, rules), "database");
            assertEquals(Check.Status.WARNING, database.status());
            assertTrue(database.detail().startsWith("nothing is damaged, but rows break a NOT NULL or CHECK: "), database.detail());
            assertFalse(database.toString().contains("Corrupted"), database.toString());
        }
        Script made = Script.run(new backup(), "--store", dir);
        assertEquals(1, made.exit(), made.toString());
        assertTrue(made.out().contains("verified") && made.out().contains("odd      nothing is damaged, but rows break a NOT NULL or "
                + "CHECK"),
                made.out());
        assertTrue(Backups.newestVerified(store).isPresent());
    }

    @Test
    void schemaTellsWhatIsMissing() {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        change(store, "DROP INDEX idx_runs_start");
        assertEquals("warning: v3: indexes missing: idx_runs_start", told(store, "schema"));
        change(store, "DROP TABLE commits");
        assertEquals("warning: v3: no table commits; indexes missing: idx_runs_start", told(store, "schema"));
        change(store, "ALTER TABLE agent_runs DROP COLUMN job_type");
        assertEquals("failed: v3: columns missing: job_type; no table commits; indexes missing: idx_runs_start", told(store, "schema"));
        change(store, "DROP TABLE agent_runs");
        assertEquals("failed: none: no table agent_runs", told(store, "schema"));
        assertEquals("skipped: skipped: no table of runs", told(store, "activity"));
    }

    @Test
    void journalReportsProgramsThatFightOverTheMode() {
        for (Fixture shape : Fixture.values()) {
            Store store = shape.filled(dir.resolve(shape.name()), 5, NOON);
            boolean late = shape.version() >= 6;
            assertEquals("ok: " + (late ? "DELETE" : "WAL") + ", no -wal", told(store, "journal"));
            change(store, "PRAGMA journal_mode = " + (late ? "WAL" : "DELETE"));
            String fight = told(store, "journal");
            assertTrue(fight.startsWith("warning: " + (late ? "WAL, but the writers of v" : "DELETE, but the writers of v")
                    + shape.version())
                    && fight.endsWith(" set " + (late ? "DELETE" : "WAL") + ": programs of different versions fight over it"), fight);
        }
    }

    @Test
    void aLargeWalIsAWarning() {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        try (Database writer = Database.open(store.database())) {
            writer.update("UPDATE agent_runs SET host = hex(randomblob(3000))");
            assertTrue(told(store, "journal").matches("ok: WAL, -wal of \\d+ kB"), told(store, "journal"));
            Script health = HealthTest.health(store, "--json", "--wal-size", "1kB");
            assertTrue(HealthTest.check(health, "journal").getString("detail", "")
                    .matches("WAL, -wal of \\d+ kB, more than 1.0 kB: .*"), health.out());
        }
    }

    @Test
    void diskHasTwoThresholds() {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Script failed = HealthTest.health(store, "--json", "--disk-failed", "90000TB", "--disk-warning", "90000TB");
        Script warning = HealthTest.health(store, "--json", "--disk-failed", "0", "--disk-warning", "90000TB");
        assertEquals(List.of("failed", "warning"), List.of(HealthTest.status(failed, "disk"), HealthTest.status(warning, "disk")));
        assertEquals(List.of(2, 1), List.of(failed.exit(), warning.exit()));
    }

    @Test
    void writeTakesAsLongAsTheDiskDoesAndTouchesNoDayFile() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Files.setLastModifiedTime(store.raw(), java.nio.file.attribute.FileTime.fromMillis(0));
        Health health = of(store, NOON, HealthRules.RUNBOOK);
        assertTrue(Double.parseDouble(measure(health, "write")) > 0, health.measures().toString());
        assertTrue(Files.getLastModifiedTime(store.raw()).toMillis() > 0, "a file was there for a moment");
        try (var files = Files.list(store.raw())) {
            assertEquals(List.of("events_20261120.ndjson"), files.map(file -> file.getFileName().toString()).toList());
        }
    }

    @Test
    void activityCountsRunsOfAllFormsOfTimeExactly() {
        Store store = Fixture.V7_SERVICE.filled(dir, 60, NOON);
        change(store, "UPDATE agent_runs SET start_time = 'no time' WHERE rowid % 11 = 5");
        change(store, "UPDATE agent_runs SET start_time = '2027-01-01T00:00:00Z' WHERE rowid = 60");
        for (int minutes : new int[] {0, 1, 59, 60, 61, 600, 1439, 1440, 1441, 4000}) {
            Instant now = NOON.plus(Duration.ofMinutes(minutes));
            Health health = of(store, now, HealthRules.RUNBOOK);
            assertEquals(began(store, now.minus(Duration.ofHours(1)), now), Long.parseLong(measure(health, "runs_last_hour")),
                    "after " + minutes + " min");
            assertEquals(began(store, now.minus(Duration.ofDays(1)), now), Long.parseLong(measure(health, "runs_last_day")),
                    "after " + minutes + " min");
        }
        String unread = "; 5 runs have a start_time that cannot be read";
        assertEquals("warning: 1 run begins later than this machine's clock, 2026-11-20 12:10:00 UTC" + unread, told(store, "activity"));
        change(store, "UPDATE agent_runs SET start_time = '2026-11-20T13:09:59Z' WHERE rowid = 60");
        assertEquals("ok: 1 run in the last hour, 22 in the last 24 h" + unread, told(store, "activity"), "an hour is no wrong clock");
        change(store, "UPDATE agent_runs SET start_time = '2026-11-20T13:10:01Z' WHERE rowid = 60");
        assertEquals("warning: 1 run begins later than this machine's clock, 2026-11-20 12:10:00 UTC" + unread, told(store, "activity"));
        change(store, "DELETE FROM agent_runs WHERE rowid = 60");
        assertEquals("warning: no run for 1 d 16 h, 0 in the last 24 h; silent: link-checker since 2026-11-20 12:00:00, docs-crawler since "
                + "2026-11-20 11:00:00, hugo-translator since 2026-11-20 10:00:00" + unread,
                told(store, "activity", NOON.plus(Duration.ofHours(40))));
        assertEquals("warning: no run yet", told(Fixture.V1.empty(dir.resolve("empty")), "activity"));
    }

    private static long began(Store store, Instant after, Instant until) {
        try (Database database = Database.openToRead(store.database())) {
            return database.query("SELECT start_time FROM agent_runs").stream().map((Row row) -> Times.instant(row.text("start_time")))
                    .filter(start -> start != null && start.isAfter(after) && !start.isAfter(until)).count();
        }
    }

    @Test
    void staleCountsWhatHasBeenRunningForLonger() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals("warning: 6 running for more than 1 d, the oldest for 2 d 11 h", told(store, "stale"));
        Script health = HealthTest.health(store, "--json", "--stale", "60h");
        assertEquals("10 running, none for more than 2 d 12 h", HealthTest.check(health, "stale").getString("detail", ""));
    }

    @Test
    void theStaleRunsOfTheWarningAreThoseThatItsHintShows() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        for (String[] rule : new String[][] {{}, {"--stale", "30h"}}) {
            List<String> asked = new ArrayList<>(List.of("--json"));
            asked.addAll(List.of(rule));
            Script health = HealthTest.health(store, asked.toArray());
            var check = HealthTest.check(health, "stale");
            assertEquals("(runbook: Prune)", check.getString("hint", ""));
            String[] hint = HealthTest.next(health, "stale").split("jbang prune@telemetry ");
            var prune = new prune();
            prune.clock = HealthTest.AT_NOON;
            Script shown = Script.run(prune, (Object[]) (hint[1] + " --json").split(" "));
            String runs = check.getString("detail", "").split(" ")[0];
            assertEquals(runs, shown.out().lines().filter(line -> line.contains("\"run_id\":")).count() + "", shown.toString());
        }
    }

    @Test
    void sizeTellsBytesPerRun() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        long bytes = store.database().toFile().length();
        assertEquals("ok: " + bytes / 1000 + " kB, 60 runs, " + bytes / 60 + " bytes a run",
                told(store, "size").replace((bytes + 500) / 1000 + " kB", bytes / 1000 + " kB"));
        Script health = HealthTest.health(store, "--json", "--database-size", "50kB");
        assertTrue(HealthTest.check(health, "size").getString("detail", "").endsWith(" bytes a run; more than 50 kB"), health.out());
    }

    @Test
    void noBackupIsAWarningOnceTheStoreIsADayOld() {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        assertEquals("ok: none yet, in a store younger than a day", told(store, "backup"));
        change(store, "UPDATE schema_migrations SET applied_at = '2026-11-19 11:00:00'");
        assertEquals("warning: there is no verified backup", told(store, "backup"));
    }

    @Test
    void theNewestVerifiedBackupHasAnAge() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        backUp(store, NOON.minus(Duration.ofHours(27)));
        assertEquals("warning: the newest verified one is 1 d 3 h old, more than 1 d 2 h", told(store, "backup", NOON));
        Path fresh = backUp(store, NOON.minus(Duration.ofHours(2)));
        assertEquals("ok: the newest verified one is 2 h old", told(store, "backup", NOON));
        assertEquals("7200", measure(of(store, NOON, HealthRules.RUNBOOK), "backup_age"));
        Files.writeString(fresh, "x", StandardOpenOption.APPEND);
        assertEquals("warning: the newest verified one is 1 d 3 h old, more than 1 d 2 h", told(store, "backup", NOON));
        Files.move(store.backups(), dir.resolve("moved"));
        Files.writeString(store.backups(), "");
        assertEquals("failed: " + store.backups() + ": it is no folder", told(store, "backup", NOON));
        assertEquals("move that file elsewhere, then (runbook: Complete System Failure) jbang setup@telemetry --store " + dir,
                hint(store, "backup"));
    }

    private static Path backUp(Store store, Instant when) {
        var backup = new backup();
        backup.clock = Clock.fixed(when, ZoneOffset.UTC);
        assertEquals(0, Script.run(backup, "--store", store.base()).exit());
        return store.backups().resolve("telemetry_backup_" + Times.stamp(when) + ".sqlite");
    }

    @Test
    void divergenceFindsRunsThatStandInTheDayFilesAlone() throws IOException {
        for (Fixture shape : List.of(Fixture.V1, Fixture.V3, Fixture.V7_PYTHON, Fixture.V7_SERVICE)) {
            Store store = shape.filled(dir.resolve(shape.name()), 30, NOON);
            List<Run> runs = List.of(shape.run(3, NOON.minusSeconds(3 * 3600)), shape.run(4, NOON.minusSeconds(4 * 3600)));
            assertTrue(told(store, "divergence").startsWith("ok: the day files' "), told(store, "divergence"));
            change(store, "DELETE FROM agent_runs WHERE run_id = '" + runs.get(0).id() + "'");
            assertEquals("warning: 1 run of the day files not in the database, the first is " + runs.get(0).id(),
                    told(store, "divergence"));
            change(store, "UPDATE agent_runs SET status = 'running', end_time = NULL WHERE run_id = '" + runs.get(1).id() + "'");
            assertTrue(told(store, "divergence").endsWith("; 1 run ended in the day files and running in the database, the first is "
                    + runs.get(1).id()), told(store, "divergence"));
            assertEquals("ok: no day file since 2026-11-24", told(store, "divergence", NOON.plus(Duration.ofDays(6))));

            Pruned.of(store).add(List.of(runs.get(0).id(), runs.get(1).id()), NOON);
            assertTrue(told(store, "divergence").startsWith("ok: "), "what was pruned is missing on purpose");
        }
    }

    @Test
    void divergenceReadsArchivedDaysAndLinesOfEveryForm() throws IOException {
        Store store = Fixture.V3.filled(dir, 1, NOON);
        String run = "{\"run_id\": \"%s\", \"agent_name\": \"a\", \"start_time\": \"2026-11-20 08:00:00\", \"metrics_json\": %s, "
                + "\"status\": \"%s\", \"record_type\": \"run\"}";
        String text = "\"{\\\"run_id\\\": \\\"inner\\\", \\\"status\\\": \\\"running\\\", \\\"record_type\\\": \\\"event\\\"}\"";
        append(store, String.format(run, "in-text", text, "success"),
                String.format(run, "nested", "{\"run_id\": \"inner\", \"status\": \"running\"}", "success"),
                String.format(run, "torn", "\"x", "success").substring(0, 60) + String.format(run, "glued", "null", "success"),
                "{\"run_id\":\"compact\",\"status\":\"success\"}",
                String.format(run, "gr\\u00f6\\u00dfer", "null", "success"),
                "{\"run_id\": \"event-only\", \"event_type\": \"checkpoint\", \"payload_json\": null, \"record_type\": \"event\"}",
                "{\"run_id\": \"typed-early\", \"record_type\": \"event\", \"event_type\": \"info\"}",
                "{\"run_id\": \"untyped\", \"event_type\": \"info\"}", "[]");
        change(store, "INSERT INTO agent_runs(run_id, agent_name, start_time, status) VALUES ('größer', 'a', '2026-11-20 08:00:00', "
                + "'success')");
        assertEquals("warning: 4 runs of the day files not in the database, the first is in-text; 2 damaged pieces",
                firstOf(told(store, "divergence")));

        Path archived = Files.createDirectories(store.base().resolve("archive/year=2026/month=11")).resolve("events_20261119.ndjson.gz");
        try (var gz = new GZIPOutputStream(Files.newOutputStream(archived))) {
            gz.write((String.format(run, "archived", "null", "success") + "\n").getBytes(StandardCharsets.UTF_8));
        }
        assertTrue(told(store, "divergence").startsWith("warning: 5 runs of the day files not in the database"), told(store, "divergence"));
    }

    /** Which of the missing is the first is not promised. */
    private static String firstOf(String told) {
        return told.replaceFirst("the first is (in-text|nested|glued|compact)\\b", "the first is in-text");
    }

    @Test
    void aRunThatIsOnItsWayIntoTheDatabaseIsNoDivergence() throws IOException {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Run begun = Fixture.V3.run(5, NOON.plusSeconds(3600)).with("end_time", null).with("status", "running");
        append(store, Ndjson.line(begun));
        assertTrue(told(store, "divergence", NOON.plusSeconds(3600 + 59)).startsWith("ok: "));
        assertTrue(told(store, "divergence", NOON.plusSeconds(3600 + 61)).startsWith("warning: 1 run "));
    }

    @Test
    void writersAtWorkAreNoTrouble() throws Exception {
        Store store = Fixture.V3.empty(dir);
        Thread[] writers = new Thread[2];
        boolean[] stop = {false};
        for (int i = 0; i < writers.length; i++) {
            writers[i] = new Thread(() -> {
                try (TelemetryClient client = TelemetryClient.at(store)) {
                    while (!stop[0]) client.track("agent", "job", run -> run.event("checkpoint"));
                }
            });
            writers[i].start();
        }
        for (int i = 0; i < 10; i++) {
            Health health = Health.of(store, Clock.systemUTC());
            for (String name : List.of("database", "journal", "write", "stale", "divergence"))
                assertEquals(Check.Status.OK, check(health, name).status(), health.toString());
        }
        stop[0] = true;
        for (Thread writer : writers) writer.join();
    }

    private static void append(Store store, String... lines) throws IOException {
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), String.join("\n", lines) + "\n", StandardOpenOption.APPEND);
    }

    private static void change(Store store, String statement) {
        try (Database database = Database.open(store.database())) {
            database.execute(statement);
        }
    }

    private static String hint(Store store, String name) {
        return check(of(store, NOON.plusSeconds(600), HealthRules.RUNBOOK), name).hint().toString();
    }

    private static String told(Store store, String name) {
        return told(store, name, NOON.plusSeconds(600));
    }

    private static String told(Store store, String name, Instant now) {
        Check check = check(of(store, now, HealthRules.RUNBOOK), name);
        return check.status() + ": " + check.detail();
    }

    private static Health of(Store store, Instant now, HealthRules rules) {
        return Health.of(store, Clock.fixed(now, ZoneOffset.UTC), rules, null);
    }

    private static Check check(Health health, String name) {
        return health.checks().list().get(HealthTest.NAMES.indexOf(name));
    }

    private static String measure(Health health, String name) {
        return health.measures().stream().filter(measure -> measure.name().equals(name)).map(Measure::text).findFirst().orElseThrow();
    }
}
