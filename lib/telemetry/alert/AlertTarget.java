package telemetry.alert;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;

/** Where an alert goes: to an address that takes a JSON body, or to a command that reads it. */
public sealed interface AlertTarget permits AlertPost, AlertCommand {
    String FROM_FILE = "@file:";

    /** Of a file with an address. */
    int MOST_BYTES = 1 << 16;

    /** Names the target where no option does. */
    String VARIABLE = "TELEMETRY_ALERT";

    /**
     * Reads what a person typed: a text that begins like {@code https://} is an address, any other a command. {@code @file:PATH} stands for
     * the first line of that file, so that no list of processes shows the address.
     *
     * @throws IllegalArgumentException when it is neither; the message shows nothing of it, because such an address is a secret
     */
    static AlertTarget parse(String text) {
        if (text.startsWith(FROM_FILE)) return parsed(firstLine(text.substring(FROM_FILE.length())));
        return parsed(text);
    }

    private static String firstLine(String path) {
        try {
            Path file = Path.of(path);
            if (!Files.isRegularFile(file)) throw new IllegalArgumentException(path + (Files.exists(file) ? " is no plain file"
                    : " is not there"));
            try (InputStream in = Files.newInputStream(file)) {
                return new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8).lines().map(String::strip).findFirst().orElse("");
            }
        } catch (InvalidPathException | IOException e) {
            throw new IllegalArgumentException(path + " cannot be read", e);
        }
    }

    private static AlertTarget parsed(String text) {
        if (text.isBlank()) throw new IllegalArgumentException("neither an address nor a command");
        return Pattern.matches("(?s)[A-Za-z][A-Za-z0-9+.-]*://.*", text) ? AlertPost.to(text) : new AlertCommand(text);
    }

    /** The same with posts in this form; a command gets the report as it is. */
    default AlertTarget as(AlertFormat format) {
        return this;
    }

    /** As it was given. */
    String text();

    /** As it may be shown. */
    String name();

    /**
     * Delivers the message, and waits until it was accepted.
     *
     * @param patience how long that may take in all
     * @throws StoreException when it is uncertain whether it was accepted
     */
    void tell(AlertMessage message, Duration patience);
}
