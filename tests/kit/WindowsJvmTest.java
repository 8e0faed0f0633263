package telemetry.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a machine hears that cannot have a Windows JVM, and that nothing is left of the attempt. */
@Tag("system")
class WindowsJvmTest {
    private static final Optional<Path> SOME_WINE = Optional.of(Path.of("wine64"));

    @TempDir
    Path dir;

    private WindowsJvm.Missing missing(Optional<Path> wine, URI runtime) {
        return assertThrows(WindowsJvm.Missing.class,
                () -> WindowsJvm.get(wine, dir.resolve("kept"), runtime, new PrintStream(OutputStream.nullOutputStream())));
    }

    private void assertNothingIsLeft() throws IOException {
        assertEquals(List.of("lock"), Folder.names(dir.resolve("kept")));
    }

    @Test
    void withoutWineItSaysWhatIsMissingAndHowToGetIt() {
        WindowsJvm.Missing missing = missing(Optional.empty(), URI.create("http://localhost:1/x.whl"));
        assertEquals("there is no wine64 here, which a Windows JVM needs; Debian and Ubuntu have it:", missing.getMessage());
        assertEquals("apt-get install --no-install-recommends wine64", missing.command());
        assertTrue(Files.notExists(dir.resolve("kept")));
    }

    @Test
    void whereNobodyAnswersTheAddressIsNamed() throws Exception {
        WindowsJvm.Missing missing = missing(SOME_WINE, URI.create("http://localhost:1/x.whl"));
        assertTrue(missing.getMessage().startsWith("cannot get http://localhost:1/x.whl: "), missing.getMessage());
        assertNull(missing.command());
        assertNothingIsLeft();
    }

    @Test
    void otherBytesAreRefused() throws Exception {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(exchange.getRequestURI().getPath().equals("/none.whl") ? 404 : 200, 2);
            exchange.getResponseBody().write("PK".getBytes());
            exchange.close();
        });
        server.start();
        try {
            String at = "http://localhost:" + server.getAddress().getPort();
            String refused = missing(SOME_WINE, URI.create(at + "/x.whl")).getMessage();
            assertTrue(refused.startsWith(at + "/x.whl is refused: its SHA-256 is "), refused);
            assertEquals("cannot get " + at + "/none.whl: the answer is 404", missing(SOME_WINE, URI.create(at + "/none.whl")).getMessage());
        } finally {
            server.stop(0);
        }
        assertNothingIsLeft();
    }

    /** With Wine or without it: the cache folder cannot be written to. */
    @Test
    @Needs(Need.SH)
    void theSuiteEndsWithThree() throws Exception {
        Files.createFile(dir.resolve("telemetry-toolkit"));
        Script suite = Script.runProcess(Map.of("XDG_CACHE_HOME", dir.toString()), "suite", "--windows");
        assertEquals(3, suite.exit(), suite.toString());
        assertTrue(suite.err().startsWith("test: "), suite.err());
    }
}
