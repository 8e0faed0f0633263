package telemetry.setup;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Health;
import telemetry.Runs;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.cli.Cli;
import telemetry.store.Layout;

/**
 * A script's start, played through so that the JVM can archive the classes it takes: options, a store with one old run, its database,
 * checks, a table. The store is a folder of its own that is deleted again; nobody's store is touched.
 */
final class Rehearsal {
    private static final PrintWriter NOBODY = new PrintWriter(Writer.nullWriter());
    private static final Instant LONG_AGO = Instant.parse("2025-01-01T00:00:00Z");

    private Rehearsal() { }

    /** @param args the script's name */
    public static void main(String... args) throws IOException, ReflectiveOperationException {
        Path folder = Files.createTempDirectory("telemetry-rehearsal");
        try {
            Store store = Store.at(folder.resolve("store"));
            Layout.complete(store);
            track(store);
            look(store);
            Cli.run(script(args[0]), NOBODY, NOBODY, words(args[0], store));
        } finally {
            delete(folder);
        }
        System.exit(Cli.OK);
    }

    /** A day file as old as the run in it can be archived. */
    private static void track(Store store) throws IOException {
        try (var client = TelemetryClient.at(store, Clock.fixed(LONG_AGO, ZoneOffset.UTC), warning -> { })) {
            client.track("rehearsal", "start", run -> { });
        }
        for (DayFile file : new EventLog(store).days()) Files.setLastModifiedTime(file.path(), FileTime.from(LONG_AGO));
    }

    /** What a script of any name would do next: open the database, check, query, show. */
    private static void look(Store store) {
        NOBODY.print(Health.of(store, Clock.systemUTC()));
        try (Database database = Database.openToRead(store.database())) {
            NOBODY.print(new Runs(database).recent(1));
        }
    }

    /** A call that is made often; of the others what is common to all their words. */
    private static String[] words(String script, Store store) {
        String base = store.base().toString();
        return switch (script) {
            case "health", "locks", "logs", "backup" -> new String[] {"--store", base};
            case "archive" -> new String[] {"--older-than", "1d", "--yes", "--store", base};
            case "rebuild" -> new String[] {"--into", store.base().resolve("rebuilt.sqlite").toString(), "--store", base};
            case "recover" -> new String[] {"--dry-run", "--store", base};
            case "query" -> new String[] {"recent", "--store", base};
            case "track" -> new String[] {"--self-test", "--store", base};
            default -> new String[] {"--help"};
        };
    }

    private static Callable<Integer> script(String name) throws ReflectiveOperationException {
        var constructor = Class.forName(name).getDeclaredConstructor();
        constructor.setAccessible(true);
        @SuppressWarnings("unchecked")
        var script = (Callable<Integer>) constructor.newInstance();
        return script;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }
}
