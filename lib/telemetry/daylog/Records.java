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
 * A file of the toolkit's own records, one JSON object a line. Lines are only appended, as in day files, so a kill or a full disk costs the
 * last lines at most. Readers skip a line that they cannot read.
 *
 * @param read  names the reading, to follow "cannot": {@code "read the archive's manifest"}
 * @param write names the writing likewise
 */
public record Records(Path file, String read, String write) {

    /** Adds lines in one write; they are on the disk when this returns. @throws StoreException when that is uncertain */
    public void append(List<String> lines) {
        try (LogWriter writer = new LogWriter(file, write)) {
            writer.append(lines);
        }
    }

    /** Passes each line in the file's order; none without a file. Invalid UTF-8 comes as the replacement character. */
    public void forEach(Consumer<String> each) {
        try (var lines = new BufferedReader(new InputStreamReader(Disk.patient(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) each.accept(line);
        } catch (NoSuchFileException e) {
            // nothing was added yet
        } catch (IOException e) {
            if (Files.isRegularFile(file.getParent())) return;
            throw Attempt.refused(read, file, e);
        }
    }
}
