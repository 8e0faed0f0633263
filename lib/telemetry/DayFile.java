package telemetry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.os.Inside;

/**
 * A file with the lines of one UTC day: {@code events_20251211.ndjson}, or compressed, {@code events_20251211.ndjson.gz}. Lines that came
 * after the day was compressed are in a further part, {@code events_20251211.2.ndjson.gz}.
 *
 * @param part 1 for the day's first file
 */
public record DayFile(Path path, LocalDate day, int part, boolean compressed) implements Comparable<DayFile> {

    private static final Pattern NAME = Pattern.compile("events_(\\d{8})(?:\\.(\\d{1,6}))?\\.ndjson(\\.gz)?");
    private static final Comparator<DayFile> ORDER = Comparator.comparing(DayFile::day)
            .thenComparing(file -> !file.compressed).thenComparing(DayFile::part).thenComparing(file -> file.path.toString());

    /** Empty for any other file, and for the root of a disk, which has no name. */
    public static Optional<DayFile> of(Path path) {
        if (path.getFileName() == null) return Optional.empty();
        Matcher name = NAME.matcher(path.getFileName().toString());
        if (!name.matches()) return Optional.empty();
        try {
            return Optional.of(new DayFile(path, LocalDate.parse(name.group(1), DateTimeFormatter.BASIC_ISO_DATE),
                    name.group(2) == null ? 1 : Integer.parseInt(name.group(2)), name.group(3) != null));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** The newest one in this folder that is not compressed; null without one, or when the folder cannot be read. */
    public static DayFile newestIn(Path folder) {
        DayFile newest = null;
        try {
            for (Path file : Inside.list(folder)) {
                DayFile day = of(file).filter(found -> !found.compressed).orElse(null);
                if (day != null && (newest == null || day.compareTo(newest) > 0) && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    newest = day;
            }
        } catch (IOException e) {
            // whoever writes there says so
        }
        return newest;
    }

    /** The UTC day that an instant's lines are written to. */
    public static LocalDate dayOf(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC).toLocalDate();
    }

    /** {@code events_20251211.ndjson} */
    public static String name(LocalDate day) {
        return "events_" + day.format(DateTimeFormatter.BASIC_ISO_DATE) + ".ndjson";
    }

    /** By day; the archived files of a day come before its raw file. */
    @Override
    public int compareTo(DayFile other) {
        return ORDER.compare(this, other);
    }
}
