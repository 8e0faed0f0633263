package telemetry.restore;

import static java.util.stream.Collectors.joining;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import telemetry.Database;
import telemetry.StoreException;
import telemetry.Times;
import telemetry.runs.Columns;
import telemetry.runs.NewerRows;
import telemetry.runs.Schema;
import telemetry.runs.UnknownTriggers;

/**
 * What the database that stood in the place before knows newer of runs than their lines and the backup: rows that were changed after their
 * end line, over HTTP say, posting states and commits. It is noted before the lines are replayed and carried over after them. Runs that
 * only that database has are not carried: to be rid of them may be what the restore is for.
 */
final class StandingRows {
    private static final String OLD = "standing";
    private static final String ROWS = OLD + ".agent_runs AS o";
    private static final String NOTED = "temp.restore_newer";

    /** A run that began longer ago may have lost its writer. */
    private static final Duration GOING_ON = Duration.ofDays(1);

    private final Database restored;
    private final Path old;
    private final Instant now;
    private final Schema schema;
    private final String key;
    private List<String> shared = List.of();

    /** @param old null when there was none */
    StandingRows(Database restored, Path old, Instant now) {
        this.restored = restored;
        this.now = now;
        this.old = old != null && Files.isRegularFile(old) ? old : null;
        this.schema = Schema.require(restored);
        this.key = schema.key();
    }

    /**
     * Notes which rows are newer than the backup's, and brings back the rows of runs that are going on: their writers are about to update
     * them. Call it before the replay, which then finds the end of a run whose writer was quicker.
     */
    void note() {
        attached(() -> {
            List<String> there = restored.query("SELECT name FROM pragma_table_info('agent_runs', ?)", OLD).stream()
                    .map(row -> row.text("name")).toList();
            if (!there.contains(key) || !there.contains("status")) return 0L;
            boolean isTimed = schema.has("updated_at") && there.contains("updated_at");
            String isSame = isTimed ? "n.updated_at IS o.updated_at OR coalesce(telemetry_instant(n.updated_at) >= "
                    + "telemetry_instant(o.updated_at), FALSE)" : "FALSE";
            restored.execute("CREATE TEMP TABLE restore_newer AS SELECT o." + key + " AS run FROM " + ROWS + " WHERE o." + key
                    + " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM main.agent_runs AS n WHERE n." + key + " = o." + key + " AND (" + isSame
                    + "))");
            shared = schema.columns().stream().filter(there::contains).toList();
            return new UnknownTriggers(restored).inTransaction(this::goingOn);
        });
    }

    /**
     * Carries over what was noted; call it after the replay.
     *
     * @return how many rows are as they were because they are newer than their line
     */
    long carry() {
        if (shared.isEmpty()) return 0;
        long[] rows = new long[1];
        attached(() -> new UnknownTriggers(restored).inTransaction(() -> {
            rows[0] = changedRows();
            ofRowsAlone();
            commits();
            return rows[0];
        }));
        restored.execute("DROP TABLE " + NOTED);
        return rows[0];
    }

    /** @return how many */
    private long goingOn() {
        if (!shared.containsAll(List.of("status", "start_time"))) return 0;
        String list = String.join(", ", quoted(shared.stream().filter(column -> !column.equals("id")
                && !Database.quoted(column).equals(schema.number())).toList()));
        return restored.update("INSERT OR IGNORE INTO main.agent_runs (" + list + ") SELECT " + list + " FROM " + ROWS
                + " WHERE lower(trim(o.status)) = 'running' AND telemetry_instant(o.start_time) > telemetry_instant(?) AND NOT EXISTS (SELECT 1 "
                + "FROM main.agent_runs AS n WHERE n." + key + " = o." + key + ")", Times.text(now.minus(GOING_ON)));
    }

    private long changedRows() {
        List<String> plain = shared.stream().filter(column -> !Columns.IDENTITY.contains(column) && !column.equals("id")
                && !Database.quoted(column).equals(schema.number())).toList();
        List<String> columns = quoted(plain);
        String unlike = plain.stream().filter(column -> !List.of("start_time", "created_at", "updated_at").contains(column))
                .map(column -> "(" + Columns.differ(column, "n." + Database.quoted(column), "o." + Database.quoted(column)) + ")")
                .collect(joining(" OR "));
        return restored.update("UPDATE OR IGNORE main.agent_runs AS n SET " + columns.stream().map(column -> column + " = o." + column)
                .collect(joining(", ")) + " FROM " + ROWS + " WHERE o." + key + " = n." + key + " AND n." + key + " IN (SELECT run FROM "
                + NOTED + ") AND (" + unlike + ") AND lower(trim(o.status)) <> 'running' AND (n.status = 'running' OR "
                + new NewerRows(schema).isNewer("o", "n") + ")");
    }

    /** For these no day file makes up, so what is known is not replaced by nothing. */
    private void ofRowsAlone() {
        List<String> columns = quoted(shared.stream().filter(Columns::isOfRowAlone).toList());
        if (columns.isEmpty()) return;
        String set = columns.stream().map(column -> column + " = CASE WHEN " + isMore(column) + " THEN o." + column + " ELSE n." + column
                + " END").collect(joining(", "));
        restored.update("UPDATE OR IGNORE main.agent_runs AS n SET " + set + " FROM " + ROWS + " WHERE o." + key + " = n." + key + " AND ("
                + columns.stream().map(this::isMore).collect(joining(" OR ")) + ")");
    }

    /** A posting state that is newer replaces another; else a value that is there counts. */
    private String isMore(String column) {
        boolean isPosting = column.startsWith("\"api_");
        return "(o." + column + " NOT IN (0, '') AND n." + column + " IS NOT o." + column
                + " AND (coalesce(n." + column + ", '') IN (0, '')"
                + (isPosting ? " OR n." + key + " IN (SELECT run FROM " + NOTED + ")" : "") + "))";
    }

    private void commits() {
        List<String> there = columns(OLD, "commits");
        List<String> both = quoted(columns("main", "commits").stream().filter(there::contains).toList());
        if (!there.contains("run_id") || both.isEmpty()) return;
        String list = String.join(", ", both);
        restored.update("INSERT OR IGNORE INTO main.commits (" + list + ") SELECT " + list + " FROM " + OLD + ".commits WHERE run_id IN "
                + "(SELECT run_id FROM main.agent_runs)");
    }

    private List<String> columns(String name, String table) {
        return restored.query("SELECT name FROM pragma_table_info(?, ?)", table, name).stream().map(row -> row.text("name")).toList();
    }

    private static List<String> quoted(List<String> columns) {
        List<String> quoted = new ArrayList<>();
        for (String column : columns) quoted.add(Database.quoted(column));
        return quoted;
    }

    /** What cannot be read there is left; the comparison that follows says so. */
    private void attached(Supplier<Long> work) {
        if (old == null) return;
        boolean isAttached = false;
        try {
            restored.attachToRead(old, OLD);
            isAttached = true;
            work.get();
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.LOCKED || e.reason() == StoreException.Reason.FULL) throw e;
        } finally {
            if (isAttached) restored.detach(OLD);
        }
    }
}
