package telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;
import telemetry.kit.WindowsLine;
import telemetry.text.Escaped;
import telemetry.text.JsonText;
import telemetry.text.Runbook;

/** Alone, because it changes properties of the JVM that other tests read. */
@Isolated
@Tag("system")
class NextTest {
    private final String system = System.getProperty("os.name");

    @TempDir
    Path dir;

    @AfterEach
    void leaveWindows() {
        System.setProperty("os.name", system);
    }

    @Test
    @Needs(Need.SH)
    void aCommandIsAProgramWithItsArguments() {
        Next next = Next.command("query", "sql", "SELECT 1").in(Runbook.HEALTH_CHECKS);
        assertEquals(new Next.Command(true, "query", List.of("sql", "SELECT 1")), next.command());
        assertEquals("(runbook: Health Checks)", next.hint());
        assertEquals("next: jbang query@telemetry sql " + Script.quoted("SELECT 1"), next.line());
        assertEquals("next: iostat -x 1 5", Next.program("iostat", "-x", "1", "5").line());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '|', value = {"telemetry.jbangw, scripts/jbangw, scripts/jbangw locks",
        "telemetry.jbangw, /opt/my tools/jbangw, |'/opt/my tools/jbangw' locks|", "telemetry.launcher, telemetry-health, telemetry-locks",
        "telemetry.launcher, /opt/telemetry-bin/telemetry-measure_performance, /opt/telemetry-bin/telemetry-locks",
        "telemetry.other, x, jbang locks@telemetry"})
    @Needs(Need.SH)
    void aProcedureIsCalledAsThisProgramWas(String property, String called, String line) {
        System.setProperty(property, called);
        try {
            assertEquals(called.contains(" ") ? Script.quoted(called) + " locks" : line, Next.command("locks").command().toString());
        } finally {
            System.clearProperty(property);
        }
    }

    @ParameterizedTest
    @Needs(Need.SH)
    @ValueSource(strings = {"plain", "", "my store", "it's", "say \"it's\"", "'", "a\nb", "$HOME",
        "it's $HOME", "it's `id`", "it's a \\", "it's!",
            "--grep=*", "größe", "; rm x"})
    void aShellReadsEveryArgumentAsItIs(String argument) throws IOException {
        Process shell = new ProcessBuilder("sh", "-c", Next.program("printf", "%s", argument).command().toString()).start();
        assertEquals(argument, new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals("", new String(shell.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '|', value = {"D:\\agent-metrics, D:\\agent-metrics", "D:\\agent metrics, \"D:\\agent metrics\"",
            "it's, \"it's\"", "||, \"\"", "a \"b\", \"a \\\"b\\\"\""})
    void onWindowsQuotationMarksAreDouble(String argument, String shown) {
        System.setProperty("os.name", "Windows 11");
        assertEquals("jbang logs@telemetry " + shown, Next.command("logs", argument).command().toString());
    }

    /** As cmd reads it, then the script that hands it on, then java. */
    @ParameterizedTest
    @ValueSource(strings = {"\\\\server\\my share\\", "D:\\a & b\\", "D:\\100%", "D:\\%OS%\\x y", "D:\\$HOME", "D:\\a^b",
        "say \"a&b\"", "C:\\", "größe"})
    void onWindowsCmdAndTheProgramGetTheArgument(String argument) {
        System.setProperty("os.name", "Windows 11");
        Next next = Next.command("logs", "--store", argument, "--grep", "last & one");
        String read = WindowsLine.forwarded(WindowsLine.typed(next.lines().get(0).replace("next: ", ""), Map.of("OS", "Windows_NT")));
        assertEquals(List.of("jbang", "logs@telemetry", "--store", argument, "--grep", "last & one"), WindowsLine.words(read));
        String drop = Next.program("sqlite3", argument, "DROP INDEX \"again one\"").command().toString();
        assertEquals(List.of("sqlite3", argument, "DROP INDEX \"again one\""),
                WindowsLine.words(WindowsLine.typed(drop, Map.of("OS", "Windows_NT"))));
    }

    /** Which of two lines is for which shell is said once, and one that is for both stands alone. */
    @Test
    void onWindowsPowerShellHasALineOfItsOwnWhereItReadsAnother() {
        System.setProperty("os.name", "Windows 11");
        for (String same : List.of("D:\\agent-metrics", "D:\\agent metrics", "\\\\server\\c$\\x y", "it's", "a & b"))
            assertEquals(1, Next.command("logs", "--store", same).lines().size(), same);
        assertEquals(List.of("next: jbang logs@telemetry --store \"D:\\$name x\"",
                "in PowerShell: jbang.cmd --% logs@telemetry --store \"D:\\$name x\""),
                Next.command("logs", "--store", "D:\\$name x").lines());
        assertEquals(List.of("next: sqlite3 D:\\x \"DROP INDEX \\\"a b\\\"\"",
                "in PowerShell: sqlite3 --% D:\\x \"DROP INDEX \\\"a b\\\"\""),
                Next.program("sqlite3", "D:\\x", "DROP INDEX \"a b\"").lines());
        assertEquals(List.of("next: cmd /c move \"C:\\a\"%\"x\" b", "in PowerShell: cmd --% /c move \"C:\\a\"%\"x\" b"),
                Next.program("cmd", "/c", "move", "C:\\a%x", "b").lines());
        System.setProperty("telemetry.jbangw", "C:\\Ann's tools\\jbangw.cmd");
        try {
            assertEquals(List.of("next: \"C:\\Ann's tools\\jbangw.cmd\" health --store D:\\x",
                    "in PowerShell: & 'C:\\Ann''s tools\\jbangw.cmd' --% health --store D:\\x"),
                    Next.command("health", "--store", "D:\\x").lines());
            assertEquals("it broke" + (System.lineSeparator() + "next: \"C:\\Ann's tools\\jbangw.cmd\" health" + System.lineSeparator()
                    + "in PowerShell: & 'C:\\Ann''s tools\\jbangw.cmd' --% health"), Next.line("it broke", Next.command("health")));
        } finally {
            System.clearProperty("telemetry.jbangw");
        }
    }

    @Test
    void whatIsToBeKnownComesBeforeTheCommandWhichStandsAlone() {
        Next next = Next.words("move it elsewhere, then").then(store().command("recover").in(Runbook.DATA_LOSS));
        assertEquals("it is a folder; move it elsewhere, then (runbook: Data Loss)" + System.lineSeparator()
                + "next: jbang recover@telemetry --store " + dir, Next.line("it is a folder", next));
        assertEquals("it broke; run it again", Next.line("it broke", Next.RUN_AGAIN));
        assertEquals("it broke", Next.line("it broke", null));
        assertNull(Next.RUN_AGAIN.line());
    }

    private Store store() {
        return Store.at(dir);
    }

    @Test
    void aCommandIsAboutTheStoreThatTheOptionNamed() {
        Store store = Store.at(dir.resolve("my store"));
        String line = "next: jbang archive@telemetry --dry-run --store " + Escaped.shell(store.base().toString());
        Next archive = Next.command("archive", "--dry-run");
        assertEquals(line, store.command("archive", "--dry-run").line());
        assertEquals(line, store.on(archive).line());
        assertEquals(line, store.next(Runbook.DISK_FULL).line());
        for (Next other : List.of(store.command("health"), Next.command("setup", "--store", "/y"), Next.program("git", "status"),
                Next.words("look at jbang health@telemetry"))) assertEquals(other, store.on(other));
        assertNull(store.on(null));
    }

    @Test
    void aStoreThatAVariableNamesNeedsNoOption() {
        Store store = Store.fromEnv(Map.of("TELEMETRY_BASE_DIR", dir.toString()), dir);
        Next archive = Next.command("archive", "--dry-run");
        assertEquals(archive, store.command("archive", "--dry-run"));
        assertEquals(archive, store.on(archive));
        assertEquals(archive.in(Runbook.DISK_FULL), store.next(Runbook.DISK_FULL));
    }

    @Test
    @Needs(Need.ANY_NAME)
    void anExceptionTellsItInOneLineAndTheCommandInAnother() {
        var e = new StoreException(StoreException.Reason.FULL, "write", Path.of("a\nb"), "no space left", Next.command("logs", "c\nd"));
        assertEquals("cannot write a\\nb: no space left", e.what());
        assertEquals("cannot write a\\nb: no space left" + System.lineSeparator() + "next: jbang logs@telemetry 'c\\nd'", e.getMessage());
        assertEquals(List.of("c\nd"), e.next().command().arguments());
        assertEquals("cannot write a\\nb: no space left" + System.lineSeparator() + "next: jbang logs@telemetry 'c\\nd' --store " + dir,
                Store.at(dir).message(e));
        assertEquals("cannot write: why", new StoreException(StoreException.Reason.FULL, "write", null, "why", null).getMessage());
    }

    @Test
    void inJsonItIsItsText() {
        assertEquals("{\"name\":\"lock\",\"status\":\"warning\",\"detail\":\"slow\",\"hint\":\"(runbook: Database Locked)\","
                + "\"next\":\"jbang locks@telemetry\"}",
                JsonText.line(Check.warning("lock", "slow", Next.command("locks").in(Runbook.DATABASE_LOCKED))));
        assertEquals("{\"name\":\"lock\",\"status\":\"ok\",\"detail\":\"free\",\"hint\":null,\"next\":null}",
                JsonText.line(Check.ok("lock", "free")));
    }
}
