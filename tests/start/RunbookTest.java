import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;
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
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Store;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Jbangw;
import telemetry.kit.Need;
import telemetry.kit.Script;
import telemetry.os.Machine;
import telemetry.text.Runbook;

/**
 * Runs the commands of docs/runbook.md, README.md and docs/scripting.md, in order, in a sample store, and compares what they print with
 * what the page shows.
 */
@Order(1)
@ResourceLock("jbang")
class RunbookTest {
    private static final Path ROOT = Checkout.root();

    /** JShell's, which on some versions it writes over. */
    private static final Pattern PROMPT = Pattern.compile("(?m)^jshell> (?: \b)?");

    /** A block's command, the exit code it announces, and the lines the page shows below it. */
    private record Shown(String command, int exit, List<String> output) { }

    @TempDir
    Path dir;

    @Test
    void everyCommandPrintsWhatTheRunbookShows() throws Exception {
        Store store = sample();
        letDayFilesLookOld(store);
        List<Shown> all = blocks(ROOT.resolve("docs/runbook.md"));
        assertTrue(all.size() > 20, "found " + all.size());
        for (Shown shown : all) {
            List<String> words = words(shown.command);
            if (Machine.isWindows() && words.contains("echo")) words.addAll(words.indexOf("echo"), List.of("cmd", "/c"));
            String name = words.get(1).replace("@telemetry", "");
            if (name.equals("validate_installation") && !Need.COMPILER.isMet()) continue;
            Map<String, String> env = Map.of("TELEMETRY_BASE_DIR", store.base().toString(),
                    "JAVA_TOOL_OPTIONS", "-Dtelemetry.checkout=" + ROOT);
            Script run = Script.runProcess(env, name, words.subList(2, words.size()).toArray());
            assertEquals(shown.exit, run.exit(), shown.command + "\n" + run);
            boolean isOfLinux = Machine.isWindows() && words.contains("schedule");
            assertTrue(isOfLinux || Pattern.matches(pattern(shown.output), run.out()), () -> shown.command + "\n" + run.out() + run.err());
        }
    }

    @Test
    void theReadmesTwoCommandsAreRight() throws Exception {
        List<String> commands = blocks(ROOT.resolve("README.md")).stream().map(Shown::command).toList();
        assertEquals(List.of("scripts/jbangw setup --sample --store demo", "scripts/jbangw test"), commands);
        List<String> words = words(commands.get(0));
        Script run = new Jbangw(ROOT.resolve(words.get(0)), words.subList(1, words.size())).in(dir).run();
        assertEquals(0, run.exit(), run.toString());
        assertTrue(Files.exists(Store.at(dir.resolve("demo")).database()));
        assertTrue(Files.readAllLines(ROOT.resolve(".ci/run")).contains(commands.get(1) + " || exit"),
                "the second is what the project's own checks run, and this test with it");
        String elsewhere = String.join("\n", commands).replace('/', '\\');
        assertTrue(Files.readString(ROOT.resolve("README.md")).contains("```powershell\n" + elsewhere + "\n```\n"), "cmd, PowerShell");
    }

    /** Outside quotes nothing that sh, cmd or PowerShell would take for more than a letter; within them no variable. */
    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/runbook.md", "docs/scripting.md"})
    void aCommandMeansTheSameInEveryShell(String page) throws IOException {
        List<Shown> all = new ArrayList<>(blocks(ROOT.resolve(page)));
        if (page.equals("README.md")) all.removeIf(shown -> shown.command.startsWith("scripts/"));
        for (Shown shown : all) {
            assertTrue(shown.command.matches("(\"[^\"$%`!\\\\]*\"|[^\"'$%`!~;&|<>(){}*?^,\\\\])+"), shown.command);
            assertTrue(Stream.of(shown.command.split(" ")).noneMatch(word -> word.startsWith("@")), shown.command);
        }
    }

    /** A checkout's program has another name there, and variables are set in another way. */
    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/runbook.md"})
    void whatDiffersIsGivenForPowerShellToo(String page) throws IOException {
        Matcher block = Pattern.compile("(?s)```(?:sh|console)\\n(.*?)```\\n(.{0,60})").matcher(Files.readString(ROOT.resolve(page)));
        while (block.find()) {
            boolean differs = block.group(1).contains("scripts/") || block.group(1).contains("export ");
            assertTrue(!differs || block.group(2).matches("(?s)In (cmd and )?PowerShell:\\n```powershell\\n.*"), block.group());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/scripting.md"})
    void theShellAnswersAsThePageShows(String page) throws Exception {
        Shown shown = session(ROOT.resolve(page));
        Script shell = new Jbangw(ROOT.resolve("scripts/jbangw"), List.of("shell", "--store", sample().base().toString()))
                .run(shown.command);
        assertEquals(0, shell.exit(), shell.err());
        String answers = PROMPT.matcher(shell.out()).replaceAll("").lines().map(String::stripTrailing)
                .filter(line -> !line.isEmpty()).collect(joining("\n", "", "\n"));
        assertTrue(Pattern.matches(pattern(shown.output), answers), () -> String.join("\n", shown.output) + "\nis not\n" + answers);
    }

    @Test
    void theTrackingOfTheDocumentationRecordsARun() throws Exception {
        Store store = Fixture.V3.empty(dir.resolve("store"));
        Matcher code = Pattern.compile("(?s)```java\\n(try \\(TelemetryClient.*?)```")
                .matcher(Files.readString(ROOT.resolve("docs/scripting.md")));
        assertTrue(code.find());
        Path script = Files.writeString(dir.resolve("tracks.java"),
                "//JAVA 17+\n//SOURCES " + ROOT.resolve("lib/telemetry/package-info.java")
                + "\nimport java.util.Map;\nimport telemetry.*;\nclass tracks { public static void main(String... args) {\n"
                + code.group(1) + "} }\n");
        Script run = new Jbangw(ROOT.resolve("scripts/jbangw"), List.of("run", script.toString()))
                .with("TELEMETRY_BASE_DIR", store.base()).run();
        assertEquals(0, run.exit(), run.toString());
        Script recent = Script.run(new query(), "recent", "--csv", "--store", store.base());
        assertTrue(recent.out().contains(",docs-crawler,crawl,success,"), recent.toString());
    }

    @Test
    void everyHintNamesASectionOfTheRunbook() throws IOException {
        Set<String> sections = Files.readAllLines(ROOT.resolve("docs/runbook.md")).stream().filter(line -> line.matches("#{2,3} .*"))
                .map(line -> line.replaceFirst("#+ ([0-9]+ )?", "")).collect(toSet());
        for (Runbook section : Runbook.values()) assertTrue(sections.contains(section.toString()), section + " is not in " + sections);
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
                assertTrue(readme.contains("| `" + name + "` | " + description.group(1) + " |"),
                        name + " is not in the README's table with its description");
            }
        }
        assertTrue(readme.lines().count() <= 120);
    }

    private Store sample() {
        Store store = Store.at(dir.resolve("store"));
        assertEquals(0, Script.run(new setup(), "--store", store.base(), "--sample", "--seed", 3).exit());
        return store;
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
        return exit.find() ? new Shown(line.substring(0, exit.start()), Integer.parseInt(exit.group(1)), new ArrayList<>())
                : new Shown(line, 0, new ArrayList<>());
    }

    /** What a page types at JShell's prompt, and the lines it shows as answers. */
    private static Shown session(Path page) throws IOException {
        var typed = new StringBuilder();
        List<String> output = new ArrayList<>(List.of("…"));
        Matcher block = Pattern.compile("(?ms)^```\\w*\\n(.*?)^```").matcher(Files.readString(page));
        while (block.find()) {
            if (!block.group(1).contains("jshell> ")) continue;
            for (String line : block.group(1).split("\n"))
                if (line.startsWith("jshell> ")) typed.append(line.substring(8)).append('\n');
                else if (!line.startsWith("$ ") && !line.isEmpty()) output.add(line);
        }
        assertTrue(typed.length() > 0, page.toString());
        return new Shown(typed.toString(), 0, output);
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
