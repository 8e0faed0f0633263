import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** What a command's exit code says when its output arrives nowhere. A shell redirects real processes. */
@Needs({Need.SH, Need.PROC})
class StdoutTest {
    private static final String LOST = ": cannot write to stdout: ";

    @TempDir
    static Path dir;
    private static Store store;

    @BeforeAll
    static void fill() {
        store = Fixture.V3.filled(dir.resolve("store"), 300, Instant.now());
    }

    /** What a command said on stderr, and its exit code, its stdout going elsewhere. */
    private record Ended(int exit, String err) {

        /** @param to a redirection, or a pipe and its reader */
        static Ended of(String to, String script, Object... args) throws IOException, InterruptedException {
            Path code = Files.createTempFile(dir, "code", "");
            Path err = Files.createTempFile(dir, "err", "");
            List<String> sh = new ArrayList<>(List.of("sh", "-c", "{ \"$@\"; echo $? >'" + code + "'; } 2>'" + err + "' " + to, "sh"));
            sh.addAll(Script.processBuilder(Map.of(), script, args).command());
            assertEquals(0, new ProcessBuilder(sh).inheritIO().start().waitFor());
            return new Ended(Integer.parseInt(Files.readString(code).strip()), Files.readString(err));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"query recent", "query recent --csv", "query sql SELECT*FROM[agent_runs] --ndjson", "logs --raw",
            "logs --json", "backup list", "runbook --list", "health", "health --nagios", "query --help", "track --version"})
    void aFullDiskIsOneLineAndNeverSuccess(String command) throws Exception {
        List<Object> words = new ArrayList<>(List.of((Object[]) command.split(" ")));
        String script = words.remove(0).toString();
        if (!script.equals("runbook")) words.addAll(List.of("--store", store.base()));
        Ended ended = Ended.of(">/dev/full", script, words.toArray());
        assertEquals(2, ended.exit(), ended.err());
        if (!command.contains("--nagios"))
            assertEquals(1, ended.err().lines().filter(line -> line.endsWith(LOST + "No space left on device")).count(), ended.err());
    }

    @Test
    void aClosedStdoutIsNoSuccess() throws Exception {
        for (String format : List.of("--csv", "--json")) {
            Ended ended = Ended.of(">&-", "query", "recent", format, "--store", store.base());
            assertEquals(2, ended.exit(), ended.err());
            assertTrue(ended.err().contains("query recent" + LOST) || ended.err().contains("query" + LOST), ended.err());
        }
    }

    /** The verdict counts, and what was to be done is done. */
    @Test
    void whereTheReaderHasGoneTheExitCodeStays() throws Exception {
        Ended missing = Ended.of("| true", "health", "--store", dir.resolve("none"));
        assertEquals(new Ended(2, ""), missing);
        assertEquals(new Ended(0, ""), Ended.of("| true", "backup", "--store", store.base()));
        assertEquals(2, Folder.names(store.backups()).size(), "a backup and its manifest");
        assertEquals(new Ended(0, ""), Ended.of("| head -n 1 >/dev/null", "logs", "--raw", "--store", store.base()));
    }
}
