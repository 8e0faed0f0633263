package telemetry;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * How much a store's day files are.
 *
 * @param raw      those that are not compressed
 * @param archived those that are
 * @param perDay   what a day brings, by the last {@value #DAYS} that are over and not archived; null when there is none
 */
public record DayFileSizes(Part raw, Part archived, Size perDay) {
    private static final int DAYS = 30;

    /** @param oldest null when there is no file */
    public record Part(int files, Size size, LocalDate oldest) {
        private static Part of(List<DayFile> files) {
            return new Part(files.size(), sum(files), files.isEmpty() ? null : files.get(0).day());
        }
    }

    /** Looks at names and sizes only. */
    public static DayFileSizes of(Store store, LocalDate today) {
        List<DayFile> all = new EventLog(store).days();
        List<DayFile> raw = all.stream().filter(file -> !file.compressed()).toList();
        LocalDate first = today.minusDays(DAYS);
        List<DayFile> late = raw.stream().filter(file -> file.day().isBefore(today) && !file.day().isBefore(first)).toList();
        Size perDay = late.isEmpty() ? null : new Size(sum(late).bytes() / ChronoUnit.DAYS.between(late.get(0).day(), today));
        return new DayFileSizes(Part.of(raw), Part.of(all.stream().filter(DayFile::compressed).toList()), perDay);
    }

    private static Size sum(List<DayFile> files) {
        return new Size(files.stream().mapToLong(file -> file.path().toFile().length()).sum());
    }
}
