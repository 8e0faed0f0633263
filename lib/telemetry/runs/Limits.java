package telemetry.runs;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Row;

/**
 * What the columns of a table of runs refuse, as its own SQL says.
 *
 * @param isStrict a column of numbers takes numbers alone
 * @param texts    columns that keep a number as a text
 * @param filled   columns that must not be NULL
 * @param counts   columns that must not be below 0
 * @param sql      the statement that made the table; null when it is not known
 */
public record Limits(boolean isStrict, Set<String> texts, Set<String> filled, Set<String> counts, String sql) {
    private static final Pattern NOT_NEGATIVE = Pattern.compile("CHECK\\s*\\(\\s*[\"`\\[]?(\\w+)[\"`\\]]?\\s*>=\\s*0\\s*\\)",
            Pattern.CASE_INSENSITIVE);

    /** Of a table that is not known. */
    public static final Limits NONE = new Limits(false, Set.of(), Set.of(), Set.of(), null);

    /**
     * @param columns with their name, type and whether they must be filled
     * @param sql     the statement that made the table; null when there is none
     */
    static Limits of(List<Row> columns, String sql) {
        if (sql == null) return NONE;
        Set<String> texts = new HashSet<>();
        Set<String> filled = new HashSet<>();
        for (Row column : columns) {
            if (isText(column.text("type"))) texts.add(column.text("name"));
            if (column.number("filled") == 1) filled.add(column.text("name"));
        }
        Set<String> counts = new HashSet<>();
        for (Matcher check = NOT_NEGATIVE.matcher(sql); check.find();) counts.add(check.group(1));
        String options = sql.substring(sql.lastIndexOf(')') + 1).toUpperCase(Locale.ROOT);
        return new Limits(options.contains("STRICT"), texts, filled, counts, sql);
    }

    /** True for a word that no CHECK of the column refuses. */
    public boolean takes(String column, String word) {
        return AllowedWords.of(sql).takes(column, word);
    }

    /** By SQLite's rules: INT anywhere in a type's name comes first. */
    private static boolean isText(String type) {
        String name = type == null ? "" : type.toUpperCase(Locale.ROOT);
        return !name.contains("INT") && (name.contains("CHAR") || name.contains("CLOB") || name.contains("TEXT"));
    }
}
