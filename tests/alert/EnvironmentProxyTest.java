package telemetry.alert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import telemetry.Store;
import telemetry.kit.Fixture;
import telemetry.kit.Script;

/** Machines that reach the world through a proxy only. */
class EnvironmentProxyTest {

    @ParameterizedTest
    @CsvSource({
        "https://hooks.example.com/x, http://proxy:3128,                , proxy:3128",
        "https://hooks.example.com/x, proxy,                            , proxy:1080",
        "https://hooks.example.com/x, http://u:p@proxy:3128, other.com  , proxy:3128",
        "https://hooks.example.com/x, http://proxy:3128, 'a, example.com', ",
        "https://hooks.example.com/x, http://proxy:3128, .example.com   , ",
        "https://hooks.example.com/x, http://proxy:3128, *.example.com:443, ",
        "https://hooks.example.com/x, http://proxy:3128, ample.com      , proxy:3128",
        "https://hooks.example.com/x, http://proxy:3128, *              , ",
        "http://127.0.0.1:9/x,        http://proxy:3128,                , "})
    void whatIsReachedThroughIt(String address, String proxy, String excepted, String used) {
        Map<String, String> environment = excepted == null ? Map.of("HTTPS_PROXY", proxy)
                : Map.of("https_proxy", proxy, "no_proxy", excepted, "HTTPS_PROXY", "http://not-this-one:1");
        var socket = (InetSocketAddress) new EnvironmentProxy(environment).select(URI.create(address)).get(0).address();
        assertEquals(used, socket == null ? null : socket.getHostString() + ":" + socket.getPort());
    }

    @Test
    void whatIsNoProxyIsSaidWithoutItsPassword() {
        for (String proxy : new String[] {"socks5://u:SECRET@proxy:1", "http://u:SECRET@", "http://[SECRET"}) {
            var selector = new EnvironmentProxy(Map.of("https_proxy", proxy));
            var wrong = assertThrows(IllegalArgumentException.class, () -> selector.select(URI.create("https://example.com/")));
            assertEquals("https_proxy is no address of an HTTP proxy (http://host:port)", wrong.getMessage());
        }
    }

    /** A real process and a proxy that refuses: the password comes when it is asked for. */
    @Test
    void anAlertGoesThroughTheProxyWithItsPassword(@TempDir Path dir) throws Exception {
        Store store = Fixture.V3.filled(dir, 3, Instant.parse("2026-11-20T12:00:00Z"));
        try (var proxy = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var asked = CompletableFuture.supplyAsync(() -> {
                var all = new ByteArrayOutputStream();
                try {
                    for (String answer : new String[] {"407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"",
                            "502 Bad"})
                        try (Socket client = proxy.accept()) {
                            all.write(head(client.getInputStream()));
                            client.getOutputStream().write(("HTTP/1.1 " + answer + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
                        }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return all.toString(StandardCharsets.US_ASCII);
            });
            Script health = Script.runProcess(Map.of("https_proxy", "http://user:word@127.0.0.1:" + proxy.getLocalPort()), "health",
                    "--quick",
                    "--store", store.base(), "--alert", "https://hooks.example.invalid/SECRET");
            String heads = asked.get(30, TimeUnit.SECONDS);
            assertTrue(heads.startsWith("CONNECT hooks.example.invalid:443 "), heads);
            assertTrue(heads.contains("Proxy-Authorization: Basic dXNlcjp3b3Jk"), heads);
            assertTrue(health.err().contains("health: cannot alert https://hooks.example.invalid/…: "), health.err());
            assertTrue(!health.err().contains("SECRET") && !health.err().contains("word@"), health.err());
        }
    }

    private static byte[] head(InputStream in) throws IOException {
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) head.write(in.read());
        return head.toByteArray();
    }
}
