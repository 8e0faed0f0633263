package telemetry.runs;

import static java.util.stream.Collectors.joining;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
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
import telemetry.text.Progress;
import telemetry.text.Runbook;
import telemetry.text.Words;

/**
 * The result of SQLite's own check of a whole database: integrity_check, or the faster quick_check, which does not compare the indexes with
 * their tables. {@code toString()} says how many errors there are in which tables, and shows the first three.
 *
 * @param pragma  {@code "integrity_check"} or {@code "quick_check"}
 * @param lines   one for each error, in SQLite's order; none when nothing is wrong
 * @param isWhole false when there are more lines, which were not looked for or not kept
 */
public record Integrity(String pragma, List<Line> lines, boolean isWhole) {

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
     */
    public record Line(Kind kind, String table, String text) {
        private static final Pattern CHECK = Pattern.compile("CHECK constraint failed in (.+)");
        private static final Pattern VALUE = Pattern.compile("(?:NULL|NUMERIC|TEXT|non-[A-Z]+) value in (.+)\\.[^.]+");
        private static final Pattern INDEX = Pattern.compile("(?:wrong # of entries in|non-unique entry in|row \\S+ missing from"
                + "|row \\S+ values differ from|rowid not at end-of-record for row \\S+ of) index (.+)"
                + "|index (.+) stores an imprecise floating-point value for row \\S+");
        private static final Pattern TREE = Pattern.compile("Tree (\\d+) .*");
        private static final Pattern LEFT = Pattern.compile("Page \\d+: never used");

        /** A page with two owners may belong to a table, whichever of them SQLite names. */
        private static Line of(Map<String, Tree> trees, String text) {
            String breached = breached(text);
            if (breached != null) return new Line(Kind.ROW, breached, text);
            Matcher index = INDEX.matcher(text);
            String name = !index.matches() ? null : index.group(1) == null ? index.group(2) : index.group(1);
            if (name != null) return new Line(Kind.INDEX, tableOf(trees.get("index " + name)), text);
            Matcher root = TREE.matcher(text);
            Tree tree = root.matches() ? trees.get(root.group(1)) : null;
            boolean isIndex = tree != null && tree.isIndex && !text.contains("2nd reference");
            return new Line(isIndex ? Kind.INDEX : Kind.PAGE, tableOf(tree), text);
        }

        private static String tableOf(Tree tree) {
            return tree == null ? "" : tree.table;
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

    /** SQLite's steps between two looks at the clock: some milliseconds. A step is a page at first, then an instruction of its machine. */
    private static final int STEPS = 5_000;

    private static final String OK = "ok";

    /** @param end what stopped SQLite; null when it finished */
    private record Found(List<String> texts, boolean isWhole, StoreException end) { }

    /**
     * Checks everything. A damaged index stops integrity_check; then quick_check, which reads no index, shows whether the tables are whole.
     *
     * @param schema null when the tables cannot be read: then there is no progress to show
     * @param err    where to show the progress; null for nowhere
     * @throws StoreException when SQLite cannot check for another reason than damage
     */
    public static Integrity of(Database database, Schema schema, boolean quick, PrintWriter err) {
        Found found = look(database, schema, quick, err);
        Found tables = found.end == null || quick ? null : look(database, schema, true, err);
        List<String> texts = tables == null ? found.texts : joined(tables.texts, found.texts);
        List<Line> lines = texts.isEmpty() ? new ArrayList<>() : lines(database, texts);
        boolean isExplained = tables != null && tables.end == null && lines.stream().anyMatch(line -> line.kind != Kind.ROW);
        if (found.end != null && !isExplained) lines.add(new Line(Kind.PAGE, "", found.end.why()));
        return new Integrity(quick ? "quick_check" : "integrity_check", lines, found.isWhole && (tables == null || tables.isWhole));
    }

    private static List<String> joined(List<String> some, List<String> others) {
        List<String> all = new ArrayList<>(some);
        Set<String> known = new HashSet<>(some);
        for (String text : others) if (!known.contains(text)) all.add(text);
        return all;
    }

    private static Found look(Database database, Schema schema, boolean quick, PrintWriter err) {
        String check = "PRAGMA " + (quick ? "quick_check(" : "integrity_check(") + NO_LIMIT + ")";
        if (err == null || schema == null || schema.columns().isEmpty()) return read(database, check);
        try (var watch = new Watch(database, schema, quick, err)) {
            database.onProgress(STEPS, watch::tick);
            return read(database, check);
        } finally {
            database.onProgress(0, () -> { });
        }
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

    private record Tree(boolean isIndex, String table) { }

    /** Unreferenced pages belong to an index when pages of an index are damaged and none of a table. */
    private static List<Line> lines(Database database, List<String> texts) {
        Map<String, Tree> trees = trees(database);
        List<Line> lines = new ArrayList<>();
        for (String text : texts) lines.add(Line.of(trees, text));
        boolean isIndexes = lines.stream().anyMatch(line -> line.kind == Kind.INDEX)
                && lines.stream().allMatch(line -> line.kind != Kind.PAGE || line.isUnusedPage());
        if (isIndexes) lines.replaceAll(line -> line.kind == Kind.PAGE ? new Line(Kind.INDEX, line.table, line.text) : line);
        return lines;
    }

    /** Tables and indexes by the number of their first page, and indexes also by name; none when the schema cannot be read. */
    private static Map<String, Tree> trees(Database database) {
        Map<String, Tree> trees = new HashMap<>();
        try {
            for (Row row : database.query("SELECT type, name, tbl_name, rootpage FROM sqlite_master WHERE rootpage > 0").list()) {
                var tree = new Tree("index".equals(row.text("type")), String.valueOf(row.text("tbl_name")));
                trees.put(String.valueOf(row.get("rootpage")), tree);
                if (tree.isIndex) trees.put("index " + row.text("name"), tree);
            }
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DAMAGED) throw e;
        }
        return trees;
    }

    /** True when nothing is damaged; rows may still break constraints. */
    public boolean isSound() {
        return lines.stream().allMatch(line -> line.kind == Kind.ROW);
    }

    /** True when indexes are damaged and nothing else is. */
    public boolean isIndexOnly() {
        return !isSound() && lines.stream().noneMatch(line -> line.kind == Kind.PAGE);
    }

    /** What the operator is told about errors: a failure, or a warning when rows only break rules. Lists all errors. */
    public Check trouble(String name, Store store) {
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
        if (lines.isEmpty()) return pragma + " ok";
        String kind = isSound() ? "nothing is damaged, but rows break a NOT NULL or CHECK: "
                : isIndexOnly() ? "only indexes are damaged: " : "";
        return kind + pragma + " found " + (isWhole ? "" : "at least ") + Words.count(lines.size(), "error") + byTable() + ": "
                + lines.stream().limit(SHOWN).map(Line::text).collect(joining("; ")) + (lines.size() > SHOWN ? "; …" : "");
    }

    /** {@code " in agent_runs"}, or {@code " (agent_runs 12, commits 2)"} */
    private String byTable() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (Line line : lines) counts.merge(line.table.isEmpty() ? "the file" : line.table, 1, Integer::sum);
        if (counts.size() == 1) return " in " + counts.keySet().iterator().next();
        return counts.entrySet().stream().map(count -> count.getKey() + " " + count.getValue()).collect(joining(", ", " (", ")"));
    }

    /** All pages are read first, then each row and its index entries are compared. */
    private static final class Watch implements AutoCloseable {
        private final PrintWriter err;
        private final long pages;
        private final long runs;

        /** Counted steps: two for each column, six for each index, and some more. */
        private final int stepsPerRun;

        private Progress progress;
        private boolean pagesAreRead;
        private long steps;

        Watch(Database database, Schema schema, boolean quick, PrintWriter err) {
            this.err = err;
            this.pages = database.number("PRAGMA page_count");
            this.runs = database.number("SELECT count(*) FROM agent_runs");
            this.stepsPerRun = 16 + 2 * schema.columns().size() + (quick ? 0 : 6 * schema.indexes().size());
            this.progress = new Progress(err, "pages read", pages);
        }

        void tick() {
            steps += STEPS;
            if (steps > pages && !pagesAreRead) {
                pagesAreRead = true;
                progress.close();
                progress = new Progress(err, "runs checked", runs);
            }
            progress.at(pagesAreRead ? Math.min(runs, (steps - pages) / stepsPerRun) : steps);
        }

        @Override
        public void close() {
            progress.close();
        }
    }
}
