package telemetry.runs;

import static java.util.stream.Collectors.joining;

import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import telemetry.Database;
import telemetry.Row;
import telemetry.Rows;
import telemetry.Size;
import telemetry.StoreException;
import telemetry.sqlite.SqliteErrors;
import telemetry.text.LargeValue;

/**
 * Rows of a statement that may meet values too large for memory. The driver hands out whole values only, so SQLite is told to refuse large
 * ones: that costs nothing until it meets one. Then a second statement goes on from the same row and asks for the sizes. Both read one
 * snapshot.
 */
public final class LargeRows implements Rows.Cursor {

    /** In bytes; of a run's own row such a value comes as a {@link LargeValue}. */
    private static final int LARGE = 1 << 20;

    /** In bytes; a larger one in an operator's result is refused. */
    private static final int LARGEST_ASKED = 8_000_000;

    /** Characters of a large value that tables get. */
    private static final int SHOWN = 200;

    private final Database database;
    private final List<String> columns;
    private final Supplier<Rows> second;
    private final Function<Row, Row> form;
    private Rows rows;
    private Iterator<Row> iterator;
    private boolean isSecond;
    private long given;
    private boolean isEnded;

    private LargeRows(Database database, int longest, List<String> columns, Supplier<Rows> first, Supplier<Rows> second,
            Function<Row, Row> form) {
        this.database = database;
        this.columns = columns;
        this.second = second;
        this.form = form;
        database.execute("BEGIN");
        try {
            database.longest(longest);
            begin(first.get());
        } catch (StoreException e) {
            orSecond(e);
        }
    }

    /**
     * The rows of an operator's statement.
     *
     * @throws StoreException {@code FAILED}, from the rows too, when a value in the result has more than 8 MB
     */
    public static Rows refusing(Database database, Query asked) {
        List<String> columns = database.columns(asked.sql());
        Supplier<Rows> sizes = () -> database.query("WITH t(" + names(columns, i -> "c" + i) + ") AS (" + asked.sql() + "\n) SELECT "
                + names(columns, i -> unlessLarge("c" + i, LARGEST_ASKED, "NULL")) + ", "
                + names(columns, i -> sizeIfLarge("c" + i, LARGEST_ASKED)) + " FROM t", asked.values().toArray());
        return new LargeRows(database, LARGEST_ASKED, columns, () -> asked.on(database), sizes,
                row -> small(database, columns, row)).rows();
    }

    /**
     * Runs with their large values in pieces.
     *
     * @param selected the columns of the usual statement, as it has them
     * @param usual    {@code SELECT … FROM agent_runs …}
     */
    public static Rows inPieces(Database database, List<String> selected, Query usual) {
        List<String> columns = selected.stream().map(column -> column.replaceFirst("^NULL AS ", "")).toList();
        List<String> exprs = selected.stream().map(column -> column.startsWith("NULL AS ") ? "NULL" : Database.quoted(column)).toList();
        Supplier<Rows> sizes = () -> {
            List<String> key = key(database);
            return database.query("SELECT " + names(exprs, i -> unlessLarge(exprs.get(i), LARGE, "substr(" + exprs.get(i) + ", 1, " + SHOWN
                    + ")")) + ", " + names(exprs, i -> sizeIfLarge(exprs.get(i), LARGE))
                    + key.stream().map(name -> ", " + name).collect(joining())
                    + usual.sql().substring(usual.sql().indexOf(" FROM agent_runs")), usual.values().toArray());
        };
        return new LargeRows(database, LARGE, columns, () -> usual.on(database), sizes, row -> large(database, columns, exprs, row)).rows();
    }

    private static String names(List<String> columns, IntFunction<String> name) {
        return IntStream.range(0, columns.size()).mapToObj(name).collect(joining(", "));
    }

    private static String unlessLarge(String column, int longest, String otherwise) {
        return "CASE WHEN octet_length(" + column + ") > " + longest + " THEN " + otherwise + " ELSE " + column + " END";
    }

    private static String sizeIfLarge(String column, int longest) {
        return "CASE WHEN octet_length(" + column + ") > " + longest + " THEN octet_length(" + column + ") END";
    }

    /** What finds a row again; nothing in a view. */
    private static List<String> key(Database database) {
        Row table = database.one("SELECT type, wr FROM pragma_table_list WHERE name = 'agent_runs' AND schema = 'main'").orElse(null);
        if (table == null || table.get("type").equals("view")) return List.of();
        if (table.number("wr") == 0) return List.of("rowid");
        return database.query("SELECT name FROM pragma_table_info('agent_runs') WHERE pk > 0 ORDER BY pk").stream()
                .map(row -> Database.quoted(row.text("name"))).toList();
    }

    private static Row small(Database database, List<String> columns, Row row) {
        int count = columns.size();
        for (int i = 0; i < count; i++) if (row.get(count + i) instanceof Long bytes) throw tooLarge(database, columns.get(i), bytes);
        return new Row(columns, row.values().subList(0, count));
    }

    private static StoreException tooLarge(Database database, String column, long bytes) {
        return new StoreException(StoreException.Reason.FAILED, "show the result from", database.file(), "the column " + column
                + " has a value of " + new Size(bytes) + ", and at most " + new Size(LARGEST_ASKED)
                + " are read whole; ask for a part of it: "
                + "substr(" + column + ", 1, 1000)", null);
    }

    private static Row large(Database database, List<String> columns, List<String> exprs, Row row) {
        int count = columns.size();
        List<Object> values = new ArrayList<>(row.values().subList(0, count));
        Object[] key = row.values().subList(2 * count, row.values().size()).toArray();
        for (int i = 0; i < count; i++)
            if (row.get(count + i) instanceof Long bytes) values.set(i, value(database, exprs.get(i), values.get(i), bytes, key));
        return new Row(columns, values);
    }

    private static LargeValue value(Database database, String column, Object beginning, long bytes, Object[] key) {
        Charset charset = beginning instanceof byte[] ? null : Charset.forName(database.pragma("encoding"));
        String found = key(database).stream().map(name -> name + " IS ?").collect(joining(" AND "));
        return new LargeValue(beginning instanceof byte[] ? "" : beginning.toString(), bytes, charset, (from, length) -> {
            if (key.length == 0) throw tooLarge(database, column, bytes);
            Object[] values = new Object[key.length + 2];
            values[0] = from + 1;
            values[1] = length;
            System.arraycopy(key, 0, values, 2, key.length);
            return database.lookUp("SELECT substr(CAST(" + column + " AS BLOB), ?, ?) FROM agent_runs WHERE " + found, values)
                    .map(row -> (byte[]) row.get(0)).orElseGet(() -> new byte[0]);
        });
    }

    private Rows rows() {
        return new Rows(columns, this);
    }

    private void begin(Rows begun) {
        rows = begun;
        iterator = begun.iterator();
    }

    /** Goes on with the second statement behind the rows that were given. */
    private void orSecond(StoreException e) {
        if (isSecond || !SqliteErrors.isTooBig(e)) {
            close();
            throw e;
        }
        isSecond = true;
        database.longest(Integer.MAX_VALUE);
        try {
            begin(second.get());
            for (long skipped = 0; skipped < given && iterator.hasNext(); skipped++) iterator.next();
        } catch (StoreException other) {
            close();
            throw other;
        }
    }

    @Override
    public Row next() {
        while (true) try {
            if (!iterator.hasNext()) {
                close();
                return null;
            }
            given++;
            return isSecond ? form.apply(iterator.next()) : iterator.next();
        } catch (StoreException e) {
            orSecond(e);
        }
    }

    @Override
    public boolean next(Rows.Cells cells) {
        if (!isSecond) try {
            if (rows.next(cells)) {
                given++;
                return true;
            }
            close();
            return false;
        } catch (StoreException e) {
            orSecond(e);
        }
        return Rows.Cursor.super.next(cells);
    }

    /** Ends the snapshot. */
    @Override
    public void close() {
        if (isEnded) return;
        isEnded = true;
        if (rows != null) rows.close();
        database.longest(Integer.MAX_VALUE);
        database.execute("ROLLBACK");
    }
}
