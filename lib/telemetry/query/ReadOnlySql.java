package telemetry.query;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.StoreException;
import telemetry.os.Attempt;
import telemetry.runs.Query;
import telemetry.sqlite.SqliteErrors;

/**
 * Accepts only statements that read. A connection in query_only mode refuses to write to tables, but would still change the journal mode,
 * fold the WAL in, switch query_only off, and ignore what follows a semicolon.
 */
public final class ReadOnlySql {
    private static final Set<String> STATEMENTS = Set.of("select", "with", "values");
    private static final Set<String> DOING = Set.of("select", "values", "insert", "update", "delete", "replace");

    /** Pragmas that only show something as long as they get no value. */
    private static final Set<String> TELLING = Set.of(("application_id auto_vacuum busy_timeout cache_size collation_list compile_options "
            + "data_version database_list encoding foreign_keys freelist_count function_list journal_mode journal_size_limit locking_mode "
            + "max_page_count mmap_size module_list page_count page_size pragma_list query_only schema_version synchronous table_list "
            + "temp_store user_version wal_autocheckpoint").split(" "));

    /** Pragmas whose value says what to show. */
    private static final Set<String> ASKING = Set.of(("foreign_key_check foreign_key_list index_info index_list index_xinfo "
            + "integrity_check quick_check table_info table_list table_xinfo").split(" "));

    /** Blanks, a comment, a quoted text or name, a word, or a sign. Anything unclosed extends to the end. */
    private static final Pattern PART = Pattern.compile("(?s)(?<blank>[\\x00-\\x20\\uFEFF]+|--[^\\n]*|/\\*.*?(?:\\*/|\\z))"
            + "|'[^']*'?|\"[^\"]*\"?|`[^`]*`?|\\[[^\\]]*\\]?|[A-Za-z0-9_$\\x{80}-\\x{10FFFF}]+|.");

    private ReadOnlySql() { }

    /**
     * A statement with a value for each of its question marks, all as a person types them.
     *
     * @throws StoreException {@code REFUSED} when there is no statement, more than one, or one that might change something
     */
    public static Query query(String sql, List<String> values) {
        return new Query(require(sql), values.stream().map(ReadOnlySql::value).toArray());
    }

    /** The statement in a file (UTF-8). @throws StoreException {@code REFUSED} when it cannot be read */
    public static String in(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new StoreException(StoreException.Reason.REFUSED, "read the statement from", file,
                    Attempt.refused("read the statement from", file, e).why(), null, e);
        }
    }

    /** The statement, without what surrounds it. */
    private static String require(String sql) {
        List<String> words = new ArrayList<>();
        int begin = 0;
        int end = sql.length();
        for (Matcher part = PART.matcher(sql); part.find(); ) {
            boolean isEnd = part.group().equals(";");
            if (part.group("blank") != null || isEnd && words.isEmpty()) continue;
            if (words.isEmpty()) begin = part.start();
            if (isEnd) end = Math.min(end, part.start());
            else if (end < sql.length()) throw refused("there is more than one statement");
            else words.add(part.group().toLowerCase(Locale.ROOT));
        }
        if (words.isEmpty()) throw refused("there is no statement");
        requireReading(words);
        return sql.substring(begin, end);
    }

    /** A value for a question mark. A number is bound as a number if SQLite would write it in the same way, so {@code 007} stays a text. */
    private static Object value(String text) {
        try {
            if (text.equals(Long.toString(Long.parseLong(text)))) return Long.valueOf(text);
        } catch (NumberFormatException e) {
            // perhaps it is a decimal
        }
        boolean decimal = text.matches("-?(0|[1-9][0-9]{0,8})\\.[0-9]{1,6}");
        return decimal && text.equals(Double.toString(Double.parseDouble(text))) ? (Object) Double.valueOf(text) : text;
    }

    private static void requireReading(List<String> words) {
        boolean explained = words.get(0).equals("explain");
        List<String> said = words.subList(!explained ? 0 : words.size() > 2 && words.get(1).equals("query")
                && words.get(2).equals("plan") ? 3 : 1, words.size());
        String verb = verb(said);
        if (STATEMENTS.contains(verb)) return;
        if (explained || !verb.equals("pragma"))
            throw refused((verb.isEmpty() ? "this" : verb.toUpperCase(Locale.ROOT))
                    + " is not one of SELECT, WITH, VALUES, EXPLAIN of these, or PRAGMA");
        requireTelling(said.size() > 2 && said.get(2).equals(".") ? said.subList(3, said.size()) : said.subList(1, said.size()));
    }

    /** The first word; of {@code WITH x AS (…) DELETE …} the word for what is done. */
    private static String verb(List<String> words) {
        if (words.isEmpty() || !words.get(0).equals("with")) return words.isEmpty() ? "" : words.get(0);
        int depth = 0;
        for (String word : words) {
            depth += word.equals("(") ? 1 : word.equals(")") ? -1 : 0;
            if (depth == 0 && DOING.contains(word)) return word;
        }
        return "with";
    }

    private static void requireTelling(List<String> pragma) {
        String name = pragma.isEmpty() ? "" : pragma.get(0);
        if (pragma.size() == 1 ? !TELLING.contains(name) && !ASKING.contains(name) : !ASKING.contains(name))
            throw refused("PRAGMA " + name + (pragma.size() > 1 && TELLING.contains(name) ? " with a value" : "")
                    + " is not one of those that only show something");
    }

    /** A statement that SQLite refused is the operator's, unless it only needs what the SQLite of the agents has. */
    public static StoreException asked(StoreException e) {
        if (!SqliteErrors.isAboutTheStatement(e) || SqliteErrors.lacking(e) != null && !SqliteErrors.lacking(e).startsWith("the function"))
            return e;
        return new StoreException(StoreException.Reason.REFUSED, "query", e.path(), e.why(), e.next());
    }

    private static StoreException refused(String why) {
        return new StoreException(StoreException.Reason.REFUSED, "run the statement",
                null, why + "; a query runs one statement that only reads", null);
    }
}
