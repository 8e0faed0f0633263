import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Fixture;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.os.Machine;
import telemetry.runs.RunWriter;
import telemetry.store.Pruned;

/** What comes back from backups, day files and a damaged database together. */
@Order(1)
class RecoverTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String MARK = "[salvaged from a damaged database]";

    @TempDir
    Path dir;

    @Test
    void withNothingToRecoverTheFoldersStillCount() throws IOException {
        Store store = Fixture.V3.empty(dir);
        Files.delete(store.raw());
        for (String missing : List.of("missing: " + store.raw(), store.raw() + " is no folder")) {
            Script dry = script(store, "--dry-run");
            assertEquals(2, dry.exit(), dry.toString());
            assertTrue(dry.out().replaceAll("\\s+", " ").contains("failed storage " + missing), dry.out());
            assertTrue(dry.out().contains("jbang setup@telemetry --store " + dir), dry.out());
            assertTrue(dry.out().strip().endsWith("; what else has failed, this does not mend"), dry.out());
            if (missing.startsWith("missing")) Files.createFile(store.raw());
        }
    }

    @Test
    void aBackupOnAnotherDiskIsFoundWhereItsFolderIsNamed() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 20, Instant.parse("2026-11-20T12:00:00Z"));
        Set<String> runs = ids(store);
        Path disk = dir.resolve("second disk");
        assertEquals(0, Script.run(new backup(), "--store", store.base(), "--to", disk).exit());
        String backup;
        try (Stream<Path> files = Files.list(disk)) {
            backup = files.map(Path::toString).filter(file -> file.endsWith(".sqlite")).findFirst().orElseThrow();
        }
        delete(store.raw());
        for (String damage : List.of("garbage", "deleted", "the whole store")) {
            if (damage.equals("the whole store")) delete(store.base());
            else Sabotage.damage(store, damage);
            Script without = script(store, "--dry-run");
            boolean isRemembered = !damage.equals("the whole store");
            assertEquals(isRemembered, without.out().contains("would restore"), without.out());
            Script dry = script(store, "--dry-run", "--from", dir, "--from", disk);
            assertEquals(1, dry.exit(), dry.toString());
            assertTrue(dry.out().replaceAll("\\s+", " ").contains("ok backups " + backup + ", 20 runs, compared byte by byte"), dry.out());
            assertTrue(dry.out().contains("would restore telemetry_backup_"), dry.out());
            Script recovered = script(store, "--yes", "--from", disk);
            assertTrue(recovered.exit() <= 1, damage + recovered);
            assertEquals(runs, ids(store), damage + recovered);
        }
    }

    @Test
    void aFolderOfBackupsThatIsNotThereIsNamedAndNothingIsDone() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 20, Instant.parse("2026-11-20T12:00:00Z"));
        Files.delete(store.database());
        assertEquals(new Script(3, "", "recover: cannot look for backups in " + dir.resolve("none")
                + ": it does not exist; mount its disk, or name the folder that backup --to wrote to" + System.lineSeparator()),
                script(store, "--yes", "--from", dir.resolve("none")));
        assertFalse(Files.exists(store.database()));
    }

    @Test
    void anIntactDatabaseWithFewerRunsThanABackupElsewhereIsNoticed() throws IOException {
        Store old = Fixture.V3.filled(dir.resolve("old"), 20, Instant.parse("2026-11-20T12:00:00Z"));
        Path disk = dir.resolve("second disk");
        assertEquals(0, Script.run(new backup(), "--store", old.base(), "--to", disk).exit());
        Store anew = Fixture.V3.filled(dir.resolve("anew"), 5, Instant.parse("2026-11-20T12:00:00Z"));
        assertEquals(0, script(anew, "--dry-run").exit());
        Script dry = script(anew, "--dry-run", "--from", disk);
        assertEquals(1, dry.exit(), dry.toString());
        assertTrue(dry.out().replaceAll("\\s+", " ").contains("20 runs, more than the database: was that begun anew? next: "
                + "jbang backup@telemetry restore " + (Machine.isWindows() ? "\"" : "'") + disk), dry.out());
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    @Test
    void everyStoreComesBackWholeFromEveryDamageWithABackupAndWithout() {
        Fixture.all(dir).forEach(given -> {
            Store store = given.store();
            if (script(store, "--yes").exit() != 0) throw new AssertionError(given + ": not healthy to begin with");
            Set<String> runs = ids(store);
            for (boolean withBackup : new boolean[] {false, true}) {
                if (withBackup) assertEquals(0, Script.run(new backup(), "--store", store.base()).exit(), given.toString());
                for (String damage : List.of("page", "garbage", "empty", "deleted")) {
                    String what = given + " " + damage + (withBackup ? " with a backup" : "");
                    Sabotage.damage(store, damage);
                    Script recovered = script(store, "--yes");
                    assertTrue(recovered.exit() == 0 || recovered.exit() == 1,
                            what + ": " + recovered.exit() + "\n" + recovered.out() + recovered.err());
                    boolean isKnown = withBackup || given.name().matches("V[12345]|real v[13].*");
                    if (damage.equals("deleted") && !given.name().contains("recovered"))
                        assertEquals(isKnown ? 0 : 1, recovered.exit(), what + "\n" + recovered.out());
                    if (!isKnown && damage.equals("deleted"))
                        assertTrue(recovered.said().contains("the lines do not tell") || given.name().contains("recovered"),
                                what + recovered.out());
                    assertEquals(runs, ids(store), what + "\n" + recovered.out());
                    assertEquals("ok", integrity(store), what);
                    assertFalse(Files.exists(unfinished(store)), what);
                    Script again = script(store);
                    assertEquals(0, again.exit(), what + " again\n" + again.out());
                    assertTrue(again.out().contains("nothing to recover"), what + "\n" + again.out());
                }
            }
        });
    }

    @Test
    void keepsEveryRunThatBackupDayFilesAndSalvageTogetherCanGiveAndMarksTheSalvaged() throws IOException {
        for (boolean withBackup : new boolean[] {false, true}) {
            Store store = Fixture.V3.filled(dir.resolve("backup-" + withBackup), 300, NOON);
            if (withBackup) assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            Set<String> safe = ids(store);
            Set<String> posted = post(store, 400);
            Set<String> destroyed = Sabotage.overwriteLeafWith(store, posted.stream().skip(200).findFirst().orElseThrow());
            destroyed.removeAll(safe);
            assertTrue(destroyed.size() > 2 && destroyed.size() < 100, "the page held some runs: " + destroyed.size());

            Script recovered = script(store, "--yes", "--json");
            assertEquals(1, recovered.exit(), recovered.out() + recovered.err());
            Set<String> expected = new TreeSet<>(safe);
            expected.addAll(posted);
            expected.removeAll(destroyed);
            Set<String> missing = new TreeSet<>(expected);
            missing.removeAll(ids(store));
            assertEquals(Set.of(), missing, recovered.out() + destroyed);
            assertEquals(expected, ids(store), recovered.out());
            Set<String> salvaged = new TreeSet<>(posted);
            salvaged.removeAll(destroyed);
            assertEquals(beside(posted, destroyed), ids(store, "error_summary LIKE '%" + MARK + "'"), "those beside the damage are marked");
            JsonObject json = Json.parse(recovered.out()).asObject();
            assertEquals(salvaged.size(), json.getInt("salvaged", -1), recovered.out());
            assertEquals(2, json.getInt("marked", -1), recovered.out());
            assertEquals(destroyed.size(), json.getInt("lost", -1), "the index still names them: " + recovered.out());
            assertTrue(Files.exists(Path.of(json.get("kept").asArray().get(0).asString())), recovered.out());

            assertEquals(0, script(store).exit(), "and then it is healthy");
            assertEquals(expected, ids(store));
        }
    }

    @Test
    void salvageAloneGivesWhatThereIsWhenThereIsNothingElse() throws IOException {
        Store store = Fixture.V7_SERVICE.empty(dir);
        Set<String> posted = post(store, 400);
        Set<String> destroyed = Sabotage.overwriteLeafWith(store, posted.stream().skip(100).findFirst().orElseThrow());
        Script recovered = script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.out() + recovered.err());
        posted.removeAll(destroyed);
        assertEquals(posted, ids(store), recovered.out());
        assertTrue(columns(store).contains("context_json"), "of the same schema");
        for (String line : recovered.out().lines().toList())
            assertTrue(line.length() <= 80 || line.contains("jbang ") || line.contains(store.base().toString()), line);
    }

    @Test
    void aRunWhoseEndOnlyTheDamagedDatabaseHasIsCompletedAndWhatWasPrunedStaysAway() throws IOException {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        String open = ids(store, "status = 'running'").iterator().next();
        String pruned = post(store, 10).iterator().next();
        Pruned.of(store).add(List.of(pruned), NOON);
        try (Database database = Database.open(store.database())) {
            database.update("UPDATE agent_runs SET status = 'success', end_time = '2026-11-20T12:30:00Z' WHERE run_id = ?", open);
        }
        Sabotage.overwriteLeafWith(store, new TreeSet<>(ids(store, "status = 'partial' AND agent_name <> 'posted'")).last());
        Script recovered = script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.out());
        assertTrue(ids(store, "status = 'success' AND error_summary IS NULL").contains(open), recovered.out());
        assertFalse(ids(store).contains(pruned), recovered.out());
        assertEquals(309, ids(store).size());
    }

    @Test
    void aKilledWritersLogIsSalvagedToo() throws Exception {
        Store store = Fixture.V3.filled(dir, 100, NOON);
        Sabotage.damage(store, "page");
        Agent agent = Agent.posting(store, "killed", 0);
        Thread.sleep(200);
        agent.kill();
        assertTrue(Files.size(Path.of(store.database() + "-wal")) > 0);
        Script recovered = script(store, "--yes");
        assertTrue(recovered.exit() <= 1, recovered.out() + recovered.err());
        assertTrue(ids(store).containsAll(agent.acknowledged()), recovered.out());
    }

    @Test
    void commitsThatCannotBeReadAreNoWholeRecovery() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        long page;
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO commits(commit_hash, run_id) VALUES ('lost', 'r')");
            page = database.number("SELECT rootpage FROM sqlite_master WHERE name = 'commits'");
        }
        try (var file = new RandomAccessFile(store.database().toFile(), "rw")) {
            file.seek((page - 1) * 4096);
            file.write(new byte[4096]);
        }
        Script recovered = script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.out());
        assertTrue(recovered.out().contains("warning  commits"), recovered.out());
        assertTrue(recovered.out().contains("recovered, look at the warnings: 60 runs"), recovered.out());
    }

    @Test
    void commitsThatOnlyTheDamagedDatabaseHasComeBack() throws IOException {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO commits(commit_hash, run_id) VALUES ('old', 'r')");
            assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
            database.update("INSERT INTO commits(commit_hash, run_id, message) VALUES ('new', 'r', 'since the backup'), ('gone', "
                    + "'pruned', '')");
        }
        Pruned.of(store).add(List.of("pruned"), NOON);
        Sabotage.damage(store, "page");
        Script recovered = script(store, "--yes", "--json");
        assertTrue(recovered.exit() <= 1, recovered.out());
        assertEquals(1, Json.parse(recovered.out()).asObject().getInt("salvaged_commits", -1), recovered.out());
        try (Database database = Database.openToRead(store.database())) {
            assertEquals("new,old",
                    database.value("SELECT group_concat(commit_hash, ',') FROM (SELECT commit_hash FROM commits ORDER BY 1)"));
            assertEquals("since the backup", database.value("SELECT message FROM commits WHERE commit_hash = 'new'"));
        }
    }

    @Test
    void whatARestorePutAsideIsBroughtInByTheCommandThatTheRestoreNames() throws IOException {
        Store store = Fixture.V3.filled(dir, 300, NOON);
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        Set<String> expected = ids(store);
        Set<String> posted = post(store, 40);
        Set<String> destroyed = Sabotage.overwriteLeafWith(store, posted.stream().skip(20).findFirst().orElseThrow());
        Script restored = Script.run(new backup(), "--store", store.base(), "--restore", "latest", "--yes");
        assertEquals(1, restored.exit(), restored.err());
        assertEquals(expected, ids(store));
        String command = restored.err().substring(restored.err().indexOf("jbang recover@telemetry ")).strip();
        List<String> words = new ArrayList<>(List.of(command.split(" ")).subList(2, command.split(" ").length));
        Script dry = Script.run(new recover(), words.toArray());
        assertEquals(0, dry.exit(), "the store itself is well: " + dry);
        assertTrue(words.remove("--dry-run"), command);
        words.add("--yes");
        Script recovered = Script.run(new recover(), words.toArray());
        assertEquals(1, recovered.exit(), recovered.toString());
        Set<String> beside = beside(posted, destroyed);
        posted.removeAll(destroyed);
        expected.addAll(posted);
        assertEquals(expected, ids(store), recovered.out());
        assertEquals(beside, ids(store, "error_summary LIKE '%" + MARK + "'"));
        assertEquals(64, script(store, "--salvage", store.database(), "--yes").exit());
        assertEquals(3, script(store, "--salvage", dir.resolve("nothing"), "--yes").exit());
    }

    @Test
    void damagedBackupsArePassedOver() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        Path good;
        try (Stream<Path> backups = Files.list(store.backups())) {
            good = backups.filter(file -> file.toString().endsWith(".sqlite")).findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(good);
        Set<String> posted = post(store, 5);
        Path old = store.backups().resolve("telemetry.backup.20251201.sqlite");
        Files.write(old, bytes);
        bytes[bytes.length / 2] ^= 1;
        Files.write(good, bytes);
        Sabotage.damage(store, "deleted");
        Script recovered = script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.out() + recovered.err());
        assertTrue(recovered.out().contains(old.getFileName().toString()), recovered.out());
        assertEquals(60, ids(store).size());
        assertFalse(ids(store).removeAll(posted), "those had no line and no backup");
    }

    @Test
    void aDatabaseThatWasBegunAnewIsToldFromAHealthyOne() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        post(store, 40);
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        Sabotage.damage(store, "deleted");
        Fixture.V3.empty(dir);
        Script dry = script(store, "--dry-run");
        assertEquals(1, dry.exit(), dry.out());
        assertTrue(dry.out().replaceAll("\\s+", " ").contains("more than the database: was that begun anew?"), dry.out());
        Script recovered = script(store, "--yes");
        assertEquals(1, recovered.exit(), recovered.out() + recovered.err());
        assertFalse(recovered.out().contains("recovered whole"), "nobody knows what the database had since the backup");
        assertEquals(100, ids(store).size(), recovered.out());
        assertEquals(0, script(store).exit());
    }

    static Script script(Store store, Object... args) {
        List<Object> all = new ArrayList<>(Arrays.asList(args));
        all.addAll(List.of("--store", store.base()));
        return Script.run(new recover(), all.toArray());
    }

    /** Rows without lines, as those that came over HTTP. */
    static Set<String> post(Store store, int count) {
        Set<String> ids = new TreeSet<>();
        try (Database database = Database.open(store.database())) {
            var writer = new RunWriter(database);
            database.inTransaction(() -> {
                for (int n = 0; n < count; n++) {
                    Run run = Fixture.V3.run(n * 6, NOON.plusSeconds(n)).with("run_id", String.format("20261120T130000Z-posted-%08x", n))
                            .with("agent_name", "posted").with("event_id", null);
                    writer.write(run);
                    ids.add(run.id());
                }
            });
        }
        return ids;
    }

    /** Those directly before and behind what was destroyed, in the order in which they were written. */
    static Set<String> beside(Set<String> posted, Set<String> destroyed) {
        List<String> order = List.copyOf(new TreeSet<>(posted));
        Set<String> beside = new TreeSet<>();
        for (int i = 0; i < order.size(); i++) {
            boolean isBehind = i > 0 && destroyed.contains(order.get(i - 1));
            boolean isBefore = i + 1 < order.size() && destroyed.contains(order.get(i + 1));
            if ((isBehind || isBefore) && !destroyed.contains(order.get(i))) beside.add(order.get(i));
        }
        return beside;
    }

    static Set<String> ids(Store store) {
        return ids(store, "1");
    }

    static Set<String> ids(Store store, String where) {
        Set<String> ids = new TreeSet<>();
        try (Database database = Database.openToRead(store.database())) {
            long rows = 0;
            for (Row row : database.query("SELECT run_id FROM agent_runs NOT INDEXED WHERE " + where)) {
                ids.add(row.text("run_id"));
                rows++;
            }
            assertEquals(rows, ids.size(), "no run twice");
        }
        return ids;
    }

    static Set<String> columns(Store store) {
        Set<String> columns = new TreeSet<>();
        try (Database database = Database.openToRead(store.database())) {
            for (Row row : database.query("SELECT name FROM pragma_table_info('agent_runs')")) columns.add(row.text("name"));
        }
        return columns;
    }

    static String integrity(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return database.pragma("integrity_check");
        }
    }

    static Path unfinished(Store store) {
        try (Stream<Path> files = Files.exists(store.quarantine()) ? Files.list(store.quarantine()) : Stream.empty()) {
            return files.filter(file -> file.toString().endsWith(".unfinished")).findFirst().orElse(store.quarantine().resolve("none"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
