import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;

/** What a backup holds, the list of them, and which expire. */
class BackupTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    private static final String NAME = "telemetry_backup_20261120_120000.sqlite";

    @TempDir
    Path dir;

    @Test
    void makesOneVerifiesItAndSaysWhatItHolds() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        Script made = backup(NOON, store);
        assertEquals(0, made.exit(), made.err());
        assertEquals("", made.err());
        Path file = store.backups().resolve(NAME);
        assertEquals(List.of("backup   " + file, "holds    60 runs, " + size(file) + ", verified, in T"),
                made.out().replaceAll("in [0-9.]+ m?s", "in T").lines().toList());
        assertEquals(Set.of(NAME, NAME + ".manifest.json"), names(store.backups()));
        try (Database copy = Database.openFrozen(file); Database live = Database.open(store.database())) {
            assertEquals(live.query("SELECT * FROM agent_runs ORDER BY run_id").list(),
                    copy.query("SELECT * FROM agent_runs ORDER BY run_id").list());
            assertEquals("delete", copy.pragma("journal_mode"), "nobody who opens it leaves a -wal beside it");
            assertEquals("wal", live.pragma("journal_mode"));
        }
        assertEquals(new Script(0, "ok       " + NAME + "  60 runs, " + size(file) + ", SHA-256 as in" + System.lineSeparator()
                + " ".repeat(9 + NAME.length() + 2) + "its manifest" + System.lineSeparator(), ""), backup(NOON, store, "verify"));
    }

    /** The options belong to every word, whether it has a use for them or not, and stand before or behind it. */
    @Test
    void theWordsAreTakenInAnyCaseWithTheOptionsBeforeOrBehindThem() throws IOException {
        Store store = Fixture.V3.filled(dir, 12, NOON);
        assertEquals(0, backup(NOON, store, "MAKE", "--check", "Quick", "--yes").exit());
        for (String word : List.of("make", "list", "Verify", "EXPIRE")) {
            Object[][] calls = {{word, "--dry-run", "--no-replay", "--compress"}, {"--dry-run", "--keep-days", "3", word}};
            for (Object[] words : calls) {
                Script run = backup(NOON, store, words);
                assertEquals(0, run.exit(), run.err());
            }
        }
        assertEquals(backup(NOON, store, "--restore", NAME, "--dry-run").out(),
                backup(NOON, store, "make", "--restore", NAME, "--dry-run").out().replace(dir + " make --restore", dir + " --restore"));
        String next = "next: jbang backup@telemetry --store " + dir + " Restore " + NAME + " --yes" + System.lineSeparator();
        assertTrue(backup(NOON, store, "Restore", "--dry-run", NAME).out().endsWith(next), next);
        assertEquals(backup(NOON, store, "Restore", "--dry-run", NAME).out(), backup(NOON, store, "--dry-run", "Restore", NAME).out());
        for (String word : List.of("list", "verify", "expire")) {
            assertEquals(64, backup(NOON, store, word, "--keep-days", "-1").exit(), word);
            assertEquals(64, backup(NOON, store, "--keep-days", "-1", word).exit(), word);
            assertEquals(64, backup(NOON, store, "--restore", NAME, word).exit(), word);
        }
        assertEquals(64, backup(NOON, Store.at(dir.resolve("nowhere")), "--keep-days", "-1").exit(), "before the store is looked for");
    }

    @Test
    void aMissingDatabaseMakesNothing() throws IOException {
        Script none = backup(NOON, Store.at(dir.resolve("nowhere")));
        assertEquals(3, none.exit());
        assertTrue(none.err().startsWith("backup: cannot use the store " + dir.resolve("nowhere") + ": there is none"), none.err());
        assertFalse(Files.exists(dir.resolve("nowhere")));
        Store store = Fixture.V3.empty(dir.resolve("s"));
        Files.delete(store.database());
        Files.delete(store.backups());
        Set<String> before = tree(store.base());
        for (Object[] what : new Object[][] {{}, {"--compress"}, {"--dry-run"}, {"--to", dir.resolve("other")}})
            assertEquals(3, backup(NOON, store, what).exit());
        assertEquals(before, tree(store.base()));
        assertFalse(Files.exists(dir.resolve("other")));
    }

    @Test
    void afterThirtyDaysTwoGoodOnesAreThereThoughTheSourceIsDamagedFromDayTwenty() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        Instant first = NOON.minus(Duration.ofDays(30));
        for (int day = 0; day < 30; day++) {
            if (day == 20) Sabotage.damage(store.database());
            Script made = backup(first.plus(Duration.ofDays(day)), store);
            assertEquals(day < 20 ? 0 : 2, made.exit(), "day " + day + made.err());
            if (day == 19) assertEquals(16, names(store.backups()).size(), "a week of them, and their manifests");
            if (day == 25) assertEquals(0, backup(first.plus(Duration.ofDays(day)), store, "expire").exit());
        }
        assertEquals(0, backup(NOON, store, "expire", "--keep-days", 0).exit());
        Script all = backup(NOON, store, "verify", "all");
        assertEquals(0, all.exit(), all.out());
        assertEquals(2, backups(store).list().size());
    }

    /** Older tools name by the local time of wherever they ran; what was copied later has a file time that says nothing. */
    @Test
    void ofABackupWithoutAManifestTheFilesTimeCountsAsFarAsItsNameAllows() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 6, NOON);
        Map<String, Instant> changed = Map.of("telemetry.backup.20261120_205900.sqlite", NOON.minusSeconds(60),
                "telemetry.backup.20261120_020000.sqlite", NOON.minusSeconds(7_200),
                "telemetry.backup.20261119.sqlite", NOON.minusSeconds(30 * 3_600),
                "telemetry.backup.20261118.sqlite", NOON.minus(Duration.ofDays(40)),
                "telemetry.backup.20261101_030405.sqlite", NOON.minusSeconds(60));
        for (var one : changed.entrySet()) Files.setLastModifiedTime(Files.copy(store.database(), store.backups().resolve(one.getKey())),
                FileTime.from(one.getValue()));
        List<String> ages = backup(NOON, store, "list").out().lines().skip(1).map(line -> line.split(" +"))
                .map(words -> words[0].replaceAll("telemetry.backup.|.sqlite", "") + " " + words[3] + words[4]).toList();
        assertEquals(List.of("20261120_205900 1min", "20261120_020000 2h", "20261119 30h", "20261101_030405 19d", "20261118 40d"), ages);
    }

    @Test
    void aManifestWhoseBackupSomebodyDeletedIsNamedAndCleared() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 6, NOON);
        for (int day : new int[] {3, 2, 1}) assertEquals(0, backup(NOON.minus(Duration.ofDays(day)), store).exit());
        Path gone = store.backups().resolve("telemetry_backup_20261118_120000.sqlite");
        Path left = store.backups().resolve(gone.getFileName() + ".manifest.json");
        Files.delete(gone);
        Files.setLastModifiedTime(left, FileTime.from(NOON.minus(Duration.ofDays(2))));
        assertEquals(left.getFileName() + ": its backup is gone; the next expiry deletes it" + System.lineSeparator(),
                backup(NOON, store, "list").err());
        Script dry = backup(NOON, store, "expire", "--dry-run");
        assertTrue(dry.out().startsWith("would expire  " + left + ", its backup is gone") && dry.out().contains("next: "), dry.out());
        assertTrue(Files.exists(left));
        assertEquals("expired  " + left + ", its backup is gone\n", backup(NOON, store, "expire", "--yes").out());
        assertFalse(Files.exists(left));
        assertEquals(2, backups(store).list().size());
    }

    @Test
    void theListNamesEveryKindAndWhatTheNextExpiryTakes() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        for (int day : new int[] {10, 9, 8}) assertEquals(0, backup(NOON.minus(Duration.ofDays(day)), store, "--keep-days", 40).exit());
        assertEquals(0, backup(NOON.minusSeconds(7_800), store, "--compress", "--keep-days", 40).exit());
        Files.copy(store.database(), store.backups().resolve("telemetry.backup.20261101.sqlite"));
        Files.copy(store.database(), store.backups().resolve("telemetry.backup.20261102_030405.sqlite"));
        Files.writeString(store.backups().resolve("notes.txt"), "mine");
        Script list = backup(NOON, store, "list");
        assertEquals(0, list.exit());
        String plain = size(store.backups().resolve("telemetry_backup_20261110_120000.sqlite")).toString();
        assertEquals(List.of(
                "backup                                       size  runs  age      state",
                "telemetry_backup_20261120_095000.sqlite.gz  SMALL    60  2 h      verified",
                "telemetry_backup_20261112_120000.sqlite     PLAIN    60  8 d      verified",
                "telemetry_backup_20261111_120000.sqlite     PLAIN    60  9 d      verified *",
                "telemetry_backup_20261110_120000.sqlite     PLAIN    60  10 d     verified *",
                "telemetry.backup.20261102_030405.sqlite     PLAIN        18 d     unverified *",
                "telemetry.backup.20261101.sqlite            PLAIN        19 d     unverified *"),
                list.out().replace(plain, "PLAIN")
                        .replace(size(store.backups().resolve("telemetry_backup_20261120_095000.sqlite.gz")).toString(), "SMALL").lines()
                        .map(line -> line.replaceAll(" +(SMALL|PLAIN)", " $1")).map(BackupTest::aligned).toList());
        assertTrue(list.out().lines().allMatch(line -> line.length() <= 80), list.out());
        assertEquals(List.of("* the next expiry takes it", "telemetry.backup.20261102_030405.sqlite: it has no manifest",
                "telemetry.backup.20261101.sqlite: it has no manifest"), list.err().lines().toList());
        String json = backup(NOON, store, "list", "--json").out();
        assertTrue(json.contains("\"runs\": 60,\n    \"verified\": true,\n    \"doubt\": null,\n    \"damaged\": false,\n    "
                + "\"age_seconds\": 7800,\n    "
                + "\"expires\": false"), json);
        assertTrue(json.contains("\"verified\": false,\n    \"doubt\": \"it has no manifest\",\n    \"damaged\": false,\n    "
                + "\"age_seconds\": 1684800,\n    "
                + "\"expires\": true"), json);
        Script dry = backup(NOON, store, "expire", "--dry-run");
        assertEquals(4, dry.out().lines().filter(line -> line.startsWith("would expire  ")).count(), dry.out());
        assertEquals(11, names(store.backups()).size());
        String next = "next: jbang backup@telemetry --store " + store.base() + " expire --yes" + System.lineSeparator();
        assertTrue(dry.out().endsWith(next), dry.out());
        assertEquals(dry.out().replace("would expire  ", "expired  ").replace(next, ""), backup(NOON, store, "expire").out());
        assertEquals(Set.of("notes.txt", "telemetry_backup_20261120_095000.sqlite.gz",
                "telemetry_backup_20261120_095000.sqlite.gz.manifest.json",
                "telemetry_backup_20261112_120000.sqlite", "telemetry_backup_20261112_120000.sqlite.manifest.json"),
                        names(store.backups()));
    }

    /** Undoes what the two sizes' own widths do to the columns. */
    private static String aligned(String line) {
        String[] cells = line.split("  +");
        return cells[0].startsWith("backup") ? "backup                                       size  runs  age      state"
                : String.format("%-42s  %s  %4s  %-7s  %s", cells[0].split(" ")[0], line.contains("SMALL")
                        ? "SMALL" : "PLAIN", cells.length == 4 ? cells[1] : "", cells[cells.length - 2], cells[cells.length - 1]);
    }

    @Test
    void oneThatAClockOfTomorrowHasMadeIsListedAsOfTheFuture() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, NOON);
        assertEquals(0, backup(NOON.plus(Duration.ofDays(400)), store).exit());
        Script list = backup(NOON, store, "list");
        assertTrue(list.out().lines().toList().get(1).matches("telemetry_backup_20271225_120000.sqlite .* 12 +future +unverified"),
                list.out());
        assertEquals("telemetry_backup_20271225_120000.sqlite: its time, 2027-12-25 12:00:00, lies ahead of the clock",
                list.err().strip());
        assertTrue(backup(NOON, store, "list", "--json").out().contains("\"age_seconds\": null"));
    }

    @Test
    void anExpiryTrustsNoBackupThatItHasNotReadAgain() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        for (int day : new int[] {12, 11, 10, 9})
            assertEquals(0, backup(NOON.minus(Duration.ofDays(day)), store, "--keep-days", 40).exit());
        List<Backup> all = backups(store).list();
        flip(all.get(0).file(), 8 * 5_000L);
        assertEquals(0, backup(NOON, store, "expire").exit());
        assertEquals(Set.of("telemetry_backup_20261110_120000.sqlite", "telemetry_backup_20261109_120000.sqlite"),
                names(store.backups()).stream().filter(name -> name.endsWith("sqlite")).collect(java.util.stream.Collectors.toSet()));
        assertEquals(0, backup(NOON, store, "verify", "all").exit());
    }

    @Test
    void aDatabaseThatLostMostOfItsRunsExpiresNothing() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        for (int day : new int[] {12, 11, 10}) assertEquals(0, backup(NOON.minus(Duration.ofDays(day)), store, "--keep-days", 40).exit());
        try (Database database = Database.open(store.database())) {
            database.update("DELETE FROM agent_runs");
        }
        Script odd = backup(NOON, store);
        assertEquals(1, odd.exit());
        assertEquals("backup: it has 0 runs, telemetry_backup_20261110_120000.sqlite has 60; nothing was expired. If that is right, "
                + "expire the old ones yourself" + System.lineSeparator() + "next: jbang backup@telemetry expire --dry-run --store "
                + store.base(), odd.err().strip());
        assertEquals(4, backups(store).list().size());
    }

    @Test
    @Needs(Need.LINKS)
    void twoInOneSecondAreTwo() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, NOON);
        assertEquals(0, backup(NOON, store).exit());
        assertEquals(0, backup(NOON, store).exit());
        Files.createSymbolicLink(store.backups().resolve("telemetry_backup_20261120_120002.sqlite"), dir.resolve("planted"));
        Files.createSymbolicLink(store.backups().resolve("telemetry_backup_20261120_120003.sqlite.manifest.json"), dir.resolve("planted"));
        Script third = backup(NOON, store);
        assertEquals(0, third.exit(), third.err());
        assertEquals(List.of("telemetry_backup_20261120_120000.sqlite", "telemetry_backup_20261120_120001.sqlite",
                "telemetry_backup_20261120_120004.sqlite"),
                backups(store).list().stream().map(backup -> backup.file().getFileName().toString()).sorted().toList());
        assertEquals(0, backup(NOON, store, "verify", "all").exit());
        assertFalse(Files.exists(dir.resolve("planted")), "a planted link is not followed");
    }

    @Test
    void aSecondDiskGetsABackupOfItsOwnAndItsOwnRetention() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, NOON);
        Path disk = dir.resolve("disk2");
        for (int day : new int[] {12, 11, 10, 0}) assertEquals(0, backup(NOON.minus(Duration.ofDays(day)), store, "--to", disk).exit());
        assertEquals(Set.of(), names(store.backups()));
        assertEquals(4, names(disk).size());
        assertEquals(0, backup(NOON, store, "verify", "--to", disk).exit());
        assertEquals(0, backup(NOON, store, "--restore", "latest", "--to", disk, "--yes").exit());
        Script unmounted = backup(NOON, store, "--to", dir.resolve("not/mounted"));
        assertEquals(3, unmounted.exit(), unmounted.err());
        assertFalse(Files.exists(dir.resolve("not")), "a disk that is not mounted does not become a folder");
    }

    @Test
    void whatMakesNoSenseIsRefusedBeforeAnythingIsDone() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, NOON);
        Set<String> before = tree(store.base());
        for (Object[] wrong : new Object[][] {{"frobnicate"}, {"--keep-days", "-1"},
                {"--keep-days", "soon"}, {"--check", "some"}, {"list", "x"}, {"restore"}, {"--restore", "latest", "list"}, {"--frob"}}) {
            Script refused = backup(NOON, store, wrong);
            assertEquals(64, refused.exit(), refused.err());
            assertEquals(2, refused.err().lines().count(), refused.err());
            assertTrue(refused.err().matches("(?s).*\\Rnext: jbang backup@telemetry ([a-z]+ )?--help\\R"), refused.err());
        }
        for (String name : new String[] {"latest", "../../x", "no\u0000name", "?mode=rwc", "a\nb"}) {
            Script refused = backup(NOON, store, "--restore", name, "--yes");
            assertNotEquals(0, refused.exit());
            assertEquals(1, refused.err().lines().filter(line -> !line.startsWith("next: ")).count(), refused.err());
        }
        assertEquals(before, tree(store.base()));
    }

    @Test
    void theNewestVerifiedIsKnownWithoutReadingIt() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, NOON);
        assertTrue(Backups.newestVerified(store).isEmpty());
        assertEquals(0, backup(NOON, store).exit());
        Script plain = backup(NOON.plusSeconds(60), store, "--check", "none");
        assertEquals(0, plain.exit(), "it is what was asked for");
        assertTrue(plain.out().contains("it was not checked when it was made"), plain.out());
        Files.copy(store.database(), store.backups().resolve("telemetry.backup.20261121.sqlite"));
        assertEquals(NOON, Backups.newestVerified(store).orElseThrow().time());
        assertEquals(12, Backups.newestVerified(store).orElseThrow().runs());
        assertEquals(0, backup(NOON, store, "verify").exit());
        assertEquals(1, backup(NOON, store, "verify", "all").exit(), "what SQLite alone has looked at is a warning");
    }

    @Test
    void aManifestOfANewerVersionIsCalledThatAndNotDamaged() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, NOON);
        assertEquals(0, backup(NOON, store).exit());
        Path manifest = store.backups().resolve(NAME + ".manifest.json");
        String members = Files.readString(manifest).replaceFirst(",\\s+\"seal\".*(?s:.*)", ",\n  \"parts\": 3");
        byte[] hash = java.security.MessageDigest.getInstance("SHA-256")
                .digest((members + "\n}").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        Files.writeString(manifest, members + ",\n  \"seal\": \"" + java.util.HexFormat.of().formatHex(hash) + "\"\n}\n");
        Script newer = backup(NOON, store, "verify", NAME);
        assertEquals(2, newer.exit());
        assertTrue(newer.out().replaceAll("\\s+", " ").contains("another version of this toolkit wrote it, which can use it"), newer.out());
        Files.writeString(manifest, Files.readString(manifest).replace("\"parts\": 3", "\"parts\": 4"));
        assertTrue(backup(NOON, store, "verify", NAME).out().replaceAll("\\s+", " ").contains("it is not as it was written"));
    }

    @Test
    void aCopyWithoutAnyCheckHasNoSha256AndIsTakenAsNothingMoreThanACopy() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        assertEquals(0, backup(NOON, store, "--check", "none").exit());
        Path plain = store.backups().resolve(NAME);
        assertTrue(Files.readString(plain.resolveSibling(NAME + ".manifest.json")).contains("\"sha256\": null"));
        assertEquals(1, backup(NOON, store, "verify", plain).exit());
        Script restored = backup(NOON, store, "restore", plain, "--dry-run");
        assertEquals(1, restored.exit(), restored.err());
        assertTrue(restored.err().contains("this backup has no SHA-256"), restored.err());
        byte[] whole = Files.readAllBytes(plain);
        Files.write(plain, java.util.Arrays.copyOf(whole, whole.length - 4096));
        assertEquals(2, backup(NOON, store, "verify", plain).exit(), "its size is known");
        Files.write(plain, whole);
        Sabotage.damage(plain);
        assertEquals(2, backup(NOON, store, "verify", plain).exit(), "SQLite looks at it now");
        assertEquals(0, backup(NOON, store, "--check", "none", "--compress").exit());
        Path packed = store.backups().resolve(NAME + ".gz");
        flip(packed, 8 * 5_000L);
        assertEquals(2, backup(NOON, store, "verify", packed).exit(), "compressing gives the SHA-256 for nothing");
    }

    @Test
    void aDryRunSaysWhatItWouldDoAndDoesNothing() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, NOON);
        for (int day : new int[] {12, 11, 10}) assertEquals(0, backup(NOON.minus(Duration.ofDays(day)), store, "--keep-days", 40).exit());
        Set<String> before = tree(store.base());
        Script dry = backup(NOON, store, "--dry-run");
        assertEquals(0, dry.exit());
        assertTrue(dry.out().matches("would back up 60 runs, \\d+ kB, to .*backups\\s+would expire  "
                + ".*telemetry_backup_20261108_120000.sqlite\\s+next: jbang backup@telemetry --store "
                + Pattern.quote(store.base().toString()) + " --yes\\s+"),
                dry.out());
        assertEquals(before, tree(store.base()));
    }

    @Test
    void aDatabaseWithoutRunsIsNoMatterOfTheArguments() {
        Store store = Fixture.V3.empty(dir);
        try (Database database = Database.open(store.database())) {
            database.execute("DROP TABLE agent_runs");
        }
        Script dry = backup(NOON, store, "--dry-run");
        assertEquals(2, dry.exit(), dry.err());
        assertEquals("backup: cannot use the database " + store.database() + ": it has no table agent_runs" + System.lineSeparator()
                + "next: jbang health@telemetry --store " + dir, dry.err().strip());
    }

    static Script backup(Instant now, Store store, Object... args) {
        var script = new backup();
        script.clock = Clock.fixed(now, ZoneOffset.UTC);
        List<Object> all = new ArrayList<>(List.of("--store", store.base()));
        all.addAll(List.of(args));
        return Script.run(script, all.toArray());
    }

    static Backups backups(Store store) {
        return new Backups(store, null, Clock.systemUTC(), null);
    }

    static void flip(Path file, long bit) throws IOException {
        Files.write(file, flipped(Files.readAllBytes(file), bit));
    }

    static byte[] flipped(byte[] bytes, long bit) {
        byte[] changed = bytes.clone();
        changed[(int) (bit / 8)] ^= (byte) (1 << bit % 8);
        return changed;
    }

    private static telemetry.Size size(Path file) throws IOException {
        return new telemetry.Size(Files.size(file));
    }

    static Set<String> names(Path folder) throws IOException {
        if (!Files.exists(folder)) return Set.of();
        try (Stream<Path> files = Files.list(folder)) {
            return new TreeSet<>(files.map(file -> file.getFileName().toString()).toList());
        }
    }

    /** Every path below with its size. */
    static Set<String> tree(Path folder) throws IOException {
        Set<String> tree = new TreeSet<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.toList()) tree.add(folder.relativize(path) + " " + (Files.isRegularFile(path) ? Files.size(path) : ""));
        }
        return tree;
    }
}
