import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.kit.Checkout;
import telemetry.kit.Script;
import telemetry.os.Machine;

/** Every command once, as a process of this system, on a fresh store whose path has a blank. */
@Order(1)
@Tag("system")
class EveryCommandTest {

    /** Exit codes that are right, a text that is in the output, and the command. */
    private record Step(Set<Integer> exits, String said, List<String> command) {
        static Step of(String exits, String said, String... command) {
            var codes = new TreeSet<Integer>();
            for (String code : exits.split("/")) codes.add(Integer.valueOf(code));
            return new Step(codes, said, List.of(command));
        }
    }

    private static final List<String> ENDS_WITH_THREE = Machine.isWindows() ? List.of("cmd", "/c", "exit", "3")
            : List.of("sh", "-c", "exit 3");

    private static final List<Step> BEFORE = List.of(
            Step.of("0", "checks are ok", "setup", "--sample", "--seed", "3"),
            Step.of("0", "checks are ok", "health"),
            Step.of("0", "\"status\": \"ok\"", "health", "--json"),
            Step.of("0", "run_id", "query", "recent"),
            Step.of("0", "link-checker", "query", "agents"),
            Step.of("0", "1200", "query", "sql", "SELECT count(*) AS n FROM agent_runs"),
            Step.of("0", "success", "logs", "--since", "48h"),
            Step.of("0", "success found", "track", "--self-test"),
            Step.of("3", "", Stream.concat(Stream.of("track", "--agent", "a", "--job", "j", "--"), ENDS_WITH_THREE.stream())
                    .toArray(String[]::new)),
            Step.of("0", "verified", "backup"),
            Step.of("0", "SHA-256", "backup", "verify", "all"),
            Step.of("0", "drill", "backup", "restore", "latest", "--dry-run"),
            Step.of("0", "restored", "backup", "restore", "latest", "--yes"),
            Step.of("0/1", "free", "locks"),
            Step.of("0", "", "upgrade", "--dry-run"),
            Step.of("0", "health --record", "maintain", "schedule"),
            Step.of("0", "Disk Full", "runbook", "--list"),
            Step.of("0/1", "java", "validate_installation"));

    private static final List<Step> OF_OLD_FILES = List.of(
            Step.of("0", "day files", "archive", "--older-than", "20d", "--yes"),
            Step.of("0", "are right", "archive", "verify"),
            Step.of("0", "", "rebuild", "--check-only"),
            Step.of("0", "verified", "rebuild", "--yes"),
            Step.of("0", "deleted", "prune", "runs", "--older-than", "25d", "--yes"),
            Step.of("0/1", "health", "maintain", "weekly"),
            Step.of("0/1", "runs/s", "measure_performance"));

    private static final List<Step> OF_DAMAGE = List.of(
            Step.of("2", "damaged", "health"),
            Step.of("0/1", "recovered", "recover", "--yes"),
            Step.of("0/1", "ok       database", "health"));

    @TempDir
    Path dir;

    @Test
    void doesItsWorkOnAFreshStore() throws Exception {
        Store store = Store.at(dir.resolve("my store"));
        follow(store, BEFORE);
        FileTime yesterday = FileTime.from(Instant.now().minus(Duration.ofDays(1)));
        for (DayFile day : new EventLog(store).days()) Files.setLastModifiedTime(day.path(), yesterday);
        follow(store, OF_OLD_FILES);
        try (var database = new RandomAccessFile(store.database().toFile(), "rw")) {
            database.seek(20 * 4096);
            database.write(new byte[30 * 4096]);
        }
        follow(store, OF_DAMAGE);
        assertEquals(0, Script.runProcess(Map.of(), "launchers", dir.resolve("bin dir")).exit());
        assertTrue(Files.exists(dir.resolve("bin dir").resolve("telemetry-health" + (Machine.isWindows() ? ".cmd" : ""))));
    }

    private static void follow(Store store, List<Step> steps) throws Exception {
        var env = Map.of("TELEMETRY_BASE_DIR", store.base().toString(), "JAVA_TOOL_OPTIONS", "-Dtelemetry.checkout=" + Checkout.root());
        for (Step step : steps) {
            List<String> args = new ArrayList<>(step.command);
            Script ran = Script.runProcess(env, args.remove(0), args.toArray());
            assertTrue(step.exits.contains(ran.exit()) && (ran.out() + ran.err()).contains(step.said), () -> step + "\n" + ran);
        }
    }

    /** But for the shell, which ShellTest starts. */
    @Test
    void isAmongTheSteps() throws IOException {
        Set<String> known = Stream.of(BEFORE, OF_OLD_FILES, OF_DAMAGE).flatMap(List::stream).map(step -> step.command.get(0))
                .collect(toCollection(TreeSet::new));
        known.add("launchers");
        try (Stream<Path> scripts = Files.list(Checkout.root().resolve("scripts"))) {
            assertEquals(scripts.map(script -> script.getFileName().toString()).filter(name -> name.endsWith(".java"))
                    .map(name -> name.replace(".java", "")).collect(toCollection(TreeSet::new)), known);
        }
    }
}
