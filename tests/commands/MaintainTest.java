import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.Health;
import telemetry.Store;
import telemetry.Times;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.maintain.RunbookPage;
import telemetry.measure.Baselines;
import telemetry.os.DiskSpace;
import telemetry.store.KnownLosses;

/** maintain weekly, monthly, quarterly. How it is scheduled is in ScheduleTest, what makes a trend in TrendTest. */
class MaintainTest {
    private static final Instant NOW = HealthTest.NOON.plusSeconds(600);

    @TempDir
    Path dir;

    @Test
    void aWeekInWhichAllIsWellIsTicked() throws IOException {
        Store store = wellKept();
        record(store, 10, day -> DiskSpace.free(dir) + (day % 2 == 0 ? 1_000_000_000L : -1_000_000_000L));
        Script weekly = maintain(store, "weekly");
        assertEquals("", weekly.err());
        assertEquals(String.join("\n", "[x]  health   all 14 checks are ok",
                "[x]  backups  2 backups, 2 verified; the newest is as it was made, byte for byte",
                "[x]  disk     N GB free, no clear trend in 9 d",
                "ok: 3 of 3 done", ""), ticked(weekly).replaceAll("\\d+ GB", "N GB"));
        assertEquals(0, weekly.exit());
        String head = "weekly maintenance of " + store.base() + ", 2026-11-20 12:10:00 UTC\n\nhealth\nok       environment";
        assertTrue(weekly.out().startsWith(head), weekly.out());
        assertTrue(weekly.out().contains("\ntelemetry_backup_20261120_120000.sqlite "), weekly.out());
        assertTrue(weekly.out().contains("\n2026-11-20  ok "), weekly.out());
        assertNarrow(weekly);
    }

    @Test
    void whatIsLeftToDoIsOpenAndHasItsCommand() throws IOException {
        Store store = store();
        Script weekly = maintain(store, "weekly");
        assertEquals(1, weekly.exit());
        assertEquals(String.join("\n", "[x]  health   all 14 checks are ok",
                "[ ]  backups  there is no backup (runbook: Create Backup)",
                "              next: jbang backup@telemetry --store S",
                "[ ]  disk     N GB free, no trend yet: 1 day recorded, 5 over a week are",
                "              needed; nothing was recorded in 30 d; record it each day (runbook:",
                "              Health Checks)",
                "              next: jbang health@telemetry --record --store S",
                "warning: 1 of 3 done", ""), ticked(weekly).replaceAll("\\d+ GB", "N GB").replace(store.base().toString(), "S"));
        assertNarrow(weekly);
    }

    @Test
    void theDiskIsForetold() throws IOException {
        assertForetold(41, "ok");
        assertForetold(20, "warning");
        assertEquals(2, assertForetold(5, "failed").exit());
    }

    private Script assertForetold(int days, String status) throws IOException {
        Store store = Fixture.V3.filled(dir.resolve(status), 20, HealthTest.NOON);
        long free = DiskSpace.free(dir);
        for (int day = 1; day <= 12; day++) record(store, NOW.minus(Duration.ofDays(day)), free + free / days * day, 1);
        Script weekly = maintain(store, "weekly", "--json");
        JsonObject disk = task(weekly, "disk");
        assertTrue(disk.getString("detail", "").endsWith(" less a day: full in about " + days + " days"), disk.toString());
        assertEquals(status, disk.getString("status", ""));
        assertEquals(status.equals("ok"), disk.getBoolean("done", false));
        assertEquals(days, disk.get("data").asObject().getInt("days_left", 0));
        return weekly;
    }

    @Test
    void aRecordThatHasStoppedIsSaid() throws IOException {
        Store store = wellKept();
        for (int day = 5; day < 15; day++) record(store, NOW.minus(Duration.ofDays(day)), DiskSpace.free(dir), 1);
        record(store, NOW.plus(Duration.ofDays(400)), 5, 5);
        JsonObject disk = task(maintain(store, "weekly", "--json"), "disk");
        assertTrue(disk.getString("detail", "").endsWith("; last recorded 5 d ago"), disk.toString());
        assertEquals("warning", disk.getString("status", ""));
    }

    @Test
    void aDatabaseThatWillSoonBeTooLargeIsSaid() throws IOException {
        Store store = wellKept();
        long size = store.database().toFile().length();
        long perDay = (500_000_000 - size) / 20;
        for (int day = 1; day <= 10; day++) record(store, NOW.minus(Duration.ofDays(day)), DiskSpace.free(dir), size - perDay * day);
        Script monthly = maintain(store, "monthly", "--json");
        JsonObject growth = task(monthly, "growth");
        assertTrue(growth.getString("detail", "").endsWith(", 25 MB more a day: over 500 MB in about 20 days"), growth.toString());
        assertEquals("warning", growth.getString("status", ""));
        assertEquals("(runbook: Prune)", growth.getString("hint", ""));
        assertEquals("jbang prune@telemetry runs --older-than 180d --dry-run --store " + store.base(), growth.getString("next", ""));
        assertEquals(1, monthly.exit());
    }

    @Test
    void aBackupThatIsDamagedFailsTheReview() throws IOException {
        Store store = wellKept();
        try (var backup = new RandomAccessFile(store.backups().resolve("telemetry_backup_20261120_120000.sqlite").toFile(), "rw")) {
            backup.seek(5_000);
            int old = backup.read();
            backup.seek(5_000);
            backup.write(old ^ 1);
        }
        Script weekly = maintain(store, "weekly", "--json");
        JsonObject backups = task(weekly, "backups");
        assertTrue(backups.getString("detail", "").startsWith("telemetry_backup_20261120_120000.sqlite is damaged: "), backups.toString());
        assertEquals(2, weekly.exit());
    }

    @Test
    void aMonthsDryRunShowsWhatItWouldArchiveAndChangesNothing() throws IOException {
        Store store = wellKept();
        List<Path> old = oldDays(store, 3);
        List<String> before = tree(store);
        Script monthly = maintain(store, "monthly", "--dry-run");
        assertEquals(before, tree(store));
        assertTrue(monthly.out().contains("\narchive\nday         size  file\n2026-07-01  "), monthly.out());
        assertTrue(joined(monthly).contains("[ ] archive 3 day files older than 90 d, 60 B, would be archived in " + store.archive()
                + " next: jbang maintain@telemetry monthly --store " + store.base() + " --yes "), monthly.out());
        assertTrue(monthly.out().endsWith("\nnext: jbang maintain@telemetry monthly --store " + store.base() + " --yes\n"), monthly.out());
        assertTrue(old.stream().allMatch(Files::exists));
        assertNarrow(monthly);
    }

    @Test
    void withoutConsentNothingIsArchivedAndWithItTheOldDaysAre() throws IOException {
        Store store = wellKept();
        List<Path> old = oldDays(store, 3);
        Script unasked = maintain(store, "monthly");
        assertEquals(64, unasked.exit());
        String question = "There is no terminal to ask on: add --yes to go ahead, or --dry-run to look first";
        assertTrue(unasked.err().contains(question), unasked.err());
        assertEquals("", unasked.out());
        assertTrue(old.stream().allMatch(Files::exists));
        Script monthly = maintain(store, "monthly", "--yes");
        assertTrue(joined(monthly).contains("[x] archive 3 day files archived "), monthly.out());
        assertTrue(old.stream().noneMatch(Files::exists));
        assertTrue(Files.exists(store.archive().resolve("year=2026/month=07/events_20260701.ndjson.gz")));
        String nothing = "[x] archive no day file to archive is older than 90 d ";
        assertTrue(joined(maintain(store, "monthly")).contains(nothing), "nothing left to ask for");
    }

    /** Health compares names and sizes only: a flipped bit is the month's business. */
    @Test
    void aMonthComparesEveryArchivedFileWithItsHash() throws IOException {
        Store store = wellKept();
        assertTrue(joined(maintain(store, "monthly", "--yes")).contains("[x] archived files there is none "));
        oldDays(store, 3);
        assertTrue(joined(maintain(store, "monthly", "--yes")).contains("[x] archived files 3 of 3 have the manifest's SHA-256 "));
        Path month = store.archive().resolve("year=2026/month=07");
        BackupTest.flip(month.resolve("events_20260702.ndjson.gz"), 8 * 20);
        assertEquals(Check.Status.OK, Health.of(store, Clock.fixed(NOW, ZoneOffset.UTC)).status());
        List<String> before = tree(store);
        assertTrue(joined(maintain(store, "monthly", "--dry-run")).contains("[ ] archived files 3 files, "), "would be compared");
        assertEquals(before, tree(store));
        Script monthly = maintain(store, "monthly");
        assertEquals(2, monthly.exit(), monthly.toString());
        assertTrue(joined(monthly).contains("[ ] archived files 2 of 3 have the manifest's SHA-256; "
                + "year=2026/month=07/events_20260702.ndjson.gz: its SHA-256 is not "), monthly.out());
        assertTrue(joined(monthly).contains("next: jbang archive@telemetry verify --store " + store.base()), monthly.out());
        Files.delete(month.resolve("events_20260703.ndjson.gz"));
        assertTrue(joined(maintain(store, "monthly")).contains("[ ] archived files 1 of 3 have the manifest's SHA-256"));
        KnownLosses.of(store).add(List.of(LocalDate.parse("2026-07-02"), LocalDate.parse("2026-07-03")), "the disk", NOW);
        assertTrue(joined(maintain(store, "monthly")).contains("[x] archived files 1 of 3 have the manifest's SHA-256, known: 2 lost "));
    }

    @Test
    void whenHealthHasFailedNothingIsArchived() throws IOException {
        Store store = wellKept();
        List<Path> old = oldDays(store, 2);
        Files.writeString(store.database(), "hello");
        Script monthly = maintain(store, "monthly", "--yes");
        assertEquals(2, monthly.exit());
        assertTrue(joined(monthly).contains("[ ] archive 2 day files older than 90 d, 40 B: not archived, because health has failed "
                + "(runbook: Database Corrupted) next: jbang recover@telemetry --dry-run --store "), monthly.out());
        assertTrue(old.stream().allMatch(Files::exists));
        assertTrue(Files.notExists(store.archive()));
    }

    @Test
    void aDayFileThatIsLeftAloneIsNamed() throws IOException {
        Store store = wellKept();
        Path old = oldDays(store, 1).get(0);
        Files.setLastModifiedTime(old, FileTime.from(NOW.minusSeconds(60)));
        Script monthly = maintain(store, "monthly", "--yes");
        assertTrue(joined(monthly).contains("[ ] archive no day file to archive is older than 90 d; left alone: events_20260701.ndjson:"
                + " it changed 1 min ago; wait, or ask "), monthly.out());
        assertEquals(1, monthly.exit());
    }

    @Test
    void aRunbookThatNobodyCheckedForHalfAYearIsSaid() throws IOException {
        Store store = store();
        RunbookPage page = RunbookPage.of(Files.readString(Checkout.root().resolve("docs/runbook.md")));
        Instant checked = page.checked().atStartOfDay().toInstant(ZoneOffset.UTC);
        String detail = "runbook version " + page.version() + ", last checked on " + page.checked();
        JsonObject young = task(maintainAt(checked.plus(Duration.ofDays(180)), store, "monthly", "--json", "--yes"), "documentation");
        assertEquals(detail, young.getString("detail", ""));
        assertEquals("ok", young.getString("status", ""));
        JsonObject old = task(maintainAt(checked.plus(Duration.ofDays(181)), store, "monthly", "--json", "--yes"), "documentation");
        assertEquals(detail + ", 181 d ago", old.getString("detail", ""));
        assertEquals("warning", old.getString("status", ""));
    }

    @Test
    void aQuarterHasTheQueriesTheirIndexesAndWhatIsKept() throws IOException {
        Store store = wellKept();
        Script quarterly = quarterly(store, Duration.ofHours(1));
        assertEquals(0, quarterly.exit(), quarterly.out());
        assertTrue(quarterly.out().contains("\nqueries\nquery     p50 ms  p95 ms  rows  by way of\nrecent "), quarterly.out());
        assertTrue(quarterly.out().contains("\nruns        kept until pruned               20 "), quarterly.out());
        assertTrue(joined(quarterly).matches("\\[x] queries simple queries take \\d+\\.\\d\\d ms at most \\([a-z ]+\\),"
                + " baseline 1 h \\[x] indexes none is missing, none is needless"
                + " \\[x] retention nothing is kept beyond its rule ok: 3 of 3 done "), quarterly.out());
        assertNarrow(quarterly);
        oldDays(store, 1);
        try (Database database = Database.open(store.database())) {
            database.execute("DROP INDEX idx_runs_start");
        }
        Script open = quarterly(store, Duration.ZERO);
        assertTrue(joined(open).matches("\\[ ] queries recent takes .*, baseline 0 ms \\(runbook: Performance Baselines\\)"
                + " next: jbang measure_performance@telemetry --apply-indexes --dry-run --store .*"), open.out());
        assertTrue(joined(open).contains("[ ] indexes 1 missing, none is needless next: jbang measure_performance@telemetry --apply-indexes"
                + " --dry-run --store " + store.base() + " [ ] retention there are day files older than 90 d"
                + " (runbook: Maintenance) next: jbang maintain@telemetry monthly --dry-run --store " + store.base()), open.out());
        assertEquals(1, open.exit());
    }

    /** A copy whose runs are all known may go; one with runs of its own may not. */
    @Test
    void quarterlyNamesWhatLiesBesideTheDatabase() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 12, HealthTest.NOON);
        try (Database database = Database.open(store.database())) {
            database.pragma("wal_checkpoint", "TRUNCATE");
        }
        Path folder = store.database().getParent();
        Files.copy(store.database(), folder.resolve("telemetry.sqlite.before_restore"));
        Files.writeString(folder.resolve("telemetry.sqlite.corrupted"), "no database ".repeat(100));
        Path copy = Files.copy(store.database(), folder.resolve("telemetry_copy.sqlite"));
        Files.writeString(folder.resolve("notes.txt"), "mine");
        try (Database other = Database.open(copy)) {
            other.update("INSERT INTO agent_runs(run_id, agent_name, start_time) VALUES ('only here', 'a', 't'), ('a line', 'a', 't')");
        }
        Files.writeString(store.raw().resolve("events_20261101.ndjson"), "{\"run_id\": \"a line\", \"status\": \"running\"}\n");
        Script quarterly = quarterly(store, Duration.ofHours(1));
        assertEquals(1, quarterly.exit(), quarterly.out());
        assertTrue(quarterly.out().contains("3 other files beside the database"), quarterly.out());
        String out = quarterly.out().replaceAll(" +", " ");
        assertTrue(out.matches("(?s).*\\Rtelemetry.sqlite.before_restore [\\d.]+ kB \\S+ 0\\R.*"), out);
        assertTrue(out.matches("(?s).*\\Rtelemetry.sqlite.corrupted 1.2 kB \\S+ unknown: .*"), out);
        assertTrue(out.matches("(?s).*\\Rtelemetry_copy.sqlite [\\d.]+ kB \\S+ 1\\R.*"), out);
        assertTrue(out.replaceAll("\\s+", " ").contains("1 run in them that neither the database nor the day files have"), out);
        assertEquals(1, task(maintain(store, "quarterly", "--json"), "copies").get("data").asArray().get(2).asObject().getInt("runs", 0));
        assertEquals(5, Files.list(folder).filter(file -> !file.toString().endsWith("-wal") && !file.toString().endsWith("-shm")).count());
    }

    private static Script quarterly(Store store, Duration simple) {
        var maintain = new maintain();
        maintain.clock = Clock.fixed(NOW, ZoneOffset.UTC);
        Baselines runbook = Baselines.RUNBOOK;
        maintain.baselines = new Baselines(runbook.write(), simple, runbook.runsPerSecond(), runbook.bytesPerRun());
        return Script.run(maintain, "quarterly", "--store", store.base()).plain();
    }

    @Test
    void aDatabaseThatCannotBeReadFailsItsItemsAndTheOthersAreDone() throws IOException {
        Store store = wellKept();
        record(store, 10, day -> DiskSpace.free(dir));
        Files.writeString(store.database(), "hello ".repeat(1_000));
        Script quarterly = maintain(store, "quarterly", "--json");
        assertEquals(2, quarterly.exit());
        assertEquals("failed", task(quarterly, "queries").getString("status", ""));
        assertTrue(task(quarterly, "queries").getString("detail", "")
                .endsWith("telemetry.sqlite: it is not a SQLite database, or its first page is damaged"));
        assertEquals("jbang recover@telemetry --dry-run --store " + store.base(), task(quarterly, "queries").getString("next", ""));
        assertEquals("failed", task(quarterly, "indexes").getString("status", ""));
        Script weekly = maintain(store, "weekly", "--json");
        assertEquals("failed", task(weekly, "health").getString("status", ""));
        assertEquals("ok", task(weekly, "backups").getString("status", ""));
    }

    @Test
    void aStoreOfAnyVersionIsMaintainedAndNothingInItChanges() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList())
            for (String[] words : new String[][] {{"weekly"}, {"monthly", "--dry-run"}, {"quarterly"}}) {
                List<String> before = tree(given.store());
                Script run = maintain(given.store(), words[0], words.length > 1 ? "--dry-run" : "--json");
                assertTrue(run.exit() <= 1, given + " " + words[0] + run.out() + run.err());
                assertEquals("", run.err(), given + " " + words[0]);
                assertEquals(before, tree(given.store()), given + " " + words[0]);
            }
    }

    @Test
    void theReportIsAlsoAMarkdownPage() throws IOException {
        Store store = store();
        Path page = Files.writeString(dir.resolve("weekly.md"), "old");
        Script weekly = maintain(store, "weekly", "--report", page, "--json");
        JsonObject document = Json.parse(weekly.out()).asObject();
        assertEquals(List.of("period", "status", "store", "time", "tasks"), document.names());
        assertEquals("weekly", document.getString("period", ""));
        String text = Files.readString(page);
        assertTrue(text.startsWith("# Telemetry: weekly maintenance\n\nStore `" + store.base() + "`, 2026-11-20 12:10:00 UTC."
                + " **warning**, 1 of 3 done.\n\n- [x] **health**: all 14 checks are ok\n- [ ] **backups**: there is no backup (runbook: "
                + "Create Backup)\n"
                + "  - next: jbang backup@telemetry --store "), text);
        assertTrue(text.contains("\n## health\n````text\nok       environment"), text);
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(2, files.count(), "no temporary file is left");
        }
        Script unwritable = maintain(store, "weekly", "--report", dir.resolve("none/x.md"));
        assertEquals("maintain weekly: cannot write a report in " + dir.resolve("none") + ": it does not exist\n", unwritable.err());
        assertEquals(3, unwritable.exit());
        assertTrue(unwritable.out().endsWith("warning: 1 of 3 done\n"), unwritable.out());
    }

    @Test
    void withoutAStoreAndWithoutSenseItIsRefused() {
        for (String period : List.of("weekly", "monthly", "quarterly", "schedule")) {
            Script none = Script.run(new maintain(), period, "--store", dir.resolve("none"));
            assertEquals(3, none.exit(), period);
            assertEquals("", none.out());
            String told = "maintain " + period + ": cannot use the store " + dir.resolve("none") + ": there is none";
            assertTrue(none.err().startsWith(told), none.err());
        }
        assertFalse(Files.exists(dir.resolve("none")));
        Store store = store();
        Path page = dir.resolve("x.md");
        Object[][] all = {{}, {"daily"}, {"weekly", "monthly"}, {"weekly", "--report"}, {"schedule", "--report", page}};
        for (Object[] wrong : all) {
            List<Object> arguments = new ArrayList<>(List.of(wrong));
            arguments.addAll(List.of("--store", store.base()));
            Script run = Script.run(new maintain(), arguments.toArray()).plain();
            assertEquals(64, run.exit(), arguments.toString());
            assertEquals("", run.out());
            assertEquals(2, run.err().lines().count(), run.err());
            assertTrue(run.err().matches("(?s).*\nnext: jbang maintain@telemetry ([a-z]+ )?--help\n"), run.err());
        }
    }

    @Test
    void aWordStandsInAnyCaseBeforeAndBehindItsOptions() throws IOException {
        Store store = wellKept();
        List<Path> old = oldDays(store, 1);
        String asked = "Archive 1 day file older than 90 d, 20 B, in " + store.archive() + " and delete the originals?";
        Script unasked = maintain(store, "Monthly");
        assertTrue(unasked.exit() == 64 && unasked.err().contains(asked), unasked.toString());
        for (String dry : List.of("--dry-run monthly", "MONTHLY --dry-run", "--json --dry-run --yes monthly")) {
            List<Object> arguments = new ArrayList<>(List.of("--store", store.base()));
            arguments.addAll(List.of(dry.split(" ")));
            var maintain = new maintain();
            maintain.clock = Clock.fixed(NOW, ZoneOffset.UTC);
            Script shown = Script.run(maintain, arguments.toArray());
            assertTrue(shown.exit() == 1 && shown.out().replaceAll("\\s+", " ").contains(", would be archived in "), shown.toString());
            assertTrue(Files.exists(old.get(0)));
        }
        assertEquals(1, maintain(store, "weekly", "--yes", "--dry-run").exit());
    }

    private Store store() {
        return Fixture.V3.filled(dir.resolve("store"), 20, HealthTest.NOON);
    }

    /** With two backups. */
    private Store wellKept() {
        Store store = store();
        for (Instant time : List.of(HealthTest.NOON.minus(Duration.ofHours(24)), HealthTest.NOON)) {
            var backup = new backup();
            backup.clock = Clock.fixed(time, ZoneOffset.UTC);
            assertEquals(0, Script.run(backup, "--store", store.base()).exit());
        }
        return store;
    }

    private static Script maintain(Store store, String period, Object... options) {
        return maintainAt(NOW, store, period, options);
    }

    private static Script maintainAt(Instant now, Store store, String period, Object... options) {
        var maintain = new maintain();
        maintain.clock = Clock.fixed(now, ZoneOffset.UTC);
        List<Object> arguments = new ArrayList<>(List.of(period, "--store", store.base()));
        arguments.addAll(List.of(options));
        return Script.run(maintain, arguments.toArray()).plain();
    }

    private interface Bytes {
        long on(int day) throws IOException;
    }

    /** One record a day, the last of them six hours ago; {@code free} by how many days ago. */
    private static void record(Store store, int days, Bytes free) throws IOException {
        for (int day = days - 1; day >= 0; day--)
            record(store, NOW.minus(Duration.ofDays(day)).minus(Duration.ofHours(6)), free.on(day), store.database().toFile().length());
    }

    private static void record(Store store, Instant time, long free, long size) throws IOException {
        Files.createDirectories(store.reports());
        String measures = "{\"disk_free\":" + free + ",\"database_size\":" + size + ",\"runs\":20}";
        String line = "{\"time\":\"" + Times.text(time) + "\",\"status\":\"ok\",\"checks\":{},\"measures\":" + measures + "}\n";
        Files.writeString(store.reports().resolve("health.ndjson"), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Day files of July, which nobody has written to since. */
    private static List<Path> oldDays(Store store, int days) throws IOException {
        List<Path> files = new ArrayList<>();
        for (int day = 1; day <= days; day++) {
            Path file = Files.writeString(store.raw().resolve("events_2026070" + day + ".ndjson"), "{\"event_type\": \"x\"}\n");
            Files.setLastModifiedTime(file, FileTime.from(NOW.minus(Duration.ofDays(100))));
            files.add(file);
        }
        return files;
    }

    private static JsonObject task(Script run, String name) {
        for (var task : Json.parse(run.out()).asObject().get("tasks").asArray())
            if (task.asObject().getString("name", "").equals(name)) return task.asObject();
        throw new AssertionError("no " + name + " in " + run.out());
    }

    /** The list at the end. */
    private static String ticked(Script run) {
        return run.out().substring(run.out().indexOf("\n[") + 1);
    }

    /** The list at the end on one line, blanks as one. */
    private static String joined(Script run) {
        return ticked(run).replaceAll("\\s+", " ");
    }

    private void assertNarrow(Script run) {
        for (String line : run.out().lines().toList()) assertTrue(line.length() <= 80 || line.contains(dir.toString()), line);
    }

    private static List<String> tree(Store store) throws IOException {
        try (Stream<Path> all = Files.walk(store.base())) {
            Stream<File> files = all.map(Path::toFile).filter(File::isFile);
            return files.map(file -> file + " " + file.length() + " " + file.lastModified()).sorted().toList();
        }
    }
}
