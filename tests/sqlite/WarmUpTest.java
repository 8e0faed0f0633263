package telemetry.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Database;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** Database.warmUp, in a process of its own each: a library is loaded once. */
class WarmUpTest {

    @TempDir
    Path dir;

    /** Warms up and waits for that to end. */
    static final class Warming {
        public static void main(String... args) throws InterruptedException {
            Database.warmUp();
            for (Thread thread : Thread.getAllStackTraces().keySet()) if (thread.getName().equals("SQLite")) thread.join();
        }
    }

    @Test
    void loadsSqlite() throws Exception {
        assertEquals("0 ", warming(dir.toString()));
        try (Stream<Path> unpacked = Files.walk(dir)) {
            assertTrue(unpacked.anyMatch(file -> file.endsWith(System.mapLibraryName("sqlitejdbc"))));
        }
    }

    @Test
    @Needs(Need.PROC)
    void whereTheLibraryCannotBeLoadedItIsSilent() throws Exception {
        assertEquals("0 ", warming("/dev/null/cache"));
    }

    /** @return the exit code and all that was printed; the temporary folder is one that nobody can write to */
    private static String warming(String cache) throws Exception {
        ProcessBuilder builder = Script.processBuilder(Map.of("XDG_CACHE_HOME", cache), Warming.class.getName());
        builder.command().add(1, "-Djava.io.tmpdir=" + (Need.PROC.isMet() ? "/proc" : cache));
        Process process = builder.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() + " " + said;
    }
}
