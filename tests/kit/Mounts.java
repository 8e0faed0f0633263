package telemetry.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small file systems for tests of a full disk; needs root. */
public final class Mounts {
    private Mounts() { }

    /** @return false when this user or machine may not mount */
    public static boolean tmpfs(Path folder, String size) throws IOException, InterruptedException {
        return run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder.toString());
    }

    /** Gives a {@link #tmpfs} another size; what it holds stays. */
    public static boolean resize(Path folder, String size) throws IOException, InterruptedException {
        return run("mount", "-o", "remount,size=" + size, folder.toString());
    }

    /** One that has no size. @return false when this user or machine may not mount */
    public static boolean ramfs(Path folder) throws IOException, InterruptedException {
        return run("mount", "-t", "ramfs", "ramfs", folder.toString());
    }

    /** @return false when it is not permitted or there is no mkfs.ext4 */
    public static boolean ext4(Path image, Path folder) throws IOException, InterruptedException {
        Files.write(image, new byte[64 << 20]);
        return run("mkfs.ext4", "-q", "-F", image.toString()) && ext4Again(image, folder);
    }

    public static boolean ext4Again(Path image, Path folder) throws IOException, InterruptedException {
        return run("mount", "-o", "loop", image.toString(), folder.toString());
    }

    /**
     * What was not synced is gone, as if the power had failed; the folder is unmounted. Source of the number: linux/fs.h, FS_IOC_SHUTDOWN
     * with NOLOGFLUSH.
     */
    public static boolean cutPower(Path folder) throws IOException, InterruptedException {
        String shutdown = "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
        return run("python3", "-c", shutdown, folder.toString()) & run("umount", "-l", folder.toString());
    }

    public static boolean sync() throws IOException, InterruptedException {
        return run("sync");
    }

    public static boolean makeReadOnly(Path folder) throws IOException, InterruptedException {
        return run("mount", "-o", "remount,ro", folder.toString());
    }

    /** The folder a second time, where nobody may write to it. @return false when this user or machine may not mount */
    public static boolean bindReadOnly(Path folder, Path at) throws IOException, InterruptedException {
        Files.createDirectories(at);
        return run("mount", "--bind", folder.toString(), at.toString()) && run("mount", "-o", "remount,ro,bind", at.toString());
    }

    public static void unmount(Path folder) throws IOException, InterruptedException {
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
