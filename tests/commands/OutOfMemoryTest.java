import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.text.Ndjson;

/** A command that has too little memory says so in one line and ends with 2, or does with what it has. */
class OutOfMemoryTest {

    @TempDir
    Path dir;

    @Test
    void noCommandEndsInAnyOtherWay() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 60, Instant.parse("2026-11-20T12:00:00Z"));
        Files.writeString(store.raw().resolve("events_20261121.ndjson"),
                Ndjson.line(Fixture.V3.run(0, Instant.parse("2026-11-21T12:00:00Z")).with("error_summary", "e".repeat(30_000_000))) + "\n",
                StandardOpenOption.CREATE_NEW);
        try (Database database = Database.open(store.database())) {
            database.update("UPDATE agent_runs SET error_summary = printf('%.*c', 30000000, 'e'), agent_name = 'long' WHERE rowid = 3");
        }
        int ended = 0;
        for (String line : List.of("health", "query recent --limit 1000000 --json", "query run 00000002", "query agents", "query recent",
                "logs 2026-11-21", "logs 2026-11-21 --grep e --json", "logs --list", "prune stale --older-than 1h --dry-run",
                "prune runs --older-than 1d --dry-run", "prune adopt --dry-run", "rebuild --check-only", "rebuild --dry-run",
                "rebuild --replay-only --yes", "recover --dry-run", "backup", "backup list", "backup verify all",
                "backup restore latest --dry-run", "archive --older-than 1d --yes", "archive verify", "archive restore 2026-11-20",
                "maintain weekly", "upgrade --dry-run", "rebuild --yes", "backup restore latest --yes")) {
            List<Object> words = new ArrayList<>(List.of(line.split(" ")));
            String script = (String) words.remove(0);
            words.addAll(List.of("--store", store.base()));
            Script run = Script.runProcess(Map.of("JAVA_TOOL_OPTIONS", "-Xmx20m"), script, words.toArray());
            List<String> err = run.err().lines().filter(said -> !said.startsWith("Picked up")).toList();
            assertTrue(run.exit() < 4 && !run.err().contains("\tat "), line + ": " + run.exit() + " " + run.err());
            if (err.stream().noneMatch(said -> said.contains("out of memory"))) continue;
            ended++;
            assertEquals(2, run.exit(), line + ": " + run);
            assertEquals(1, err.stream().filter(said -> said.contains("memory")).count(), line + ": " + run.err());
        }
        assertTrue(ended > 0, "none of them ran out of memory");
    }
}
