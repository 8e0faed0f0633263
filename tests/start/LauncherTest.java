import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.kit.Checkout;
import telemetry.kit.Jbangw;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** scripts/jbangw as a real process, in a checkout of its own whose only script is a probe that says what reached it. */
@ResourceLock("jbang")
@Needs(Need.SH_LAUNCHER)
class LauncherTest {

    private static final String PROBE = """
        //JAVA 17+
        class probe {
            public static void main(String... args) throws Exception {
                switch (args[0]) {
                    case "args" -> System.out.print(String.join("|", args));
                    case "stdin" -> System.in.transferTo(System.out);
                    case "exit" -> System.exit(Integer.parseInt(args[1]));
                    case "wait" -> {
                        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("bye")));
                        System.out.println(ProcessHandle.current().pid());
                        Thread.sleep(60_000);
                    }
                }
            }
        }
        """;

    private static final List<String> TOOLS = List.of("awk", "cat", "cp", "dirname", "find", "flock", "grep", "javac", "jbang", "mkdir",
        "mv", "mvn", "readlink", "rm", "sed", "sha256sum", "shasum", "sleep", "tr");

    private static final String SHOW_ARGUMENTS = "printf '<%s>' \"$@\"";

    /** A stand-in for Maven begins with this: it finds the folder that the jar is to go to. */
    private static final String FIND_FOLDER = "for arg; do case $arg in -DoutputDirectory=*) folder=${arg#*=} ;; esac; done; ";

    private static final String NO_MAVEN =
        "jbangw: no JBang and no Maven on the PATH: install JBang (https://www.jbang.dev) or Maven (https://maven.apache.org)\n";
    private static final String NO_JDK =
        "jbangw: no JDK found in JAVA_HOME or on the PATH: install JDK 17 or newer (https://adoptium.net)\n";
    private static final String NO_CACHE =
        "jbangw: cannot write to the cache folder %s: set HOME or XDG_CACHE_HOME to a folder you can write to\n";

    /** Shared by all tests, so that JBang builds the probe once. */
    @TempDir
    private static Path jbangFolder;

    @TempDir
    private Path temp;

    private Path checkout;
    private Path launcher;

    @BeforeEach
    void makeCheckout() throws IOException {
        checkout = Files.createDirectories(temp.toRealPath().resolve("check out"));
        var scripts = Files.createDirectory(checkout.resolve("scripts"));
        launcher = Files.copy(Checkout.root().resolve("scripts/jbangw"), scripts.resolve("jbangw"));
        Files.copy(Checkout.root().resolve("scripts/surroundings"), scripts.resolve("surroundings"));
        Files.writeString(scripts.resolve("probe.java"), PROBE);
        Files.writeString(checkout.resolve("jbang-catalog.json"), """
            { "aliases": { "probe": { "script-ref": "scripts/probe.java" } } }
            """);
    }

    @Test
    void argumentsComeThroughUnharmed() throws Exception {
        var args = List.of("probe", "args", "--help", "-o", "--", "two words",
            "'", "\"", "*", "$HOME", "`id`", ";", "a>b", "!", "\\", "%x%", "new\nline");
        var run = jbangw(args).run();
        assertEquals(String.join("|", args.subList(1, args.size())), run.out());
        assertEquals(0, run.exit());
    }

    @Test
    void standardInputReachesTheScript() throws Exception {
        assertEquals("one\ntwo *", jbangw("probe", "stdin").run("one\ntwo *").out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "7", "255"})
    void exitCodesComeThrough(String code) throws Exception {
        assertEquals(code, "" + jbangw("probe", "exit", code).run().exit());
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void signalsReachTheScript(String signal, int code) throws Exception {
        assertReaches(jbangw("probe", "wait"), signal, code);
    }

    /** @param waiting a launcher of a script that tells its process and waits */
    static void assertReaches(Jbangw waiting, String signal, int code) throws Exception {
        assumeFalse(signal.equals("INT") && Jbangw.interruptsAreIgnored(), "Ctrl-C is ignored by whatever started these tests");
        var process = waiting.start();
        try (var out = process.inputReader()) {
            var pid = out.readLine();
            assertEquals("" + process.pid(), pid, "the script takes the launcher's place");
            new ProcessBuilder("kill", "-" + signal, pid).start().waitFor();
            assertEquals("bye", out.readLine());
        }
        assertEquals(code, process.waitFor());
    }

    @Test
    void theJBangOnThePathIsPreferred() throws Exception {
        var run = jbangw("catalog", "list", "two words", "*").with("PATH", pathWith("jbang", SHOW_ARGUMENTS + "; exit 42")).run();
        assertEquals("<catalog><list><two words><*>", run.out());
        assertEquals(42, run.exit());
    }

    @ParameterizedTest
    @ValueSource(strings = {"probe", "probe@telemetry"})
    void aliasesNeedNoCatalogSetUp(String alias) throws Exception {
        launcher = Files.createSymbolicLink(temp.resolve("jbangw"), launcher);
        assertEquals("<run><-Dtelemetry.checkout=" + checkout + "><-Dtelemetry.cache=" + temp.resolve("cache")
                + "><-Dtelemetry.lc_all==C><-Dtelemetry.jbangw=" + launcher + "><" + checkout + "/scripts/probe.java><-x>",
                cold(alias, "-x").with("PATH", pathWith("jbang", SHOW_ARGUMENTS)).with("LC_ALL", "C").run().out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"version", "probe.java", "probe@elsewhere", "--verbose", "https://example.org/probe?x=1&y=2"})
    void whatIsNoAliasIsLeftToJBang(String first) throws Exception {
        assertEquals("<" + first + "><probe>", jbangw(first, "probe").with("PATH", pathWith("jbang", SHOW_ARGUMENTS)).run().out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"pro.e", "aliases"})
    void aWordThatOnlyTheCatalogsTextMatchesIsNoAlias(String first) throws Exception {
        assertEquals(64, jbangw(first).with("PATH", pathWith("jbang", SHOW_ARGUMENTS)).run().exit());
    }

    @Test
    void bothLaunchersKnowAllOfJBangsOwnCommands() throws Exception {
        var help = jbangw("--verbose", "--help").run().err();
        var expected = Pattern.compile("(?m)^  ([a-z]+) {2,}[A-Z]").matcher(help.substring(help.indexOf("Essentials:"))).results()
            .map(match -> match.group(1)).sorted().toList();
        assertTrue(expected.contains("run"), help);
        for (var name : List.of("jbangw", "jbangw.cmd")) {
            var text = Files.readString(Checkout.root().resolve("scripts").resolve(name));
            var list = Pattern.compile("(?im)^(?:set \"JBANGS_COMMANDS=|telemetry_jbangs_commands=')([a-z ]+)").matcher(text);
            assertTrue(list.find(), name);
            assertEquals(expected, List.of(list.group(1).split(" ")), name);
        }
    }

    @Test
    void saysWhatToInstallWithoutMaven() throws Exception {
        assertEquals(new Script(3, "", NO_MAVEN), cold("version").with("PATH", pathWithout("jbang", "mvn")).run());
        assertFalse(Files.exists(temp.resolve("cache")));
    }

    @Test
    void saysWhatToInstallWithoutJdk() throws Exception {
        assertEquals(new Script(3, "", NO_JDK), jbangw("version").with("PATH", pathWithout("jbang", "javac")).with("JAVA_HOME", "").run());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/dev/null", "", "/no such home"})
    void whereHomeIsNoneTheAccountsOwnIsTaken(String home) throws Exception {
        assertEquals(new Script(0, "0.132.1\n", ""), jbangw("version").with("HOME", home)
                .with("XDG_CACHE_HOME", Path.of(pinnedJar().toString()).getParent().getParent()).run());
    }

    @Test
    void saysThatTheCacheFolderCannotBeWritten() throws Exception {
        Path inTheWay = Files.writeString(Files.createDirectories(temp.resolve("cache")).resolve("jbangw"), "no folder");
        assertEquals(new Script(3, "", String.format(NO_CACHE, inTheWay)), cold("version").run());
    }

    @Test
    void anotherChecksumIsRefused() throws Exception {
        var path = pathWith("mvn", FIND_FOLDER + "echo garbage >\"$folder/jbang-cli-0.132.1-all.jar\"");
        var run = cold("version").with("PATH", path).run();
        var message = "\njbangw: JBang 0.132.1 from Maven is refused: its SHA-256 is \\w{64}, expected f97707\\w+\n";
        assertTrue(run.err().matches("(?s).*" + message), run.err());
        assertEquals(3, run.exit());
        assertEquals(List.of(), cached());
    }

    @Test
    void aFailingMavenIsQuotedAndLeavesNothing() throws Exception {
        var run = cold("version").with("PATH", pathWith("mvn", "echo no network; exit 1")).run();
        assertTrue(run.err().endsWith("\nno network\njbangw: Maven could not get JBang 0.132.1: see its messages above\n"), run.err());
        assertEquals("", run.out());
        assertEquals(3, run.exit());
        assertEquals(List.of(), cached());
    }

    @Test
    void coldStartsAtTheSameTimeAllWork() throws Exception {
        assumeTrue(Files.exists(Path.of(pathWithout("jbang"), "flock")), "without flock, JBang's own builds may collide");
        Files.writeString(checkout.resolve("scripts/probe.java"), "// built for the first time", StandardOpenOption.APPEND);
        var copyJar = "cp '" + pinnedJar() + "' \"$folder/jbang-cli-0.132.1-all.jar\"";
        var path = pathWith("mvn", FIND_FOLDER + "cat; echo noise; sleep 1; " + copyJar);
        var first = runLater(cold("probe", "stdin").with("PATH", path), "first");
        var second = runLater(cold("probe", "stdin").with("PATH", path), "second");
        assertEquals("first", first.get().out());
        assertEquals("second", second.get().out());
        assertEquals(List.of("built-probe", archiveName(), "jbang-0.132.1.jar"), cached());
    }

    @Test
    void jbangsOwnClassesAreArchivedOnceForEachJdkAndNeverSpokenOf() throws Exception {
        Files.createDirectories(temp.resolve("cache/jbangw"));
        Files.copy(pinnedJar(), temp.resolve("cache/jbangw/jbang-0.132.1.jar"));
        assertEquals(new Script(0, "x", ""), withoutBuildNote(cold("probe", "stdin").run("x")));
        Path archive = temp.resolve("cache/jbangw").resolve(archiveName());
        assertTrue(Files.size(archive) > 1_000_000);
        var first = Files.getLastModifiedTime(archive);
        assertEquals(new Script(0, "x", ""), cold("probe", "stdin").run("x"));
        assertEquals(first, Files.getLastModifiedTime(archive));
        archive.toFile().setWritable(true);
        Files.writeString(archive, "garbage");
        assertEquals(new Script(0, "x", ""), cold("probe", "stdin").run("x"));
        assertEquals("garbage", Files.readString(archive));
    }

    /** Else a disk that is full when the archive is to be written would end every command with the JVM's own 1. */
    @Test
    void anArchiveThatCannotBeWrittenStopsNothing() throws Exception {
        Files.createDirectories(temp.resolve("cache/jbangw"));
        Files.copy(pinnedJar(), temp.resolve("cache/jbangw/jbang-0.132.1.jar"));
        var limited = new Jbangw(Path.of("sh"), List.of("-c", "ulimit -f 2000; exec \"$@\"", "sh", launcher.toString(), "probe", "exit",
                "7"))
            .in(temp).with("JBANG_DIR", jbangFolder).with("PATH", pathWithout("jbang")).with("XDG_CACHE_HOME", temp.resolve("cache"));
        assertEquals(new Script(7, "", ""), withoutBuildNote(limited.run()));
        assertEquals(List.of("built-probe", "jbang-0.132.1.jar"), cached());
    }

    @Test
    void aScriptThatDoesNotCompileIsNoWarning() throws Exception {
        Files.writeString(checkout.resolve("scripts/probe.java"), "class probe { nonsense }");
        var run = jbangw("probe").run();
        assertTrue(run.err().contains("nonsense"), run.err());
        assertEquals(3, run.exit());
    }

    @Test
    void theWindowsLauncherFollowsTheSameProtocol() throws IOException {
        var text = Files.readString(Checkout.root().resolve("scripts/jbangw.cmd"));
        assertFalse(text.replace("\r\n", "").contains("\n"), "cmd needs CRLF");
        for (var line : List.of("where jbang >nul 2>nul && goto :installed", "set \"JBANG_RUNTIME_SHELL=cmd\"",
            "set \"JBANG_STDIN_NOTTY=true\"", "set \"STATUS=%ERRORLEVEL%\"",
            "if exist \"%ARCHIVE%\" set SHARE=\"-XX:SharedArchiveFile=%ARCHIVE%\"", "if not \"%STATUS%\"==\"255\" exit /b %STATUS%",
            "if defined RUN if not \"%STATUS%\"==\"255\" if not \"%STATUS%\"==\"0\" exit /b 3",
            "%COMMAND%", "jbang %RUN% %*"))
            assertTrue(text.contains("\r\n" + line + "\r\n"), line);
        assertEquals(pins(Files.readString(launcher)), pins(text));
    }

    private Jbangw jbangw(String... args) throws IOException {
        return jbangw(List.of(args));
    }

    private Jbangw jbangw(List<String> args) throws IOException {
        return new Jbangw(launcher, args).in(temp).with("JBANG_DIR", jbangFolder).with("PATH", pathWithout("jbang"));
    }

    private Jbangw cold(String... args) throws IOException {
        return jbangw(args).with("XDG_CACHE_HOME", temp.resolve("cache"));
    }

    private List<String> cached() throws IOException {
        try (var files = Files.list(temp.resolve("cache/jbangw"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static String archiveName() throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java").toRealPath();
        return "jbang-0.132.1" + java.toString().replace('/', '+') + ".jsa";
    }

    private static Script withoutBuildNote(Script run) {
        return new Script(run.exit(), run.out(), run.err().replaceAll("\\[jbang\\] Building jar for .*\n", ""));
    }

    private Path pinnedJar() throws Exception {
        assertEquals(0, jbangw("version").run().exit());
        var home = Path.of(System.getenv("HOME"));
        var caches = System.getenv().getOrDefault("XDG_CACHE_HOME", home.resolve(".cache").toString());
        return Path.of(caches, "jbangw/jbang-0.132.1.jar");
    }

    /** A folder with all that the launcher calls, apart from these programs. */
    private String pathWithout(String... programs) throws IOException {
        var path = System.getenv("PATH");
        var folder = Files.createTempDirectory(temp, "path");
        for (var tool : TOOLS) {
            if (List.of(programs).contains(tool)) continue;
            var found = Stream.of(path.split(File.pathSeparator)).map(part -> Path.of(part, tool)).filter(Files::isExecutable).findFirst();
            if (found.isPresent()) program(folder.resolve(tool), "PATH='" + path + "' exec '" + found.get() + "' \"$@\"");
        }
        return folder.toString();
    }

    private String pathWith(String name, String commands) throws IOException {
        var path = pathWithout("jbang");
        program(Path.of(path, name), commands);
        return path;
    }

    private static void program(Path file, String commands) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + commands + "\n");
        file.toFile().setExecutable(true);
    }

    private static CompletableFuture<Script> runLater(Jbangw jbangw, String input) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return jbangw.run(input);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static List<String> pins(String launcher) {
        var pin = Pattern.compile("(?im)^(?:set \"|telemetry_)?(?:version|sha256)=(\\w[\\w.]+)");
        return pin.matcher(launcher).results().map(match -> match.group(1)).toList();
    }
}
