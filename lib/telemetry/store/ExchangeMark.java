package telemetry.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.os.Attempt;
import telemetry.os.Disk;
import telemetry.os.Inside;
import telemetry.os.NewFile;
import telemetry.os.Unfinished;
import telemetry.text.Notes;
import telemetry.text.Words;

/**
 * Says that the database is being replaced, and by what: {@code telemetry.sqlite.unfinished}, beside the database. A line is {@code
 * rebuild-20261120_120000 1234567 4096@1764398700000000000}. It stands in the agents' folder, so nothing that it says is more than a hint.
 *
 * @param lines the last one may be half done; those before it are of calls that were killed, and wait for their comparison
 */
record ExchangeMark(Path file, List<Line> lines) {
    private static final String SUFFIX = ".unfinished";

    /** More is no mark. */
    private static final int MOST_BYTES = 1 << 14;

    /**
     * What one call did.
     *
     * @param folder of the quarantine, which keeps what the database was before
     * @param made   the number of the file that takes the database's place; {@code -} when the file stays, and gets another content
     * @param former the state of the file that it had; {@code -} when there was none
     */
    record Line(String folder, String made, String former) {
        private static final Pattern FORM = Pattern.compile("((?:restore|rebuild|recover)-\\d{8}_\\d{6}(?:-\\d{1,6})?) (\\d{1,20}|-) "
                + "(\\d{1,20}@-?\\d{1,20}|-)");

        /** Null for a text that is none. */
        static Line parse(String text) {
            Matcher line = FORM.matcher(text);
            return line.matches() ? new Line(line.group(1), line.group(2), line.group(3)) : null;
        }

        /** {@code the restore begun at 2026-11-20T12:00:00Z} */
        String said(Store store) {
            String what = folder.substring(0, folder.indexOf('-')).replace("recover", "recovery");
            try {
                return "the " + what + " begun at " + Times.seconds(Quarantined.since(store.quarantine().resolve(folder)));
            } catch (StoreException e) {
                return "the " + what + " of " + folder;
            }
        }

        boolean isOfRestore() {
            return folder.startsWith("restore-");
        }

        boolean isOfFiles() {
            return !made.equals("-");
        }

        @Override
        public String toString() {
            return folder + " " + made + " " + former;
        }
    }

    static Path file(Path database) {
        return database.resolveSibling(database.getFileName() + SUFFIX);
    }

    static boolean isThere(Store store) {
        return Files.exists(file(store.database()), LinkOption.NOFOLLOW_LINKS);
    }

    /** Without lines when there is none. What cannot be read says nothing, and a command that met it is no success. */
    static ExchangeMark of(Store store) {
        Path file = file(store.database());
        byte[] bytes = new byte[0];
        try (InputStream in = Inside.stream(file)) {
            bytes = in.readNBytes(MOST_BYTES);
        } catch (NoSuchFileException e) {
            // the usual case
        } catch (IOException e) {
            Notes.warn("nothing can be read from " + file + ": " + Attempt.refused("read", file, e).why());
        }
        List<Line> lines = new ArrayList<>();
        int skipped = 0;
        for (String text : new String(bytes, StandardCharsets.US_ASCII).split("\n")) {
            Line line = Line.parse(text);
            if (line != null) lines.add(line);
            else if (!text.isEmpty()) skipped++;
        }
        if (skipped > 0) Notes.add("skipped " + Words.count(skipped, "line") + " of " + file + " that say nothing");
        return new ExchangeMark(file, lines);
    }

    /** The one that may be half done; null when none may. */
    Line last() {
        Line last = lines.isEmpty() ? null : lines.get(lines.size() - 1);
        return last != null && last.isOfFiles() ? last : null;
    }

    /** What is in it stays, and this is the last from now on. On the disk when this returns. */
    static void add(Store store, Line line) {
        List<Line> lines = new ArrayList<>(of(store).lines);
        lines.removeIf(other -> other.folder.equals(line.folder));
        lines.add(line);
        new ExchangeMark(file(store.database()), lines).write();
    }

    /** With these lines instead; without any it goes. On the disk when this returns. */
    void keep(List<Line> those) {
        new ExchangeMark(file, those).write();
    }

    private void write() {
        Attempt.of("note what the database is replaced by in", file, () -> {
            if (!lines.isEmpty()) replace();
            else if (!isFolder()) Inside.delete(file);
            Disk.syncFolder(file.getParent());
        });
    }

    /** Somebody has put one there. */
    private boolean isFolder() {
        return Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
    }

    private void replace() throws IOException {
        Path made = Unfinished.beside(file);
        try (FileChannel channel = NewFile.create(made)) {
            var text = new StringBuilder();
            for (Line line : lines) text.append(line).append('\n');
            for (ByteBuffer bytes = StandardCharsets.US_ASCII.encode(text.toString()); bytes.hasRemaining(); ) channel.write(bytes);
            channel.force(true);
        } catch (IOException e) {
            Inside.delete(made);
            throw e;
        }
        try {
            if (isFolder()) Inside.remove(file);
            Inside.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Inside.delete(made);
        }
    }
}
