package telemetry.archive;

import java.nio.file.Path;
import java.util.List;
import telemetry.DayFile;
import telemetry.Size;
import telemetry.text.Result;
import telemetry.text.Table;

/**
 * What {@link Archive#run} will do.
 *
 * @param files in the order of archiving
 * @param size  of all of them
 * @param left  old enough, but left alone
 * @param free  stop when this much is free on the raw folder's disk; null for no limit
 */
public record ArchivePlan(List<DayFile> files, Size size, List<Left> left, Size free) {

    /** A day file that is not archived now. */
    public record Left(Path file, String reason) { }

    /** A plan to look at. */
    public record Preview(ArchivePlan data, Path folder, Size free) implements Result {
        @Override
        public String toString() {
            var table = new Table("day", "size", "file");
            for (DayFile file : data.files) table.row(file.day(), new Size(file.path().toFile().length()), file.path());
            String what = data.what() + ", " + data.size + ", would be archived in " + folder + data.until();
            String now = data.free == null ? "" : "; " + free + " are free now";
            return (table.isEmpty() ? "no day file to archive" : table + System.lineSeparator() + what) + now;
        }
    }

    /** {@code 3 day files} */
    public String what() {
        return Archive.named(files.stream().map(DayFile::path).toList());
    }

    /** The limit in words, to follow the archive's folder. */
    public String until() {
        return free == null ? "" : ", the oldest first, until " + free + " are free";
    }
}
