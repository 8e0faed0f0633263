package telemetry;

/**
 * A piece of a day file that cannot be read as a record.
 *
 * @param reason why, in a few words without a full stop: {@code "no newline at the end: torn"}
 */
public record Damage(String reason) implements LogRecord { }
