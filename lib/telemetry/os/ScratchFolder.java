package telemetry.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A short-lived folder in the temporary folder, for its owner only. */
public final class ScratchFolder implements AutoCloseable {

    /** The folder of scratch folders. */
    public static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

    private final Path path;

    /** @throws StoreException when it cannot be made */
    public ScratchFolder(String name) {
        try {
            path = Files.createTempDirectory(name);
        } catch (IOException e) {
            throw Attempt.refused("make a scratch folder in", TEMPORARY, e);
        }
    }

    public Path path() {
        return path;
    }

    /** Removes it. What cannot be removed is left to whoever cleans the temporary folder. */
    @Override
    public void close() {
        try {
            remove(path);
        } catch (IOException e) {
            // it is not needed any more
        }
    }

    /** Removes any folder and everything in it. @throws IOException when something cannot be removed; the rest is gone then */
    public static void remove(Path folder) throws IOException {
        IOException refused = null;
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                try {
                    Files.deleteIfExists(path);
                } catch (IOException e) {
                    refused = refused == null ? e : refused;
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        if (refused != null) throw refused;
    }
}
