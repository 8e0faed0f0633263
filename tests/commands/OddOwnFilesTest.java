import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;
import telemetry.measure.PerformanceHistory;
import telemetry.store.KnownLosses;

/** The toolkit's own files with members that nobody of the toolkit has written: no command has a bug then, and none dies of it. */
@DisabledOnOs(OS.WINDOWS)
class OddOwnFilesTest {
    private static final List<String> ODD = List.of("null", "[]", "{}", "[[{}]]", "true", "-1", "1.5", "1e400", "99999999999999999999", "\"\"",
            "\"x\"", "\"\\ud800\"", "\"../../../etc/passwd\"", "\"2026-99-99\"", "\"" + "9".repeat(400) + "\"");

    private static final List<String> LINES = List.of("null", "1", "\"x\"", "[1]", "{}", "{", "[".repeat(5_000), "{\"a\": {\"b\": {\"c\": []}}}");

    /** A member of one level, with its value. */
    private static final Pattern MEMBER = Pattern.compile("\"(\\w+)\": ?(\"(?:[^\"\\\\]|\\\\.)*\"|[^,{}\\[\\]]+)");

    @TempDir
    Path dir;

    private Store store;

    private record Command(String name, Supplier<Callable<Integer>> script, Object... args) { }

    private static final List<Command> COMMANDS = List.of(
            new Command("health", health::new, "--quick", "--record"),
            new Command("alert", health::new, "--quick", "--alert", "cat >/dev/null"),
            new Command("backup list", backup::new, "list"),
            new Command("backup verify", backup::new, "verify", "all"),
            new Command("backup expire", backup::new, "expire", "--dry-run"),
            new Command("drill", backup::new, "--restore", "latest", "--dry-run"),
            new Command("archive list", archive::new, "list"),
            new Command("archive verify", archive::new, "verify"),
            new Command("archive expire", archive::new, "expire", "--older-than", "1d", "--dry-run"),
            new Command("prune adopt", prune::new, "adopt", "--dry-run"),
            new Command("prune stale", prune::new, "stale", "--older-than", "1h", "--dry-run"),
            new Command("rebuild", rebuild::new, "--check-only"),
            new Command("recover", recover::new, "--dry-run"),
            new Command("maintain", maintain::new, "quarterly"));

    @BeforeEach
    void everyFileIsThere() throws IOException {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        store = Fixture.V3.filled(dir.resolve("s"), 120, now);
        Script.on(store, new backup());
        Script.on(store, new backup(), "--to", dir.resolve("elsewhere"));
        Script.on(store, new archive(), "--older-than", "2d", "--yes");
        for (Path file : new EventLog(store).raw().stream().map(DayFile::path).toList())
            Files.setLastModifiedTime(file, FileTime.from(now.minus(1, ChronoUnit.DAYS)));
        Script.on(store, new archive(), "--older-than", "2d", "--yes");
        Script.on(store, new prune(), "runs", "--older-than", "4d", "--yes");
        Script.on(store, new health(), "--quick", "--record", "--alert", "cat >/dev/null");
        KnownLosses.of(store).add(List.of(LocalDate.of(2026, 11, 1)), "disk", now);
        new PerformanceHistory(store).add(Map.of("time", now, "runs", 5));
    }

    @Test
    void noMemberOfAnotherTypeIsABug() throws IOException {
        List<Path> own = own();
        assertTrue(own.size() >= 6, own.toString());
        for (Path file : own) {
            String text = Files.readString(file);
            Files.writeString(file, text + String.join("", odd(text)));
            for (Command command : COMMANDS) run(file, command);
            Files.write(file, "\u00ff\u00fe{\"run_id\": \"\u00e9\"}\n\0\0".getBytes(StandardCharsets.ISO_8859_1), StandardOpenOption.APPEND);
            for (Command command : COMMANDS) run(file, command);
            Files.writeString(file, text);
        }
    }

    @Test
    void aManifestOrAMemoryOfAnotherTypeIsNone() throws IOException {
        for (Path file : whole()) {
            String text = Files.readString(file);
            for (String odd : odd(text)) {
                Files.writeString(file, odd);
                for (Command command : COMMANDS)
                    if (file.toString().contains("alert-") ? command.name.equals("alert") : command.name.equals("backup list")) run(file, command);
            }
            Files.writeString(file, text);
        }
    }

    private void run(Path file, Command command) {
        Script run = Script.on(store, command.script.get(), command.args);
        assertTrue(run.exit() < 4, file.getFileName() + ", " + command.name + ": " + run.exit() + " " + run.said().replaceFirst("(?s).*(?=a bug in this toolkit)", "")
                .lines().findFirst().orElse(""));
    }

    /** Each line once more for each of its members and each odd value, and lines that are no objects. */
    private static List<String> odd(String text) {
        List<String> odd = new ArrayList<>();
        String line = text.startsWith("{\n") ? text : text.lines().reduce((one, next) -> next).orElse("{}");
        for (Matcher member = MEMBER.matcher(line); member.find(); )
            for (String value : ODD) odd.add(line.substring(0, member.start(2)) + value + line.substring(member.end(2)) + "\n");
        for (String other : LINES) odd.add(other + "\n");
        return odd;
    }

    /** Lists, one line an entry. */
    private List<Path> own() throws IOException {
        try (Stream<Path> all = Files.walk(store.base())) {
            return all.filter(file -> file.toString().endsWith(".ndjson") && !file.startsWith(store.raw())).sorted().toList();
        }
    }

    /** Files of one object. */
    private List<Path> whole() throws IOException {
        try (Stream<Path> all = Files.walk(store.base())) {
            List<Path> found = all.filter(file -> file.toString().endsWith(".json")).sorted().toList();
            assertTrue(found.get(0).toString().contains("manifest") && found.get(found.size() - 1).toString().contains("alert-"), found.toString());
            return List.of(found.get(0), found.get(found.size() - 1));
        }
    }
}
