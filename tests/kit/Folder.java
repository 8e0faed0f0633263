package telemetry.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What stands in a folder, to be compared with what stands there later. */
public final class Folder {
    /** More than Linux gives to any. */
    private static final long NO_PROCESS = 4_194_305;

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

    /** A copy with times, owners and modes, where a file of two names is one of two names again. @return {@code to} */
    public static Path copy(Path from, Path to) throws IOException {
        Map<Object, Path> copied = new HashMap<>();
        try (Stream<Path> all = Files.walk(from)) {
            for (Path source : all.toList()) {
                Path target = to.resolve(from.relativize(source).toString());
                Path first = copied.putIfAbsent(Files.readAttributes(source, BasicFileAttributes.class).fileKey(), target);
                if (first != null && Files.isRegularFile(source)) Files.createLink(target, first);
                else if (!Files.isDirectory(target)) Files.copy(source, target, StandardCopyOption.COPY_ATTRIBUTES);
                for (String number : List.of("unix:uid", "unix:gid", "unix:mode"))
                    if (!Files.getAttribute(source, number).equals(Files.getAttribute(target, number)))
                        Files.setAttribute(target, number, Files.getAttribute(source, number));
            }
        }
        return to;
    }

    /** Deletes it and all in it. */
    public static void remove(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    /** What this process has named after itself gets the number of one that there cannot be. */
    public static void bury(Path folder, long pid) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                String name = path.getFileName().toString();
                String dead = name.replaceAll("(?<=[.-])" + pid + "(?=-\\d)", String.valueOf(NO_PROCESS));
                if (!dead.equals(name)) Files.move(path, path.resolveSibling(dead));
            }
        }
    }

    /** In order. @throws IOException if there is no such folder */
    public static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
