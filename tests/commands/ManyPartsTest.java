import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.text.Ndjson;

/** A day whose late lines came one by one, each after an archiving: every command gives each line once, and knows the next number. */
class ManyPartsTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    private Store store(int parts) throws IOException {
        Store store = Fixture.V3.empty(dir.resolve("s" + parts));
        Path month = Files.createDirectories(store.archive().resolve("year=2026/month=11"));
        var plain = new StringBuilder();
        for (int n = 1; n <= parts; n++) {
            String line = Ndjson.line(Fixture.V3.run(0, NOON).with("run_id", "r" + n)) + "\n";
            plain.append(line);
            Files.write(month.resolve("events_20261120" + (n == 1 ? "" : "." + n) + ".ndjson.gz"), gzipped(line));
        }
        Files.writeString(store.raw().resolve("events_20261120.ndjson"), plain + Ndjson.line(Fixture.V3.run(0, NOON).with("run_id", "late")) + "\n");
        Files.setLastModifiedTime(store.raw().resolve("events_20261120.ndjson"), FileTime.from(NOON));
        return store;
    }

    private static byte[] gzipped(String line) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(line.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    @Test
    void everyCommandGivesEachLineOnce() throws IOException {
        int parts = 150;
        Store store = store(parts);
        assertEquals(parts + 1, lines(Script.on(store, new logs(), "2026-11-20", "--raw").out()));
        Script rebuilt = Script.on(store, new rebuild(), "--yes");
        assertTrue(rebuilt.said().contains(parts + 1 + " runs"), rebuilt.said());
        Script archived = Script.on(store, new archive(), "--older-than", "1d", "--yes");
        assertEquals(0, archived.exit(), archived.said());
        assertTrue(Files.exists(store.archive().resolve("year=2026/month=11/events_20261120." + (parts + 1) + ".ndjson.gz")));
        assertEquals(parts + 1, lines(Script.on(store, new logs(), "2026-11-20", "--raw").out()));
        Script verified = Script.on(store, new archive(), "verify");
        assertTrue(verified.said().contains(parts + 1 + " of " + (parts + 1) + " archived files are right"), verified.said());
        assertEquals(parts + 2, lines(Script.on(store, new archive(), "list").out()), "a line a file, and the headings");
    }

    private static long lines(String text) {
        return text.lines().filter(line -> !line.isBlank()).count();
    }
}
