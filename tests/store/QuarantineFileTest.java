package telemetry.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Damage;
import telemetry.LogEntry;
import telemetry.text.Notes;

class QuarantineFileTest {
    private static final int MOST = 10_000;

    @TempDir
    Path dir;

    @Test
    void beyondItsRoomDamageIsOnlyCounted() throws IOException {
        List<String> said = new ArrayList<>();
        Notes.begin(said::add);
        Path file = dir.resolve("quarantine/rebuild-20261120_120000/lines.ndjson");
        try (var quarantine = new Quarantine(file, MOST)) {
            for (int i = 0; i < 100; i++)
                quarantine.add(new LogEntry(dir.resolve("events_20261120.ndjson"), i * 300L, 300, new byte[300], new Damage("no JSON")));
            quarantine.add("agent_runs", Map.of("run_id", "x"), "too late");
        }
        List<String> lines = Files.readAllLines(file);
        assertTrue(Files.size(file) < MOST + 100 && lines.size() > 10, "bytes: " + Files.size(file));
        assertEquals("{\"reason\":\"only counted\",\"more\":" + (102 - lines.size()) + "}",
                lines.get(lines.size() - 1).replaceFirst("\\{(\"more\":\\d+),(.*)\\}", "{$2,$1}"));
        assertTrue(said.get(0).startsWith(file + " has ") && said.get(0).endsWith("are only counted in its last line"), said.toString());
    }
}
