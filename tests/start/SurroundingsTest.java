import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Checkout;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Owners;
import telemetry.os.Account;
import telemetry.os.Machine;

/** Where caches stand, by scripts/surroundings and by {@code Machine.cache}, which must agree. */
@Needs(Need.SH_LAUNCHER)
class SurroundingsTest {
    private static final Path SURROUNDINGS = Checkout.root().resolve("scripts/surroundings");

    @TempDir
    Path dir;

    /** For all accounts, so that another one can reach what is in it. */
    private Path open;

    @BeforeEach
    void makeFolder() throws IOException {
        open = Files.createDirectory(dir.toRealPath().resolve("open"));
        for (Path folder : List.of(dir, open)) Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.copy(SURROUNDINGS, open.resolve("surroundings"));
    }

    /** The cache and JBang's home, in any shell that is here. */
    private List<String> places(boolean asAgents, Map<String, String> env) throws Exception {
        List<String> all = new ArrayList<>();
        for (String shell : List.of("/bin/sh", "/bin/bash", "/bin/dash", "/bin/busybox")) {
            if (!Files.isExecutable(Path.of(shell))) continue;
            List<String> command = new ArrayList<>();
            if (asAgents) command.addAll(List.of("setpriv", "--reuid=" + Owners.AGENTS, "--regid=" + Owners.AGENTS, "--clear-groups"));
            command.add(shell);
            if (shell.endsWith("busybox")) command.add("sh");
            command.addAll(List.of("-c", ". '" + open + "/surroundings'; echo \"$telemetry_cache $telemetry_home\""));
            var builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().keySet().removeAll(List.of("HOME", "XDG_CACHE_HOME", "TMPDIR"));
            builder.environment().putAll(env);
            Process process = builder.start();
            all.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
        }
        assertEquals(1, all.stream().distinct().count(), all.toString());
        return List.of(all.get(0).split(" "));
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectory(open.resolve(name));
    }

    private static Path accountsHome() {
        return Path.of(System.getProperty("user.home"));
    }

    @Test
    void aFolderOfOnesOwnIsTaken() throws Exception {
        Path home = folder("home");
        Path cache = folder("cache");
        assertEquals(List.of(home + "/.cache", "" + home), places(false, Map.of("HOME", "" + home)));
        assertEquals(List.of("" + cache, "" + home), places(false, Map.of("HOME", "" + home, "XDG_CACHE_HOME", "" + cache)));
        assertEquals(List.of(cache + "/not/yet", "" + home),
                places(false, Map.of("HOME", "" + home, "XDG_CACHE_HOME", cache + "/not/yet")));
        assertEquals(cache.resolve("not/yet"), Machine.cache(Map.of("XDG_CACHE_HOME", cache + "/not/yet")));
    }

    @Test
    void whatIsNoFolderIsPassedOver() throws Exception {
        Path home = folder("home");
        for (String none : List.of("/dev/null", "/proc/1", "relative", ""))
            assertEquals(List.of(home + "/.cache", "" + home), places(false, Map.of("HOME", "" + home, "XDG_CACHE_HOME", none)), none);
        assertNotEquals(Path.of("/dev/null"), Machine.cache(Map.of("XDG_CACHE_HOME", "/dev/null")));
    }

    /** As {@code sudo -E} starts it: nothing may be written into the user's home. */
    @Test
    void anotherAccountsHomeAndCacheAreNotTouched() throws Exception {
        Owners.requireRoot();
        Path home = folder("home");
        Path shared = folder("shared");
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
        Owners.give(home);
        Owners.give(shared);
        List<String> places = places(false, Map.of("HOME", "" + home, "XDG_CACHE_HOME", "" + shared, "TMPDIR", "" + open));
        assertTrue(places.stream().noneMatch(place -> place.startsWith("" + home) || place.startsWith("" + shared)), places.toString());
        assertEquals(accountsHome().toString(), places.get(1));
        assertNotEquals(shared, Machine.cache(Map.of("XDG_CACHE_HOME", "" + shared)));
    }

    /** The account of the agents has no home in the password file. */
    @Test
    void withoutAnyHomeAFolderOfItsOwnInTheTemporaryOneIsKept() throws Exception {
        Owners.requireRoot();
        Path temporary = folder("tmp");
        Files.setAttribute(temporary, "unix:mode", 01777);
        Path roots = folder("roots");
        Path given = folder("given");
        Owners.give(given);
        Files.setPosixFilePermissions(given, PosixFilePermissions.fromString("r-xr-xr-x"));
        Path own = temporary.resolve("telemetry-toolkit-" + Owners.AGENTS);
        for (String home : List.of("", "/nonexistent", "" + roots, "" + given)) {
            assertEquals(List.of(own + "/.cache", "" + own), places(true, Map.of("HOME", home, "TMPDIR", "" + temporary)), home);
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(own)));
            assertEquals(Owners.AGENTS, Account.ownerOf(own).orElseThrow().uid());
        }
    }

    @Test
    void somebodyElsesFolderOfThatNameIsNotTaken() throws Exception {
        Owners.requireRoot();
        Path temporary = folder("tmp");
        Files.setAttribute(temporary, "unix:mode", 01777);
        Path planted = Files.createDirectory(temporary.resolve("telemetry-toolkit-" + Owners.AGENTS));
        Files.setPosixFilePermissions(planted, PosixFilePermissions.fromString("rwxrwxrwx"));
        var builder = new ProcessBuilder("setpriv", "--reuid=" + Owners.AGENTS, "--regid=" + Owners.AGENTS, "--clear-groups", "sh", "-c",
                ". '" + open + "/surroundings'; echo \"$telemetry_home\"");
        builder.environment().keySet().removeAll(List.of("HOME", "XDG_CACHE_HOME"));
        builder.environment().put("TMPDIR", "" + temporary);
        String home = builder.start().inputReader().readLine();
        assertTrue(home.startsWith(temporary + "/telemetry.") && Files.isDirectory(Path.of(home)), home);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(home))));
    }

    /** What an older start by sudo left in the user's own folders. */
    @Test
    void aCacheThatRootMadeInTheUsersHomeLocksNobodyOut() throws Exception {
        Owners.requireRoot();
        Path temporary = folder("tmp");
        Files.setAttribute(temporary, "unix:mode", 01777);
        for (String roots : List.of(".cache/jbangw", ".cache/telemetry-toolkit", ".cache", ".jbang/cache")) {
            Path home = folder("home" + roots.replace('/', '-'));
            Files.createDirectories(home.resolve(roots));
            Owners.give(home);
            Files.setAttribute(home.resolve(roots), "unix:uid", 0);
            List<String> places = places(true, Map.of("HOME", "" + home, "TMPDIR", "" + temporary));
            String place = places.get(roots.startsWith(".cache") ? 0 : 1);
            assertTrue(place.startsWith("" + temporary) || place.startsWith(home + "/.cache/jbangw"), roots + " " + places);
        }
    }

    @Test
    void theLocaleHasUtf8AndTheCallersIsTold() throws Exception {
        for (String lcAll : List.of("unset", "C", "de_DE.ISO-8859-1", "xx_XX.UTF-8", "")) {
            var builder = new ProcessBuilder("sh", "-c", ". '" + SURROUNDINGS + "'; echo \"$telemetry_own_locale\"; "
                    + "LC_ALL=$telemetry_locale locale charmap 2>&1");
            builder.environment().remove("LC_ALL");
            if (!lcAll.equals("unset")) builder.environment().put("LC_ALL", lcAll);
            List<String> lines = builder.start().inputReader().lines().toList();
            assertEquals(List.of("-Dtelemetry.lc_all=" + (lcAll.equals("unset") ? "" : "=" + lcAll), "UTF-8"), lines);
        }
    }
}
