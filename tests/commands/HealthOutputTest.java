import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.health.HealthRules;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** What other programs read of health, and its options. */
class HealthOutputTest {

    @TempDir
    Path dir;

    private static final String SILENT = "silent: link-checker since 2026-11-20 12:00:00, docs-crawler since 2026-11-20 11:00:00, "
            + "hugo-translator since 2026-11-20 10:00:00";

    @Test
    void theJsonDocumentHasItsFixedForm() {
        Store store = Fixture.V3.filled(dir, 20, HealthTest.NOON);
        Script health = HealthTest.health(store, "--json", "--idle", "1m");
        JsonObject document = Json.parse(health.out()).asObject();
        assertEquals(List.of("status", "store", "checks", "not_checked"), document.names());
        assertEquals("warning", document.getString("status", ""));
        assertEquals(dir.toString(), document.getString("store", ""));
        assertEquals(HealthTest.NAMES, HealthTest.names(health));
        assertEquals("{\"name\":\"activity\",\"status\":\"warning\",\"detail\":\"no run for 10 min, 20 in the last 24 h; " + SILENT
                + "\",\"hint\":\"start these agents, or see why they do not run (runbook: Health Checks)\",\"next\":null}",
                HealthTest.check(health, "activity").toString());
        assertEquals("[\"whether lines older than 2 d are in the database\",\"the bytes of backups and archived files\"]",
                document.get("not_checked").toString());
        Script quick = HealthTest.health(store, "--json", "--quick");
        assertEquals("whether indexes agree with their tables",
                Json.parse(quick.out()).asObject().get("not_checked").asArray().get(0).asString());
        assertTrue(HealthTest.check(health, "disk").get("hint").isNull());
        assertTrue(HealthTest.check(health, "disk").get("next").isNull());
        assertEquals(1, health.exit());
    }

    @Test
    void thePluginLineHasStatusTextAndPerformanceData() {
        Store store = Fixture.V3.filled(dir, 20, HealthTest.NOON);
        assertEquals("TELEMETRY OK - all 14 checks are ok | wal_size=0B;64000000;;0 disk_free=NB;5000000000:;1000000000:;0 write=0.Ns;;;0 "
                + "runs_last_hour=1;;;0 runs_last_day=20;;;0"
                + " last_run_age=600s;3600;;0 running_runs=3;;;0 stale_runs=0;0;;0 database_size=NB;500000000;;0 runs=20;;;0 "
                        + "missing_runs=0;0;;0 unended_runs=0;0;;0" + System.lineSeparator(),
                HealthTest.health(store, "--nagios").out().replaceAll("disk_free=\\d+", "disk_free=N")
                        .replaceAll("write=0\\.\\d+s", "write=0.Ns").replaceAll("database_size=\\d+", "database_size=N"));
        Script idle = HealthTest.health(store, "--nagios", "--idle", "1m");
        assertTrue(idle.out().startsWith("TELEMETRY WARNING - activity: no run for 10 min, 20 in the last 24 h; " + SILENT
                + " | wal_size="),
                idle.out());
        Script missing = Script.run(HealthTest.at(HealthTest.NOON), "--nagios", "--store", dir.resolve("a|b"));
        assertTrue(missing.out()
                .matches("TELEMETRY CRITICAL - storage: there is no store: --store names \\S+a b, which is not there: was the store "
                        + "moved\\? Then name its folder "
                + "with --store \\|\\R"), missing.out());
        assertEquals(List.of(1, 2), List.of(idle.exit(), missing.exit()));
    }

    @Test
    @Needs(Need.ANY_NAME)
    void theTextfileIsReplacedAsAWholeAlsoWhenChecksFail() throws IOException {
        Path file = Files.writeString(dir.resolve("telemetry.prom"), "old");
        Path hostile = dir.resolve("a\"b\\c\nd");
        Script health = Script.run(HealthTest.at(HealthTest.NOON), "--prometheus", file, "--store", hostile);
        assertEquals(2, health.exit());
        List<String> lines = Files.readAllLines(file);
        String label = "store=\"" + dir + "/a\\\"b\\\\c\\nd\"";
        assertEquals(List.of("# HELP telemetry_status How the store is: 0 ok, 1 warning, 2 failed, 3 cannot tell.",
                "# TYPE telemetry_status gauge", "telemetry_status{" + label + "} 2",
                "# HELP telemetry_check_status How each check ended: 0 ok, 1 warning, 2 failed, 3 cannot tell or skipped.",
                "# TYPE telemetry_check_status gauge",
                "telemetry_check_status{" + label + ",check=\"environment\"} 0",
                "telemetry_check_status{" + label + ",check=\"storage\"} 2",
                "telemetry_check_status{" + label + ",check=\"database\"} 3"), lines.subList(0, 8));
        assertEquals("telemetry_health_timestamp_seconds{" + label + "} " + HealthTest.NOON.getEpochSecond(), lines.get(lines.size() - 1));
        assertTrue(lines.stream().allMatch(line -> line.matches("# (HELP|TYPE) telemetry_[a-z_]+ .+|telemetry_[a-z_]+\\{.+\\} -?[0-9.]+")),
                lines.toString());

        HealthTest.health(Fixture.V3.filled(dir.resolve("s"), 20, HealthTest.NOON), "--prometheus", file);
        String text = Files.readString(file);
        assertTrue(text.contains("\ntelemetry_status{store=\"" + dir.resolve("s").toString().replace("\\", "\\\\") + "\"} 0\n")
                && text.contains("\ntelemetry_last_run_age_seconds{store=\""
                + dir.resolve("s").toString().replace("\\", "\\\\") + "\"} 600\n"), text);
        assertTrue(text.contains("# HELP telemetry_runs Runs in the database.\n# TYPE telemetry_runs gauge\n")
                && text.endsWith("\n"), text);
        assertEquals(List.of("s", "telemetry.prom"), children(dir), "no temporary file is left");
    }

    @Test
    void aTextfileThatCannotBeWrittenIsSaidAfterTheReport() throws IOException {
        Script health = HealthTest.health(Fixture.V3.filled(dir, 20, HealthTest.NOON), "--prometheus", dir.resolve("none/x.prom"));
        assertTrue(health.plain().out().endsWith("ok: all 14 checks are ok\n"), health.out());
        assertEquals("health: cannot write a textfile in " + dir.resolve("none") + ": it does not exist\n", health.plain().err());
        assertEquals(3, health.exit());
        Path folder = Files.createDirectories(dir.resolve("t/x.prom/full")).getParent();
        assertEquals(2, HealthTest.health(Store.at(dir), "--prometheus", folder).exit());
        assertEquals(List.of("x.prom"), children(folder.getParent()), "no temporary file is left");
    }

    @Test
    void theDefaultsAreTheRunbooks() {
        var health = new health();
        Script.run(health, "--store", dir.resolve("none"));
        assertEquals(HealthRules.RUNBOOK, health.limits.rules(false));
        assertEquals(HealthRules.RUNBOOK.quickly(), health.limits.rules(true));
    }

    @Test
    void badArgumentsAreRefused() {
        for (String[] wrong : new String[][] {{"--json", "--nagios"}, {"--idle", "soon"},
                {"--disk-failed", "much"}, {"extra"}, {"--deep"}}) {
            Script health = Script.run(new health(), (Object[]) wrong);
            assertEquals(64, health.exit(), wrong[0]);
            assertEquals("", health.out());
            assertEquals(2, health.err().lines().count(), health.err());
            assertTrue(health.plain().err().endsWith("\nnext: jbang health@telemetry --help\n"), health.err());
        }
    }

    /** Whatever a monitoring system runs it with: one line, and a code that it knows. */
    @Test
    void asAPluginItAnswersInOneLineWhateverHappens() throws Exception {
        Path none = dir.resolve("none");
        for (Object[] args : new Object[][] {{"--no-such"}, {"--json"}, {"--idle", "soon"}, {"--store", ""}, {"--store", none, "extra"},
                {"--alert", "http://example.invalid/"}, {"--prometheus", ""}}) {
            List<Object> words = new ArrayList<>(List.of(args));
            words.add("--nagios");
            Script plugin = Script.runProcess(Map.of(), "health", words.toArray());
            assertEquals(3, plugin.exit(), plugin.toString());
            assertEquals(1, plugin.out().lines().count(), plugin.out());
            assertTrue(plugin.out().startsWith("TELEMETRY UNKNOWN - health: "), plugin.out());
            assertTrue(plugin.err().endsWith("next: jbang health@telemetry --help" + System.lineSeparator()), plugin.err());
        }
        Script missing = Script.runProcess(Map.of(), "health", "--nagios", "--store", none);
        assertEquals(2, missing.exit());
        assertTrue(missing.out().startsWith("TELEMETRY CRITICAL - storage: ") && missing.out().lines().count() == 1, missing.out());
        assertEquals("", missing.err());
    }

    private static List<String> children(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
