package telemetry.daylog;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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

    /** @param parts of the same day */
    public static Held of(Path plain, List<DayFile> parts) throws IOException {
        List<DayFile> left = new ArrayList<>(parts);
        left.sort(Comparator.comparing(DayFile::part));
        List<DayFile> found = new ArrayList<>();
        long bytes = 0;
        for (int i = 0; i < left.size(); i++) {
            long length = beginning(plain, bytes, left.get(i).path());
            if (length == 0) continue;
            bytes += length;
            found.add(left.remove(i));
            i = -1;
        }
        return new Held(bytes, found);
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
        List<DayFile> single = new ArrayList<>(files);
        for (DayFile plain : files) {
            if (plain.compressed()) continue;
            List<DayFile> parts = single.stream().filter(file -> file.compressed() && file.day().equals(plain.day())).toList();
            if (!parts.isEmpty()) single.removeAll(partsIn(plain.path(), parts));
        }
        return single;
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
    private static long beginning(Path plain, long from, Path part) throws IOException {
        GzipFile.Trailer trailer = GzipFile.trailer(part);
        if (trailer == null) return 0;
        long size = Files.size(plain);
        for (long length = trailer.length(); from + length <= size; length += TRAILERS_COUNT_TO) {
            if (length == 0) continue;
            Integer crc = GzipFile.crc(plain, from, length);
            if (crc != null && crc == trailer.crc()) return length;
        }
        return 0;
    }
}
