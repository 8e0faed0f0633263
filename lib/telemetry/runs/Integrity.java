package telemetry.runs;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import telemetry.Database;
import telemetry.Row;
import telemetry.text.Progress;

/**
 * SQLite's own look at all of a database: integrity_check, or quick_check, which does not compare the indexes with their tables and takes
 * half the time.
 */
public final class Integrity {

    /** SQLite's steps between two looks at the clock: some milliseconds. A step is a page at first, then an instruction of its machine. */
    private static final int STEPS = 5_000;

    private Integrity() { }

    /**
     * What is wrong, each in SQLite's words on one line; empty when nothing is.
     *
     * @param schema null when the tables cannot be read: then there is no progress to show
     * @param most   how many are looked for; a damaged database can have millions
     * @param err    where the progress is shown; null for nowhere
     * @throws StoreException {@code DAMAGED} when the damage keeps SQLite from looking on
     */
    public static List<String> errors(Database database, Schema schema, boolean quick, int most, PrintWriter err) {
        String check = "PRAGMA " + (quick ? "quick_check(" : "integrity_check(") + most + ")";
        List<String> errors = new ArrayList<>();
        for (Row row : err == null || schema == null || schema.columns().isEmpty() ? database.query(check).list()
                : watched(database, schema, quick, check, err))
            errors.add(String.valueOf(row.get(0)).replace("*** in database main ***\n", "").replace('\n', ' '));
        return errors.equals(List.of("ok")) ? List.of() : errors;
    }

    private static List<Row> watched(Database database, Schema schema, boolean quick, String check, PrintWriter err) {
        try (var watch = new Watch(database, schema, quick, err)) {
            database.onProgress(STEPS, watch::tick);
            return database.query(check).list();
        } finally {
            database.onProgress(0, () -> { });
        }
    }

    /** All pages are read first, then each row and its index entries are compared. */
    private static final class Watch implements AutoCloseable {
        private final PrintWriter err;
        private final long pages;
        private final long runs;

        /** These were counted: two a column, six an index, and some. */
        private final int stepsPerRun;

        private Progress progress;
        private boolean pagesAreRead;
        private long steps;

        Watch(Database database, Schema schema, boolean quick, PrintWriter err) {
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
}
