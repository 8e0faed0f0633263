package telemetry.daylog;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import telemetry.os.Attempt;
import telemetry.os.Disk;

/**
 * A file of what the toolkit itself remembers, one JSON object a line. Lines are only ever appended, as day files' are, so that a kill or a
 * full disk costs the last ones at the most: a reader takes a line that it cannot read for none.
 *
 * @param read  what is tried by reading it, to follow "cannot": {@code "read the archive's manifest"}
 * @param write likewise
 */
public record Records(Path file, String read, String write) {

    /** Adds lines in one write, which are on the disk when this returns. @throws StoreException when that cannot be said */
    public void append(List<String> lines) {
        try (LogWriter writer = new LogWriter(file, write)) {
            writer.append(lines);
        }
    }

    /** Gives each line in the order of the file; none when there is no file. Bytes that are no UTF-8 come as the replacement character. */
    public void forEach(Consumer<String> each) {
        try (var lines = new BufferedReader(new InputStreamReader(Disk.patient(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) each.accept(line);
        } catch (NoSuchFileException e) {
            // nothing was ever added
        } catch (IOException e) {
            throw Attempt.refused(read, file, e);
        }
    }
}
