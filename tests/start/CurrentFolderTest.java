import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Checkout;
import telemetry.kit.Jbangw;
import telemetry.kit.Owners;
import telemetry.kit.Script;

/** What lies in the current folder, or in a cache that others can write to, is neither run nor read. JBang and Maven are scripts here. */
@DisabledOnOs(OS.WINDOWS)
class CurrentFolderTest {
    private static final String JAR = "jbang-0.132.1.jar";

    @TempDir
    Path dir;

    private Path planted;
    private Path home;
    private Path programs;

    @BeforeEach
    void makeFolders() throws IOException {
        Path open = dir.toRealPath();
        for (Path folder : List.of(dir, open)) Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        planted = Files.createDirectories(open.resolve("planted/below"));
        home = Files.createDirectory(open.resolve("home"));
        programs = Files.createDirectory(open.resolve("programs"));
    }

    /** Writes down where it is called and how, and fails. */
    private void program(String name, String also) throws IOException {
        Path program = programs.resolve(name);
        Files.writeString(program, "#!/bin/sh\n{ pwd; ls -A; printf '%s\\n' \"$@\"; } >>'" + dir + "/called'\n" + also + "\nexit 3\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Script health() throws Exception {
        return new Jbangw(Checkout.root().resolve("scripts/jbangw"), List.of("health", "--store", "nowhere")).in(planted)
                .with("HOME", home).with("XDG_CACHE_HOME", home.resolve(".cache")).with("TMPDIR", dir)
                .with("PATH", programs + ":/usr/bin:/bin").run();
    }

    private List<String> called() throws IOException {
        return Files.exists(dir.resolve("called")) ? Files.readAllLines(dir.resolve("called"), StandardCharsets.UTF_8) : List.of();
    }

    @Test
    void aBuildIsMadeInAFolderOfItsOwn() throws Exception {
        program("jbang", "");
        Files.writeString(planted.resolve("jbang.properties"), "run.main=Evil\n");
        assertEquals(3, health().exit());
        assertTrue(called().get(0).startsWith(home + "/.cache/telemetry-toolkit/launch"), called().toString());
        assertFalse(called().contains("jbang.properties"), called().toString());
    }

    @Test
    void jbangTakesNoSettingsFromTheCallersFolderOrThoseAbove() throws Exception {
        program("jbang", "");
        Files.createDirectories(home.resolve(".cache"));
        Files.setPosixFilePermissions(home.resolve(".cache"), PosixFilePermissions.fromString("rwxrwxrwx"));
        health();
        assertTrue(called().contains("run") && called().stream().noneMatch(word -> word.startsWith("--config")), called().toString());
        for (Path evil : List.of(planted.resolve("jbang.properties"), planted.resolveSibling("jbang.properties"),
                planted.resolve(".jbang/jbang.properties"))) {
            Files.deleteIfExists(dir.resolve("called"));
            Files.createDirectories(evil.getParent());
            Files.writeString(evil, "run.main=Evil\n");
            health();
            assertTrue(called().contains("--config=/dev/null"), evil + ": " + called());
            Files.delete(evil);
        }
        Path own = Files.createDirectory(home.resolve(".jbang")).resolve("jbang.properties");
        Files.writeString(own, "");
        Files.writeString(planted.resolve("jbang.properties"), "run.main=Evil\n");
        health();
        assertTrue(called().contains("--config=" + own), called().toString());
    }

    @Test
    void mavenLooksForNothingInTheCallersFolder() throws Exception {
        program("mvn", "");
        Files.writeString(Files.createDirectory(planted.resolve(".mvn")).resolve("maven.config"), "-Devil");
        assertEquals(3, health().exit());
        assertTrue(called().get(0).startsWith(home + "/.cache/jbangw/fetch."), called().toString());
        assertTrue(called().contains(".mvn"), called().toString());
        assertFalse(called().contains("maven.config"), called().toString());
    }

    @Test
    void aJarOfAnotherChecksumIsNotRun() throws Exception {
        program("mvn", "");
        Path jar = Files.createDirectories(home.resolve(".cache/jbangw")).resolve(JAR);
        Files.writeString(jar, "evil");
        Script run = health();
        assertEquals(3, run.exit());
        assertTrue(called().stream().anyMatch(word -> word.contains("jbang-cli")), "it is fetched anew: " + run.said());
    }

    @Test
    void aCacheThatOthersCanWriteToIsDoneWithout() throws Exception {
        program("mvn", "touch '" + dir + "/asked'");
        Path cache = Files.createDirectories(home.resolve(".cache/jbangw"));
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));
        health();
        assertTrue(called().get(0).startsWith(dir.toRealPath() + "/telemetry."), called().toString());
        assertEquals(List.of(), List.of(cache.toFile().list()), "nothing is put there");
        assertEquals(0, dir.toFile().list((folder, name) -> name.startsWith("telemetry.")).length, "nothing is left");
    }

    @Test
    void aFolderIsSafeWhenNobodyElseCanWriteThereOrAbove() throws Exception {
        Path cache = Files.createDirectories(home.resolve("cache/below"));
        Path file = Files.writeString(cache.resolve("start"), "");
        assertTrue(isSafe());
        for (Path one : List.of(home.resolve("cache"), cache, file)) {
            var before = Files.getPosixFilePermissions(one);
            for (String mode : List.of("rwxrwxr-x", "rwxr-xrwx")) {
                Files.setPosixFilePermissions(one, PosixFilePermissions.fromString(mode));
                assertFalse(isSafe(), one + " " + mode);
            }
            Files.setPosixFilePermissions(one, before);
        }
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertTrue(isSafe(), "above only the owner counts");
        Owners.requireRoot();
        for (Path one : List.of(home, home.resolve("cache"), cache, file)) {
            Files.setAttribute(one, "unix:uid", Owners.AGENTS);
            assertFalse(isSafe(), one.toString());
            Files.setAttribute(one, "unix:uid", 0);
        }
        Path real = Files.move(home, dir.toRealPath().resolve("elsewhere"));
        Files.createSymbolicLink(home, real);
        assertTrue(isSafe());
        Files.setAttribute(real, "unix:uid", Owners.AGENTS);
        assertFalse(isSafe(), "where the link leads counts, too");
    }

    private boolean isSafe() throws Exception {
        String cache = home + "/cache";
        var process = new ProcessBuilder("sh", "-c", ". '" + Checkout.root().resolve("scripts/surroundings")
                + "'; telemetry_is_safe '" + cache + "/.' '" + cache + "/below/.' '" + cache + "/below/start'").inheritIO().start();
        int exit = process.waitFor();
        assertNotEquals(127, exit);
        return exit == 0;
    }
}
