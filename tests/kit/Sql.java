package telemetry.kit;

import java.util.List;
import java.util.Map;
import telemetry.Database;
import telemetry.Store;

/** SQL on a store's database, each call through a connection of its own. */
public final class Sql {
    private Sql() { }

    public static List<Map<String, Object>> rows(Store store, String sql) {
        try (Database database = Database.open(store.database())) {
            return database.query(sql).stream().map(row -> row.map()).toList();
        }
    }

    public static void execute(Store store, String... statements) {
        try (Database database = Database.open(store.database())) {
            for (String statement : statements) database.execute(statement);
        }
    }

    /** Makes the table of runs anew, empty, with another text in its definition: {@code "start_time TEXT", "start_time"}. */
    public static void redefine(Database database, String regex, String replacement) {
        List<String> definitions = database.query("SELECT sql FROM sqlite_master WHERE tbl_name = 'agent_runs' AND sql IS NOT NULL"
                + " ORDER BY type <> 'table'").stream().map(row -> row.text("sql")).toList();
        database.execute("DROP TABLE agent_runs");
        for (String definition : definitions) database.execute(definition.replaceFirst(regex, replacement));
    }
}
