package telemetry.runs;

import java.util.List;
import java.util.regex.Pattern;
import telemetry.Database;
import telemetry.sqlite.SqliteErrors;

/**
 * Compares what a write changed with what it was to change. A trigger with {@code RAISE(IGNORE)} makes SQLite leave a row as it is and
 * report no error.
 */
public final class ChangedRows {
    private static final Pattern IGNORES = Pattern.compile("\\braise\\s*\\(\\s*ignore\\s*\\)", Pattern.CASE_INSENSITIVE);

    private ChangedRows() { }

    /** @throws telemetry.StoreException {@code FAILED} with the trigger's name when fewer rows changed than were meant */
    public static void require(Database database, long meant, long changed) {
        if (changed < meant) throw SqliteErrors.ignored(database.file(), meant - changed, ignored(database));
    }

    /** Which triggers of agent_runs ignore writes, in words. */
    static String ignored(Database database) {
        List<String> names = database.query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'agent_runs'"
                + " COLLATE NOCASE").stream().filter(trigger -> IGNORES.matcher(trigger.text("sql")).find())
                .map(trigger -> trigger.text("name")).toList();
        return names.isEmpty() ? "the database ignores it without an error"
                : "the " + (names.size() == 1 ? "trigger " : "triggers ") + String.join(", ", names) + " of agent_runs ignore"
                + (names.size() == 1 ? "s" : "") + " it without an error";
    }
}
