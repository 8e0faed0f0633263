package telemetry.runs;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Database;

/**
 * Why a table of runs refuses what writers of a form insert and update, each in words: a column that it lacks, a status, a doubled
 * event_id.
 */
public final class WritersStatements {
    private static final Pattern COLUMN = Pattern.compile("\\s+([a-z_]+) [A-Z]+\\b.*");
    private static final Pattern STATUSES = Pattern.compile("(?is)CHECK\\s*\\(\\s*\\W?status\\W?\\s+IN\\s*\\(([^)]*)\\)");
    private static final Pattern WORD = Pattern.compile("'([^']*)'");

    private WritersStatements() { }

    /** Empty when it takes them all. */
    public static List<String> refused(Database database, Schema schema, SchemaForm form) {
        List<String> reasons = new ArrayList<>();
        List<String> lacking = new ArrayList<>(columns(form));
        lacking.removeAll(schema.columns());
        if (!lacking.isEmpty()) reasons.add("the table of runs lacks " + String.join(", ", lacking) + ", which writers of " + form
                + " name");
        List<String> statuses = new ArrayList<>(statuses(form.tables().get(0)));
        Set<String> taken = statuses(sql(database));
        statuses.removeAll(taken);
        if (!taken.isEmpty() && !statuses.isEmpty())
            reasons.add("the table of runs refuses the status " + String.join(", ", statuses) + ", which writers of " + form + " use");
        if (schema.has("event_id") && form.version() >= 6 && !isUnique(database)) reasons.add("event_id is not unique in the table of runs");
        return reasons;
    }

    private static List<String> columns(SchemaForm form) {
        return form.tables().get(0).lines().map(COLUMN::matcher).filter(Matcher::matches).map(column -> column.group(1)).toList();
    }

    private static String sql(Database database) {
        return String.valueOf(database.value("SELECT sql FROM sqlite_master WHERE name = 'agent_runs' COLLATE NOCASE AND type = 'table'"));
    }

    /** None where the table takes any. */
    private static Set<String> statuses(String sql) {
        Set<String> words = new LinkedHashSet<>();
        Matcher check = STATUSES.matcher(sql);
        if (check.find()) for (Matcher word = WORD.matcher(check.group(1)); word.find(); ) words.add(word.group(1));
        return words;
    }

    private static boolean isUnique(Database database) {
        return database.value("SELECT 1 FROM pragma_index_list('agent_runs') AS l WHERE l.\"unique\" AND NOT l.partial AND (SELECT "
                + "group_concat(name) FROM pragma_index_info(l.name)) = 'event_id'") != null;
    }
}
