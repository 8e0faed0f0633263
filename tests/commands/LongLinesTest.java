import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** Lines of many megabytes, which Python's writers do not refuse. */
class LongLinesTest {
    private static final int MB = 1 << 20;

    @TempDir
    Path dir;

    private Store store;
    private Path day;

    @BeforeEach
    void aStore() {
        store = Fixture.V3.empty(dir);
        day = store.raw().resolve("events_20261120.ndjson");
    }

    private static byte[] end(String id, String text) {
        return ("{\"run_id\": \"" + id + "\", \"agent_name\": \"a\", \"start_time\": \"2026-11-20T10:00:00Z\", \"status\": \"success\", "
                + "\"input_summary\": \"" + text + "\"}\n").getBytes(StandardCharsets.UTF_8);
    }

    /** In the memory that the script has. */
    private static String inRebuildsMemory(String script, Object... args) throws IOException, InterruptedException {
        ProcessBuilder builder = Script.processBuilder(Map.of(), script, args);
        List<String> command = new ArrayList<>(builder.command());
        command.addAll(1, List.of("-Xmx512m", "-Xmn64m"));
        Process process = builder.command(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    @Test
    void aRecordOfUpTo64MegabytesIsReadWholeAndDamageIsKeptUpToThere() throws Exception {
        byte[] damaged = ("{\"run_id\": \"cut\", \"input_summary\": \"" + "y".repeat(5 * MB) + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] endless = new byte[70 * MB];
        Arrays.fill(endless, (byte) 'z');
        endless[endless.length - 1] = '\n';
        long begun = 0;
        try (var out = Files.newOutputStream(day)) {
            byte[][] all = {end("one", "short"), end("huge", "x".repeat(63 * MB)), end("two", "short"), damaged,
                end("mixed", "\u4e2d\u00e9x".repeat(3 * MB)), endless, end("three", "x".repeat(20 * MB)), end("four", "short")};
            for (byte[] line : all) {
                out.write(line);
                if (line != endless && begun >= 0) begun += line.length;
                if (line == endless) begun = -begun;
            }
        }
        String said = inRebuildsMemory("rebuild", "--yes", "--store", dir);
        try (Database database = Database.openToRead(store.database())) {
            assertEquals(List.of("four 5", "huge 66060288", "mixed 9437184", "one 5", "three 20971520", "two 5"),
                    database.query("SELECT run_id || ' ' || length(input_summary) AS said FROM agent_runs ORDER BY run_id").stream()
                            .map(row -> row.text("said")).toList(), said);
        }
        Path kept = Path.of(said.replaceAll("(?s).*kept in (.*damaged.ndjson).*", "$1"));
        try (var lines = Files.newBufferedReader(kept)) {
            String first = lines.readLine();
            assertTrue(first.length() > 5 * MB / 3 * 4 && first.contains("\"length\":" + (damaged.length - 1) + ","),
                    first.substring(0, 300));
            String second = lines.readLine();
            String said64 = second.substring(0, 300);
            assertTrue(said64.contains("longer than 64 MiB") && said64.contains("\"length\":" + (endless.length - 1) + ","), said64);
            assertTrue(said64.contains("\"not_kept_from\":" + (-begun + 64 * MB)), said64 + begun);
        }
        try (Database database = Database.open(store.database())) {
            database.update("DELETE FROM agent_runs WHERE run_id IN ('huge', 'three')");
        }
        said = inRebuildsMemory("rebuild", "--replay-only", "--yes", "--store", dir);
        assertTrue(said.contains(" 2 added, 0 completed"), said);
    }

    @Test
    void rawIsRawToTheByte() throws IOException {
        var content = new ByteArrayOutputStream();
        content.write(end("one", "short"));
        content.write(("torn " + "z".repeat(3 * MB)).getBytes(StandardCharsets.UTF_8));
        content.write(new byte[] {(byte) 0xff, 0, '\r', '\n'});
        content.write(end("two", "x".repeat(2 * MB)));
        Files.write(day, content.toByteArray());
        Path gz = store.archive().resolve("year=2026/month=11/events_20261119.ndjson.gz");
        Files.createDirectories(gz.getParent());
        try (var out = new GZIPOutputStream(Files.newOutputStream(gz))) {
            out.write(content.toByteArray());
        }
        for (String shown : List.of("2026-11-20", "2026-11-19")) {
            Path out = dir.resolve("out");
            try {
                Script.processBuilder(Map.of(), "logs", shown, "--raw", "--store", dir).redirectOutput(out.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            assertArrayEquals(content.toByteArray(), Files.readAllBytes(out), shown);
        }
    }
}
