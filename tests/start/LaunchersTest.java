import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.StoreException;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Jbangw;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.setup.Launchers;
import telemetry.setup.Launchers.Shell;

/**
 * The launchers of {@code setup --launchers} as real processes, in a checkout of their own whose only script is a probe that says what
 * reached it.
 */
@Order(1)
@ResourceLock("jbang")
@Needs(Need.SH_LAUNCHER)
@Tag("system")
class LaunchersTest {

    private static final String PROBE = """
        ///usr/bin/env jbang "$0" "$@" ; exit $?
        //JAVA 17+
        //SOURCES ../lib/telemetry/package-info.java
        import java.util.concurrent.Callable;
        import picocli.CommandLine.Command;

        @Command
        class probe implements Callable<Integer> {
            public static void main(String... args) throws Exception {
                switch (args[0]) {
                    case "args" -> System.out.print(String.join("|", args));
                    case "stdin" -> System.in.transferTo(System.out);
                    case "exit" -> System.exit(Integer.parseInt(args[1]));
                    case "edition" -> System.out.print("first");
                    case "hint" -> System.out.println(telemetry.Next.command("health", "--quick").line());
                    case "environment" -> System.out.println(String.join(" ", new java.util.TreeSet<>(System.getenv().keySet())));
                    case "wait" -> {
                        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("bye")));
                        System.out.println(ProcessHandle.current().pid());
                        Thread.sleep(60_000);
                    }
                }
            }

            @Override
            public Integer call() {
                return 0;
            }
        }
        """;

    /** Programs that a launcher cannot do without when nothing changed; JBang, Maven and the build's own are not among them. */
    private static final List<String> QUICK_TOOLS = List.of("find");

    private static final String NO_JBANG = "#!/bin/sh\necho jbangw was called >&2\nexit 99\n";

    @TempDir
    private static Path shared;

    private static Path checkout;
    private static Path folder;

    @TempDir
    private Path temp;

    @BeforeAll
    static void makeCheckout() throws Exception {
        if (!Need.SH_LAUNCHER.isMet()) return;
        checkout = shared.toRealPath().resolve("check out's");
        Fixture.copy(Checkout.root().resolve("lib"), checkout.resolve("lib"));
        Path scripts = Files.createDirectories(checkout.resolve("scripts"));
        for (String name : List.of("jbangw", "launch", "surroundings", "in-front", "track"))
            Files.copy(Checkout.root().resolve("scripts").resolve(name), scripts.resolve(name));
        Files.writeString(checkout.resolve("jbang-catalog.json"), """
            { "aliases": { "probe": { "script-ref": "scripts/probe.java" } } }
            """);
        folder = shared.resolve("bin");
        Files.createSymbolicLink(checkout.resolve("jbangw"), scripts.resolve("jbangw"));
        writeProbe("first");
        new Launchers(checkout, Shell.SH).write(folder);
        assertEquals("first", probe("edition").run().out());
    }

    @BeforeEach
    void restoreCheckout() throws Exception {
        permitJBang();
        assertEquals("first", probe("edition").run().out());
    }

    private static void permitJBang() throws IOException {
        Path jbangw = checkout.resolve("scripts/jbangw");
        if (Files.readString(jbangw).equals(NO_JBANG))
            Files.writeString(jbangw, Files.readString(Checkout.root().resolve("scripts/jbangw")));
    }

    @Test
    void nothingButJavaIsStartedWhileNothingChanged() throws Exception {
        forbidJBang();
        assertEquals(new Script(0, "first", ""), probe("edition").with("PATH", pathOf(QUICK_TOOLS)).in(Path.of("/")).run());
    }

    @Test
    void jbangwGoesTheSameWay() throws Exception {
        assertEquals(new Script(0, "args|-x|two words", ""),
                jbangw("probe@telemetry", "args", "-x", "two words").with("PATH", pathWithJBang(NO_JBANG)).run());
    }

    @Test
    void whereNothingCanBeKeptJbangwLeavesItToJBangWhichIsToldNothingMore() throws Exception {
        String jbang = "#!/bin/sh\necho \"${JBANGW_CALLED-unset}\"; printf '<%s>' \"$@\"\nexit 7\n";
        Path cache = Files.createDirectory(temp.resolve("cache"));
        Files.writeString(cache.resolve("telemetry-toolkit"), "no folder");
        assertEquals(new Script(7, "unset\n<run><-Dtelemetry.checkout=" + checkout + "><-Dtelemetry.cache=" + cache
                + "><-Dtelemetry.lc_all==C><-Dtelemetry.jbangw=" + checkout
                + "/scripts/jbangw><" + checkout + "/scripts/probe.java><two words><*><@@file>", ""),
                jbangw("probe", "two words", "*", "@file").with("XDG_CACHE_HOME", cache).with("LC_ALL", "C")
                        .with("PATH", pathWithJBang(jbang)).run());
    }

    /** JBang prefers what lies in the current folder to a name of a catalog. */
    @Test
    void whatLiesInTheFolderUnderACommandsNameIsNotRun() throws Exception {
        Path here = Files.createDirectory(temp.resolve("here"));
        Files.writeString(here.resolve("probe.java"), "class probe { public static void main(String... args) { System.exit(9); } }");
        Path other = Files.createDirectories(temp.resolve("other/probe"));
        Path cache = Files.createDirectory(temp.resolve("cache"));
        Fixture.copy(cacheWithJBang().resolve("jbangw"), cache.resolve("jbangw"));
        Files.writeString(cache.resolve("telemetry-toolkit"), "nothing can be kept");
        for (Path folder : List.of(here, other.getParent())) {
            Path fresh = Files.createDirectories(temp.resolve("fresh " + folder.getFileName()));
            Fixture.copy(cacheWithJBang().resolve("jbangw"), fresh.resolve("jbangw"));
            for (Path kept : List.of(cache, fresh)) {
                Script run = jbangw("probe", "args", "ours").with("XDG_CACHE_HOME", kept).in(folder).run();
                assertEquals("args|ours", run.out(), run.toString());
            }
        }
    }

    @Test
    void thatThereIsNoJBangIsSaidOnce() throws Exception {
        Script run = jbangw("probe", "edition").with("XDG_CACHE_HOME", temp.resolve("empty"))
                .with("PATH", pathOf(List.of("find", "dirname", "readlink", "grep", "sed", "mkdir", "flock", "cat"))).run();
        assertEquals(new Script(3, "", "jbangw: no JBang and no Maven on the PATH: install JBang (https://www.jbang.dev) or Maven "
                + "(https://maven.apache.org)\n"), run);
    }

    @Test
    void aHintIsInTheFormThatWasTyped() throws Exception {
        assertEquals(new Script(0, "next: scripts/jbangw health --quick\n", ""), typed(checkout, "scripts/jbangw probe hint").run());
        assertEquals(new Script(0, "next: ../jbangw health --quick\n", ""), typed(checkout.resolve("lib"), "../jbangw probe@telemetry hint")
                .run(), "a link to it");
        assertEquals(new Script(0, "next: telemetry-health --quick\n", ""), typed(temp, "telemetry-probe hint")
                .with("PATH", folder + File.pathSeparator + System.getenv("PATH")).run());
        assertEquals(new Script(0, "next: " + folder + "/telemetry-health --quick\n", ""), probe("hint").run());
        assertEquals(new Script(0, "next: ./telemetry-health --quick\n", ""), typed(folder, "./telemetry-probe hint").run());
    }

    /** Where nothing can be kept, JBang itself runs the script. How it was called comes along, and not as a variable. */
    @Test
    void aHintIsInTheFormThatWasTypedThroughJBangToo() throws Exception {
        Path cache = Files.createDirectory(temp.resolve("cache"));
        Fixture.copy(cacheWithJBang().resolve("jbangw"), cache.resolve("jbangw"));
        Files.writeString(cache.resolve("telemetry-toolkit"), "no folder");
        assertEquals("next: scripts/jbangw health --quick\n", typed(checkout, "scripts/jbangw probe hint").with("XDG_CACHE_HOME", cache)
                .run().out());
        assertEquals("next: " + folder + "/telemetry-health --quick\n", probe("hint").with("XDG_CACHE_HOME", cache).run().out());
        assertEquals("next: telemetry-health --quick\n", typed(temp, "telemetry-probe hint").with("XDG_CACHE_HOME", cache)
                .with("PATH", folder + File.pathSeparator + System.getenv("PATH")).run().out());
        assertEquals("args|@file|a@b|@@", jbangw("probe", "args", "@file", "a@b", "@@").with("XDG_CACHE_HOME", cache).run().out());
        assertTellsNothingByVariables(probe("environment").with("XDG_CACHE_HOME", cache));
        assertTellsNothingByVariables(jbangw("probe", "environment").with("XDG_CACHE_HOME", cache));
    }

    @Test
    void howItWasCalledIsNoVariable() throws Exception {
        assertTellsNothingByVariables(probe("environment"));
        assertTellsNothingByVariables(jbangw("probe", "environment"));
    }

    private static void assertTellsNothingByVariables(Jbangw start) throws Exception {
        Script run = start.run();
        assertEquals(0, run.exit(), run.err());
        assertTrue(run.out().contains("PATH") && !run.out().matches("(?si).*(JBANGW|TELEMETRY_(SCRIPT|LAUNCHER)|CALLED).*"), run.out());
    }

    /** A command line in a shell. */
    private static Jbangw typed(Path in, String line) {
        return new Jbangw(Path.of("sh"), List.of("-c", line)).in(in).with("JBANG_DIR", shared.resolve("jbang"))
            .with("XDG_CACHE_HOME", cacheWithJBang());
    }

    @Test
    void argumentsComeThroughUnharmedEmptyOnesToo() throws Exception {
        var args = List.of("args", "", "--help", "-o", "--", "two words", "'", "\"", "*", "$HOME",
            "`id`", ";", "a>b", "!", "\\", "%x%", "@file", "new\nline", "ü", "");
        assertEquals(new Script(0, String.join("|", args), ""), probe(args.toArray(String[]::new)).run());
    }

    @Test
    void standardInputReachesTheScript() throws Exception {
        assertEquals(new Script(0, "one\ntwo *", ""), probe("stdin").run("one\ntwo *"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 255})
    void exitCodesComeThrough(int code) throws Exception {
        assertEquals(new Script(code, "", ""), probe("exit", "" + code).run());
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void signalsReachTheScript(String signal, int code) throws Exception {
        LauncherTest.assertReaches(probe("wait"), signal, code);
    }

    @Test
    void aChangedScriptIsNoticedEvenWhenItLooksOld() throws Exception {
        Path script = writeProbe("second");
        Files.setLastModifiedTime(script, FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
        assertEquals("second", probe("edition").run().out());
        forbidJBang();
        assertEquals("second", probe("edition").run().out());
        permitJBang();
        writeProbe("first");
    }

    @Test
    void aChangedLibraryIsNoticed() throws Exception {
        forbidJBang();
        Files.writeString(checkout.resolve("lib/telemetry/Check.java"), "\n", StandardOpenOption.APPEND);
        assertEquals(new Script(99, "", "jbangw was called\njbangw was called\n"), probe("edition").run());
    }

    @Test
    void aMissingJarIsBuiltAgain() throws Exception {
        Path jar = jarOfProbe();
        Files.delete(jar);
        assertEquals("first", probe("edition").run().out());
        assertTrue(Files.exists(jar));
    }

    @Test
    void anArchiveThatCannotBeUsedIsNoReasonForAWord() throws Exception {
        Path archive = started("probe", ".archive");
        archive.toFile().setWritable(true);
        for (byte[] damage : List.of(new byte[0], "garbage".getBytes(), new byte[1 << 20])) {
            Files.write(archive, damage);
            Files.setLastModifiedTime(started("probe", ""), FileTime.from(Instant.now().plusSeconds(1)));
            forbidJBang();
            assertEquals(new Script(0, "first", ""), probe("edition").run());
        }
        Files.delete(archive);
    }

    @Test
    void whatAKilledBuildLeftIsRemoved() throws Exception {
        Path start = started("probe", "");
        Path left = Files.writeString(start.resolveSibling(start.getFileName() + "123.tmp"), "half");
        Path archive = Files.writeString(start.resolveSibling(start.getFileName() + ".archive.tmp"), "half");
        Files.delete(start);
        assertEquals("first", probe("edition").run().out());
        assertFalse(Files.exists(left) || Files.exists(archive));
        assertTrue(Files.size(started("probe", ".archive")) > 100_000);
    }

    @Test
    void startsAtTheSameTimeAllWork() throws Exception {
        assumeTrue(pathHas("flock"), "without flock, JBang's own builds may collide");
        writeProbe("third");
        var all = Stream.generate(() -> later(probe("edition"))).limit(3).toList();
        for (var one : all) assertEquals("third", one.get().out(), () -> one.join().err());
        writeProbe("first");
    }

    @Test
    void withoutACacheFolderTheScriptRunsThroughJBang() throws Exception {
        Path cache = Files.createDirectory(temp.resolve("cache"));
        Files.writeString(cache.resolve("telemetry-toolkit"), "no folder");
        Files.writeString(checkout.resolve("scripts/jbangw"), "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 7\n");
        try {
            assertEquals(new Script(7, "<probe><args><two words><*>", ""),
                    probe("args", "two words", "*").with("XDG_CACHE_HOME", cache).run());
        } finally {
            forbidJBang();
        }
    }

    @Test
    void aScriptThatDoesNotCompileSaysSoAndIsNotKept() throws Exception {
        Path script = checkout.resolve("scripts/probe.java");
        Files.writeString(script, "class probe { nonsense }");
        Script run = probe("edition").run();
        assertTrue(run.err().contains("nonsense"), run.err());
        assertEquals("", run.out());
        assertTrue(run.exit() != 0);
        writeProbe("first");
        assertEquals("first", probe("edition").run().out());
    }

    @Test
    void onlyTheOwnerMayReadWhatIsKept() throws Exception {
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(started("probe", "").getParent())));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("telemetry-probe"))));
    }

    @Test
    void aLauncherWithoutItsCheckoutSaysWhatToDo() throws Exception {
        new Launchers(Files.createDirectories(temp.resolve("gone/scripts")).getParent(), Shell.SH).write(temp.resolve("bin"));
        Files.writeString(temp.resolve("gone/scripts/health.java"), "");
        new Launchers(temp.resolve("gone"), Shell.SH).write(temp.resolve("bin"));
        assertEquals(new Script(3, "",
                "telemetry-health: the checkout it is for is gone; run scripts/jbangw launchers in another one\n"),
            new Jbangw(temp.resolve("bin/telemetry-health"), List.of()).run());
    }

    @Test
    void aSecondWritingChangesNothingAndAnotherCheckoutsAreReplaced() throws Exception {
        Path bin = temp.resolve("bin");
        assertEquals(List.of(bin.resolve("telemetry-probe")), new Launchers(checkout, Shell.SH).write(bin).created());
        var again = new Launchers(checkout, Shell.SH).write(bin);
        assertEquals(List.of(), Stream.concat(again.created().stream(), again.replaced().stream()).toList());
        Path other = temp.resolve("other");
        Fixture.copy(checkout.resolve("scripts"), other.resolve("scripts"));
        assertEquals(List.of(bin.resolve("telemetry-probe")), new Launchers(other, Shell.SH).write(bin).replaced());
        try (var files = Files.list(bin)) {
            assertEquals(List.of(bin.resolve("telemetry-probe")), files.toList());
        }
    }

    @Test
    void nothingElsesFileIsEverReplaced() throws Exception {
        Path bin = Files.createDirectory(temp.resolve("bin"));
        Path own = Files.writeString(bin.resolve("telemetry-probe"), "the operator's own");
        var refused = assertThrows(StoreException.class, () -> new Launchers(checkout, Shell.SH).write(bin));
        assertEquals("cannot write launchers " + own + ": something else has that name; name another folder",
                refused.getMessage());
        assertEquals("the operator's own", Files.readString(own));
        Files.delete(own);
        Files.createSymbolicLink(own, temp.resolve("elsewhere"));
        assertThrows(StoreException.class, () -> new Launchers(checkout, Shell.SH).write(bin));
        assertFalse(Files.exists(temp.resolve("elsewhere")));
    }

    @Test
    void theCommandWritesWhatTheOlderSpellingDid() throws IOException {
        Path bin = temp.resolve("bin");
        Path other = temp.resolve("other");
        Script bySetup = Script.run(new setup(), "--launchers", other);
        Script written = Script.run(new launchers(), bin);
        assertEquals(bySetup.toString().replace(other.toString(), bin.toString()), written.toString());
        assertTrue(written.out().contains("\ncreated   telemetry-launchers\n"), written.out());
        assertEquals(Files.readString(other.resolve("telemetry-health")), Files.readString(bin.resolve("telemetry-health")));
        Script of = Script.run(new launchers(), bin, "--store", temp.resolve("store"));
        assertTrue(of.exit() == 64 && of.err().startsWith("launchers: launchers belong to no store"), of.toString());
    }

    @Test
    void theWindowsLaunchersGoTheSameWay() throws IOException {
        Path other = temp.resolve("50% off");
        Fixture.copy(checkout.resolve("scripts"), other.resolve("scripts"));
        new Launchers(other, Shell.CMD).write(temp.resolve("bin"));
        String launcher = Files.readString(temp.resolve("bin/telemetry-probe.cmd"));
        assertFalse(launcher.replace("\r\n", "").contains("\n"), "cmd needs CRLF");
        assertTrue(launcher.contains("\r\nset \"LAUNCH=" + temp + "/50%% off/scripts/launch.cmd\"\r\n"), launcher);
        assertTrue(launcher.endsWith("\r\nset \"TELEMETRY_LAUNCHER=%~0\"\r\nset TELEMETRY_SCRIPT=probe\r\n\"%LAUNCH%\" %*\r\n"), launcher);
        String launch = Files.readString(Checkout.root().resolve("scripts/launch.cmd"));
        assertFalse(launch.replace("\r\n", "").contains("\n"), "cmd needs CRLF");
        for (String line : List.of("\"%PROGRAM%\" \"%CALLED%\" \"@%START%\" %TELEMETRY_SCRIPT% %*",
            "set \"CALLED=-Dtelemetry.launcher=%TELEMETRY_LAUNCHER%\"", "set \"TELEMETRY_LAUNCHER=\"", "exit /b %ERRORLEVEL%",
            "call \"%~dp0jbangw.cmd\" %TELEMETRY_SCRIPT% %*",
            "if defined BUILT goto :jbang", "if defined CHANGED goto :build")) assertTrue(launch.contains("\r\n" + line + "\r\n"), line);
    }

    /** The probe's launcher, not started. */
    private static Jbangw probe(String... args) {
        return new Jbangw(folder.resolve("telemetry-probe"), List.of(args)).in(shared).with("JBANG_DIR", shared.resolve("jbang"))
            .with("XDG_CACHE_HOME", cacheWithJBang());
    }

    /** The checkout's jbangw, not started. */
    private static Jbangw jbangw(String... args) {
        return new Jbangw(checkout.resolve("scripts/jbangw"), List.of(args)).in(shared).with("JBANG_DIR", shared.resolve("jbang"))
            .with("XDG_CACHE_HOME", cacheWithJBang());
    }

    private String pathWithJBang(String jbang) throws IOException {
        Path path = Path.of(pathOf(List.of("find", "dirname", "readlink", "grep", "sed")));
        Files.writeString(path.resolve("jbang"), jbang).toFile().setExecutable(true);
        return path.toString();
    }

    /** The user's own cache has JBang's jar already; what the launchers keep goes to these tests' folder. */
    private static Path cacheWithJBang() {
        Path cache = shared.resolve("cache");
        Path users = Path.of(System.getenv().getOrDefault("XDG_CACHE_HOME", System.getenv("HOME") + "/.cache"), "jbangw");
        try {
            if (Files.notExists(cache.resolve("jbangw"))) Fixture.copy(users, cache.resolve("jbangw"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return cache;
    }

    private static Path writeProbe(String edition) throws IOException {
        return Files.writeString(checkout.resolve("scripts/probe.java"), PROBE.replace("\"first\"", '"' + edition + '"'));
    }

    private static void forbidJBang() throws IOException {
        Files.writeString(checkout.resolve("scripts/jbangw"), NO_JBANG);
    }

    /** What is kept for a script, or the file beside it. */
    private static Path started(String script, String suffix) throws IOException {
        try (var all = Files.walk(shared.resolve("cache/telemetry-toolkit"))) {
            return all.filter(file -> file.getFileName().toString().matches(script + "[+].*java" + suffix)).findFirst().orElseThrow();
        }
    }

    private static Path jarOfProbe() throws IOException {
        return Files.readAllLines(started("probe", "")).stream().filter(line -> line.matches("# uses .*/probe\\.jar"))
            .map(line -> Path.of(line.substring("# uses ".length()))).findFirst().orElseThrow();
    }

    private String pathOf(List<String> tools) throws IOException {
        Path path = Files.createDirectory(temp.resolve("path"));
        for (String tool : tools) {
            Path program = Files.writeString(path.resolve(tool), "#!/bin/sh\nexec '" + find(tool).orElseThrow() + "' \"$@\"\n");
            program.toFile().setExecutable(true);
        }
        return path.toString();
    }

    private static boolean pathHas(String tool) {
        return find(tool).isPresent();
    }

    private static java.util.Optional<Path> find(String tool) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(part -> Path.of(part, tool)).filter(Files::isExecutable)
            .findFirst();
    }

    private static CompletableFuture<Script> later(Jbangw launcher) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return launcher.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
