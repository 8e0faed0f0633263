import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds docs/design.md: who may know what. */
class ArchitectureTest {
    private static final Path LIB = Checkout.root().resolve("lib/telemetry");
    private static final Path SCRIPTS = Checkout.root().resolve("scripts");

    /** With both of the JVM's compilers: theirs is work of seconds, which the second makes up for. */
    private static final Set<String> WORKING_LONG = Set.of("archive", "backup", "rebuild", "recover");

    @Test
    void jdbcEndsInTheDatabaseClasses() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(LIB));
        all.addAll(javaFiles(SCRIPTS));
        all.addAll(javaFiles(Checkout.root().resolve("tests")));
        all.removeIf(file -> file.getFileName().toString().equals("ArchitectureTest.java"));
        assertOnly(all, "\\b(java\\.sql|org\\.sqlite)\\.[A-Za-z]", "Database\\.java|Sqlite\\w*\\.java");
    }

    @Test
    void eachLibraryIsKnownToItsOwnClassesOnly() throws IOException {
        assertOnly(javaFiles(LIB), "import com\\.eclipsesource\\.", "Ndjson\\.java|JsonText\\.java");
        assertOnly(javaFiles(SCRIPTS), "import com\\.eclipsesource\\.", "");
        for (Path folder : List.of(LIB, SCRIPTS)) {
            assertOnly(javaFiles(folder), "import de\\.siegmar\\.", "");
            assertOnly(javaFiles(folder), "import org\\.HdrHistogram\\.", "Latencies\\.java");
            assertOnly(javaFiles(folder), "import java\\.net\\.http\\.", "AlertPost\\.java");
        }
        assertOnly(javaFiles(LIB), "import picocli\\.", "Cli\\.java|Output\\.java|StoreOption\\.java|Consent\\.java|\\w+Option\\.java");
    }

    @Test
    void factsAndPureRulesKnowNeitherDatabaseNorDayFiles() throws IOException {
        for (String facts : List.of("Store", "Run", "Event", "RunStatus", "Times", "Check",
                "Checks", "Table", "StoreException", "Retention")) {
            Path file = LIB.resolve(facts + ".java");
            if (!Files.exists(file)) continue;
            String code = withoutComments(Files.readString(file));
            for (String upper : List.of("Database", "EventLog", "Runs", "TelemetryClient", "Backups", "Archive", "Replay", "Output"))
                assertTrue(!Pattern.compile("\\b" + upper + "\\b").matcher(code).find(), facts + " knows " + upper);
        }
    }

    @Test
    void onlyScriptsPrintResults() throws IOException {
        assertOnly(javaFiles(LIB), "System\\.out\\b", "");
    }

    /** By hand they would be about the store that the environment names. */
    @Test
    void scriptsNameCommandsByTheStoreThatTheyAreAbout() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(SCRIPTS));
        all.add(SCRIPTS.resolve("shell.jsh"));
        assertOnly(all, "jbang [a-z_]+@telemetry", "");
    }

    @Test
    void theListOfSourcesIsWhole() throws IOException {
        Set<String> listed = new TreeSet<>();
        for (String line : Files.readAllLines(LIB.resolve("package-info.java")))
            if (line.startsWith("//SOURCES ")) listed.addAll(List.of(line.substring(10).strip().split("\\s+")));
        Set<String> present = javaFiles(LIB).stream().map(file -> file.getFileName().toString())
                .filter(name -> !name.equals("package-info.java")).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(present, listed);
    }

    @Test
    void aDependencyIsPinnedOnce() throws IOException {
        List<Path> all = new ArrayList<>(javaFiles(LIB));
        all.addAll(javaFiles(SCRIPTS));
        all.addAll(javaFiles(Checkout.root().resolve("tests")));
        List<String> pinned = new ArrayList<>();
        for (Path file : all)
            for (String line : Files.readAllLines(file))
                if (line.startsWith("//DEPS ") && line.contains(":")) pinned.add(line.substring(7).strip().replaceAll(":[^:]*$", ""));
        assertEquals(new TreeSet<>(pinned).size(), pinned.size(), pinned.toString());
    }

    @Test
    void everyScriptBeginsTheSameWayAndHasOneClassOfItsFilesName() throws IOException {
        for (Path script : javaFiles(SCRIPTS)) {
            List<String> lines = Files.readAllLines(script);
            String name = script.getFileName().toString().replace(".java", "");
            assertEquals("///usr/bin/env jbang \"$0\" \"$@\" ; exit $?", lines.get(0), name);
            assertEquals("//JAVA 17+", lines.get(1), name);
            assertTrue(lines.get(2).matches("//DESCRIPTION .+\\."), name);
            assertTrue(lines.contains("//SOURCES ../lib/telemetry/package-info.java"), name);
            List<String> classes = lines.stream().filter(line -> line.matches("(final )?(class|record|enum|interface) .*")).toList();
            assertEquals(1, classes.size(), name + ": " + classes);
            assertTrue(classes.get(0).matches("class " + name + " implements Callable<Integer>.*"), name);
        }
    }

    /** JBang gives a JVM the library's options last, so that of two the library's would win. */
    @Test
    void eachScriptChoosesItsCompiler() throws IOException {
        assertFalse(Files.readString(LIB.resolve("package-info.java")).matches("(?s).*\\R//RUNTIME_OPTIONS [^\n]*Tiered.*"));
        for (Path script : javaFiles(SCRIPTS)) {
            String name = script.getFileName().toString().replace(".java", "");
            boolean isQuick = Files.readAllLines(script).contains("//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10");
            assertEquals(!WORKING_LONG.contains(name), isQuick, name);
        }
    }

    private static void assertOnly(List<Path> files, String pattern, String allowed) throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : files) {
            Matcher found = Pattern.compile(pattern).matcher(withoutComments(Files.readString(file)));
            if (found.find() && !file.getFileName().toString().matches(allowed)) wrong.add(file.getFileName() + ": " + found.group());
        }
        assertEquals(List.of(), wrong);
    }

    private static String withoutComments(String code) {
        return code.replaceAll("(?s)/\\*.*?\\*/", "").replaceAll("(?m)//.*$", "");
    }

    private static List<Path> javaFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        }
    }
}
