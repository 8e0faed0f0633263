package telemetry.rebuild;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.Next;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;

/** Which files a rebuild reads: a store's day files, raw or archived or both, and others that were named. */
public final class Sources {
    private final Store store;
    private final List<Path> others = new ArrayList<>();
    private boolean raw = true;
    private boolean archive = true;

    Sources(Store store) {
        this.store = store;
    }

    void from(boolean raw, boolean archive) {
        this.raw = raw;
        this.archive = archive;
    }

    void also(List<Path> files) {
        others.addAll(files);
    }

    /** Those that are no day files of the store. */
    List<Path> others() {
        return others;
    }

    /** All that are there, in the order of reading. */
    List<Path> files() {
        List<Path> files = new ArrayList<>();
        for (DayFile day : new EventLog(store).days()) if (isWanted(day)) files.add(day.path());
        files.addAll(others);
        return files;
    }

    boolean isWanted(DayFile day) {
        return day.path().startsWith(store.raw()) ? raw : archive;
    }

    /** What is thrown when there is no file to rebuild from. */
    StoreException nothing() {
        boolean all = raw && archive;
        Path place = all ? store.base() : raw ? store.raw() : store.archive();
        return new StoreException(StoreException.Reason.MISSING, "rebuild from the day files in", place, "there is none",
                all ? Next.words("recover looks for other sources too").then(store.command("recover", "--dry-run"))
                        : Next.words("leave out --from to read all day files"));
    }

    /** {@code 3 files (12.1 MB)} */
    public static String said(List<Path> files) {
        return Rebuilt.count(files.size(), "file", "files") + " (" + new Size(bytes(files)) + ")";
    }

    /** Of all files together. */
    public static long bytes(List<Path> files) {
        return files.stream().map(Path::toFile).mapToLong(File::length).sum();
    }
}
