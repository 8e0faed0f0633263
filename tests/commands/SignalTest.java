import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.Deed;
import telemetry.kit.Jbangw;
import telemetry.kit.Memory;
import telemetry.kit.Script;
import telemetry.kit.Tally;
import telemetry.kit.Trial;
import telemetry.kit.Victim;

/** A process that gets a signal at any moment: it ends, or goes on after a pause, and the same command again does its work. */
@DisabledOnOs(OS.WINDOWS)
class SignalTest {
    private static final List<String> SIGNALS = List.of("TERM", "INT", "KILL", "HUP", "STOP");

    /** What a shell says of a program that a signal has ended: 128 and its number. */
    private static final Map<String, Integer> CODES = Map.of("HUP", 129, "INT", 130, "KILL", 137, "TERM", 143);

    @TempDir
    private Path dir;

    @TempDir(factory = Memory.class)
    private Path stores;

    private final Random random = new Random();
    private final Tally tally = new Tally();
    private Victim victim;

    @BeforeEach
    void start() throws IOException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "signals are tried on Linux");
        victim = new Victim(Map.of());
    }

    @AfterEach
    void stop() {
        if (victim != null) victim.close();
        System.out.print(tally);
    }

    @Test
    void oneCommand() throws Exception {
        List<Deed> deeds = Deed.all();
        attempt(deeds.get(random.nextInt(deeds.size())), List.of("TERM", "KILL", "STOP"));
        assertEquals(List.of(), tally.wrong());
    }

    @Test
    @Tag("torture")
    void eachCommandAndSignal() throws Exception {
        for (Deed deed : Deed.all()) attempt(deed, SIGNALS);
        assertEquals("", String.join("\n", tally.wrong()));
    }

    private void attempt(Deed deed, List<String> signals) throws Exception {
        var trial = new Trial(deed, victim, Files.createTempDirectory(stores, "deed"));
        long began = System.nanoTime();
        assertTrue(start(deed, trial.fresh()).waitFor(60, TimeUnit.SECONDS), deed + " does not end");
        long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        for (String signal : signals) {
            if (signal.equals("INT") && Jbangw.interruptsAreIgnored()) continue;
            Store store = trial.fresh();
            Process process = start(deed, store);
            Thread.sleep((long) (took * (0.3 + 0.7 * random.nextDouble())));
            send(signal, process);
            if (signal.equals("STOP")) {
                Thread.sleep(200);
                send("CONT", process);
            }
            List<String> problems = new ArrayList<>();
            if (!process.waitFor(60, TimeUnit.SECONDS)) problems.add("does not end");
            process.destroyForcibly().waitFor();
            Script done = new Script(process.exitValue(), "", Files.readString(dir.resolve("said"), StandardCharsets.UTF_8));
            boolean isEnded = CODES.getOrDefault(signal, -1) == done.exit();
            problems.addAll(isEnded ? trial.lost(store) : trial.problems(done, store));
            problems.addAll(trial.again(store, process.pid()));
            tally.add(deed, signal, problems, trial.told(signal, problems, done));
        }
    }

    private Process start(Deed deed, Store store) throws IOException {
        return Script.processBuilder(Map.of(), deed.script(), deed.args(store).toArray()).redirectErrorStream(true)
                .redirectOutput(dir.resolve("said").toFile()).redirectInput(Path.of("/dev/null").toFile()).start();
    }

    private static void send(String signal, Process process) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }
}
