import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Operator;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.setup.Sample;
import telemetry.setup.SampleWriter;
import telemetry.store.Layout;
import telemetry.text.Progress;

/** A store of 2,000 runs and an operator, for each incident anew. */
abstract class Incidents {
    static final int RUNS = 2_000;
    static final int DAYS = 8;

    @TempDir
    private static Path shared;

    @TempDir
    Path dir;

    Store store;
    Operator operator;

    /** A sound store with a verified backup of yesterday and one of today. */
    @BeforeAll
    static void makeStore() {
        Store store = Store.at(shared.resolve("store"));
        sample(store, Instant.now());
        Script.run(new backup(), "--store", store.base());
    }

    static void sample(Store store, Instant end) {
        Layout.complete(store);
        new SampleWriter(store).fill(new Sample(RUNS, DAYS, 1, end.truncatedTo(ChronoUnit.SECONDS)), false,
                new Progress(null, "runs", RUNS));
    }

    @BeforeEach
    void copy() throws IOException {
        store = Store.at(dir.resolve("store"));
        Fixture.copy(shared.resolve("store"), store.base());
        operator = new Operator(Checkout.root(), "scripts/jbangw health --store " + store.base());
    }

    long runs() {
        return (long) Sql.rows(store, "SELECT count(*) AS n FROM agent_runs").get(0).get("n");
    }

    void assertWellAgain(int most) throws Exception {
        assertEquals(0, operator.follow(most).exit(), operator::toString);
        operator.isWell();
    }

    Operator at(Store store) {
        return new Operator(Checkout.root(), "scripts/jbangw health --store " + store.base());
    }

    Path newestBackup() throws IOException {
        try (var files = Files.list(store.backups())) {
            return files.filter(file -> file.toString().endsWith(".sqlite")).sorted().reduce((one, other) -> other).orElseThrow();
        }
    }

    static void flip(Path file) throws IOException {
        try (var written = new RandomAccessFile(file.toFile(), "rw")) {
            written.seek(written.length() / 2);
            written.write("flipped".getBytes());
        }
    }

    static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }
}
