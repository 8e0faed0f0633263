import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small file systems for tests of a full disk; needs root. */
final class Mounts {
    private Mounts() { }

    /** @return false when this user or machine may not mount */
    static boolean tmpfs(Path folder, String size) throws IOException, InterruptedException {
        return run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder.toString());
    }

    /** @return false when it is not permitted or there is no mkfs.ext4 */
    static boolean ext4(Path image, Path folder) throws IOException, InterruptedException {
        Files.write(image, new byte[64 << 20]);
        return run("mkfs.ext4", "-q", "-F", image.toString()) && ext4Again(image, folder);
    }

    static boolean ext4Again(Path image, Path folder) throws IOException, InterruptedException {
        return run("mount", "-o", "loop", image.toString(), folder.toString());
    }

    /**
     * What was not synced is gone, as if the power had failed; the folder is unmounted. Source of the number: linux/fs.h, FS_IOC_SHUTDOWN
     * with NOLOGFLUSH.
     */
    static boolean cutPower(Path folder) throws IOException, InterruptedException {
        String shutdown = "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
        return run("python3", "-c", shutdown, folder.toString()) & run("umount", "-l", folder.toString());
    }

    static boolean sync() throws IOException, InterruptedException {
        return run("sync");
    }

    static boolean makeReadOnly(Path folder) throws IOException, InterruptedException {
        return run("mount", "-o", "remount,ro", folder.toString());
    }

    static void unmount(Path folder) throws IOException, InterruptedException {
        run("umount", "-l", folder.toString());
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
