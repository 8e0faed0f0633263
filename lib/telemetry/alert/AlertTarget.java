package telemetry.alert;

import java.time.Duration;
import java.util.regex.Pattern;

/** Whom an alert goes to: an address that takes a JSON body, or a command that reads it. */
public sealed interface AlertTarget permits AlertPost, AlertCommand {

    /**
     * Reads what a person gives: what begins like {@code https://} is an address, anything else a command.
     *
     * @throws IllegalArgumentException when it is neither; the message shows nothing of it, because an address of this kind is a secret
     */
    static AlertTarget parse(String text) {
        if (text.isBlank()) throw new IllegalArgumentException("neither an address nor a command");
        return Pattern.matches("(?s)[A-Za-z][A-Za-z0-9+.-]*://.*", text) ? AlertPost.to(text) : new AlertCommand(text);
    }

    /** As it was given. */
    String text();

    /** As it may be shown. */
    String name();

    /**
     * Hands the message over, and waits until it was taken.
     *
     * @param patience how long that may last in all
     * @throws StoreException when it cannot be said that it was taken
     */
    void tell(AlertMessage message, Duration patience);
}
