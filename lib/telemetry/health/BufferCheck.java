package telemetry.health;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import telemetry.Check;
import telemetry.Database;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.Run;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.daylog.LogFiles;
import telemetry.runs.RunWriter;
import telemetry.store.Buffers;
import telemetry.store.Pruned;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * What clients wrote into buffer files because they could not reach their service, and which of these runs the database lacks. Empty files
 * are nothing: a client makes one when it starts.
 */
final class BufferCheck {
    private static final int MOST = 3;

    /** Files beyond this are named and not read. */
    private static final long MOST_BYTES = 32 << 20;

    private final Store store;
    private final Database database;
    private final Instant now;
    private final Set<String> missing = new HashSet<>();
    private final List<String> named = new ArrayList<>();
    private int delivered;
    private int files;
    private Path folder;
    private long bytes;
    private long lines;
    private long damaged;

    BufferCheck(Store store, Database database, Instant now) {
        this.store = store;
        this.database = database;
        this.now = now;
    }

    /** The result of another check with what these files tell besides. */
    Check with(List<Path> buffers, Check check) {
        Reader reader = null;
        for (Path file : buffers) {
            long size = file.toFile().length();
            if (size == 0) continue;
            if (Buffers.isDelivered(file)) delivered++;
            else {
                if (reader == null) reader = new Reader();
                take(file, size, reader);
            }
        }
        if (files == 0) return delivered == 0 ? check : check.saying("; " + delivered());
        String said = check.detail() + "; " + this;
        boolean isWaiting = !missing.isEmpty() || bytes > MOST_BYTES;
        if (!isWaiting && damaged == 0) return new Check(check.name(), check.status(), said, check.hint());
        Next next = check.hint() != null ? check.hint() : isWaiting
                ? store.command("rebuild", "--replay-only", "--buffer", folder.toString()).in(Runbook.DATA_LOSS) : null;
        return new Check(check.name(), check.status() == Check.Status.OK ? Check.Status.WARNING : check.status(), said, next);
    }

    private void take(Path file, long size, Reader reader) {
        files++;
        bytes += size;
        int before = missing.size();
        long first = lines;
        String read = bytes > MOST_BYTES ? new Size(size) + ", not read" : reader.read(file);
        if (folder == null || before == 0 && !missing.isEmpty()) folder = file.toAbsolutePath().getParent();
        Duration age = Duration.between(Instant.ofEpochMilli(file.toFile().lastModified()), now);
        if (named.size() < MOST) named.add(file + " (" + (read == null ? Words.count(lines - first, "line") : read)
                + ", " + Times.words(age.isNegative() ? Duration.ZERO : age) + " old)");
    }

    private String delivered() {
        return Words.count(delivered, "buffer file") + " of clients, delivered (.synced)";
    }

    @Override
    public String toString() {
        String more = files > named.size() ? " and " + (files - named.size()) + " more" : "";
        return Words.count(files, "buffer file") + " of clients that could not reach their service: " + String.join(", ", named) + more
                + (missing.isEmpty() ? bytes > MOST_BYTES ? "" : ": all their runs are in the database"
                        : "; " + Words.count(missing.size(), "run") + " of them not in the database, or not as ended")
                + (damaged == 0 ? "" : "; " + Words.count(damaged, "damaged piece"))
                + (delivered == 0 ? "" : "; " + delivered());
    }

    /** Compares the lines with the database, which is only looked at. */
    private final class Reader {
        private final RunWriter runs = new RunWriter(database);
        private final Pruned pruned = Pruned.of(store);

        /** @return why it could not be read; null when it was */
        String read(Path file) {
            try {
                var entries = new LogFiles(this::take);
                entries.read(file, file.toFile().length());
                entries.finish();
                return null;
            } catch (StoreException e) {
                return e.why();
            }
        }

        private void take(LogEntry entry) {
            lines++;
            if (entry.isDamaged()) damaged++;
            if (!(entry.record() instanceof Run run) || pruned.contains(run.id())) return;
            RunWriter.Standing standing = runs.standing(run);
            boolean isMissing = standing == RunWriter.Standing.ABSENT || standing == RunWriter.Standing.OPEN && run.isEnd();
            if (isMissing) missing.add(runs.key(run));
        }
    }
}
