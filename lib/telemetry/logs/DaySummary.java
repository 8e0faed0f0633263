package telemetry.logs;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import telemetry.DayFile;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.Held;
import telemetry.daylog.LogReader;

/**
 * A day's files in numbers.
 *
 * @param size     on disk
 * @param lines    records and damaged pieces
 * @param runs     with a record in the files
 * @param archived "yes", "no", or "in part" when lines came late
 * @param damaged  pieces that cannot be read
 */
record DaySummary(LocalDate day, Size size, long lines, long runs, String archived, long damaged, List<Path> files) {

    /**
     * Reads the files.
     *
     * @param files    of one day
     * @param onDenied receives each refusal to read a file; only the size of such a file counts
     */
    static DaySummary of(List<DayFile> files, Consumer<StoreException> onDenied) {
        var counts = new Counts();
        for (DayFile file : Held.withoutDoubles(files)) counts.add(file, onDenied);
        long size = files.stream().mapToLong(file -> file.path().toFile().length()).sum();
        boolean some = files.stream().anyMatch(DayFile::compressed);
        boolean all = files.stream().allMatch(DayFile::compressed);
        return new DaySummary(files.get(0).day(), new Size(size), counts.lines, counts.runs(),
                all ? "yes" : some ? "in part" : "no", counts.damaged, files.stream().map(DayFile::path).toList());
    }

    private static final class Counts {
        private long lines;
        private long damaged;

        /** Hashes of 64 bits: a day of a million runs must fit into a small memory, and two runs hardly ever share a hash. */
        private long[] ids = new long[1 << 10];
        private int filled;

        private void add(DayFile file, Consumer<StoreException> onDenied) {
            try (LogReader entries = new LogReader(file.path(), 0, BriefRecord::read)) {
                entries.forEachRemaining(this::add);
            } catch (StoreException e) {
                if (e.reason() == StoreException.Reason.DENIED) onDenied.accept(e);
                else damaged++;
            }
        }

        private void add(LogEntry entry) {
            lines++;
            if (entry.isDamaged()) damaged++;
            if (!(entry.record() instanceof Run run)) return;
            if (filled == ids.length) ids = Arrays.copyOf(ids, 2 * filled);
            ids[filled++] = hash(run.id());
        }

        /** FNV-1a; source: datatracker.ietf.org/doc/draft-eastlake-fnv. */
        private static long hash(String id) {
            long hash = 0xcbf29ce484222325L;
            for (int i = 0; i < id.length(); i++) hash = (hash ^ id.charAt(i)) * 0x100000001b3L;
            return hash;
        }

        private long runs() {
            Arrays.sort(ids, 0, filled);
            long different = 0;
            for (int i = 0; i < filled; i++) if (i == 0 || ids[i] != ids[i - 1]) different++;
            return different;
        }
    }
}
