package telemetry.daylog;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import telemetry.DayFile;
import telemetry.os.Attempt;
import telemetry.os.GzipFile;

/**
 * How much of a plain day file is in gzipped parts too: while a day is being archived, after a killed archiving, and after a restore. Only
 * the parts' trailers are read, so a damaged part may be among them.
 *
 * @param bytes of the plain file, from its beginning
 * @param parts that hold them, in this order
 */
public record Held(long bytes, List<DayFile> parts) {
    private static final long TRAILERS_COUNT_TO = 1L << 32;

    /** So often all parts are looked through for the next one. It usually is the one with the next number. */
    private static final int MOST_LOOKS = 100;

    private record Part(DayFile file, GzipFile.Trailer trailer) { }

    /** @param parts of the same day */
    public static Held of(Path plain, List<DayFile> parts) throws IOException {
        Part[] left = parts(parts);
        List<DayFile> found = new ArrayList<>();
        long bytes = 0;
        int next = 0;
        for (int looks = 0; looks < MOST_LOOKS; next++) {
            long length = next < left.length ? beginning(plain, bytes, left[next]) : 0;
            for (int i = 0; length == 0 && i < left.length; i++) {
                length = beginning(plain, bytes, left[i]);
                next = i;
                if (i == 0) looks++;
            }
            if (length == 0) break;
            bytes += length;
            found.add(left[next].file);
            left[next] = null;
        }
        return new Held(bytes, found);
    }

    private static Part[] parts(List<DayFile> files) throws IOException {
        List<Part> parts = new ArrayList<>();
        for (DayFile file : files) {
            GzipFile.Trailer trailer = GzipFile.trailer(file.path());
            if (trailer != null) parts.add(new Part(file, trailer));
        }
        parts.sort(Comparator.comparing(part -> part.file.part()));
        return parts.toArray(new Part[0]);
    }

    /** The same with one more part, which holds the next {@code more} bytes. */
    public Held and(DayFile part, long more) {
        List<DayFile> longer = new ArrayList<>(parts);
        longer.add(part);
        return new Held(bytes + more, longer);
    }

    /**
     * The files without those gzipped parts whose lines are also in a plain file of the same day, so that each line comes once. A plain
     * file stays in the list when it was just moved into the archive, or when it may not be read.
     */
    public static List<DayFile> withoutDoubles(List<DayFile> files) {
        Map<LocalDate, Set<DayFile>> parts = new HashMap<>();
        for (DayFile file : files)
            if (file.compressed()) parts.computeIfAbsent(file.day(), day -> new LinkedHashSet<>()).add(file);
        for (DayFile plain : files)
            if (!plain.compressed() && parts.containsKey(plain.day()))
                partsIn(plain.path(), List.copyOf(parts.get(plain.day()))).forEach(parts.get(plain.day())::remove);
        return files.stream().filter(file -> !file.compressed() || parts.get(file.day()).contains(file)).toList();
    }

    private static List<DayFile> partsIn(Path plain, List<DayFile> parts) {
        try {
            return of(plain, parts).parts();
        } catch (NoSuchFileException | AccessDeniedException e) {
            return List.of();
        } catch (IOException e) {
            throw Attempt.refused("read", plain, e);
        }
    }

    /** The length of the part's content if the plain file has the same content at {@code from}, otherwise 0. */
    private static long beginning(Path plain, long from, Part part) throws IOException {
        if (part == null) return 0;
        long size = Files.size(plain);
        for (long length = part.trailer.length(); from + length <= size; length += TRAILERS_COUNT_TO) {
            if (length == 0) continue;
            Integer crc = GzipFile.crc(plain, from, length);
            if (crc != null && crc == part.trailer.crc()) return length;
        }
        return 0;
    }
}
