package telemetry.archive;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import telemetry.DayFile;
import telemetry.Size;
import telemetry.text.Result;
import telemetry.text.Table;

/** The archived files by day, with their manifest entries; {@code toString()} is the table. */
record ArchiveList(Map<DayFile, Optional<ArchiveManifest.Entry>> files) implements Result {
    private record Unknown(Path path, LocalDate day) { }

    @Override
    public Object data() {
        List<Object> list = new ArrayList<>();
        files.forEach((file, known) -> list.add(known.isPresent() ? known.get() : new Unknown(file.path(), file.day())));
        return list;
    }

    @Override
    public String toString() {
        var table = new Table("day", "lines", "size", "archived", "when", "file");
        files.forEach((file, known) -> table.row(file.day(), known.map(ArchiveManifest.Entry::lines).orElse(null),
                known.map(entry -> new Size(entry.bytes())).orElse(null), new Size(file.path().toFile().length()),
                known.map(ArchiveManifest.Entry::archived).orElse(null), file.path().getFileName()));
        return table.isEmpty() ? "the archive is empty" : table.toString();
    }
}
