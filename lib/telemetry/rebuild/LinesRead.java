package telemetry.rebuild;

import java.util.List;
import java.util.stream.Stream;
import telemetry.daylog.LogFiles;

/**
 * How far day files were read, and what of it a database may still lack: a {@link Replay} goes on from there instead of reading them again.
 */
public final class LinesRead {
    private final LogFiles files;
    private final List<RunFeed.Line> runs;
    private final boolean isWhole;
    private final CommitLines commits;
    private final long damaged;

    /**
     * @param begun  starts that were in flight
     * @param others records of runs that the database lacks or has otherwise
     */
    LinesRead(LogFiles files, OpenRuns begun, List<RunFeed.Line> others, CommitLines commits, long damaged) {
        this.files = files;
        this.isWhole = begun.areInMemory();
        this.runs = Stream.concat(begun.recent().stream(), others.stream()).toList();
        this.commits = commits;
        this.damaged = damaged;
    }

    LogFiles files() {
        return files;
    }

    List<RunFeed.Line> runs() {
        return runs;
    }

    /** False when memory does not take all of the runs: then the lines are to be read again. */
    boolean isWhole() {
        return isWhole;
    }

    CommitLines commits() {
        return commits;
    }

    /** Entries that could not be read. */
    public long damaged() {
        return damaged;
    }
}
