package telemetry.archive;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import telemetry.Check;
import telemetry.DayFile;
import telemetry.Size;
import telemetry.text.Result;
import telemetry.text.Table;

/**
 * The archived files by day, with their manifest entries; {@code toString()} is the table.
 *
 * @param unread the folders that could not be read
 */
record ArchiveList(Map<DayFile, Optional<ArchiveManifest.Entry>> files, List<Path> unread) implements Result {
    private record Unknown(Path path, LocalDate day) { }

    @Override
    public Object data() {
        List<Object> list = new ArrayList<>();
        files.forEach((file, known) -> list.add(known.isPresent() ? known.get() : new Unknown(file.path(), file.day())));
        return list;
    }

    @Override
    public Check.Status status() {
        return unread.isEmpty() ? Check.Status.OK : Check.Status.WARNING;
    }

    @Override
    public String toString() {
        var table = new Table("day", "lines", "size", "archived", "when", "file");
        files.forEach((file, known) -> table.row(file.day(), known.map(ArchiveManifest.Entry::lines).orElse(null),
                known.map(entry -> new Size(entry.bytes())).orElse(null), new Size(file.path().toFile().length()),
                known.map(ArchiveManifest.Entry::archived).orElse(null), file.path().getFileName()));
        return table.isEmpty() && unread.isEmpty() ? "the archive is empty" : table.toString();
    }
}
