package telemetry.runs;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import telemetry.Database;
import telemetry.RunStatus;
import telemetry.text.Escaped;
import telemetry.text.Words;

/**
 * The words that the rows of a database use for a status, as SQL. Tables without a CHECK have them in any case and with blanks around them.
 * {@link RunStatus#of} decides; the index on status tells which words there are, a look for each.
 */
public final class StatusWords {
    private static final String USED = "WITH RECURSIVE used(word) AS (SELECT min(status) FROM agent_runs"
            + " UNION ALL SELECT (SELECT min(status) FROM agent_runs WHERE status > used.word) FROM used WHERE used.word IS NOT NULL)"
            + " SELECT word FROM used WHERE word IS NOT NULL";
    private static final String USED_WITHOUT_INDEX = "SELECT DISTINCT status FROM agent_runs WHERE status IS NOT NULL";
    private static final String PLAIN = "lower(trim(status, char(9, 10, 11, 12, 13, 32)))";

    private static final int MOST = 500;
    private static final int SHOWN = 3;
    private static final int WIDTH = 30;

    private final Database database;
    private final boolean isIndexed;

    /** Text, or what else stands there. Null while nobody asked and there is no index. */
    private List<Object> used;

    public StatusWords(Database database, Schema schema) {
        this.database = database;
        this.isIndexed = schema.has("status") && schema.indexes().contains("idx_runs_status");
        if (isIndexed) used();
    }

    private List<Object> used() {
        if (used == null) used = database.query(isIndexed ? USED : USED_WITHOUT_INDEX).stream().map(row -> row.get(0)).toList();
        return used;
    }

    /** The words in use that nobody knows, in the order of the index. Without an index this reads the whole table. */
    private List<Object> unknown() {
        return used().stream().filter(word -> !(word instanceof String text) || RunStatus.of(text) == null).toList();
    }

    /** {@code 3 runs have a status that no writer uses: 'finished', 'done'}; null when there are none. */
    public String odd() {
        List<Object> words = unknown().stream().limit(MOST).toList();
        if (words.isEmpty()) return null;
        String marks = String.join(", ", Collections.nCopies(words.size(), "?"));
        long runs = database.number("SELECT count(*) FROM agent_runs WHERE status IN (" + marks + ")", words.toArray());
        String shown = words.stream().limit(SHOWN).map(word -> word instanceof byte[] ? "a blob"
                : "'" + Escaped.line(Words.cut(word.toString(), WIDTH)) + "'").collect(Collectors.joining(", "));
        return Words.count(runs, "run has", "runs have") + " a status that no writer uses: " + shown + (words.size() > SHOWN ? " …" : "");
    }

    /** True for rows of these statuses: {@code status = 'running'}. */
    public String are(RunStatus... statuses) {
        return are(Arrays.asList(statuses));
    }

    public String are(Collection<RunStatus> statuses) {
        List<String> words = words(statuses);
        return words.size() == 1 ? column() + " = " + quoted(words.get(0)) : column() + " IN " + list(words);
    }

    /** True for rows of other statuses, unknown words among them; null for a row without one. */
    public String areNot(RunStatus status) {
        List<String> words = words(Set.of(status));
        return words.size() == 1 ? column() + " <> " + quoted(words.get(0)) : column() + " NOT IN " + list(words);
    }

    private String column() {
        return isIndexed ? "status" : PLAIN;
    }

    private List<String> words(Collection<RunStatus> statuses) {
        Set<String> words = new LinkedHashSet<>();
        for (RunStatus status : statuses.stream().sorted().toList()) words.addAll(status.words());
        if (isIndexed) for (Object word : used)
            if (word instanceof String text && RunStatus.of(text) != null && statuses.contains(RunStatus.of(text))) words.add(text);
        return List.copyOf(words);
    }

    private static String list(List<String> words) {
        return words.stream().map(StatusWords::quoted).collect(Collectors.joining(", ", "(", ")"));
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "''") + "'";
    }
}
