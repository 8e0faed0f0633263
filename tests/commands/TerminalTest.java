import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** What a real terminal shows; util-linux's script makes one. */
@Needs({Need.SH, Need.PROC})
class TerminalTest {
    private static final String ESCAPE = "\u001b";

    @TempDir
    static Path dir;
    private static Store store;

    @BeforeAll
    static void fill() {
        store = Fixture.V3.filled(dir.resolve("store"), 60, Instant.now());
    }

    /** @param set what the shell does before, such as {@code stty cols 130} */
    private static String shown(String set, String script, Object... args) throws Exception {
        assumeTrue(new ProcessBuilder("sh", "-c", "command -v script").start().waitFor() == 0, "needs util-linux's script, for a terminal");
        List<String> words = new ArrayList<>(Script.processBuilder(Map.of(), script, args).command());
        words.replaceAll(word -> "'" + word.replace("'", "'\\''") + "'");
        var process = new ProcessBuilder("script", "-qec", set + "; " + String.join(" ", words), "/dev/null").redirectErrorStream(true);
        process.environment().keySet().removeAll(List.of("COLUMNS", "NO_COLOR"));
        process.environment().put("TERM", "xterm");
        Process started = process.start();
        started.getOutputStream().close();
        String shown = new String(started.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        started.waitFor();
        return shown.replace("\r\n", "\n");
    }

    private static int widest(String text) {
        return text.replaceAll(ESCAPE + "\\[\\d*m", "").lines().mapToInt(String::length).max().orElse(0);
    }

    @Test
    void aWideTerminalHasRoomForAgentAndDuration() throws Exception {
        String wide = shown("stty cols 140", "query", "recent", "--store", store.base());
        assertTrue(wide.matches("(?s)run_id +agent +job_type +status +start_time +duration\n.* docs-crawler .* 1 min\n.*"), wide);
        String narrow = shown("stty cols 100", "query", "recent", "--store", store.base());
        assertTrue(narrow.matches("(?s)run_id +job_type +status +start_time\n.*"), narrow);
        assertTrue(shown("export COLUMNS=140; stty cols 90", "query", "recent", "--store", store.base()).contains(" duration\n"));
        Script pipe = Script.runProcess(Map.of("COLUMNS", "200"), "query", "recent", "--store", store.base());
        assertFalse(pipe.out().contains("duration"), pipe.out());
    }

    @Test
    void onlyOnATerminalALongCellIsCut() throws Exception {
        Object[] sql = {"sql", "SELECT printf('%.200c', 'x') AS long, 1 AS n", "--store", store.base()};
        assertTrue(shown("stty cols 80", "query", sql).contains("x".repeat(59) + "…  1\n"));
        assertTrue(shown("stty cols 180", "query", sql).contains("x".repeat(159) + "…  1\n"));
        assertTrue(Script.runProcess(Map.of(), "query", sql).out().contains("x".repeat(200) + "  1\n"));
    }

    @Test
    void aLineOfTheLogsFitsTheTerminal() throws Exception {
        Fixture.append(store, Instant.now(), Fixture.V3.run(99, Instant.now()).with("error_summary", "x".repeat(300)));
        assertTrue(widest(shown("stty cols 130", "logs", "--store", store.base())) == 130);
        assertTrue(Script.runProcess(Map.of(), "logs", "--store", store.base()).out().contains("x".repeat(300)));
    }

    @Test
    void helpAndReportsAreAsWideAsTheTerminal() throws Exception {
        int help = widest(shown("stty cols 120", "health", "--help"));
        assertTrue(help > 100 && help <= 120, help + " columns");
        assertTrue(widest(Script.runProcess(Map.of(), "health", "--help").out()) <= 80);
        String report = shown("stty cols 200; export NO_COLOR=1", "health", "--store", dir.resolve("a store that is not there"));
        assertTrue(widest(report) > 90 && widest(report) <= 200, report);
    }

    @Test
    void aStatusHasAColourOnATerminalThatMayHaveIt() throws Exception {
        Object[] args = {"--quick", "--store", store.base()};
        String coloured = shown(":", "health", args);
        assertTrue(coloured.contains(ESCAPE + "[32mok" + ESCAPE + "[0m       storage ")
                && coloured.contains("\n" + ESCAPE + "[33mwarning" + ESCAPE + "[0m: "), coloured);
        for (String set : List.of("export NO_COLOR=1", "export TERM=dumb", "unset TERM"))
            assertFalse(shown(set, "health", args).contains(ESCAPE), set);
        assertFalse(shown(":", "health", "--json", "--store", store.base()).contains(ESCAPE));
        assertEquals(-1, Script.runProcess(Map.of("TERM", "xterm"), "health", args).out().indexOf(ESCAPE));
    }
}
