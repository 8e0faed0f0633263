package telemetry.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file that others may read at any moment: they see the old content or the new one, whole. */
public final class WholeFile {
    private WholeFile() { }

    /**
     * Puts the content in the file's place, as UTF-8 and on the disk when this returns.
     *
     * @param what it is, to follow "write": {@code "a report"}
     * @throws StoreException when that is not possible; what was there is there
     */
    public static void write(String what, Path file, String content) {
        Path whole = file.toAbsolutePath();
        Path unfinished = whole.resolveSibling(whole.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            Files.writeString(unfinished, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try {
                Disk.sync(unfinished);
                Files.move(unfinished, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            throw Disk.refused("write " + what + " in", whole.getParent(), e);
        }
    }
}
