package telemetry.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import telemetry.text.Words;

/**
 * Which processes have files open. Linux shows it under {@code /proc}, of other users' processes only to root. Other systems show nothing.
 * An instance holds who had day files open for writing at one moment.
 */
public final class Openers {
    private static final Path PROCESSES = Path.of("/proc");

    /** O_WRONLY and O_RDWR in the octal flags of {@code /proc/PID/fdinfo/N}; source: proc(5), open(2). */
    private static final long WRITING = 3;

    private static final int WIDEST = 81;

    private final Map<Object, TreeSet<Long>> writers = new HashMap<>();

    private Openers() { }

    /** False where the system shows nothing. */
    public static boolean areKnown() {
        return Files.isDirectory(PROCESSES.resolve("self/fd"));
    }

    /** The process ids, without this process. */
    public static List<Long> of(List<Path> files) {
        Set<Object> wanted = keys(files);
        List<Long> openers = new ArrayList<>();
        for (Path process : in(PROCESSES, "[0-9]*"))
            if (id(process) != ProcessHandle.current().pid() && hasOpen(process, wanted)) openers.add(id(process));
        return openers;
    }

    /** True when no process, this one included, has any of the files open; false also where that is unknown. */
    public static boolean isNobody(List<Path> files) {
        return areKnown() && of(files).isEmpty() && !hasOpen(PROCESSES.resolve("self"), keys(files));
    }

    /** True when this process is known to have any of the files open. */
    public static boolean hasOpen(long pid, List<Path> files) {
        return hasOpen(PROCESSES.resolve(Long.toString(pid)), keys(files));
    }

    /** True when a process is known to hold the file's flock, as Python's writers do while they append. Java's own locks are none. */
    public static boolean isFlocked(Path file) {
        try {
            String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
            return Files.readAllLines(PROCESSES.resolve("locks"), StandardCharsets.US_ASCII).stream()
                    .anyMatch(line -> line.contains(" FLOCK ") && !line.contains(" -> ") && line.contains(inode));
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean hasOpen(Path process, Set<Object> wanted) {
        return in(process.resolve("fd"), "*").stream().anyMatch(file -> wanted.contains(key(file)));
    }

    /** The processes that have day files open for writing now. */
    public static Openers writingDayFiles() {
        var open = new Openers();
        for (Path process : in(PROCESSES, "[0-9]*"))
            for (Path file : in(process.resolve("fd"), "*")) open.look(process, file);
        return open;
    }

    private void look(Path process, Path file) {
        try {
            if (Files.readSymbolicLink(file).toString().contains(".ndjson")
                    && isWriting(process.resolve("fdinfo").resolve(file.getFileName())))
                writers.computeIfAbsent(keyOf(file), key -> new TreeSet<>()).add(id(process));
        } catch (IOException e) {
            // it was closed just now
        }
    }

    private static boolean isWriting(Path info) throws IOException {
        return Files.readAllLines(info, StandardCharsets.US_ASCII).stream().filter(line -> line.startsWith("flags:"))
                .anyMatch(line -> (Long.parseLong(line.substring(6).strip(), 8) & WRITING) != 0);
    }

    /** {@code "process 4711 (python3 agent.py)"}, or empty when no process is known to write to this file. */
    public Optional<String> writerOf(Path file) throws IOException {
        return writersOf(file).stream().findFirst().map(Openers::describe);
    }

    /** The ids of the processes that are known to write to this file, this one included. */
    public List<Long> writersOf(Path file) throws IOException {
        return writers.isEmpty() ? List.of() : List.copyOf(writers.getOrDefault(keyOf(file), new TreeSet<>()));
    }

    /** {@code "process 4711 (python3 agent.py)"} */
    public static String describe(long pid) {
        String command = ProcessHandle.of(pid).map(ProcessHandle::info).flatMap(ProcessHandle.Info::commandLine).orElse("");
        return "process " + pid + (command.isEmpty() ? "" : " (" + Words.cut(command, WIDEST) + ")");
    }

    private static long id(Path process) {
        return Long.parseLong(process.getFileName().toString());
    }

    /** Empty for a process that has ended or is another user's, and without /proc. */
    private static List<Path> in(Path folder, String names) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, names)) {
            all.forEach(found::add);
        } catch (IOException | DirectoryIteratorException e) {
            // keep what was found so far
        }
        return found;
    }

    private static Set<Object> keys(List<Path> files) {
        Set<Object> keys = new HashSet<>();
        for (Path file : files) keys.add(key(file));
        keys.remove(null);
        return keys;
    }

    /** Null when there is no such file. */
    private static Object key(Path file) {
        try {
            return keyOf(file);
        } catch (IOException e) {
            return null;
        }
    }

    private static Object keyOf(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }
}
