package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.StoreException;
import telemetry.kit.Hostile;
import telemetry.kit.WindowsLine;

/** How Windows gets a program and its arguments; ProgramRunTest starts some there. */
@Tag("system")
class ProgramTest {
    private static final Map<String, String> ENV = new TreeMap<>(Map.of("OS", "Windows_NT", "PATH", "C:\\bin", "SystemRoot", "D:\\WINNT",
            "CD", "C:\\x"));

    @Test
    void aProgramGetsEveryArgumentAsItIs() {
        List<String> hostile = Hostile.arguments(2_000);
        String line = WindowsLine.ofJava(Program.words("C:\\my tools\\agent.exe", hostile, ENV));
        List<String> expected = new ArrayList<>(List.of("C:\\my tools\\agent.exe"));
        expected.addAll(hostile);
        assertEquals(expected, WindowsLine.words(line));
        assertEquals(expected, WindowsLine.systemWords(line));
    }

    @Test
    void aScriptGetsAnArgumentAsItIsOrIsNotStarted() {
        int refused = 0;
        for (String argument : Hostile.arguments(2_000)) {
            List<String> words;
            try {
                words = Program.words("C:\\my tools & more\\agent.cmd", List.of("first", argument, "last one"), ENV);
            } catch (StoreException e) {
                assertTrue(e.what().startsWith("cannot start agent.cmd: argument 2 "), e.what());
                assertTrue(argument.matches("(?s).*[%\"\\p{Cntrl}].*|.*\\\\"), "needlessly refused: " + argument);
                refused++;
                continue;
            }
            assertEquals(List.of("D:\\WINNT\\System32\\cmd.exe", "/d", "/e:on", "/v:off", "/c"), words.subList(0, 5));
            String read = WindowsLine.typed(WindowsLine.behindC(WindowsLine.ofJava(words)), ENV);
            assertTrue(read.startsWith("\"C:\\my tools & more\\agent.cmd\" first "), read);
            String all = WindowsLine.behindProgram(read);
            List<String> expected = List.of("real.exe", "first", argument, "last one");
            assertEquals(expected, WindowsLine.words(WindowsLine.forwarded("real.exe " + all)), argument);
            List<String> parameters = WindowsLine.parameters(all);
            assertEquals(expected.subList(1, 4), parameters);
            String quoted = "real.exe \"" + String.join("\" \"", parameters) + '"';
            assertEquals(expected, WindowsLine.words(WindowsLine.forwarded(quoted)), argument);
        }
        assertTrue(refused > 200, "refused: " + refused);
    }

    @ParameterizedTest
    @ValueSource(strings = {"agent.cmd", "agent.CMD", "agent.bat", "agent.cmd.", "agent.cmd ", "agent.Cmd. .", "agent.vbs"})
    void whatCmdRunsIsToldByTheNameThatIsLeft(String name) {
        assertEquals("D:\\WINNT\\System32\\cmd.exe", Program.words("C:\\x\\" + name, List.of("!PATH!"), ENV).get(0));
        assertThrows(StoreException.class, () -> Program.words("C:\\x\\" + name, List.of("%PATH%"), ENV));
    }

    @Test
    void aWordThatScriptsCompareComesWithoutMarks() {
        assertEquals("\"\"C:\\x\\agent.cmd\" start --all D:\\x \"a b\"\"",
                Program.words("C:\\x\\agent.cmd", List.of("start", "--all", "D:\\x", "a b"), ENV).get(5));
        StoreException tooLong = assertThrows(StoreException.class, () -> Program.words("C:\\a.cmd", List.of("x".repeat(8_200)), ENV));
        assertEquals("cannot start a.cmd: the line has more than 8191 characters, and cmd, which runs it, would not hand that on unchanged",
                tooLong.getMessage());
        assertThrows(StoreException.class, () -> Program.words("C:\\100%\\%OS%\\a.cmd", List.of(), ENV));
    }

    @ParameterizedTest
    @CsvSource({"agent, here/agent.CMD", "tool, bin/tool.exe", "tool1.2, bin/tool1.2.exe", ".\\agent, .\\agent.cmd",
            "dir\\agent, dir\\agent.cmd", "dir/agent, dir/agent.cmd", "C:\\dir\\agent, C:\\dir\\agent.cmd", "C:\\dir\\agent.CMD, C:\\dir\\agent.CMD",
            "agent.cmd., here/agent.cmd", "'agent.cmd ', here/agent.cmd", "both, bin/both.com", "data.bin, bin/data.bin", "semi, a;b/semi.exe"})
    void aNameIsLookedUpAsCmdDoesIt(String name, String file) {
        Set<String> files = Set.of("here/agent.cmd", "bin/tool.exe", "bin/tool1.2.exe", "bin/tool1.2", ".\\agent.cmd", ".\\agent",
                "dir\\agent.cmd", "dir/agent.cmd", "c:\\dir\\agent.cmd", "bin/both.exe", "bin/both.com", "bin/data.bin", "a;b/semi.exe",
                "bin/sh", "bin/agent.exe");
        Optional<String> found = Program.found(name, "here", path("bin", "\"a;b\""), any -> files.contains(neutral(any)));
        assertEquals(Optional.of(neutral(file)), found.map(ProgramTest::neutral));
    }

    /** As Linux joins a folder of the path and a name, and without capitals. */
    private static String neutral(String file) {
        return file.toLowerCase(Locale.ROOT).replaceFirst("^(here|bin|a;b)\\\\", "$1/");
    }

    @Test
    void whatIsNotThereIsNotLookedForElsewhere() {
        Set<String> files = Set.of("here/agent.cmd", "here/git.exe", "bin/sh", "bin/x.cmd");
        Map<String, String> env = path("bin");
        for (String name : List.of("", ".", " ", "sh", "y", "x.exe", ".\\x", "a\"b"))
            assertEquals(Optional.empty(), Program.found(name, "here", env, file -> files.contains(neutral(file))), name);
        assertEquals(Optional.empty(), Program.found("git", null, env, file -> files.contains(neutral(file))), "git");
        env.put("NoDefaultCurrentDirectoryInExePath", "");
        assertEquals(Optional.empty(), Program.found("agent", "here", env, file -> files.contains(neutral(file))));
        env.put("PATHEXT", ".PY");
        assertEquals(Optional.of("bin/y.exe"), Program.found("y", "here", env, file -> neutral(file).equals("bin/y.exe"))
                .map(ProgramTest::neutral));
        Set<String> scripts = Set.of("bin/x.cmd", "bin/x.py");
        assertEquals(Optional.of("bin/x.py"), Program.found("x", "here", env, file -> scripts.contains(neutral(file)))
                .map(ProgramTest::neutral));
    }

    private static Map<String, String> path(String... folders) {
        Map<String, String> env = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        env.put("PATH", String.join(File.pathSeparator, folders));
        return env;
    }

    @Test
    void aLineForTheShellKeepsItsMarksAndVariables() {
        Map<String, String> env = new TreeMap<>(ENV);
        env.put("TO", "D:\\my alerts");
        for (String line : List.of("copy con \"%TO%\\a b.txt\"", "\"C:\\my tools\\tell.exe\" \"x y\"", "find \"x\" C:\\",
                "type con > \"%TO%\\x\"")) {
            String all = WindowsLine.ofJava(Program.shell(line, env));
            assertTrue(all.startsWith("D:\\WINNT\\System32\\cmd.exe /d /s /c \""), all);
            assertEquals(line, WindowsLine.behindC(all).stripTrailing());
        }
        assertEquals("copy con \"D:\\my alerts\\a b.txt\"", WindowsLine.typed("copy con \"%TO%\\a b.txt\"", env));
    }

    @Test
    void thisSystemGetsTheWordsAsTheyAre() throws Exception {
        if (Machine.isWindows()) return;
        List<String> command = Stream.concat(Stream.of("no such"), Hostile.arguments(50).stream()).toList();
        ProcessBuilder builder = Program.typed(command).with("TELEMETRY_X", "1").with("PATH", null).builder();
        assertEquals(command, builder.command());
        assertEquals("1", builder.environment().get("TELEMETRY_X"));
        assertFalse(builder.environment().containsKey("PATH"));
        Program.typed(List.of("x.cmd", "%OS%")).requirePassable();
    }
}
