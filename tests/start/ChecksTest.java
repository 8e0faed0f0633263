import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Checkout;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** What whoever hosts the project runs: .ci/run, with programs in place of those that take long, and the workflow of GitHub. */
class ChecksTest {

    /** Notes how it was called, and ends with the next of the exit codes. */
    private static final String PROGRAM = """
            #!/bin/sh
            echo "${0##*/} $*" >>"$CALLS"
            read -r code others <"$CALLS.codes"
            echo "$others" >"$CALLS.codes"
            exit "$code"
            """;

    @TempDir
    Path dir;

    private Path calls;

    @BeforeEach
    void make() throws IOException {
        calls = dir.resolve("calls");
        Path run = Files.createDirectories(dir.resolve("checkout/.ci")).resolve("run");
        Files.copy(Checkout.root().resolve(".ci/run"), run, StandardCopyOption.COPY_ATTRIBUTES);
    }

    /** @param codes what scripts/jbangw ends with, one call after the other */
    private Script run(String codes, String account, String apt) throws Exception {
        Files.writeString(dir.resolve("calls.codes"), codes);
        Files.deleteIfExists(calls);
        program(dir.resolve("checkout/scripts/jbangw"), PROGRAM);
        program(dir.resolve("bin/id"), "#!/bin/sh\necho " + account + "\n");
        program(dir.resolve("bin/apt-get"), "#!/bin/sh\necho \"apt-get $*\" >>\"$CALLS\"\nexit " + apt + "\n");
        var builder = new ProcessBuilder(dir.resolve("checkout/.ci/run").toString()).redirectErrorStream(true);
        builder.environment().putAll(Map.of("CALLS", calls.toString(), "PATH", dir.resolve("bin") + ":" + System.getenv("PATH")));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes());
        return new Script(process.waitFor(), said, "");
    }

    private static void program(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        assertTrue(file.toFile().setExecutable(true));
    }

    private static final String ALL = "jbangw test";
    private static final String WINDOWS = "jbangw test --windows --short";
    private static final List<String> INSTALLS = List.of("apt-get update -qq", "apt-get install -y -qq --no-install-recommends wine64");

    @Test
    @Needs(Need.SH)
    void theReadmesCommandComesFirstAndItsFailureCounts() throws Exception {
        assertEquals(1, run("1", "0", "0").exit());
        assertEquals(List.of(ALL), Files.readAllLines(calls));
    }

    @Test
    @Needs(Need.SH)
    void aFailureOnTheWindowsJvmCountsToo() throws Exception {
        assertEquals(new Script(0, "", ""), run("0 0", "0", "0"));
        assertEquals(List.of(ALL, WINDOWS), Files.readAllLines(calls));
        assertEquals(new Script(1, "", ""), run("0 1", "0", "0"));
    }

    @Test
    @Needs(Need.SH)
    void whatIsMissingIsInstalledWhereThatIsAllowed() throws Exception {
        assertEquals(new Script(0, "", ""), run("0 3 0", "0", "0"));
        assertEquals(List.of(ALL, WINDOWS, INSTALLS.get(0), INSTALLS.get(1), WINDOWS), Files.readAllLines(calls));
        assertEquals(1, run("0 3 1", "0", "0").exit());
    }

    @Test
    @Needs(Need.SH)
    void aMachineThatCannotGetItPassesAndOneLineSaysSo() throws Exception {
        String said = "ci: the tests on a Windows JVM did not run: see above what is missing\n";
        assertEquals(new Script(0, said, ""), run("0 3", "0", "100"));
        assertEquals(List.of(ALL, WINDOWS, INSTALLS.get(0)), Files.readAllLines(calls));
        assertEquals(new Script(0, said, ""), run("0 3", "1000", "0"));
        assertEquals(List.of(ALL, WINDOWS), Files.readAllLines(calls));
        assertEquals(new Script(0, said, ""), run("0 3 3", "0", "0"));
    }

    /** Of the systems themselves, and with the README's command and Java. */
    @Test
    void theWorkflowRunsTheReadmesCommandOnLinuxAndWindows() throws IOException {
        String workflow = Files.readString(Checkout.root().resolve(".github/workflows/test.yml"));
        String readme = Files.readString(Checkout.root().resolve("README.md"));
        String command = found("(?m)^\\$ (scripts/jbangw test)$", readme);
        Map<String, String> commands = new TreeMap<>();
        Matcher one = Pattern.compile("(?m)^ +- os: (\\S+)\\R +command: (.+)$").matcher(workflow);
        while (one.find()) commands.put(one.group(1), one.group(2));
        assertEquals(Map.of("ubuntu-latest", command,
                "windows-latest", command.replace('/', '\\').replace("jbangw", "jbangw.cmd")), commands);
        assertEquals(List.of("${{ matrix.command }}"), all("(?m)^ +- run: (.+)$", workflow), "and nothing else");
        assertEquals(List.of("${{ matrix.os }}"), all("(?m)^ +runs-on: (.+)$", workflow));
        assertEquals(found("You need a JDK (\\d+) or newer", readme), found("(?m)^ +java-version: '(\\d+)'$", workflow));
        assertTrue(workflow.lines().noneMatch(line -> line.contains("\t")), "YAML has no tabs");
        assertTrue(Files.exists(Checkout.root().resolve(commands.get("windows-latest").split(" ")[0].replace('\\', '/'))));
    }

    private static String found(String pattern, String text) {
        List<String> all = all(pattern, text);
        assertEquals(1, all.size(), pattern + " in\n" + text);
        return all.get(0);
    }

    private static List<String> all(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().map(match -> match.group(1)).toList();
    }
}
