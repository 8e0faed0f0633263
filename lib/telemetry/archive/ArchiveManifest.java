package telemetry.archive;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import telemetry.DayFile;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.daylog.Records;
import telemetry.os.GzipFile;
import telemetry.text.JsonText;

/**
 * The archive's content, one line a file in {@code manifest.ndjson}; a line with {@code removed} takes a file out again. Lines are only
 * appended, with fsync, so a kill or a full disk costs the last lines at most. {@link ArchiveCheck} makes these anew from the files.
 */
final class ArchiveManifest {
    static final String NAME = "manifest.ndjson";

    /**
     * The entry of one file.
     *
     * @param file             below the archive's folder, with {@code /}: {@code year=2025/month=12/events_20251211.ndjson.gz}
     * @param bytes            of the content, uncompressed
     * @param lines            with an unfinished last one
     * @param sha256           of the content, in hexadecimal digits
     * @param compressedBytes  of the file
     * @param compressedSha256 of the file; it shows any changed bit
     * @param archived         when
     */
    record Entry(String file, LocalDate day, long bytes, long lines, String sha256, long compressedBytes, String compressedSha256,
            Instant archived) {

        static Entry of(String file, LocalDate day, GzipFile.Content content, Instant archived) {
            return new Entry(file, day, content.bytes(), content.lines(), content.sha256(), content.compressedBytes(),
                    content.compressedSha256(), archived);
        }

        /** @throws RuntimeException when something is missing or of another type */
        private static Entry of(Map<String, Object> line) {
            return new Entry(line.get("file").toString(), LocalDate.parse(line.get("day").toString()),
                    (Long) line.get("bytes"), (Long) line.get("lines"), line.get("sha256").toString(),
                    (Long) line.get("compressed_bytes"), line.get("compressed_sha256").toString(),
                    Times.instant(line.get("archived").toString()));
        }
    }

    private record Removed(String file, Instant removed) { }

    private final Records lines;
    private final List<String> waiting = new ArrayList<>();

    ArchiveManifest(Path archive) {
        this.lines = new Records(archive.resolve(NAME), "read the archive's manifest", "append to the day file");
    }

    /** The entries by file, in the order of archiving. A file whose line cannot be read counts as not listed. */
    synchronized Map<String, Entry> read() {
        return read(new HashSet<>());
    }

    /** The same. @param expired is given those that were taken out and not added again */
    synchronized Map<String, Entry> read(Set<String> expired) {
        Map<String, Entry> files = new LinkedHashMap<>();
        lines.forEach(line -> read(line, files, expired));
        return files;
    }

    private static boolean read(Map<String, Object> members, Map<String, Entry> files, Set<String> expired) {
        try {
            if (members.get("file") == null || !isOfTheArchive(Path.of(members.get("file").toString()))) return false;
            String file = members.get("file").toString();
            if (members.get("removed") == null) {
                files.put(file, Entry.of(members));
                expired.remove(file);
            } else {
                files.remove(file);
                expired.add(file);
            }
            return true;
        } catch (ClassCastException | NullPointerException | DateTimeException | InvalidPathException e) {
            return false;
        }
    }

    /** What else it may name is not looked at. */
    private static boolean isOfTheArchive(Path file) {
        return !file.isAbsolute() && file.normalize().equals(file) && !file.startsWith("..") && DayFile.of(file).isPresent();
    }

    /**
     * Adds files; their lines are on the disk when this returns. On a full disk the lines wait until the originals are deleted, which makes
     * room for them; {@link #flush} writes them then.
     */
    synchronized void add(List<Entry> archived) {
        for (Entry file : archived) waiting.add(JsonText.line(file));
        flushIfThereIsRoom();
    }

    /** Removes files from the list. As in {@link #add}, the lines may have to wait. */
    synchronized void remove(Collection<String> files, Instant now) {
        for (String name : files) waiting.add(JsonText.line(new Removed(name, now)));
        flushIfThereIsRoom();
    }

    /** Writes the waiting lines. @throws StoreException {@code FULL} when there is still no room */
    synchronized void flush() {
        if (waiting.isEmpty()) return;
        lines.append(waiting);
        waiting.clear();
    }

    private void flushIfThereIsRoom() {
        try {
            flush();
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.FULL) throw e;
        }
    }
}
