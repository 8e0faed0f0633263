package telemetry.os;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which other processes have files open, as Linux tells it under {@code /proc}; of other users' processes only root is told. Elsewhere
 * nobody is known.
 */
public final class Openers {
    private static final Path PROCESSES = Path.of("/proc");

    private Openers() { }

    /** The process ids, this process not counted. */
    public static List<Long> of(List<Path> files) {
        Set<Object> wanted = new HashSet<>();
        List<Long> openers = new ArrayList<>();
        try {
            for (Path file : files) if (Files.exists(file)) wanted.add(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
            try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
                for (Path process : processes) {
                    long pid = Long.parseLong(process.getFileName().toString());
                    if (pid != ProcessHandle.current().pid() && hasOpen(process, wanted)) openers.add(pid);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // no /proc: nobody is known
        }
        return openers;
    }

    /** True when nobody, this process included, is known to have one of them open; false also where that cannot be told. */
    public static boolean isNobody(List<Path> files) {
        return Files.isDirectory(PROCESSES.resolve("self/fd")) && of(files).isEmpty() && !isOpenHere(files);
    }

    /** True when this process is known to have one of them open. */
    static boolean isOpenHere(List<Path> files) {
        Set<Object> wanted = new HashSet<>();
        for (Path file : files) wanted.add(key(file));
        wanted.remove(null);
        return hasOpen(PROCESSES.resolve("self"), wanted);
    }

    /** True when this process is known to have one of them open. */
    public static boolean hasOpen(long pid, List<Path> files) {
        Set<Object> wanted = new HashSet<>();
        for (Path file : files) wanted.add(key(file));
        wanted.remove(null);
        return hasOpen(PROCESSES.resolve(Long.toString(pid)), wanted);
    }

    private static boolean hasOpen(Path process, Set<Object> wanted) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path file : files)
                if (wanted.contains(key(file))) return true;
        } catch (IOException | DirectoryIteratorException e) {
            // it has ended, or is another user's
        }
        return false;
    }

    private static Object key(Path file) {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** {@code "process 4711 (python3 agent.py)"} */
    public static String describe(long pid) {
        String command = ProcessHandle.of(pid).map(ProcessHandle::info).flatMap(ProcessHandle.Info::commandLine).orElse("");
        return "process " + pid + (command.isEmpty() ? ""
                : " (" + (command.length() > 80 ? command.substring(0, 80) + "…" : command) + ")");
    }
}
