package telemetry.store;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.Store;
import telemetry.os.Unfinished;
import telemetry.runs.Ddl;
import telemetry.runs.Schema;
import telemetry.runs.SchemaForm;

/** What tells people and the writers' own checks what a store is: its README.md, and its tables as SQL in config/schema.sql. */
final class Description {
    private static final String README = """
            # Telemetry store

            Agents record their runs in this folder.

            - `raw/events_YYYYMMDD.ndjson`: the day files, one JSON object a line. They are the truth about runs and events.
            - `db/telemetry.sqlite`: the same runs as rows of the table `agent_runs`. `config/schema.sql` has its tables.
            - `backups/`: verified copies of the database.
            - `archive/`: day files that were compressed.
            - `reports/`, `exports/`, `logs/`, `config/`: what tools write and read.
            - `quarantine/`: what a repair set aside.
            - `reserve`: space that is given up when the disk is full.

            Do not edit, move or delete these files by hand while agents run. The toolkit's command `health` shows whether all is well, and
            `runbook` what to do when it is not.
            """;

    private Description() { }

    /** Makes what is missing. @param schema of the database that is there @return the files that were made */
    static List<Path> complete(Store store, Schema schema) {
        List<Path> made = new ArrayList<>();
        Path readme = store.base().resolve("README.md");
        Path tables = store.base().resolve("config/schema.sql");
        if (isMissing(readme)) made.add(written(readme, README));
        if (isMissing(tables) && schema.isUsable() && !schema.isNewer()) made.add(written(tables, sql(store, schema)));
        return made;
    }

    private static boolean isMissing(Path file) {
        return Files.notExists(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static Path written(Path file, String content) {
        Unfinished.write("write", file, content);
        return file;
    }

    /** The database's own statements, and the stamp where its writers are known. */
    private static String sql(Store store, Schema schema) {
        var script = new StringBuilder("-- The tables of this store's database: " + schema + "\n");
        SchemaForm form = SchemaForm.of(schema);
        try (Database database = Database.openToRead(store.database())) {
            Ddl ddl = Ddl.of(database);
            script.append("PRAGMA journal_mode = ").append(ddl.journal().toUpperCase(Locale.ROOT)).append(";\n");
            Stream<String> others = Stream.concat(ddl.others().stream(), ddl.triggers().stream()).map(Ddl.Named::sql);
            Stream.concat(ddl.tables().stream(), others).forEach(statement -> script.append('\n').append(statement).append(";\n"));
        }
        if (form != null && schema.tables().contains("schema_migrations")) script.append('\n').append(form.stamp()).append(";\n");
        return script.toString();
    }
}
