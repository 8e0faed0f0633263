package telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.text.JsonText;
import telemetry.text.Runbook;

class NextTest {
    private final String system = System.getProperty("os.name");

    @TempDir
    Path dir;

    @AfterEach
    void leaveWindows() {
        System.setProperty("os.name", system);
    }

    @Test
    void aCommandIsAProgramWithItsArguments() {
        Next next = Next.command("query", "sql", "SELECT 1").in(Runbook.HEALTH_CHECKS);
        assertEquals(Runbook.HEALTH_CHECKS, next.section());
        assertEquals(List.of(new Next.Part(Next.Kind.PROCEDURE, "query", List.of("sql", "SELECT 1"))), next.parts());
        assertEquals("Health Checks: jbang query@telemetry sql 'SELECT 1'", next.toString());
        assertEquals("iostat -x 1 5", Next.program("iostat", "-x", "1", "5").toString());
    }

    @ParameterizedTest
    @DisabledOnOs(OS.WINDOWS)
    @ValueSource(strings = {"plain", "", "my store", "it's", "say \"it's\"", "'", "a\nb", "$HOME",
        "it's $HOME", "it's `id`", "it's a \\", "it's!",
            "--grep=*", "größe", "; rm x"})
    void aShellReadsEveryArgumentAsItIs(String argument) throws IOException {
        Process shell = new ProcessBuilder("sh", "-c", Next.program("printf", "%s", argument).toString()).start();
        assertEquals(argument, new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals("", new String(shell.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '|', value = {"D:\\agent-metrics, D:\\agent-metrics", "D:\\agent metrics, \"D:\\agent metrics\"",
            "it's, \"it's\"", "||, \"\"", "a \"b\", \"a \\\"b\\\"\""})
    void onWindowsQuotationMarksAreDouble(String argument, String shown) {
        System.setProperty("os.name", "Windows 11");
        assertEquals("jbang logs@telemetry " + shown, Next.command("logs", argument).toString());
    }

    @Test
    void wordsAndCommandsStandInTheOrderInWhichTheyAreRead() {
        Next next = Next.command("setup").then("for a new store,").then(Next.command("recover")).then("when it was there before");
        assertEquals("jbang setup@telemetry for a new store, jbang recover@telemetry when it was there before", next.toString());
        assertEquals("jbang setup@telemetry --store /x for a new store, jbang recover@telemetry --store /x when it was there before",
                next.on("/x").toString());
        assertEquals("Disk Full: jbang archive@telemetry --dry-run, or buy a disk",
                Next.command("archive", "--dry-run").in(Runbook.DISK_FULL).then(", or buy a disk").toString());
    }

    @Test
    void aCommandIsAboutTheStoreThatTheOptionNamed() {
        Store store = Store.at(dir.resolve("my store"));
        String option = " --store " + Next.quoted(store.base().toString());
        Next archive = Next.command("archive", "--dry-run");
        assertEquals("jbang archive@telemetry --dry-run" + option, store.command("archive", "--dry-run").toString());
        assertEquals("jbang archive@telemetry" + option + " --dry-run", store.on(archive).toString());
        assertEquals("Disk Full: jbang archive@telemetry --dry-run" + option, store.next(Runbook.DISK_FULL).toString());
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
    void anExceptionTellsItInItsOneLine() {
        var e = new StoreException(StoreException.Reason.FULL, "write", Path.of("a\nb"), "no space left", Next.command("logs", "c\nd"));
        assertEquals("cannot write a\\nb: no space left", e.what());
        assertEquals("cannot write a\\nb: no space left; next: jbang logs@telemetry 'c\\nd'", e.getMessage());
        assertEquals(List.of("c\nd"), e.next().parts().get(0).arguments());
        assertEquals("cannot write a\\nb: no space left; next: jbang logs@telemetry --store " + dir + " 'c\\nd'", Store.at(dir).message(e));
        assertEquals("cannot write: why", new StoreException(StoreException.Reason.FULL, "write", null, "why", null).getMessage());
    }

    @Test
    void inJsonItIsItsText() {
        assertEquals("{\"name\":\"lock\",\"status\":\"warning\",\"detail\":\"slow\",\"hint\":\"Database Locked: jbang locks@telemetry\"}",
                JsonText.line(Check.warning("lock", "slow", Next.command("locks").in(Runbook.DATABASE_LOCKED))));
        assertEquals("{\"name\":\"lock\",\"status\":\"ok\",\"detail\":\"free\",\"hint\":null}", JsonText.line(Check.ok("lock", "free")));
    }
}
