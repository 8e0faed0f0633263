import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Health;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;

/**
 * Health's check write: whether the agents' account can record a run now. Each printed command is run as it stands, and then all is well.
 */
class HealthWriteTest {
    private static final Instant NOW = Instant.now();
    private static final int NOBODY = 65534;

    /** An account that the system does not know by name. */
    private static final int AGENT = 41_000;

    @TempDir
    Path dir;

    @Test
    void aMissingDayFileIsNotMadeAndOneThatIsThereIsNotTouched() throws Exception {
        Store store = Fixture.V3.empty(dir.resolve("s"));
        assertTrue(told(store).startsWith("ok: a line appended and on the disk in "), told(store));
        assertEquals(List.of(), names(store.raw()));
        Path today = Files.writeString(today(store), "{\"torn");
        var before = Files.getLastModifiedTime(today);
        assertTrue(told(store).startsWith("ok: "), told(store));
        assertEquals("{\"torn", Files.readString(today));
        assertEquals(before, Files.getLastModifiedTime(today));
        assertEquals(List.of(today.getFileName().toString()), names(store.raw()));
    }

    @Test
    @Needs({Need.FIFOS, Need.LINKS})
    void whatIsNoPlainFileUnderTheDayFilesNameIsNamedAndMovedAsideByTheHint() throws Exception {
        for (String kind : List.of("a folder", "a FIFO", "a link to a file that is not there", "a device")) {
            Store store = Fixture.V3.empty(dir.resolve(kind.replace(' ', '-')));
            Path today = today(store);
            for (int time = 0; time < 2; time++) {
                switch (kind) {
                    case "a folder" -> Files.createDirectory(today);
                    case "a FIFO" -> run("mkfifo", "-m", "0640", today.toString());
                    case "a device" -> Files.createSymbolicLink(today, Path.of("/dev/null"));
                    default -> Files.createSymbolicLink(today, dir.resolve("nowhere"));
                }
                Script health = health(store);
                assertEquals(2, health.exit());
                String detail = HealthTest.check(health, "write").getString("detail", "");
                String owner = Files.getOwner(today, LinkOption.NOFOLLOW_LINKS).getName();
                assertTrue(detail.matches(Pattern.quote(today + " is " + kind + " (owner " + owner + ", mode ") + "0\\d{3}"
                        + "\\): no line can be appended to it"), detail);
                paste(HealthTest.next(health, "write"));
                assertTrue(told(store).startsWith("ok: "), told(store));
            }
            assertEquals(2, names(store.raw()).size(), "both were kept");
        }
    }

    @Test
    @Needs(Need.LINKS)
    void aLinkToAPlainFileIsADayFile() throws Exception {
        Store store = Fixture.V3.empty(dir.resolve("s"));
        Files.createSymbolicLink(today(store), Files.writeString(dir.resolve("elsewhere"), ""));
        assertTrue(told(store).startsWith("ok: "), told(store));
    }

    @Test
    @Needs(Need.OWNERS)
    void asRootItIsAskedForTheAgentsAccount() throws Exception {
        for (int account : new int[] {NOBODY, AGENT}) {
            Store store = agents(Fixture.V3, account);
            assertTrue(told(store).matches("ok: a line appended and on the disk in .*; the agents' account (nobody|41000) may write too"),
                    told(store));
            for (String file : List.of("day file", "database", "folder of the database")) {
                Path path = path(store, file);
                give(path, 0, 0);
                Script health = health(store);
                String detail = HealthTest.check(health, "write").getString("detail", "");
                assertEquals("the agents' account " + (account == NOBODY ? "nobody" : "41000") + " may not "
                        + (file.equals("day file") ? "append" : "write") + " to " + path + " (owner root, mode 0"
                        + (Files.isDirectory(path) ? "755)" : "644)"), detail);
                assertEquals(2, health.exit());
                assertEquals("chown " + account + ":" + account + " " + path, HealthTest.next(health, "write"));
                paste(HealthTest.next(health, "write"));
                assertTrue(told(store).startsWith("ok: "), told(store));
            }
        }
    }

    /** Their owner SQLite sets right itself, when root opens the database. */
    @Test
    @Needs(Need.OWNERS)
    void whatStandsBesideTheDatabaseIsAskedForToo() throws Exception {
        Store store = agents(Fixture.V3, NOBODY);
        try (Database open = Database.open(store.database())) {
            open.update("UPDATE agent_runs SET host = 'h'");
            for (String suffix : List.of("-wal", "-shm")) {
                Path path = Path.of(store.database() + suffix);
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--r--r--"));
                Script health = health(store);
                assertEquals("the agents' account nobody may not write to " + path + " (owner nobody, mode 0444)",
                        HealthTest.check(health, "write").getString("detail", ""));
                paste(HealthTest.next(health, "write"));
                assertTrue(told(store).startsWith("ok: "), told(store));
            }
        }
    }

    /** As after one call of the toolkit as root: everything in it is root's. */
    @Test
    @Needs(Need.OWNERS)
    void severalFilesAreMendedByOneCommand() throws Exception {
        Store store = agents(Fixture.V7_PYTHON, NOBODY);
        give(today(store), 0, 0);
        give(store.database(), 0, 0);
        give(store.database().getParent(), 0, 0);
        Script health = health(store);
        assertTrue(HealthTest.check(health, "write").getString("detail", "").endsWith(", and 2 more"), health.out());
        paste(HealthTest.next(health, "write"));
        assertTrue(told(store).startsWith("ok: "), told(store));
    }

    @Test
    @Needs(Need.OWNERS)
    void aFileThatItsOwnerMayNotWriteIsMendedByItsMode() throws Exception {
        Store store = agents(Fixture.V3, NOBODY);
        Files.setPosixFilePermissions(today(store), PosixFilePermissions.fromString("r--r--r--"));
        Script health = health(store);
        assertEquals("the agents' account nobody may not append to " + today(store) + " (owner nobody, mode 0444)",
                HealthTest.check(health, "write").getString("detail", ""));
        assertEquals("chmod 'u+w' " + today(store), HealthTest.next(health, "write"));
        paste(HealthTest.next(health, "write"));
        assertTrue(told(store).startsWith("ok: "), told(store));
    }

    /** Owning a folder of a group does not make its account a member. */
    @Test
    @Needs(Need.OWNERS)
    void theFoldersGroupIsNotTheAccounts() throws Exception {
        Store store = agents(Fixture.V3, NOBODY);
        give(store.raw(), NOBODY, 0);
        give(today(store), 0, 0);
        Files.setPosixFilePermissions(today(store), PosixFilePermissions.fromString("rw-rw-r--"));
        assertTrue(told(store).startsWith("failed: the agents' account nobody may not append to " + today(store)), told(store));
    }

    @Test
    @Needs(Need.OWNERS)
    void aFolderOnTheWayThatTheAgentsMayNotEnterIsNamed() throws Exception {
        Store store = agents(Fixture.V3, NOBODY);
        Path closed = store.base().getParent();
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        Script health = health(store);
        assertTrue(HealthTest.check(health, "write").getString("detail", "").startsWith("the agents' account nobody may not enter " + closed
                + " (owner root, mode 0700)"), health.out());
        assertEquals("chmod 'a+x' " + closed, HealthTest.next(health, "write"));
        paste(HealthTest.next(health, "write"));
        assertTrue(told(store).startsWith("ok: "), told(store));
    }

    /** An access list lets the account write to what its mode closes. */
    @Test
    @Needs(Need.OWNERS)
    void theSystemsOwnAnswerCountsAccessLists() throws Exception {
        Store store = agents(Fixture.V3, NOBODY);
        give(today(store), 0, 0);
        Files.setPosixFilePermissions(today(store), PosixFilePermissions.fromString("rw-------"));
        assertTrue(told(store).startsWith("failed: "), told(store));
        String list = "import os, struct, sys; e = lambda tag, perm, id: struct.pack('<HHI', tag, perm, id & 0xffffffff); "
                + "os.setxattr(sys.argv[1], "
                + "'system.posix_acl_access', struct.pack('<I', 2) + e(1, 6, -1) + e(2, 6, 65534) + e(4, 0, -1) + e(16, 6, -1) + e(32, "
                + "0, -1))";
        assumeTrue(new ProcessBuilder("python3", "-c", list, today(store).toString()).start().waitFor() == 0,
                "no access lists on this disk");
        assertTrue(told(store).startsWith("ok: "), told(store));
    }

    @Test
    @Needs(Need.OWNERS)
    void anotherAccountAnswersFromOwnerGroupsAndModeAndSaysSo() throws Exception {
        Store store = agents(Fixture.V7_PYTHON, AGENT);
        String byModes = "; the agents' account 41000 may write by owner, groups and mode: access lists were not looked at";
        Script health = as(NOBODY, store);
        assertEquals("ok", HealthTest.status(health, "write"), health.toString());
        assertEquals("no line was tried, because this account may not" + byModes,
                HealthTest.check(health, "write").getString("detail", ""));
        assertTrue(HealthTest.check(health, "lock").getString("detail", "").endsWith("not tried, because this account may not write"),
                health.out());
        assertEquals("ok", HealthTest.status(health, "database"), health.out());
        give(today(store), 0, 0);
        Script closed = as(NOBODY, store);
        assertEquals("the agents' account 41000 may not append to " + today(store) + " (owner root, mode 0644)",
                HealthTest.check(closed, "write").getString("detail", ""));
        assertEquals("sudo chown 41000:41000 " + today(store), HealthTest.next(closed, "write"));
        assertEquals(2, closed.exit());
    }

    @Test
    @Needs(Need.OWNERS)
    void theAgentsOwnAccountTriesItself() throws Exception {
        Store store = agents(Fixture.V7_PYTHON, NOBODY);
        assertTrue(HealthTest.check(as(NOBODY, store), "write").getString("detail",
                "").matches("a line appended and on the disk in [0-9.]+ m?s"),
                as(NOBODY, store).toString());
        Files.setPosixFilePermissions(today(store), PosixFilePermissions.fromString("r--r--r--"));
        Script closed = as(NOBODY, store);
        assertEquals("failed", HealthTest.status(closed, "write"), closed.toString());
        assertEquals("chmod 'u+w' " + today(store), HealthTest.next(closed, "write"));
        Files.setPosixFilePermissions(today(store), PosixFilePermissions.fromString("rw-r--r--"));
        give(store.database(), 0, 0);
        closed = as(NOBODY, store);
        assertEquals("the agents' account nobody may not write to " + store.database() + " (owner root, mode 0644)",
                HealthTest.check(closed, "write").getString("detail", ""));
        assertEquals("sudo chown 65534:65534 " + store.database(), HealthTest.next(closed, "write"));
    }

    /** Whoever makes the folders anew, they are for the agents. */
    @Test
    @Needs(Need.OWNERS)
    void whatSetupMakesAnewAsRootIsTheAgents() throws Exception {
        Store store = agents(Fixture.V7_PYTHON, NOBODY);
        try (Stream<Path> all = Files.walk(store.raw())) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
        Sabotage.delete(store.database());
        Files.delete(store.database().getParent());
        assertTrue(Script.run(new setup(), "--yes", "--store", store.base()).exit() <= 1);
        for (Path made : List.of(store.raw(), store.database(), store.database().getParent(), store.reports()))
            assertEquals("nobody", Files.getOwner(made).getName(), made.toString());
        assertTrue(told(store).endsWith("; the agents' account nobody may write too"), told(store));
    }

    /** A store that is this account's, with today's day file. */
    private Store agents(Fixture shape, int account) throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may give files to others");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        Store store = shape.filled(dir.resolve(shape + "-" + account + "/s"), 20, NOW);
        if (Files.notExists(today(store))) Files.createFile(today(store));
        try (Stream<Path> all = Files.walk(store.base())) {
            for (Path path : all.toList()) give(path, account, account);
        }
        return store;
    }

    private static void give(Path path, int account, int group) throws IOException {
        Files.setAttribute(path, "unix:uid", account);
        Files.setAttribute(path, "unix:gid", group);
    }

    private static Path path(Store store, String what) {
        return switch (what) {
            case "day file" -> today(store);
            case "database" -> store.database();
            default -> store.database().getParent();
        };
    }

    private static Path today(Store store) {
        return store.raw().resolve(DayFile.name(DayFile.dayOf(NOW)));
    }

    private static Script health(Store store) {
        return Script.run(HealthTest.at(NOW), "--json", "--quick", "--store", store.base());
    }

    private static String told(Store store) {
        return Health.of(store, Clock.fixed(NOW, ZoneOffset.UTC)).checks().list().stream().filter(check -> check.name().equals("write"))
                .map(check -> check.status() + ": " + check.detail()).findFirst().orElseThrow();
    }

    private static void paste(String command) throws Exception {
        run("sh", "-c", command);
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), String.join(" ", command) + ": " + said);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> path.getFileName().toString()).toList();
        }
    }

    /** Health in a JVM of another account, which may not read this one's class path. */
    private Script as(int account, Store store) throws Exception {
        List<String> command = new ArrayList<>(List.of("setpriv", "--reuid=" + account, "--regid=" + account, "--clear-groups"));
        Path home = Files.createDirectories(dir.resolve("home-" + account));
        give(home, account, account);
        for (String word : Script.processBuilder(Map.of(), "health", "--json", "--quick", "--store", store.base()).command())
            command.add(word.equals(System.getProperty("java.class.path")) ? readable() : word);
        var builder = new ProcessBuilder(command).directory(dir.toFile()).redirectErrorStream(true);
        builder.environment().put("HOME", home.toString());
        builder.environment().keySet().removeIf(name -> Store.ALL_VARIABLES.contains(name));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        assertTrue(said.startsWith("{"), said);
        return new Script(process.exitValue(), said, "");
    }

    private String readable() throws IOException {
        List<String> entries = new ArrayList<>();
        int n = 0;
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path from = Path.of(entry);
            Path to = dir.resolve("class-path-" + n++ + "-" + from.getFileName());
            if (Files.isDirectory(from)) Fixture.copy(from, to);
            else if (Files.exists(from) && Files.notExists(to)) Files.write(to, Files.readAllBytes(from));
            entries.add(to.toString());
        }
        return String.join(File.pathSeparator, entries);
    }
}
