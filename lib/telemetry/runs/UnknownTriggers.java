package telemetry.runs;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import telemetry.Database;
import telemetry.Row;
import telemetry.StoreException;
import telemetry.sqlite.SqliteErrors;
import telemetry.text.Notes;

/**
 * Triggers of agent_runs that need what only the agents' SQLite has; beside them no row can be written here. Work that brings back runs
 * which agents have written before does without them: each of its transactions takes them away and makes them again. What they would
 * have done is left out, and that is said once.
 */
public final class UnknownTriggers {
    private final Database database;
    private final boolean areThere;
    private final List<String> writes;

    public UnknownTriggers(Database database) {
        this.database = database;
        this.areThere = !triggers(database).isEmpty();
        this.writes = !areThere ? List.of() : List.of("INSERT INTO agent_runs DEFAULT VALUES", "DELETE FROM agent_runs",
                Ddl.columnNames(database, "agent_runs").stream().map(Database::quoted).map(column -> column + " = " + column)
                        .collect(joining(", ", "UPDATE agent_runs SET ", "")));
    }

    private static List<Row> triggers(Database database) {
        return database.query("SELECT type, name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'agent_runs' COLLATE NOCASE")
                .list();
    }

    /** As {@link Database#inTransaction}, without these triggers. Any other trigger runs. */
    public <T> T inTransaction(Supplier<T> work) {
        return !areThere ? database.inTransaction(work) : database.inTransaction(() -> {
            List<Row> away = takeAway();
            T result = work.get();
            for (Row trigger : away) database.execute(trigger.text("sql"));
            return result;
        });
    }

    /** The same for work without a result. */
    public void inTransaction(Runnable work) {
        inTransaction(() -> {
            work.run();
            return null;
        });
    }

    private List<Row> takeAway() {
        List<Row> away = new ArrayList<>();
        for (StoreException e = refused(); e != null; e = refused()) {
            String lacking = SqliteErrors.lacking(e);
            List<Row> its = lacking == null ? List.of() : triggers(database).stream()
                    .filter(trigger -> isNamedIn(database, trigger, lacking)).toList();
            if (its.isEmpty()) break;
            for (Row trigger : its) {
                database.execute("DROP TRIGGER " + Database.quoted(trigger.text("name")));
                Notes.add("the trigger " + trigger.text("name") + " was left out: it needs " + lacking
                        + ", which only the agents' SQLite has");
            }
            away.addAll(its);
        }
        return away;
    }

    /** Why SQLite cannot even begin with one of the writes; null when it can with all. */
    private StoreException refused() {
        for (String write : writes) {
            try {
                database.query("EXPLAIN " + write).close();
            } catch (StoreException e) {
                if (!SqliteErrors.isAboutTheStatement(e)) throw e;
                return e;
            }
        }
        return null;
    }

    /** True when a trigger or index names what is lacking: a function, a collation, or a virtual table of a module. */
    static boolean isNamedIn(Database database, Row one, String lacking) {
        String missing = lacking.replaceAll(".*[ .]", "");
        return VirtualTable.isNamedIn(one.text("sql"), missing) || VirtualTable.of(database).stream()
                .anyMatch(table -> table.module().equals(missing) && VirtualTable.isNamedIn(one.text("sql"), table.name()));
    }
}
