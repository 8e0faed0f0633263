package telemetry.runs;

import java.io.PrintWriter;
import telemetry.Database;
import telemetry.text.Progress;

/** The progress of SQLite's check: all pages are read first, then each row and its index entries are compared. */
final class CheckProgress implements AutoCloseable {

    /** SQLite's steps between two looks at the clock: some milliseconds. A step is a page at first, then an instruction of its machine. */
    static final int STEPS = 5_000;

    private final PrintWriter err;
    private final long pages;
    private final long runs;

    /** Counted steps: two for each column, six for each index, and some more. */
    private final int stepsPerRun;

    private Progress progress;
    private boolean pagesAreRead;
    private long steps;

    CheckProgress(Database database, Schema schema, boolean quick, PrintWriter err) {
        this.err = err;
        this.pages = database.number("PRAGMA page_count");
        this.runs = database.number("SELECT count(*) FROM agent_runs");
        this.stepsPerRun = 16 + 2 * schema.columns().size() + (quick ? 0 : 6 * schema.indexes().size());
        this.progress = new Progress(err, "pages read", pages);
    }

    void tick() {
        steps += STEPS;
        if (steps > pages && !pagesAreRead) {
            pagesAreRead = true;
            progress.close();
            progress = new Progress(err, "runs checked", runs);
        }
        progress.at(pagesAreRead ? Math.min(runs, (steps - pages) / stepsPerRun) : steps);
    }

    @Override
    public void close() {
        progress.close();
    }
}
