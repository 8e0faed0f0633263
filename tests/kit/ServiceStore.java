package telemetry.kit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Store;
import telemetry.Times;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;

/** What today's Python client writes into day files and its service into the database: lines with objects, rows with their text. */
public record ServiceStore(Store store) {

    /** As the client's lines are before their values: the rest of a run's line is always the same. */
    private static final String LINE = "{\"run_id\": \"%s\", \"agent_name\": \"docs-crawler\", \"job_type\": \"verify\", \"trigger_type\": \"cli\", "
            + "\"start_time\": \"%s\", \"event_id\": \"%s\", \"schema_version\": 7, \"agent_owner\": null, \"end_time\": %s, \"status\": "
            + "\"%s\", \"items_discovered\": 0, \"items_succeeded\": 0, \"items_failed\": 0, \"items_skipped\": 0, \"duration_ms\": %d, "
            + "\"input_summary\": null, \"output_summary\": null, \"source_ref\": null, \"target_ref\": null, \"error_summary\": null, "
            + "\"error_details\": null, \"metrics_json\": %s, \"context_json\": null, \"insight_id\": null, \"host\": \"vm\", "
            + "\"environment\": \"prod\", \"api_posted\": 0, \"api_posted_at\": null, \"api_retry_count\": 0, \"parent_run_id\": null, "
            + "\"created_at\": %s, \"updated_at\": %<s, \"record_type\": \"run\"}";

    /** A run: it began a minute before it ended. @param end null while it is running */
    public record Run(String id, String eventId, Instant start, Instant end, String metrics) {

        /** When its first line was written, as it says. */
        public String created() {
            return Times.text(start.plusMillis(2));
        }

        public String startLine() {
            return line(null, "running", 0, "null", '"' + created() + '"');
        }

        public String endLine() {
            return line('"' + Times.text(end) + '"', "success", 60_000, metrics, "null");
        }

        private String line(String end, String status, long duration, String metrics, String created) {
            return String.format(LINE, id, Times.text(start), eventId, end, status, duration, metrics, created);
        }
    }

    /** With folders and tables and nothing in them. */
    public static ServiceStore empty(Path base) {
        return empty(base, SchemaForm.V7_SERVICE);
    }

    public static ServiceStore empty(Path base, SchemaForm form) {
        Store store = Store.at(base);
        try {
            for (Path folder : List.of(store.raw(), store.database().getParent(), store.backups())) Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (Database database = Database.create(store.database())) {
            Schema.create(database, form);
        }
        return new ServiceStore(store);
    }

    /** Appends lines to the day file of this time. */
    public ServiceStore append(Instant time, String... lines) {
        try {
            Files.writeString(store.raw().resolve(DayFile.name(DayFile.dayOf(time))), String.join("\n", lines) + "\n",
                    StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** The lines of this run, as far as it is. */
    public ServiceStore lines(Run run) {
        append(run.start, run.startLine());
        return run.end == null ? this : append(run.end, run.endLine());
    }

    /** The service's row of it. @param metrics the text in its column */
    public ServiceStore row(Run run, String metrics) {
        try (Database database = Database.open(store.database())) {
            database.update("INSERT INTO agent_runs(event_id, run_id, schema_version, created_at, updated_at, start_time, end_time, agent_name, "
                    + "job_type, status, trigger_type, duration_ms, metrics_json, host, environment) VALUES (?, ?, 7, ?, ?, ?, ?, "
                    + "'docs-crawler', 'verify', ?, 'cli', ?, ?, 'vm', 'prod')", run.eventId, run.id, run.created(),
                    Times.text(run.end == null ? run.start : run.end), Times.text(run.start), run.end == null ? null : Times.text(run.end),
                    run.end == null ? "running" : "success", run.end == null ? 0 : 60_000, metrics);
        }
        return this;
    }

    public List<String> column(String sql) {
        try (Database database = Database.openToRead(store.database())) {
            List<String> values = new ArrayList<>();
            database.query(sql).forEach(row -> values.add(String.valueOf(row.get(0))));
            return values;
        }
    }

    public void loseDatabase() {
        try {
            Files.delete(store.database());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
