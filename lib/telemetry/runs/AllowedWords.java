package telemetry.runs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words that a table of runs takes in a column, by the CHECKs in its own SQL: {@code CHECK(status IN ('running', 'success'))}. A list
 * with NULL in it limits nothing, because SQLite lets pass what is not false. A CHECK of another form is left to SQLite.
 */
final class AllowedWords {
    private static final String NAME = "(?:\\w+|\"[^\"]+\"|`[^`]+`|\\[[^\\]]+\\])";
    private static final String WORD = "(?:'(?:[^']|'')*'|NULL)";
    private static final Pattern LIST = Pattern.compile("(?i)(?:" + NAME + " IS NULL OR )?(?<lower>lower \\( )?(?<column>" + NAME
            + ")(?: \\))?"
            + "(?<nocase> COLLATE NOCASE)? IN \\( (?<words>" + WORD + "(?: , " + WORD + ")*) \\)(?: OR " + NAME + " IS NULL)?");
    private static final Pattern ONE = Pattern.compile("(?i)" + WORD);

    /** The last table looked at, and its words: there is hardly ever another. */
    private static volatile AllowedWords last = new AllowedWords("");

    private record Allowed(Set<String> words, boolean isOfAnyCase) { }

    private final String sql;
    private final Map<String, List<Allowed>> allowed = new HashMap<>();

    private AllowedWords(String sql) {
        this.sql = sql;
        List<String> parts = Ddl.parts(sql);
        for (int i = 0; i < parts.size(); i++)
            if (parts.get(i).equalsIgnoreCase("CHECK")) read(inParentheses(parts, i + 1));
    }

    /** @param sql the statement that made the table; null for a table without CHECKs */
    static AllowedWords of(String sql) {
        String made = sql == null ? "" : sql;
        AllowedWords known = last;
        if (!known.sql.equals(made)) last = known = new AllowedWords(made);
        return known;
    }

    boolean takes(String column, String word) {
        for (Allowed some : allowed.getOrDefault(column, List.of()))
            if (!some.words.contains(some.isOfAnyCase ? word.toLowerCase(Locale.ROOT) : word)) return false;
        return true;
    }

    private static List<String> inParentheses(List<String> parts, int from) {
        List<String> inner = new ArrayList<>();
        int depth = 0;
        for (int i = from; i < parts.size(); i++) {
            if (parts.get(i).equals(")") && --depth == 0) break;
            if (depth > 0) inner.add(parts.get(i));
            if (parts.get(i).equals("(")) depth++;
            if (depth == 0) break;
        }
        return inner;
    }

    private void read(List<String> check) {
        List<String> expression = check;
        while (expression.size() > 2 && expression.get(0).equals("(") && inParentheses(expression, 0).size() == expression.size() - 2)
            expression = expression.subList(1, expression.size() - 1);
        Matcher list = LIST.matcher(String.join(" ", expression));
        if (!list.matches()) return;
        boolean isOfAnyCase = list.group("lower") != null || list.group("nocase") != null;
        Set<String> words = new HashSet<>();
        for (Matcher one = ONE.matcher(list.group("words")); one.find();) {
            if (one.group().equalsIgnoreCase("NULL")) return;
            String word = one.group().substring(1, one.group().length() - 1).replace("''", "'");
            words.add(isOfAnyCase ? word.toLowerCase(Locale.ROOT) : word);
        }
        String name = list.group("column").replaceAll("[\"`\\[\\]]", "").toLowerCase(Locale.ROOT);
        allowed.computeIfAbsent(name, none -> new ArrayList<>()).add(new Allowed(words, isOfAnyCase));
    }
}
