import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.kit.Sql;
import telemetry.kit.Writers;

/**
 * Each command in random order beside agents of both generations. Nothing that an agent was told is lost, doubled or spoiled, the agents
 * meet no error that they do not meet without the commands, each command ends, and what it counts is what the agents have written.
 */
class SoakTest {

    /** Within this each command ends, on a machine that does much else. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** How it ends where an agent's connection is open: it changes nothing then. */
    private static final int HELD = 3;

    /** It judges the machine as well, and ends as that is. */
    private static final String OF_MACHINE = "validate_installation";

    private static final Pattern RUNS = Pattern.compile("\"runs\": ?(\\d+)");
    private static final Pattern RUN_ID = Pattern.compile("\"run_id\": ?\"([^\"]+)\"");

    @TempDir
    private Path dir;

    private final Random random = new Random();
    private final Set<String> wrong = new TreeSet<>();

    /** The commands so far, each with its exit code. */
    private final List<String> done = new ArrayList<>();

    /** A command and what is held against its word. */
    private record Task(String said, Supplier<Callable<Integer>> script, boolean isCount, boolean isExchange, Object... args) { }

    private static final List<Task> TASKS = List.of(
            looks("health", health::new), looks("health --quick", health::new, "--quick"), looks("locks", locks::new),
            looks("logs", logs::new, "--limit", "5"), looks("logs --list", logs::new, "--list"),
            looks("archive list", archive::new, "list"),
            looks("query recent", query::new, "recent"), looks("query agents", query::new, "agents"),
            looks("query stale", query::new, "stale"), looks("maintain weekly", maintain::new, "weekly"),
            looks("maintain quarterly", maintain::new, "quarterly"), looks("archive", archive::new, "--yes"),
            looks("backup verify", backup::new, "verify", "all"), looks("backup list", backup::new, "list"),
            looks("prune stale", prune::new, "stale", "--older-than", "24h", "--yes"),
            looks("recover --dry-run", recover::new, "--dry-run"), looks("recover", recover::new, "--yes"),
            looks("query pending", query::new, "pending"), looks("query failures", query::new, "failures"),
            looks("setup", setup::new), looks("maintain monthly", maintain::new, "monthly", "--yes"),
            looks("recover quarantine", recover::new, "quarantine"), looks("archive verify", archive::new, "verify", "--all"),
            looks("prune runs", prune::new, "runs", "--older-than", "30d", "--yes"),
            looks("prune adopt", prune::new, "adopt", "--dry-run"), looks("upgrade", upgrade::new, "--dry-run"),
            looks("measure_performance", measure_performance::new, "--runs", "5", "--processes", "0"),
            looks(OF_MACHINE, validate_installation::new), looks("rebuild --replay-only", rebuild::new, "--replay-only"),
            counts("query count", query::new, "count", "--json"), counts("backup", backup::new, "--json"),
            counts("rebuild --check-only", rebuild::new, "--check-only", "--json"),
            exchanges("rebuild", rebuild::new, "--yes", "--json"),
            exchanges("backup restore", backup::new, "restore", "latest", "--yes", "--json"));

    private static Task looks(String said, Supplier<Callable<Integer>> script, Object... args) {
        return new Task(said, script, false, false, args);
    }

    private static Task counts(String said, Supplier<Callable<Integer>> script, Object... args) {
        return new Task(said, script, true, false, args);
    }

    private static Task exchanges(String said, Supplier<Callable<Integer>> script, Object... args) {
        return new Task(said, script, true, true, args);
    }

    /** A store with its agents, and the runs that track has made there. */
    private static final class Soaked implements AutoCloseable {
        final Store store;
        final Writers writers;
        final AtomicLong trackedBegun = new AtomicLong();
        final AtomicLong trackedEnded = new AtomicLong();
        volatile boolean isOver;

        Soaked(Fixture shape, Path folder) throws IOException {
            store = shape.empty(folder.resolve("store"));
            writers = Writers.on(store, "v" + shape.version(), folder);
        }

        long begun() {
            return writers.begun() + trackedBegun.get();
        }

        long acknowledged() {
            return writers.acknowledged().size() + trackedEnded.get();
        }

        @Override
        public void close() throws IOException {
            writers.close();
        }
    }

    @Test
    void fifteenSeconds() throws Exception {
        soak(Duration.ofSeconds(15));
    }

    @Test
    @Tag("torture")
    void ninetySeconds() throws Exception {
        soak(Duration.ofSeconds(90));
    }

    private void soak(Duration time) throws Exception {
        assumeTrue(Programs.has("python3"), "python3 is not installed");
        long seed = random.nextLong();
        random.setSeed(seed);
        for (Fixture shape : List.of(Fixture.V3, Fixture.V7_SERVICE)) {
            Path folder = Files.createDirectories(dir.resolve(shape.name() + "/with"));
            Path quiet = Files.createDirectories(dir.resolve(shape.name() + "/without"));
            try (var soaked = new Soaked(shape, folder); var control = new Soaked(shape, quiet)) {
                var tracking = new Thread(() -> track(soaked));
                long end = System.nanoTime() + time.dividedBy(2).toNanos();
                while (soaked.acknowledged() == 0 && System.nanoTime() < end) Thread.sleep(20);
                tracking.start();
                assertEquals(0, Script.on(soaked.store, new backup()).exit(), "the first backup");
                while (System.nanoTime() < end) command(soaked, TASKS.get(random.nextInt(TASKS.size())));
                soaked.isOver = true;
                tracking.join();
                soaked.close();
                control.close();
                compare(soaked, control);
            }
        }
        assertTrue(wrong.isEmpty(), () -> "seed " + seed + "\n" + String.join("\n", wrong) + "\nafter " + done);
    }

    /** A program under track, again and again. */
    private void track(Soaked soaked) {
        try {
            while (!soaked.isOver) {
                soaked.trackedBegun.incrementAndGet();
                Script tracked = Script.runProcess(Map.of(), "track", "--store", soaked.store.base(), "--agent", "tracked", "--job", "soak",
                        "--", "true");
                if (tracked.exit() != 0 || !tracked.err().isEmpty()) wrong("track ended with " + tracked);
                soaked.trackedEnded.incrementAndGet();
                Thread.sleep(500);
            }
        } catch (InterruptedException | IOException e) {
            wrong("track: " + e);
        }
    }

    private void command(Soaked soaked, Task task) {
        long low = soaked.acknowledged();
        long began = System.nanoTime();
        Script done = Script.on(soaked.store, task.script.get(), task.args);
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        long high = soaked.begun();
        String what = soaked.store.base().getParent().getParent().getFileName() + ": " + task.said;
        this.done.add(what + " " + done.exit() + ", " + took.toMillis() + " ms");
        if (took.compareTo(LIMIT) > 0) wrong(what + " took " + took);
        boolean isOver = done.exit() <= 1 || task.isExchange && done.exit() == HELD || task.said.equals(OF_MACHINE);
        if (!isOver) wrong(what + " ended with " + done);
        if (!task.isCount || done.exit() > 1) return;
        Matcher runs = RUNS.matcher(done.out());
        if (!runs.find()) wrong(what + " counts nothing: " + done);
        else if (Long.parseLong(runs.group(1)) < low || Long.parseLong(runs.group(1)) > high)
            wrong(what + " says " + runs.group(1) + " runs, not " + low + " to " + high);
        for (String none : List.of("damaged", "missing", "different"))
            if (done.out().matches("(?s).*\"" + none + "\": [1-9].*")) wrong(what + " says " + done.out());
    }

    private synchronized void wrong(String what) {
        wrong.add(what);
    }

    private void compare(Soaked soaked, Soaked control) throws IOException {
        String what = soaked.store.base().getParent().getParent().getFileName() + ": ";
        Set<String> acknowledged = soaked.writers.acknowledged();
        if (acknowledged.size() < 20) wrong(what + "only " + acknowledged.size() + " runs were written: " + soaked.writers.errors());
        if (soaked.writers.errors().size() > control.writers.errors().size())
            wrong(what + "the agents met errors: " + soaked.writers.errors() + ", without the commands: " + control.writers.errors());
        Map<String, Integer> lines = new HashMap<>();
        for (String line : lines(soaked.store)) {
            if (!line.startsWith("{\"run_id\": ") || !line.endsWith("}")) wrong(what + "a spoiled line: '" + line + "'");
            Matcher id = RUN_ID.matcher(line);
            if (id.find() && line.contains("\"record_type\": \"run\"")) lines.merge(id.group(1), 1, Integer::sum);
        }
        Map<String, Long> rows = new HashMap<>();
        Sql.rows(soaked.store, "SELECT run_id FROM agent_runs WHERE status = 'success'")
                .forEach(row -> rows.merge(row.get("run_id").toString(), 1L, Long::sum));
        for (String id : acknowledged) {
            if (lines.getOrDefault(id, 0) != 2) wrong(what + id + " has " + lines.get(id) + " lines");
            if (rows.getOrDefault(id, 0L) != 1) wrong(what + id + " has " + rows.get(id) + " rows");
        }
        Script check = Script.on(soaked.store, new rebuild(), "--check-only");
        if (check.exit() != 0) wrong(what + "in the end: " + check);
    }

    private static List<String> lines(Store store) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> days = Files.list(store.raw())) {
            for (Path day : days.toList()) {
                String text = Files.readString(day, StandardCharsets.UTF_8);
                lines.addAll(List.of(text.split("\n", -1)).subList(0, text.split("\n", -1).length - 1));
                assertTrue(text.endsWith("\n"), day + " ends with " + text.substring(text.length() - 100));
            }
        }
        return lines;
    }
}
