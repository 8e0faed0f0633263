import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.kit.Need;
import telemetry.kit.Script;

/** The suite as a process: mostly with two small test classes of its own, one of them in a package. */
class SuiteTest {
    private static final String FIRST = """
            package some.where;
            import org.junit.jupiter.api.*;
            class FirstTest {
                @Test void begins() throws Exception { Thread.sleep(300); }
                @Test void ends() throws Exception { Thread.sleep(300); }
                @Nested class Inner { @Test void within() { } }
            }
            """;
    private static final String SECOND = """
            import org.junit.jupiter.api.*;
            class SecondTest {
                @Test void fails() throws Exception { Thread.sleep(300); throw new IllegalStateException("broken"); }
                @Test void isSkipped() { Assumptions.abort("not here"); }
                @Test @Tag("torture") void takesMinutes() { }
            }
            """;

    @TempDir
    private static Path classes;

    @BeforeAll
    static void compile() throws IOException {
        if (!Need.COMPILER.isMet()) return;
        Path first = Files.writeString(classes.resolve("FirstTest.java"), FIRST);
        Path second = Files.writeString(classes.resolve("SecondTest.java"), SECOND);
        assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes.toString(), "-cp",
                System.getProperty("java.class.path"), first.toString(), second.toString()));
        for (String name : List.of("suite", "suite$Results", "suite$Results$Took"))
            try (var its = suite.class.getResourceAsStream(name + ".class")) {
                Files.copy(its, classes.resolve(name + ".class"));
            }
    }

    /** Only the tests that stand beside it. */
    private static Script small(String... args) throws Exception {
        Need.COMPILER.orSkip();
        ProcessBuilder suite = Script.processBuilder(Map.of(), "suite", (Object[]) args);
        suite.command().replaceAll(word -> word.equals(System.getProperty("java.class.path"))
                ? classes + File.pathSeparator + word : word);
        Path err = Files.createTempFile(classes, "suite", ".err");
        Process process = suite.redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes());
        return new Script(process.waitFor(), masked(out), masked(Files.readString(err)));
    }

    private static String masked(String out) {
        return out.replace(System.lineSeparator(), "\n").replaceAll("\\d+\\.\\d s", "N s").replaceAll("(?m)^\\s*at .*\\R", "");
    }

    /** They end at about the same time, and still no line of one stands among those of the other. */
    @Test
    void printsEachClassAsOneBlockAndTheClosingLineAlone() throws Exception {
        Script run = small();
        assertEquals(1, run.exit(), run.toString());
        String first = """
                FirstTest  N s
                  ok begins()
                  ok ends()
                  Inner
                    ok within()
                """;
        String second = """
                SecondTest  N s
                  FAILED fails()
                    java.lang.IllegalStateException: broken
                  skipped isSkipped(): not here
                """;
        assertTrue(run.out().contains(first) && run.out().contains(second), run.out());
        assertTrue(run.out().endsWith("""

                Failed:
                  SecondTest > fails()

                3 passed, 1 failed, 1 skipped
                """), run.out());
        assertTrue(Pattern.compile("\nSlowest:(\n  (First|Second)Test  N s){2}\n").matcher(run.out()).find(), run.out());
    }

    @Test
    void aNameIsThatOfAClassOrMethodInWhateverPackage() throws Exception {
        assertEquals(new Script(0, "FirstTest  N s\n  ok begins()\n  Inner\n    ok within()\n\n2 passed, 0 failed\n", ""),
                small("FirstTest#begins", "FirstTest#within"));
        assertEquals(new Script(0, "FirstTest  N s\n  Inner\n    ok within()\n\n1 passed, 0 failed\n", ""), small("FirstTest$Inner"));
        Script torture = small("--torture", "SecondTest#takesMinutes");
        assertEquals("SecondTest  N s\n  ok takesMinutes()\n\n1 passed, 0 failed\n", torture.out());
    }

    @Test
    void anUnknownNameIsSaidWithTheNearestAndNothingRuns() throws Exception {
        assertEquals(new Script(1, "\nNo test ran.\n\n0 passed, 0 failed\n", """
                no test is named FristTest; the nearest name is FirstTest
                no test is named FirstTest#begin; the nearest name is FirstTest#begins
                SecondTest#takesMinutes has only tests that take --torture
                """), small("FristTest", "FirstTest#begin", "SecondTest#takesMinutes", "SecondTest"));
        assertEquals(64, small("--tortures").exit());
    }

    @Test
    void listsTheClassesWithTheirTestsAndRunsNone() throws Exception {
        assertEquals(new Script(0, "FirstTest     3\nSecondTest    2\n", ""), small("--list"));
        assertEquals(new Script(0, "SecondTest    3\n", ""), small("--list", "--torture", "SecondTest"));
    }

    @Test
    void theExamplesOfItsHelpAreNamesOfTests() throws Exception {
        Script help = Script.runProcess(Map.of(), "suite", "--help");
        assertEquals(0, help.exit());
        for (String part : List.of("NAME", "--list", "--torture", "--windows --short")) assertTrue(help.out().contains(part), help.out());
        var examples = Pattern.compile("(?m)^  scripts/jbangw test (\\w.+)$").matcher(help.out()).results().toList();
        assertEquals(2, examples.size(), help.out());
        String all = examples.get(0).group(1) + " " + examples.get(1).group(1);
        Script list = Script.runProcess(Map.of(), "suite", (Object[]) ("--list " + all).split(" "));
        assertEquals(0, list.exit(), list.toString());
        assertTrue(list.out().lines().allMatch(line -> line.matches("\\w+Test +[1-9]\\d*")), list.out());
    }
}
