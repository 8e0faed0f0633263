package telemetry.alert;

import java.io.IOException;
import java.io.InputStream;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import telemetry.Next;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Machine;

/**
 * An alert that is posted as JSON. A redirection is not followed: the body could go to an unwanted place.
 *
 * @param text the address as it was given
 */
record AlertPost(String text, URI address, AlertFormat format) implements AlertTarget {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[(::1|0:0:0:0:0:0:0:1)]");
    private static final int LAST_PORT = 65_535;

    /** @throws IllegalArgumentException when nothing may or can be posted to it */
    static AlertPost to(String text) {
        URI address = address(text);
        String host = address.getHost();
        boolean hasHost = host != null && address.getPort() <= LAST_PORT;
        if (!hasHost) throw new IllegalArgumentException("an address without a valid host");
        String scheme = address.getScheme().toLowerCase(Locale.ROOT);
        boolean isPlain = scheme.equals("http");
        if (!isPlain && !scheme.equals("https")) throw new IllegalArgumentException("a " + scheme + " address; https is needed");
        if (isPlain && !LOOPBACK.matcher(host.toLowerCase(Locale.ROOT)).matches())
            throw new IllegalArgumentException("plain http to another machine (not localhost, 127.0.0.1, [::1]); https is needed");
        return new AlertPost(text, address, AlertFormat.TEXT);
    }

    private static URI address(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("no address: " + e.getReason() + " at character " + (e.getIndex() + 1), e);
        }
    }

    @Override
    public AlertTarget as(AlertFormat format) {
        return new AlertPost(text, address, format);
    }

    /** Without what follows the host: in a webhook's address that is the password. */
    @Override
    public String name() {
        return address.getScheme() + "://" + address.getHost() + (address.getPort() < 0 ? "" : ":" + address.getPort()) + "/…";
    }

    @Override
    public void tell(AlertMessage message, Duration patience) {
        CompletableFuture<HttpResponse<InputStream>> sent = client().sendAsync(request(message), BodyHandlers.ofInputStream());
        try {
            HttpResponse<InputStream> response = sent.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            boolean isGood = response.statusCode() / 100 == 2;
            if (!isGood) response.body().close();
            if (!isGood) throw refused("the server answered " + response.statusCode(), Next.words("check the address"), null);
            String refusal = PostAnswer.refusal(response.body());
            if (refusal != null) throw refused("the server answered " + response.statusCode() + " and said: "
                    + hidden(refusal), null, null);
        } catch (TimeoutException e) {
            sent.cancel(true);
            throw refused("no answer within " + Times.words(patience), null, e);
        } catch (ExecutionException e) {
            throw refused(why(e.getCause()), null, e);
        } catch (IOException e) {
            throw refused(why(e), null, e);
        } catch (InterruptedException e) {
            sent.cancel(true);
            Thread.currentThread().interrupt();
            throw refused("interrupted", null, e);
        }
    }

    /** Java sends a proxy no password in plain text, unless it is told to. */
    private HttpClient client() {
        var proxy = new EnvironmentProxy(Machine.environment());
        HttpClient.Builder client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER).proxy(proxy);
        try {
            String[] account = proxy.account() == null ? null : proxy.account().split(":", 2);
            if (account == null || address.getScheme().equals("http")) return client.build();
            System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
            return client.authenticator(new Authenticator() {
                @Override
                protected PasswordAuthentication getPasswordAuthentication() {
                    return getRequestorType() != RequestorType.PROXY ? null
                            : new PasswordAuthentication(account[0], (account.length == 1 ? "" : account[1]).toCharArray());
                }
            }).build();
        } catch (IllegalArgumentException e) {
            throw refused(e.getMessage(), null, e);
        }
    }

    private HttpRequest request(AlertMessage message) {
        String body = format.body(message.brief());
        return HttpRequest.newBuilder(address).header("Content-Type", "application/json; charset=utf-8")
                .POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8)).build();
    }

    /** The server may say again what it was asked. */
    private String hidden(String said) {
        for (String secret : new String[] {address.getRawQuery(), address.getRawPath(), address.getRawUserInfo()})
            if (secret != null && secret.length() > 1) said = said.replace(secret, "/…");
        return said;
    }

    /** The client's own message may contain the address. */
    private static String why(Throwable e) {
        if (e.getCause() instanceof UnresolvedAddressException) return "unknown host";
        if (e instanceof ConnectException) return "no connection";
        return e.getMessage() == null || e.getMessage().contains("://") ? e.getClass().getSimpleName() : e.getMessage();
    }

    private StoreException refused(String why, Next next, Exception cause) {
        return new StoreException(StoreException.Reason.FAILED, "alert " + name(), null, why, next, cause);
    }
}
