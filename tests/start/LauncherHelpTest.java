import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

/** The list of commands that scripts/jbangw prints, what it answers to an unknown word, and what it leaves to JBang. */
@Needs(Need.SH_LAUNCHER)
@ResourceLock("jbang")
class LauncherHelpTest {

    private static final Path ROOT = Checkout.root();

    /** All that the list and the answer may need: no java, no JBang, no Maven. */
    private static final List<String> TOOLS = List.of("awk", "dirname", "grep", "readlink", "sed");

    @TempDir
    private Path temp;

    private Path path;

    @BeforeEach
    void makePath() throws IOException {
        path = Files.createDirectory(temp.resolve("path"));
        for (String tool : TOOLS) writeProgram(tool, "exec '" + find(tool) + "' \"$@\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--help", "-h", "--help backup"})
    void listsTheCatalogsCommandsWithoutJavaJBangOrAHome(String typed) throws Exception {
        Script list = jbangw(words(typed)).run();
        assertEquals(0, list.exit(), list.err());
        assertEquals("", list.err());
        assertTrue(list.out().startsWith("Usage: scripts/jbangw COMMAND [OPTIONS]\n"), list.out());
        String text = list.out().replaceAll("\\s+", " ");
        for (var command : commands().entrySet())
            assertTrue(text.contains(" " + command.getKey() + " " + command.getValue() + " "), command + " is not in\n" + list.out());
    }

    @Test
    void theListFitsEightyColumns() throws Exception {
        List<String> wide = jbangw().run().out().lines().filter(line -> line.length() > 80 && !line.contains(ROOT.toString())).toList();
        assertEquals(List.of(), wide);
    }

    @Test
    void theListSaysWhereToReadOn() throws Exception {
        String list = jbangw("--help").run().out();
        for (String line : List.of("scripts/jbangw health --help", ROOT + "/docs/runbook.md", "scripts/jbangw run --help"))
            assertTrue(list.contains("\n  " + line + "\n"), line + " is not in\n" + list);
        assertTrue(Files.exists(ROOT.resolve("docs/runbook.md")));
    }

    @ParameterizedTest
    @CsvSource({"helth, health", "haelth, health", "heallth, health", "Health, health", "lgos, logs", "backups, backup",
        "helth@telemetry, health", "catalgo, catalog", "runn, run", "aliases, alias", "verison, version", "tests, test", "quer.y, query",
        "validate, validate_installation", "validate-instalation, validate_installation", "performance, measure_performance"})
    void anUnknownWordNamesTheNearestCommand(String word, String nearest) throws Exception {
        assertEquals(new Script(64, "", "jbangw: there is no command '" + word + "'; did you mean " + nearest + "?\nscripts/jbangw "
                + nearest + "\n"), jbangw(word).run());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "help", "nonsense", "nonsense@telemetry", "telemetry", "it's"})
    void aWordThatResemblesNoCommandPointsToTheList(String word) throws Exception {
        assertEquals(new Script(64, "", "jbangw: there is no command '" + word + "'; this lists the commands:\nscripts/jbangw --help\n"),
                jbangw(word, "--json").run());
    }

    @Test
    void aWordOfAnyLengthIsAnsweredAtOnce() throws Exception {
        assertEquals(64, jbangw("health".repeat(10_000)).run().exit());
    }

    @Test
    void theCommandThatIsNamedRunsWithTheArgumentsWhenPasted() throws Exception {
        writeJBang();
        Path scripts = Files.createDirectories(temp.resolve("it's here/scripts"));
        Path launcher = Files.copy(ROOT.resolve("scripts/jbangw"), scripts.resolve("jbangw"));
        Files.copy(ROOT.resolve("scripts/surroundings"), scripts.resolve("surroundings"));
        Files.copy(ROOT.resolve("jbang-catalog.json"), scripts.resolveSibling("jbang-catalog.json"));
        var typed = List.of("catalgo", "list", "--x=y", "two words", "it's", "$HOME", "*", "", "new\nline", "\\n");
        Script refused = new Jbangw(launcher, typed).with("PATH", path).run();
        assertEquals(64, refused.exit());
        String command = refused.err().substring(refused.err().indexOf('\n') + 1);
        Script pasted = new Jbangw(Path.of("/bin/sh"), List.of("-c", command)).with("PATH", path).run();
        assertEquals("<catalog><" + String.join("><", typed.subList(1, typed.size())) + ">", pasted.out(), command);
        assertEquals(42, pasted.exit());
    }

    @Test
    void anInstalledJBangIsNotAskedAboutAnUnknownWord() throws Exception {
        writeJBang();
        assertEquals(new Script(64, "", "jbangw: there is no command 'helth'; did you mean health?\nscripts/jbangw health\n"),
                jbangw("helth").run());
    }

    @ParameterizedTest
    @ValueSource(strings = {"alias", "app", "build", "cache", "catalog", "completion", "config", "edit", "export", "info", "init", "jdk",
        "run", "template", "trust", "version", "wrapper", "--version", "-V", "--verbose", "-", "script", "folder", "none.java", "none.jsh",
        "none.jar", "none.kt", "none.groovy", "none.md", "https://example.org/a?b=1&c", "org.example:tool:1.0", "health@elsewhere",
        "health@telemetry@elsewhere", "./none", "none/none", "none\\none", "C:none"})
    void whatIsMeantForJBangGoesToJBangAsItStands(String first) throws Exception {
        writeJBang();
        Files.writeString(temp.resolve("script"), "");
        Files.writeString(Files.createDirectory(temp.resolve("folder")).resolve("main.java"), "");
        Script run = new Jbangw(ROOT.resolve("scripts/jbangw"), List.of(first, "helth", "two words", "")).in(temp).with("PATH", path).run();
        assertEquals(new Script(42, "<" + first + "><helth><two words><>", ""), run);
    }

    @Test
    void theWindowsLauncherSaysTheSame() throws IOException {
        for (String said : List.of("COMMAND [OPTIONS]", "The options of a command:", " health --help",
            "When to use which command, and what to do when something is wrong:",
            "JBang's own commands work too; run starts a script or an alias of your own:", " run --help",
            "jbangw: there is no command '", "'; did you mean ", "'; this lists the commands:"))
            for (String launcher : List.of("jbangw", "jbangw.cmd"))
                assertTrue(Files.readString(ROOT.resolve("scripts").resolve(launcher)).contains(said), launcher + ": " + said);
    }

    /** cmd would take some characters for its own, and its loops would take a question mark for the name of a file. */
    @Test
    void cmdCanPrintTheDescriptions() throws IOException {
        for (String description : commands().values()) assertTrue(description.matches("[A-Za-z0-9 .,;:'()/_-]+"), description);
    }

    /** The checkout's own, as typed in it. */
    private Jbangw jbangw(String... args) {
        var words = Stream.concat(Stream.of("scripts/jbangw"), Stream.of(args)).toList();
        return new Jbangw(Path.of("/bin/sh"), words).in(ROOT).with("PATH", path).with("HOME", "").with("XDG_CACHE_HOME", "")
            .with("JAVA_HOME", "");
    }

    private static String[] words(String typed) {
        return typed.isEmpty() ? new String[0] : typed.split(" ");
    }

    private void writeJBang() throws IOException {
        writeProgram("jbang", "printf '<%s>' \"$@\"; exit 42");
    }

    private void writeProgram(String name, String commands) throws IOException {
        Path program = Files.writeString(path.resolve(name), "#!/bin/sh\n" + commands + "\n");
        assertTrue(program.toFile().setExecutable(true));
    }

    private static Path find(String tool) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(folder -> Path.of(folder, tool)).filter(Files::isExecutable)
            .findFirst().orElseThrow(() -> new AssertionError("no " + tool + " on the PATH"));
    }

    /** Names and descriptions. */
    private static Map<String, String> commands() throws IOException {
        var commands = new LinkedHashMap<String, String>();
        for (var alias : Json.parse(Files.readString(ROOT.resolve("jbang-catalog.json"))).asObject().get("aliases").asObject())
            commands.put(alias.getName(), alias.getValue().asObject().getString("description", null));
        return commands;
    }
}
