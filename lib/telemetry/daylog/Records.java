package telemetry.daylog;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import telemetry.Damage;
import telemetry.LogEntry;
import telemetry.LogRecord;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.text.JsonText;
import telemetry.text.Ndjson;
import telemetry.text.Notes;
import telemetry.text.Words;

/**
 * A file of the toolkit's own records, one JSON object a line. Lines are only appended, as in day files, so a kill or a full disk costs the
 * last lines at most. It is read as day files are, too: a line that cannot be read is skipped, and said with file and offset.
 *
 * @param read  names the reading, to follow "cannot": {@code "read the archive's manifest"}
 * @param write names the writing likewise
 */
public record Records(Path file, String read, String write) {

    /** In bytes. The quarantine's lines have whole lines of day files in base64. */
    private static final int LONGEST = LogReader.LONGEST_READ / 2 * 3;

    /** So many skipped lines of a file are said one by one. */
    private static final int MOST_SAID = 10;

    /** Any object is a record here; one that is glued to a torn line as well. */
    private static final LogReader.Form OBJECT = new LogReader.Form() {
        @Override
        public LogRecord read(byte[] line, int from, int to) {
            return Ndjson.object(line, from, to);
        }

        @Override
        public LogRecord glued(byte[] line, int from, int to) {
            return Ndjson.object(line, from, to);
        }
    };

    /**
     * What came of a reading.
     *
     * @param read    records
     * @param skipped lines
     * @param isTorn  true when nothing was skipped but the last line, which has no newline: it never came to its end
     * @param isText  false when something was skipped that is no text in UTF-8, or has zero bytes
     */
    public record Count(long read, long skipped, boolean isTorn, boolean isText) { }

    /**
     * Adds lines in one write, in ASCII, so that none can be cut within a character; they are on the disk when this returns.
     * @throws StoreException when that is uncertain
     */
    public void append(List<String> lines) {
        requirePlain(write);
        try (LogWriter writer = new LogWriter(file, write)) {
            writer.append(lines.stream().map(JsonText::ascii).toList());
        }
    }

    /**
     * Passes each record's members in the file's order; none without a file. What is no JSON object, or not one that its reader knows, is
     * skipped and said.
     *
     * @param each false for members that say nothing to it
     * @throws StoreException when the file as a whole cannot be read
     */
    public Count forEach(Predicate<Map<String, Object>> each) {
        if (Files.notExists(file) || Files.isRegularFile(file.getParent())) return new Count(0, 0, false, true);
        requirePlain(read);
        long good = 0;
        var skipped = new Skipped(file);
        try (LogReader entries = new LogReader(file, 0, OBJECT).longest(LONGEST)) {
            while (entries.hasNext()) {
                LogEntry entry = entries.next();
                if (entry.record() instanceof Run record && each.test(record.fields())) good++;
                else skipped.add(entry);
            }
            return new Count(good, skipped.sayAll(), skipped.lines == 1 && skipped.to == entries.position(), skipped.isText);
        } catch (StoreException e) {
            throw new StoreException(e.reason(), read, file, e.why(), e.next(), e);
        }
    }

    /** What is skipped of a file; of a line that was cut short the reader may find pieces. */
    private static final class Skipped {
        private final Path file;
        private long lines;
        private long from;
        private long to = -1;
        private String why;
        private boolean isText = true;

        Skipped(Path file) {
            this.file = file;
        }

        void add(LogEntry entry) {
            if (entry.offset() != to) {
                say();
                lines++;
                from = entry.offset();
                why = entry.record() instanceof Damage damage ? damage.reason() : "it has not what such a line has";
            }
            to = entry.offset() + entry.length();
            isText &= isText(entry.bytes());
        }

        private static boolean isText(byte[] bytes) {
            String text = new String(bytes, StandardCharsets.UTF_8);
            return text.indexOf('\uFFFD') < 0 && text.indexOf('\0') < 0;
        }

        private void say() {
            if (lines > 0 && lines <= MOST_SAID)
                Notes.add("skipped " + Words.count(to - from, "byte") + " of " + file + " at byte " + from + ": " + why);
        }

        /** @return how many lines */
        long sayAll() {
            say();
            if (lines > MOST_SAID) Notes.add("skipped " + (lines - MOST_SAID) + " more lines of " + file);
            return lines;
        }
    }

    /** A pipe in its place would be waited for without end. */
    private void requirePlain(String tried) {
        if (Files.exists(file) && !Files.isRegularFile(file)) throw new StoreException(StoreException.Reason.FAILED, tried, file,
                Files.isDirectory(file) ? "it is a directory" : "it is no plain file", null);
    }
}
