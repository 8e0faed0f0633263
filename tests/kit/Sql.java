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
}
