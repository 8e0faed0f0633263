import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.Run;
import telemetry.Store;
import telemetry.Times;
import telemetry.backup.Backup;
import telemetry.backup.Backups;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.runs.RunWriter;
import telemetry.text.JsonText;
import telemetry.validate.Installation;

/** validate_installation: fine after a set-up, and a line that says so for each thing that is not. */
class ValidateInstallationTest {
    private static final List<String> NAMES =
            List.of("java", "jbang", "system", "clock", "environment", "variables", "storage", "permissions", "disk", "database", "sqlite",
            "python",
            "aliases", "track", "backup");

    @TempDir
    Path dir;

    /** What these tests' command sees instead of the machine's: nobody's JBang, Python, variables. */
    private final Map<String, String> env = new HashMap<>();
    private Path checkout;
    private Instant now = Instant.now();

    @BeforeEach
    void nothingRegistered() throws IOException {
        env.put("PATH", Files.createDirectories(dir.resolve("bin")).toString());
        env.put("JBANG_DIR", dir.resolve("jbang").toString());
        checkout = checkout("fine");
        Files.writeString(checkout.resolve("scripts/fine.java"), "class fine { telemetry.Store store; }");
    }

    /** One whose scripts are compiled in a moment; these are still to be written. */
    private Path checkout(String... aliases) throws IOException {
        Path folder = dir.resolve("checkout");
        Files.createDirectories(folder.resolve("scripts"));
        Files.writeString(folder.resolve("jbang-catalog.json"), Stream.of(aliases)
                .map(alias -> "\"" + alias + "\": {\"script-ref\": \"scripts/" + alias + ".java\"}")
                .collect(Collectors.joining(", ", "{\"aliases\": {", "}}")));
        return folder;
    }

    private Script validate(Object... args) {
        var script = new validate_installation();
        script.clock = Clock.fixed(now, ZoneOffset.UTC);
        script.patience = Duration.ofMillis(200);
        script.around = new Installation.Surroundings(env, checkout, dir);
        return Script.run(script, args);
    }

    private Store fresh() {
        Store store = Store.at(dir.resolve("store"));
        assertEquals(0, Script.run(new setup(), "--store", store.base()).exit());
        return store;
    }

    /** The line of a check, its continuations and its hint included. */
    private static String line(Script run, String name) {
        Matcher line = Pattern.compile("(?m)^(ok|warning|failed) +" + name + " .*(\\R {10,}.*)*").matcher(run.out());
        assertTrue(line.find(), name + " is not in\n" + run);
        return line.group().replaceAll("\\s+", " ");
    }

    private void program(String name, String shell) throws IOException {
        Path program = dir.resolve("bin").resolve(name);
        Files.writeString(program, "#!/bin/sh\n" + shell + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void variablesOfTheServiceAreJudged() {
        env.putAll(Map.of("TELEMETRY_API_URL", "localhost:8765", "METRICS_API_URL", "http://", "TELEMETRY_DB_JOURNAL_MODE", "delete",
                "TELEMETRY_DB_SYNCHRONOUS", "OFF", "TELEMETRY_API_WORKERS", "2", "TELEMETRY_API_PORT", "87650",
                "TELEMETRY_DB_BUSY_TIMEOUT_MS", "0", "TELEMETRY_RETENTION_DAYS", "0", "TELEMETRY_TEST_MODE", "mock",
                "GOOGLE_SHEETS_API_ENABLED", "yes"));
        Store store = fresh();
        String line = line(validate("--store", store.base()), "variables");
        assertTrue(line.startsWith("warning "), line);
        for (String said : List.of("TELEMETRY_API_URL has no scheme: write it as http://localhost:8765", "METRICS_API_URL is no URL",
                "TELEMETRY_DB_JOURNAL_MODE=DELETE beside a database in WAL mode", "OFF lets a power cut damage the database",
                "TELEMETRY_API_WORKERS=2 lets several processes write one database file", "TELEMETRY_API_PORT is no port",
                "is less than a writer's turn can take", "TELEMETRY_RETENTION_DAYS=0 is no number of days from 1",
                "TELEMETRY_TEST_MODE=mock is set", "GOOGLE_SHEETS_API_URL is not")) assertTrue(line.contains(said), said + " in " + line);
        env.putAll(Map.of("TELEMETRY_API_URL", "//localhost", "TELEMETRY_DB_JOURNAL_MODE", "OFF", "TELEMETRY_DB_SYNCHRONOUS", "FAST",
                "TELEMETRY_API_WORKERS", "many", "TELEMETRY_API_AUTH_ENABLED", "true"));
        String others = line(validate("--store", store.base()), "variables");
        for (String said : List.of("write it as http://localhost", "OFF lets a killed writer damage", "is no level of SQLite",
                "TELEMETRY_API_WORKERS is no number", "TELEMETRY_API_AUTH_TOKEN is not")) assertTrue(others.contains(said), others);
    }

    @Test
    void rightVariablesOfTheServiceAreShownAndNoTokenIs() {
        Store store = Fixture.V7_SERVICE.empty(dir.resolve("store"));
        env.putAll(Map.of("TELEMETRY_API_URL", "http://localhost:8765", "TELEMETRY_DB_JOURNAL_MODE", "DELETE", "TELEMETRY_DB_SYNCHRONOUS",
                "FULL", "TELEMETRY_API_WORKERS", "1", "TELEMETRY_RETENTION_DAYS", "30", "TELEMETRY_API_AUTH_ENABLED", "true",
                "TELEMETRY_API_AUTH_TOKEN", "s3cret"));
        Script run = validate("--store", store.base());
        assertTrue(line(run, "variables").startsWith("ok variables TELEMETRY_API_URL=http://localhost:8765, TELEMETRY_API_WORKERS=1, "
                + "TELEMETRY_DB_JOURNAL_MODE=DELETE, TELEMETRY_DB_SYNCHRONOUS=FULL, TELEMETRY_RETENTION_DAYS=30"), line(run, "variables"));
        assertFalse(run.toString().contains("s3cret"));
        env.put("TELEMETRY_DB_JOURNAL_MODE", "WAL");
        env.put("TELEMETRY_DB_SYNCHRONOUS", "NORMAL");
        String wrong = line(validate("--store", store.base()), "variables");
        assertTrue(wrong.contains("TELEMETRY_DB_JOURNAL_MODE=WAL beside a database in DELETE mode: programs that set different modes fight "
                + "over it; TELEMETRY_DB_SYNCHRONOUS=NORMAL is for WAL"), wrong);
    }

    private static Map<String, String> files(Path folder) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.toList()) files.put(folder.relativize(file).toString(), Files.isDirectory(file)
                    ? "" : Files.readString(file, StandardCharsets.ISO_8859_1));
        }
        return files;
    }

    @Test
    @Needs(Need.COMPILER)
    void aFreshSetUpIsFineAndLeftAsItIs() throws IOException {
        checkout = Checkout.root();
        Store store = fresh();
        Map<String, String> before = files(store.base());
        Script run = validate("--store", store.base());
        assertEquals(0, run.exit(), run.toString());
        assertEquals(before, files(store.base()));
        NAMES.forEach(name -> assertTrue(line(run, name).startsWith("ok "), line(run, name)));
        assertTrue(run.out().endsWith("ok: all 15 checks are ok" + System.lineSeparator()), run.out());
        assertTrue(line(run, "java").contains(System.getProperty("java.version")) && line(run, "java")
                .contains(System.getProperty("java.vendor")), run.out());
        assertTrue(line(run, "database").contains("v3, WAL; every procedure works with it but query chain --tree"), run.out());
    }

    @Test
    @Needs(Need.COMPILER)
    void worksInAnyFolderWithThisMachinesOwnPrograms() throws Exception {
        Store store = fresh();
        Path out = dir.resolve("out.txt");
        Process process = Script.processBuilder(Map.of(), "validate_installation", "--store", store.base()).directory(dir.toFile())
                .redirectErrorStream(true).redirectOutput(out.toFile()).start();
        assertEquals(0, process.waitFor(), Files.readString(out));
    }

    @Test
    @Needs(Need.COMPILER)
    void withoutAStoreItCannotTellAndNamesTheNextCommand() {
        Script run = validate("--store", dir.resolve("none"));
        assertEquals(3, run.exit(), run.toString());
        assertTrue(line(run, "storage").contains("there is no store yet") && line(run, "storage")
                .contains("(runbook: System Overview) next: jbang setup@telemetry --store " + dir.resolve("none")), run.out());
        for (String name : List.of("java", "clock", "disk", "sqlite", "aliases", "track")) assertTrue(line(run, name).startsWith("ok "),
                line(run, name));
        assertFalse(Files.exists(dir.resolve("none")));
    }

    @Test
    @Needs(Need.COMPILER)
    void jsonIsOneDocument() {
        Map<String, Object> json = JsonText.object(validate("--json", "--store", fresh().base()).out());
        assertEquals("ok", json.get("status"));
        Matcher names = Pattern.compile("\"name\": \"(\\w+)\"").matcher(json.get("checks").toString());
        assertEquals(NAMES, names.results().map(name -> name.group(1)).toList());
    }

    @ParameterizedTest
    @EnumSource(Fixture.class)
    @Needs(Need.COMPILER)
    void tellsWhatEachVersionLacks(Fixture shape) {
        Store store = shape.filled(dir.resolve("store"), 12, now);
        Script run = validate("--store", store.base());
        assertEquals(0, run.exit(), run.toString());
        String line = line(run, "database");
        assertEquals(shape == Fixture.V1, line.contains("(no insight_id)"), line);
        assertEquals(shape != Fixture.V7_SERVICE, line.contains("--tree (no parent_run_id)"), line);
        assertTrue(line.contains(" v" + shape.version() + (shape.version() < 6 ? ", WAL" : "")), line);
    }

    @Test
    void aDatabaseThatCannotBeReadFailsOrCannotBeToldOf() throws IOException {
        Store store = Fixture.V7_PYTHON.filled(dir.resolve("store"), 12, now);
        try (Database other = Database.open(store.database())) {
            other.execute("BEGIN EXCLUSIVE");
            Script locked = validate("--store", store.base());
            assertEquals(3, locked.exit(), locked.toString());
            assertTrue(line(locked, "database").contains("(runbook: Database Locked) next: jbang locks@telemetry"), locked.out());
        }
        Files.writeString(store.database(), "no database at all, but long enough to be looked at as one");
        Script damaged = validate("--store", store.base());
        assertEquals(2, damaged.exit(), damaged.toString());
        assertTrue(line(damaged, "database").contains("(runbook: Database Corrupted) next: jbang recover@telemetry --dry-run"),
                damaged.out());
        Files.delete(store.database());
        try (Database empty = Database.create(store.database())) {
            empty.execute("CREATE TABLE other (a)");
        }
        Script other = validate("--store", store.base());
        assertEquals(2, other.exit(), other.toString());
        assertTrue(line(other, "database").contains("no table agent_runs"), other.out());
    }

    @Test
    void whatMayNotBeWrittenIsNamed() throws Exception {
        Path disk = Files.createDirectories(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "8m"), "mounting is not permitted");
        try {
            Store store = Fixture.V7_PYTHON.filled(disk.resolve("store"), 12, now);
            assertTrue(Mounts.makeReadOnly(disk));
            Script run = validate("--store", store.base());
            assertEquals(2, run.exit(), run.toString());
            assertTrue(line(run, "permissions").contains("may not read and write " + store.base() + ", "), run.out());
            assertTrue(line(run, "storage").contains("is read-only"), run.out());
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void namesTheRuleAndEveryVariable() {
        Store store = fresh();
        env.put("AGENT_METRICS_DIR", dir.resolve("another").toString());
        env.put("AGENT_OWNER", "ops");
        Script run = validate("--store", store.base());
        assertTrue(line(run, "environment").contains(store.base() + ", named by --store; another store by AGENT_METRICS_DIR="
                + dir.resolve("another")), run.out());
        assertTrue(line(run, "variables").contains("AGENT_METRICS_DIR=" + dir.resolve("another")
                + ", AGENT_OWNER=ops; not set: TELEMETRY_DB_PATH, TELEMETRY_BASE_DIR, TELEMETRY_NDJSON_DIR"), run.out());
    }

    @ParameterizedTest
    @CsvSource({"3.6.23, false", "3.7.0, true", "3.40.1, true", "3.51.2, true", "3.51.3, false", "3.54.1, false"})
    @Needs(Need.SH)
    void anOldSqliteInPythonIsAWarningOnceAgentsWriteWithIt(String version, boolean affected) throws IOException {
        program("python3", "echo 3.11.7 " + version);
        Store young = Fixture.V3.filled(dir.resolve("young"), 12, now);
        assertEquals(0, validate("--store", young.base()).exit());
        now = now.plus(Duration.ofDays(2));
        Script wal = validate("--store", young.base());
        assertTrue(line(wal, "python").startsWith(affected ? "warning" : "ok"), wal.out());
        assertTrue(line(wal, "python").contains("3.11.7 with SQLite " + version), wal.out());
        String hint = "; give the agents a Python with SQLite 3.51.3 or newer, and back up each day (runbook: System Overview) "
                + "next: jbang backup@telemetry --store " + young.base();
        assertEquals(affected, wal.out().replaceAll("\\s+", " ").contains(hint), wal.out());
        assertEquals(1, wal.exit(), "there is no backup either");
        assertTrue(line(validate("--store", Fixture.V7_PYTHON.filled(dir.resolve("delete"), 12, now).base()), "python").startsWith("ok"),
                "DELETE mode has no such bug");
        assertTrue(line(validate("--store", Fixture.V3.empty(dir.resolve("empty")).base()), "python").startsWith("ok"),
                "nobody writes there");
    }

    @Test
    @Needs(Need.SH)
    void missingAndBrokenProgramsAreToldAndNoFault() throws IOException {
        Store store = fresh();
        env.put("XDG_CACHE_HOME", dir.toString());
        Script none = validate("--store", store.base());
        assertEquals(0, none.exit(), none.toString());
        assertTrue(line(none, "python").contains("none on the PATH") && line(none, "jbang")
                .contains("none on the PATH; scripts/jbangw gets one"), none.out());
        program("python3", "echo 3.11.7 3.40.1; exit 1");
        program("jbang", "echo 0.132.1");
        Script broken = validate("--store", store.base());
        assertEquals(0, broken.exit(), broken.toString());
        assertTrue(line(broken, "python").contains("none on the PATH that has sqlite3"), broken.out());
        assertTrue(line(broken, "jbang").contains("0.132.1, " + dir.resolve("bin/jbang")), broken.out());
        env.remove("PATH");
        assertEquals(0, validate("--store", store.base()).exit());
    }

    @Test
    void aClockBeforeTheToolkitIsAFailureAndOneBeforeTheNewestRunAWarning() {
        Store store = fresh();
        Instant really = now;
        now = Instant.parse("2020-01-01T00:00:00Z");
        Script wrong = validate("--store", store.base());
        assertEquals(2, wrong.exit(), wrong.toString());
        assertTrue(line(wrong, "clock").startsWith("failed") && line(wrong, "clock").contains("2020-01-01 00:00:00 UTC, time zone"),
                wrong.out());
        now = really;
        try (Database database = Database.open(store.database())) {
            Run run = Fixture.V3.run(0, now);
            new RunWriter(database).write(run.with("run_id", "other form")
                    .with("start_time", Times.seconds(now.plus(Duration.ofHours(3)))));
            new RunWriter(database).write(run);
        }
        Script slow = validate("--store", store.base());
        assertEquals(1, slow.exit(), slow.toString());
        assertTrue(line(slow, "clock").contains("the newest run began 2 h 59 min later") || line(slow, "clock")
                .contains("the newest run began 3 h later"), slow.out());
    }

    @Test
    @Needs(Need.COMPILER)
    void anAliasWithoutAScriptOrWithABrokenOneIsAFailure() throws IOException {
        Store store = fresh();
        checkout("fine", "broken");
        Script missing = validate("--store", store.base());
        assertEquals(2, missing.exit(), missing.toString());
        assertTrue(line(missing, "aliases").contains("without a script: broken (" + checkout.resolve("scripts/broken.java") + ")"),
                missing.out());
        Files.writeString(checkout.resolve("scripts/broken.java"), "class broken {\n    telemetry.Nothing nothing;\n}");
        Script broken = validate("--store", store.base());
        assertEquals(2, broken.exit(), broken.toString());
        assertTrue(line(broken, "aliases").contains("broken.java line 2: cannot find symbol"), broken.out());
        Files.writeString(checkout.resolve("jbang-catalog.json"), "{\"aliases\": ");
        assertEquals(2, validate("--store", store.base()).exit());
    }

    @Test
    @Needs(Need.COMPILER)
    void findsTheCheckoutAsJBangDoesOrSaysThatItCannot() throws IOException {
        Store store = fresh();
        checkout = null;
        Script none = validate("--store", store.base());
        assertEquals(0, none.exit(), none.toString());
        assertTrue(line(none, "aliases").contains("not looked at: no checkout on this machine is known"), none.out());
        Files.createDirectories(dir.resolve("jbang"));
        Files.writeString(dir.resolve("jbang/jbang-catalog.json"), "{\"catalogs\": {\"telemetry\": {\"catalog-ref\": "
                + JsonText.line(Checkout.root().resolve("jbang-catalog.json")) + "}}}");
        assertTrue(line(validate("--store", store.base()), "aliases").contains(" in " + Checkout.root() + ", all there, "));
        Files.writeString(dir.resolve("jbang/jbang-catalog.json"),
                "{\"catalogs\": {\"telemetry\": {\"catalog-ref\": \"https://example.org/jbang-catalog.json\"}}}");
        assertTrue(line(validate("--store", store.base()), "aliases").contains("not looked at"));
    }

    @Test
    @Needs(Need.COMPILER)
    void theNewestBackupIsReadToItsLastByte() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 12, now);
        assertEquals(0, Script.run(new backup(), "--store", store.base()).exit());
        Script good = validate("--store", store.base());
        assertEquals(0, good.exit(), good.toString());
        assertTrue(line(good, "backup").contains("12 runs, SHA-256 as in its manifest"), good.out());
        Backup backup = Backups.newestVerified(store).orElseThrow();
        byte[] bytes = Files.readAllBytes(backup.file());
        bytes[bytes.length - 1] ^= 1;
        Files.write(backup.file(), bytes);
        Script bad = validate("--store", store.base());
        assertEquals(2, bad.exit(), bad.toString());
        assertTrue(line(bad, "backup").startsWith("failed"), bad.out());
    }
}
