//DEPS com.google.jimfs:jimfs:1.3.0

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Machine;
import telemetry.store.Layout;
import telemetry.store.Pruned;
import telemetry.text.JsonText;

/**
 * What can be shown of Windows elsewhere: paths on a Windows file system in memory, and what the library does where the system says that
 * it is Windows.
 */
@Isolated("the whole JVM pretends to be on Windows")
@Tag("system")
class WindowsPathsTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    private final FileSystem windows = Jimfs.newFileSystem(Configuration.windows().toBuilder()
            .setRoots("C:\\", "D:\\", "\\\\server\\share\\").build());
    private final Path home = windows.getPath("C:\\Users\\ops");
    private final String system = System.getProperty("os.name");

    @BeforeEach
    void pretend() {
        System.setProperty("os.name", "Windows 11");
    }

    @AfterEach
    void stopPretending() throws IOException {
        System.setProperty("os.name", system);
        windows.close();
    }

    private Path path(String path) {
        return windows.getPath(path);
    }

    @ParameterizedTest
    @CsvSource({"D:\\agent-metrics, D:\\agent-metrics", "D:/agent-metrics/, D:\\agent-metrics",
            "D:\\x\\..\\agent metrics, D:\\agent metrics", "\\\\server\\share\\metrics, \\\\server\\share\\metrics",
        "\\\\server\\share, \\\\server\\share\\", "D:\\, D:\\"})
    void driveLettersAndSharesNameAStore(String given, String base) {
        Store store = Store.fromEnv(Map.of("AGENT_METRICS_DIR", given), home);
        assertEquals(path(base), store.base());
        assertEquals(base, store.base().toString());
        assertEquals(path(base).resolve("db\\telemetry.sqlite"), store.database());
        assertEquals(base, Store.fromEnv(Map.of("TELEMETRY_DB_PATH", store.database().toString()), home).base().toString());
        assertEquals(base, Store.at(path(given)).base().toString());
    }

    @Test
    void aDatabaseAtTheRootOfADriveHasThatRootForItsStore() {
        Store store = Store.fromEnv(Map.of("TELEMETRY_DB_PATH", "D:\\telemetry.sqlite"), home);
        assertEquals("D:\\", store.base().toString());
        assertEquals("D:\\raw", store.raw().toString());
    }

    @Test
    void theRunbooksFolderIsAUsualPlaceAndTheUnixOnesAreNone() throws IOException {
        Files.createDirectories(path("C:\\opt\\telemetry"));
        assertEquals("C:\\Users\\ops\\.telemetry", Store.fromEnv(Map.of(), home).base().toString());
        Files.createDirectories(path("D:\\agent-metrics"));
        Files.createDirectories(path("C:\\agent-metrics"));
        assertEquals("D:\\agent-metrics", Store.fromEnv(Map.of(), home).base().toString());
    }

    @Test
    void aVariableThatIsNoPathIsSaidSo() {
        StoreException e = assertThrows(StoreException.class,
                () -> Store.fromEnv(Map.of("TELEMETRY_BASE_DIR", "\"D:\\agent metrics\""), home));
        assertEquals(StoreException.Reason.REFUSED, e.reason());
        assertTrue(e.getMessage().contains("TELEMETRY_BASE_DIR is '\"D:\\agent metrics\"', which is no path"), e.getMessage());
        assertThrows(StoreException.class, () -> Store.fromEnv(Map.of("TELEMETRY_NDJSON_DIR", "D:\\a|b"), home));
    }

    @Test
    void sqliteGetsThePathAsAUri() {
        assertEquals("file:///D:/agent-metrics/db/telemetry.sqlite", Disk.uri(path("D:\\agent-metrics\\db\\telemetry.sqlite")));
        assertEquals("file:////server/share/m/telemetry.sqlite", Disk.uri(path("\\\\server\\share\\m\\telemetry.sqlite")));
        assertEquals("file:///C:/gr%C3%B6%C3%9Fe%20%23%25%27/x.sqlite", Disk.uri(path("C:\\größe #%'\\x.sqlite")));
        assertTrue(Disk.isRemote(path("\\\\server\\share\\m")));
        assertFalse(Disk.isRemote(path("C:\\")));
    }

    @Test
    void theNextCommandCanBePastedIntoCmdAndPowerShell() {
        assertEquals("jbang health@telemetry --store D:\\agent-metrics", health("D:\\agent-metrics"));
        assertEquals("jbang health@telemetry --store \"D:\\agent metrics\"", health("D:\\agent metrics"));
        assertEquals("jbang health@telemetry --store \\\\server\\share\\m", health("\\\\server\\share\\m"));
        assertEquals("jbang health@telemetry --store D:\\", health("D:\\"));
    }

    private String health(String base) {
        return Store.at(path(base)).command("health").toString();
    }

    @ParameterizedTest
    @CsvSource({"D:\\agent metrics", "\\\\server\\share", "D:\\"})
    void linesAreWrittenAndReadBack(String base) throws IOException {
        Store store = Store.at(path(base));
        Files.createDirectories(store.raw());
        Run run = Fixture.V3.run(0, NOON);
        try (EventLog log = new EventLog(store)) {
            log.append(DayFile.dayOf(NOON), run);
            assertEquals(List.of(store.raw().resolve("events_20261120.ndjson")), log.days().stream().map(DayFile::path).toList());
            try (Stream<LogEntry> entries = log.read(log.days().get(0))) {
                assertEquals(List.of(run), entries.map(LogEntry::record).toList());
            }
        }
        assertTrue(Files.readString(store.raw().resolve("events_20261120.ndjson")).endsWith("}\n"));
        Pruned.of(store).add(List.of("a"), NOON);
        assertTrue(Pruned.of(store).contains("a"));
    }

    @Test
    void dayFilesMayStandAtTheRootOfADisk() throws IOException {
        Files.writeString(path("D:\\events_20261120.ndjson"), "");
        Store store = Store.fromEnv(Map.of("AGENT_METRICS_DIR", "C:\\m", "TELEMETRY_NDJSON_DIR", "D:\\"), home);
        assertEquals(1, new EventLog(store).days().size());
        assertEquals(Optional.empty(), DayFile.of(path("D:\\")));
    }

    @Test
    void nothingAsksForPermissionsThatTheFileSystemDoesNotKnow() throws IOException {
        Path folder = Files.createDirectories(path("D:\\backups"), Disk.ownerOnlyFolder(path("D:\\")));
        Path finished = Files.createFile(folder.resolve("a.tmp"), Disk.ownerOnlyFile(folder));
        Path target = folder.resolve("a");
        Disk.sync(finished);
        Disk.syncFolder(folder);
        Disk.publish(finished, target);
        assertFalse(Files.exists(finished));
        Path other = Files.createFile(folder.resolve("b.tmp"), Disk.ownerOnlyFile(folder));
        assertThrows(FileAlreadyExistsException.class, () -> Disk.publish(other, target));
        assertTrue(Files.exists(other));
    }

    @Test
    void whatWindowsRefusesIsSaidInOurWords() {
        Path file = dir.resolve("x");
        assertEquals("permission denied, or another program has it open", Attempt.refused("replace", file, new AccessDeniedException("x"))
                .why());
        assertEquals(StoreException.Reason.LOCKED,
                Attempt.refused("move", file, new FileSystemException("x", null,
                "The process cannot access the file because it is being used by another process")).reason());
        assertEquals(StoreException.Reason.FULL, Attempt.refused("write", file, new IOException("There is not enough space on the disk"))
                .reason());
        assertEquals(StoreException.Reason.FAILED, Attempt.refused("write", file, new IOException("Der Vorgang wurde abgebrochen"))
                .reason());
    }

    @Test
    void aFullDiskIsKnownInEveryLanguage() throws IOException {
        try (FileSystem small = Jimfs.newFileSystem(Configuration.windows().toBuilder().setMaxSize(1 << 16).setBlockSize(512).build())) {
            Path file = small.getPath("C:\\full");
            IOException e = assertThrows(IOException.class, () -> Files.write(file, new byte[1 << 17]));
            assertEquals(StoreException.Reason.FULL, Attempt.refused("write", file,
                    new IOException("Es steht nicht genug Speicherplatz auf dem Datenträger zur Verfügung", e)).reason());
        }
    }

    @Test
    void bytesThatAnotherProgramHasLockedAreWaitedFor() throws IOException {
        int[] refused = {0};
        var locked = new FilterInputStream(new ByteArrayInputStream(new byte[] {7})) {
            @Override
            public int read(byte[] bytes, int from, int length) throws IOException {
                if (refused[0]++ < 3) throw new IOException("another process has locked a portion of the file");
                return super.read(bytes, from, length);
            }
        };
        assertEquals(1, Disk.patient(locked).read(new byte[8]));
        System.setProperty("os.name", system);
        refused[0] = 0;
        if (!Machine.isWindows()) assertThrows(IOException.class, () -> Disk.patient(locked).read(new byte[8]), "elsewhere nothing is waited for");
    }

    @Test
    @Needs(Need.PERMISSIONS)
    void programsAreFoundByTheEndingsThatWindowsStarts() throws IOException {
        for (String name : List.of("npm.cmd", "git.exe", "git.cmd", "notes.txt")) {
            Files.createFile(dir.resolve(name), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        }
        Map<String, String> env = Map.of("PATH", "\"" + dir + "\"");
        assertEquals(Optional.of(dir.resolve("npm.cmd")), Machine.program("npm", env));
        assertEquals(Optional.of(dir.resolve("git.exe")), Machine.program("git", env));
        assertEquals(Optional.empty(), Machine.program("notes", env));
        assertEquals(Optional.of(dir.resolve("npm.cmd")), Machine.program("npm.cmd", env));
        System.setProperty("os.name", system);
        assertEquals(Optional.empty(), Machine.program("npm", env));
    }

    @Test
    void variablesAreFoundWhateverTheCaseOfTheirNames() {
        String name = System.getenv().keySet().stream().filter(variable -> variable.matches("[A-Z]+")).findFirst().orElseThrow();
        assertEquals(System.getenv(name), Machine.environment().get(name.toLowerCase(Locale.ROOT)));
    }

    @Test
    void everyNameThatIsWrittenIsOneThatWindowsTakes() throws IOException {
        System.setProperty("os.name", system);
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, Instant.now());
        for (DayFile day : new EventLog(store).days()) Files.setLastModifiedTime(day.path(),
                FileTime.from(Instant.now().minus(Duration.ofDays(9))));
        Files.writeString(store.raw().resolve("events_20261001.ndjson"), "{torn\n");
        run(store, new backup());
        run(store, new backup(), "--compress");
        run(store, new rebuild(), "--yes");
        run(store, new archive(), "--older-than", "0d", "--yes");
        run(store, new prune(), "stale", "--yes");
        run(store, new recover(), "--yes");
        run(store, new backup(), "restore", "latest", "--yes");
        try (Stream<Path> all = Files.walk(store.base())) {
            List<String> names = all.map(path -> path.getFileName().toString()).toList();
            assertTrue(names.size() > 20, names.toString());
            for (String name : names) assertTrue(name.matches("[^<>:\"/\\\\|?*\\p{Cntrl}]*[^<>:\"/\\\\|?*\\p{Cntrl}. ]")
                    && !name.matches("(?i)(con|prn|aux|nul|com\\d|lpt\\d)(\\..*)?"), name);
        }
    }

    @Test
    void onAShareNoDatabaseIsMadeThatWouldBeInWalMode() throws IOException {
        Store store = Store.at(path("\\\\server\\share\\m"));
        StoreException e = assertThrows(StoreException.class, () -> Layout.complete(store));
        assertEquals(StoreException.Reason.FAILED, e.reason());
        assertEquals("cannot create the database \\\\server\\share\\m\\db\\telemetry.sqlite: it is on another machine's disk, where WAL does "
                + "not work (sqlite.org/wal.html)", e.what());
        assertTrue(Files.notExists(store.base()), "nothing was made");
        System.setProperty("os.name", system);
        if (!Machine.isWindows()) return;
        Script refused = Script.run(new setup(), "--store", store.base());
        assertEquals(2, refused.exit(), refused.toString());
        assertTrue(refused.err().startsWith("setup: " + e.what()), refused.err());
    }

    /** Windows PowerShell reads a pipe in the code page of its console, and all of them have ASCII. */
    @Test
    void jsonIsInAsciiAndTheSame() {
        System.setProperty("os.name", system);
        Store store = Fixture.V3.filled(dir.resolve("store"), 20, Instant.now());
        Fixture.append(store, Instant.now(), Fixture.V3.run(0, Instant.now().minusSeconds(99)).with("run_id", "r").with("agent_name", "日本語-ä"));
        assertEquals(0, Script.on(store, new rebuild(), "--replay-only").exit());
        for (String[] words : new String[][] {{"agents", "--json"}, {"recent", "--json"}, {"recent", "--ndjson"}, {"--json"}}) {
            Supplier<Callable<?>> script = words.length == 1 ? logs::new : query::new;
            System.setProperty("os.name", "Windows 11");
            String json = Script.on(store, script.get(), (Object[]) words).out();
            System.setProperty("os.name", system);
            assertTrue(json.contains("\\u65e5\\u672c\\u8a9e-\\u00e4") && json.chars().allMatch(c -> c < 0x7f), json);
            String here = Script.on(store, script.get(), (Object[]) words).out();
            if (!Machine.isWindows() && words.length > 1) assertTrue(here.contains("日本語-ä"), here);
            assertEquals(JsonText.ascii(here), json);
        }
    }

    private static void run(Store store, Callable<Integer> script, Object... args) {
        Script run = Script.run(script, Stream.concat(Stream.of(args), Stream.of("--store", store.base())).toArray());
        assertTrue(run.exit() <= 1, run.toString());
    }

    /** A here-string's end has to stand at the beginning of its line. */
    @Test
    void theQuestionToTheRestartManagerKeepsItsForm() throws IOException {
        List<String> source = Files.readAllLines(Checkout.root().resolve("lib/telemetry/os/OpenersElsewhere.java"));
        int begin = source.indexOf("            Add-Type -TypeDefinition @'");
        int end = source.indexOf("            '@");
        assertTrue(begin > 0 && end > begin, "both at the text block's margin");
        assertTrue(source.get(begin - 1).equals("            $ErrorActionPreference = 'Stop'"), "a failure is an exit code");
        assertFalse(String.join("", source.subList(begin + 1, end)).contains("'@"));
    }
}
