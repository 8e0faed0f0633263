package telemetry.runs;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import telemetry.Commit;
import telemetry.Database;
import telemetry.Row;
import telemetry.Times;
import telemetry.text.JsonText;

/**
 * Writes commits of runs: a row of the table commits, and the run's git_commit columns, as far as a database has them. A row that another
 * program has written stays as it is.
 */
public final class CommitTable {

    /** Columns of a run, and what they hold of its commit. */
    private static final Map<String, String> OF_RUN = Map.of("git_commit_source", "source", "git_commit_author", "author",
            "git_commit_timestamp", "commit_date");

    private final Database database;
    private final String table;
    private final List<String> columns;
    private final List<String> runColumns;
    private final boolean takesAnySource;

    /** The rows of each run by their numbers; null where run_id finds them. */
    private Map<String, List<Long>> places;

    public CommitTable(Database database) {
        this(database, "main");
    }

    /** @param schema the name that the database is attached under */
    public CommitTable(Database database, String schema) {
        this.database = database;
        this.table = schema + ".";
        this.columns = columns(schema, "commits");
        this.runColumns = columns(schema, "agent_runs");
        this.takesAnySource = runColumns.contains("id");
    }

    /** Finds the rows of these runs at once, where no index finds them; then it is for these alone. */
    public CommitTable of(Collection<String> runs) {
        if (!runColumns.contains("id")) return this;
        places = new HashMap<>();
        for (Row row : database.query("SELECT run_id, id FROM " + table + "agent_runs WHERE run_id IN (SELECT value FROM json_each(?))",
                JsonText.line(runs))) places.computeIfAbsent(row.text("run_id"), none -> new ArrayList<>(1)).add(row.number("id"));
        return this;
    }

    private List<String> columns(String schema, String table) {
        return database.query("SELECT name FROM pragma_table_info(?, ?)", table, schema).stream().map(row -> row.text("name")).toList();
    }

    /** The commit of now: it becomes its run's, whatever was there. */
    public void write(Commit commit, Instant when) {
        add(commit, when);
        set(commit, "git_commit_hash IS NOT ?", List.of(commit.hash()));
    }

    /** Makes a commit its run's, where the run has none or one of these. @return true when it had not this one */
    public boolean setLast(Commit commit, List<String> known) {
        List<String> earlier = known.stream().filter(hash -> !hash.equals(commit.hash())).toList();
        return set(commit, "(git_commit_hash IS NULL OR git_commit_hash IN (" + marks(earlier) + "))", earlier);
    }

    /** Adds its row to the table, if it is not there. @param when it was told; null when that is unknown */
    public boolean add(Commit commit, Instant when) {
        if (!columns.contains("commit_hash") || !columns.contains("run_id")) return false;
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("commit_hash", commit.hash());
        row.put("run_id", commit.runId());
        commit.facts().forEach((fact, value) -> {
            if (columns.contains(fact)) row.put(fact, value);
        });
        if (columns.contains("created_at") && when != null) row.put("created_at", Times.seconds(when));
        String names = row.keySet().stream().map(Database::quoted).collect(Collectors.joining(", "));
        List<Object> values = new ArrayList<>(row.values());
        values.add(commit.hash());
        return database.update("INSERT INTO " + table + "commits (" + names + ") SELECT "
                + String.join(", ", Collections.nCopies(row.size(), "?")) + " WHERE NOT EXISTS (SELECT 1 FROM " + table
                + "commits WHERE commit_hash = ?)", values.toArray()) > 0;
    }

    private boolean set(Commit commit, String condition, List<String> hashes) {
        if (!runColumns.contains("git_commit_hash")) return false;
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("git_commit_hash", commit.hash());
        OF_RUN.forEach((column, fact) -> {
            if (runColumns.contains(column)) values.put(column, word(column, commit.facts().get(fact)));
        });
        String set = values.keySet().stream().map(column -> column + " = ?").collect(Collectors.joining(", "));
        List<Object> all = new ArrayList<>(values.values());
        List<?> rows = places == null ? List.of(commit.runId()) : places.getOrDefault(commit.runId(), List.of());
        all.addAll(rows);
        all.addAll(hashes);
        return database.update("UPDATE " + table + "agent_runs SET " + set + " WHERE " + (places == null ? "run_id" : "id") + " IN ("
                + marks(rows) + ") AND " + condition, all.toArray()) > 0;
    }

    private static String marks(List<?> values) {
        return String.join(", ", Collections.nCopies(values.size(), "?"));
    }

    /** A word that the CHECK of most tables would refuse must not cost the commit. */
    private Object word(String column, Object value) {
        return takesAnySource || Columns.words(column).isEmpty() || Columns.words(column).contains(String.valueOf(value)) ? value : null;
    }
}
