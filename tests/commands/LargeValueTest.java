import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** Texts of 100 MB in a run's row, with a heap of 64 MB, and texts of some MB at the borders of a piece. */
class LargeValueTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    /** Pieces end in the middle of its characters. */
    private static final String LINE = "E: line \u00e4\u20ac\uD83D\uDE00 \"of\" a, dump\n";
    private static final int LINES = 100_000_000 / LINE.getBytes(StandardCharsets.UTF_8).length + 1;

    @TempDir
    static Path shared;

    @TempDir
    Path dir;

    /** Looked at only. */
    private static Store store;

    @BeforeAll
    static void make() {
        store = large(shared);
    }

    @Test
    void tablesShowItsBeginningAndItsSize() throws Exception {
        for (String[] asked : new String[][] {{"recent"}, {"chain", "c"}, {"stale"}}) {
            Script shown = small(store, "query", asked);
            assertEquals(0, shown.exit(), shown.toString());
        }
        assertTrue(small(store, "query", "failures").out().contains("    E: line \u00e4\u20ac\uD83D\uDE00 \"of\" a, dump\\nE: line"),
                "one line");
        String sheet = small(store, "query", "run", "huge").out();
        assertTrue(sheet.matches("(?s).*\\Rerror_summary +\\(100 MB; --json, --ndjson and --csv have all of it\\) E: line.*"), sheet);
        assertTrue(sheet.matches("(?s).*\\Rmetrics_json +\\(100 MB; .*"), sheet);
    }

    @Test
    void programsGetAllOfIt() throws Exception {
        String expected = hash(LINE, LINES);
        for (String format : List.of("--json", "--csv")) {
            Path out = dir.resolve("out" + format);
            Process query = processBuilder(store, "query", "failures", "--limit", "2", format).redirectOutput(out.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            assertTrue(query.waitFor(3, TimeUnit.MINUTES) && query.exitValue() == 0, format);
            assertEquals(expected, hashOfText(out, format.equals("--csv")), format);
        }
    }

    @Test
    void anOperatorsStatementNamesTheColumnAndItsSize() throws Exception {
        for (String format : List.of("--json", "--limit=5")) {
            Script refused = small(store, "query", "sql", "SELECT run_id AS id, metrics_json AS m, status FROM agent_runs ORDER BY rowid DESC",
                    format);
            assertEquals(2, refused.exit(), refused.toString());
            assertTrue(refused.err().contains("the column m has a value of 100 MB") && refused.err().contains("substr(m, 1, 1000)"),
                    refused.err());
        }
        Script part = small(store, "query", "sql", "SELECT substr(error_summary, 1, 9), length(metrics_json) FROM agent_runs WHERE run_id = ?"
                + " -- a remark", "huge", "--csv");
        assertTrue(part.exit() == 0 && part.out().endsWith("\r\nE: line \u00e4,100000000\r\n"), part.toString());
        Script border = small(store, "query", "sql", "SELECT length(v) FROM (SELECT substr(metrics_json, 1, 8000000) AS v, random() FROM agent_runs "
                + "WHERE run_id = 'huge')", "--csv");
        assertEquals(0, border.exit(), border.toString());
        assertEquals(2, small(store, "query", "sql", "SELECT substr(metrics_json, 1, 8000001) FROM agent_runs WHERE run_id = 'huge'").exit());
    }

    /** The second statement goes on where the first one met a large value: in the middle of the rows, and each row once. */
    @Test
    void eachRowComesOnceWhereverALargeValueStands() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        String text = LINE.repeat(40_000);
        try (Database database = Database.open(store.database())) {
            database.update("UPDATE agent_runs SET error_summary = ?, status = 'failed' WHERE rowid IN (1, 30, 31, 60)", text);
        }
        for (String word : List.of("recent", "failures")) {
            List<JsonObject> runs = new ArrayList<>();
            Json.parse(Script.run(new query(), word, "--limit", "100", "--json", "--store", dir).out()).asArray()
                    .forEach(run -> runs.add(run.asObject()));
            assertEquals(runs.size(), runs.stream().map(run -> run.getString("run_id", "")).distinct().count(), word);
            assertTrue(word.equals("failures") ? runs.stream().filter(run -> text.equals(run.getString("error_summary", ""))).count() == 4
                    : runs.size() == 60, word);
            Script csv = Script.run(new query(), word, "--limit", "100", "--csv", "--store", dir);
            List<CsvRecord> lines = CsvReader.builder().ofCsvRecord(csv.out()).stream().toList();
            assertEquals(runs.size() + 1, lines.size(), word);
            if (word.equals("failures")) assertEquals(4, lines.stream().filter(line -> line.getField(5).equals(text)).count());
        }
        Script asked = Script.run(new query(), "sql", "SELECT rowid, length(error_summary) n FROM agent_runs ORDER BY rowid", "--csv",
                "--store",
                dir);
        assertEquals(61, asked.out().lines().count());
    }

    @Test
    void everyEncodingGivesItsPieces() throws IOException {
        byte[] blob = new byte[5_000_001];
        for (int i = 0; i < blob.length; i++) blob[i] = (byte) (i * 31 >> 3);
        for (String encoding : List.of("UTF-8", "UTF-16le", "UTF-16be")) {
            Store store = Store.at(dir.resolve(encoding));
            Files.createDirectories(store.database().getParent());
            try (Database database = Database.create(store.database())) {
                database.pragma("encoding", "'" + encoding + "'");
                database.execute("CREATE TABLE agent_runs(run_id TEXT PRIMARY KEY, agent_name TEXT NOT NULL, start_time TEXT NOT NULL, status "
                        + "TEXT, error_summary TEXT, metrics_json TEXT, job_type TEXT, end_time TEXT, items_discovered INTEGER, items_succeeded "
                        + "INTEGER, items_failed INTEGER, duration_ms INTEGER)");
                database.update("INSERT INTO agent_runs VALUES ('r', 'a', '2026-11-20T12:00:00Z', 'failed', ?, ?, 'j', NULL, 0, 0, 0, 0)",
                        LINE.repeat(200_000), blob);
            }
            for (String format : List.of("--json", "--csv")) {
                Script script = Script.run(new query(), "run", "r", format, "--store", store.base());
                assertTrue(script.exit() < 2, script.err());
                String[] read = format.equals("--csv") ? csv(script.out()) : json(script.out());
                assertTrue(LINE.repeat(200_000).equals(read[0]), encoding + format);
                assertTrue(Arrays.equals(blob, Base64.getDecoder().decode(read[1])), encoding + format);
            }
        }
    }

    @Test
    void noCommandEndsWithATraceWhenMemoryDoesNotSuffice() throws Exception {
        Store store = large(dir);
        Files.writeString(store.raw().resolve("events_20261119.ndjson"), "{\"run_id\": \"line\", \"agent_name\": \"a\", \"start_time\": "
                + "\"2026-11-19T12:00:00+00:00\", \"status\": \"running\", \"record_type\": \"run\"}\n");
        for (String[] command : new String[][] {{"health"}, {"backup"}, {"prune", "runs", "--older-than", "1d", "--dry-run"}, {"rebuild",
                "--check-only"}, {"rebuild", "--yes"}, {"recover", "--yes"}, {"backup", "--restore", "latest",
                "--yes"}, {"recover", "quarantine"}, {"query", "sql", "SELECT group_concat(hex(zeroblob(7000000))) FROM agent_runs"}}) {
            Script script = small(store, command[0], Arrays.copyOfRange(command, 1, command.length));
            assertTrue(script.exit() < 4 && !(script.out() + script.err()).contains("\tat "), Arrays.toString(command) + script);
        }
    }

    private static Store large(Path dir) {
        Store store = Fixture.V3.filled(dir, 20, NOON);
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO agent_runs(run_id, agent_name, job_type, start_time, status, insight_id, error_summary, metrics_json) "
                    + "VALUES ('huge', 'a', 'j', '2026-11-20T13:00:00Z', 'failed', 'c', replace(printf('%.*c', " + LINES
                    + ", 'x'), 'x', ?), printf('%.*c', 100000000, 'y'))", LINE);
            database.pragma("wal_checkpoint", "TRUNCATE");
        }
        return store;
    }

    private static ProcessBuilder processBuilder(Store store, String script, String... words) {
        List<Object> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--store", store.base()));
        return Script.processBuilder(Map.of("JAVA_TOOL_OPTIONS", "-Xmx64m"), script, all.toArray());
    }

    private static Script small(Store store, String script, String... words) throws Exception {
        List<Object> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--store", store.base()));
        return Script.runProcess(Map.of("JAVA_TOOL_OPTIONS", "-Xmx64m"), script, all.toArray());
    }

    private static String[] json(String out) {
        JsonObject run = Json.parse(out).asArray().get(0).asObject();
        return new String[] {run.getString("error_summary", null), run.getString("metrics_json", null)};
    }

    private static String[] csv(String out) {
        CsvRecord run = CsvReader.builder().maxBufferSize(1 << 26).ofCsvRecord(out).stream().skip(1).findFirst().orElseThrow();
        return new String[] {run.getField(4), run.getField(5)};
    }

    private static String hash(String line, int times) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] thousand = line.repeat(1_000).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < times / 1_000; i++) digest.update(thousand);
        digest.update(line.repeat(times % 1_000).getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Of the text from the first line's beginning to the closing quotation mark, without what the format puts before its own characters.
     */
    private static String hashOfText(Path file, boolean isCsv) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] begin = (isCsv ? ",\"E: " : ":\"E: ").getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes;
        try (FileChannel channel = FileChannel.open(file)) {
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
        }
        byte[] part = new byte[1 << 16];
        int length = 0;
        int at = 0;
        while (!bytes.slice(at, begin.length).equals(ByteBuffer.wrap(begin))) at++;
        for (int i = at + 2; i < bytes.limit(); i++) {
            byte b = bytes.get(i);
            boolean isEscape = isCsv ? b == '"' && bytes.get(i + 1) == '"' : b == '\\';
            if (isEscape) b = bytes.get(++i);
            else if (b == '"') break;
            part[length++] = isEscape && b == 'n' ? (byte) '\n' : b;
            if (length < part.length) continue;
            digest.update(part);
            length = 0;
        }
        digest.update(part, 0, length);
        return HexFormat.of().formatHex(digest.digest());
    }
}
