import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Health;
import telemetry.Store;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;

/** Which backups are believed, in every command alike: what a verify found, a time ahead of the clock, and backups that are elsewhere. */
class BackupMemoryTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String NEWEST = "telemetry_backup_20261120_120000.sqlite";
    private static final String OLDER = "telemetry_backup_20261119_160000.sqlite";

    @TempDir
    Path dir;

    @Test
    void oneThatAVerifyFoundDamagedIsDamagedEverywhereUntilItVerifiesAgain() throws IOException {
        Store store = store();
        backup(store, NOON.minus(Duration.ofHours(20)));
        backup(store, NOON);
        Path newest = store.backups().resolve(NEWEST);
        byte[] right = Files.readAllBytes(newest);
        BackupTest.flip(newest, 8 * 5_000);
        assertEquals(List.of(NEWEST, OLDER), verified(store), "nobody has looked yet");
        Script verify = at(NOON, store, "verify");
        assertEquals(2, verify.exit(), verify.toString());
        assertEquals(List.of(OLDER), verified(store));
        Script list = at(NOON, store, "list");
        assertTrue(list.out().lines().anyMatch(line -> line.matches(NEWEST + " .* damaged")), list.out());
        assertTrue(list.err().startsWith(NEWEST + ": a verify found it damaged: its SHA-256 is not the manifest's"), list.err());
        Check health = health(store, NOON);
        assertEquals(Check.Status.WARNING, health.status());
        assertTrue(health.detail().startsWith("the newest verified one is 20 h old; " + NEWEST
                + " is newer, and a verify found it damaged: "), health.detail());
        assertEquals("(runbook: Create Backup) jbang backup@telemetry --store " + store.base(), health.hint().toString());
        assertTrue(at(NOON, store, "--restore", "latest", "--dry-run").out().contains(OLDER), "latest");
        Sabotage.damage(store, "garbage");
        Script recover = Script.run(new recover(), "--store", store.base(), "--dry-run");
        assertTrue(recover.out().contains("would restore " + OLDER), recover.out());
        Files.write(newest, right);
        assertEquals(List.of(OLDER), verified(store), "that it is right again nobody knows before it is verified");
        Script again = at(NOON, store, "verify", NEWEST);
        assertEquals(0, again.exit(), again.toString());
        assertEquals(List.of(NEWEST, OLDER), verified(store));
        assertEquals("the newest verified one is 0 s old", health(store, NOON).detail().replaceAll("0 m?s", "0 s"));
    }

    /** What its hint says helps: health is ok although the damaged one is still there. */
    @Test
    void aNewBackupAfterADamagedOneIsEnoughForHealth() throws IOException {
        Store store = store();
        backup(store, NOON);
        BackupTest.flip(store.backups().resolve(NEWEST), 8 * 5_000);
        assertEquals(2, at(NOON, store, "verify", "all").exit());
        assertEquals("there is no verified backup; " + NEWEST + " is newer, and a verify found it damaged",
                health(store, NOON).detail().replaceFirst(": .*", ""));
        backup(store, NOON.plusSeconds(60));
        assertEquals(Check.Status.OK, health(store, NOON.plusSeconds(60)).status());
        Script weekly = maintain(store, NOON.plusSeconds(60));
        assertTrue(weekly.out().contains("2 backups, 1 verified"), weekly.out());
    }

    @Test
    void anExpiryAndTheWeeklyLookRememberWhatTheyFindToo() throws IOException {
        Store store = store();
        backup(store, NOON.minus(Duration.ofDays(1)));
        backup(store, NOON);
        BackupTest.flip(store.backups().resolve(NEWEST), 8 * 5_000);
        assertEquals(2, maintain(store, NOON).exit());
        assertEquals(1, verified(store).size());
        backup(store, NOON.plusSeconds(60));
        for (Backup each : new Backups(store, null, Clock.fixed(NOON, ZoneOffset.UTC), null).list())
            if (each.isVerified()) BackupTest.flip(each.file(), 8 * 6_000);
        Script expired = at(NOON.plus(Duration.ofDays(30)), store, "expire", "--keep-days", "1");
        assertEquals("no backup is to expire", expired.out().strip());
        assertEquals(1, verified(store).size(), "the first one that was found damaged ended it");
    }

    /** Made while the clock was a year ahead, it would be the newest for a year. */
    @Test
    void oneFromAheadOfTheClockIsNeverLatestNorKeptNorDeletedAndIsWarnedOf() throws IOException {
        Store store = store();
        for (int day : new int[] {12, 11, 10}) backup(store, NOON.minus(Duration.ofDays(day)), "--keep-days", "40");
        backup(store, NOON.plus(Duration.ofDays(364)), "--keep-days", "1000");
        backup(store, NOON.minusSeconds(3_600), "--keep-days", "40");
        assertTrue(verified(store).get(0).contains("20261120_110000"), verified(store).toString());
        Check health = health(store, NOON);
        assertEquals(Check.Status.WARNING, health.status());
        assertEquals("the newest verified one is 1 h old; 1 backup lies ahead of the clock, the newest at 2027-11-19 12:00:00, "
                + "and is not believed", health.detail().replace("60 min", "1 h"));
        assertTrue(health.hint().toString().contains("set the clock right, or, "), health.hint().toString());
        for (Script said : List.of(at(NOON, store, "list"), maintain(store, NOON), at(NOON, store, "verify", "all"),
                Script.run(new health(), "--store", store.base()), at(NOON, store, "list", "--json")))
            assertFalse(said.toString().matches("(?s).*[ :]-\\d+.*( d|old|age).*"), said.toString());
        Script restore = at(NOON, store, "--restore", "latest", "--dry-run");
        assertTrue(restore.out().contains("20261120_110000"), restore.out());
        Script expired = at(NOON, store, "expire", "--keep-days", "0");
        assertEquals(2, expired.out().lines().count(), expired.out());
        assertEquals(3, new Backups(store, null, Clock.fixed(NOON, ZoneOffset.UTC), null).list().size());
        Sabotage.damage(store, "garbage");
        Script recover = at(new recover(), NOON, store, "--dry-run");
        assertTrue(recover.out().contains("would restore telemetry_backup_20261120_110000"), recover.out());
    }

    /** Then they are all that there is, and a new one would be made under the wrong clock. */
    @Test
    void withAClockAMonthBackHealthSpeaksOfTheClock() {
        Store store = store();
        backup(store, NOON);
        Check health = health(store, NOON.minus(Duration.ofDays(30)));
        assertEquals("there is no verified backup; 1 backup lies ahead of the clock, the newest at 2026-11-20 12:00:00, "
                + "and is not believed", health.detail());
        assertTrue(health.hint().toString().startsWith("set the clock right"), health.hint().toString());
        assertEquals(Check.Status.OK, health(store, NOON).status(), "after the clock was set right");
    }

    @Test
    void oneMadeElsewhereIsKnownWhileItIsAtHandAndMissedWhenItIsNot() throws IOException {
        Store store = store();
        Path disk = Files.createDirectory(dir.resolve("second disk"));
        backup(store, NOON, "--to", disk);
        Path made = disk.resolve(NEWEST);
        assertEquals(List.of(NEWEST), verified(store));
        assertTrue(at(NOON, store, "list").out().endsWith("    in " + disk + System.lineSeparator()), at(NOON, store, "list").out());
        assertTrue(health(store, NOON).detail().endsWith("old, in " + disk), health(store, NOON).detail());
        assertEquals(Check.Status.OK, health(store, NOON).status());
        Script verify = at(NOON, store, "verify", "all");
        assertEquals(0, verify.exit(), verify.toString());
        for (String name : List.of("latest", NEWEST)) {
            Script restore = at(NOON, store, "--restore", name, "--dry-run");
            assertTrue(restore.out().contains(made.toString()), restore.toString());
        }
        Sabotage.damage(store, "garbage");
        Script recover = at(new recover(), NOON, store, "--dry-run");
        assertTrue(recover.out().contains("would restore " + NEWEST), recover.out());
        Path gone = Files.move(disk, dir.resolve("in a drawer"));
        Script list = at(NOON, store, "list");
        assertEquals("not at hand: " + disk + ": it is not there", list.err().strip());
        assertEquals("there is no verified backup; not at hand: " + disk + ": it is not there", health(store, NOON).detail());
        assertEquals(1, at(NOON, store, "verify", "all").exit());
        assertTrue(at(NOON, store, "--restore", "latest", "--dry-run").err().contains("not at hand: " + disk));
        assertTrue(at(new recover(), NOON, store, "--dry-run").out().replaceAll("\\s+", " ").contains("not at hand: " + disk));
        Files.createDirectory(disk);
        assertTrue(health(store, NOON).detail().endsWith("none of those that were made there is there"), "an empty mount point");
        Files.delete(disk);
        Files.move(gone, disk);
        assertEquals(List.of(NEWEST), verified(store));
    }

    /** One that nobody has used for a month is not missed as long as there are others. */
    @Test
    void aFolderElsewhereIsNotMissedForEver() throws IOException {
        Store store = store();
        Path disk = Files.createDirectory(dir.resolve("disk"));
        backup(store, NOON, "--to", disk);
        BackupTest.names(disk).forEach(name -> disk.resolve(name).toFile().delete());
        Instant later = NOON.plus(Duration.ofDays(20));
        backup(store, later);
        assertTrue(health(store, later).detail().contains("not at hand: " + disk));
        assertEquals(Check.Status.OK, health(store, later).status());
        Instant muchLater = NOON.plus(Duration.ofDays(31));
        backup(store, muchLater);
        assertFalse(health(store, muchLater).detail().contains("not at hand"));
    }

    @Test
    void aMovedStoreRemembersAndALineThatWasCutShortIsNone() throws IOException {
        Store store = store();
        backup(store, NOON);
        BackupTest.flip(store.backups().resolve(NEWEST), 8 * 5_000);
        assertEquals(2, at(NOON, store, "verify").exit());
        Files.writeString(store.reports().resolve("backups.ndjson"), "{\"backup\": \"backups/" + NEWEST + "\", \"cle",
                StandardOpenOption.APPEND);
        Store moved = Store.at(dir.resolve("moved"));
        Files.move(store.base(), moved.base());
        assertEquals(List.of(), verified(moved));
    }

    /** A recovery and a new backup need no memory; health would have to guess. */
    @Test
    void whatIsRememberedAndMayNotBeReadIsSaidAndStopsNoBackup() throws Exception {
        Store store = store();
        Files.createDirectories(store.reports());
        Path memory = Files.writeString(store.reports().resolve("backups.ndjson"), "{}\n");
        assumeTrue(Files.getFileStore(memory).supportsFileAttributeView("posix"));
        Files.setPosixFilePermissions(memory, Set.of());
        Script made = Script.runWithoutRights("backup", "--store", store.base());
        assertEquals(0, made.exit(), made.toString());
        Script health = Script.runWithoutRights("health", "--store", store.base());
        assertTrue(health.out().replaceAll("\\s+", "").contains("failedbackup" + memory + ":permissiondenied"), health.out());
        Sabotage.damage(store, "garbage");
        Script recover = Script.runWithoutRights("recover", "--store", store.base(), "--dry-run");
        assertTrue(recover.out().contains("would restore telemetry_backup_"), recover.out());
    }

    @Test
    void ofManyThatAreVerifiedTheSumComesFirstThenTheWorstTwentyAndInJsonAll() throws IOException {
        Store store = store();
        backup(store, NOON);
        for (int day = 1; day <= 25; day++)
            Files.writeString(store.backups().resolve(String.format("telemetry.backup.202610%02d.sqlite", day)), "no database");
        Script verify = at(NOON, store, "verify", "all");
        assertEquals(2, verify.exit());
        List<String> lines = verify.out().lines().toList();
        assertEquals("26 backups: 25 failed, 1 ok", lines.get(0));
        assertEquals("… and 6 more; --json lists all", lines.get(lines.size() - 1));
        assertEquals(20, lines.stream().filter(line -> line.startsWith("failed ")).count(), verify.out());
        assertEquals(26, at(NOON, store, "verify", "all", "--json").out().split("\"name\"", -1).length - 1);
    }

    /** The backup is made and said; that it will not be found by itself is a warning. Nothing is written behind a link. */
    @Test
    @Needs(Need.LINKS)
    void whatCannotBeRememberedIsSaid() throws IOException {
        Store store = store();
        Path target = Files.writeString(dir.resolve("precious"), "mine");
        Files.createDirectories(store.reports());
        Files.createSymbolicLink(store.reports().resolve("backups.ndjson"), target);
        Path disk = Files.createDirectory(dir.resolve("disk"));
        Script made = at(NOON, store, "--to", disk);
        assertEquals(1, made.exit(), made.toString());
        assertTrue(made.out().startsWith("backup   " + disk) && made.err().contains("backups.ndjson: it is a symbolic link"),
                made.toString());
        assertEquals("mine", Files.readString(target));
    }

    private Store store() {
        return Fixture.V3.filled(dir.resolve("s"), 20, NOON);
    }

    private static void backup(Store store, Instant now, Object... args) {
        Script made = at(now, store, args);
        assertTrue(made.exit() == 0, made.toString());
    }

    private static Script at(Instant now, Store store, Object... args) {
        return BackupTest.backup(now, store, args);
    }

    private static Script at(telemetry.cli.Procedure script, Instant now, Store store, Object... args) {
        script.clock = Clock.fixed(now, ZoneOffset.UTC);
        List<Object> all = new java.util.ArrayList<>(List.of("--store", store.base()));
        all.addAll(List.of(args));
        return Script.run(script, all.toArray());
    }

    private static Script maintain(Store store, Instant now) {
        return at(new maintain(), now, store, "weekly");
    }

    private static List<String> verified(Store store) {
        return new Backups(store, null, Clock.fixed(NOON, ZoneOffset.UTC), null).known().backups().stream().filter(Backup::isVerified)
                .map(backup -> backup.file().getFileName().toString()).toList();
    }

    private static Check health(Store store, Instant now) {
        Health health = Health.of(store, Clock.fixed(now, ZoneOffset.UTC));
        return health.checks().list().stream().filter(check -> check.name().equals("backup")).findFirst().orElseThrow();
    }
}
