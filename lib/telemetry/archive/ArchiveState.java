package telemetry.archive;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import telemetry.DayFile;
import telemetry.Size;
import telemetry.Store;

/**
 * The store's archive compared with its manifest, by names and sizes, which takes some milliseconds. {@link ArchiveCheck} looks at the
 * content.
 *
 * @param listed  how many files the manifest lists
 * @param gone    those that are missing, or have another size
 * @param expired days of which {@code archive expire} has deleted files
 */
public record ArchiveState(int listed, List<Gone> gone, Set<LocalDate> expired) {

    /** @param now its size; null when it is missing */
    public record Gone(String file, LocalDate day, Size was, Size now) {

        /** {@code events_20251211.ndjson.gz is not there}, or {@code events_20251211.ndjson.gz has 3 B of 1.2 MB} */
        @Override
        public String toString() {
            String name = file.substring(file.lastIndexOf('/') + 1);
            return now == null ? name + " is not there" : name + " has " + now + " of " + was;
        }
    }

    /** @throws telemetry.StoreException when the manifest cannot be read */
    public static ArchiveState of(Store store) {
        Set<String> removed = new LinkedHashSet<>();
        Map<String, ArchiveManifest.Entry> files = new ArchiveManifest(store.archive()).read(removed);
        List<Gone> gone = new ArrayList<>();
        for (ArchiveManifest.Entry file : files.values()) {
            Path path = store.archive().resolve(file.file());
            long bytes = path.toFile().length();
            if (bytes != file.compressedBytes()) gone.add(new Gone(file.file(), file.day(), new Size(file.compressedBytes()),
                    path.toFile().isFile() ? new Size(bytes) : null));
        }
        gone.sort(Comparator.comparing(Gone::file));
        Set<LocalDate> expired = new LinkedHashSet<>();
        for (String file : removed) DayFile.of(store.archive().resolve(file)).ifPresent(of -> expired.add(of.day()));
        return new ArchiveState(files.size(), List.copyOf(gone), expired);
    }
}
