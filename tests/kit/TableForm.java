package telemetry.kit;

import java.util.List;
import telemetry.Database;
import telemetry.Store;

/** Tables of runs that are made otherwise than the writers' own, with the same columns. */
public enum TableForm {
    WITHOUT_ROWID("", "", ") WITHOUT ROWID"),
    STRICT("", "", ") STRICT"),
    STRICT_WITHOUT_ROWID("", "", ") STRICT, WITHOUT ROWID"),
    GENERATED("host TEXT,", "host TEXT, took AS (duration_ms / 1000), day TEXT AS (substr(start_time, 1, 10)) STORED,", ")"),
    OWN_NUMBER("run_id TEXT PRIMARY KEY", "n INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE", ")"),
    TWO_COLUMNS("run_id TEXT PRIMARY KEY", "run_id TEXT NOT NULL", ", PRIMARY KEY (agent_name, run_id)) WITHOUT ROWID"),
    NO_KEY("run_id TEXT PRIMARY KEY", "run_id TEXT", ")"),
    NAMED_ROWID("host TEXT,", "host TEXT, rowid TEXT, _rowid_ TEXT,", ")");

    private final String part;
    private final String otherwise;
    private final String end;

    TableForm(String part, String otherwise, String end) {
        this.part = part;
        this.otherwise = otherwise;
        this.end = end;
    }

    /** Makes a store's table of runs anew in this form. */
    public void give(Store store) {
        try (Database database = Database.open(store.database())) {
            String sql = (String) database.value("SELECT sql FROM sqlite_master WHERE name = 'agent_runs'");
            List<String> indexes = database.query("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'agent_runs' AND sql IS "
                    + "NOT NULL").stream().map(row -> row.text("sql")).toList();
            List<String> columns = database.query("SELECT name FROM pragma_table_info('agent_runs')").stream().map(row -> row.text("name"))
                    .toList();
            String made = sql.strip().replace(part.isEmpty() ? "\u0000" : part, otherwise);
            database.pragma("legacy_alter_table", "ON");
            database.execute("ALTER TABLE agent_runs RENAME TO before");
            database.execute(made.substring(0, made.lastIndexOf(')')) + end);
            String all = String.join(", ", columns);
            database.execute("INSERT INTO agent_runs(" + all + ") SELECT " + all + " FROM before");
            database.execute("DROP TABLE before");
            indexes.forEach(database::execute);
        }
    }
}
