package telemetry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Script;

@Tag("system")
public class DatabaseTest {
    private static final Instant NOON = Instant.parse("2025-12-10T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void rowsComeAsPlainValuesInOrder() {
        try (Database database = Database.create(dir.resolve("d.sqlite"))) {
            Row row = database.one("SELECT 1 AS a, 5000000000 AS b, 0.5 AS c, 'x' AS d, NULL AS e, x'00ff' AS f, ? AS g, ? AS h",
                    true, NOON).orElseThrow();
            assertEquals(List.of("a", "b", "c", "d", "e", "f", "g", "h"), row.columns());
            assertEquals(Arrays.asList(1L, 5000000000L, 0.5, "x", null), row.values().subList(0, 5));
            assertArrayEquals(new byte[] {0, (byte) 0xff}, (byte[]) row.get("f"));
            assertEquals(1, row.number("g"));
            assertEquals("2025-12-10T12:00:00Z", row.text("h"));
            assertThrows(IllegalArgumentException.class, () -> row.get("z"));
            assertNull(database.value("SELECT 1 WHERE 0"));
            assertEquals(0, database.number("SELECT 1 WHERE 0"));
        }
    }

    @Test
    void rowsShowThemselvesAsATableAndAreStillThereAfterwards() {
        try (Database database = Database.create(dir.resolve("d.sqlite"))) {
            Rows rows = database.query("SELECT 7 AS n, 'seven' AS word UNION ALL SELECT 12, 'a' || char(10) || char(27) || 'b'");
            assertEquals(String.join(System.lineSeparator(), "", " n  word", " 7  seven", "12  a\\n\\u001bb"), rows.toString());
            assertEquals(2, rows.list().size());
            assertEquals(0, rows.list().size(), "there is one pass only");
            String many = database.query("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 51) SELECT x FROM c")
                    .toString();
            assertTrue(many.endsWith("… and more"), many);
        }
    }

    @Test
    void aQueryLeftHalfReadHoldsNothingOnceItIsClosed() {
        Store store = Fixture.V6_PYTHON.filled(dir, 30, NOON);
        try (Database reader = Database.openToRead(store.database());
                Database writer = Database.open(store.database()).patience(Duration.ofMillis(50))) {
            try (Stream<Row> half = reader.query("SELECT * FROM agent_runs").stream()) {
                assertTrue(half.findFirst().isPresent());
            }
            assertEquals(30, writer.update("UPDATE agent_runs SET host = 'x'"), "a reader in DELETE mode that is still open would lock it");
        }
    }

    @Test
    void aTransactionIsAllOrNothing() {
        try (Database database = Database.create(dir.resolve("d.sqlite"))) {
            database.execute("CREATE TABLE t(x)");
            assertEquals(1L, database.inTransaction(() -> (long) database.update("INSERT INTO t VALUES (?)", 1)));
            assertThrows(IllegalStateException.class, () -> database.inTransaction(() -> {
                database.update("INSERT INTO t VALUES (?)", 2);
                throw new IllegalStateException("stop");
            }));
            assertEquals(1, database.number("SELECT count(*) FROM t"));
            assertThrows(IllegalStateException.class, () -> database.inTransaction(() -> database.inTransaction(() -> { })));
            database.inTransaction(() -> database.update("INSERT INTO t VALUES (?)", 3));
            assertEquals(2, database.number("SELECT count(*) FROM t"));
        }
    }

    @Test
    void whoIsWaitedForIsNamed() throws Exception {
        Store store = Fixture.V3.filled(dir, 3, NOON);
        Process holder = hold(store, "BEGIN IMMEDIATE");
        try (Database database = Database.open(store.database()).patience(Duration.ofMillis(100))) {
            StoreException e = assertThrows(StoreException.class, () -> database.update("DELETE FROM agent_runs"));
            assertEquals(StoreException.Reason.LOCKED, e.reason());
            Assumptions.assumeTrue(Files.exists(Path.of("/proc/locks")), "only Linux tells who holds a lock");
            assertTrue(e.getMessage().contains("it is locked by process " + holder.pid() + " ("), e.getMessage());
            assertTrue(e.getMessage().endsWith(System.lineSeparator() + "next: jbang locks@telemetry"), e.getMessage());
        } finally {
            holder.destroyForcibly().waitFor();
        }
    }

    @Test
    void aLockIsWaitedForAndThenTaken() throws Exception {
        Store store = Fixture.V7_PYTHON.filled(dir, 3, NOON);
        Process holder = hold(store, "BEGIN EXCLUSIVE");
        CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS).execute(holder::destroyForcibly);
        try (Database database = Database.open(store.database())) {
            assertEquals(3, database.update("UPDATE agent_runs SET host = 'x'"));
        }
    }

    /** For {@link #hold}: runs the statement on the database, says so, and stays. */
    public static final class Holder {
        public static void main(String[] args) throws Exception {
            try (Database database = Database.open(Path.of(args[0]))) {
                database.execute(args[1]);
                System.out.println("held");
                Thread.sleep(60_000);
            }
        }
    }

    public static Process hold(Store store, String statement) throws IOException {
        Process process = Script.processBuilder(Map.of(), "telemetry.DatabaseTest$Holder", store.database(), statement)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        assertEquals("held", process.inputReader().readLine());
        return process;
    }

    @Test
    void lookingWritesNothingAndLeavesNothingBehind() throws IOException {
        for (Fixture shape : List.of(Fixture.V3, Fixture.V7_PYTHON)) {
            Store store = shape.filled(dir.resolve(shape.name()), 5, NOON);
            byte[] before = Files.readAllBytes(store.database());
            try (Database database = Database.openToRead(store.database())) {
                assertEquals(5, database.number("SELECT count(*) FROM agent_runs"));
                for (String write : List.of("DELETE FROM agent_runs", "CREATE TABLE x(y)",
                        "WITH a AS (SELECT 1) INSERT INTO schema_migrations(version) SELECT 99",
                        "ATTACH '" + dir.resolve("attached") + "' AS a", "VACUUM INTO '" + dir.resolve("vacuumed") + "'",
                        "SELECT load_extension('x')"))
                    assertEquals(StoreException.Reason.REFUSED,
                            assertThrows(StoreException.class, () -> database.query(write).list(), write).reason(), write);
            }
            assertArrayEquals(before, Files.readAllBytes(store.database()));
            assertEquals(List.of("telemetry.sqlite"), names(store.database().getParent()));
        }
        assertEquals(List.of("V3", "V7_PYTHON"), names(dir));
    }

    @Test
    void lookingAtAWalThatAKilledWriterLeftSeesItsCommitsAndLeavesTheFileAlone() throws Exception {
        Store store = Fixture.V3.filled(dir, 5, NOON);
        Process writer = Script.processBuilder(Map.of(), "telemetry.DatabaseTest$Holder", store.database(),
                "UPDATE agent_runs SET host = 'killed'").start();
        assertEquals("held", writer.inputReader().readLine());
        writer.destroyForcibly().waitFor();
        byte[] before = Files.readAllBytes(store.database());
        byte[] wal = Files.readAllBytes(store.database().resolveSibling("telemetry.sqlite-wal"));
        assertTrue(wal.length > 0);
        try (Database database = Database.openToRead(store.database())) {
            assertEquals(5, database.number("SELECT count(*) FROM agent_runs WHERE host = 'killed'"));
        }
        assertArrayEquals(before, Files.readAllBytes(store.database()));
        assertArrayEquals(wal, Files.readAllBytes(store.database().resolveSibling("telemetry.sqlite-wal")));
    }

    @Test
    void aHostileNameIsAFileNameAndNothingElse() throws IOException {
        List<String> names = new ArrayList<>(List.of("b%20c", "'; DROP TABLE x; --", "#f&g=h", "größe", " lead"));
        if (Need.ANY_NAME.isMet()) names.addAll(List.of("a?mode=memory", ":resource:x", ":memory:", "file:z?cache=shared", "back\\slash",
                "new\nline"));
        for (String name : names) {
            Path file = dir.resolve(name);
            try (Database database = Database.create(file)) {
                database.execute("CREATE TABLE t(x)");
            }
            assertTrue(Files.size(file) > 0, name);
            try (Database database = Database.openToRead(file)) {
                assertEquals(0, database.number("SELECT count(*) FROM t"));
            }
        }
        assertEquals(names.stream().sorted().toList(), names(dir));
    }

    @Test
    void whatIsNoDatabaseIsSaidInOneLineAboveTheNextCommand() throws IOException {
        Path missing = dir.resolve("none/telemetry.sqlite");
        assertFails(missing, StoreException.Reason.MISSING, "it does not exist");
        assertTrue(Files.notExists(missing.getParent()));
        assertFails(Files.createDirectory(dir.resolve("folder")), StoreException.Reason.DAMAGED, "it is a directory");
        assertFails(Files.createFile(dir.resolve("empty")), StoreException.Reason.DAMAGED, "the file is empty (0 bytes)");
        assertFails(Files.writeString(dir.resolve("text"), "hello ".repeat(1000)), StoreException.Reason.DAMAGED,
                "it is not a SQLite database");
        if (Need.ANY_NAME.isMet()) assertFails(Files.writeString(dir.resolve("line\nbreak"), "hello ".repeat(1000)),
                StoreException.Reason.DAMAGED, "line\\nbreak");
        byte[] whole = Files.readAllBytes(Fixture.V3.filled(dir.resolve("s"), 60, NOON).database());
        Path truncated = Files.write(dir.resolve("truncated"), Arrays.copyOf(whole, whole.length / 2));
        StoreException e = assertThrows(StoreException.class, () -> {
            try (Database database = Database.openToRead(truncated)) {
                database.query("SELECT * FROM agent_runs").list();
            }
        });
        assertEquals(StoreException.Reason.DAMAGED, e.reason());
        assertTrue(e.getMessage().contains("jbang recover@telemetry"), e.getMessage());
    }

    @Test
    @Timeout(30)
    void aLongQueryCanBeWatchedAndInterrupted() {
        try (Database database = Database.create(dir.resolve("d.sqlite"))) {
            var ticks = new AtomicInteger();
            database.onProgress(10_000, () -> {
                if (ticks.incrementAndGet() == 5) database.interrupt();
            });
            StoreException e = assertThrows(StoreException.class,
                    () -> database.number("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"));
            assertTrue(e.getMessage().contains("interrupted"), e.getMessage());
            assertTrue(ticks.get() >= 5);
        }
    }

    @Test
    void theDriversLibraryIsUnpackedOnceForItsOwnerOnlyAndNothingIsLeftInTheTemporaryFolder() throws Exception {
        Path cache = dir.resolve("cache");
        Path temporary = Files.createDirectory(dir.resolve("tmp"));
        Map<String, String> env = Map.of("XDG_CACHE_HOME", cache.toString(), "JDK_JAVA_OPTIONS", "-Djava.io.tmpdir=" + temporary);
        Store store = Fixture.V3.empty(dir.resolve("s"));
        Process killed = Script.processBuilder(env, "telemetry.DatabaseTest$Holder", store.database(), "BEGIN IMMEDIATE").start();
        assertEquals("held", killed.inputReader().readLine());
        killed.destroyForcibly().waitFor();
        assertEquals(List.of(), names(temporary).stream().filter(name -> name.startsWith("sqlite")).toList());
        Path folder = cache.resolve("telemetry-toolkit").resolve(names(cache.resolve("telemetry-toolkit")).get(0));
        Path library = folder.resolve(names(folder).get(0));
        assertTrue(List.of(library.getFileName().toString(), library.getFileName() + ".compared").containsAll(names(folder)),
                () -> "nothing unfinished is left: " + List.of(folder.toFile().list()));
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix"))
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
        byte[] unpacked = Files.readAllBytes(library);
        Files.write(library, new byte[unpacked.length]);
        Process again = Script.processBuilder(env, "telemetry.DatabaseTest$Holder", store.database(), "BEGIN IMMEDIATE").start();
        assertEquals("held", again.inputReader().readLine());
        again.destroyForcibly().waitFor();
        assertArrayEquals(unpacked, Files.readAllBytes(library), "a damaged one is replaced");
    }

    private void assertFails(Path file, StoreException.Reason reason, String why) {
        StoreException e = assertThrows(StoreException.class, () -> Database.openToRead(file));
        assertEquals(reason, e.reason(), e.getMessage());
        assertTrue(e.what().contains(why) && e.getMessage().lines().count() == 2, e.getMessage());
        assertTrue(e.getMessage().endsWith(System.lineSeparator() + "next: jbang recover@telemetry --dry-run"), e.getMessage());
        assertEquals(reason, assertThrows(StoreException.class, () -> Database.open(file)).reason());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
