package telemetry.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import telemetry.Check;
import telemetry.Checks;
import telemetry.Next;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Script;
import telemetry.maintain.RunbookPage;
import telemetry.os.Machine;
import telemetry.text.JsonText;
import telemetry.text.Table;

/** What every command has in common: options, messages, exit codes, tables, JSON. */
class CliTest {
    private static final String NL = System.lineSeparator();

    @Command(name = "probe", mixinStandardHelpOptions = true, description = "For this test.")
    static class Probe extends Procedure {
        @Mixin Consent consent;
        @Option(names = "--since", description = "Since.") Times.Since since;
        @Option(names = "--older-than", description = "Age.") Duration age;
        RuntimeException failure;
        Error error;

        @Override
        public Integer call() {
            if (failure != null) throw failure;
            if (error != null) throw error;
            output.result("report", Map.of("age", age == null ? Duration.ZERO : age));
            output.note("noted");
            return consent.to("Delete 3 files?") ? Cli.OK : Cli.WARNING;
        }
    }

    @Test
    void theResultGoesToStdoutAndEverythingElseToStderr() {
        Script plain = Script.run(new Probe(), "--yes");
        assertEquals(new Script(0, "report" + NL, "noted" + NL), plain);
        Script json = Script.run(new Probe(), "--json", "--yes", "--older-than", "2d");
        assertEquals("{\n  \"age\": 172800000\n}" + NL, json.out());
    }

    /** Alone, the command would be about the store that the environment names, which is another one. */
    @Test
    void theNextCommandIsAboutTheStoreThatTheOptionNamed() {
        var probe = new Probe();
        Next next = Next.command("archive", "--dry-run");
        probe.failure = new StoreException(StoreException.Reason.FULL, "write", null, "no space left", next);
        assertTrue(Script.run(probe).err().endsWith("next: jbang archive@telemetry --dry-run" + NL));
        Path folder = Path.of("my store").toAbsolutePath();
        String quote = Machine.isWindows() ? "\"" : "'";
        assertEquals("probe: cannot write: no space left" + NL + "next: jbang archive@telemetry --dry-run --store "
                + quote + folder + quote + NL,
                Script.run(probe, "--store", folder).err());
    }

    @Test
    void withoutATerminalNothingIsDeletedUnlessToldTo() {
        Script asked = Script.run(new Probe());
        assertEquals(64, asked.exit());
        assertEquals("noted" + NL
                + "probe: Delete 3 files? There is no terminal to ask on: add --yes to go ahead, or --dry-run to look first" + NL
                + "next: jbang probe@telemetry --help"
                + NL, asked.err());
    }

    @Test
    void badArgumentsAreOneLineAboveTheNextCommandAndExit64() {
        for (String[] args : List.of(new String[] {"--no-such"}, new String[] {"--since", "yesterday"}, new String[] {"--older-than", "1y"},
                new String[] {"extra"}, new String[] {"--store"}, new String[] {"--store", "x", "a\nb"})) {
            Script run = Script.run(new Probe(), (Object[]) args);
            assertEquals(64, run.exit(), run.err());
            assertEquals(2, run.err().lines().count(), run.err());
            assertTrue(run.err().startsWith("probe: ") && run.err().endsWith(NL + "next: jbang probe@telemetry --help" + NL), run.err());
            assertEquals("", run.out());
        }
    }

    @Test
    void anEmptyPathIsNeverTheCurrentFolder(@TempDir Path dir) throws Exception {
        Store store = Fixture.V3.empty(dir);
        for (String command : List.of("setup --store=", "archive --older-than 20d --yes --to=", "backup --to=", "backup verify ''",
                "backup --restore=", "backup --json --store=", "health --prometheus=", "rebuild --into=", "rebuild --buffer=",
                "recover --from=", "recover --salvage=", "query sql --file=", "launchers ''", "setup --launchers=",
                "maintain weekly --report=")) {
            List<Object> words = new ArrayList<>(List.of((Object[]) command.split(" ")));
            words.replaceAll(word -> word.equals("''") ? "" : word);
            String name = words.remove(0).toString();
            if (!command.contains("--store=")) words.addAll(List.of("--store", store.base()));
            if (name.equals("launchers")) words = new ArrayList<>(List.of(""));
            var constructor = Class.forName(name).getDeclaredConstructor();
            constructor.setAccessible(true);
            Script run = Script.run((Procedure) constructor.newInstance(), words.toArray());
            assertEquals(64, run.exit(), command + ": " + run);
            assertTrue(run.err().contains("''"), command + ": " + run.err());
        }
    }

    /** An agent or a search text may begin with an at sign, and a file of that name may lie in the folder. */
    @Test
    void aWordWithAnAtSignIsNoFile() throws Exception {
        Path file = Files.writeString(Files.createTempFile("words", ".txt"), "--no-such");
        Script run = Script.run(new Probe(), "--since", "@" + file);
        assertEquals("probe: Invalid value for option '--since': '@" + file + "' is neither a duration (24h, 7d) nor an instant "
                + "(2025-12-10T12:00:00Z)", run.err().lines().findFirst().orElseThrow());
        Files.delete(file);
    }

    @ParameterizedTest
    @EnumSource
    void aFailureIsOneLineAndItsExitCodeSaysWhatKind(StoreException.Reason reason) {
        var probe = new Probe();
        probe.failure = new StoreException(reason, "open the database", Path.of(Need.ANY_NAME.isMet() ? "some\nfile" : "some file"), "it broke", Next.command("health"));
        Script run = Script.run(probe);
        assertEquals(switch (reason) {
            case MISSING, DENIED, LOCKED -> 3;
            case DAMAGED, FULL, FAILED -> 2;
            case REFUSED -> 64;
        }, run.exit());
        assertEquals(new Script(run.exit(), "", "probe: cannot open the database " + (Need.ANY_NAME.isMet() ? "some\\nfile" : "some file")
                + ": it broke" + NL
                + "next: jbang health@telemetry" + NL),
                run);
    }

    @Test
    void aBugOfOursIsSaidToBeOneWithItsTrace() {
        var probe = new Probe();
        probe.failure = new IllegalStateException("oops");
        Script run = Script.run(probe);
        assertEquals(70, run.exit());
        assertTrue(run.err().startsWith("probe: a bug in this toolkit") && run.err().contains("at telemetry.cli.CliTest"), run.err());
    }

    @Test
    void noErrorOfTheJvmEndsWithTheCodeOfAWarning() {
        var probe = new Probe();
        probe.error = new StackOverflowError();
        Script run = Script.run(probe);
        assertEquals(70, run.exit());
        assertTrue(run.err().startsWith("probe: a bug in this toolkit"), run.err());
        probe.error = new OutOfMemoryError("Java heap space");
        String said = "probe: it ran out of memory and stopped; run it again with more of it (_JAVA_OPTIONS=-Xmx2g), or ask for "
                + "less with --limit where there is one" + NL;
        assertEquals(new Script(2, "", said), Script.run(probe));
    }

    /** Of the JVM that runs a script, because Java 22 to 24 have a console where no terminal is, which nobody could answer on. */
    @Test
    void aConsoleIsThereOnlyWhereATerminalIs() {
        assertEquals("java.base", System.getProperty("jdk.console"));
    }

    /** The version is the runbook's. */
    @Test
    void everyCommandTellsTheVersionsOfTheToolkitJavaAndSqlite() throws Exception {
        String page = Files.readString(Checkout.root().resolve("docs/runbook.md"));
        Pattern lines = Pattern.compile("Telemetry Toolkit " + Pattern.quote(RunbookPage.of(page).version())
                + "\\RJava " + Pattern.quote(System.getProperty("java.version")) + ", .+\\RSQLite 3\\.\\d+\\.\\d+\\R");
        int told = 0;
        for (Class<?> script : scripts()) {
            List<String[]> all = new ArrayList<>(List.<String[]>of(new String[] {"--version"}));
            for (String word : words(script)) all.add(new String[] {word, "-V"});
            for (String[] words : all) {
                Script run = Script.run(instance(script), (Object[]) words);
                assertEquals(0, run.exit(), run.toString());
                assertTrue(lines.matcher(run.out()).matches() && run.err().isEmpty(), script + " " + List.of(words) + run);
                told++;
            }
        }
        assertTrue(told > 25, told + " commands");
    }

    private static List<Class<?>> scripts() throws Exception {
        List<Class<?>> scripts = new ArrayList<>();
        try (var files = Files.newDirectoryStream(Checkout.root().resolve("scripts"), "*.java")) {
            for (Path file : files) scripts.add(Class.forName(file.getFileName().toString().replace(".java", "")));
        }
        return scripts;
    }

    private static List<String> words(Class<?> script) throws Exception {
        List<String> words = new ArrayList<>(new CommandLine(instance(script)).getSubcommands().keySet());
        CommandLine.getCommandMethods(script, null).forEach(method -> words.add(method.getAnnotation(Command.class).name()));
        return words;
    }

    @SuppressWarnings("unchecked")
    private static Callable<Integer> instance(Class<?> script) throws Exception {
        var constructor = script.getDeclaredConstructor();
        constructor.setAccessible(true);
        return (Callable<Integer>) constructor.newInstance();
    }

    @Test
    void helpTellsTheExitCodes() {
        Script help = Script.run(new Probe(), "--help");
        assertEquals(0, help.exit());
        assertTrue(help.out().contains("For this test.") && help.out().contains("  64")
                && help.out().contains("cannot tell: no store, no permission, locked"), help.out());
        assertTrue(help.out().lines().allMatch(line -> line.length() <= 80), help.out());
    }

    @Test
    void aTableIsAsWideAsItsContentAndSendsNoControlCharacterToTheTerminal() {
        var table = new Table("name", "n", "when", "took");
        table.row("a\tb\u001b[31m", 7, Instant.parse("2025-12-10T12:00:00Z"), Duration.ofMinutes(90)).row(null, 1200.25, null, null);
        assertEquals(String.join(NL,
                "name                 n  when                       took",
                "a\\tb\\u001b[31m       7  2025-12-10 12:00:00  1 h 30 min",
                "                1200.3"), table.toString());
        assertTrue(new Table("x").row("y".repeat(500)).toString().endsWith("y".repeat(500)), "no terminal, so nothing is cut");
    }

    /** Chinese and Korean characters take two columns, marks none; what turns the direction of writing is written out. */
    @Test
    void aColumnIsAlignedAsAScreenShowsIt() {
        var table = new Table("name", "n");
        table.row("日本語", 1).row("한국", 2).row("e\u0301te\u0301", 3);
        table.row("\u202egpj.exe", 4).row("a\u2028b\u200b", 5).row("🚀", 6);
        assertEquals(String.join(NL, "name            n", "日本語          1", "한국            2", "e\u0301te\u0301             3",
                "\\u202egpj.exe   4", "a\\u2028b\\u200b  5", "🚀              6"), table.toString());
    }

    @Test
    void checksTellTheWorstAndShowTheNextCommand() {
        var checks = new Checks(List.of(Check.ok("disk", "80 GB free"),
                Check.warning("activity", "no run in the last hour", Next.command("query", "recent"))));
        assertEquals(Check.Status.WARNING, checks.status());
        assertEquals(String.join(NL, "ok       disk      80 GB free", "warning  activity  no run in the last hour",
                "                   next: jbang query@telemetry recent"), checks.toString());
        assertEquals(Check.Status.OK, new Checks(List.of()).status());
    }

    @Test
    void plainDataBecomesJson() {
        record Line(String agentName, double rate, Instant at, Path file) { }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("lines", List.of(new Line("a\"b", 0.5, Instant.parse("2025-12-10T12:00:00Z"), Path.of("x"))));
        data.put("nan", Double.NaN);
        data.put("big", Long.MAX_VALUE);
        data.put("bytes", new byte[] {1, 2});
        data.put("none", null);
        data.put("status", Check.Status.OK);
        assertEquals("{\"lines\":[{\"agent_name\":\"a\\\"b\",\"rate\":0.5,\"at\":\"2025-12-10T12:00:00.000000+00:00\",\"file\":\"x\"}],\"nan\":null,\"big\":9223372036854775807,\"bytes\":\"AQI=\",\"none\":null,\"status\":\"ok\"}", JsonText.line(data));
    }
}
