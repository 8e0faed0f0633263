package telemetry.maintain;

import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Size;
import telemetry.Store;

/**
 * How much a store's day files are.
 *
 * @param raw      those that are not compressed
 * @param archived those that are
 */
record DayFileSizes(Part raw, Part archived) {

    /** @param oldest null when there is no file */
    record Part(int files, Size size, LocalDate oldest) {
        private static Part of(List<DayFile> files) {
            var size = new Size(files.stream().mapToLong(file -> file.path().toFile().length()).sum());
            return new Part(files.size(), size, files.isEmpty() ? null : files.get(0).day());
        }
    }

    /** Looks at names and sizes only. */
    static DayFileSizes of(Store store) {
        Map<Boolean, List<DayFile>> files = new EventLog(store).days().stream().collect(Collectors.partitioningBy(DayFile::compressed));
        return new DayFileSizes(Part.of(files.get(false)), Part.of(files.get(true)));
    }
}
