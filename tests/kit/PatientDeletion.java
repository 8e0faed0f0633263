package telemetry.kit;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirDeletionStrategy;
import telemetry.os.Machine;

/** Deletes what tests leave. On Windows a program that has just ended may hold its output for a moment, so it is tried again. */
public final class PatientDeletion implements TempDirDeletionStrategy {
    private static final int TRIES = 50;
    private static final int PAUSE_MS = 100;

    @Override
    public DeletionResult delete(Path folder, AnnotatedElementContext element, ExtensionContext context) throws IOException {
        DeletionResult result = Standard.INSTANCE.delete(folder, element, context);
        for (int n = 1; Machine.isWindows() && !result.isSuccessful() && n < TRIES && Files.exists(folder); n++) {
            pause();
            result = Standard.INSTANCE.delete(folder, element, context);
        }
        return result;
    }

    /** Deletes a file that a program had open. */
    public static void delete(Path file) throws IOException {
        for (int n = 1; ; n++) {
            try {
                Files.deleteIfExists(file);
                return;
            } catch (FileSystemException e) {
                if (!Machine.isWindows() || n == TRIES) throw e;
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
