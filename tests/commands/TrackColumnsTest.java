import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.Database;
import telemetry.NewRun;
import telemetry.Row;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** scripts/track.java: what the operator and the tracked program say of a run, and runs that call runs. */
@Needs(Need.SH)
class TrackColumnsTest {
    private static final String SELF = "exec \"$JAVA\" -XX:TieredStopAtLevel=1 -cp \"$CLASSES\" track --store \"$STORE\" --agent inner --job step "
            + "-- sh -c 'echo $TELEMETRY_PARENT_RUN_ID'";

    @TempDir
    Path dir;

    private record Ran(int exit, String out, String err) { }

    /** In a process of its own, since variables are a process's. */
    private static Ran track(Store store, Map<String, String> env, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), "track", "--store", store.base().toString()));
        command.addAll(List.of(args));
        var builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("TELEMETRY_"));
        builder.environment().putAll(env);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(process.waitFor(), out, err);
    }

    private static List<Row> rows(Store store) {
        try (Database database = Database.openToRead(store.database())) {
            return database.query("SELECT * FROM agent_runs ORDER BY rowid").list();
        }
    }

    @Test
    void trackedRunsThatTrackRunsAreATree() throws Exception {
        Store store = Fixture.V7_SERVICE.empty(dir);
        Map<String, String> env = new HashMap<>(Map.of("JAVA", Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "CLASSES", System.getProperty("java.class.path"), "STORE", store.base().toString()));
        Ran ran = track(store, env, "--agent", "outer", "--job", "all", "--parent", "root-1", "--", "sh", "-c", SELF);
        assertEquals(0, ran.exit, ran.err);
        Row outer = rows(store).get(0);
        Row inner = rows(store).get(1);
        assertEquals("root-1", outer.text("parent_run_id"));
        assertEquals(outer.text("run_id"), inner.text("parent_run_id"));
        assertEquals(outer.text("run_id") + "\n", ran.out, "the innermost program knows who called its run");
        env.put("TELEMETRY_RUN_ID", "no id\nat all");
        track(store, env, "--agent", "outer", "--job", "all", "--", "true");
        assertNull(rows(store).get(2).text("parent_run_id"), "what is no run id calls nobody");
    }

    @Test
    void aStoreWithoutThatColumnTracksNestedRunsTooAndKeepsTheCallerInTheLine() throws Exception {
        Store store = Fixture.V3.empty(dir);
        Ran ran = track(store, Map.of("TELEMETRY_RUN_ID", "20261120T120000Z-outer-00000001"), "--agent", "a", "--job", "j", "--", "sh",
                "-c",
                "echo \"$TELEMETRY_RUN_ID\"; echo \"${TELEMETRY_PARENT_RUN_ID}\"");
        assertEquals(rows(store).get(0).text("run_id") + "\n20261120T120000Z-outer-00000001\n", ran.out);
        assertEquals("", ran.err);
    }

    @Test
    void theOperatorsColumnsStandInLineAndRow() {
        Store store = Fixture.V7_PYTHON.empty(dir);
        Script ran = Script.run(new track(), "--store", store.base(), "--agent", "a", "--job", "j", "--run-id", "mine-1", "--set",
                "git_run_tag=v1.2=rc", "--set", "items_discovered=12", "--set", "host=", "--", "true");
        assertEquals(0, ran.exit(), ran.err());
        Row row = rows(store).get(0);
        assertEquals("mine-1 v1.2=rc 12 ", row.text("run_id") + " " + row.text("git_run_tag") + " " + row.number("items_discovered") + " "
                + row.text("host"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"--set nope=1|have no column nope", "--set website=x|have no column website",
        "--set status=success|is set by the recording itself", "--set run_id=x|is set by", "--set start_time=x|is set by",
        "--set updated_at=x|is set by", "--set items_failed=many|whole numbers only", "--set trigger_type=cron|takes cli, web",
        "--set product|should be in KEY=VALUE format", "--parent p|have no column parent_run_id", "--run-id taken|is there already",
        "--run-id a b|is no run id", "--set =x|no column"})
    void whatTheStoreCannotTakeIsRefusedBeforeTheProgramRuns(String options, String why) {
        Store store = Fixture.V3.empty(dir);
        track(store, "--run-id", "taken", "--", "true");
        List<Object> args = new ArrayList<>(List.of(options.split(" ", 2)));
        args.addAll(List.of("--", "touch", dir.resolve("ran").toString()));
        Script ran = track(store, args.toArray());
        assertEquals(64, ran.exit(), ran.err());
        assertTrue(ran.err().contains(why), ran.err());
        assertTrue(Files.notExists(dir.resolve("ran")));
        assertEquals(1, rows(store).size());
    }

    private static Script track(Store store, Object... args) {
        List<Object> all = new ArrayList<>(List.of("--store", store.base(), "--agent", "a", "--job", "j"));
        all.addAll(List.of(args));
        var script = new track();
        script.out = OutputStream.nullOutputStream();
        return Script.run(script, all.toArray());
    }

    @Test
    void aStoreThatCannotBeReadStopsNoProgram() {
        Store store = Fixture.V3.empty(dir);
        store.database().toFile().delete();
        assertEquals(7, track(store, "--set", "website=x", "--parent", "p", "--run-id", "r", "--", "sh", "-c", "exit 7").exit());
        assertEquals(64, track(store, "--set", "nope=x", "--", "true").exit(), "no store has this");
    }

    @Test
    void theProgramSetsColumnsAndANoteTellsOfThoseThatThereAreNot() {
        Store store = Fixture.V3.empty(dir);
        Script ran = track(store, "--product", "cells", "--", "sh", "-c", "echo '::set product=words'; echo '::set insight_id = i-7' >&2; "
                + "echo '::set items_discovered=12'; echo '::set nope=1'; echo '::set nope=2'; echo '::set status=failed'; echo '::set'; "
                + "printf '::set platform=net\\r\\n'; exit 3");
        assertEquals(3, ran.exit());
        Row row = rows(store).get(0);
        assertEquals("words i-7 net failed 12", String.join(" ", row.text("product"), row.text("insight_id"), row.text("platform"),
                row.text("status"), row.text("items_discovered")));
        assertEquals("exit code 3", row.text("error_summary"), "a column is no error");
        assertEquals("track: runs of this store (v3) have no column nope\ntrack: status is set by the recording itself\n", ran.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"V1", "V3", "V5", "V7_SERVICE"})
    void aJavaProgramSetsColumnsBeforeTheEnd(Fixture shape) {
        Store store = shape.empty(dir);
        List<String> warnings = new ArrayList<>();
        try (TelemetryClient client = TelemetryClient.at(store, Clock.systemUTC(), warnings::add)) {
            RunContext run = client.start(new NewRun("a", "j").product("cells"));
            run.set("product", "words").set("items_failed", 3).set("product", null).set("product", "slides").set("end_time", "x");
            client.end(run, RunStatus.PARTIAL);
        }
        assertEquals("slides partial 3", rows(store).get(0).text("product") + " " + rows(store).get(0).text("status") + " "
                + rows(store).get(0).number("items_failed"));
        assertEquals(List.of("end_time is set by the recording itself"), warnings);
    }
}
