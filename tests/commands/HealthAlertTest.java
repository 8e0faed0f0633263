import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import telemetry.Store;
import telemetry.kit.AlertServer;
import telemetry.kit.Fixture;
import telemetry.kit.Mounts;
import telemetry.kit.Need;
import telemetry.kit.Needs;
import telemetry.kit.Script;

/** health --alert: who is told what, how often, and that none of it touches the result. */
class HealthAlertTest {

    /** Ten minutes after the sample's last run. */
    private static final Instant NOW = HealthTest.NOON.plusSeconds(600);

    /** With this the sample has been idle for too long. */
    private static final String[] IDLE = {"--idle", "1m"};

    @TempDir
    Path dir;

    @Test
    void aWarningIsPostedAsTextWithWhatToDo() throws IOException {
        Store store = store();
        try (var server = new AlertServer()) {
            Script health = alert(store, NOW, server.url(), IDLE);
            assertEquals(1, health.exit());
            assertEquals("", health.err());
            AlertServer.Post post = server.posts().get(0);
            assertEquals("POST /services/SECRET", post.method() + " " + post.path());
            assertEquals("application/json; charset=utf-8", post.contentType());
            JsonObject body = Json.parse(post.body()).asObject();
            assertEquals(List.of("text"), body.names());
            assertEquals("telemetry warning on H: 1 warning, 13 ok; before: ok\n\n"
                    + "- warning: activity: no run for 10 min, 20 in the last 24 h; silent: link-checker since 2026-11-20 12:00:00, "
                    + "docs-crawler since 2026-11-20 11:00:00, hugo-translator since 2026-11-20 10:00:00; "
                    + "start these agents, or see why they do not run (runbook: Health Checks)\n\n"
                    + "store S, 2026-11-20 12:10:00 UTC", text(post).replaceFirst("on [^:]+:", "on H:")
                            .replace(store.base().toString(), "S"));
            assertEquals(1, server.posts().size());
        }
    }

    @Test
    void onlyWhatChangesIsToldAndWhatStaysAfterSoLong() throws IOException {
        Store store = store();
        try (var server = new AlertServer()) {
            alert(store, NOW, server.url());
            assertEquals(List.of(), heads(server), "what is well from the beginning is no news");
            alert(store, NOW.plusSeconds(60), server.url(), IDLE);
            alert(store, NOW.plusSeconds(120), server.url(), IDLE);
            assertEquals(List.of("warning before: ok"), heads(server));
            alert(store, NOW.plus(Duration.ofHours(4)).plusSeconds(59), server.url(), IDLE);
            assertEquals(1, heads(server).size());
            alert(store, NOW.plus(Duration.ofHours(4)).plusSeconds(60), server.url(), IDLE);
            assertEquals(List.of("warning before: ok", "warning before: warning"), heads(server));
            byte[] whole = Files.readAllBytes(store.database());
            Files.writeString(store.database(), "hello");
            alert(store, NOW.plus(Duration.ofHours(5)), server.url());
            alert(store, NOW.plus(Duration.ofHours(5)).plusSeconds(1), server.url());
            assertEquals("failed before: warning", heads(server).get(2));
            Files.write(store.database(), whole);
            alert(store, NOW.plusSeconds(300), server.url());
            alert(store, NOW.plusSeconds(301), server.url());
            assertEquals(List.of("failed before: warning", "ok before: failed"), heads(server).subList(2, 4));
            assertEquals(4, heads(server).size());
        }
    }

    @Test
    void aCheckThatGetsWorseIsToldThoughTheStoreAsAWholeDoesNot() throws IOException {
        Store store = store();
        try (var server = new AlertServer()) {
            alert(store, NOW, server.url(), IDLE);
            alert(store, NOW.plusSeconds(1), server.url(), "--idle", "1m", "--database-size", "1kB");
            alert(store, NOW.plusSeconds(2), server.url(), "--database-size", "1kB");
            alert(store, NOW.plusSeconds(3), server.url(), IDLE);
            assertEquals(List.of("warning before: ok", "warning before: warning"), heads(server));
            assertTrue(text(server.posts().get(1)).contains("\n- warning: size: "), text(server.posts().get(1)));
        }
    }

    @Test
    void theTimeBetweenTwoAlertsIsAnOptionAndAClockThatWentBackSilencesNobody() throws IOException {
        Store store = store();
        try (var server = new AlertServer()) {
            alert(store, NOW, server.url(), "--idle", "1m", "--repeat", "10m");
            alert(store, NOW.plusSeconds(599), server.url(), "--idle", "1m", "--repeat", "10m");
            assertEquals(1, server.posts().size());
            alert(store, NOW.plusSeconds(600), server.url(), "--idle", "1m", "--repeat", "10m");
            assertEquals(2, server.posts().size());
            alert(store, NOW, server.url(), IDLE);
            assertEquals(3, server.posts().size());
        }
    }

    @Test
    void whatDoesNotGetThroughIsSaidOnceAndTriedAgain() throws IOException {
        Store store = store();
        Script silent = Script.run(at(NOW), "--store", store.base(), "--idle", "1m");
        int port;
        try (var server = new AlertServer()) {
            port = server.port();
        }
        String url = "http://127.0.0.1:" + port + "/services/SECRET";
        Script refused = alert(store, NOW, url, IDLE);
        assertEquals("health: cannot alert http://127.0.0.1:" + port + "/…: no connection" + System.lineSeparator(), refused.err());
        assertSameResult(silent, refused);
        try (var server = new AlertServer(port)) {
            for (int status : new int[] {500, 404, 302}) {
                server.answers(status);
                Script answered = alert(store, NOW.plusSeconds(1), url, IDLE);
                assertEquals("health: cannot alert http://127.0.0.1:" + port + "/…: the server answered " + status
                        + "; check the address\n", answered.err());
                assertSameResult(silent, answered);
            }
            assertEquals(3, server.posts().size(), "a redirection is not followed");
            server.answers(204);
            assertEquals("", alert(store, NOW.plusSeconds(2), url, IDLE).err());
            assertEquals("", alert(store, NOW.plusSeconds(3), url, IDLE).err());
            assertEquals(List.of("warning before: ok", "warning before: ok", "warning before: ok", "warning before: ok"), heads(server));
        }
        assertNoSecret(store);
    }

    /** Teams' connectors, Slack's methods, WeCom and others say so in the body of a good answer. */
    @Test
    void aGoodAnswerThatSaysThatNothingWasDeliveredIsNone() throws IOException {
        Store store = store();
        try (var server = new AlertServer()) {
            int n = 0;
            for (String body : List.of("Webhook message delivery failed with error: HTTP error 429", "no_service", "{\"ok\": false}",
                    "{\"errcode\": 40001, \"errmsg\": \"bad\"}", "{\"code\":19001}", "{\"error\": \"invalid_token\"}",
                    "{\"success\":false}")) {
                server.answers(200, body);
                Script health = alert(store, NOW, server.url() + n++, IDLE);
                assertEquals(1, health.err().lines().filter(line -> line.contains(": the server answered 200 and said: ")).count(), body
                        + health.err());
            }
            for (String body : List.of("ok", "1", "", "{\"ok\": true}", "{\"errcode\": 0, \"errmsg\": \"ok\"}", "{\"code\": 200}",
                    "{\"error\": null, \"errors\": []}", "[]", "<html>thank you</html>",
                    "delivered, no errors", "sent 1, failed: 0", "0 errors")) {
                server.answers(200, body);
                assertEquals("", alert(store, NOW, server.url() + n++, IDLE).err(), body);
            }
        }
        assertNoSecret(store);
    }

    @Test
    void aWorkflowOfTeamsGetsACard() throws IOException {
        Store store = store();
        try (var server = new AlertServer()) {
            assertEquals("", alert(store, NOW, server.url(), "--idle", "1m", "--alert-format", "teams").err());
            var message = Json.parse(server.posts().get(0).body()).asObject();
            assertEquals("message", message.getString("type", ""));
            var attachment = message.get("attachments").asArray().get(0).asObject();
            assertEquals("application/vnd.microsoft.card.adaptive", attachment.getString("contentType", ""));
            var card = attachment.get("content").asObject();
            assertEquals("AdaptiveCard", card.getString("type", ""));
            var first = card.get("body").asArray().get(0).asObject();
            assertTrue(first.getString("text", "").startsWith("telemetry warning on ") && first.getBoolean("wrap", false), card.toString());
        }
    }

    @Test
    void aServerThatNeverAnswersIsGivenUp() throws IOException {
        Store store = store();
        Script silent = Script.run(at(NOW), "--store", store.base(), "--idle", "1m");
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String url = "http://localhost:" + server.getLocalPort() + "/";
            Script health = alert(store, NOW, url, "--idle", "1m", "--alert-timeout", "300ms");
            String shown = "http://localhost:" + server.getLocalPort() + "/…";
            assertEquals("health: cannot alert " + shown + ": no answer within 300 ms" + System.lineSeparator(), health.err());
            assertSameResult(silent, health);
        }
    }

    @Test
    void anAnswerThatNeverEndsIsAnAnswer() throws Exception {
        Store store = store();
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var answering = new Thread(() -> {
                try (Socket client = server.accept(); OutputStream out = client.getOutputStream()) {
                    client.getInputStream().read(new byte[8192]);
                    out.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    while (true) {
                        out.write('x');
                        Thread.sleep(20);
                    }
                } catch (IOException | InterruptedException e) {
                    // the client has gone away
                }
            });
            answering.setDaemon(true);
            answering.start();
            assertEquals("", alert(store, NOW, "http://127.0.0.1:" + server.getLocalPort() + "/", IDLE).err());
        }
    }

    @Test
    void whereNothingMayBePostedToIsABadArgument() {
        String plain = "plain http to another machine (not localhost, 127.0.0.1, [::1]); https is needed";
        String noHost = "an address without a valid host";
        Map<String, String> wrong = Map.of(
                "http://hooks.example.com/SECRET", plain,
                "HTTP://127.0.0.1.example.com/SECRET", plain,
                "http://localhost@example.com/SECRET", plain,
                "http://127.0.0.1:8080@example.com/SECRET", plain,
                "ftp://127.0.0.1/SECRET", "a ftp address; https is needed",
                "https:///SECRET", noHost,
                "https://127.0.0.1:70000/SECRET", noHost,
                "https://example.com/SECRET x", "no address: Illegal character in path at character 27",
                " ", "neither an address nor a command");
        wrong.forEach((target, why) -> {
            Script health = Script.run(new health(), "--store", dir.resolve("none"), "--alert", target);
            assertEquals("health: Invalid value for option '--alert': " + why + System.lineSeparator()
                    + "next: jbang health@telemetry --help" + System.lineSeparator(),
                    health.err(), target);
            assertEquals(64, health.exit(), target);
            assertEquals("", health.out(), target);
        });
    }

    @Test
    @Needs(Need.SH)
    void aCommandReadsTheReport() throws IOException {
        Store store = store();
        Path told = dir.resolve("told here");
        Script health = alert(store, NOW, "cat > '" + told + "'", IDLE);
        assertEquals("", health.err());
        String text = Files.readString(told);
        assertTrue(text.startsWith("telemetry warning on "), text);
        assertTrue(text.lines().findFirst().orElseThrow().endsWith(": 1 warning, 13 ok; before: ok"), text);
        assertEquals(masked(health.out()), masked(text.substring(text.indexOf("\n\n") + 2)));
        assertEquals("", alert(store, NOW.plusSeconds(1), "exit 3 # cat > '" + told + "'").err(), "nothing to tell, and so nothing is run");
    }

    @Test
    @Needs(Need.SH)
    void aCommandThatFailsIsSaidAndChangesNothing() throws Exception {
        Store store = store();
        Script silent = Script.run(at(NOW), "--store", store.base(), "--idle", "1m");
        Map<String, String> failing = Map.of("exit 3", "by 'exit …': exit code 3",
                "no-such-program-here --token SECRET", "by 'no-such-program-here …': exit code 127",
                "kill -9 $$", "by 'kill …': exit code 137");
        for (var one : failing.entrySet()) {
            Script health = alert(store, NOW, one.getKey(), IDLE);
            assertEquals("health: cannot alert " + one.getValue() + "\n", health.err());
            assertSameResult(silent, health);
        }
        assertEquals("", alert(store, NOW, "true", IDLE).err(), "one that does not read");
        assertNoSecret(store);
    }

    @Test
    @Needs(Need.SH)
    void aCommandThatDoesNotEndIsEndedWithWhatItStarted() throws Exception {
        Store store = store();
        Path pid = dir.resolve("pid");
        Script health = alert(store, NOW, "sleep 600 & echo $! > " + pid + "; wait", "--idle", "1m", "--alert-timeout", "1s");
        assertEquals("health: cannot alert by 'sleep …': it had not ended after 1.0 s\n", health.err());
        assertEquals(1, health.exit());
        var child = ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()));
        for (int n = 0; n < 500 && child.isPresent() && child.get().isAlive(); n++) Thread.sleep(10);
        assertFalse(child.isPresent() && child.get().isAlive());
    }

    @Test
    @Needs(Need.SH)
    void whatACommandPrintsDoesNotReachTheOutput() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("store"), 20, HealthTest.NOON);
        String noisy = "echo noise; echo noise >&2; cat";
        Script health = Script.runProcess(Map.of(), "health", "--store", store.base(), "--json", "--alert", noisy, "--record");
        assertEquals("", health.err());
        assertEquals("warning", Json.parse(health.out()).asObject().getString("status", ""));
        assertEquals(1, health.exit());
    }

    @Test
    void withoutAnAlertNothingOfHttpIsLoaded() throws Exception {
        Store store = Fixture.V3.filled(dir.resolve("store"), 20, HealthTest.NOON);
        try (var server = new AlertServer()) {
            assertFalse(loaded(store, "--record").contains("java.net.http"));
            String withAlert = loaded(store, "--alert", server.url());
            assertTrue(withAlert.contains("java.net.http.HttpClient"), "the log shows what is loaded");
            assertFalse(loaded(store, "--alert", "true").contains("java.net.http"), "nor for a command");
        }
    }

    private String loaded(Store store, Object... options) throws Exception {
        Path log = dir.resolve("classes.log");
        List<Object> arguments = new ArrayList<>(List.of("--store", store.base()));
        arguments.addAll(List.of(options));
        Script.runProcess(Map.of("JAVA_TOOL_OPTIONS", "-Xlog:class+load:file=" + log), "health", arguments.toArray());
        return Files.readString(log);
    }

    @Test
    void aStoreThatIsMissingIsToldEachTimeAndNotMade() throws IOException {
        Store store = Store.at(dir.resolve("none"));
        try (var server = new AlertServer()) {
            for (int n = 0; n < 2; n++) {
                Script health = alert(store, NOW, server.url(), "--record");
                assertEquals(2, health.exit());
                List<String> said = health.err().lines().toList();
                assertEquals(2, said.size(), health.err());
                assertEquals(unrecorded(store, "it does not exist"), said.get(0));
                assertTrue(said.get(1).matches("health: cannot remember the alert in \\S+alert-[0-9a-f]{8}\\.json: it does not exist,"
                        + " so the next health repeats it"), said.get(1));
            }
            assertEquals(List.of("failed before: ok", "failed before: ok"), heads(server));
        }
        assertTrue(Files.notExists(store.base()));
    }

    @Test
    void onAFullDiskAnAlertIsStillRememberedAndTheRecordIsSaidToBeMissing() throws Exception {
        Path mount = Files.createDirectory(dir.resolve("mount"));
        assumeTrue(Mounts.tmpfs(mount, "4m"), "no mount is permitted here");
        try (var server = new AlertServer()) {
            Store store = Fixture.V3.filled(mount.resolve("store"), 20, HealthTest.NOON);
            alert(store, NOW, server.url(), "--disk-failed", "0", "--disk-warning", "0");
            HealthTest.fill(mount.resolve("filler"));
            Script health = alert(store, NOW.plusSeconds(1), server.url(), "--record");
            assertEquals(unrecorded(store, "no space left on the disk") + "\n", health.err());
            assertEquals(2, health.exit());
            alert(store, NOW.plusSeconds(2), server.url());
            assertEquals(List.of("failed before: ok"), heads(server));
        } finally {
            Mounts.unmount(mount);
        }
    }

    @Test
    void onAReadOnlyDiskItIsToldEachTime() throws Exception {
        Path mount = Files.createDirectory(dir.resolve("mount"));
        assumeTrue(Mounts.tmpfs(mount, "4m"), "no mount is permitted here");
        try (var server = new AlertServer()) {
            Store store = Fixture.V3.filled(mount.resolve("store"), 20, HealthTest.NOON);
            assumeTrue(Mounts.makeReadOnly(mount), "no remount is permitted here");
            Script silent = Script.run(at(NOW), "--store", store.base());
            for (int n = 0; n < 2; n++) {
                Script health = alert(store, NOW, server.url(), "--record");
                assertSameResult(silent, health);
                assertEquals(2, health.err().lines().filter(line -> line.contains("the file system is read-only")).count(), health.err());
            }
            assertEquals(2, server.posts().size());
        } finally {
            Mounts.unmount(mount);
        }
    }

    @Test
    void whereNothingWasToldNothingIsSaidToBeForgotten() throws IOException {
        Store store = store();
        Files.writeString(store.reports(), "no folder");
        assertEquals("", alert(store, NOW, "exit 3").err());
    }

    @Test
    void aMemoryThatSaysNothingCostsAnAlertTooManyNotTooFew() throws IOException {
        Store store = store();
        try (var server = new AlertServer()) {
            alert(store, NOW, server.url(), IDLE);
            Path memory;
            try (Stream<Path> files = Files.list(store.reports())) {
                memory = files.findFirst().orElseThrow();
            }
            String whole = Files.readString(memory);
            String odd = "{\"time\":7,\"status\":\"odd\",\"troubles\":{}}";
            for (String torn : List.of("", "{", "hello", whole.substring(0, 40), odd, whole.replace("\"warning\"", "\"odd\""))) {
                Files.writeString(memory, torn);
                int before = server.posts().size();
                assertEquals(List.of("health: skipped " + memory + " from byte 0 on: it does not say what was last told"),
                        alert(store, NOW, server.url(), IDLE).err().lines().toList(), torn);
                assertEquals(before + 1, server.posts().size(), torn);
                assertEquals(whole, Files.readString(memory));
            }
        }
    }

    @Test
    void aStoreOfAnyVersionIsToldOf() throws IOException {
        try (var server = new AlertServer()) {
            for (Fixture.Given given : Fixture.all(dir).toList()) {
                int before = server.posts().size();
                Script health = alert(given.store(), NOW, server.url(), "--database-size", "1kB");
                assertEquals("", health.err(), given.name());
                assertEquals(before + 1, server.posts().size(), given.name());
                assertTrue(text(server.posts().get(before)).contains("size: "), given.name());
            }
        }
    }

    private Store store() {
        return Fixture.V3.filled(dir.resolve("store"), 20, HealthTest.NOON);
    }

    private static health at(Instant now) {
        return HealthTest.at(now);
    }

    private static Script alert(Store store, Instant now, String target, Object... options) {
        List<Object> arguments = new ArrayList<>(List.of("--store", store.base(), "--alert", target));
        arguments.addAll(List.of(options));
        return Script.run(at(now), arguments.toArray());
    }

    private static Script alert(Store store, Instant now, String target, String... options) {
        return alert(store, now, target, (Object[]) options);
    }

    private static String text(AlertServer.Post post) {
        return Json.parse(post.body()).asObject().getString("text", "");
    }

    /** Of each post the status and what was before. */
    private static List<String> heads(AlertServer server) {
        String head = "(?s)^telemetry (\\w+) on [^\n]*; (before: \\w+)\n.*";
        return server.posts().stream().map(post -> text(post).replaceFirst(head, "$1 $2")).toList();
    }

    private static String unrecorded(Store store, String why) {
        return "health: cannot record the store's health in " + store.reports().resolve("health.ndjson") + ": " + why;
    }

    private static void assertSameResult(Script expected, Script actual) {
        assertEquals(masked(expected.out()), masked(actual.out()));
        assertEquals(expected.exit(), actual.exit());
    }

    private static String masked(String report) {
        return report.replaceAll("in \\d+(\\.\\d)? m?s", "in N ms").replaceAll("[0-9.]+ GB free", "N GB free");
    }

    private static void assertNoSecret(Store store) throws IOException {
        try (Stream<Path> files = Files.list(store.reports())) {
            for (Path file : files.toList()) assertFalse((file + Files.readString(file)).contains("SECRET"), file.toString());
        }
    }
}
