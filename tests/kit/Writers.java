package telemetry.kit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.TelemetryClient;

/**
 * Agents of every kind on one store, each in a process of its own: two that write as the Python clients of the store's generation do, and
 * one that writes with threads of a {@link TelemetryClient}. Each says what it begins and what is acknowledged.
 */
public final class Writers implements AutoCloseable {
    private static final String PAUSE = "0.05";

    private final List<Process> processes = new ArrayList<>();
    private final List<Path> said = new ArrayList<>();

    /** @param generation v3 or v7 */
    public static Writers on(Store store, String generation, Path folder) throws IOException {
        var writers = new Writers();
        String agent = Checkout.root().resolve("tests/kit/agent.py").toString();
        String base = store.base().toString();
        writers.start(folder, new ProcessBuilder("python3", agent, base, generation, "kept", "python-kept", PAUSE));
        writers.start(folder, new ProcessBuilder("python3", agent, base, generation, "opened", "python-opened", PAUSE));
        writers.start(folder, Script.processBuilder(Map.of(), "telemetry.kit.Writers", base));
        return writers;
    }

    private void start(Path folder, ProcessBuilder writer) throws IOException {
        Path file = Files.createTempFile(folder, "said", ".txt");
        said.add(file);
        processes.add(writer.redirectErrorStream(true).redirectOutput(file.toFile()).start());
    }

    /** How many runs have begun, or are about to. */
    public long begun() {
        return lines().filter(line -> line.startsWith("+ ")).count();
    }

    /** The runs whose end is acknowledged: its line and its row. */
    public Set<String> acknowledged() {
        Set<String> ids = new TreeSet<>();
        lines().filter(line -> line.startsWith("- ")).forEach(line -> ids.add(line.substring(2)));
        return ids;
    }

    /** Whatever else they said. */
    public List<String> errors() {
        return lines().filter(line -> !line.startsWith("+ ") && !line.startsWith("- ")).toList();
    }

    /** Whole lines only. */
    private Stream<String> lines() {
        return said.stream().flatMap(file -> {
            try {
                String text = Files.readString(file, StandardCharsets.UTF_8);
                return text.substring(0, text.lastIndexOf('\n') + 1).lines();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Lets each end the run that it is about. */
    @Override
    public void close() throws IOException {
        for (Process process : processes) process.getOutputStream().close();
        try {
            for (Process process : processes) if (!process.waitFor(1, TimeUnit.MINUTES)) process.destroyForcibly();
        } catch (InterruptedException e) {
            processes.forEach(Process::destroyForcibly);
            Thread.currentThread().interrupt();
        }
    }

    /** The threads of a client. */
    public static void main(String... args) throws Exception {
        var ended = new CountDownLatch(1);
        try (var client = TelemetryClient.at(Store.at(Path.of(args[0])))) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 2; i++) threads.add(new Thread(() -> track(client, ended)));
            threads.forEach(Thread::start);
            while (System.in.read() >= 0) { }
            ended.countDown();
            for (Thread thread : threads) thread.join();
        }
    }

    private static void track(TelemetryClient client, CountDownLatch ended) {
        try {
            while (!ended.await(100, TimeUnit.MILLISECONDS)) {
                say("+ java");
                RunContext run = client.start("java", "soak");
                run.event("checkpoint", Map.of("step", 1));
                client.end(run, RunStatus.SUCCESS);
                say("- " + run.id());
            }
        } catch (InterruptedException | RuntimeException e) {
            say("! " + e);
        }
    }

    private static synchronized void say(String line) {
        System.out.println(line);
    }
}
