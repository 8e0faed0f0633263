import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.alert.HealthLog;
import telemetry.alert.HealthRecord;
import telemetry.cli.Cli;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** health --record: what it keeps, and that nothing gets lost or glued. */
class HealthRecordTest {

    @TempDir
    Path dir;

    @Test
    void oneLineIsAppendedForEachLook() throws IOException {
        Store store = Fixture.V3.filled(dir, 20, HealthTest.NOON);
        assertEquals(0, HealthTest.health(store, "--record").exit());
        assertEquals(1, HealthTest.health(store, "--record", "--idle", "1m", "--json").exit());
        List<String> lines = Files.readAllLines(file(store));
        assertEquals(2, lines.size());
        JsonObject first = Json.parse(lines.get(0)).asObject();
        assertEquals(List.of("time", "status", "checks", "measures"), first.names());
        assertEquals("2026-11-20T12:10:00.000000+00:00", first.getString("time", ""));
        assertEquals("ok", first.getString("status", ""));
        assertEquals(HealthTest.NAMES, first.get("checks").asObject().names());
        JsonObject measures = first.get("measures").asObject();
        assertEquals(20, measures.getInt("runs", 0));
        assertEquals(store.database().toFile().length(), measures.getLong("database_size", 0));
        assertTrue(measures.getDouble("disk_free", 0) > 0);
        assertEquals("warning", Json.parse(lines.get(1)).asObject().get("checks").asObject().getString("activity", ""));
        HealthRecord read = new HealthLog(store).since(Instant.EPOCH).get(1);
        assertEquals("warning", read.status());
        assertEquals("warning", read.checks().get("activity"));
        assertEquals(20L, read.measures().get("runs"));
        assertEquals(List.of(), new HealthLog(store).since(HealthTest.NOON.plusSeconds(601)));
    }

    @Test
    void aLineThatWasCutShortCostsNoOther() throws IOException {
        Store store = Fixture.V3.filled(dir, 20, HealthTest.NOON);
        HealthTest.health(store, "--record");
        String whole = Files.readString(file(store));
        Files.writeString(file(store), whole + "{\"time\":\"2026-11-2");
        assertEquals("", HealthTest.health(store, "--record").err());
        assertTrue(Files.readString(file(store)).startsWith(whole + "{\"time\":\"2026-11-2\n{\"time\":"), Files.readString(file(store)));
        Files.writeString(file(store), "\n[]\n7\n{\"time\":7}\n"
                + "{\"time\":\"2026-11-20\",\"status\":\"ok\",\"checks\":[],\"measures\":\"x\"}\n" + whole);
        assertEquals(1, new HealthLog(store).since(Instant.EPOCH).size());
    }

    @Test
    void whatStandsInTheFoldersPlaceIsSaidAndChangesNothing() throws IOException {
        Store store = Fixture.V3.filled(dir, 20, HealthTest.NOON);
        Files.writeString(store.reports(), "mine");
        Script health = HealthTest.health(store, "--record");
        assertEquals("health: cannot record the store's health in " + file(store) + ": " + store.reports()
                + " is a file, and should be a folder\n",
                health.plain().err());
        assertEquals(0, health.exit());
        assertEquals("mine", Files.readString(store.reports()));
    }

    @Test
    void itIsRecordedThoughTheReaderHasGone() {
        Store store = Fixture.V3.filled(dir, 20, HealthTest.NOON);
        var gone = new PrintWriter(new Writer() {
            @Override
            public void write(char[] text, int from, int length) throws IOException {
                throw new IOException("Broken pipe");
            }

            @Override
            public void flush() { }

            @Override
            public void close() { }
        });
        Cli.run(HealthTest.at(HealthTest.NOON), gone, new PrintWriter(new StringWriter()), "--store", store.base().toString(), "--record");
        assertEquals(1, new HealthLog(store).since(Instant.EPOCH).size());
    }

    @Test
    void storesOfEveryVersionAreRecorded() throws IOException {
        for (Fixture.Given given : Fixture.all(dir).toList()) {
            assertEquals("", HealthTest.health(given.store(), "--record").err(), given.name());
            HealthRecord record = new HealthLog(given.store()).since(Instant.EPOCH).get(0);
            assertTrue(record.measures().keySet().containsAll(List.of("disk_free", "database_size", "runs")), given + " " + record);
        }
    }

    private static Path file(Store store) {
        return store.reports().resolve("health.ndjson");
    }
}
