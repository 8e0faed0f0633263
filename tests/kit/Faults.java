package telemetry.kit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Makes the n-th call fail by which a process changes or opens files below a folder, or holds the process there. {@code faults.c} is
 * loaded into the process and takes its orders from a page of memory that both share.
 */
public final class Faults {
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    /** The layout of {@code struct orders} in faults.c. */
    private static final int KINDS = 0;
    private static final int NTH = 4;
    private static final int WAY = 8;
    private static final int ERROR = 12;
    private static final int CALLS = 16;
    private static final int HELD = 20;
    private static final int FOLDER = 64;
    private static final int STRUCK = FOLDER + 1024;
    private static final int SIZE = STRUCK + 1024;

    /** The numbers of Linux. */
    private static final int EIO = 5;
    private static final int ENOSPC = 28;

    private static final int WRITE = 1;
    private static final int MKDIR = 32;
    private static final int TRUNCATE = 64;
    private static final int CREATE = 128;
    private static final int FAIL = 1;
    private static final int FAIL_FROM_HERE = 2;
    private static final int HALF = 3;
    private static final int HOLD = 5;

    /** What goes wrong. */
    public enum Kind {
        FSYNC(2, FAIL, EIO), RENAME(4, FAIL, EIO), UNLINK(8, FAIL, EIO), WRITE_ERROR(WRITE, FAIL, EIO), SHORT_WRITE(WRITE, HALF, 0),
        FULL_FROM_HERE(WRITE | MKDIR | CREATE, FAIL_FROM_HERE, ENOSPC), OPEN(16 | CREATE, FAIL, EIO), MKDIR_ERROR(MKDIR, FAIL, EIO),
        TRUNCATE_ERROR(TRUNCATE, FAIL, EIO),
        /** What a killed process leaves is what stands there just before one of its calls that change something. */
        KILL(WRITE | 4 | 8 | MKDIR | TRUNCATE | CREATE, HOLD, 0);

        private final int calls;
        private final int way;
        private final int error;

        Kind(int calls, int way, int error) {
            this.calls = calls;
            this.way = way;
            this.error = error;
        }

        @Override
        public String toString() {
            return name().toLowerCase().replace('_', ' ').replace(" error", "");
        }
    }

    private final Path library;
    private final Path page;
    private final ByteBuffer orders;

    /** Skips the test where the library cannot be made. @param dir for its files */
    public Faults(Path dir) throws IOException, InterruptedException {
        library = dir.resolve("faults.so");
        page = Files.write(dir.resolve("faults.page"), new byte[SIZE]);
        assumeTrue(System.getProperty("os.name").equals("Linux"), "calls can be made to fail on Linux only");
        String said = compile(Checkout.root().resolve("tests/kit/faults.c"));
        assumeTrue(said == null, "no C compiler to make calls fail with: " + said);
        try (FileChannel channel = FileChannel.open(page, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            orders = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE).order(ByteOrder.nativeOrder());
        }
    }

    /** @return null, or why there is no library */
    private String compile(Path source) throws InterruptedException {
        try {
            Process cc = new ProcessBuilder("cc", "-O1", "-shared", "-fPIC", "-o", library.toString(), source.toString(), "-ldl",
                    "-lpthread").redirectErrorStream(true).start();
            String said = new String(cc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return cc.waitFor() == 0 ? null : said;
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    /** Of the processes that obey. */
    public Map<String, String> environment() {
        return Map.of("LD_PRELOAD", library.toString(), "FAULTS", page.toString());
    }

    /** From now on calls of this kind below the folder are counted, and nothing happens to them. */
    public void count(Kind kind, Path folder) throws IOException {
        order(kind, folder, 0);
    }

    /** Counted from now on, the n-th call goes wrong; with 0 none does. */
    public void order(Kind kind, Path folder, int nth) throws IOException {
        off();
        byte[] name = folder.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
        for (int n = 0; n < STRUCK - FOLDER; n++) orders.put(FOLDER + n, n < name.length ? name[n] : 0);
        for (int n = STRUCK; n < SIZE; n++) orders.put(n, (byte) 0);
        set(CALLS, 0);
        set(NTH, nth);
        set(WAY, kind.way);
        set(ERROR, kind.error);
        set(KINDS, kind.calls);
    }

    public void off() {
        set(KINDS, 0);
        set(NTH, 0);
        set(HELD, 0);
    }

    public int calls() {
        return get(CALLS);
    }

    /** The number of the call before which the process stands still; 0 when it does not. */
    public int held() {
        return get(HELD);
    }

    /** Lets a process that is held go on to the n-th call; with 0 to its end. */
    public void goOn(int nth) {
        set(NTH, nth);
        set(HELD, 0);
    }

    /** The call that went wrong: {@code rename /raw/events_20251211.ndjson}; empty when none did. */
    public String struck() {
        var name = new StringBuilder();
        for (int n = STRUCK; n < SIZE && orders.get(n) != 0; n++) name.append((char) orders.get(n));
        return name.toString();
    }

    private int get(int at) {
        return (int) INT.getVolatile(orders, at);
    }

    private void set(int at, int number) {
        INT.setVolatile(orders, at, number);
    }
}
