package telemetry.kit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A webhook on this machine that keeps what was posted to it. */
public final class AlertServer implements AutoCloseable {

    /** One request. */
    public record Post(String method, String path, String contentType, String body) { }

    private final HttpServer server;
    private final List<Post> posts = new CopyOnWriteArrayList<>();
    private volatile int answer = 200;
    private volatile String words = "";

    public AlertServer() throws IOException {
        this(0);
    }

    /** @param port 0 for any */
    public AlertServer(int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", this::take);
        server.start();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String type = exchange.getRequestHeaders().getFirst("Content-Type");
            posts.add(new Post(exchange.getRequestMethod(), exchange.getRequestURI().getPath(), type, body));
            if (answer / 100 == 3) exchange.getResponseHeaders().add("Location", "/elsewhere");
            byte[] said = words.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer, said.length == 0 ? -1 : said.length);
            exchange.getResponseBody().write(said);
        }
    }

    /** With which status code it answers from now on. */
    public void answers(int status) {
        answers(status, "");
    }

    /** And with which body. */
    public void answers(int status, String body) {
        answer = status;
        words = body;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** Its address; what comes after the host nobody else may see. */
    public String url() {
        return "http://127.0.0.1:" + port() + "/services/SECRET";
    }

    public List<Post> posts() {
        return posts;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
