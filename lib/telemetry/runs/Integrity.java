package telemetry.runs;

import static java.util.stream.Collectors.joining;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import telemetry.Check;
import telemetry.Database;
import telemetry.Row;
import telemetry.Rows;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.sqlite.SqliteErrors;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * The result of SQLite's own check of a whole database: integrity_check, or the faster quick_check, which does not compare the indexes with
 * their tables. {@code toString()} says how many errors there are in which tables, and shows the first three.
 *
 * @param pragma  {@code "integrity_check"} or {@code "quick_check"}
 * @param lines   one for each error, in SQLite's order; none when nothing is wrong
 * @param isWhole false when there are more lines, which were not looked for or not kept
 * @param untold  what could not be checked, because only the agents' SQLite has what it needs
 */
public record Integrity(String pragma, List<Line> lines, boolean isWhole, List<Untold> untold) {

    /**
     * @param what     in words: {@code "the index by_word of agent_runs needs the function agent_word"}
     * @param isModule true when only a module's own order was not looked at: its pages and tables were
     */
    public record Untold(String what, boolean isModule) {
        @Override
        public String toString() {
            return what;
        }
    }

    /** What an error is about. */
    public enum Kind {
        /** Pages of a table, or the file's own order: rows may be unreadable or gone. */
        PAGE,
        /** An index does not agree with its table or cannot be read. REINDEX makes it anew from the table, which is whole. */
        INDEX,
        /** A row breaks a NOT NULL, a CHECK or its column's type, because it was written so. It can be read, and nothing is damaged. */
        ROW
    }

    /**
     * @param kind  what it is about
     * @param table in which it is; empty when SQLite names none
     * @param text  SQLite's words, on one line
     * @param isOfFullText true for an index that is no index to SQLite, which ends its check there
     */
    public record Line(Kind kind, String table, String text, boolean isOfFullText) {
        Line(Kind kind, String table, String text) {
            this(kind, table, text, false);
        }

        private static final Pattern CHECK = Pattern.compile("CHECK constraint failed in (.+)");
        private static final Pattern VALUE = Pattern.compile("(?:NULL|NUMERIC|TEXT|non-[A-Z]+) value in (.+)\\.[^.]+");
        private static final Pattern INDEX = Pattern.compile("(?:wrong # of entries in|non-unique entry in|row \\S+ missing from"
                + "|row \\S+ values differ from|rowid not at end-of-record for row \\S+ of) index (.+)"
                + "|index (.+) stores an imprecise floating-point value for row \\S+"
                + "|(?:malformed|unable to validate the) inverted index for FTS\\d table \\w+\\.([^:]+)(?:: .*)?");
        private static final Pattern TREE = Pattern.compile("Tree (\\d+) .*");
        private static final Pattern LEFT = Pattern.compile("Page \\d+: never used");

        /** A page with two owners may belong to a table, whichever of them SQLite names. */
        private static Line of(Map<String, Tree> trees, String text) {
            String breached = breached(text);
            if (breached != null) return new Line(Kind.ROW, breached, text);
            Matcher index = INDEX.matcher(text);
            String name = !index.matches() ? null : index.group(1) != null ? index.group(1) : index.group(2) != null ? index.group(2)
                    : index.group(3);
            if (name != null) return new Line(Kind.INDEX, tableOf(trees.get("index " + name)), text, index.group(3) != null);
            Matcher root = TREE.matcher(text);
            Tree tree = root.matches() ? trees.get(root.group(1)) : null;
            boolean isIndex = tree != null && tree.isIndex() && !text.contains("2nd reference");
            return new Line(isIndex ? Kind.INDEX : Kind.PAGE, tableOf(tree), text, isIndex && tree.isFullText());
        }

        private static String tableOf(Tree tree) {
            return tree == null ? "" : tree.table();
        }

        /** The table whose constraint a row breaks; null when the words say something else. */
        private static String breached(String text) {
            Matcher check = CHECK.matcher(text);
            if (check.matches()) return check.group(1);
            Matcher value = VALUE.matcher(text);
            return value.matches() ? value.group(1) : null;
        }

        /** SQL for the rows that break a constraint, if SQLite's words show which; otherwise for all rules of the table. */
        private String breach() {
            String column = text.substring(text.lastIndexOf('.') + 1);
            return text.startsWith("NULL ") ? "SELECT * FROM " + Database.quoted(table) + " WHERE " + Database.quoted(column) + " IS NULL"
                    : "SELECT sql FROM sqlite_master WHERE name = '" + table.replace("'", "''") + "'";
        }

        private boolean isUnusedPage() {
            return LEFT.matcher(text).matches();
        }
    }

    /** How many lines of damage are looked for, and how many others are kept; a database can have millions. */
    private static final int MOST = 10_000;

    /** Rows that break a CHECK must not use up SQLite's limit, or damage behind them would stay unseen. */
    private static final int NO_LIMIT = 1_000_000_000;

    private static final int SHOWN = 3;

    private static final String OK = "ok";

    /** @param end what stopped SQLite; null when it finished */
    record Found(List<String> texts, boolean isWhole, StoreException end) {
        Found and(Found other) {
            return new Found(joined(texts, other.texts), isWhole && other.isWhole, end == null ? other.end : end);
        }
    }

    /**
     * Checks everything. A damaged index stops integrity_check; then quick_check, which reads no index, shows whether the tables are whole.
     *
     * @param schema null when the tables cannot be read: then there is no progress to show
     * @param err    where to show the progress; null for nowhere
     * @throws StoreException when SQLite cannot check for another reason than damage
     */
    public static Integrity of(Database database, Schema schema, boolean quick, PrintWriter err) {
        var tables = new TableCheck(database);
        Found found = looked(database, schema, quick, err, tables);
        Found whole = found.end == null || quick ? null : looked(database, schema, true, err, tables);
        Found last = whole == null ? found : whole;
        List<Line> lines = lines(database, whole == null ? found.texts : joined(whole.texts, found.texts));
        if (last.end != null && lines.stream().anyMatch(Line::isOfFullText)) {
            last = tables.each(quick, Integrity::read);
            lines = lines(database, joined(lines.stream().map(Line::text).toList(), last.texts));
        }
        boolean isExplained = found.end != null && last != found && last.end == null
                && lines.stream().anyMatch(line -> line.kind != Kind.ROW);
        if (found.end != null && !isExplained) lines.add(new Line(Kind.PAGE, "", found.end.why()));
        return new Integrity(name(quick), lines, found.isWhole && last.isWhole,
                found.end == null || isExplained ? tables.untold() : List.of());
    }

    /** SQLite checks all or nothing: where it lacks something for one table, the tables are checked one by one. */
    private static Found looked(Database database, Schema schema, boolean quick, PrintWriter err, TableCheck tables) {
        try {
            return look(database, schema, quick, err);
        } catch (StoreException e) {
            if (SqliteErrors.lacking(e) == null) throw e;
            return tables.each(quick, Integrity::read);
        }
    }

    private static List<String> joined(List<String> some, List<String> others) {
        List<String> all = new ArrayList<>(some);
        Set<String> known = new HashSet<>(some);
        for (String text : others) if (!known.contains(text)) all.add(text);
        return all;
    }

    private static Found look(Database database, Schema schema, boolean quick, PrintWriter err) {
        String check = "PRAGMA " + name(quick) + "(" + NO_LIMIT + ")";
        if (err == null || schema == null || schema.columns().isEmpty()) return read(database, check);
        try (var watch = new CheckProgress(database, schema, quick, err)) {
            database.onProgress(CheckProgress.STEPS, watch::tick);
            return read(database, check);
        } finally {
            database.onProgress(0, () -> { });
        }
    }

    static String name(boolean quick) {
        return quick ? "quick_check" : "integrity_check";
    }

    /** Errors about pages come as one row of many lines. */
    private static Found read(Database database, String check) {
        List<String> texts = new ArrayList<>();
        int breaches = 0;
        boolean isWhole = true;
        try (Rows rows = database.query(check)) {
            for (Row row : rows) {
                String said = String.valueOf(row.get(0));
                if (said.equals(OK)) continue;
                for (String text : said.split("\n")) {
                    if (text.startsWith("*** in database")) continue;
                    boolean isBreach = Line.breached(text) != null;
                    if ((isBreach ? breaches : texts.size() - breaches) < MOST) {
                        texts.add(text);
                        if (isBreach) breaches++;
                    } else if (isBreach) {
                        isWhole = false;
                    } else {
                        return new Found(texts, false, null);
                    }
                }
            }
            return new Found(texts, isWhole, null);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
            return new Found(texts, isWhole, e);
        }
    }

    /** Unreferenced pages belong to an index when pages of an index are damaged and none of a table. */
    private static List<Line> lines(Database database, List<String> texts) {
        if (texts.isEmpty()) return new ArrayList<>();
        Map<String, Tree> trees = Tree.of(database);
        List<Line> lines = new ArrayList<>();
        for (String text : texts) lines.add(Line.of(trees, text));
        boolean isIndexes = lines.stream().anyMatch(line -> line.kind == Kind.INDEX)
                && lines.stream().allMatch(line -> line.kind != Kind.PAGE || line.isUnusedPage());
        if (isIndexes) lines.replaceAll(line -> line.kind == Kind.PAGE ? new Line(Kind.INDEX, line.table, line.text) : line);
        return lines;
    }

    /** True when nothing is damaged; rows may still break constraints. */
    public boolean isSound() {
        return lines.stream().allMatch(line -> line.kind == Kind.ROW);
    }

    /** True when indexes are damaged and nothing else is. */
    public boolean isIndexOnly() {
        return !isSound() && lines.stream().noneMatch(line -> line.kind == Kind.PAGE);
    }

    /** True when everything was checked and nothing is odd. */
    public boolean isClean() {
        return lines.isEmpty() && untold.isEmpty();
    }

    /** What the operator is told about errors: a failure, or a warning when rows only break rules. Lists all errors. */
    public Check trouble(String name, Store store) {
        if (lines.isEmpty()) return Check.warning(name, toString(), null).with(untold.stream().map(Untold::what).toList());
        Check check = isSound() ? Check.warning(name, toString(), store.command("query", "sql", lines.get(0).breach())
                .in(Runbook.HEALTH_CHECKS)) : Check.failed(name, toString(), store.next(Runbook.DATABASE_CORRUPTED));
        return check.with(texts());
    }

    /** SQLite's words, one for each error. */
    public List<String> texts() {
        return lines.stream().map(Line::text).toList();
    }

    /**
     * {@code only indexes are damaged: integrity_check found 14 errors in agent_runs: row 1 missing from index idx_runs_agent; …}
     */
    @Override
    public String toString() {
        if (lines.isEmpty() && untold.isEmpty()) return pragma + " ok";
        if (lines.isEmpty()) return pragma + " ok as far as can be told: " + unchecked();
        String kind = isSound() ? "nothing is damaged, but rows break a NOT NULL or CHECK: "
                : isIndexOnly() ? "only indexes are damaged: " : "";
        return kind + pragma + " found " + (isWhole ? "" : "at least ") + Words.count(lines.size(), "error") + byTable() + ": "
                + lines.stream().limit(SHOWN).map(Line::text).collect(joining("; ")) + (lines.size() > SHOWN ? "; …" : "")
                + (untold.isEmpty() ? "" : "; " + unchecked());
    }

    /** {@code "not checked: the virtual table v needs the module vec0; only the agents' SQLite has that"} */
    public String unchecked() {
        return "not checked: " + untold.stream().map(Untold::what).collect(joining(", ")) + "; only the agents' SQLite has that";
    }

    /** {@code " in agent_runs"}, or {@code " (agent_runs 12, commits 2)"} */
    private String byTable() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (Line line : lines) counts.merge(line.table.isEmpty() ? "the file" : line.table, 1, Integer::sum);
        if (counts.size() == 1) return " in " + counts.keySet().iterator().next();
        return counts.entrySet().stream().map(count -> count.getKey() + " " + count.getValue()).collect(joining(", ", " (", ")"));
    }
}
