package telemetry.alert;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import telemetry.text.JsonText;
import telemetry.text.Words;

/**
 * What a server says in the body of a good answer: some say there that they delivered nothing. Sources: Teams' connectors answered 200
 * with "Webhook message delivery failed"; Slack's methods and Telegram say {@code "ok": false}; WeCom and DingTalk
 * {@code "errcode": 40001}; Feishu {@code "code": 19001}.
 */
final class PostAnswer {

    /** In bytes. What stands behind is not looked at. */
    private static final int MOST = 4_096;

    /** A body that takes longer is no refusal. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Pattern REFUSED = Pattern.compile(
            "(?is).*\\b(fail(ed|ure)?|errors?|invalid\\w*|rejected|denied|not delivered|no_\\w+)\\b.*");
    private static final Pattern HARMLESS = Pattern.compile("(?i)\\b(no|0|zero|without( any)?) (errors?|failures?|failed)\\b"
            + "|\\b(errors?|failures?|failed)\\W{1,3}0\\b");
    private static final Pattern NO = Pattern.compile("(?i)false|fail(ed|ure)?|error");

    private PostAnswer() { }

    /** Why nothing was delivered, in the server's words; null when the body does not say so. Closes it. */
    static String refusal(InputStream body) throws InterruptedException {
        CompletableFuture<String> text = CompletableFuture.supplyAsync(() -> read(body));
        try {
            return refusal(text.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException | ExecutionException e) {
            return null;
        } finally {
            close(body);
        }
    }

    private static String read(InputStream body) {
        try {
            return new String(body.readNBytes(MOST), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }

    static String refusal(String body) {
        if (!body.startsWith("{")) return REFUSED.matcher(HARMLESS.matcher(body).replaceAll("")).matches() ? Words.brief(body) : null;
        try {
            return JsonText.object(body).entrySet().stream().anyMatch(PostAnswer::isRefusal) ? Words.brief(body) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static boolean isRefusal(Map.Entry<String, Object> member) {
        String value = String.valueOf(member.getValue());
        return switch (member.getKey()) {
            case "ok", "success", "delivered", "status" -> NO.matcher(value).matches();
            case "error", "errors" -> member.getValue() != null && !value.matches("|false|0|\\[]|\\{}");
            case "errcode", "code", "StatusCode" -> value.matches("-?\\d+") && !value.matches("0|2\\d\\d");
            default -> false;
        };
    }

    private static void close(InputStream body) {
        try {
            body.close();
        } catch (IOException e) {
            // it was read as far as it is needed
        }
    }
}
