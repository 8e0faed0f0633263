package telemetry.kit;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.Times;
import telemetry.runs.RunWriter;
import telemetry.runs.Schema;
import telemetry.text.Ndjson;

/** Stores for tests, of each version that a store on somebody's disk may have. */
public enum Fixture {
    V1, V2, V3, V4, V5, V6_PYTHON, V7_PYTHON, V7_SERVICE;

    private static final String[] AGENTS = {"link-checker", "docs-crawler", "hugo-translator"};
    private static final String[] JOBS = {"publish", "analyze", "translate"};
    private static final RunStatus[] STATUSES = {RunStatus.SUCCESS, RunStatus.SUCCESS,
            RunStatus.SUCCESS, RunStatus.FAILED, RunStatus.PARTIAL, RunStatus.RUNNING};

    /** A store with its folders and tables and no run. */
    public Store empty(Path base) {
        Store store = Store.at(base);
        try {
            Files.createDirectories(store.raw());
            Files.createDirectories(store.database().getParent());
            Files.createDirectories(store.backups());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (Database database = Database.create(store.database())) {
            if (this == V3) Schema.create(database);
            else createOther(database);
        }
        return store;
    }

    /**
     * A store with so many runs, one an hour backwards from {@code latest}, in lines and rows alike, of three agents in turn. Of every six
     * runs three are successes, then a failure, a partial one and one still running; every other run has an event; runs 0, 1 and 2 of every
     * ten are the chain {@code insight-n}. No row was updated after its run's end.
     */
    public Store filled(Path base, int runs, Instant latest) {
        Store store = empty(base);
        try (Database database = Database.open(store.database())) {
            var writer = new RunWriter(database);
            List<Run> all = new ArrayList<>();
            for (int n = 0; n < runs; n++) all.add(run(n, latest.minusSeconds(3600L * n)));
            database.inTransaction(() -> all.forEach(writer::write));
            database.update("UPDATE agent_runs SET updated_at = coalesce(end_time, start_time)");
            for (int n = runs - 1; n >= 0; n--) lines(all.get(n), n).forEach(line -> append(store, latest, line));
        }
        return store;
    }

    /** The n-th run of {@link #filled}: always the same. */
    public Run run(int n, Instant start) {
        var random = new Random(n);
        RunStatus status = STATUSES[n % STATUSES.length];
        boolean over = status != RunStatus.RUNNING;
        String agent = AGENTS[n % AGENTS.length];
        boolean spaced = this == V7_SERVICE && n % 3 == 1;
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("run_id", Times.stamp(start).replace('_', 'T') + "Z-" + agent + "-" + String.format("%08x", n));
        fields.put("agent_name", agent);
        fields.put("job_type", JOBS[n / 2 % JOBS.length]);
        fields.put("trigger_type", "cli");
        fields.put("start_time", spaced ? Times.seconds(start) : this == V7_SERVICE
                && n % 3 == 2 ? Times.seconds(start).replace(' ', 'T') + 'Z' : Times.text(start));
        if (ordinal() >= V6_PYTHON.ordinal()) fields.put("event_id", new UUID(n, n).toString());
        fields.put("schema_version", (long) version());
        fields.put("agent_owner", "ops");
        fields.put("end_time", over ? Times.text(start.plusSeconds(60 + n)) : null);
        fields.put("status", status == RunStatus.FAILED && version() >= 6 ? "failure" : status.toString());
        int items = over ? 10 + random.nextInt(90) : 0;
        int failed = status == RunStatus.FAILED ? items / 2 : 0;
        fields.put("items_discovered", (long) items);
        fields.put("items_succeeded", (long) items - failed);
        fields.put("items_failed", (long) failed);
        fields.put("duration_ms", over ? (60L + n) * 1000 : null);
        fields.put("error_summary", status == RunStatus.FAILED ? "ValueError: boom; 'quoted', \"double\"\nzweite Zeile: größer" : null);
        fields.put("metrics_json", over ? "{\"pages\": " + items + "}" : null);
        if (this != V1) fields.put("insight_id", n % 10 < 3 ? "insight-" + n / 10 : null);
        fields.put("host", "ws-0");
        return new Run(fields);
    }

    /** The lines that a run's writer leaves, in order. */
    public static List<LogRecord> lines(Run run, int n) {
        List<LogRecord> lines = new ArrayList<>();
        lines.add(run.with("status", "running").with("end_time", null).with("duration_ms", null)
                .with("error_summary", null).with("metrics_json", null)
                .with("items_discovered", 0L).with("items_succeeded", 0L).with("items_failed", 0L));
        if (n % 2 == 0) lines.add(new Event(run.id(), "checkpoint", run.start().plusSeconds(1), "{\"step\": " + n + "}"));
        if (run.isEnd()) lines.add(run);
        return lines;
    }

    /**
     * Appends without fsync: quick, for making stores. The day file is the one of the run's or event's own time, {@code latest}'s for none.
     */
    public static void append(Store store, Instant latest, LogRecord line) {
        Instant time = line instanceof Run run ? run.isEnd() && run.end() != null ? run.end() : run.start() : ((Event) line).timestamp();
        if (time.isAfter(latest)) time = latest;
        try {
            Files.writeString(store.raw().resolve(DayFile.name(DayFile.dayOf(time))), Ndjson.line(line) + "\n",
                    StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A v3 store of about so many megabytes. */
    public static Store large(Path base, int megabytes) {
        Store store = V3.filled(base, 60, Instant.parse("2026-11-20T12:00:00Z"));
        try (Database database = Database.open(store.database())) {
            database.pragma("synchronous", "OFF");
            database.update("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT ?) INSERT INTO agent_runs(run_id, "
                    + "agent_name, job_type, start_time, end_time, status, output_summary, insight_id) "
                    + "SELECT printf('20260101T000000Z-filler-%08x', n), 'filler', 'publish', '2026-01-01T00:00:00+00:00', "
                            + "'2026-01-01T00:01:00+00:00', 'success', hex(randomblob(200)), 'i' || (n / 3) FROM c", megabytes * 1_300);
        }
        return store;
    }

    /** Moves a day file into the archive, which gets no manifest. @return the compressed file */
    public static Path archive(Store store, DayFile day) {
        Path gz = store.archive().resolve("year=" + day.day().getYear()).resolve("month=" + day.day().getMonthValue())
                .resolve(day.path().getFileName() + ".gz");
        try {
            Files.createDirectories(gz.getParent());
            try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gz))) {
                Files.copy(day.path(), out);
            }
            Files.delete(day.path());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return gz;
    }

    /** A store to run one test on: made here, or a copy of a real one. */
    public record Given(String name, Store store) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** One of every version with 60 runs, and a copy of each real store in the folder that TELEMETRY_FIXTURES names, if it does. */
    public static Stream<Given> all(Path folder) {
        List<Given> given = new ArrayList<>();
        for (Fixture shape : values())
            given.add(new Given(shape.toString(), shape.filled(folder.resolve(shape.name()), 60, Instant.parse("2026-11-20T12:00:00Z"))));
        String real = System.getenv("TELEMETRY_FIXTURES");
        if (real == null) return given.stream();
        try (Stream<Path> stores = Files.list(Path.of(real))) {
            for (Path store : stores.sorted().toList())
                given.add(new Given("real " + store.getFileName(), Store.at(copy(store, folder.resolve("real-" + store.getFileName())))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return given.stream();
    }

    /** A copy that may be written to. */
    public static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path source : all.toList()) {
                Path target = to.resolve(from.relativize(source).toString());
                if (Files.isDirectory(source)) Files.createDirectories(target);
                else Files.write(target, Files.readAllBytes(source));
            }
        }
        return to;
    }

    public int version() {
        return name().charAt(1) - '0';
    }

    private void createOther(Database database) {
        List<String> columns = new ArrayList<>(List.of("agent_name TEXT NOT NULL", "agent_owner TEXT",
                "job_type TEXT", "start_time TEXT NOT NULL", "end_time TEXT",
                "items_discovered INTEGER DEFAULT 0", "items_succeeded INTEGER DEFAULT 0", "items_failed INTEGER DEFAULT 0",
                "duration_ms INTEGER", "input_summary TEXT",
                "output_summary TEXT", "error_summary TEXT", "metrics_json TEXT", "product TEXT",
                "platform TEXT", "git_repo TEXT", "git_branch TEXT", "git_run_tag TEXT", "host TEXT",
                "api_posted INTEGER DEFAULT 0", "api_posted_at TEXT", "api_retry_count INTEGER DEFAULT 0",
                "schema_version INTEGER DEFAULT " + version(),
                "created_at TEXT DEFAULT (datetime('now'))", "updated_at TEXT DEFAULT (datetime('now'))"));
        if (version() >= 2) columns.add("insight_id TEXT");
        if (version() >= 3) columns.addAll(List.of("product_family TEXT", "subdomain TEXT"));
        if (version() >= 4) columns.addAll(List.of("git_commit_hash TEXT",
                "git_commit_source TEXT CHECK(git_commit_source IN ('manual', 'llm', 'ci', NULL))",
                "git_commit_author TEXT", "git_commit_timestamp TEXT"));
        if (version() >= 5) columns.addAll(List.of("website TEXT", "website_section TEXT", "item_name TEXT"));
        if (this == V7_SERVICE)
            columns.addAll(List.of("items_skipped INTEGER DEFAULT 0", "source_ref TEXT",
                    "target_ref TEXT", "error_details TEXT", "environment TEXT", "context_json TEXT", "parent_run_id TEXT"));
        if (this == V7_SERVICE)
            columns.replaceAll(column -> column.contains("INTEGER DEFAULT 0") || column.startsWith("duration_ms")
                    ? column + " CHECK (" + column.split(" ")[0] + " >= 0)" : column);
        String statuses = version() >= 6 ? "'running', 'success', 'failure', 'partial', 'timeout', 'cancelled'"
                : "'running', 'success', 'failed', 'partial'";
        columns.add("status TEXT CHECK(status IN (" + statuses + "))");
        columns.add("trigger_type TEXT CHECK(trigger_type IN ('cli', 'web', 'scheduler', 'mcp', 'manual'))");
        if (this == V7_SERVICE)
            columns.addAll(0, List.of("id INTEGER PRIMARY KEY AUTOINCREMENT", "event_id TEXT NOT NULL UNIQUE", "run_id TEXT NOT NULL"));
        else columns.add(0, "run_id TEXT PRIMARY KEY");
        if (this == V6_PYTHON || this == V7_PYTHON) columns.add(1, "event_id TEXT NOT NULL UNIQUE");
        database.pragma("journal_mode", version() >= 6 ? "DELETE" : "WAL");
        database.execute("CREATE TABLE agent_runs (" + String.join(", ", columns) + ")");
        database.execute("CREATE TABLE run_events (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL REFERENCES "
                + "agent_runs(run_id), event_type TEXT NOT NULL, timestamp TEXT NOT NULL, payload_json TEXT)");
        database.execute("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT DEFAULT (datetime('now')), "
                + "description TEXT)");
        database.update("INSERT INTO schema_migrations(version) VALUES (?)", version());
        List<String> indexed = new ArrayList<>(List.of("agent ON agent_runs(agent_name)",
                "status ON agent_runs(status)", "start ON agent_runs(start_time)", "api_posted ON agent_runs(api_posted)"));
        if (version() >= 2) indexed.add("insight ON agent_runs(insight_id)");
        for (String index : indexed) database.execute("CREATE INDEX idx_runs_" + index);
        database.execute("CREATE INDEX idx_events_run ON run_events(run_id)");
        if (version() >= 3) {
            database.execute("CREATE TABLE commits (commit_hash TEXT PRIMARY KEY, run_id TEXT REFERENCES agent_runs(run_id), agent_name "
                    + "TEXT, repo TEXT, branch TEXT, commit_date TEXT, author TEXT, message TEXT, "
                    + "files_changed INTEGER, insertions INTEGER, deletions INTEGER, created_at TEXT DEFAULT (datetime('now')))");
            database.execute("CREATE INDEX idx_commits_run ON commits(run_id)");
        }
    }
}
