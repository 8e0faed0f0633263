package telemetry.os;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Where a file system is mounted, and whether read-only, as {@code /proc/self/mountinfo} says it. One file system may be mounted at several
 * places, and at some of them read-only: in a container ({@code -v store:/store:ro}), or for a service ({@code ReadOnlyPaths=}).
 */
public record MountPoint(String folder, boolean isReadOnlyHere, boolean isReadOnlyEverywhere) {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final String REFUSED = "Read-only file system";

    /**
     * True when nobody may write to this path, or to the nearest folder above it that is there. Root is asked like everybody: the kernel
     * says of what may be written that it may. Only who may not write for another reason needs the list of mounts.
     */
    public static boolean isReadOnly(Path path) {
        try {
            Path there = path.toAbsolutePath();
            while (there.getParent() != null && Files.notExists(there)) there = there.getParent();
            return isReadOnlyThere(there.toRealPath());
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isReadOnlyThere(Path path) throws IOException {
        try {
            path.getFileSystem().provider().checkAccess(path, AccessMode.WRITE);
            return !Files.isReadable(MOUNTS) && Files.getFileStore(path).isReadOnly();
        } catch (AccessDeniedException e) {
            return isMountedReadOnly(path);
        } catch (FileSystemException e) {
            return String.valueOf(e.getReason()).contains(REFUSED) || isMountedReadOnly(path);
        }
    }

    private static boolean isMountedReadOnly(Path path) throws IOException {
        if (!Files.isReadable(MOUNTS)) return Files.getFileStore(path).isReadOnly();
        return isReadOnly(mounts(), path);
    }

    private static List<String> mounts() throws IOException {
        return Files.readString(MOUNTS, StandardCharsets.ISO_8859_1).lines().toList();
    }

    /** True for the root of what is mounted there, where the system tells. */
    public static boolean isOne(Path folder) {
        try {
            if (!Files.isReadable(MOUNTS)) return false;
            Path real = folder.toRealPath();
            return mounts().stream().map(MountPoint::of).anyMatch(one -> one != null
                    && real.equals(real.getFileSystem().getPath(one.folder)));
        } catch (IOException e) {
            return false;
        }
    }

    /** True when only this mount is read-only: others may write to the same file system at another place. */
    public static boolean isReadOnlyHere(Path path) {
        try {
            MountPoint nearest = Files.isReadable(MOUNTS) ? nearest(mounts(), path.toRealPath()) : null;
            return nearest != null && nearest.isReadOnlyHere && !nearest.isReadOnlyEverywhere;
        } catch (IOException e) {
            return false;
        }
    }

    /** @param mounts in mountinfo's form; of several at the longest place the last counts, which hides the others */
    static boolean isReadOnly(List<String> mounts, Path path) {
        MountPoint nearest = nearest(mounts, path);
        return nearest != null && (nearest.isReadOnlyHere || nearest.isReadOnlyEverywhere);
    }

    private static MountPoint nearest(List<String> mounts, Path path) {
        MountPoint nearest = null;
        for (String line : mounts) {
            MountPoint one = of(line);
            boolean isAbove = one != null && path.startsWith(path.getFileSystem().getPath(one.folder));
            if (isAbove && (nearest == null || one.folder.length() >= nearest.folder.length())) nearest = one;
        }
        return nearest;
    }

    /**
     * {@code 36 35 98:0 /sub /mnt/a\040b rw,noatime master:1 - ext3 /dev/root rw,errors=continue}: the options of the mount, and behind the
     * lone dash those of the file system. Source: proc(5).
     */
    private static MountPoint of(String line) {
        List<String> fields = Arrays.asList(line.split(" "));
        int dash = fields.indexOf("-");
        if (dash < 6) return null;
        return new MountPoint(unescaped(fields.get(4)), has(fields.get(5)), fields.size() > dash + 3 && has(fields.get(dash + 3)));
    }

    private static boolean has(String options) {
        return Arrays.asList(options.split(",")).contains("ro");
    }

    /** Blanks, tabs, newlines and backslashes stand there as three octal digits. The name's bytes are the system's. */
    private static String unescaped(String name) {
        var bytes = new ByteArrayOutputStream();
        for (int i = 0; i < name.length(); i++) {
            boolean isEscape = name.charAt(i) == '\\' && i + 3 < name.length();
            bytes.write(isEscape ? Integer.parseInt(name.substring(i + 1, i + 4), 8) : name.charAt(i));
            if (isEscape) i += 3;
        }
        String names = System.getProperty("sun.jnu.encoding", "UTF-8");
        return bytes.toString(Charset.isSupported(names) ? Charset.forName(names) : StandardCharsets.UTF_8);
    }
}
