import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.AlertServer;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** health --alert: where the address comes from, and that nobody sees it. */
class AlertSecretTest {
    private static final String[] IDLE = {"--idle", "1s", "--quick"};

    @TempDir
    Path dir;

    @Test
    void aFileHasTheAddressOnItsFirstLine() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 12, Instant.now().minusSeconds(600));
        try (var server = new AlertServer()) {
            Path file = Files.writeString(dir.resolve("webhook"), "  " + server.url() + " \nmore\n");
            Script health = told(store, "@file:" + file);
            assertTrue(health.exit() == 1 && health.err().isEmpty(), health.toString());
            assertEquals("/services/SECRET", server.posts().get(0).path());
            server.answers(404);
            Files.writeString(file, server.url() + "?token=SECRET");
            Script failed = told(store, "@file:" + file);
            assertTrue(failed.err().contains("alert http://127.0.0.1:"), failed.toString());
            nothingShows(failed, store);
        }
    }

    @Test
    void aFileThatNamesNothingIsNamedAndItsWordsAreNot() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 12, Instant.now());
        Path file = Files.writeString(dir.resolve("webhook"), "http://example.com/SECRET\n");
        for (String target : List.of("@file:" + file, "@file:" + dir.resolve("none"), "@file:" + dir, "@file:",
                "@file:" + Files.createFile(dir.resolve("empty")))) {
            Script refused = told(store, target);
            assertTrue(refused.exit() == 64 && !refused.said().contains("SECRET"), target + ": " + refused);
        }
        Script misplaced = Script.on(store, new health(), "--quick", "https://hooks.example.com/services/SECRET");
        assertTrue(misplaced.exit() == 64 && misplaced.err().contains("https://hooks.example.com/…"), misplaced.toString());
    }

    @Test
    void theVariableNamesItWhereTheOptionDoesNot() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("store"), 12, Instant.now().minusSeconds(600));
        try (var server = new AlertServer()) {
            Script health = Script.runProcess(Map.of("TELEMETRY_ALERT", server.url()), "health", "--store", store.base(), "--idle", "1s");
            assertEquals(1, health.exit(), health.toString());
            assertEquals(1, server.posts().size());
            nothingShows(health, store);
            Script wrong = Script.runProcess(Map.of("TELEMETRY_ALERT", "ftp://x/SECRET"), "health", "--store", store.base());
            assertTrue(wrong.exit() == 64 && wrong.err().contains("TELEMETRY_ALERT: a ftp address") && !wrong.said().contains("SECRET"),
                    wrong.toString());
        }
    }

    /** The command looks at the words of the shell that runs it. */
    @Test
    @Needs(Need.PROC)
    void noShellHasACommandsWordsAmongItsOwn() throws IOException {
        Store store = Fixture.V3.filled(dir.resolve("store"), 12, Instant.now().minusSeconds(600));
        Path seen = dir.resolve("seen");
        Path file = Files.writeString(dir.resolve("command"), "KEY=SECRET; tr '\\0' ' ' </proc/$$/cmdline >'" + seen + "'; cat >/dev/null");
        if (!Files.exists(Path.of("/proc/self/cmdline"))) return;
        Script health = told(store, "@file:" + file);
        assertEquals(1, health.exit(), health.toString());
        assertTrue(Files.readString(seen).startsWith("sh -c eval ") && !Files.readString(seen).contains("SECRET"), Files.readString(seen));
        Script failed = told(store, "KEY=SECRET false");
        assertTrue(failed.err().contains("alert by a command: exit code 1"), failed.toString());
        nothingShows(failed, store);
    }

    private static Script told(Store store, String target) {
        return Script.on(store, new health(), Stream.concat(Stream.of("--alert", target), Stream.of(IDLE)).toArray());
    }

    private static void nothingShows(Script said, Store store) throws IOException {
        assertFalse(said.said().contains("SECRET"), said.toString());
        try (Stream<Path> reports = Files.list(store.reports())) {
            for (Path report : reports.toList()) assertFalse(Files.readString(report).contains("SECRET"), report.toString());
        }
    }
}
