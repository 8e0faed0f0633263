package telemetry.os;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import telemetry.Next;
import telemetry.Size;
import telemetry.StoreException;

/**
 * What stays free on a disk while something is unpacked: the agents write their lines meanwhile, and a few kilobytes may unpack to a
 * terabyte. That is 1 GB, or a twentieth of a smaller disk, unless the operator says otherwise.
 */
public final class KeptFree {
    private static final long MOST = 1_000_000_000;
    private static final int TWENTIETH = 20;

    /** Bytes between two looks at the disk. */
    private static final int STEP = 1 << 20;

    private static final InheritableThreadLocal<Size> ASKED = new InheritableThreadLocal<>();

    private KeptFree() { }

    /** From now on this much, for this thread and those that it starts. @param size null for the usual */
    public static void ask(Size size) {
        ASKED.set(size);
    }

    /**
     * Where the disk does not tell what is free, that is a warning.
     *
     * @throws StoreException {@code FULL} when so many bytes do not leave it free
     */
    public static void require(String tried, Path target, long bytes) {
        DiskSpace.told(target).ifPresent(free -> require(tried, target, bytes, new Size(bytes).toString(), free));
    }

    private static void require(String tried, Path target, long bytes, String needed, long free) {
        long kept = Attempt.of(tried, target, () -> of(target));
        if (free - kept < bytes) throw new StoreException(StoreException.Reason.FULL, tried, target, "it takes " + needed
                + ", " + new Size(free) + " are free, and " + new Size(kept) + " have to stay free (--keep-free)",
                Next.command("archive", "--dry-run"));
    }

    private static long of(Path target) throws IOException {
        Size asked = ASKED.get();
        if (asked != null) return asked.bytes();
        Path existing = target.toAbsolutePath();
        while (existing.getParent() != null && Files.notExists(existing)) existing = existing.getParent();
        return Math.min(MOST, Files.getFileStore(existing).getTotalSpace() / TWENTIETH);
    }

    /** The same stream, which stops with {@code FULL} before it leaves less than that. @param to the target's */
    public static OutputStream watched(OutputStream to, String tried, Path target) {
        return new FilterOutputStream(to) {
            private long unseen = STEP;
            private boolean isTold = true;

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                unseen += length;
                if (unseen >= STEP && isTold) look();

                out.write(bytes, from, length);
            }

            private void look() {
                OptionalLong free = DiskSpace.told(target);
                isTold = free.isPresent();
                free.ifPresent(now -> require(tried, target, STEP, "more", now));
                unseen = 0;
            }
        };
    }
}
