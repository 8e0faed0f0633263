import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.cli.Cli;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.os.Inside;
import telemetry.os.Machine;
import telemetry.runs.Schema;

/** A new store, what setup leaves of an old one, and launchers. */
@Order(1)
class SetupTest {
    private static final Instant NOW = Instant.parse("2026-11-24T10:00:00Z");
    private static final List<String> FOLDERS = List.of("", "raw", "db", "logs", "reports", "exports", "config", "backups");

    @TempDir
    Path dir;

    @Test
    void createsWhatAStoreConsistsOf() throws IOException {
        Path base = dir.resolve("new").resolve("store");
        Script made = setup("--store", base);
        var expected = new StringBuilder("store     " + base + " (--store)\n");
        for (String folder : FOLDERS) expected.append("created   ").append(folder.isEmpty() ? base : base.resolve(folder)).append('\n');
        expected.append("created   ").append(base.resolve("db/telemetry.sqlite")).append("\ncreated   ").append(base.resolve("reserve"))
                .append("\ncreated   ").append(base.resolve("README.md")).append("\ncreated   ").append(base.resolve("config/schema.sql"))
                .append("\ndatabase  v3\n");
        assertEquals(new Script(Cli.OK, expected.toString().replace("\n", System.lineSeparator()), ""), made);
        assertEquals(Set.of("README.md", "backups", "config", "config/schema.sql", "db", "db/telemetry.sqlite", "exports", "logs", "raw",
                "reports",
                "reserve"), snapshot(base).keySet());
        try (Database database = Database.openToRead(base.resolve("db/telemetry.sqlite"))) {
            Schema schema = Schema.of(database);
            assertEquals("v3", schema.toString());
            assertEquals(List.of(), schema.oddities());
            assertEquals(7, schema.indexes().size());
            assertEquals("wal", database.pragma("journal_mode"));
            assertEquals("ok", database.pragma("integrity_check"));
        }
    }

    @Test
    @Needs(Need.PERMISSIONS)
    void aNewStoreIsForItsOwnerAndTheirGroupAndTheBackupsForTheOwnerAlone() throws IOException {
        setup("--store", dir.resolve("store"));
        assertEquals("rwxr-x---", permissions(dir.resolve("store")));
        assertEquals("rwx------", permissions(dir.resolve("store/backups")));
        assertEquals("rwxr-x---", permissions(dir.resolve("store/raw")));
        assertEquals("rw-r-----", permissions(dir.resolve("store/db/telemetry.sqlite")));
    }

    @Test
    void aSecondRunChangesNothing() throws IOException {
        setup("--store", dir.resolve("store"));
        Map<String, String> before = snapshot(dir);
        Script again = setup("--store", dir.resolve("store"));
        assertEquals(new Script(Cli.OK,
                lines("store     " + dir.resolve("store") + " (--store)", "created   nothing: all is there", "database  v3"), ""), again);
        assertEquals(before, snapshot(dir));
    }

    @Test
    @Needs(Need.SH_LAUNCHER)
    void launchersAreWrittenInsteadOfAStoreOneForEachScript() throws IOException {
        Path bin = dir.resolve("bin");
        List<String> names;
        try (Stream<Path> scripts = Files.list(Checkout.root().resolve("scripts"))) {
            names = scripts.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".java"))
                    .map(name -> "telemetry-" + name.replace(".java", "")).sorted().toList();
        }
        Script made = setup("--launchers", bin);
        String head = "checkout  " + Checkout.root() + "\nfolder    " + bin + "\n";
        String note = "to be called by name, " + bin + " must be on the PATH\n";
        assertEquals(new Script(Cli.OK, head + names.stream().map(name -> "created   " + name + "\n").collect(Collectors.joining()), note),
                made);
        assertEquals(Set.copyOf(names), snapshot(bin).keySet());
        for (String name : names) assertEquals("rwx------", permissions(bin.resolve(name)));
        Map<String, String> before = snapshot(dir);
        assertEquals(new Script(Cli.OK, head + "created   nothing: all are there\n", note), setup("--launchers", bin));
        assertEquals(before, snapshot(dir));
    }

    @Test
    void launchersAndAStoreAreTwoSetups() throws IOException {
        String told = "setup: --launchers makes no store: leave --store and --sample to a setup of their own" + System.lineSeparator()
                + "next: jbang setup@telemetry --help" + System.lineSeparator();
        assertEquals(new Script(Cli.USAGE, "", told), setup("--launchers", dir.resolve("bin"), "--store", dir.resolve("store")));
        assertEquals(new Script(Cli.USAGE, "", told), setup("--sample", "--launchers", dir.resolve("bin")));
        assertEquals(Map.of(), snapshot(dir));
    }

    @Test
    void launchersSayWhatIsInTheirWay() throws IOException {
        String launcher = "telemetry-health" + (Machine.isWindows() ? ".cmd" : "");
        Path own = Files.writeString(Files.createDirectory(dir.resolve("bin")).resolve(launcher), "mine");
        Script refused = setup("--launchers", dir.resolve("bin"));
        assertEquals(Cli.FAILED, refused.exit());
        assertTrue(refused.err().startsWith("setup: cannot write launchers " + own + ": something else has that name"), refused.err());
        assertEquals(Set.of(launcher), snapshot(dir.resolve("bin")).keySet());
        Script noFolder = setup("--launchers", own.resolve("below"));
        assertEquals(Cli.FAILED, noFolder.exit());
        assertTrue(noFolder.err().startsWith("setup: cannot write launchers in " + own.resolve("below") + ": "), noFolder.err());
    }

    @Test
    void leavesStoresOfEveryVersionAsTheyAreAndSaysWhatIsOdd() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            Store store = given.store();
            Map<String, String> before = snapshot(store.base());
            Script made = setup("--store", store.base());
            Map<String, String> after = snapshot(store.base());
            FOLDERS.forEach(folder -> assertTrue(after.containsKey(folder) || folder.isEmpty()));
            after.keySet().retainAll(before.keySet());
            assertEquals(before, after, given.name());
            List<String> odd = odd(store);
            assertEquals(odd.isEmpty() ? Cli.OK : Cli.WARNING, made.exit(), made.toString());
            for (String what : odd) assertTrue(made.out().contains("odd       " + what + System.lineSeparator()), made.out());
            String apply = lines("next: jbang measure_performance@telemetry --apply-indexes --dry-run --store " + store.base());
            assertEquals(odd.stream().anyMatch(what -> what.startsWith("indexes")), made.out().endsWith(apply), made.out());
            assertEquals(made.out().lines().filter(line -> !line.startsWith("created")).toList(),
                    setup("--store", store.base()).out().lines().filter(line -> !line.startsWith("created")).toList());
        }
    }

    @Test
    void aLogThatACrashedAgentLeftIsNotTouched() throws IOException {
        Store store = Fixture.V3.empty(dir.resolve("agents"));
        Path crashed = dir.resolve("crashed");
        try (Database agent = Database.open(store.database())) {
            agent.update("INSERT INTO agent_runs(run_id, agent_name, start_time) VALUES ('r', 'a', '2026-11-24T09:00:00Z')");
            Fixture.copy(store.base(), crashed);
        }
        setup("--store", crashed);
        Map<String, String> before = snapshot(crashed);
        assertTrue(before.containsKey("db/telemetry.sqlite-wal"));
        assertEquals(Cli.OK, setup("--store", crashed).exit());
        Map<String, String> after = snapshot(crashed);
        assertEquals(before.keySet(), after.keySet());
        for (String name : List.of("db/telemetry.sqlite", "db/telemetry.sqlite-wal")) assertEquals(before.get(name), after.get(name));
    }

    @Test
    void aStoreWhoseDatabaseIsGoneGetsANewOneAndTheAdviceToFillIt() throws IOException {
        Store store = Fixture.V3.filled(dir, 20, NOW);
        Files.delete(store.database());
        Map<String, String> before = snapshot(dir);
        Script asked = setup("--store", dir);
        assertEquals(Cli.USAGE, asked.exit());
        assertTrue(asked.err().startsWith("setup: The database " + store.database()
                + " is missing or empty, and there was one before; recover "
                + "looks for its runs. Make an empty one? There is no terminal to ask on: add --yes to go ahead, or recover --dry-run"),
                asked.err());
        assertEquals(before, snapshot(dir));
        Script made = setup("--store", dir, "--yes");
        assertEquals(Cli.WARNING, made.exit());
        assertTrue(made.out().contains("odd       the database is new and lacks the runs of the day files" + System.lineSeparator()
                + "next: jbang rebuild@telemetry --dry-run --store " + dir + System.lineSeparator()), made.out());
        assertEquals(Cli.OK, setup("--store", dir).exit());
    }

    /** Whatever is answered: agents that find no folder cannot write. */
    @Test
    void aMissingFolderOfTheDatabaseIsMadeBeforeItAsks() throws IOException {
        Store store = Fixture.V3.filled(dir, 20, NOW);
        Files.delete(store.database());
        Files.delete(store.database().getParent());
        assertEquals(Cli.USAGE, setup("--store", dir).exit());
        assertEquals(Set.of(), Set.copyOf(Inside.list(store.database().getParent())));
    }

    /** Each of them says that there was a database; folders alone do not. */
    @Test
    void anyTraceOfAnEarlierDatabaseMakesSetupAsk() throws IOException {
        for (String trace : List.of("raw/events_20261120.ndjson", "backups/telemetry_backup_20261120_000000.sqlite",
                "archive/manifest.ndjson",
                "quarantine/x", "reports/health.ndjson", "pruned.ndjson")) {
            Path base = dir.resolve(trace.replace('/', '-'));
            setup("--store", base);
            Files.delete(base.resolve("db/telemetry.sqlite"));
            Files.createDirectories(base.resolve(trace).getParent());
            assertEquals(Cli.OK, setup("--store", base).exit(), "no trace");
            Files.write(base.resolve("db/telemetry.sqlite"), new byte[0]);
            Files.writeString(base.resolve(trace), "x");
            Map<String, String> before = snapshot(base);
            Script asked = setup("--store", base);
            assertEquals(Cli.USAGE, asked.exit(), trace + asked);
            assertTrue(asked.err().contains("add --yes to go ahead"), asked.err());
            assertEquals(before, snapshot(base), trace);
            Script health = Script.run(new health(), "--store", base);
            assertTrue(!health.out().contains("setup@telemetry"), health.out());
            assertTrue(setup("--store", base, "--yes").exit() <= Cli.WARNING, trace);
            assertEquals(List.of(), odd(Store.at(base)), trace);
        }
    }

    @Test
    void whereTheDatabaseIsThereFoldersAreMendedWithoutAsking() throws IOException {
        Store store = Fixture.V3.filled(dir, 20, NOW);
        Files.delete(store.backups());
        Script made = setup("--store", dir);
        assertEquals(Cli.OK, made.exit(), made.toString());
        assertTrue(made.out().contains("created   " + store.backups()), made.out());
    }

    @Test
    void aCreationThatWasCutShortIsCompleted() throws IOException {
        for (String state : List.of("no database", "empty file", "no tables", "no tables, with -wal")) {
            Path base = dir.resolve(state);
            Store store = Store.at(base);
            Files.createDirectories(store.database().getParent());
            if (state.equals("empty file")) Files.createFile(store.database());
            if (state.startsWith("no tables")) try (Database database = Database.create(store.database())) {
                database.pragma("journal_mode", "WAL");
                if (state.endsWith("-wal")) {
                    Path copy = dir.resolve("copy");
                    database.execute("BEGIN IMMEDIATE");
                    database.execute("CREATE TABLE agent_runs(x)");
                    Fixture.copy(base, copy);
                    database.execute("ROLLBACK");
                    store = Store.at(copy);
                }
            }
            Script made = setup("--store", store.base());
            assertEquals(Cli.OK, made.exit(), state + made);
            assertTrue(made.out().contains(String.join(System.lineSeparator(), "created   " + store.database(),
                    "created   " + store.base().resolve("reserve"))), state + made);
            assertEquals(List.of(), odd(store), state);
            assertEquals(lines("store     " + store.base() + " (--store)", "created   nothing: all is there", "database  v3"),
                    setup("--store", store.base()).out());
        }
    }

    @Test
    void aLogWithoutItsDatabaseIsNotLost() throws IOException {
        Store store = Fixture.V3.empty(dir);
        setup("--store", dir);
        Files.writeString(store.database().resolveSibling("telemetry.sqlite-wal"), "the last transactions");
        for (boolean empty : new boolean[] {false, true}) {
            Files.deleteIfExists(store.database());
            if (empty) Files.createFile(store.database());
            Map<String, String> before = snapshot(dir);
            Script refused = setup("--store", dir);
            assertEquals(new Script(Cli.FAILED, "", lines("setup: cannot create the database " + store.database()
                    + ": its -wal stands there without it and holds transactions that would be lost",
                    "next: jbang recover@telemetry --dry-run --store " + dir)), refused);
            assertEquals(before, snapshot(dir));
        }
    }

    @Test
    void whatStandsInTheWayIsNamedAndLeftAlone() throws IOException {
        Path file = Files.writeString(dir.resolve("file"), "mine");
        for (Path base : List.of(file, file.resolve("below"))) assertRefused(Cli.FAILED, "cannot create the folder " + base + ": "
                + (base == file ? "it" : file) + " is a file, and should be a folder" + System.lineSeparator()
                + "next: jbang setup@telemetry --store " + file
                + "-store", base);
        Path database = Fixture.V3.empty(dir.resolve("my store")).database();
        assertRefused(Cli.FAILED, System.lineSeparator() + "next: jbang setup@telemetry --store " + Script.quoted(dir.resolve("my store")),
                database);
        Path inside = Files.createDirectory(dir.resolve("inside"));
        Files.writeString(inside.resolve("raw"), "mine");
        assertRefused(Cli.FAILED, "cannot create the folder " + inside.resolve("raw")
                + ": it is a file, and should be a folder; move that file elsewhere, then" + System.lineSeparator()
                + "next: jbang setup@telemetry --store " + inside,
                inside);
        for (String bad : List.of("not a database, and long enough to be looked at as one", "directory", "truncated")) {
            Store store = Fixture.V3.filled(dir.resolve(bad.substring(0, 8)), 60, NOW);
            byte[] whole = Files.readAllBytes(store.database());
            Files.delete(store.database());
            if (bad.equals("directory")) Files.createDirectory(store.database());
            else Files.write(store.database(), bad.equals("truncated") ? Arrays.copyOf(whole, 700) : bad.repeat(100).getBytes());
            FOLDERS.forEach(folder -> dir.resolve(store.base()).resolve(folder).toFile().mkdirs());
            assertRefused(Cli.FAILED, store.database().toString(), store.base());
        }
    }

    @Test
    void aDatabaseWithoutATableOfRunsIsNamedAndLeftAlone() throws IOException {
        setup("--store", dir);
        Store store = Store.at(dir);
        Files.delete(store.database());
        try (Database database = Database.create(store.database())) {
            database.execute("CREATE TABLE other(x)");
        }
        Map<String, String> before = snapshot(dir);
        Script made = setup("--store", dir);
        assertEquals(Cli.FAILED, made.exit());
        assertTrue(made.out().contains("odd       no table agent_runs" + System.lineSeparator()
                + "next: jbang recover@telemetry --dry-run --store " + dir
                + System.lineSeparator()), made.out());
        Script refused = setup("--store", dir, "--sample");
        assertEquals(Cli.FAILED, refused.exit(), refused.toString());
        assertTrue(refused.err().contains("it has no table agent_runs"), refused.err());
        assertEquals(before, snapshot(dir));
    }

    @Test
    @Needs(Need.PERMISSIONS)
    void aFolderThatMayNotBeWrittenIsNoStore() throws IOException {
        assumeFalse("root".equals(System.getProperty("user.name")), "root may write everywhere");
        Path closed = Files.createDirectory(dir.resolve("closed"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-xr-x")));
        assertRefused(Cli.UNKNOWN, "cannot create the folder " + closed.resolve("store") + ": permission denied", closed.resolve("store"));
    }

    @Test
    @Needs(Need.ANY_NAME)
    void aNameMeansWhatItSaysHoweverHostile() throws IOException {
        for (String name : List.of("'; DROP TABLE agent_runs; --", "a?mode=memory",
                ":resource:x", "%41", "two\nlines", "größer ✓", "-v", " ")) {
            Path base = dir.resolve(name);
            Script made = setup("--store=" + base);
            assertEquals(Cli.OK, made.exit(), name + made);
            assertEquals(List.of(), odd(Store.at(base)), name);
        }
        Script tooLong = setup("--store", dir.resolve("x".repeat(10_000)));
        assertEquals(Cli.USAGE, tooLong.exit());
        assertEquals(2, tooLong.err().lines().count(), "the reason, and below it the help: " + tooLong.err().substring(0, 200));
    }

    @Test
    void everyPartGoesWhereTheEnvironmentSays() throws IOException, InterruptedException {
        Path database = dir.resolve("a/b/agents.sqlite");
        Path raw = dir.resolve("elsewhere");
        var env = Map.of("TELEMETRY_DB_PATH", database.toString(), "TELEMETRY_NDJSON_DIR", raw.toString());
        Script made = Script.runProcess(env, "setup", "--sample", "--runs", 50, "--days", 2);
        assertEquals(Cli.OK, made.exit(), made.toString());
        assertTrue(made.out().startsWith("store     " + dir.resolve("a") + " (TELEMETRY_DB_PATH)"), made.out());
        var store = new Store(dir.resolve("a"), database, raw, "");
        assertEquals(50, SetupSampleTest.assertAlike(store));
        assertFalse(Files.exists(dir.resolve("a/raw")));
    }

    @Test
    void severalAtOnceMakeOneStore() throws IOException, InterruptedException {
        List<Process> all = new ArrayList<>();
        for (int i = 0; i < 4; i++)
            all.add(Script.processBuilder(Map.of(), "setup", "--store", dir.resolve("store")).redirectErrorStream(true).start());
        for (Process process : all) {
            String out = new String(process.getInputStream().readAllBytes());
            assertEquals(Cli.OK, process.waitFor(), out);
        }
        assertEquals(List.of(), odd(Store.at(dir.resolve("store"))));
    }

    @Test
    void badArgumentsChangeNothing() throws IOException {
        Path base = dir.resolve("store");
        for (List<String> wrong : List.of(List.of("--runs", "5"), List.of("--sample", "--runs", "0"),
                List.of("--sample", "--runs", "10000001"), List.of("--sample", "--days", "0"),
                List.of("--sample", "--days", "2147483647"), List.of("--sample", "--runs", "x"),
                List.of("--sample", "--seed", "1.5"), List.of("--bogus"), List.of("extra"))) {
            List<Object> args = new ArrayList<>(List.of("--store", base));
            args.addAll(wrong);
            Script refused = setup(args.toArray());
            assertEquals(Cli.USAGE, refused.exit(), wrong.toString());
            assertTrue(refused.err().matches(".*\\Rnext: jbang setup@telemetry --help\\R"), refused.err());
            assertEquals("", refused.out());
            assertFalse(Files.exists(base), wrong.toString());
        }
        assertTrue(setup("--store", base, "--sample", "--runs", "0").err().contains("--runs is a number from 1 to 10,000,000"));
    }

    @Test
    void asJsonItIsOneDocument() {
        Script made = setup("--store", dir.resolve("s"), "--sample", "--runs", 10, "--days", 1, "--json");
        assertEquals(Cli.OK, made.exit());
        assertTrue(made.out().startsWith("{") && made.out().stripTrailing().endsWith("}"), made.out());
        for (String key : List.of("\"store\": ", "\"rule\": \"--store\"", "\"created\": [",
                "\"database\": \"v3\"", "\"odd\": [", "\"runs\": 10")) assertTrue(made.out().contains(key), made.out());
    }

    static Script setup(Object... args) {
        return Script.run(new setup(), args);
    }

    static String lines(String... lines) {
        return String.join(System.lineSeparator(), lines) + System.lineSeparator();
    }

    private void assertRefused(int exit, String why, Path base) throws IOException {
        Map<String, String> before = snapshot(dir);
        Script refused = setup("--store", base);
        assertEquals(exit, refused.exit(), refused.toString());
        assertTrue(refused.err().startsWith("setup: cannot ") && refused.err().contains(why), refused.err());
        assertEquals(1, refused.err().lines().filter(line -> !line.startsWith("next: jbang ")).count(), refused.err());
        assertEquals("", refused.out());
        assertEquals(before, snapshot(dir));
    }

    private static List<String> odd(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return Schema.of(database).oddities();
        }
    }

    /** Names, contents and times of everything below a folder. */
    static Map<String, String> snapshot(Path folder) throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.filter(path -> !path.equals(folder)).toList()) {
                String name = folder.relativize(path).toString().replace('\\', '/');
                all.put(name, Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) ? "folder"
                        : Files.getLastModifiedTime(path) + " " + Arrays.hashCode(Files.readAllBytes(path)));
            }
        }
        return all;
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void theStoreSaysWhatItIsAndItsTablesCanBeMadeFromWhatItSays() throws Exception {
        Store store = Store.at(dir.resolve("new"));
        assertEquals(Cli.OK, setup("--store", store.base()).exit());
        Path readme = store.base().resolve("README.md");
        assertTrue(Files.readString(readme).startsWith("# "), Files.readString(readme));
        String script = Files.readString(store.base().resolve("config/schema.sql"));
        try (Database made = Database.create(dir.resolve("made.sqlite")); Database theirs = Database.openToRead(store.database())) {
            for (String statement : script.split(";\n")) if (!statement.isBlank()) made.query(statement.strip()).list();
            String all = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master ORDER BY name)";
            assertEquals(theirs.value(all), made.value(all));
            assertEquals(3, made.number("SELECT version FROM schema_migrations"));
            assertEquals("wal", made.pragma("journal_mode"));
        }
        Files.writeString(readme, "mine");
        Files.delete(store.base().resolve("config/schema.sql"));
        assertEquals(Cli.OK, setup("--store", store.base()).exit());
        assertEquals("mine", Files.readString(readme), "what is there stays");
        assertTrue(Files.exists(store.base().resolve("config/schema.sql")));
    }
}
