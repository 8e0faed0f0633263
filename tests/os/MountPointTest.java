package telemetry.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountPointTest {
    private static final List<String> MOUNTS = List.of(
            "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro",
            "23 22 254:0 /srv/store /store ro,relatime shared:1 master:2 - ext4 /dev/vda rw",
            "24 22 254:0 /srv/s /a\\040b\\134c ro,relatime - ext4 /dev/vda rw",
            "25 22 0:31 / /snapshot rw,nosuid - btrfs /dev/vdb ro,subvolid=257",
            "26 22 0:32 / /over rw - tmpfs tmpfs rw",
            "27 26 0:33 / /over ro - tmpfs tmpfs rw",
            "28 23 0:34 / /store/raw rw - tmpfs tmpfs rw",
            "29 22 0:35 / /stored rw - tmpfs tmpfs rw,mode=ro",
            "broken");

    @TempDir
    Path dir;

    private static boolean isReadOnly(String path) {
        return MountPoint.isReadOnly(MOUNTS, Path.of(path));
    }

    @Test
    void theLongestMountPointSaysIt() {
        assertEquals(List.of(false, true, true, false, false),
                List.of(isReadOnly("/srv/store"), isReadOnly("/store"), isReadOnly("/store/db/x"), isReadOnly("/store/raw/x"),
                        isReadOnly("/stored/x")));
    }

    @Test
    void theFileSystemsOptionsCountToo() {
        assertEquals(true, isReadOnly("/snapshot/db"));
        assertFalse(isReadOnly("/home"));
    }

    @Test
    void namesAreUnescapedAndTheLastOfAPlaceCounts() {
        assertEquals(true, isReadOnly("/a b\\c/db"));
        assertEquals(true, isReadOnly("/over/x"));
    }

    @Test
    void whatIsNotThereIsAsTheFolderAboveIt() {
        assertFalse(MountPoint.isReadOnly(dir.resolve("none/such")));
    }

    /** The kernel is asked, where there is something that nobody may write to. */
    @Test
    void theKernelIsAsked() {
        Path proc = Path.of("/proc/self/mountinfo");
        if (Files.exists(proc)) assertFalse(MountPoint.isReadOnly(proc));
    }
}
