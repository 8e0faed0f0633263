import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import telemetry.kit.Checkout;
import telemetry.kit.Jbangw;

/** jbang-catalog.json: complete, true to the scripts, and of use in the checkout, from a folder and over http. */
@ResourceLock("jbang")
class CatalogTest {

    private static final List<String> JBANG_COMMANDS = List.of("alias", "app", "build", "cache", "catalog", "completion", "config", "deps",
        "edit", "export", "info", "init", "jdk", "run", "template", "trust", "version", "wrapper");

    /** JBang's own folder for these tests, so that nobody's registered catalogs are seen or changed. */
    @TempDir
    private static Path jbangFolder;

    @TempDir
    private Path elsewhere;

    @BeforeAll
    static void waitForNoServerOfOthers() throws IOException {
        Files.writeString(jbangFolder.resolve("jbang.properties"), "connection-timeout = 1000\n");
    }

    @Test
    void everyScriptHasAnAliasOfItsName() throws IOException {
        var expected = new TreeMap<>(Map.of("test", "tests/suite.java", "bench", "tests/bench/bench.java"));
        try (var files = Files.newDirectoryStream(Checkout.root().resolve("scripts"), "*.{java,jsh}")) {
            for (var file : files) {
                var name = file.getFileName().toString();
                expected.put(name.replaceFirst("\\..*", ""), "scripts/" + name);
            }
        }
        var actual = new TreeMap<String, String>();
        for (var alias : aliases().names()) actual.put(alias, script(alias));
        assertEquals(expected, actual);
    }

    @Test
    void descriptionsAreTheScriptsOwn() throws IOException {
        for (var alias : aliases().names()) {
            var lines = Files.readAllLines(Checkout.root().resolve(script(alias)));
            assertTrue(lines.contains("//DESCRIPTION " + alias(alias).getString("description", "")), alias);
        }
    }

    /** What a page tells to write into another page is an example. */
    @Test
    void everyCommandThatAHintOrAPageNamesIsThere() throws IOException {
        var named = new TreeSet<String>();
        for (var folder : List.of("lib", "scripts", "docs"))
            try (var files = Files.walk(Checkout.root().resolve(folder))) {
                for (var file : files.filter(Files::isRegularFile).toList()) {
                    var text = Files.readString(file).replaceAll("(?s)```markdown.*?```", "");
                    var command = Pattern.compile("command\\(\"([a-z_]+)\"|jbang ([a-z_]+)@telemetry").matcher(text);
                    while (command.find()) named.add(command.group(1) != null ? command.group(1) : command.group(2));
                }
            }
        named.removeAll(aliases().names());
        assertEquals(Set.of(), named);
    }

    @Test
    void noAliasHidesBehindACommandOfJBang() throws IOException {
        var clashes = new TreeSet<>(aliases().names());
        clashes.retainAll(JBANG_COMMANDS);
        assertTrue(clashes.isEmpty(), () -> "unreachable as `jbang <alias>`: " + clashes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"health", "health@telemetry"})
    void worksInTheCheckout(String alias) throws Exception {
        assertShowsHelp(jbang("run", alias, "--help").in(Checkout.root()));
    }

    @Test
    void worksElsewhereFromAFolder() throws Exception {
        assertWorksElsewhere(Checkout.root().toString());
    }

    @Test
    void worksElsewhereOverHttp() throws Exception {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", CatalogTest::serveCheckout);
        server.start();
        try {
            assertWorksElsewhere("http://127.0.0.1:" + server.getAddress().getPort() + "/jbang-catalog.json");
        } finally {
            server.stop(0);
        }
    }

    private void assertWorksElsewhere(String catalog) throws Exception {
        var added = jbang("catalog", "add", "--global", "--force", "--name", "telemetry", catalog).in(elsewhere).run();
        assertEquals(0, added.exit(), added.err());
        assertShowsHelp(jbang("run", "health@telemetry", "--help").in(elsewhere));
    }

    private static void assertShowsHelp(Jbangw health) throws Exception {
        var run = health.run();
        assertEquals(0, run.exit(), run.err());
        assertTrue(run.out().contains(alias("health").getString("description", "")), run.out());
    }

    private static Jbangw jbang(String... args) {
        return new Jbangw(Checkout.root().resolve("scripts/jbangw"), List.of(args)).with("JBANG_DIR", jbangFolder);
    }

    private static void serveCheckout(HttpExchange exchange) throws IOException {
        var file = Checkout.root().resolve(exchange.getRequestURI().getPath().substring(1));
        try (exchange) {
            if (!Files.isRegularFile(file)) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            exchange.sendResponseHeaders(200, Files.size(file));
            Files.copy(file, exchange.getResponseBody());
        }
    }

    private static String script(String alias) throws IOException {
        return alias(alias).getString("script-ref", "");
    }

    private static JsonObject alias(String name) throws IOException {
        return aliases().get(name).asObject();
    }

    private static JsonObject aliases() throws IOException {
        return Json.parse(Files.readString(Checkout.root().resolve("jbang-catalog.json"))).asObject().get("aliases").asObject();
    }
}
