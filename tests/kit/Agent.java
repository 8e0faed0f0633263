package telemetry.kit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Run;
import telemetry.Store;
import telemetry.Times;
import telemetry.runs.RunWriter;

/**
 * An agent in a process of its own. It writes runs as the v3 agents do, line first, row second, a connection of their own kept open, and
 * says each on stdout when both are there: {@code id milliseconds}. Or it holds the database's write lock until its stdin ends.
 */
public final class Agent implements AutoCloseable {
    private final Process process;
    private final StringBuilder said = new StringBuilder();
    private final Thread reader;

    private Agent(Process process) {
        this.process = process;
        this.reader = new Thread(this::read);
        reader.start();
    }

    /** Starts one that writes so many runs a second, 0 as fast as it can, and waits until the first is written. */
    public static Agent writing(Store store, String name, int perSecond) throws IOException, InterruptedException {
        return started("write", store, name, perSecond);
    }

    /** Starts one whose rows have no lines. */
    public static Agent posting(Store store, String name, int perSecond) throws IOException, InterruptedException {
        return started("post", store, name, perSecond);
    }

    /** Starts one that holds the lock which this statement takes. */
    public static Agent holding(Store store, String begin) throws IOException, InterruptedException {
        return started("hold", store, begin, 0);
    }

    private static Agent started(String what, Store store, String name, int perSecond) throws IOException, InterruptedException {
        var agent = new Agent(Script.processBuilder(Map.of(), "telemetry.kit.Agent", what, store.base(), name, perSecond)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start());
        while (agent.lines().isEmpty() && agent.process.isAlive()) Thread.sleep(5);
        return agent;
    }

    private void read() {
        byte[] chunk = new byte[8192];
        try (InputStream in = process.getInputStream()) {
            for (int n = in.read(chunk); n > 0; n = in.read(chunk)) {
                synchronized (said) {
                    said.append(new String(chunk, 0, n, StandardCharsets.UTF_8));
                }
            }
        } catch (IOException e) {
            // it was killed
        }
    }

    private List<String> lines() {
        synchronized (said) {
            return said.toString().lines().limit(said.chars().filter(c -> c == '\n').count()).toList();
        }
    }

    /** The runs that it has said were written. */
    public Set<String> acknowledged() {
        Set<String> ids = new TreeSet<>();
        for (String line : lines()) if (!line.startsWith("!")) ids.add(line.split(" ")[0]);
        return ids;
    }

    /** What went wrong. */
    public List<String> errors() {
        return lines().stream().filter(line -> line.startsWith("!")).toList();
    }

    /** How many lines it has said. */
    public int said() {
        return lines().size();
    }

    /** The longest that a run took to write, of those after so many lines. */
    public Duration longestAfter(int lines) {
        return Duration.ofMillis(lines().stream().skip(lines).filter(line -> !line.startsWith("!"))
                .mapToLong(line -> Long.parseLong(line.split(" ")[1])).max().orElse(0));
    }

    public long pid() {
        return process.pid();
    }

    /** As {@code kill -9}. Through its handle: the process itself would throw away what it has said. */
    public void kill() throws InterruptedException {
        process.toHandle().destroyForcibly();
        process.waitFor();
        reader.join();
    }

    /** Lets it end what it is about. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            process.waitFor();
            reader.join();
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    public static void main(String... args) throws Exception {
        Store store = Store.at(Path.of(args[1]));
        if (args[0].equals("hold")) hold(store, args[2]);
        else write(store, args[2], Integer.parseInt(args[3]), args[0].equals("write"));
    }

    private static void hold(Store store, String begin) throws IOException {
        try (Database database = Database.open(store.database())) {
            database.execute(begin);
            System.out.println("held 0");
            System.in.read();
            database.execute("ROLLBACK");
        }
    }

    private static void write(Store store, String name, int perSecond, boolean lines) throws Exception {
        try (Database database = Database.open(store.database(), Duration.ofSeconds(5)); EventLog log = new EventLog(store)) {
            var writer = new RunWriter(database);
            AtomicBoolean ended = endOfStdin();
            for (int n = 0; !ended.get(); n++) {
                Run run = run(name, n);
                long began = System.nanoTime();
                try {
                    if (lines) log.append(DayFile.dayOf(Instant.now()), run);
                    database.inTransaction(() -> writer.write(run));
                    System.out.println(run.id() + " " + (System.nanoTime() - began) / 1_000_000);
                } catch (RuntimeException e) {
                    System.out.println("! " + e.getMessage());
                }
                if (perSecond > 0) Thread.sleep(1000 / perSecond);
            }
        }
    }

    private static AtomicBoolean endOfStdin() {
        var ended = new AtomicBoolean();
        var watcher = new Thread(() -> {
            try {
                while (System.in.read() >= 0) { }
            } catch (IOException e) {
                // the end too
            }
            ended.set(true);
        });
        watcher.setDaemon(true);
        watcher.start();
        return ended;
    }

    private static Run run(String name, int n) {
        Instant now = Instant.now();
        List<Object> fields = new ArrayList<>(List.of("agent_name", name, "job_type",
                "publish", "trigger_type", "cli", "start_time", Times.text(now), "end_time", Times.text(now.plusMillis(5)),
                "status", "success", "items_discovered", 10L, "items_succeeded", 10L, "items_failed", 0L, "duration_ms", 5L));
        var run = new Run(Map.of("run_id", Times.stamp(now).replace('_', 'T') + "Z-" + name + "-" + String.format("%08x", n)));
        for (int i = 0; i < fields.size(); i += 2) run = run.with(fields.get(i).toString(), fields.get(i + 1));
        return run;
    }
}
