import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Owners;
import telemetry.kit.Sabotage;
import telemetry.kit.Script;
import telemetry.text.Ndjson;

/** Each command that makes files, under the two umasks that differ most: the modes are the same. */
@DisabledOnOs(OS.WINDOWS)
class UmaskTest {

    @TempDir
    Path dir;

    private String umask;
    private Store store;

    @Test
    void theUmaskOfTheMomentCountsForNothing() throws Exception {
        Map<String, String> open = made("000");
        Map<String, String> closed = made("077");
        assertEquals(open, closed);
        for (String name : List.of("", "/db", "/raw", "/archive", "/reports")) assertEquals("0750", open.get(name), name);
        open.forEach((name, mode) -> {
            if (name.startsWith("/backups/") || name.matches("/quarantine/.*ndjson")) assertEquals("0600", mode, name);
            else if (name.matches("/(raw|db|archive|reports)/.*\\.\\w+")) assertEquals("0640", mode, name);
            if (name.matches("/(backups|quarantine[^.]*)")) assertEquals("0700", mode, name);
        });
        assertEquals("0640", open.get("/pruned.ndjson"), open.toString());
        assertTrue(open.keySet().stream().anyMatch(name -> name.matches("/quarantine/.+sqlite")), open.toString());
        assertTrue(open.keySet().stream().anyMatch(name -> name.matches("/archive/.+gz")), open.toString());
    }

    /** @return the modes by the names of what stands in the store, without their digits */
    private Map<String, String> made(String umask) throws Exception {
        this.umask = umask;
        store = Store.at(dir.resolve("u" + umask));
        run("setup");
        run("track", "--agent", "a", "--job", "j", "--", "true");
        Instant before = Instant.now().minus(Duration.ofDays(3));
        Path old = store.raw().resolve(DayFile.name(DayFile.dayOf(before)));
        Files.writeString(old, Ndjson.line(Fixture.V3.run(0, before)) + "\n{\"torn\n", StandardOpenOption.CREATE_NEW);
        Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rw-r-----"));
        Files.setLastModifiedTime(old, FileTime.from(before));
        run("rebuild", "--yes");
        run("health", "--quick", "--record", "--alert", "cat >/dev/null");
        run("archive", "--older-than", "1d", "--yes");
        run("prune", "runs", "--older-than", "1d", "--yes");
        run("backup");
        Files.write(store.database(), new byte[20_000]);
        run("backup", "restore", "latest", "--yes");
        Sabotage.delete(store.database());
        run("recover", "--yes");
        run("archive", "restore", DayFile.dayOf(before).toString());
        Map<String, String> modes = new TreeMap<>();
        Owners.modes(store.base()).forEach((path, mode) -> modes.put(path.toString().substring(store.base().toString().length())
                .replaceAll("\\d+", "0").replaceAll("alert-\\w+", "alert"), String.format("%04o", mode)));
        return modes;
    }

    private void run(String script, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "umask " + umask + "; exec \"$@\"", "sh"));
        List<Object> words = new ArrayList<>(List.of(args));
        if (script.equals("track")) words.addAll(0, List.of("--store", store.base()));
        else words.addAll(List.of("--store", store.base()));
        command.addAll(Script.processBuilder(Map.of(), script, words.toArray()).command());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(2, TimeUnit.MINUTES) && process.exitValue() < 3, script + ": " + process.exitValue() + " " + said);
    }
}
