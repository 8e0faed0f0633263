package telemetry.rebuild;

import java.util.List;
import telemetry.LogEntry;
import telemetry.daylog.LogFiles;

/**
 * How far day files were read, and what of it a database may still lack: a {@link Replay} goes on from there instead of reading them again.
 */
public final class LinesRead {
    private final LogFiles files;
    private final List<LogEntry> runs;
    private final CommitLines commits;
    private final long damaged;

    /** @param runs starts that were in flight, and records of runs that the database lacks or has otherwise */
    LinesRead(LogFiles files, List<LogEntry> runs, CommitLines commits, long damaged) {
        this.files = files;
        this.runs = runs;
        this.commits = commits;
        this.damaged = damaged;
    }

    LogFiles files() {
        return files;
    }

    List<LogEntry> runs() {
        return runs;
    }

    CommitLines commits() {
        return commits;
    }

    /** Entries that could not be read. */
    public long damaged() {
        return damaged;
    }
}
