package telemetry;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * One record of a day file and its place. A line usually is one entry; a glued line is several.
 *
 * @param file   the day file
 * @param offset of the entry's first byte, in the uncompressed content
 * @param length in bytes, without the newline; of a line over {@code LogReader.LONGEST_LINE} the whole length
 * @param bytes  the unchanged bytes, of an overlong line the first {@code LogReader.LONGEST_LINE}
 * @param record what they say
 */
public record LogEntry(Path file, long offset, long length, byte[] bytes, LogRecord record) {

    /** The unchanged line; invalid UTF-8 shows as the replacement character. */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    public boolean isDamaged() {
        return record instanceof Damage;
    }

    /** True for the end of a gz whose checksum has failed: the entries before it may be wrong, however right they look. */
    public boolean isDoubt() {
        return isDamaged() && length == 0;
    }
}
