import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.Event;
import telemetry.Run;
import telemetry.Store;
import telemetry.kit.Agent;
import telemetry.kit.Counted;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.runs.RunWriter;
import telemetry.text.Ndjson;

/** Commands that read the day files while four writers append to the largest of them: each reads it once, and ends. */
class BesideWritersTest {
    private static final int DAMAGED = 3;

    /** Runs of each writer, few enough that the database's pages stay in SQLite's cache: read again, they would be counted again. */
    private static final int A_SECOND = 50;

    /** Of each run: so much more stands in the day file than in the database, whose pages are counted too. */
    private static final int EVENTS = 200;

    @TempDir
    Path dir;

    @Test
    void eachCommandReadsTheDayFileOnceAndEnds() throws Exception {
        each(24, false, "rebuild --check-only", "recover --yes", "rebuild --yes");
    }

    @Test
    @Tag("torture")
    void eachCommandReadsADayFileOf100MbOnceAndTakesNoMoreTime() throws Exception {
        each(100, true, "rebuild --check-only", "rebuild --dry-run", "recover --dry-run", "rebuild --replay-only", "recover --yes",
                "rebuild --yes");
    }

    private void each(int megabytes, boolean isTimed, String... commands) throws Exception {
        assumeTrue(Counted.isPossible(), "only Linux counts what a process reads");
        Store store = store(dir, megabytes);
        long once = 0;
        for (String command : commands) {
            String script = command.split(" ")[0];
            spoil(store, script);
            Counted quiet = Counted.run(store, script, command.split(" ")[1]);
            spoil(store, script);
            Set<String> acknowledged = new TreeSet<>();
            List<Agent> agents = new ArrayList<>();
            for (int n = 0; n < 4; n++) agents.add(Agent.writing(store, "writer-" + n, isTimed ? 0 : A_SECOND));
            long before = day(store).toFile().length();
            Counted beside = Counted.run(store, script, command.split(" ")[1]);
            long grown = day(store).toFile().length() - before;
            for (Agent agent : agents) {
                agent.close();
                acknowledged.addAll(agent.acknowledged());
            }
            String what = command + ": " + quiet.bytes() + " bytes, beside writers " + beside.bytes() + ", there " + before + ", come "
                    + grown + ", CPU " + quiet.cpu() / 1_000_000 + " and " + beside.cpu() / 1_000_000 + " ms";
            System.err.println(what);
            // pages of the database are counted too, and again when rows came meanwhile; who read the day file again would have its whole
            // length besides
            assertTrue(beside.bytes() <= quiet.bytes() + before / 2 + 3 * grown, what + beside.said());
            if (once == 0) once = quiet.bytes();
            assertTrue(quiet.bytes() <= once + before / 2, "read once by every command: " + what + quiet.said());
            if (isTimed) assertTrue(beside.cpu() <= quiet.cpu() * 1.3 + 300_000_000, what);
            String said = beside.said().replaceAll("\\s+", " ");
            assertTrue(said.contains("; " + DAMAGED + " entries") || said.contains(" " + DAMAGED + " damaged"), said);
            assertTrue(beside.exit() <= 1, beside.said());
            Set<String> rows = new TreeSet<>();
            Sql.rows(store, "SELECT run_id FROM agent_runs").forEach(row -> rows.add(row.get("run_id").toString()));
            if (!script.equals("recover") || command.endsWith("--yes"))
                assertTrue(rows.containsAll(acknowledged), "no acknowledged run is lost: " + what);
            assertEquals(rows.size(), Sql.rows(store, "SELECT run_id FROM agent_runs").size());
        }
    }

    /** A writer that closes its connection takes the -wal and the -journal away, also between our look and our use. */
    @ParameterizedTest
    @EnumSource(names = {"V3", "V7_PYTHON"})
    void filesBesideTheDatabaseMayVanishAtAnyMoment(Fixture shape) throws Exception {
        Store store = shape.filled(dir, 30, Instant.now().minus(Duration.ofHours(2)));
        assertEquals(0, Script.on(store, new backup()).exit());
        Process writer = null;
        try {
            writer = new ProcessBuilder("python3", "-c", """
                import sqlite3, sys
                while True:
                    c = sqlite3.connect(sys.argv[1], timeout=30)
                    c.execute("UPDATE agent_runs SET host = host || 'x' WHERE rowid = 1")
                    c.commit()
                    c.close()
                """, store.database().toString()).redirectErrorStream(true).redirectOutput(dir.resolve("python.txt").toFile()).start();
        } catch (IOException e) {
            assumeTrue(false, "there is no python3: " + e.getMessage());
        }
        try {
            for (int n = 0; n < 2; n++)
                for (Script ran : new Script[] {Script.on(store, new recover(), "--dry-run"), Script.on(store, new rebuild(), "--yes"),
                        Script.on(store, new backup(), "restore", "latest", "--yes")}) {
                    assertTrue(ran.exit() <= 1, ran.toString());
                    assertFalse(ran.said().contains("does not exist"), ran.toString());
                }
            assertTrue(writer.isAlive(), Files.readString(dir.resolve("python.txt")));
        } finally {
            writer.destroyForcibly().waitFor();
        }
    }

    /** What the command has to do. */
    private static void spoil(Store store, String script) {
        if (script.equals("recover")) Sql.execute(store, "DELETE FROM agent_runs WHERE run_id IN (SELECT run_id FROM agent_runs ORDER BY "
                + "start_time LIMIT 30 OFFSET 50)");
    }

    private static Path day(Store store) {
        return store.raw().resolve(DayFile.name(DayFile.dayOf(Instant.now())));
    }

    /** Runs of the last days, all in the file of today, with some damaged lines, and their rows. */
    private static Store store(Path base, int megabytes) throws IOException {
        Store store = Fixture.V3.empty(base);
        Instant first = Instant.now().minus(Duration.ofDays(3));
        try (Database database = Database.open(store.database());
                BufferedWriter lines = Files.newBufferedWriter(day(store))) {
            database.pragma("synchronous", "OFF");
            var writer = new RunWriter(database);
            long[] written = new long[1];
            database.inTransaction(() -> {
                for (int n = 0; written[0] < megabytes * 1_000_000L; n++) {
                    Run run = Fixture.V3.run(6 * n, first.plusMillis(n));
                    String event = Ndjson.line(new Event(run.id(), "checkpoint", run.start(), "{\"step\": " + n + "}")) + "\n";
                    String text = Ndjson.line(run) + "\n" + event.repeat(EVENTS) + (n < DAMAGED ? "{\"damaged\n" : "");
                    written[0] += text.length();
                    append(lines, text);
                    writer.write(run);
                }
                return null;
            });
        }
        return store;
    }

    private static void append(BufferedWriter lines, String text) {
        try {
            lines.write(text);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
