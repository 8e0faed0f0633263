package telemetry.maintain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.kit.WindowsLine;
import telemetry.text.Escaped;

/** maintain schedule: that what it prints means to a shell, to cron, to systemd and to Windows what it should. */
@Tag("system")
class ScheduleTest {
    private static final String STORE = "/data/it's 100% $HOME \\here\"";

    private static final Map<String, String> ENV = Map.of("OS", "Windows_NT", "PATH", "C:\\bin");

    @TempDir
    Path dir;

    @Test
    @Needs(Need.SH)
    void theLinesNameThisCheckoutAndThisStore() throws Exception {
        Path store = Fixture.V3.empty(dir.resolve("store")).base();
        Script schedule = schedule("--store", store);
        assertEquals(0, schedule.exit(), schedule.err());
        String jbangw = Checkout.root().resolve("scripts/jbangw").toString();
        assertTrue(schedule.out().contains("\n0 6 * * *  " + jbangw + " health --record --store " + store + "\n"), schedule.out());
        assertTrue(schedule.out().contains("\n30 2 * * *  " + jbangw + " backup --store " + store + "\n"), schedule.out());
        assertTrue(schedule.out().contains("\nExecStart=" + jbangw + " maintain monthly --yes --store " + store
                + " --report " + store + "/reports/monthly.md\n"), schedule.out());
        assertTrue(schedule.out().contains("schtasks /Create /F /TN \"Telemetry weekly\" /SC WEEKLY /D MON /ST 06:30 /TR \""));
        assertTrue(Files.isExecutable(Path.of(jbangw)));
        JsonObject json = Json.parse(schedule("--store", store, "--json").out()).asObject();
        assertEquals(List.of("cron", "systemd", "schtasks"), json.names());
        assertTrue(schedule.out().contains(json.getString("cron", "?")));
    }

    @Test
    @Needs(Need.SH)
    void aStoreThatVariablesTakeApartIsNamedByVariables() throws Exception {
        Path base = Fixture.V3.empty(dir.resolve("store")).base();
        String raw = dir.resolve("raw").toString();
        Map<String, String> apart = Map.of("TELEMETRY_DB_PATH", base + "/db/telemetry.sqlite", "TELEMETRY_NDJSON_DIR", raw);
        String cron = Json.parse(process(started(apart), "schedule", "--json").out()).asObject().getString("cron", "");
        assertTrue(cron.contains("\nTELEMETRY_DB_PATH=\"" + base + "/db/telemetry.sqlite\"\nTELEMETRY_NDJSON_DIR=\"" + raw + "\"\n"), cron);
        assertTrue(!cron.contains("--store"), cron);
        Map<String, String> together = Map.of("AGENT_METRICS_DIR", base.toString());
        cron = Json.parse(process(started(together), "schedule", "--json").out()).asObject().getString("cron", "");
        assertTrue(cron.contains(" health --record --store " + base) && !cron.contains("AGENT_METRICS_DIR"), cron);
    }

    /** Cron and systemd set none, and a JVM then takes names and paths for ASCII. */
    @Test
    @Needs(Need.SH)
    void everyLineRunsInALocaleWithUtf8() throws Exception {
        Path store = Fixture.V3.empty(dir.resolve("store")).base();
        Files.createFile(dir.resolve("jbang")).toFile().setExecutable(true);
        Script script = process(Map.of("LC_ALL", "C.UTF-8", "PATH", dir.toString()), "schedule", "--store", store);
        assertEquals("LC_ALL=\"C.UTF-8\"", script.out().lines().filter(line -> line.startsWith("LC_ALL=")).findFirst().orElseThrow());
        assertEquals(5, script.out().lines().filter("Environment=LC_ALL=C.UTF-8"::equals).count(), script.out());
    }

    @Test
    @Needs(Need.SH)
    void withoutTheCheckoutJbangIsLookedForOnThePath() throws Exception {
        Path store = Fixture.V3.empty(dir.resolve("store")).base();
        Path bin = Files.createDirectory(dir.resolve("bin"));
        Script none = process(Map.of("PATH", bin.toString()), "schedule", "--store", store);
        assertEquals("maintain schedule: cannot tell what a scheduler should start: there is no jbang on the PATH\n"
                + "next: scripts/jbangw maintain schedule\n", none.err());
        assertEquals(3, none.exit());
        Files.createFile(bin.resolve("jbang")).toFile().setExecutable(true);
        Script found = process(Map.of("PATH", "/nowhere::" + bin), "schedule", "--store", store);
        String line = "\n0 6 * * *  " + bin + "/jbang health@telemetry --record --store " + store + "\n";
        assertTrue(found.out().contains(line), found.out() + found.err());
    }

    @Test
    @Needs(Need.SH)
    void theShellOfCronGetsEveryWordAsItWas() throws Exception {
        List<String> lines = odd().cron().lines().toList();
        assertEquals("JAVA_HOME=\"/opt/java 17\"", lines.get(0));
        List<List<String>> commands = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            Matcher entry = Pattern.compile("(?:\\S+ ){4}\\S+  (.*)").matcher(line);
            assertTrue(entry.matches(), line);
            assertTrue(!entry.group(1).matches(".*(?<!\\\\)%.*"), "cron ends a command at a bare percent sign: " + line);
            commands.add(wordsOfShell(entry.group(1).replace("\\%", "%")));
        }
        String jbangw = "/opt/tool kit/jbangw";
        String report = STORE + "/reports/quarterly.md";
        assertEquals(List.of(jbangw, "backup", "--store", STORE), commands.get(0));
        assertEquals(List.of(jbangw, "maintain", "quarterly", "--store", STORE, "--report", report), commands.get(4));
    }

    private static List<String> wordsOfShell(String command) throws IOException {
        Process shell = new ProcessBuilder("sh", "-c", "set -- " + command + "; printf '%s\\n' \"$@\"").start();
        return new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    @Needs(Need.SH)
    void theShellWritesUnitsThatSystemdTakes() throws Exception {
        Path units = Files.createDirectory(dir.resolve("units"));
        Path launcher = Files.createDirectories(dir.resolve("tool 100% kit")).resolve("jbangw");
        Files.copy(Path.of("/bin/true"), launcher);
        Map<String, String> variables = Map.of("JAVA_HOME", "/opt/java 17%");
        var schedule = new Schedule(launcher.toString(), "", List.of("--store", STORE), STORE + "/reports", variables, "root");
        String script = schedule.systemd().replace("/etc/systemd/system", units.toString()).replaceAll("(?m)^systemctl .*$", "");
        assertEquals(0, new ProcessBuilder("sh", "-c", script).inheritIO().start().waitFor());
        String quarterly = Files.readString(units.resolve("telemetry-quarterly.service"));
        String store = "/data/it's 100%% $$HOME \\\\here\\\"";
        assertTrue(quarterly.contains("\nEnvironment=\"JAVA_HOME=/opt/java 17%%\"\n"
                + "ExecStart=\"" + dir + "/tool 100%% kit/jbangw\" maintain quarterly --store \"" + store + "\""
                + " --report \"" + store + "/reports/quarterly.md\"\n"), quarterly);
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/systemd-analyze")), "there is no systemd-analyze here");
        List<String> command = new ArrayList<>(List.of("systemd-analyze", "verify"));
        try (var files = Files.list(units)) {
            files.forEach(file -> command.add(file.toString()));
        }
        assertEquals(12, command.size());
        Process verify = new ProcessBuilder(command).redirectErrorStream(true).start();
        assertEquals("", new String(verify.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, verify.waitFor());
    }

    @Test
    void cmdAndTheTaskSchedulerGetEveryWordAsItWas() {
        var schedule = new Schedule("C:\\tool kit & more\\jbangw.cmd", "", List.of("--store", "D:\\agent metrics"),
                "D:\\agent metrics\\reports", variables("JAVA_HOME", "C:\\java"), "ops");
        List<String> lines = schedule.schtasks().lines().toList();
        assertEquals("schtasks /Create /F /TN \"Telemetry backup\" /SC DAILY /ST 02:30"
                + " /TR \"\\\"C:\\tool kit ^& more\\jbangw.cmd\\\" backup --store \\\"D:\\agent metrics\\\"\"", lines.get(0));
        assertEquals("schtasks /Create /F /TN \"Telemetry quarterly\" /SC MONTHLY /M JAN,APR,JUL,OCT /D 1 /ST 07:30"
                + " /TR \"\\\"C:\\tool kit ^& more\\jbangw.cmd\\\" maintain quarterly --store \\\"D:\\agent metrics\\\""
                + " --report \\\"D:\\agent metrics\\reports\\quarterly.md\\\"\"", lines.get(4));
        Map<String, String> byName = variables("TELEMETRY_DB_PATH", "D:\\a b\\db\\telemetry.sqlite");
        var named = new Schedule("C:\\jbangw.cmd", "", List.of(), "D:\\reports", byName, "ops");
        assertEquals("setx TELEMETRY_DB_PATH \"D:\\a b\\db\\telemetry.sqlite\"", named.schtasks().lines().findFirst().orElseThrow());
        assertTrue(named.schtasks().contains(" /TR \"C:\\jbangw.cmd health --record\"\n"), named.schtasks());
    }

    /** A line as it is pasted into cmd, and later as the Task Scheduler starts its program, by another cmd. */
    @Test
    void whatTheTaskSchedulerStartsGetsEveryWordAsItWas() {
        String launcher = "C:\\tool kit & 100%^more\\jbangw.cmd";
        for (String store : List.of("\\\\server\\my share\\", "D:\\%OS% & ^more\\", "D:\\", "D:\\plain", "D:\\図 表 %PATH%")) {
            Map<String, String> named = variables("X", "D:\\a %OS% b\\");
            var schedule = new Schedule(launcher, "", List.of("--store", store), "D:\\re & ports %OS%", named, "ops");
            List<String> lines = schedule.schtasks().lines().filter(line -> !line.startsWith("rem ")).toList();
            assertEquals(List.of("setx", "X", "D:\\a %OS% b\\"), WindowsLine.words(WindowsLine.typed(lines.get(0), ENV)));
            List<String> words = WindowsLine.words(WindowsLine.typed(lines.get(5), ENV));
            assertEquals(List.of("schtasks", "/Create", "/F", "/TN", "Telemetry quarterly", "/SC", "MONTHLY", "/M", "JAN,APR,JUL,OCT",
                    "/D", "1", "/ST", "07:30", "/TR"), words.subList(0, 14));
            assertEquals(15, words.size());
            assertEquals(quarterly(launcher, store), started(words.get(14)));
            String backup = WindowsLine.words(WindowsLine.typed(lines.get(1), ENV)).get(10);
            assertEquals(List.of(launcher, "backup", "--store", store), started(backup));
        }
    }

    private static List<String> quarterly(String launcher, String store) {
        return List.of(launcher, "maintain", "quarterly", "--store", store, "--report", "D:\\re & ports %OS%\\quarterly.md");
    }

    /** The system starts a script by cmd, and the script hands on what it got. */
    private static List<String> started(String task) {
        return WindowsLine.words(WindowsLine.forwarded(WindowsLine.typed(WindowsLine.behindC("cmd.exe /c \"" + task + "\""), ENV)));
    }

    @Test
    void theFilesOfTheTaskSchedulerAreAsItTakesThem() throws Exception {
        boolean isDecoded = Charset.forName(System.getProperty("sun.jnu.encoding")).newEncoder().canEncode("データ");
        Path store = Fixture.V3.empty(Files.createDirectories(dir.resolve((isDecoded ? "データ" : "größe") + " 100% & 'more'"))).base();
        Script script = process(windows(), "schedule", "--store", store);
        assertEquals(0, script.exit(), script.err());
        Path checkout = Checkout.root();
        for (String job : List.of("backup", "health", "weekly", "monthly", "quarterly")) {
            Path file = store.resolve("reports/telemetry-" + job + ".xml");
            String line = script.out().lines().filter(one -> one.contains("\"Telemetry " + job + "\" /XML ")).findFirst().orElseThrow();
            assertEquals(file.toString(), WindowsLine.words(WindowsLine.typed(line, ENV)).get(6));
            byte[] bytes = Files.readAllBytes(file);
            assertEquals(0xff, bytes[0] & 0xff);
            assertEquals(0xfe, bytes[1] & 0xff);
            String whole = new String(bytes, 2, bytes.length - 2, StandardCharsets.UTF_16LE);
            assertTrue(whole.startsWith("<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n"), whole);
            Document xml = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
            String command = text(xml, "Command");
            assertEquals(checkout.resolve("scripts/jbangw.cmd").toString(), command);
            assertEquals(checkout.resolve("scripts").toString(), text(xml, "WorkingDirectory"));
            assertTrue(!(command + text(xml, "WorkingDirectory")).contains("\""));
            List<String> words = started('"' + command + "\" " + text(xml, "Arguments"));
            assertEquals(store.toString(), words.get(words.indexOf("--store") + 1), words.toString());
            assertEquals(job.equals("backup") || job.equals("health") ? job : "maintain", words.get(1));
            for (String setting : List.of("MultipleInstancesPolicy=IgnoreNew", "DisallowStartIfOnBatteries=false",
                    "StopIfGoingOnBatteries=false", "StartWhenAvailable=true", "WakeToRun=false", "ExecutionTimeLimit=PT23H", "AllowHardTerminate=true", "Enabled=true",
                    "RunOnlyIfNetworkAvailable=false", "RunOnlyIfIdle=false", "StopOnIdleEnd=false", "Hidden=false", "Priority=7"))
                assertEquals(setting.replaceFirst(".*=", ""), text(xml, setting.replaceFirst("=.*", "")), setting);
            assertTrue(text(xml, "StartBoundary").matches("2025-01-01T0[267]:[03]0:00"));
        }
        Document quarterly = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(store.resolve("reports/telemetry-quarterly.xml").toFile());
        assertEquals(4, quarterly.getElementsByTagName("Months").item(0).getChildNodes().getLength());
        assertEquals(1, quarterly.getElementsByTagName("October").getLength());
    }

    @Test
    void aTasksFileKeepsEveryCharacter() throws Exception {
        String arguments = "backup --store " + Escaped.cmd("D:\\データ <größe> & 'more' 100% 😀\\", 2);
        byte[] bytes = new TaskFile("backup", TaskFile.DAILY, "02:30", "C:\\道具 & more\\jbangw.cmd", arguments).bytes();
        Document xml = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(bytes));
        assertEquals("C:\\道具 & more\\jbangw.cmd", text(xml, "Command"));
        assertEquals("C:\\道具 & more", text(xml, "WorkingDirectory"));
        assertEquals(arguments, text(xml, "Arguments"));
        assertEquals("UTF-16", xml.getXmlEncoding());
        assertEquals("C:\\", text(DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(
                new TaskFile("x", TaskFile.WEEKLY, "06:30", "C:\\jbangw.cmd", "health").bytes())), "WorkingDirectory"));
    }

    @Test
    void aDryRunAndOtherSystemsWriteNoFileUnlessAFolderIsNamed() throws Exception {
        Path store = Fixture.V3.empty(dir.resolve("store")).base();
        assertEquals(0, process(windows(), "schedule", "--dry-run", "--store", store).exit());
        assertTrue(Files.notExists(store.resolve("reports/telemetry-backup.xml")));
        Path named = dir.resolve("named/folder");
        Script script = schedule("--store", store, "--xml", named, "--json");
        assertEquals(0, script.exit(), script.err());
        assertEquals(5, Json.parse(script.out()).asObject().getString("xml", "").lines().count());
        String launcher = OS.WINDOWS.isCurrentOs() ? Checkout.root().resolve("scripts/jbangw.cmd").toString()
                : "C:\\path\\to\\checkout\\scripts\\jbangw.cmd";
        assertEquals(launcher, text(DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(named.resolve("telemetry-monthly.xml").toFile()), "Command"));
    }

    /** On Windows it is so anyway. */
    private static Map<String, String> windows() {
        Map<String, String> env = started(Map.of());
        env.merge("JAVA_TOOL_OPTIONS", OS.WINDOWS.isCurrentOs() ? "" : " \"-Dos.name=Windows 11\"", String::concat);
        return env;
    }

    private static String text(Document xml, String element) {
        return xml.getElementsByTagName(element).item(0).getTextContent();
    }

    @Test
    void aTaskTooLongForWindowsIsSaid() {
        String folder = "D:\\" + "x".repeat(120);
        var schedule = new Schedule("C:\\jbangw.cmd", "", List.of("--store", folder), folder + "\\reports", Map.of(), "ops");
        List<String> lines = schedule.schtasks().lines().toList();
        assertTrue(lines.get(2).matches("rem too long: 3\\d\\d characters, schtasks takes 261: shorten the paths"), lines.get(2));
        assertEquals(8, lines.size());
    }

    @Test
    @Needs(Need.ANY_NAME)
    void whatCannotStandInALineIsRefused() throws Exception {
        Path store = Fixture.V3.empty(dir.resolve("two\nlines")).base();
        Script schedule = schedule("--store", store);
        assertEquals(64, schedule.exit());
        assertTrue(schedule.err().endsWith("two\\nlines: a path with a control character cannot stand in a line\n"), schedule.err());
        assertEquals("", schedule.out());
    }

    private static Schedule odd() {
        Map<String, String> variables = variables("JAVA_HOME", "/opt/java 17");
        return new Schedule("/opt/tool kit/jbangw", "", List.of("--store", STORE), STORE + "/reports", variables, "ops");
    }

    private static Map<String, String> variables(String name, String value) {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put(name, value);
        return variables;
    }

    private static Script schedule(Object... options) throws Exception {
        List<Object> arguments = new ArrayList<>(List.of("schedule"));
        arguments.addAll(List.of(options));
        return process(started(Map.of()), arguments.toArray());
    }

    /** As by scripts/jbangw. */
    private static Map<String, String> started(Map<String, String> env) {
        Map<String, String> started = new LinkedHashMap<>(env);
        started.put("JAVA_TOOL_OPTIONS", "-Dtelemetry.checkout=" + Checkout.root());
        return started;
    }

    private static Script process(Map<String, String> env, Object... arguments) throws Exception {
        Script run = Script.runProcess(env, "maintain", arguments);
        return new Script(run.exit(), run.out(), run.err().replaceAll("Picked up JAVA_TOOL_OPTIONS.*\\n", ""));
    }
}
