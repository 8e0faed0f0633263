import java.io.IOException;
import java.nio.file.Path;

/** Small file systems for tests of a full disk; needs root. */
final class Mounts {
    private Mounts() { }

    /** @return false when this user or machine may not mount */
    static boolean tmpfs(Path folder, String size) throws IOException, InterruptedException {
        return run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder.toString());
    }

    static void unmount(Path folder) throws IOException, InterruptedException {
        run("umount", "-l", folder.toString());
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
