import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Row;
import telemetry.Store;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.setup.Launchers;
import telemetry.setup.Launchers.Shell;

/** track and health by their launchers, with the shell that stands in front of java: the caller's signals, variables, words and limits. */
@Order(2)
@ResourceLock("jbang")
@Needs({Need.SH_LAUNCHER, Need.PROC})
class InFrontTest {

    /** Says its process, then each signal that it gets, and ends after two seconds. */
    private static final String LISTENER = "for s in USR1 USR2 QUIT ALRM WINCH HUP TSTP CONT; do trap \"echo got $s\" $s; done; "
            + "echo $$; i=0; while [ $i -lt 25 ]; do sleep 0.1; i=$((i+1)); done; echo end";

    @TempDir
    private static Path shared;

    @TempDir
    private Path dir;

    private Store store;

    @BeforeAll
    static void build() throws Exception {
        if (!Need.SH_LAUNCHER.isMet()) return;
        new Launchers(Checkout.root(), Shell.SH).write(shared.resolve("bin"));
        Path users = Path.of(System.getenv().getOrDefault("XDG_CACHE_HOME", System.getenv("HOME") + "/.cache"), "jbangw");
        if (Files.isDirectory(users)) Fixture.copy(users, shared.resolve("cache/jbangw"));
        else Files.createDirectory(shared.resolve("cache"));
        for (String command : List.of("track", "health")) {
            Script built = run(launcher(Map.of(), command, "--version"));
            assertEquals(0, built.exit(), built.toString());
        }
    }

    @BeforeEach
    void makeStore() {
        store = Fixture.V7_PYTHON.empty(dir.resolve("s"));
    }

    private static ProcessBuilder launcher(Map<String, String> env, String command, Object... args) {
        List<String> words = new ArrayList<>(List.of(shared.resolve("bin/telemetry-" + command).toString()));
        for (Object arg : args) words.add(arg.toString());
        var builder = new ProcessBuilder(words);
        Map<String, String> variables = builder.environment();
        variables.keySet().removeIf(name -> name.startsWith("TELEMETRY_"));
        variables.put("XDG_CACHE_HOME", shared.resolve("cache").toString());
        variables.put("JBANG_DIR", shared.resolve("jbang").toString());
        variables.put("JAVA_HOME", System.getProperty("java.home"));
        variables.putAll(env);
        return builder;
    }

    private ProcessBuilder track(Map<String, String> env, String... program) {
        List<Object> words = new ArrayList<>(List.of("--store", store.base(), "--agent", "a", "--job", "j", "--"));
        words.addAll(List.of(program));
        return launcher(env, "track", words.toArray());
    }

    /** Whatever started these tests may have them ignore signals, which every program inherits. */
    private static ProcessBuilder hearing(ProcessBuilder launcher) {
        List<String> words = new ArrayList<>(List.of("env", "--default-signal"));
        words.addAll(launcher.command());
        return launcher.command(words);
    }

    private static boolean isStopped(long process) throws IOException {
        return Files.readString(Path.of("/proc/" + process + "/stat")).matches("(?s)\\d+ \\(.*\\) T .*");
    }

    /** These commands in a shell, with the launcher as $0 and its arguments as $@. */
    private static ProcessBuilder inShell(String commands, ProcessBuilder launcher) {
        List<String> words = new ArrayList<>(List.of("bash", "-c", commands));
        words.addAll(launcher.command());
        return launcher.command(words);
    }

    private static Script run(ProcessBuilder builder) throws Exception {
        Path err = Files.createTempFile(shared, "said", ".err");
        Process process = builder.redirectError(err.toFile()).start();
        process.getOutputStream().close();
        byte[] out = process.getInputStream().readAllBytes();
        assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        return new Script(process.exitValue(), new String(out, StandardCharsets.ISO_8859_1), Files.readString(err));
    }

    private Row row() {
        try (Database database = Database.open(store.database())) {
            return database.one("SELECT * FROM agent_runs ORDER BY rowid DESC LIMIT 1").orElseThrow();
        }
    }

    private static void signal(String signal, long process) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, "--", Long.toString(process)).inheritIO().start().waitFor());
    }

    @Test
    void signalsReachTheProgramWhichGoesOn() throws Exception {
        Process process = hearing(track(Map.of(), "sh", "-c", LISTENER)).start();
        process.inputReader().readLine();
        Thread.sleep(100);
        for (String signal : List.of("USR1", "USR2", "QUIT", "ALRM", "WINCH", "HUP", "TSTP", "CONT")) {
            signal(signal, process.pid());
            assertEquals("got " + signal, process.inputReader().readLine());
        }
        assertEquals(List.of("end"), process.inputReader().lines().toList());
        assertEquals("", new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, process.waitFor());
        assertEquals("success", row().text("status"));
    }

    /** A script starts what it puts into the background with QUIT ignored, and no shell can undo that for itself. */
    @Test
    void quitReachesTheProgramInTheBackgroundOfAScriptToo() throws Exception {
        Process process = inShell("\"$0\" \"$@\" & echo $!; wait", track(Map.of(), "sh", "-c", LISTENER)).start();
        long front = Long.parseLong(process.inputReader().readLine());
        process.inputReader().readLine();
        Thread.sleep(100);
        signal("QUIT", front);
        assertEquals(List.of("got QUIT", "end"), process.inputReader().lines().toList());
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130", "HUP, 129", "QUIT, 131", "USR2, 140"})
    void aSignalThatEndsTheProgramEndsTheRun(String signal, int code) throws Exception {
        Process process = hearing(track(Map.of(), "sh", "-c", "echo $$; exec sleep 60")).start();
        long program = Long.parseLong(process.inputReader().readLine());
        Thread.sleep(100);
        signal(signal, process.pid());
        assertTrue(process.waitFor(5, TimeUnit.SECONDS));
        assertEquals(code, process.exitValue());
        assertFalse(ProcessHandle.of(program).isPresent());
        assertEquals("cancelled stopped by SIG" + signal, row().text("status") + " " + row().text("error_summary"));
        assertEquals("", new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    @Test
    void whatTheProgramMakesOfASignalIsTheExitCode() throws Exception {
        Process process = track(Map.of(), "sh", "-c", "trap 'echo why >&2; exit 9' TERM; echo up; while :; do sleep 0.05; done").start();
        process.inputReader().readLine();
        signal("TERM", process.pid());
        assertEquals(9, process.waitFor());
        assertEquals("cancelled stopped by SIGTERM: why", row().text("status") + " " + row().text("error_summary"));
    }

    @Test
    void itStopsAndGoesOnWithTheProgram() throws Exception {
        Process sleep = hearing(new ProcessBuilder("sleep", "60")).start();
        Thread.sleep(200);
        signal("TSTP", sleep.pid());
        Thread.sleep(100);
        boolean isStopping = isStopped(sleep.pid());
        sleep.destroyForcibly();
        assumeTrue(isStopping, "nobody could continue the group of processes that these tests run in, so the system stops none of it");
        String commands = "echo $$; i=0; while [ $i -lt 10 ]; do sleep 0.1; i=$((i+1)); done; echo end";
        Process process = track(Map.of(), "sh", "-c", commands).start();
        long program = Long.parseLong(process.inputReader().readLine());
        signal("TSTP", process.pid());
        Thread.sleep(1_000);
        for (long one : List.of(program, process.pid())) assertTrue(isStopped(one));
        signal("CONT", process.pid());
        assertEquals("end", process.inputReader().readLine());
        assertEquals(0, process.waitFor());
    }

    @Test
    void beforeTheProgramIsThereItIsEndedTooAndNothingRuns() throws Exception {
        Path ran = dir.resolve("ran");
        Process process = track(Map.of(), "touch", ran.toString()).start();
        Thread.sleep(60);
        signal("TERM", process.pid());
        assertTrue(process.waitFor(5, TimeUnit.SECONDS));
        assertEquals(143, process.exitValue());
        assertFalse(Files.exists(ran));
    }

    @ParameterizedTest
    @ValueSource(strings = {"database", "day file", "raw"})
    void whateverHangsItEndsWithinFiveSeconds(String what) throws Exception {
        Path hanging = switch (what) {
            case "database" -> store.database();
            case "day file" -> store.raw().resolve(DayFile.name(DayFile.dayOf(java.time.Instant.now())));
            default -> store.raw();
        };
        if (Files.isDirectory(hanging)) Files.move(hanging, dir.resolve("away"));
        else Files.deleteIfExists(hanging);
        assumeTrue(new ProcessBuilder("mkfifo", hanging.toString()).start().waitFor() == 0);
        Process process = track(Map.of(), "sh", "-c", "echo up; exec sleep 60").start();
        assertEquals("up", process.inputReader().readLine());
        signal("TERM", process.pid());
        assertTrue(process.waitFor(5, TimeUnit.SECONDS));
        assertEquals(143, process.exitValue());
    }

    @Test
    void variablesAreTheCallersByteForByte() throws Exception {
        Map<String, String> env = Map.of("A.B", "1", "BASH_FUNC_f%%", "() { echo hi;\n}", "IFS", "x", "OPTIND", "7", "version", "2",
                "telemetry_cache", "q", "JAVA_HOME", System.getProperty("java.home"), "QUOTED", "it's\n\n", "LC_ALL", "C", "-x", "3");
        Script script = run(track(env, "cat", "/proc/self/environ"));
        List<String> got = List.of(script.out().split("\0"));
        env.forEach((name, value) -> assertTrue(got.contains(name + "=" + value), name + " in " + got));
        Map<String, String> callers = new java.util.HashMap<>(track(env).environment());
        callers.put("TELEMETRY_RUN_ID", "its own");
        for (String variable : got) assertTrue(callers.containsKey(variable.split("=")[0]), variable);
        String odd = "export B=$(printf 'caf\\351\\201') LC_ALL=C; exec \"$0\" \"$@\"";
        String bytes = run(inShell(odd, track(Map.of(), "printenv", "B"))).out();
        assertEquals("caf\u00e9\u0081\n", bytes);
    }

    @Test
    void wordsAreTheCallersByteForByteInAnyLocale() throws Exception {
        for (String locale : List.of("C", "C.UTF-8", "xx_XX.UTF-8")) {
            Script script = run(inShell("exec \"$0\" \"$@\" $'caf\\351' $'b\\303\\244r' '' '*' $'\\001' @file",
                    track(Map.of("LC_ALL", locale), "printf", "<%s>")));
            assertEquals("<caf\u00e9><b\u00c3\u00a4r><><*><\u0001><@file>", script.out(), script.err());
        }
    }

    @Test
    void aNameOfOursArrivesAsItWasTypedOrIsRefused() throws Exception {
        Object[] words = {"--store", store.base(), "--job", "j", "--agent"};
        assertEquals(0, run(inShell("exec \"$0\" \"$@\" $'b\\303\\244r' true", launcher(Map.of("LC_ALL", "C"), "track", words))).exit());
        assertEquals("b\u00e4r", row().text("agent_name"));
        Script refused = run(inShell("exec \"$0\" \"$@\" $'b\\344r' echo ran", launcher(Map.of("LC_ALL", "C"), "track", words)));
        assertEquals("64", refused.exit() + refused.out());
        assertTrue(refused.err().startsWith("track: 'b\\xe4r' cannot be decoded as UTF-8\n"), refused.err());
        assertEquals("b\u00e4r", row().text("agent_name"));
        Script unfound = run(inShell("exec \"$0\" \"$@\" $'n\\344h'", track(Map.of())));
        assertEquals(new Script(127, "", "track: n\\xe4h: command not found\n"), unfound);
        assertEquals("n\\xe4h: command not found", row().text("error_summary"));
        Script store = run(inShell("exec \"$0\" --store $'/s\\344'", launcher(Map.of(), "health")));
        assertEquals(64, store.exit(), store.toString());
    }

    @Test
    void limitsMaskAndDescriptorsAreTheCallers() throws Exception {
        Script script = run(inShell("ulimit -S -n 333; exec 5</etc/passwd; \"$0\" \"$@\"",
                track(Map.of(), "sh", "-c", "ulimit -n; head -c 4 <&5; echo; grep -E 'Sig(Blk|Ign)' /proc/self/status")));
        String own = run(new ProcessBuilder("grep", "SigIgn", "/proc/self/status")).out();
        assertEquals("333\nroot\nSigBlk:\t0000000000000000\n" + own, script.out(), script.err());
    }

    @Test
    void aClosedStdinStaysClosed() throws Exception {
        String look = "test -e /proc/self/fd/0 && readlink /proc/self/fd/0; echo done >&2";
        Script script = run(inShell("\"$0\" \"$@\" <&-", track(Map.of(), "cat")));
        assertEquals("", script.out());
        Path seen = dir.resolve("seen");
        run(inShell("\"$0\" \"$@\" <&- >&- 2>&-", track(Map.of(), "sh", "-c", "{ " + look + "; } >'" + seen + "' 2>&1")));
        assertTrue(Files.readString(seen).matches("(/dev/null\n|/proc/.*\n)?done\n"), Files.readString(seen));
        assertEquals("success", row().text("status"));
    }

    @Test
    void outputIsHeardAndPassedOn() throws Exception {
        Script script = run(track(Map.of(), "sh", "-c", "echo ::metric items_failed=1; printf more; echo err >&2; sleep 5 & exit 5"));
        assertEquals(new Script(5, "::metric items_failed=1\nmore", "err\n"), script);
        assertEquals("failure exit code 5: err 1",
                row().text("status") + " " + row().text("error_summary") + " " + row().number("items_failed"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"JAVA_TOOL_OPTIONS=-XX:+NoSuchThing", "ulimit", "gone"})
    void aJvmThatCannotStartIsThreeAndOneLine(String how) throws Exception {
        Map<String, String> env = how.contains("=") ? Map.of(how.split("=")[0], how.split("=")[1]) : Map.of();
        String gone = dir.resolve("gone").toString();
        String before = how.equals("ulimit") ? "ulimit -v 600000; "
                : how.equals("gone") ? "mkdir '" + gone + "' && cd '" + gone + "' && rmdir '" + gone + "' || exit 9; " : "";
        Script plain = run(inShell(before + "exec \"$0\" \"$@\"", launcher(env, "health", "--store", store.base())));
        assertEquals("3  1", plain.exit() + " " + plain.out() + " " + plain.err().lines().filter(line -> line.startsWith("health: java "
                + "cannot start: ")).count(), plain.err());
        Script plugin = run(inShell(before + "exec \"$0\" \"$@\"", launcher(env, "health", "--store", store.base(), "--nagios")));
        assertTrue(plugin.exit() == 3 && plugin.out().matches("TELEMETRY UNKNOWN - java cannot start: .+\n"), plugin.toString());
        Script tracked = run(inShell(before + "exec \"$0\" \"$@\"", track(env, "sh", "-c", "echo ran; exit 7")));
        assertTrue(tracked.exit() == 7 && tracked.out().equals("ran\n"), tracked.toString());
        assertTrue(tracked.err().contains("track: this run is not recorded: java cannot start: "), tracked.err());
    }

    /** The shell may not know the options of track, when there is no java to ask. */
    @Test
    void withoutJavaTheShellFindsTheProgramBehindAllOptions() throws Exception {
        Map<String, String> env = Map.of("JAVA_TOOL_OPTIONS", "-XX:+NoSuchThing");
        List<Object> words = new ArrayList<>();
        Matcher valued = Pattern.compile("(--[a-z-]+)=").matcher(Script.run(new track(), "--help").out());
        valued.results().map(match -> match.group(1)).forEach(option -> words.addAll(List.of(option, "value")));
        words.addAll(List.of("--terminal", "--agent=x", "echo", "--agent", "ran"));
        assertEquals("--agent ran\n", run(launcher(env, "track", words.toArray())).out());
        assertEquals(3, run(launcher(env, "track", "--self-test")).exit());
    }

    @Test
    void aPluginsWarningIsOne() throws Exception {
        Script warning = run(launcher(Map.of(), "health", "--store", store.base(), "--nagios", "--quick", "--disk-warning", "900TB"));
        assertTrue(warning.exit() == 1 && warning.out().startsWith("TELEMETRY WARNING"), warning.toString());
        assertEquals(3, run(launcher(Map.of(), "health", "--nagios", "--nonsense")).exit());
    }

    @Test
    void theCommandOfAnAlertGetsTheCallersVariables() throws Exception {
        Path seen = dir.resolve("seen");
        Script alert = run(launcher(Map.of("LC_ALL", "C", "version", "2.4", "A.B", "1", "IFS", "x"), "health", "--store", store.base(),
                "--quick", "--disk-warning", "900TB", "--alert", "cat /proc/$$/environ >'" + seen + "'"));
        assertEquals(1, alert.exit(), alert.toString());
        List<String> variables = List.of(Files.readString(seen).split("\0"));
        assertTrue(variables.containsAll(List.of("LC_ALL=C", "version=2.4", "A.B=1", "IFS=x")), variables.toString());
    }

    @Test
    void nothingIsLeftInTheTemporaryFolder() throws Exception {
        Path temporary = Files.createDirectory(dir.resolve("tmp"));
        run(track(Map.of("TMPDIR", temporary.toString()), "sh", "-c", "exit 1"));
        Process killed = track(Map.of("TMPDIR", temporary.toString()), "sh", "-c", "echo up; sleep 1").start();
        killed.inputReader().readLine();
        killed.toHandle().destroyForcibly();
        for (int i = 0; i < 100 && !isEmpty(temporary); i++) Thread.sleep(50);
        assertTrue(isEmpty(temporary));
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.findAny().isEmpty();
        }
    }
}
