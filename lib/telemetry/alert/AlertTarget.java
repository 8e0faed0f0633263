package telemetry.alert;

import java.time.Duration;
import java.util.regex.Pattern;

/** Where an alert goes: to an address that takes a JSON body, or to a command that reads it. */
public sealed interface AlertTarget permits AlertPost, AlertCommand {

    /**
     * Reads what a person typed: a text that begins like {@code https://} is an address, any other a command.
     *
     * @throws IllegalArgumentException when it is neither; the message shows nothing of it, because such an address is a secret
     */
    static AlertTarget parse(String text) {
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
