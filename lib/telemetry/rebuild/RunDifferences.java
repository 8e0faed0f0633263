package telemetry.rebuild;

import static java.util.stream.Collectors.joining;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.function.Supplier;
import telemetry.Check;
import telemetry.Database;
import telemetry.Next;
import telemetry.Row;
import telemetry.Run;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.daylog.InFlight;
import telemetry.os.ScratchFolder;
import telemetry.runs.Columns;
import telemetry.runs.NewerRows;
import telemetry.runs.SchemaForm;
import telemetry.store.Pruned;
import telemetry.text.Escaped;
import telemetry.text.Ndjson;
import telemetry.text.Result;
import telemetry.text.Words;

/**
 * Compares a store's database with its day files in both directions and changes neither. A run that the files know only as running is no
 * difference, whatever the database knows of it. Neither is a pruned run, nor the form of a start time, nor a run that began in the last
 * minute and stands on one side alone. A row that was changed after its run's end line is counted apart: it is newer. It works in a scratch
 * database in the temporary folder, as large as a rebuilt one.
 */
public final class RunDifferences {

    /** Where a run is missing, or that it differs. */
    public enum Kind {
        ONLY_IN_DAY_FILES("only in the day files"), ONLY_IN_DATABASE("only in the database"), DIFFERENT("different"),
        CHANGED("changed since their line");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** @param columns in which they differ; empty when the run is missing on one side */
    public record Difference(Kind kind, String runId, List<String> columns) {
        @Override
        public String toString() {
            return kind + ": " + Escaped.line(Run.shownId(runId)) + (columns.isEmpty() ? ""
                    : " (" + Escaped.line(String.join(", ", columns)) + ")");
        }
    }

    /**
     * {@code toString()} is a sentence.
     *
     * @param runs      in the database
     * @param inFiles   runs in the day files
     * @param damaged   entries that could not be read
     * @param unread    where those are; the runs in files that may not be read are missing on this side
     * @param missing   runs that the database lacks
     * @param unknown   runs that the day files lack
     * @param different runs that differ between the two
     * @param older     of the missing ones, those that began before the oldest row: somebody may have deleted them
     * @param changed   rows that differ because they were changed after their run's end line; they are no difference
     */
    public record Count(long runs, long inFiles, long damaged, Unread unread, long missing, long unknown, long different, long older,
            long changed) {
        public boolean isSame() {
            return missing + unknown + different == 0;
        }

        @Override
        public String toString() {
            String both = String.format(Locale.ROOT, "%s in the database, %,d in the day files: ",
                    Rebuilt.count(runs, "run", "runs"), inFiles);
            String all = String.format(Locale.ROOT, "%,d only in the day files, %,d only in the database, %,d different",
                    missing, unknown, different);
            String newer = String.format(Locale.ROOT, ", %,d changed since their line", changed);
            return both + (isSame() ? "no difference" : all) + (changed == 0 ? "" : newer)
                    + (damaged == 0 ? "" : ", " + Rebuilt.damaged(damaged))
                    + (unread.denied().isEmpty() ? "" : ", " + Rebuilt.count(unread.denied().size(), "file", "files") + " not read");
        }
    }

    /** What a comparison found. @param differences all of them, or as many as are shown */
    public record Compared(boolean isSame, Count count, List<Difference> differences) implements Result {
        @Override
        public Check.Status status() {
            return count.unread.status(isSame && count.damaged == 0);
        }

        @Override
        public String toString() {
            return Words.listed(count.toString(), differences, count.missing + count.unknown + count.different + count.changed,
                    some -> some.stream().map(Difference::toString).collect(joining(System.lineSeparator())));
        }
    }

    /** What differs, by kind; it is asked again about the same runs when more lines have come. */
    private static final String TABLE = "CREATE TEMP TABLE IF NOT EXISTS differing(kind INTEGER, run, run_id, columns TEXT)";

    /** Runs that differ are kept for a replay that follows; of more the day files are read again. */
    private static final int MOST_KEPT = 20_000;

    private static final String OLDER = "SELECT count(*) FROM main.agent_runs WHERE telemetry_instant(start_time) < (SELECT min("
            + "telemetry_instant(start_time)) FROM live.agent_runs) AND run_id IN (SELECT run_id FROM temp.differing WHERE kind = 0)";

    private final Store store;
    private final Supplier<List<Path>> files;
    private final Consumer<StoreException> onDenied;
    private final Clock clock;
    private RunFeed feed;
    private LinesRead read;

    /** @param onDenied receives the refusal of each file that may not be read; an exception that it throws ends the comparison */
    RunDifferences(Store store, Supplier<List<Path>> files, Consumer<StoreException> onDenied, Clock clock) {
        this.store = store;
        this.onDenied = onDenied;
        this.files = files;
        this.clock = clock;
    }

    /** @throws StoreException {@code DAMAGED} when the database is unusable, {@code MISSING} when it is missing */
    Count find(Consumer<Difference> each) {
        OldDatabase old = OldDatabase.seen(store.database());
        if (old.state() != OldDatabase.State.INTACT)
            throw new StoreException(old.state() == OldDatabase.State.ABSENT ? StoreException.Reason.MISSING
                    : StoreException.Reason.DAMAGED, "compare", old.file(), old.why(), Next.command("recover", "--dry-run"));
        try (var folder = new ScratchFolder("telemetry-rebuild");
                var made = new NewDatabase(folder.path().resolve("s.sqlite"), old.ddl(), SchemaForm.RUNBOOK, Pruned.leniently(store),
                        damaged -> { }, onDenied)) {
            load(made.at(clock));
            if (hasMore()) load(made);
            made.database().execute(TABLE);
            compare(made, "");
            if (isAny(made) && hasMore()) again(made);
            made.loading().end();
            for (Row row : made.database().query("SELECT * FROM temp.differing ORDER BY kind, run_id")) {
                String columns = row.text("columns");
                each.accept(new Difference(Kind.values()[(int) row.number("kind")], row.text("run_id"),
                        columns == null ? List.of() : List.of(columns.strip().split(" "))));
            }
            Count count = count(made);
            read = read(made, count);
            return count;
        }
    }

    /** What a replay needs to go on after this; null when more runs differ than are kept. */
    LinesRead read() {
        return read;
    }

    private LinesRead read(NewDatabase made, Count count) {
        boolean isMuch = count.missing + count.different + count.changed > MOST_KEPT || !made.loading().begun().areInMemory();
        if (isMuch || !count.unread.denied().isEmpty()) return null;
        List<RunFeed.Line> runs = new ArrayList<>();
        long bytes = 0;
        String key = made.schema().key();
        List<String> columns = made.form().columns();
        var named = new StringJoiner(", ");
        for (int i = 0; i < columns.size(); i++) named.add("t." + Database.quoted(columns.get(i))).add(made.loading().loader().isNamed(i));
        for (Row row : made.database().query("SELECT " + named + " FROM main.agent_runs AS t WHERE t." + key
                + " IN (SELECT run FROM temp.differing WHERE kind <> 1)")) {
            Map<String, Object> fields = new LinkedHashMap<>();
            for (int i = 0; i < columns.size(); i++)
                if (row.get(2 * i + 1).equals(1L)) fields.put(columns.get(i), row.get(2 * i));
            fields.put("run_id", row.get(2 * columns.indexOf("run_id")));
            byte[] line = Ndjson.line(new Run(fields)).getBytes(StandardCharsets.UTF_8);
            runs.add(new RunFeed.Line(store.raw(), 0, line, null));
            bytes += line.length;
            if (bytes > OpenRuns.MOST_BYTES) return null;
        }
        return new LinesRead(feed.files(), made.loading().begun(), runs, made.loading().commits(), count.damaged);
    }

    private void load(NewDatabase made) {
        var listed = new HashSet<Path>();
        feed = made.loading().load(() -> files.get().stream().filter(listed::add).filter(file -> feed == null || feed.files().hasMore(file)).toList(),
                bytes -> { });
    }

    private boolean hasMore() {
        return files.get().stream().anyMatch(feed.files()::hasMore);
    }

    private static boolean isAny(NewDatabase made) {
        return made.database().number("SELECT EXISTS (SELECT 1 FROM temp.differing WHERE kind < 3)") == 1;
    }

    /** Lines have come meanwhile, perhaps those of the runs that differ. */
    private void again(NewDatabase made) {
        load(made);
        Database database = made.database();
        database.execute("CREATE TEMP TABLE asked AS SELECT run FROM temp.differing");
        database.execute("DELETE FROM temp.differing");
        compare(made, " AND " + made.schema().key() + " IN (SELECT run FROM temp.asked)");
    }

    private void compare(NewDatabase made, String among) {
        made.database().attachToRead(store.database(), "live");
        try {
            made.leaveInFlight("live");
            made.database().update("INSERT INTO temp.differing " + query(made, among));
        } finally {
            made.database().detach("live");
        }
    }

    private Count count(NewDatabase made) {
        Database database = made.database();
        long[] of = new long[Kind.values().length];
        for (Row row : database.query("SELECT kind, count(*) AS runs FROM temp.differing GROUP BY kind"))
            of[(int) row.number("kind")] = row.number("runs");
        database.attachToRead(store.database(), "live");
        try {
            return new Count(database.number("SELECT count(*) FROM live.agent_runs"),
                    database.number("SELECT count(*) FROM main.agent_runs"), made.loading().unread().damaged(), made.loading().unread(), of[0], of[1], of[2],
                    of[0] == 0 ? 0 : database.number(OLDER), of[3]);
        } finally {
            database.detach("live");
        }
    }

    /** @param among which runs, as SQL behind a condition; empty for all */
    private String query(NewDatabase made, String among) {
        String key = made.schema().key();
        List<String> unequal = new ArrayList<>();
        List<String> columns = made.form().columns();
        for (int i = 0; i < columns.size(); i++) {
            String column = Database.quoted(columns.get(i));
            if (List.of("run_id", "event_id", "start_time").contains(columns.get(i)) || Columns.OWN.contains(columns.get(i))
                    || made.loading().loader().isNamed(i).equals("0")) continue;
            String later = Columns.isFilledLater(columns.get(i)) ? " AND t." + column + " IS NOT NULL" : "";
            unequal.add("CASE WHEN " + Columns.differ(columns.get(i), "t." + column, "o." + column) + later + " AND "
                    + made.loading().loader().isNamed(i) + " THEN '" + columns.get(i).replace("'", "''") + " ' ELSE '' END");
        }
        String asked = among.replace(" " + key + " ", " o." + key + " ");
        return "SELECT 0 AS kind, " + key + " AS run, run_id, NULL AS columns FROM main.agent_runs WHERE "
                + key + " NOT IN (SELECT " + key + " FROM live.agent_runs WHERE " + key + " IS NOT NULL)" + among
                + " UNION ALL SELECT 1, " + key + ", run_id, NULL FROM live.agent_runs WHERE " + key + " NOT IN (SELECT "
                + key + " FROM main.agent_runs)" + among + " AND coalesce(telemetry_instant(start_time) <= '"
                + Times.sortable(clock.instant().minus(InFlight.PATIENCE)) + "', TRUE)"
                + " UNION ALL SELECT iif(newer, 3, 2), run, run_id, columns FROM (SELECT t." + key + " AS run, t.run_id, "
                + String.join(" || ", unequal) + " AS columns, " + new NewerRows(made.schema()).isNewer("o", "t") + " AS newer"
                + " FROM main.agent_runs AS t JOIN live.agent_runs AS o ON o." + key + " = t."
                + key + " WHERE t.status <> 'running'" + asked + ") WHERE columns <> ''";
    }
}
