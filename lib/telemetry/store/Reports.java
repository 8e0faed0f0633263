package telemetry.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import telemetry.Store;
import telemetry.os.Disk;
import telemetry.os.NewFile;

/** The folder of what the toolkit itself remembers of a store: {@code {base}/reports/}. */
public final class Reports {
    private Reports() { }

    /**
     * Makes the folder when it is missing, as whose the store is.
     *
     * @throws IOException also when the store is missing: that is not made
     */
    public static void make(Store store) throws IOException {
        Path folder = store.reports();
        try {
            if (Files.isDirectory(folder)) return;
            NewFile.folder(folder);
            Disk.syncFolder(store.base());
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) throw e;
        }
    }
}
