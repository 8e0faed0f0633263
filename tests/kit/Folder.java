package telemetry.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What stands in a folder, to be compared with what stands there later. */
public final class Folder {
    private Folder() { }

    /** Every file below and a hash of what is in it; SQLite's own -shm is no content. */
    public static Map<Path, Integer> files(Path folder) throws IOException {
        Map<Path, Integer> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).filter(file -> !file.toString().endsWith("-shm")).toList())
                files.put(file, Arrays.hashCode(Files.readAllBytes(file)));
        }
        return files;
    }

    /** In order. @throws IOException if there is no such folder */
    public static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
