import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import telemetry.kit.Checkout;
import telemetry.kit.Fixture;
import telemetry.kit.Jbangw;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** A stranger adds a procedure by the recipe in docs/scripting.md, word for word, in a copy of the checkout. */
@Order(1)
@Needs(Need.SH_LAUNCHER)
@ResourceLock("jbang")
class NewProcedureTest {

    @TempDir
    private Path temp;

    private Path checkout;

    @BeforeEach
    void followTheRecipe() throws IOException {
        checkout = temp.resolve("checkout");
        for (String part : List.of("jbang-catalog.json", "README.md", "docs", "lib", "scripts", "tests"))
            copy(Checkout.root().resolve(part));
        String recipe = Files.readString(checkout.resolve("docs/scripting.md")).replaceFirst("(?s).*## Add a procedure", "");
        List<String> blocks = Pattern.compile("(?s)```\\w+\n(.*?)```").matcher(recipe).results().map(block -> block.group(1)).toList();
        assertEquals(4, blocks.size());
        Files.writeString(checkout.resolve("scripts/tally.java"), blocks.get(0));
        addBehind("\"aliases\": {\n", "jbang-catalog.json", blocks.get(1));
        addBehind("|---|---|\n", "README.md", blocks.get(2));
        Files.writeString(checkout.resolve("docs/runbook.md"), "\n" + blocks.get(3), StandardOpenOption.APPEND);
    }

    @Test
    void itRuns() throws Exception {
        var store = Fixture.V3.filled(temp.resolve("store"), 12, Instant.parse("2025-12-10T12:00:00Z"));
        assertEquals(new Script(0, "runs  12" + System.lineSeparator(), ""), tally(store.base()));
        assertEquals("{\n  \"runs\": 12\n}\n", tally(store.base(), "--json").out());
        assertEquals(3, tally(temp.resolve("none")).exit());
    }

    /** As a process, because the checkout that tests look at is set for a JVM as a whole. */
    @Test
    void theCatalogAndTheArchitectureHold() throws Exception {
        List<String> command = List.of(ProcessHandle.current().info().command().orElseThrow(), "-Dtelemetry.checkout=" + checkout,
                "-cp", System.getProperty("java.class.path"), "suite", "CatalogTest", "ArchitectureTest");
        Process suite = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(suite.getInputStream().readAllBytes());
        assertEquals(0, suite.waitFor(), said);
    }

    private Script tally(Path store, String... options) throws Exception {
        List<String> words = new ArrayList<>(List.of("tally", "--store", store.toString()));
        words.addAll(List.of(options));
        Script run = new Jbangw(checkout.resolve("scripts/jbangw"), words).with("XDG_CACHE_HOME", temp.resolve("cache")).run();
        return new Script(run.exit(), run.out(), run.err().lines()
                .filter(line -> !line.startsWith("[jbang]") && !line.startsWith("jbangw:")).reduce("", (all, line) -> all + line + "\n"));
    }

    private void addBehind(String place, String file, String text) throws IOException {
        String before = Files.readString(checkout.resolve(file));
        assertTrue(before.contains(place), file);
        int end = before.indexOf(place) + place.length();
        Files.writeString(checkout.resolve(file), before.substring(0, end) + text + before.substring(end));
    }

    private void copy(Path source) throws IOException {
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Path target = checkout.resolve(Checkout.root().relativize(file).toString());
                Files.createDirectories(target.getParent());
                if (Files.isDirectory(file)) Files.createDirectories(target);
                else Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}
