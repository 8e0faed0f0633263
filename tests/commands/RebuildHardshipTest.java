import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.eclipsesource.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Script;
import telemetry.text.Ndjson;

/** Rebuilding from hostile lines, in little memory, on a full disk, and killed on the way. */
@Order(1)
class RebuildHardshipTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final List<String> runs = new ArrayList<>();
    private final Map<Integer, byte[]> damaged = new TreeMap<>();

    @Test
    void noLineStopsItAndTheNeighboursAreKeptIn128Megabytes() throws Exception {
        Store store = Fixture.V3.empty(dir);
        wholeRun("good-0");
        broken("{\"run_id\": \"cut long\", \"host\": \"" + "x".repeat(6 << 20), -1);
        accepted("long", "{\"run_id\": \"long\", \"host\": \"" + "x".repeat(10 << 20) + "\"}");
        broken("[".repeat(100_000), 100_000);
        broken("{\"run_id\": \"deep\", \"a\": " + "[".repeat(100_000), -1);
        broken("{\"run_id\": \"nul\", \"host\": \"a\0b\"}", -1);
        accepted("nul-escaped", "{\"run_id\": \"nul-escaped\", \"host\": \"a\\u0000b\"}");
        accepted("nan", "{\"run_id\": \"nan\", \"status\": \"success\", \"items_failed\": NaN, \"duration_ms\": -Infinity, "
                + "\"items_succeeded\": Infinity}");
        accepted("bom", "\uFEFF{\"run_id\": \"bom\"}");
        accepted("duplicate", "{\"run_id\": \"first\", \"status\": \"failed\", \"run_id\": \"duplicate\", \"status\": \"success\"}");
        accepted("lone-?", "{\"run_id\": \"lone-\\ud800\", \"host\": \"\\udc00\\ud800\"}");
        accepted("huge", "{\"run_id\": \"huge\", \"items_failed\": 1e999, \"items_succeeded\": 18446744073709551616, "
                + "\"duration_ms\": 1e3}");
        accepted("types", "{\"run_id\": \"types\", \"status\": [1], \"start_time\": 7, \"agent_name\": {}, \"metrics_json\": {\"a\": "
                + "[1]}, \"items_failed\": {\"n\": 1}, \"host\": true}");
        broken("null", -1);
        broken("[1, 2]", -1);
        broken("{\"run_id\": 5}", -1);
        broken("{\"run_id\": \"\"}", -1);
        broken("{}", -1);
        broken("\"text\"", -1);
        brokenBytes(new byte[] {'{', '"', 'r', 'u', 'n', '_', 'i', 'd', '"', ':', '"', (byte) 0xc3, (byte) 0x28, '"', '}'});
        damaged.put(lines.size(), "{\"run_id\": \"torn\", \"agent".getBytes(StandardCharsets.UTF_8));
        lines.writeBytes("{\"run_id\": \"torn\", \"agent".getBytes(StandardCharsets.UTF_8));
        accepted("glued", "{\"run_id\": \"glued\"}");
        accepted("\r", "{\"run_id\": \"\\r\"}\r");
        wholeRun("good-1");
        damaged.put(lines.size(), "{\"run_id\": \"torn tail\"".getBytes(StandardCharsets.UTF_8));
        lines.writeBytes("{\"run_id\": \"torn tail\"".getBytes(StandardCharsets.UTF_8));
        runs.remove("\r");
        damaged.put(new String(lines.toByteArray(), StandardCharsets.ISO_8859_1).indexOf("{\"run_id\": \"\\r\"}"),
                "{\"run_id\": \"\\r\"}\r".getBytes(StandardCharsets.UTF_8));
        Path day = store.raw().resolve("events_20261120.ndjson");
        Files.write(day, lines.toByteArray());
        Files.delete(store.database());

        Process process = small(Script.processBuilder(Map.of(), "rebuild", "--store", dir, "--yes")).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(1, process.waitFor(), out);
        assertEquals(runs.stream().sorted().toList(), runIds(store));
        try (Database database = Database.open(store.database())) {
            assertEquals("success", database.value("SELECT status FROM agent_runs WHERE run_id = 'duplicate'"));
            assertEquals("a\0b", database.value("SELECT host FROM agent_runs WHERE run_id = 'nul-escaped'"));
            assertEquals("{\"a\": [1]}", database.value("SELECT metrics_json FROM agent_runs WHERE run_id = 'types'"));
        }
        List<String> kept = Files.readAllLines(Path.of(out.replaceAll("(?s).*kept in (.*damaged.ndjson).*", "$1")));
        List<String> expected = new ArrayList<>();
        damaged.forEach((offset, bytes) -> expected.add("\"offset\":" + offset + ",\"length\":"
                + bytes.length + " " + Arrays.hashCode(bytes)));
        assertEquals(expected, kept.stream().map(line -> line.replaceAll("\\{\"file\":\"[^\"]*\",(.*),\"reason\":\".*", "$1 ")
                + Arrays.hashCode(Base64.getDecoder().decode(line.replaceAll(".*\"bytes\":\"(.*)\"}", "$1")))).toList());
        assertTrue(kept.get(0).startsWith("{\"file\":" + Json.value(day.toString()) + ",") && kept.get(0).contains("\"reason\":\"no JSON: "),
                kept.get(0).substring(0, 200));
    }

    @Test
    void linesOfNearlyOneMegabyteNeedNoMoreMemory() throws Exception {
        Store store = Fixture.V3.empty(dir);
        String text = "x".repeat(900_000);
        try (var out = Files.newBufferedWriter(store.raw().resolve("events_20261120.ndjson"))) {
            for (String status : List.of("running", "success"))
                for (int n = 0; n < 120; n++)
                    out.write("{\"run_id\": \"r" + n + "\", \"status\": \"" + status + "\", \"input_summary\": \"" + text + "\"}\n");
        }
        Files.delete(store.database());
        Process process = small(Script.processBuilder(Map.of(), "rebuild", "--store", dir, "--yes")).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), out);
        try (Database database = Database.open(store.database())) {
            String whole = "SELECT count(*) FROM agent_runs WHERE status = 'success' AND length(input_summary) = 900000";
            assertEquals(120, database.number(whole));
        }
    }

    @Test
    void aDiskThatFillsUpWhileMuchIsReadStopsTheReadingToo() throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "1m"), "needs the right to mount a small file system");
        try {
            Store store = Fixture.V3.filled(dir.resolve("store"), 12_000, NOON);
            var threads = new ThreadGroup("of this rebuild");
            var rebuilding = new FutureTask<>(
                    () -> Script.run(new rebuild(), "--store", store.base(), "--into", disk.resolve("new.sqlite")));
            new Thread(threads, rebuilding).start();
            Script result = rebuilding.get();
            assertEquals(2, result.exit(), result.err());
            assertTrue(result.err().contains("no space left on the disk"), result.err());
            assertEquals(List.of(), Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getThreadGroup() == threads)
                    .map(Thread::getName).filter("preparing"::equals).toList());
            assertEquals(Map.of(), content(disk));
        } finally {
            Mounts.unmount(disk);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"intact", "absent", "damaged"})
    void aDiskThatIsFullAtAnyStepOf4KbChangesNothingAndSaysSo(String state) throws Exception {
        Path disk = Files.createDirectory(dir.resolve("disk"));
        assumeTrue(Mounts.tmpfs(disk, "2m"), "needs the right to mount a small file system");
        try {
            Store store = Fixture.V3.filled(disk, 150, NOON);
            try (Database database = Database.open(store.database())) {
                database.update("DELETE FROM agent_runs WHERE rowid % 5 = 0");
                database.update("UPDATE agent_runs SET api_posted = 1");
            }
            if (state.equals("absent")) Files.delete(store.database());
            if (state.equals("damaged")) Files.write(store.database(), Arrays.copyOf(Files.readAllBytes(store.database()), 50_000));
            Map<Path, Integer> before = content(disk);
            Path filler = disk.resolve("filler");
            int failed = 0;
            for (long free = 0; ; free += 4096) {
                leave(filler, disk, free);
                Script result = Script.run(new rebuild(), "--store", disk, "--yes");
                if (result.exit() < 2) break;
                failed++;
                assertEquals(2, result.exit(), free + result.err());
                assertTrue(result.err().contains("no space left on the disk"), free + result.err());
                Files.deleteIfExists(filler);
                Map<Path, Integer> after = content(disk);
                for (String own : List.of("-shm", "-wal")) after.remove(Path.of(store.database() + own));
                assertEquals(before, after, "with " + free + " bytes free");
            }
            assertTrue(failed > 20, "it failed " + failed + " times");
            Files.deleteIfExists(filler);
            assertEquals(150, runIds(store).size());
            assertEquals(0, Script.run(new rebuild(), "--store", disk, "--yes").exit());
        } finally {
            Mounts.unmount(disk);
        }
    }

    @Test
    void killedAnywhereTheNextCallConverges() throws Exception {
        kill(6);
    }

    @Test
    @Tag("torture")
    void killedFiftyTimesAnywhereTheNextCallConverges() throws Exception {
        kill(50);
    }

    private void kill(int times) throws Exception {
        Store whole = Fixture.V3.filled(dir.resolve("whole"), 6000, NOON);
        List<String> all = runIds(whole);
        byte[] good = Files.readAllBytes(whole.database());
        var random = new Random();
        for (int i = 0; i < times; i++) {
            Store store = Store.at(Fixture.copy(whole.base(), dir.resolve("k" + i)));
            int state = i % 3;
            byte[] before = state == 0 ? good : state == 1 ? new byte[0] : Arrays.copyOf(good, good.length / 2);
            if (state == 1) Files.delete(store.database());
            else Files.write(store.database(), before);
            Process process = Script.processBuilder(Map.of(), "rebuild", "--store", store.base(), "--yes")
                    .redirectErrorStream(true).start();
            boolean ended = process.waitFor(600 + random.nextInt(2500), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            String where = "state " + state + (ended ? " ended" : " killed");
            if (state == 0) assertEquals(all, runIds(store), where);
            if (state != 0 && Files.exists(store.database()) && !Arrays.equals(before, Files.readAllBytes(store.database())))
                assertEquals(all, runIds(store), where);
            for (Path kept : content(store.quarantine()).keySet())
                if (kept.endsWith("telemetry.sqlite") && state == 0)
                    assertEquals(all, runIds(new Store(store.base(), kept, store.raw(), "test")), where);
            Script again = Script.run(new rebuild(), "--store", store.base(), "--yes");
            assertTrue(again.exit() < 2, where + again.err());
            assertEquals(all, runIds(store), where);
            assertEquals(List.of(), unfinished(store.database().getParent()), where);
        }
    }

    @Test
    @Tag("torture")
    void aMillionLinesOfManyWritersNeedNoMoreMemory() throws Exception {
        Store store = Fixture.V3.empty(dir);
        Path day = store.raw().resolve("events_20261120.ndjson");
        try (var out = Files.newBufferedWriter(day)) {
            for (int n = 0; n < 500_000; n++) {
                out.write("{\"run_id\": \"r" + n + "\", \"status\": \"running\", \"a" + n % 5000 + "\": 1}\n");
                if (n % 3 > 0) out.write("{\"run_id\": \"r" + n + "\", \"status\": \"success\", \"b" + n % 5000 + "\": 1}\n");
            }
        }
        Process process = small(Script.processBuilder(Map.of(), "rebuild", "--store", dir, "--yes")).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), out);
        assertEquals(500_000, runIds(store).size());
    }

    private void wholeRun(String id) {
        accepted(id, Ndjson.line(Fixture.V3.run(0, NOON).with("run_id", id)));
    }

    private void accepted(String id, String line) {
        runs.add(id);
        lines.writeBytes((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** @param kept bytes of it that are kept, -1 for all */
    private void broken(String line, int kept) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        damaged.put(lines.size(), kept < 0 ? bytes : Arrays.copyOf(bytes, kept));
        lines.writeBytes(bytes);
        lines.write('\n');
    }

    private void brokenBytes(byte[] bytes) {
        damaged.put(lines.size(), bytes);
        lines.writeBytes(bytes);
        lines.write('\n');
    }

    private static ProcessBuilder small(ProcessBuilder process) {
        process.command().add(1, "-Xmx128m");
        return process;
    }

    private static void leave(Path filler, Path disk, long free) throws IOException {
        Files.deleteIfExists(filler);
        long usable = Files.getFileStore(disk).getUsableSpace();
        Files.write(filler, new byte[(int) Math.max(0, usable - free)]);
    }

    private static List<String> runIds(Store store) {
        try (Database database = Database.open(store.database())) {
            assertEquals("ok", database.pragma("integrity_check"));
            return database.query("SELECT run_id FROM agent_runs").stream().map(row -> row.text("run_id")).sorted().toList();
        }
    }

    private static Map<Path, Integer> content(Path folder) throws IOException {
        Map<Path, Integer> files = new TreeMap<>();
        if (!Files.exists(folder)) return files;
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) files.put(file, Arrays.hashCode(Files.readAllBytes(file)));
        }
        return files;
    }

    private static List<Path> unfinished(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> file.getFileName().toString().contains(".tmp")).toList();
        }
    }
}
