package telemetry.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Which processes have day files open for writing at one moment, as Linux tells it under {@code /proc}. Of other users' processes, which
 * only root may look into, and on other systems nothing is known.
 */
public final class OpenFiles {
    private static final Path PROCESSES = Path.of("/proc");

    /** O_WRONLY and O_RDWR in the octal flags of {@code /proc/PID/fdinfo/N}; source: proc(5), open(2). */
    private static final long WRITING = 3;

    private final Map<Object, TreeSet<Long>> writers = new HashMap<>();

    private OpenFiles() { }

    /** False where {@link #now} always finds nobody. */
    public static boolean areKnown() {
        return Files.isDirectory(PROCESSES.resolve("self/fd"));
    }

    public static OpenFiles now() {
        var open = new OpenFiles();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
            for (Path process : processes) open.look(process);
        } catch (IOException e) {
            // no /proc: nothing is known
        }
        return open;
    }

    /** {@code "process 4711 (python3 agent.py)"}, or empty when nobody is known to write to this file. */
    public Optional<String> writerOf(Path file) throws IOException {
        return writersOf(file).stream().findFirst().map(Openers::describe);
    }

    /** The ids of those that are known to write to this file, this process among them if it does. */
    public List<Long> writersOf(Path file) throws IOException {
        if (writers.isEmpty()) return List.of();
        return List.copyOf(writers.getOrDefault(Files.readAttributes(file, BasicFileAttributes.class).fileKey(), new TreeSet<>()));
    }

    private void look(Path process) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path file : files) look(process, file);
        } catch (IOException | DirectoryIteratorException e) {
            // the process has ended, or is another user's
        }
    }

    private void look(Path process, Path file) {
        try {
            if (!Files.readSymbolicLink(file).getFileName().toString().contains(".ndjson")) return;
            if (isWriting(process.resolve("fdinfo").resolve(file.getFileName())))
                writers.computeIfAbsent(Files.readAttributes(file, BasicFileAttributes.class).fileKey(), key -> new TreeSet<>())
                        .add(Long.valueOf(process.getFileName().toString()));
        } catch (IOException e) {
            // closed in the meantime
        }
    }

    private static boolean isWriting(Path info) throws IOException {
        return Files.readAllLines(info, StandardCharsets.US_ASCII).stream().filter(line -> line.startsWith("flags:"))
                .anyMatch(line -> (Long.parseLong(line.substring(6).strip(), 8) & WRITING) != 0);
    }
}
