package telemetry.health;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Check;
import telemetry.Database;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.text.Ndjson;

/** A buffer file makes a check worse, never better. */
class BufferCheckTest {

    @TempDir
    private Path dir;

    @Test
    void aFailureStaysOneWhereRunsAreWaitingInABuffer() throws IOException {
        Store store = Fixture.V7_SERVICE.empty(dir);
        Path buffer = dir.resolve("telemetry_20261120_090000.jsonl.ready");
        Files.writeString(buffer, Ndjson.line(Fixture.V7_SERVICE.run(0, Instant.now())) + "\n");
        for (Check.Status before : List.of(Check.Status.OK, Check.Status.WARNING, Check.Status.FAILED)) {
            try (Database database = Database.openToRead(store.database())) {
                var compared = new Check("divergence", before, "said", null);
                Check check = new BufferCheck(store, database, Instant.now()).with(List.of(buffer), compared);
                assertEquals(before == Check.Status.OK ? Check.Status.WARNING : before, check.status(), check.detail());
            }
        }
    }
}
