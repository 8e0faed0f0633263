package telemetry.daylog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import telemetry.DayFile;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.os.Link;

/**
 * The day files in a folder, and of an archive those in its folders {@code year=2025/month=12}. No other folder is entered: a disk of its
 * own has a lost+found, and links may lead in circles. A file that several names or links lead to counts once.
 */
public final class DayFolder {
    private static final Pattern PART = Pattern.compile("(year|month)=\\d+");

    private final List<DayFile> files = new ArrayList<>();
    private final List<Path> strangers = new ArrayList<>();
    private final List<StoreException> unread = new ArrayList<>();
    private final boolean isLenient;
    private boolean hasLinks;

    /**
     * Lists them, in no order; none when the folder is not there.
     *
     * @param depth 1 for the folder alone, 3 for an archive
     * @throws StoreException {@code DENIED} with the folder that may not be read, {@code MISSING} for a link to what is not there: nobody
     *                        knows what is on a disk that is not mounted
     */
    public DayFolder(Path folder, int depth) {
        this(folder, depth, false);
    }

    private DayFolder(Path folder, int depth, boolean isLenient) {
        this.isLenient = isLenient;
        Link.require("list the day files in", folder);
        list(folder, depth);
        if (hasLinks) removeDoubles();
    }

    /** What can be read of an archive; {@link #unread} says which of its folders cannot. The archive's own folder must be. */
    public static DayFolder readable(Path archive) {
        return new DayFolder(archive, 3, true);
    }

    private void list(Path folder, int depth) {
        try {
            for (Path path : Inside.list(folder)) {
                DayFile file = DayFile.of(path).orElse(null);
                boolean isPart = file == null && depth > 1 && PART.matcher(path.getFileName().toString()).matches();
                if (file == null && !isPart) continue;
                boolean isLink = Files.isSymbolicLink(path);
                hasLinks |= isLink;
                if (isLink && Inside.leadsAway(path)) strangers.add(path);
                else if (isPart && Files.isDirectory(path)) listPart(path, depth - 1);
                else if (file != null && Files.isRegularFile(path)) files.add(file);
                else if (file != null && Files.exists(path)) strangers.add(path);
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            // none is there, or it was taken away since; health says so
        } catch (IOException e) {
            throw Attempt.refused("list the day files in", folder, e);
        }
    }

    private void listPart(Path part, int depth) {
        try {
            list(part, depth);
        } catch (StoreException e) {
            if (!isLenient) throw e;
            unread.add(e);
        }
    }

    /** Keeps the names that are no links themselves. */
    private void removeDoubles() {
        Set<Path> known = new HashSet<>();
        List<DayFile> all = new ArrayList<>(files);
        all.sort((one, other) -> Boolean.compare(Files.isSymbolicLink(one.path()), Files.isSymbolicLink(other.path())));
        files.clear();
        for (DayFile file : all) if (known.add(real(file.path()))) files.add(file);
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file;
        }
    }

    public List<DayFile> files() {
        return files;
    }

    /** Why which folders could not be read; nobody knows what is in them. */
    public List<StoreException> unread() {
        return unread;
    }

    /** What has a day file's name and is a folder, a FIFO, a socket or a device, or a link of another account to what is not its own. */
    public List<Path> strangers() {
        return strangers;
    }
}
