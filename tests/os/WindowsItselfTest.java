package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** What only Windows itself shows: programs of Windows that Wine does not have, and the launchers, which need its cmd and a compiler. */
@Needs({Need.WINDOWS, Need.NOT_WINE})
class WindowsItselfTest {
    @TempDir
    Path dir;

    /** Holds a file open until its input ends. */
    static final class Holder {
        public static void main(String... args) throws IOException {
            try (var held = Files.newInputStream(Path.of(args[0]))) {
                System.out.println("held");
                while (System.in.read() >= 0) { }
            }
        }
    }

    @Test
    void powerShellTellsWhoHasAFileOpen() throws Exception {
        Path file = Files.writeString(dir.resolve("a file"), "x");
        assertEquals(Optional.of(List.of()), OpenersElsewhere.of(List.of(file)));
        Process holder = Script.processBuilder(Map.of(), Holder.class.getName(), file).start();
        try {
            assertEquals('h', holder.getInputStream().read());
            assertEquals(Optional.of(List.of(holder.pid())), OpenersElsewhere.of(List.of(file)));
        } finally {
            holder.getOutputStream().close();
            assertTrue(holder.waitFor(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void theCommandThatShowsHowBusyTheDisksAreIsThere() throws Exception {
        Process busy = Script.shell(Disk.watch().command().toString().replace("-sc 5", "-sc 1")).redirectErrorStream(true).start();
        String said = new String(busy.getInputStream().readAllBytes());
        assertEquals(0, busy.waitFor(), said);
    }

    /** The first start builds; the second starts java alone. */
    @Test
    @ResourceLock("jbang")
    @Needs({Need.WINDOWS, Need.NOT_WINE, Need.COMPILER})
    void aLauncherStartsItsCommandFromAnyFolder() throws Exception {
        Path bin = dir.resolve("bin dir");
        assertEquals(0, Script.runProcess(Map.of(), "launchers", bin).exit());
        for (int start = 0; start < 2; start++) {
            assertEquals(2, launch(bin, "telemetry-health", "--store", dir.resolve("no store").toString()));
            assertEquals(0, launch(bin, "telemetry-health", "--version"));
            assertEquals(64, launch(bin, "telemetry-health", "--nonsense"));
        }
    }

    private int launch(Path bin, String name, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(bin.resolve(name + ".cmd").toString()));
        command.addAll(List.of(args));
        ProcessBuilder builder = Program.own(command).with("JAVA_HOME", System.getProperty("java.home")).builder().directory(dir.toFile())
                .redirectErrorStream(true).redirectOutput(dir.resolve("said").toFile());
        Process process = builder.start();
        assertTrue(process.waitFor(3, TimeUnit.MINUTES), command.toString());
        return process.exitValue();
    }
}
