package telemetry.alert;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The proxy that {@code https_proxy} names, as curl and other programs take it from the environment. {@code no_proxy} lists hosts that are
 * reached without it: {@code example.com} with all below it, {@code .example.com}, {@code *}. This machine is always reached without.
 */
final class EnvironmentProxy extends ProxySelector {
    private static final int USUAL_PORT = 1080;

    private final Map<String, String> environment;

    EnvironmentProxy(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public List<Proxy> select(URI address) {
        URI proxy = address.getScheme().equalsIgnoreCase("https") && !isExcepted(address.getHost()) ? proxy() : null;
        return List.of(proxy == null ? Proxy.NO_PROXY : new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(),
                proxy.getPort() < 0 ? USUAL_PORT : proxy.getPort())));
    }

    /** {@code user:password} of the proxy; null when it needs none. */
    String account() {
        return proxy() == null ? null : proxy().getUserInfo();
    }

    /** Null when there is none. @throws IllegalArgumentException when it is no address of an HTTP proxy */
    private URI proxy() {
        String text = named("https_proxy", named("all_proxy", ""));
        if (text.isBlank()) return null;
        try {
            URI proxy = new URI(text.contains("://") ? text : "http://" + text);
            if (proxy.getHost() != null && proxy.getScheme().equalsIgnoreCase("http")) return proxy;
        } catch (URISyntaxException e) {
            // the address may hold a password, so it is not shown
        }
        throw new IllegalArgumentException("https_proxy is no address of an HTTP proxy (http://host:port)");
    }

    private boolean isExcepted(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        for (String excepted : named("no_proxy", "").toLowerCase(Locale.ROOT).split("[,\\s]+")) {
            String domain = excepted.replaceFirst("^\\*?\\.", "").replaceFirst(":\\d+$", "");
            if (excepted.equals("*") || !domain.isEmpty() && (name.equals(domain) || name.endsWith("." + domain))) return true;
        }
        return false;
    }

    /** In small letters first, as most programs have it. */
    private String named(String variable, String otherwise) {
        String value = environment.getOrDefault(variable, environment.get(variable.toUpperCase(Locale.ROOT)));
        return value == null ? otherwise : value;
    }

    @Override
    public void connectFailed(URI address, SocketAddress proxy, IOException failure) {
        // the request fails, and that is said
    }
}
