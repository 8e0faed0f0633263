package telemetry.archive;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.StoreException;
import telemetry.daylog.Records;
import telemetry.text.JsonText;

/**
 * What is in the archive, one line a file in {@code manifest.ndjson}; a line that says {@code removed} takes the file out again. Lines are
 * only ever appended, with fsync, so a kill or a full disk costs the last ones at the most, which {@link ArchiveCheck} makes anew from the
 * files themselves.
 */
final class ArchiveManifest {
    static final String NAME = "manifest.ndjson";

    private final Records lines;
    private final List<String> waiting = new ArrayList<>();

    ArchiveManifest(Path archive) {
        this.lines = new Records(archive.resolve(NAME), "read the archive's manifest", "append to the day file");
    }

    /** By file, in the order they were archived. A line that cannot be read is none. */
    synchronized Map<String, ArchivedFile> read() {
        Map<String, ArchivedFile> files = new LinkedHashMap<>();
        lines.forEach(line -> read(line, files));
        return files;
    }

    private static void read(String line, Map<String, ArchivedFile> files) {
        try {
            Map<String, Object> members = JsonText.object(line);
            if (members.get("removed") != null) files.remove(members.get("file").toString());
            else if (members.get("file") != null) files.put(members.get("file").toString(), ArchivedFile.of(members));
        } catch (IllegalArgumentException | ClassCastException | NullPointerException | java.time.DateTimeException e) {
            // a line that a full disk cut short: its file counts as not listed
        }
    }

    /**
     * Adds the files, on the disk when this returns. On a full disk the lines wait: taking the originals away makes the room that they
     * need, and {@link #flush} writes them then.
     */
    synchronized void add(List<ArchivedFile> archived) {
        for (ArchivedFile file : archived) waiting.add(JsonText.line(file));
        flushIfThereIsRoom();
    }

    /** Takes files out of the list; as for {@link #add}, the lines may have to wait. */
    synchronized void remove(Collection<String> files, Instant now) {
        for (String name : files) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("file", name);
            line.put("removed", now);
            waiting.add(JsonText.line(line));
        }
        flushIfThereIsRoom();
    }

    /** Writes what still waits. @throws StoreException {@code FULL} when there is no room for it yet */
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
