package telemetry.health;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import telemetry.DayFile;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.os.Machine;
import telemetry.text.Runbook;

/**
 * A day file that an operator should look at: one of a day that is still to come, or one much larger than the others.
 *
 * @param file   the day file
 * @param size   on disk
 * @param detail what is odd about it, with its name and size, and what to know before {@code next}
 * @param next   what mends it
 */
record OddDayFile(DayFile file, Size size, String detail, Next next) {
    private static final Size LARGE = Size.parse("256MB");

    /** Times the usual size. A file below the floor is no trouble, whatever the others have. */
    private static final int FACTOR = 10;
    private static final Size FLOOR = Size.parse("10MB");

    /** With fewer others nothing is usual. */
    private static final int OTHERS = 3;

    /** As long as the archive waits: whatever is written to a file, it leaves that alone for an hour. */
    private static final Duration AT_REST = Duration.ofHours(1);

    /** Those among the store's day files, by day. Looks at names and sizes only, so it takes no time however large they are. */
    static List<OddDayFile> of(Store store, List<DayFile> files, Instant now) {
        LocalDate tomorrow = DayFile.dayOf(now).plusDays(1);
        long usual = usual(files);
        List<OddDayFile> odd = new ArrayList<>();
        for (DayFile file : files) {
            var size = new Size(file.path().toFile().length());
            if (file.day().isAfter(tomorrow)) odd.add(ahead(store, file, size, DayFile.dayOf(now)));
            else if (file.compressed()) continue;
            else if (size.compareTo(LARGE) > 0) odd.add(large(store, file, size, "more than " + LARGE, now));
            else if (usual > 0 && size.compareTo(FLOOR) > 0 && size.bytes() > FACTOR * usual)
                odd.add(large(store, file, size, "more than " + FACTOR + " times the usual " + new Size(usual), now));
        }
        return odd;
    }

    /** The median of the plain files without one that is larger than most; 0 when they are too few. */
    private static long usual(List<DayFile> files) {
        List<Long> sizes = new ArrayList<>();
        for (DayFile file : files) if (!file.compressed() && file.path().toFile().length() > 0) sizes.add(file.path().toFile().length());
        sizes.sort(null);
        return sizes.size() <= OTHERS ? 0 : sizes.get((sizes.size() - 1) / 2);
    }

    /** A part of today's: {@code logs} and {@code rebuild} go on reading it, and the archive takes it when today is over. */
    private static OddDayFile ahead(Store store, DayFile file, Size size, LocalDate today) {
        int part = 2;
        while (Files.exists(part(store, today, part))) part++;
        Path target = part(store, today, part);
        Next next = file.compressed() ? store.command("logs", file.day().toString())
                : Machine.isWindows() ? Next.program("cmd", "/c", "move", file.path().toString(), target.toString())
                : Next.program("mv", "-n", file.path().toString(), target.toString());
        return new OddDayFile(file, size, file.path() + " (" + size + ") is of a day that is still to come; once the clock that wrote it "
                + "is right, its lines can stand beside today's", next.in(Runbook.HEALTH_CHECKS));
    }

    private static Path part(Store store, LocalDate day, int part) {
        return store.raw().resolve(DayFile.name(day).replace(".ndjson", "." + part + ".ndjson"));
    }

    private static OddDayFile large(Store store, DayFile file, Size size, String why, Instant now) {
        String detail = file.path() + " has " + size + ", " + why;
        Instant over = file.day().plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC);
        if (over.isAfter(now)) return new OddDayFile(file, size, detail + "; find the program that writes it, and archive it tomorrow",
                store.command("logs", file.day().toString(), "--limit", "20").in(Runbook.DISK_FULL));
        String age = Duration.between(over, now).toDays() + "d";
        return new OddDayFile(file, size, detail + (isAtRest(file.path(), now) ? ""
                : "; archive leaves it alone until it has been at rest for an hour"),
                store.command("archive", "--older-than", age, "--dry-run").in(Runbook.DISK_FULL));
    }

    private static boolean isAtRest(Path file, Instant now) {
        try {
            return Duration.between(Files.getLastModifiedTime(file).toInstant(), now).compareTo(AT_REST) >= 0;
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public String toString() {
        return detail;
    }
}
