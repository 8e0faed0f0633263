package telemetry.rebuild;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static telemetry.kit.Sql.execute;
import static telemetry.kit.Sql.rows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.kit.Fixture;
import telemetry.kit.Folder;
import telemetry.kit.Sabotage;
import telemetry.text.Ndjson;

/** A store that changes while its database is made anew. */
class RebuildMeanwhileTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path dir;

    @Test
    void afterAFailureTheFolderOfIntoIsStillThere() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 60, NOON);
        Path there = Files.createDirectory(dir.resolve("there"));
        List<DayFile> days = new EventLog(store).days();
        var rebuild = new Rebuild(store, Clock.systemUTC()).progress(bytes -> days.get(2).path().toFile().delete());
        StoreException gone = assertThrows(StoreException.class, () -> rebuild.into(there.resolve("new.sqlite")));
        assertEquals(StoreException.Reason.MISSING, gone.reason());
        assertEquals(List.of(), Folder.names(there));
    }

    @Test
    void rowsThatComeWhileItIsReadAreCounted() {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        String row = "INSERT OR IGNORE INTO agent_runs(run_id, agent_name, start_time, status) "
                + "VALUES ('http', 'a', '2026-11-20T00:00:00Z', 'success')";
        Rebuilt result = new Rebuild(store, Clock.systemUTC()).progress(bytes -> execute(store, row)).inPlace();
        assertEquals(31, rows(store, "SELECT run_id FROM agent_runs").size());
        assertEquals(31, result.runs());
        assertEquals(0, result.exchange().replayed());
    }

    @ParameterizedTest
    @EnumSource(names = {"V3", "V7_PYTHON"})
    void aLockedDatabaseIsNamedAsSuchAndLeftAsItIs(Fixture shape) throws Exception {
        Store store = shape.filled(dir, 30, NOON);
        try (Database holder = Database.open(store.database())) {
            holder.execute("BEGIN IMMEDIATE");
            Map<Path, Integer> before = Folder.files(dir);
            var rebuild = new Rebuild(store, Clock.systemUTC()).patience(Duration.ofMillis(200));
            StoreException e = assertThrows(StoreException.class, rebuild::inPlace);
            assertEquals(StoreException.Reason.LOCKED, e.reason());
            assertTrue(e.getMessage().startsWith("cannot begin to write to " + store.database() + ": it is locked"), e.getMessage());
            assertEquals(before, Folder.files(dir));
            assertFalse(Files.exists(store.quarantine()));
        }
    }

    @Test
    void aDayThatIsArchivedMeanwhileIsReadFromTheArchive() throws IOException {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Sabotage.delete(store.database());
        List<DayFile> days = new EventLog(store).days();
        var rebuild = new Rebuild(store, Clock.systemUTC()).progress(bytes -> {
            if (Files.exists(days.get(1).path())) Fixture.archive(store, days.get(1));
        });
        assertEquals(60, rebuild.inPlace().runs());
        Sabotage.delete(store.database());
        var raw = new Rebuild(store, Clock.systemUTC()).from(true, false).progress(bytes -> days.get(2).path().toFile().delete());
        assertEquals(StoreException.Reason.MISSING, assertThrows(StoreException.class, raw::inPlace).reason());
        assertFalse(Files.exists(store.database()));
        assertEquals(List.of(), Folder.names(store.database().getParent()));
    }

    @Test
    void aLineThatIsBeingWrittenIsNoDamage() throws IOException {
        Store store = Fixture.V3.filled(dir, 30, NOON);
        Path last = new EventLog(store).days().get(1).path();
        String line = Ndjson.line(Fixture.V3.run(77, NOON));
        Files.writeString(last, line.substring(0, 100), StandardOpenOption.APPEND);
        var rebuild = new Rebuild(store, Clock.systemUTC()).progress(bytes -> {
            try {
                if (!Files.readString(last).endsWith("\n")) Files.writeString(last, line.substring(100) + "\n", StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        Rebuilt result = rebuild.from(true, false).inPlace();
        assertEquals(0, result.damaged());
        assertEquals(31, result.runs());
    }

    @Test
    void runsThatComeWhileItIsReadAreInItToo() {
        Store store = Fixture.V3.filled(dir, 60, NOON);
        Sabotage.delete(store.database());
        List<DayFile> days = new EventLog(store).days();
        var later = new ArrayList<>(List.of(Fixture.V3.run(77, NOON), Fixture.V3.run(78, NOON.plusSeconds(86400))));
        var read = new AtomicLong();
        var rebuild = new Rebuild(store, Clock.systemUTC()).progress(bytes -> {
            if (days.stream().mapToLong(day -> day.path().toFile().length()).sum() > read.addAndGet(bytes)) return;
            later.forEach(run -> Fixture.append(store, NOON.plusSeconds(86400), run));
            later.clear();
        });
        Rebuilt result = rebuild.inPlace();
        assertEquals(62, rows(store, "SELECT run_id FROM agent_runs").size());
        assertEquals(62, result.runs());
    }
}
