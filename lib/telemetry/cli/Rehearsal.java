package telemetry.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import telemetry.Database;
import telemetry.Run;
import telemetry.Store;
import telemetry.os.ScratchFolder;
import telemetry.runs.RunWriter;
import telemetry.runs.Schema;
import telemetry.text.Ndjson;

/**
 * Plays a script's start, so that the JVM can archive its classes. The script names a frequent call. The store is a scratch folder with one
 * run that is old enough to be archived; no real store is touched.
 */
final class Rehearsal {
    private static final PrintWriter NOBODY = new PrintWriter(Writer.nullWriter());
    private static final Instant LONG_AGO = Instant.parse("2025-01-01T00:00:00Z");

    private Rehearsal() { }

    /** @param args the script's name */
    public static void main(String... args) throws IOException, ReflectiveOperationException {
        try (var folder = new ScratchFolder("telemetry-rehearsal")) {
            Store store = practice(folder.path().resolve("store"));
            Callable<Integer> script = script(args[0]);
            List<String> words = new ArrayList<>(script instanceof Procedure procedure ? procedure.rehearsal() : List.of("--help"));
            words.addAll(List.of("--store", store.base().toString()));
            Cli.run(script, NOBODY, NOBODY, words.toArray(String[]::new));
        }
        System.exit(Cli.OK);
    }

    private static Store practice(Path base) throws IOException {
        Store store = Store.at(base);
        for (Path part : List.of(store.raw(), store.database().getParent(), store.backups())) Files.createDirectories(part);
        var run = new Run(Map.of("run_id", "20250101T000000Z-rehearsal-0a1b2c3d", "agent_name", "rehearsal", "job_type", "start",
                "status", "success", "start_time", LONG_AGO.toString(), "end_time", LONG_AGO.toString()));
        Path day = Files.writeString(store.raw().resolve("events_20250101.ndjson"), Ndjson.line(run) + "\n");
        Files.setLastModifiedTime(day, FileTime.from(LONG_AGO));
        try (Database database = Database.create(store.database())) {
            Schema.create(database);
            new RunWriter(database).write(run);
        }
        return store;
    }

    private static Callable<Integer> script(String name) throws ReflectiveOperationException {
        var constructor = Class.forName(name).getDeclaredConstructor();
        constructor.setAccessible(true);
        @SuppressWarnings("unchecked")
        var script = (Callable<Integer>) constructor.newInstance();
        return script;
    }
}
