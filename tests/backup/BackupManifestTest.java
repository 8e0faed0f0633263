package telemetry.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.StoreException;
import telemetry.os.Sha256;

/** Whoever can write a manifest can seal it, too. */
class BackupManifestTest {
    @TempDir
    Path dir;
    private Path backup;
    private String members;

    @BeforeEach
    void aManifest() {
        backup = dir.resolve("telemetry_backup_20261120_120000.sqlite");
        String text = new BackupManifest(Instant.parse("2026-11-20T12:00:00Z"), 4096, "ab", 4096, "ab", BackupCheck.FULL, "v3", "wal",
                4096, "3.54.1", 0L, Map.of("agent_runs", 5L)).text();
        members = text.substring(0, text.lastIndexOf(",\n  \"seal\"")) + "\n}";
    }

    @Test
    void whatWasWrittenIsRead() throws IOException {
        assertEquals(5, read(members).runs());
    }

    @ParameterizedTest
    @ValueSource(strings = {"time=null", "time=\"x\"", "time=5", "time={}", "bytes=-1", "bytes=null", "bytes=1e30", "bytes=\"5\"",
        "content_bytes=-1", "content_bytes=1.5", "page_size=-4096", "page_size=[]", "schema=null", "journal_mode=null", "check=\"evil\"",
        "check=null", "rows=null", "rows=5", "rows={\"agent_runs\": -5}", "rows={\"agent_runs\": \"5\"}", "rows={\"agent_runs\": null}",
        "rows={\"agent_runs\": {}}", "sha256={}x", "sqlite=null", "orphans=\"x\"", "orphans=1e400"})
    void aSealedOneWithOddTypesIsDamaged(String odd) {
        String[] parts = odd.split("=", 2);
        String with = members.replaceFirst("\"" + parts[0] + "\": (\\{[^}]*\\}|[^,\\n]*)", "\"" + parts[0] + "\": " + parts[1]);
        StoreException refused = assertThrows(StoreException.class, () -> read(with), with);
        assertEquals(StoreException.Reason.DAMAGED, refused.reason());
    }

    private BackupManifest read(String members) throws IOException {
        String seal = Sha256.of(members.getBytes(StandardCharsets.UTF_8));
        Files.writeString(BackupManifest.of(backup), members.substring(0, members.lastIndexOf('\n')) + ",\n  \"seal\": \"" + seal
                + "\"\n}\n");
        return BackupManifest.read(backup);
    }
}
