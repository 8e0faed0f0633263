package telemetry.archive;

import java.time.Duration;
import java.util.List;
import telemetry.DayFile;
import telemetry.Size;

/**
 * The age from which on archiving frees room on a full disk.
 *
 * @param olderThan for {@link Archive#plan(Duration)}
 * @param plan      what it gives for that age; never empty
 */
public record ArchiveAdvice(Duration olderThan, ArchivePlan plan) {

    /** With less free on its disk health warns about the store. */
    public static final Size LITTLE = Size.parse("5GB");

    /** In days; what an operator would type. */
    private static final List<Integer> AGES = List.of(90, 30, 14, 7, 3, 1, 0);

    /**
     * The highest age that frees this much, or otherwise the one that frees the most. Compressed files count as a quarter.
     *
     * @return null when no day file can be archived now
     */
    public static ArchiveAdvice toFree(Size wanted, Archive archive) {
        List<DayFile> all = archive.plan(Duration.ZERO).files();
        ArchiveAdvice best = null;
        for (int days : AGES) {
            Duration age = Duration.ofDays(days);
            List<DayFile> files = all.stream().filter(file -> archive.isOlder(file, age)).toList();
            if (files.isEmpty() || best != null && files.size() == best.plan.files().size()) continue;
            var size = new Size(files.stream().mapToLong(file -> file.path().toFile().length()).sum());
            best = new ArchiveAdvice(age, new ArchivePlan(files, size, List.of(), null));
            if (size.bytes() / 4 * 3 >= wanted.bytes()) break;
        }
        return best;
    }

    /** {@code 3 day files (12.1 MB) are older than 7 d} */
    @Override
    public String toString() {
        String which = plan.files().size() == 1 ? " is" : " are";
        return plan.what() + " (" + plan.size() + ")" + which + " older than " + olderThan.toDays() + " d and can be archived";
    }
}
