package telemetry.store;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import telemetry.Damage;
import telemetry.LogEntry;
import telemetry.Size;
import telemetry.Store;
import telemetry.Times;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.text.JsonText;
import telemetry.text.Notes;
import telemetry.text.Words;

/**
 * Keeps what could not be read with where it stood: one JSON line each, {@code file, offset, length, reason, bytes} (base64). Of an entry
 * that is longer than memory takes, the first are kept, and {@code not_kept_from} says from where on the day file alone has it.
 * The file comes into being with the first entry and has its name when it is closed; the day files keep their lines too. It takes no more
 * than 100 MB: what comes then is counted, and its last line says how many.
 */
public final class Quarantine implements AutoCloseable {
    private static final long MOST_BYTES = 100_000_000;
    private static final int LONG = 1 << 20;

    /** What procedures set aside. */
    public static final Pattern FOLDER = Pattern.compile("(restore|rebuild|recover)-\\d{8}_\\d{6}(-\\d{1,6})?");
    private static final Duration LEFT = Duration.ofHours(1);

    /** In bytes; of base64 each part but the last has whole groups of three. */
    private static final int PART = 3 << 16;

    private final Path file;
    private final long most;
    private Path unfinished;
    private FileChannel channel;
    private BufferedWriter out;
    private long entries;
    private long bytes;
    private long counted;

    public Quarantine(Path file) {
        this(file, MOST_BYTES);
    }

    /** The same with room for so many bytes. */
    Quarantine(Path file, long most) {
        this.file = file;
        this.most = most;
    }

    /** A folder of its own under the store's quarantine, not made yet: {@code quarantine/rebuild-20261120_120000}. */
    public static Path folder(Store store, String what, Instant now) {
        Path folder = store.quarantine().resolve(what + "-" + Times.stamp(now));
        for (int n = 2; Files.exists(folder); n++) folder = store.quarantine().resolve(what + "-" + Times.stamp(now) + "-" + n);
        return folder;
    }

    /** As {@link #folder}, made at once: of two that ask at the same moment each gets its own. */
    public static Path claim(Store store, String what, Instant now) {
        make(store.quarantine());
        while (true) {
            Path folder = folder(store, what, now);
            try {
                NewFile.closedFolder(folder);
                Disk.syncFolder(store.quarantine());
                return folder;
            } catch (FileAlreadyExistsException e) {
                // somebody was quicker
            } catch (IOException e) {
                throw Attempt.refused("create the folder", folder, e);
            }
        }
    }

    /**
     * Removes what killed processes have left unfinished in the quarantine and the folders of procedures. An empty folder goes when it is
     * old: a young one may be about to be used.
     */
    static void sweep(Store store) {
        try {
            Unfinished.sweep(store.quarantine());
            for (Path folder : Inside.list(store.quarantine())) {
                boolean isOne = FOLDER.matcher(folder.getFileName().toString()).matches();
                if (!isOne || !Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) continue;
                Unfinished.sweep(folder);
                if (Files.getLastModifiedTime(folder).toInstant().isBefore(Instant.now().minus(LEFT))) removeIfEmpty(folder);
            }
        } catch (IOException e) {
            // nothing was ever set aside; and what cannot be removed does no harm
        }
    }

    /** Makes the folder and those above it, for nobody but its owner and the group that may write above. */
    public static Path make(Path folder) {
        for (Path missing : new Path[] {folder.getParent(), folder}) Attempt.ofFolder("create the folder", missing, () -> makeOne(missing));
        Attempt.of("create the folder", folder, () -> Disk.syncFolder(folder.getParent()));
        return folder;
    }

    /** Somebody may be quicker. */
    private static void makeOne(Path folder) throws IOException {
        try {
            if (!Files.isDirectory(folder)) NewFile.closedFolder(folder);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) throw e;
        }
    }

    /** @param damaged an entry whose record is a {@link Damage} */
    public void add(LogEntry damaged) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("file", damaged.file());
        line.put("offset", damaged.offset());
        line.put("length", damaged.length());
        line.put("reason", ((Damage) damaged.record()).reason());
        if (damaged.length() > damaged.bytes().length) line.put("not_kept_from", damaged.offset() + damaged.bytes().length);
        if (damaged.bytes().length > LONG) write(line, damaged.bytes());
        else {
            line.put("bytes", damaged.bytes());
            write(line);
        }
    }

    /** In parts: the text of 64 MiB would not fit beside them. */
    private void write(Map<String, Object> line, byte[] bytes) {
        try {
            if (out == null) open();
            entries++;
            String begun = JsonText.ascii(JsonText.line(line));
            if (counted > 0 || this.bytes + begun.length() + bytes.length / 3L * 4 > most) {
                counted++;
                return;
            }
            out.write(begun, 0, begun.length() - 1);
            out.write(",\"bytes\":\"");
            for (int from = 0; from < bytes.length; from += PART)
                out.write(Base64.getEncoder().encodeToString(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + PART))));
            out.write("\"}\n");
            this.bytes += begun.length() + bytes.length / 3L * 4;
        } catch (IOException e) {
            throw Attempt.refused("keep a damaged entry in", unfinished, e);
        }
    }

    /** Keeps a row that a new table does not take: {@code table, reason, row}. @param row by column, all of them */
    public void add(String table, Map<String, Object> row, String reason) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("table", table);
        line.put("reason", reason);
        line.put("row", row);
        write(line);
    }

    private void write(Map<String, Object> line) {
        try {
            if (out == null) open();
            String text = counted > 0 ? "" : JsonText.ascii(JsonText.line(line));
            entries++;
            if (counted > 0 || bytes + text.length() > most) counted++;
            else put(text);
        } catch (IOException e) {
            throw Attempt.refused("keep a damaged entry in", file, e);
        }
    }

    private void put(String text) throws IOException {
        out.write(text);
        out.write('\n');
        bytes += text.length() + 1;
    }

    private void putCount() throws IOException {
        Notes.add(file + " has " + new Size(bytes) + ", which is enough: "
                + Words.count(counted, "more damaged entry", "more damaged entries")
                + " are only counted in its last line");
        put(JsonText.line(Map.of("more", counted, "reason", "only counted")));
    }

    private void open() throws IOException {
        make(file.getParent());
        unfinished = Unfinished.beside(file);
        channel = NewFile.create(unfinished);
        out = new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8));
    }

    /** The file, or null when there was nothing to keep. */
    public Path file() {
        return entries == 0 ? null : file;
    }

    /** When it was not closed: what it is about did not come about. */
    public void discard() {
        try {
            if (out == null) return;
            channel.close();
            Inside.delete(unfinished);
        } catch (IOException e) {
            // a left-over .tmp in the quarantine does no harm
        }
    }

    /** Takes away a folder that nothing came into after all. */
    public static void removeIfEmpty(Path folder) {
        try {
            if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) Inside.delete(folder);
        } catch (IOException e) {
            // it has something in it
        }
    }

    @Override
    public void close() {
        if (out == null) return;
        try {
            try (FileChannel closing = channel) {
                if (counted > 0) putCount();
                out.flush();
                closing.force(true);
            }
            Inside.move(unfinished, file);
            Disk.syncFolder(file.getParent());
        } catch (IOException e) {
            throw Attempt.refused("keep damaged entries in", file, e);
        } finally {
            out = null;
        }
    }
}
