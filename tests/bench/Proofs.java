//DEPS de.siegmar:fastcsv:4.0.0
import de.siegmar.fastcsv.reader.CsvReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;

/** What runs have left, in a form in which what ours leaves and what a peer leaves are the same. */
final class Proofs {

    /** The database's own times of a row: they say when it was written. */
    private static final List<String> NOT_OF_THE_RUN = List.of("created_at", "updated_at");

    private Proofs() { }

    /** All columns of all runs. */
    static Work runs(Path database) throws IOException {
        try (Database copy = Database.openToRead(database)) {
            List<String> columns = copy.query("SELECT name FROM pragma_table_info('agent_runs') ORDER BY cid").stream()
                    .map(row -> row.text("name"))
                    .filter(name -> !NOT_OF_THE_RUN.contains(name)).toList();
            var hash = new Hash();
            long runs = 0;
            for (Row row : copy.query("SELECT " + String.join(", ", columns) + " FROM agent_runs ORDER BY run_id")) {
                row.values().forEach(hash::add);
                runs++;
            }
            return new Work(Map.of("runs", runs, "indexes", copy.number("SELECT count(*) FROM sqlite_master WHERE type = 'index'")),
                    hash.toString());
        }
    }

    /** The cells, whatever their quoting; no text and an empty one are the same. */
    static Work csv(Path file, String... columns) throws IOException {
        var hash = new Hash();
        long rows = 0;
        try (var records = CsvReader.builder().ofNamedCsvRecord(file)) {
            for (var record : records) {
                if (columns.length == 0) record.getFields().forEach(hash::add);
                else for (String column : columns) hash.add(record.getField(column));
                rows++;
            }
        }
        return new Work(Map.of("rows", rows), hash.toString());
    }

    /** The lines that were printed. */
    static Work lines(Path file) throws IOException {
        var hash = new Hash();
        long lines = 0;
        try (Stream<String> all = Files.lines(file)) {
            for (String line : (Iterable<String>) all.sorted()::iterator) {
                hash.add(line);
                lines++;
            }
        }
        return new Work(Map.of("lines", lines), hash.toString());
    }

    /** What the compressed files in a folder and below hold, file after file. */
    static Work archives(Path folder) throws IOException {
        var hash = new Hash();
        long bytes = 0;
        long files = 0;
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(path -> path.toString().endsWith(".gz")).sorted(Comparator.comparing(Path::getFileName)).toList()) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file), 1 << 16)) {
                    bytes += hash.add(in);
                }
                files++;
            }
        }
        return new Work(Map.of("files", files, "bytes", bytes), hash.toString());
    }

    /** The runs that a tracking program has left in lines and in rows: the same ones, ended, with the same numbers of items. */
    static Work tracked(Store store) throws IOException {
        var hash = new Hash();
        Map<Long, Integer> ends = new TreeMap<>();
        long starts = 0;
        var log = new EventLog(store);
        for (DayFile day : log.days())
            for (LogEntry line : log.read(day).toList()) {
                if (!(line.record() instanceof Run run)) continue;
                if (run.isEnd()) ends.merge(run.number("items_discovered"), 1, Integer::sum);
                else starts++;
            }
        hash.add(ends);
        try (Database database = Database.openToRead(store.database())) {
            String rows = "SELECT agent_name, job_type, status, items_discovered FROM agent_runs ORDER BY items_discovered";
            for (Row row : database.query(rows)) row.values().forEach(hash::add);
            return new Work(Map.of("starts", starts, "ends", (long) ends.size(), "rows",
                    database.number("SELECT count(*) FROM agent_runs")), hash.toString());
        }
    }

    /** What a health check or a SQLite check said: whether all is intact. */
    static Work intact(Path output) throws IOException {
        String said = Files.readString(output);
        boolean ok = Pattern.compile("(?m)^ok$|^ok +database +(integrity|quick)_check ok").matcher(said).find();
        return new Work(Map.of("database", ok ? "ok" : said.strip()), "");
    }

    /** The same, and how many runs there are. */
    static Work intactWithRuns(Path output) throws IOException {
        Matcher runs = Pattern.compile("(\\d+) runs?\\b").matcher(Files.readString(output).replaceAll("(?m)^(?!ok +size).*$", ""));
        return new Work(Map.of("database", intact(output).counts().get("database"), "runs", runs.find() ? runs.group(1) : "none told"), "");
    }

    private static final class Hash {
        private final MessageDigest digest = sha256();
        private final byte[] chunk = new byte[1 << 16];

        void add(Object value) {
            digest.update(value == null ? new byte[0] : value.toString().getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
        }

        long add(InputStream in) throws IOException {
            long bytes = 0;
            for (int read = in.read(chunk); read > 0; read = in.read(chunk)) {
                digest.update(chunk, 0, read);
                bytes += read;
            }
            return bytes;
        }

        private static MessageDigest sha256() {
            try {
                return MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JVM has it", e);
            }
        }

        @Override
        public String toString() {
            return HexFormat.of().formatHex(digest.digest());
        }
    }
}
