package telemetry.os;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * Files that another program has open, if only a virus scanner for a moment. Windows does not replace, move or delete such a file, and
 * gives the reason in its own language. Elsewhere nobody is refused for that, and nothing is waited for.
 */
public final class InUse {

    /** So long the other program is waited for, in pauses that grow. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long FIRST_PAUSE = Duration.ofMillis(1).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofMillis(100).toNanos();

    private static final OpenOption[] FOR_NOBODY_ELSE = {StandardOpenOption.READ, ExtendedOpenOption.NOSHARE_READ,
        ExtendedOpenOption.NOSHARE_WRITE, ExtendedOpenOption.NOSHARE_DELETE};

    /** A file that another program had open for as long as it was waited for. */
    private static final class Refusal extends FileSystemException {
        private Refusal(Path file, IOException cause) {
            super(file.toString(), null, "another program has it open");
            initCause(cause);
        }
    }

    /** Work with files that is refused while one of them is open elsewhere. */
    private interface Step {
        void run() throws IOException;
    }

    /** What this system says of a file that is open or locked elsewhere. It is asked once, by a file of our own. */
    private static final class Words {
        private static final List<String> KNOWN = learned();

        private static List<String> learned() {
            List<String> words = new ArrayList<>();
            try {
                Path own = Files.createTempFile("in-use", ".tmp");
                try {
                    Files.write(own, new byte[1]);
                    words.addAll(ofHeld(own));
                    words.addAll(ofLocked(own));
                } finally {
                    Files.deleteIfExists(own);
                }
            } catch (IOException | UnsupportedOperationException e) {
                // nothing is learned, and such a refusal is one that failed
            }
            return words;
        }

        private static List<String> ofHeld(Path own) throws IOException {
            try (FileChannel held = FileChannel.open(own, StandardOpenOption.READ, ExtendedOpenOption.NOSHARE_READ)) {
                return refusal(() -> FileChannel.open(own, StandardOpenOption.READ).close());
            }
        }

        private static List<String> ofLocked(Path own) throws IOException {
            try (FileChannel locked = FileChannel.open(own, StandardOpenOption.READ, StandardOpenOption.WRITE);
                    FileChannel other = FileChannel.open(own, StandardOpenOption.READ)) {
                locked.lock();
                return refusal(() -> other.read(ByteBuffer.allocate(1)));
            }
        }

        private static List<String> refusal(Step step) {
            try {
                step.run();
                return List.of();
            } catch (IOException e) {
                return said(e).isEmpty() ? List.of() : List.of(said(e));
            }
        }
    }

    private InUse() { }

    /**
     * As {@link Files#move}: every renaming goes through here. A target that stays open elsewhere keeps its name and its content.
     *
     * @throws IOException that {@link #is} knows, when a file stayed open elsewhere
     */
    public static void move(Path from, Path to, CopyOption... options) throws IOException {
        if (!Machine.isWindows()) Files.move(from, to, options);
        else patiently(() -> Files.move(from, to, options), e -> e instanceof AccessDeniedException && !Files.isDirectory(to), from, to);
    }

    /** As {@link Files#deleteIfExists}. @throws IOException that {@link #is} knows, when the file stayed open elsewhere */
    static boolean delete(Path file) throws IOException {
        if (!Machine.isWindows()) return Files.deleteIfExists(file);
        boolean[] isDeleted = {false};
        patiently(() -> isDeleted[0] = Files.deleteIfExists(file), e -> false, file, null);
        return isDeleted[0];
    }

    /** @param replaced what may be open elsewhere where Windows says only "access denied" */
    private static void patiently(Step step, Predicate<IOException> isDoubtful, Path file, Path replaced) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (long pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
            try {
                step.run();
                return;
            } catch (FileAlreadyExistsException | NoSuchFileException | DirectoryNotEmptyException | AtomicMoveNotSupportedException e) {
                throw e;
            } catch (IOException e) {
                if (!isDoubtful.test(e) && !is(e)) throw e;
                if (System.nanoTime() > end || Thread.currentThread().isInterrupted())
                    throw is(e) ? new Refusal(file, e) : isHeld(replaced) ? new Refusal(replaced, e) : e;
            }
            LockSupport.parkNanos(pause);
        }
    }

    /** Opens it for nobody else, for a moment. */
    private static boolean isHeld(Path file) {
        if (!Files.isRegularFile(file)) return false;
        try (FileChannel alone = FileChannel.open(file, FOR_NOBODY_ELSE)) {
            return false;
        } catch (IOException e) {
            return is(e);
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }

    /** True for a refusal because another program has the file open, or some of its bytes locked; in whatever language. */
    static boolean is(IOException e) {
        return e instanceof Refusal || Machine.isWindows() && Words.KNOWN.contains(said(e));
    }

    /** Without the path; {@code java.io} puts the reason behind it, in brackets. */
    private static String said(IOException e) {
        if (e instanceof FileSystemException system) return system.getReason() == null ? "" : system.getReason().strip();
        String message = e.getMessage() == null ? "" : e.getMessage().strip();
        int bracket = message.lastIndexOf(" (");
        return e instanceof FileNotFoundException && bracket >= 0 && message.endsWith(")")
                ? message.substring(bracket + 2, message.length() - 1) : message;
    }
}
