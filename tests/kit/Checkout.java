package telemetry.kit;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the toolkit's own files are. */
public final class Checkout {

    private Checkout() { }

    /** The folder that holds jbang-catalog.json: the one scripts/jbangw started from, else the nearest one above the working directory. */
    public static Path root() {
        var start = Path.of(System.getProperty("telemetry.checkout", "")).toAbsolutePath();
        for (var folder = start; folder != null; folder = folder.getParent())
            if (Files.isRegularFile(folder.resolve("jbang-catalog.json"))) return folder;
        throw new IllegalStateException("no jbang-catalog.json in " + start + " or above it: run the tests inside the checkout");
    }
}
