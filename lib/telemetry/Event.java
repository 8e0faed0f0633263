package telemetry;

import java.time.Instant;

/**
 * Something that happened during a run. Events are in the day files only.
 *
 * @param runId     the run it belongs to
 * @param type      a word: {@code checkpoint}, {@code error}, {@code info}
 * @param timestamp when; null when the line's own text is no instant
 * @param payload   a JSON text, or null
 */
public record Event(String runId, String type, Instant timestamp, String payload) implements LogRecord { }
