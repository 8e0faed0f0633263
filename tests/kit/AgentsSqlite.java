package telemetry.kit;

import java.util.Map;
import java.util.TreeMap;
import telemetry.Database;
import telemetry.Row;
import telemetry.Store;

/** What agents make in a database with a SQLite of their own: with functions, collations and modules that the toolkit's lacks. */
public final class AgentsSqlite {

    /** An index over the runs' texts, as sqlite-utils makes it: FTS5 with external content, kept by triggers. */
    public static final String[] FULL_TEXT = {
        "CREATE VIRTUAL TABLE runs_fts USING fts5(agent_name, error_summary, content='agent_runs', content_rowid='rowid')",
        "CREATE TRIGGER runs_ai AFTER INSERT ON agent_runs BEGIN INSERT INTO runs_fts(rowid, agent_name, error_summary) VALUES "
            + "(new.rowid, new.agent_name, new.error_summary); END",
        "CREATE TRIGGER runs_ad AFTER DELETE ON agent_runs BEGIN INSERT INTO runs_fts(runs_fts, rowid, agent_name, error_summary) VALUES "
            + "('delete', old.rowid, old.agent_name, old.error_summary); END",
        "CREATE TRIGGER runs_au AFTER UPDATE ON agent_runs BEGIN INSERT INTO runs_fts(runs_fts, rowid, agent_name, error_summary) VALUES "
            + "('delete', old.rowid, old.agent_name, old.error_summary); INSERT INTO runs_fts(rowid, agent_name, error_summary) VALUES "
            + "(new.rowid, new.agent_name, new.error_summary); END",
        "INSERT INTO runs_fts(runs_fts) VALUES ('rebuild')"
    };

    private AgentsSqlite() { }

    /** An index of the runs that needs the function {@code agent_word}; with it only agents can write a run. */
    public static void indexByFunction(Store store) {
        Sabotage.spell(store.database(), "by_word", "trim(", "agent_word(", "CREATE INDEX by_word ON agent_runs(trim(agent_name))");
    }

    /** One that is sorted by the collation {@code agent_order}, of another table. */
    public static void indexByCollation(Store store) {
        Sabotage.spell(store.database(), "by_order", "NOCASE", "agent_order",
                "CREATE TABLE words(word TEXT)", "INSERT INTO words VALUES ('a'), ('b')",
                "CREATE INDEX by_order ON words(word COLLATE NOCASE)");
    }

    /** A CHECK of the runs that needs the function. */
    public static void checkByFunction(Store store) {
        Sabotage.spell(store.database(), "agent_runs", "host TEXT", "host TEXT CHECK (agent_word(host) <> '')");
    }

    /** A table of vectors whose module nobody here has, and a trigger that fills it. */
    public static void vectors(Store store) {
        try (Database database = Database.open(store.database())) {
            database.execute("CREATE TABLE run_vectors_chunks(id INTEGER PRIMARY KEY, b BLOB)");
            database.execute("INSERT INTO run_vectors_chunks(b) VALUES (x'00112233')");
            database.pragma("writable_schema", "ON");
            database.update("INSERT INTO sqlite_master(type, name, tbl_name, rootpage, sql) VALUES ('table', 'run_vectors', 'run_vectors', "
                    + "0, 'CREATE VIRTUAL TABLE run_vectors USING vec0(v float[4])')");
        }
    }

    /** With it each run of theirs has a vector; nobody without the module can write a run. */
    public static void vectorsByTrigger(Store store) {
        vectors(store);
        Sql.execute(store, "CREATE TRIGGER runs_vectors AFTER INSERT ON agent_runs BEGIN INSERT INTO run_vectors(rowid, v) VALUES "
                + "(new.rowid, zeroblob(16)); END");
    }

    /** Each run's row number. */
    public static Map<String, Object> numbers(Store store) {
        Map<String, Object> numbers = new TreeMap<>();
        try (Database database = Database.openToRead(store.database())) {
            for (Row row : database.query("SELECT run_id, rowid FROM agent_runs NOT INDEXED")) numbers.put(row.text("run_id"), row.get(1));
        }
        return numbers;
    }

    /** The runs that a search for this word finds, with the agents that they are of by their row. */
    public static Map<String, String> found(Store store, String word) {
        Map<String, String> found = new TreeMap<>();
        try (Database database = Database.openToRead(store.database())) {
            for (Row row : database.query("SELECT r.run_id, r.agent_name FROM runs_fts JOIN agent_runs r ON r.rowid = runs_fts.rowid WHERE "
                    + "runs_fts MATCH ?", '"' + word + '"')) found.put(row.text("run_id"), row.text("agent_name"));
        }
        return found;
    }

    /** FTS5's own check of the index against the rows that it is about. */
    public static void requireRight(Store store) {
        Sql.execute(store, "INSERT INTO runs_fts(runs_fts, rank) VALUES ('integrity-check', 1)");
    }
}
