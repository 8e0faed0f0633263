package telemetry.kit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Whose the files of a store are. Only root can give them away. */
public final class Owners {

    /** An account that no machine uses for anything. */
    public static final int AGENTS = 65534;

    private Owners() { }

    /** Skips the test for any account but root. */
    public static void requireRoot() {
        boolean isRoot = System.getProperty("user.name").equals("root");
        assumeTrue(isRoot, "only root can give files to another account");
    }

    /** Gives a folder and all in it to the agents, and lets everybody enter what leads to it. */
    public static void give(Path folder) throws IOException {
        for (Path path : all(folder)) {
            Files.setAttribute(path, "unix:uid", AGENTS, LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(path, "unix:gid", AGENTS, LinkOption.NOFOLLOW_LINKS);
        }
        Path way = folder.toAbsolutePath().getParent();
        int mode = (int) Files.getAttribute(way, "unix:mode") & 07777;
        Files.setAttribute(way, "unix:mode", mode | 0555);
    }

    /** What is not the agents', as {@code find FOLDER ! -user …} says it, each with its owner. */
    public static List<String> others(Path folder) throws IOException {
        List<String> others = new ArrayList<>();
        for (Path path : all(folder)) {
            Map<String, Object> its = its(path);
            if (!its.get("uid").equals(AGENTS) || !its.get("gid").equals(AGENTS))
                others.add(folder.relativize(path) + " " + its.get("uid") + ":" + its.get("gid"));
        }
        return others;
    }

    /** Mode by path, below the folder. */
    public static Map<Path, Integer> modes(Path folder) throws IOException {
        Map<Path, Integer> modes = new TreeMap<>();
        for (Path path : all(folder)) modes.put(path, (int) its(path).get("mode") & 07777);
        return modes;
    }

    private static Map<String, Object> its(Path path) throws IOException {
        return Files.readAttributes(path, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
    }

    private static List<Path> all(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.toList();
        }
    }

    /** Whether the agents may read and write each of these, as the kernel says. */
    public static List<Path> closedToAgents(List<Path> files) throws IOException, InterruptedException {
        List<Path> closed = new ArrayList<>();
        for (Path file : files) {
            Process test = new ProcessBuilder("setpriv", "--reuid=" + AGENTS, "--regid=" + AGENTS, "--clear-groups", "test", "-r",
                    file.toString(), "-a", "-w", file.toString()).inheritIO().start();
            if (test.waitFor() != 0) closed.add(file);
        }
        return closed;
    }
}
