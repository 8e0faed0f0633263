import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import telemetry.Store;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Jbangw;
import telemetry.kit.Script;

/** JShell, and the script that docs/scripting.md shows. */
@ResourceLock("jbang")
class ShellTest {
    private static final Path ROOT = Checkout.root();

    @TempDir
    Path dir;

    @Test
    void theStoreIsAtHandAndATableShowsItself() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, Instant.parse("2025-12-10T12:00:00Z"));
        Script shell = jbangw("shell", "--store", store.base().toString()).run("""
                runs.recent(1)
                database.query("SELECT count(*) AS n FROM agent_runs")
                log.days().size()
                health()
                /exit 4
                """);
        String plain = String.join("\n", shell.out().lines().map(String::stripTrailing).toList());
        assertEquals(4, shell.exit(), shell.err());
        assertTrue(plain.contains("==>\nrun_id                                  agent_name    job_type  status   "
                + "start_time\n20251210T120000Z-link-checker-00000000  link-checker"), shell.out());
        assertTrue(plain.contains("==>\n n\n12\n"), shell.out());
        assertTrue(plain.contains("==> 1\n"), shell.out());
        assertTrue(plain.contains("ok       database"), shell.out());
        assertTrue(!shell.err().contains("WARNING"), shell.err());
    }

    @Test
    void withoutAStoreItSaysSoAndMakesNone() throws Exception {
        Script shell = jbangw("shell", "--store", dir.resolve("none").toString()).run("/exit\n");
        assertTrue(shell.out().contains("there is none (named by --store); was it moved? Then name its folder with --store."), shell.out());
        assertTrue(Files.notExists(dir.resolve("none")));
    }

    @Test
    void aDamagedDatabaseIsSaidToBeSoAndNotToBeNone() throws Exception {
        Store store = Fixture.V3.empty(dir.resolve("damaged"));
        Files.writeString(store.database(), "no database".repeat(1000));
        Script shell = jbangw("shell", "--store=" + store.base()).run("/exit\n");
        assertTrue(shell.out().contains("store " + store.base() + "; cannot query " + store.database() + ": it is not a SQLite database"),
                shell.out());
        assertTrue(!shell.out().contains("setup") && !(shell.out() + shell.err()).contains("Caused by"), shell.toString());
    }

    @Test
    void theScriptOfTheDocumentationRuns() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("s"), 12, Instant.parse("2025-12-10T12:00:00Z"));
        Matcher script = Pattern.compile("(?s)```java\\n(///usr/bin/env jbang.*?)```")
                .matcher(Files.readString(ROOT.resolve("docs/scripting.md")));
        assertTrue(script.find());
        Path file = Files.writeString(dir.resolve("slowest.java"), script.group(1).replace("/path/to/this/checkout", ROOT.toString()));
        Script run = jbangw("run", file.toString()).with("TELEMETRY_BASE_DIR", store.base()).run();
        assertEquals(0, run.exit(), run.err());
        assertEquals(List.of("", "agent_name       seconds", "hugo-translator       68",
                "link-checker          69", "docs-crawler          70").stream().sorted().toList(), run.out().lines().sorted().toList());
    }

    private static Jbangw jbangw(String... args) throws IOException {
        return new Jbangw(ROOT.resolve("scripts/jbangw"), List.of(args));
    }
}
