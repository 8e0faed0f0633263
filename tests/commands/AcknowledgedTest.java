import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.RunContext;
import telemetry.RunStatus;
import telemetry.Store;
import telemetry.TelemetryClient;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/**
 * That a line is on the disk before its run is acknowledged, also when threads share an fsync, and that it stands in its file before its
 * row is written, as the system's calls show: a process that tracks runs says each record on stdout once it is acknowledged, and strace
 * tells when its line's write, and an fsync of that file that began after it, had returned.
 */
class AcknowledgedTest {
    private static final int THREADS = 8;

    /** Of each thread. */
    private static final int RUNS = 15;

    private static final Pattern WRITTEN = Pattern.compile("([0-9.]+) p?write(?:64)?\\((\\d+)<(.*?)>, \"(.*)\", .* = \\d+ <([0-9.]+)>");
    private static final Pattern SYNCED = Pattern.compile("([0-9.]+) f(?:data)?sync\\(\\d+<(.*)>\\) += 0 <([0-9.]+)>");
    private static final Pattern RUN_ID = Pattern.compile("\\d{8}T\\d{6}Z-agent-[0-9a-f]{8}");
    private static final Pattern RECORD =
            Pattern.compile("\\\\\"run_id\\\\\": \\\\\"([^\\\\]+)\\\\\".*?\\\\\"status\\\\\": \\\\\"([a-z]+)");
    private static final Pattern SAID = Pattern.compile("(\\S+) (running|success)\\\\n");

    @TempDir
    private Path dir;

    @Test
    void noLineOfEightThreadsIsAcknowledgedBeforeItsFsyncAndNoRowComesBeforeItsLine() throws Exception {
        assumeTrue(Programs.said("strace", "-V") != null, "strace is not installed");
        Store store = Fixture.V3.empty(dir.resolve("store"));
        List<String> command = new ArrayList<>(List.of("strace", "-ff", "-y", "-ttt", "-T", "-s", "1000000", "-e",
                "trace=write,pwrite64,fsync,fdatasync", "-o",
                dir.resolve("calls").toString()));
        command.addAll(Script.processBuilder(Map.of(), "AcknowledgedTest", store.base()).command());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(dir.resolve("out").toFile()).start();
        assertTrue(process.waitFor(3, TimeUnit.MINUTES), "it goes on");
        assumeTrue(!Files.readString(dir.resolve("out")).contains("Operation not permitted"), "this system permits no strace");
        assertEquals(0, process.exitValue(), Files.readString(dir.resolve("out")));

        List<String> calls = calls();
        TreeMap<Double, Double> synced = new TreeMap<>();
        matches(SYNCED, calls).filter(sync -> sync.group(2).contains("/raw/events_"))
                .forEach(sync -> synced.put(Double.valueOf(sync.group(1)), end(sync)));
        Map<String, Double> inFile = new HashMap<>();
        Map<String, Double> inDatabase = new HashMap<>();
        matches(WRITTEN, calls).forEach(write -> {
            Matcher record = RECORD.matcher(write.group(3).contains("/raw/events_") ? write.group(4) : "");
            while (record.find()) inFile.put(record.group(1) + " " + record.group(2), end(write));
            Matcher row = RUN_ID.matcher(write.group(3).endsWith("-wal") ? write.group(4) : "");
            while (row.find()) inDatabase.merge(row.group(), Double.valueOf(write.group(1)), Math::min);
        });
        Map<String, Double> acknowledged = new HashMap<>();
        matches(WRITTEN, calls).filter(write -> write.group(2).equals("1")).forEach(write -> {
            Matcher said = SAID.matcher(write.group(4));
            while (said.find()) acknowledged.put(said.group(1) + " " + said.group(2), Double.parseDouble(write.group(1)));
        });
        assertEquals(2 * THREADS * RUNS, acknowledged.size());
        acknowledged.forEach((record, time) -> {
            double onDisk = synced.tailMap(inFile.getOrDefault(record, Double.MAX_VALUE)).values().stream()
                    .min(Double::compare).orElse(Double.MAX_VALUE);
            assertTrue(onDisk <= time, record + " was acknowledged at " + time + ", on the disk at " + onDisk);
        });
        assertEquals(THREADS * RUNS, inDatabase.size());
        inDatabase.forEach((run, time) -> assertTrue(inFile.getOrDefault(run + " running", Double.MAX_VALUE) <= time,
                run + " was written to the database at " + time + ", its line at " + inFile.get(run + " running")));
    }

    /** When a call whose last group is its duration had returned. */
    private static double end(Matcher call) {
        return Double.parseDouble(call.group(1)) + Double.parseDouble(call.group(call.groupCount()));
    }

    private static Stream<Matcher> matches(Pattern pattern, List<String> calls) {
        return calls.stream().map(pattern::matcher).filter(Matcher::matches);
    }

    /** A file for each thread. */
    private List<String> calls() throws IOException {
        List<String> calls = new ArrayList<>();
        try (var files = Files.newDirectoryStream(dir, "calls.*")) {
            for (Path file : files) calls.addAll(Files.readAllLines(file, StandardCharsets.ISO_8859_1));
        }
        return calls;
    }

    public static void main(String... args) throws Exception {
        try (var client = TelemetryClient.at(Store.at(Path.of(args[0])))) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) threads.add(new Thread(() -> track(client)));
            threads.forEach(Thread::start);
            for (Thread thread : threads) thread.join();
        }
    }

    private static void track(TelemetryClient client) {
        for (int n = 0; n < RUNS; n++) {
            RunContext run = client.start("agent", "job");
            say(run.id() + " running");
            client.end(run, RunStatus.SUCCESS);
            say(run.id() + " success");
        }
    }

    /** In one write. */
    private static void say(String line) {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
        System.out.write(bytes, 0, bytes.length);
        System.out.flush();
    }
}
