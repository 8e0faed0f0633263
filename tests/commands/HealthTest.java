import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DatabaseTest;
import telemetry.Health;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Script;

/** Health on stores in every state. Its other outputs are in HealthOutputTest, the rules of each check in HealthChecksTest. */
class HealthTest {
    static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");
    static final Clock AT_NOON = Clock.fixed(NOON.plusSeconds(600), ZoneOffset.UTC);
    static final List<String> NAMES = List.of("environment", "storage", "database",
            "schema", "journal", "lock", "disk", "write", "activity", "stale", "size", "backup", "day files", "divergence");

    private static final String NOT_CHECKED = "not checked: whether lines older than N d are in the database, the bytes of backups and "
            + "archived files";

    @TempDir
    Path dir;

    @Test
    void aStoreThatIsWellIsOkInEveryCheck() {
        Store store = Fixture.V3.filled(dir, 20, NOON);
        Script health = health(store);
        assertEquals(String.join("\n",
                "ok       storage      folders are there: db, raw, backups",
                "ok       database     integrity_check ok in N ms, SQLite N",
                "ok       schema       v3: 31 columns, 7 indexes",
                "ok       journal      WAL, no -wal",
                "ok       lock         free to write",
                "ok       disk         N GB free",
                "ok       write        a line appended and on the disk in N ms",
                "ok       activity     1 run in the last hour, 20 in the last 24 h",
                "ok       stale        3 running, none for more than 1 d",
                "ok       size         N kB, 20 runs, N bytes a run",
                "ok       backup       none yet, in a store younger than a day",
                "ok       day files    every day of the database has its lines",
                "ok       divergence   the day files' 37 records since 2026-11-18 are in the database",
                NOT_CHECKED,
                "ok: all 14 checks are ok", ""), masked(health.out()));
        assertEquals("", health.err());
        assertEquals(0, health.exit());
        assertTrue(health.out().lines().allMatch(line -> line.length() <= 80 || line.contains(dir.toString())), health.out());
        assertEquals(masked(health.out()).strip(), masked(Health.of(store, AT_NOON).toString()), "what JShell shows");
    }

    @Test
    void everyKnownStoreIsToldInFullAndLeftAsItWas() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Store store = given.store();
            Map<String, Integer> before = bytes(store.base());
            Script health = health(store, "--json");
            assertEquals(NAMES, names(health), given.name());
            for (String check : List.of("environment", "storage", "lock", "write", "size", "day files"))
                assertEquals("ok", status(health, check), given + " " + check);
            boolean isAhead = given.name().endsWith("-ahead");
            assertEquals(isAhead ? "warning" : "ok", status(health, "database"), given + " " + health.out());
            if (isAhead) assertTrue(check(health, "database").getString("detail", "").contains("; but 113 of the 120 runs that began "),
                    health.out());
            assertTrue(health.exit() <= 1, given + " " + health.exit());
            assertEquals(before, bytes(store.base()), given.name());
        }
    }

    @Test
    void aMissingStoreFailsAndIsNotMade() {
        Path missing = dir.resolve("a/b");
        Script health = Script.run(at(NOON), "--store", missing);
        assertEquals(String.join("\n",
                "failed   storage      there is no store: --store names S, which is not there: was the store moved? Then name its folder "
                        + "with --store; "
                        + "recover --from DIR brings it back from backups elsewhere; setup makes a new, empty one (runbook: System "
                        + "Overview)",
                "skipped: no store: database, schema, journal, lock, disk, write, activity, stale, size, backup, day files, divergence",
                NOT_CHECKED,
                "failed: 1 failed, 12 skipped, 1 ok", ""),
                        masked(health.out()).replaceAll("\\s+" + Pattern.quote(missing.toString()), Matcher.quoteReplacement(" " + missing)).replace(missing.toString(), "S"));
        assertEquals(2, health.exit());
        assertTrue(Files.notExists(dir.resolve("a")));
    }

    @Test
    void whateverStandsInPlaceOfTheDatabaseEveryCheckIsThereAndTheExitCodeIsTwo() throws IOException {
        byte[] whole = Files.readAllBytes(Fixture.V3.filled(dir.resolve("whole"), 60, NOON).database());
        byte[] overwritten = whole.clone();
        Arrays.fill(overwritten, 8 * 4096, 9 * 4096, (byte) 0x5a);
        Map<String, byte[]> states = new TreeMap<>(Map.of("empty", new byte[0], "text",
                "hello ".repeat(2_000).getBytes(StandardCharsets.UTF_8),
                "header alone", Arrays.copyOf(whole, 100), "cut", Arrays.copyOf(whole, whole.length / 2),
                "one page overwritten", overwritten));
        for (var state : states.entrySet()) {
            Store store = Fixture.V3.filled(dir.resolve(state.getKey()), 60, NOON);
            Files.write(store.database(), state.getValue());
            assertToldAsDamaged(store, state.getKey());
            assertArrayEquals(state.getValue(), Files.readAllBytes(store.database()), state.getKey());
        }
        Store folder = Fixture.V3.filled(dir.resolve("folder"), 60, NOON);
        Files.delete(folder.database());
        assertToldAsDamaged(folder, "gone");
        assertTrue(Files.notExists(folder.database()));
        Files.createDirectory(folder.database());
        assertToldAsDamaged(folder, "a folder");
    }

    private static void assertToldAsDamaged(Store store, String state) {
        Script health = health(store, "--json");
        assertEquals(NAMES, names(health), state);
        assertEquals("failed", status(health, "database"), state);
        assertEquals("jbang recover@telemetry --dry-run --store " + shown(store), next(health, "database"), health.out());
        assertEquals("ok", status(health, "write"), state);
        for (String name : NAMES)
            assertTrue(name.equals("database") || !status(health, name).equals("failed"), "one cause is one failure: " + state + " "
            + name);
        assertEquals("", health.err(), state);
        assertEquals(2, health.exit(), state);
    }

    private static String shown(Store store) {
        return store.base().toString().contains(" ") ? Script.quoted(store.base()) : store.base().toString();
    }

    @Test
    void aLockedDatabaseIsOneFailureAndItsHolderIsNamed() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir, 10, NOON);
        Process holder = DatabaseTest.hold(store, "BEGIN EXCLUSIVE");
        try {
            Script health = health(store, "--json", "--wait", "50ms");
            assertEquals(2, health.exit());
            assertEquals("failed", Json.parse(health.out()).asObject().getString("status", ""));
            assertEquals("ok", status(health, "write"));
            assertEquals("failed", status(health, "lock"));
            String by = Files.notExists(Path.of("/proc/locks")) ? "" : ": held by process " + holder.pid();
            assertEquals("not free within 50 ms" + by, check(health, "lock").getString("detail", ""));
            assertEquals("(runbook: Database Locked)", check(health, "lock").getString("hint", ""));
            assertEquals("jbang locks@telemetry --store " + dir, next(health, "lock"));
            for (String other : List.of("database", "schema", "journal", "activity", "stale", "size", "day files", "divergence"))
                assertEquals("skipped: the database is locked", check(health, other).getString("detail", ""), other);
            Script plugin = health(store, "--nagios", "--wait", "50ms");
            assertTrue(plugin.out().startsWith("TELEMETRY CRITICAL - lock: not free within 50 ms" + by + "; backup: there is no verified "
                    + "backup | "), plugin.out());
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertTrue(health(store).exit() <= 1);
    }

    @Test
    void aJournalThatAKilledWriterLeftIsShownAndNotRolledBack() throws IOException {
        Store live = Fixture.V7_PYTHON.filled(dir.resolve("live"), 60, NOON);
        Store dead = Store.at(dir.resolve("dead"));
        try (Database writer = Database.open(live.database())) {
            writer.pragma("cache_size", 1);
            writer.execute("BEGIN IMMEDIATE");
            writer.update("UPDATE agent_runs SET error_summary = hex(randomblob(2000))");
            Fixture.copy(live.base(), dead.base());
        }
        Path journal = dead.database().resolveSibling("telemetry.sqlite-journal");
        Files.setLastModifiedTime(journal, java.nio.file.attribute.FileTime.from(Instant.now().minusSeconds(600)));
        Map<String, Integer> before = bytes(dead.base());
        Script health = health(dead);
        assertEquals(3, health.exit(), health.out());
        assertTrue(health.out().contains("failed   database     telemetry.sqlite: a program died while it wrote;"), health.out());
        assertTrue(health.out().contains("warning  journal      a -journal was left 10 min ago by a program that died"), health.out());
        assertEquals(before, bytes(dead.base()));
        assertTrue(health(live).exit() <= 1, "a -journal in use is none that was left");
    }

    @Test
    void aReadOnlyFileSystemFailsAndTheDatabaseOnItIsStillRead() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "8m"), "may not mount");
        try {
            Store store = Fixture.V3.filled(disk.resolve("s"), 10, NOON);
            assumeTrue(Mounts.makeReadOnly(disk), "may not mount");
            Script health = health(store, "--json", "--disk-failed", "0");
            assertEquals(2, health.exit());
            assertEquals("ok", status(health, "database"));
            assertEquals("ok", status(health, "size"));
            assertEquals("failed", status(health, "storage"));
            assertEquals("cannot append in " + store.raw() + ": the file system is read-only",
                    check(health, "write").getString("detail", ""));
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void aFullDiskFailsAndNothingIsLeftOnIt() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "1m"), "may not mount");
        try {
            Store store = Fixture.V7_PYTHON.filled(disk.resolve("s"), 10, NOON);
            fill(disk.resolve("filler"));
            Map<String, Integer> before = bytes(store.base());
            Script health = health(store);
            assertEquals(2, health.exit());
            assertTrue(health.out().contains("failed   disk         0 B free, less than 1.0 GB"), health.out());
            assertTrue(health.out().replaceAll("\\s+", " ")
                    .contains("failed write cannot append in " + store.raw() + ": no space left on the disk"), health.out());
            assertTrue(health.out().contains("(runbook: Disk Full)\n                      next: jbang archive@telemetry --dry-run --store "
                    + store.base() + "\n"), health.out());
            assertEquals(before, bytes(store.base()));
        } finally {
            Mounts.unmount(disk);
        }
    }

    static void fill(Path file) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            while (true) out.write(new byte[4096]);
        } catch (IOException e) {
            assertTrue(e.getMessage().contains("No space left"), e.getMessage());
        }
    }

    static Script health(Store store, Object... options) {
        List<Object> args = new ArrayList<>(List.of("--store", store.base()));
        args.addAll(List.of(options));
        return Script.run(at(AT_NOON.instant()), args.toArray());
    }

    static health at(Instant now) {
        var health = new health();
        health.clock = Clock.fixed(now, ZoneOffset.UTC);
        return health;
    }

    static String status(Script health, String name) {
        return check(health, name).getString("status", "");
    }

    static JsonObject check(Script health, String name) {
        return Json.parse(health.out()).asObject().get("checks").asArray().get(NAMES.indexOf(name)).asObject();
    }

    /** The command without what stands before it. */
    static String next(Script health, String name) {
        return check(health, name).getString("next", "").replaceFirst("^next: ", "");
    }

    static List<String> names(Script health) {
        List<String> names = new ArrayList<>();
        Json.parse(health.out()).asObject().get("checks").asArray().forEach(check -> names.add(check.asObject().getString("name", "")));
        return names;
    }

    /** Without the environment, which this machine's variables are part of, with wrapped lines joined, and numbers that vary as N. */
    private static String masked(String report) {
        String text = report.replace(System.lineSeparator(), "\n").replaceAll("\n {22}(?!next:)", " ");
        return text.substring(text.indexOf('\n', text.startsWith("ok       environment") ? 0 : -1) + 1)
                .replaceAll("[0-9.]+ m?s\\b", "N ms").replaceAll("SQLite [0-9.]+", "SQLite N")
                        .replaceAll("[0-9.]+ [GT]B free", "N GB free").replaceAll("\\d+ kB", "N kB").replaceAll("\\d+ bytes",
                        "N bytes").replaceAll("\n {13,20}(?=[a-z])", " ").replaceAll("older than \\S+ d", "older than N d");
    }

    /** Each file below a folder, with what is in it. */
    private static Map<String, Integer> bytes(Path folder) throws IOException {
        Map<String, Integer> bytes = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.toList())
                bytes.put(path.toString(), Files.isDirectory(path) ? 0 : Arrays.hashCode(Files.readAllBytes(path)));
        }
        return bytes;
    }
}
