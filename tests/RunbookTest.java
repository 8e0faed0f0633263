import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;

/** Runs the commands of docs/runbook.md, in order, in a sample store, and compares what they print with what the page shows. */
class RunbookTest {
    private static final Path ROOT = Checkout.root();

    /** A block's command, the exit code it announces, and the lines the page shows below it. */
    private record Shown(String command, int exit, List<String> output) { }

    @TempDir
    Path dir;

    @Test
    void everyCommandPrintsWhatTheRunbookShows() throws Exception {
        Store store = Store.at(dir.resolve("store"));
        assertEquals(0, Script.run(new setup(), "--store", store.base(), "--sample", "--seed", 3).exit());
        letDayFilesLookOld(store);
        List<Shown> all = blocks(ROOT.resolve("docs/runbook.md"));
        assertTrue(all.size() > 20, "found " + all.size());
        for (Shown shown : all) {
            List<String> words = words(shown.command);
            String name = words.get(1).replace("@telemetry", "");
            Script run = Script.runProcess(Map.of("TELEMETRY_BASE_DIR", store.base().toString()), name, words.subList(2, words.size()).toArray());
            assertEquals(shown.exit, run.exit(), shown.command + "\n" + run);
            assertTrue(Pattern.matches(pattern(shown.output), run.out()), () -> shown.command + "\n" + run.out() + run.err());
        }
    }

    @Test
    void everyScriptStandsInTheRunbookAndTheReadme() throws IOException {
        String runbook = Files.readString(ROOT.resolve("docs/runbook.md"));
        String readme = Files.readString(ROOT.resolve("README.md"));
        String catalog = Files.readString(ROOT.resolve("jbang-catalog.json"));
        try (Stream<Path> scripts = Files.list(ROOT.resolve("scripts"))) {
            for (Path script : scripts.filter(file -> file.toString().matches(".*\\.(java|jsh)")).toList()) {
                String name = script.getFileName().toString().replaceAll("\\..*", "");
                assertTrue(runbook.contains(name + "@telemetry"), name + " is not in the runbook");
                Matcher description = Pattern.compile("\"" + name + "\": \\{[^}]*?\"description\": \"(.*?)\"").matcher(catalog);
                assertTrue(description.find(), name + " is not in the catalog");
                assertTrue(readme.contains("| `" + name + "` | " + description.group(1) + " |"), name + " is not in the README's table with its description");
            }
        }
        assertTrue(readme.lines().count() <= 120);
    }

    /** An archive leaves alone what changed within the hour, and the sample is that young. */
    private static void letDayFilesLookOld(Store store) throws IOException {
        FileTime yesterday = FileTime.from(Instant.now().minus(Duration.ofDays(1)));
        for (DayFile day : new EventLog(store).days()) Files.setLastModifiedTime(day.path(), yesterday);
    }

    private static List<Shown> blocks(Path page) throws IOException {
        List<Shown> all = new ArrayList<>();
        Matcher block = Pattern.compile("(?s)```console\\n(.*?)```").matcher(Files.readString(page));
        while (block.find())
            for (String line : block.group(1).split("\n")) {
                if (!line.startsWith("$ ")) all.get(all.size() - 1).output.add(line);
                else all.add(shown(line.substring(2)));
            }
        return all;
    }

    private static Shown shown(String line) {
        Matcher exit = Pattern.compile("\\s+# exit (\\d+)$").matcher(line);
        return exit.find() ? new Shown(line.substring(0, exit.start()), Integer.parseInt(exit.group(1)), new ArrayList<>()) : new Shown(line, 0, new ArrayList<>());
    }

    /** Separated by blanks, quotes holding them together. */
    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(command);
        while (word.find()) words.add(word.group(1) != null ? word.group(1) : word.group(2));
        return words;
    }

    /** An ellipsis alone on a line stands for any lines, within a line for anything in it. */
    private static String pattern(List<String> output) {
        var pattern = new StringBuilder();
        for (String line : output) {
            if (line.equals("…")) {
                pattern.append("(?:.*\\R)*");
                continue;
            }
            for (String part : line.split("(?<=…)|(?=…)")) pattern.append(part.equals("…") ? ".*" : Pattern.quote(part));
            pattern.append("\\R");
        }
        return pattern.toString();
    }
}
