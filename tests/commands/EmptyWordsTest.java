import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** As a script gives them whose variable is not set. */
class EmptyWordsTest {

    @TempDir
    Path dir;

    @Test
    void anEmptyTextIsABadArgument() {
        Store store = Fixture.V3.filled(dir, 6, Instant.parse("2026-11-20T12:00:00Z"));
        Map<List<String>, Callable<Integer>> all = Map.ofEntries(
                Map.entry(List.of("--run", ""), new logs()),
                Map.entry(List.of("--agent", ""), new logs()),
                Map.entry(List.of("--grep", ""), new logs()),
                Map.entry(List.of("recent", "--agent", ""), new query()),
                Map.entry(List.of("recent", "--job="), new query()),
                Map.entry(List.of("agents", "--insight", ""), new query()),
                Map.entry(List.of("run", ""), new query()),
                Map.entry(List.of("chain", ""), new query()),
                Map.entry(List.of("sql", ""), new query()),
                Map.entry(List.of("runs", "--older-than", "30d", "--agent", "", "--dry-run"), new prune()),
                Map.entry(List.of("stale", "--older-than", "1h", "--agent", "", "--dry-run"), new prune()));
        all.forEach((words, script) -> {
            Script run = Script.on(store, script, words.toArray());
            assertEquals(64, run.exit(), words + " " + run);
            assertTrue(run.out().isEmpty() && !run.err().contains("\tat "), run.toString());
        });
    }
}
