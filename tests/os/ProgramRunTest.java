package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.kit.Fixture;
import telemetry.kit.Hostile;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** Programs really started on Windows, by name and with hostile arguments. This class is the program: it writes down what it got. */
@Isolated("a printed line is made by properties of the JVM")
@Needs(Need.WINDOWS)
@Tag("system")
class ProgramRunTest {
    private static final String TOLD = "TELEMETRY_TOLD";

    /** As a shim forwards. */
    private static final String FORWARDING = "@\"%REAL%\" -cp \"%REAL_PATH%\" telemetry.os.ProgramRunTest %*\r\n";
    private static final String PICKING = "@\"%REAL%\" -cp \"%REAL_PATH%\" telemetry.os.ProgramRunTest "
            + "\"%~1\" \"%~2\" \"%~3\" \"%~4\" \"%~5\" \"%~6\" \"%~7\" \"%~8\" \"%~9\"\r\n";

    @TempDir
    Path dir;

    private final String java = Path.of(System.getProperty("java.home"), "bin", "java.exe").toString();
    private Path told;

    public static void main(String... args) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String argument : args) lines.add(coded(argument));
        Files.write(Path.of(System.getenv(TOLD)), lines);
    }

    /** The same text on any code page, on one line. */
    private static String coded(String text) {
        var coded = new StringBuilder("|");
        for (char c : text.toCharArray()) coded.append(c > ' ' && c < 0x7f ? String.valueOf(c) : String.format("{%04x}", (int) c));
        return coded.toString();
    }

    @BeforeEach
    void nothingTold() {
        told = dir.resolve("told.txt");
    }

    /** What the program got; empty when it was not started. */
    private List<String> got(List<String> command) throws Exception {
        Files.deleteIfExists(told);
        Program program = Program.typed(command).with(TOLD, told.toString()).with("REAL", java)
                .with("REAL_PATH", System.getProperty("java.class.path"));
        Process process = program.builder().inheritIO().start();
        assertTrue(process.waitFor(2, TimeUnit.MINUTES));
        return Files.exists(told) ? Files.readAllLines(told, StandardCharsets.UTF_8) : List.of();
    }

    @Test
    void aProgramGetsEachOf200Arguments() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (List<String> some : parts(hostile(), 50)) {
            List<String> command = new ArrayList<>(List.of(java, "-cp", System.getProperty("java.class.path"),
                    "telemetry.os.ProgramRunTest"));
            command.addAll(some);
            compare(some, got(command), some.size(), wrong);
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void aForwardingScriptGetsEachOf200ArgumentsOrItIsRefused() throws Exception {
        String script = script("forwarding agent.cmd", FORWARDING);
        List<String> wrong = new ArrayList<>();
        for (List<String> some : parts(passable(script), 20)) {
            List<String> command = new ArrayList<>(List.of(script));
            command.addAll(some);
            compare(some, got(command), some.size(), wrong);
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void aScriptThatPicksGetsEachOf200ArgumentsOrItIsRefused() throws Exception {
        String script = script("picking & agent.bat", PICKING);
        List<String> wrong = new ArrayList<>();
        for (List<String> some : parts(passable(script), 9)) {
            List<String> command = new ArrayList<>(List.of(script));
            command.addAll(some);
            compare(some, got(command), 9, wrong);
        }
        assertEquals(List.of(), wrong);
    }

    private static void compare(List<String> sent, List<String> got, int count, List<String> wrong) {
        if (got.size() != count) wrong.add("of " + count + " came " + got.size() + ": " + sent.stream().map(ProgramRunTest::coded).toList()
                + " as " + got);
        for (int i = 0; i < Math.min(sent.size(), got.size()); i++)
            if (!coded(sent.get(i)).equals(got.get(i))) wrong.add(coded(sent.get(i)) + " came as " + got.get(i));
    }

    /** Java's own main gets its arguments in the code page of the system. */
    private static List<String> hostile() {
        CharsetEncoder page = Charset.forName(System.getProperty("sun.jnu.encoding")).newEncoder();
        return Hostile.arguments(220).stream().filter(page::canEncode).limit(200).toList();
    }

    /** Those of 200 that are not refused, and each refusal is one sentence. */
    private static List<String> passable(String script) {
        List<String> passable = new ArrayList<>();
        for (String argument : hostile()) {
            try {
                Program.typed(List.of(script, argument)).requirePassable();
                passable.add(argument);
            } catch (StoreException e) {
                assertEquals(StoreException.Reason.REFUSED, e.reason());
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
        assertTrue(passable.size() > 60, "only " + passable.size() + " pass");
        return passable;
    }

    private static List<List<String>> parts(List<String> all, int size) {
        List<List<String>> parts = new ArrayList<>();
        for (int i = 0; i < all.size(); i += size) parts.add(all.subList(i, Math.min(all.size(), i + size)));
        return parts;
    }

    private String script(String name, String text) throws IOException {
        return Files.writeString(dir.resolve(name), text, StandardCharsets.US_ASCII).toString();
    }

    @Test
    void aScriptIsOneWhateverFollowsItsName() throws Exception {
        String script = script("agent.cmd", FORWARDING);
        String without = script.substring(0, script.length() - 4);
        for (String name : List.of(without + ".CMD", script + ".", script + " ", without)) {
            assertEquals(List.of(coded("!PATH!"), coded("a&ver")), got(List.of(name, "!PATH!", "a&ver")), name);
            assertThrows(StoreException.class, () -> got(List.of(name, "%OS%")), name);
        }
        assertThrows(NoSuchFileException.class, () -> got(List.of(without + "2")));
    }

    /** A program that takes any character: cmd itself. */
    @Test
    void aNameOfAnyCharactersGetsThrough() throws Exception {
        String script = script("making.cmd", "@mkdir \"%~1\"\r\n");
        Path name = dir.resolve("図 表 & größe");
        got(List.of(script, name.toString()));
        assertTrue(Files.isDirectory(name));
        got(List.of("cmd", "/d", "/c", "rmdir", name.toString()));
        assertTrue(Files.notExists(name));
    }

    /** A printed command, pasted: cmd reads it, and once more the script that it starts. */
    @Test
    @Needs(Need.NOT_WINE)
    void aPrintedLineGetsThroughCmdAndTheScriptThatHandsItOn() throws Exception {
        String script = script("hands & on.cmd", FORWARDING);
        List<String> arguments = List.of("\\\\server\\my share\\", "D:\\%OS% & more\\", "100%", "a ^ b", "say \"a & b\"",
                "(x)", "plain", "last \\");
        System.setProperty("telemetry.jbangw", script);
        try {
            String line = Next.command("logs", arguments.toArray(String[]::new)).command().toString();
            ProcessBuilder shell = Program.shell(line, "LINE");
            shell.environment().putAll(Map.of(TOLD, told.toString(), "REAL", java, "REAL_PATH", System.getProperty("java.class.path")));
            assertEquals(0, shell.inheritIO().start().waitFor(), line);
            List<String> expected = Stream.concat(Stream.of("logs"), arguments.stream()).map(ProgramRunTest::coded).toList();
            assertEquals(expected, Files.readAllLines(told), line);
        } finally {
            System.clearProperty("telemetry.jbangw");
        }
    }

    @Test
    void theShellsLineIsTheOperatorsOwn() throws Exception {
        Path to = Files.createDirectory(dir.resolve("my alerts"));
        ProcessBuilder shell = Program.shell("\"" + java + "\" -version 2>\"%ALERTS%\\it came.txt\" && cd \\", "LINE");
        shell.environment().put("ALERTS", to.toString());
        assertEquals(0, shell.start().waitFor());
        assertTrue(Files.size(to.resolve("it came.txt")) > 0);
    }

    @Test
    void trackStartsWhatCmdStartsAndRefusesWhatItWouldChange() throws Exception {
        Path store = Fixture.V3.empty(dir.resolve("store")).base();
        script("agent.cmd", "@echo got %1\r\n@exit /b 5\r\n");
        script("agent", "#!/bin/sh\n");
        String name = dir.resolve("agent").toString();
        Script run = track(store, name, "a&ver");
        assertEquals(5, run.exit(), run.err());
        assertEquals("got \"a&ver\"", run.out().strip());
        Script refused = track(store, name, "ok", "%OS%");
        assertEquals(64, refused.exit());
        assertEquals("track: cannot start agent.cmd: argument 2 has a percent sign, and cmd, which runs it, would not hand that on unchanged",
                refused.err().strip());
        assertEquals("", refused.out());
        script("tool1.2.cmd", "@echo tool\r\n");
        Script tool = track(store, "tool1.2");
        assertEquals("tool", tool.out().strip(), tool.err());
        Script none = track(store, name + "2");
        assertEquals(127, none.exit());
        assertTrue(none.err().contains(name + "2: command not found"), none.err());
        try (Stream<Path> days = Files.list(store.resolve("raw"))) {
            assertFalse(Files.readString(days.findFirst().orElseThrow()).contains("%OS%"));
        }
    }

    private Script track(Path store, String... command) throws Exception {
        List<Object> arguments = new ArrayList<>(List.of("--agent", "a", "--job", "j", "--store", store, "--"));
        arguments.addAll(List.of(command));
        return Script.runProcess(Map.of("PATH", dir + ";" + System.getenv("PATH")), "track", arguments.toArray());
    }
}
