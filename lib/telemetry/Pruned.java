package telemetry;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * The runs that were deleted from the database on purpose, one line each in {@code {base}/pruned.ndjson}: the day files still have
 * them, and a replay or rebuild leaves them out. It stands beside the database, not in it, because it must outlive it.
 */
public final class Pruned {
    private final Path file;

    /** 128 bits for each id: some 70 bytes a run in memory, and no two ids meet. */
    private final Set<UUID> ids = new HashSet<>();

    private Pruned(Path file) {
        this.file = file;
    }

    /** Reads the store's list; an empty one when nothing was ever pruned. */
    public static Pruned of(Store store) {
        var pruned = new Pruned(store.base().resolve("pruned.ndjson"));
        try (BufferedReader lines = Files.newBufferedReader(pruned.file, StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) pruned.read(line);
        } catch (NoSuchFileException e) {
            // nothing was ever pruned
        } catch (IOException e) {
            throw Disk.refused("read the list of pruned runs", pruned.file, e);
        }
        return pruned;
    }

    /** A line cut short by a power cut is none: its run was not deleted yet. */
    private void read(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        if (Ndjson.read(bytes, 0, bytes.length) instanceof Run run) ids.add(hash(run.id()));
    }

    public boolean contains(String runId) {
        return !ids.isEmpty() && ids.contains(hash(runId));
    }

    public int size() {
        return ids.size();
    }

    /** Adds runs, before they are deleted. When it returns, they are on the disk. */
    public void add(Collection<String> runIds, Instant when) {
        var lines = new StringBuilder("\n");
        for (String id : runIds) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("run_id", id);
            line.put("pruned_at", Times.text(when));
            lines.append(JsonText.line(line)).append('\n');
        }
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(lines.toString());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            if (channel.size() == 0) bytes.get();
            while (bytes.hasRemaining()) channel.write(bytes);
            channel.force(true);
            Disk.syncFolder(file.getParent());
        } catch (IOException e) {
            throw Disk.refused("write the list of pruned runs", file, e);
        }
        runIds.forEach(id -> ids.add(hash(id)));
    }

    private static UUID hash(String runId) {
        return UUID.nameUUIDFromBytes(runId.getBytes(StandardCharsets.UTF_8));
    }
}
