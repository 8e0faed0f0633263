package telemetry;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import telemetry.text.Table;

/**
 * A query's rows, fetched on demand. The statement ends by itself after the last row. If you stop earlier, close the rows; closing the
 * database closes them too. Printing shows the first rows as a table and consumes none.
 */
public final class Rows implements Iterable<Row>, AutoCloseable {
    private static final int SHOWN = 50;

    /** The source of the rows; {@code next} returns null after the last. */
    public interface Cursor extends AutoCloseable {
        Row next();

        /** Passes the next row's values instead of the row. @return false after the last */
        default boolean next(Cells cells) {
            Row row = next();
            if (row != null) give(row, cells);
            return row != null;
        }

        @Override
        void close();
    }

    /** Receives the values row by row, where a million rows would be too many objects. */
    public interface Cells {
        void text(byte[] utf8);

        void integer(long value);

        /** Double, byte[], List or null. */
        void other(Object value);

        void endRow();
    }

    private final List<String> columns;
    private final Cursor cursor;
    private final List<Row> shown = new ArrayList<>();
    private boolean ended;

    public Rows(List<String> columns, Cursor cursor) {
        this.columns = List.copyOf(columns);
        this.cursor = cursor;
    }

    /** Rows that are already in memory. */
    public static Rows of(List<String> columns, List<Row> rows) {
        Iterator<Row> next = rows.iterator();
        return new Rows(columns, new Cursor() {
            @Override
            public Row next() {
                return next.hasNext() ? next.next() : null;
            }

            @Override
            public void close() { }
        });
    }

    public List<String> columns() {
        return columns;
    }

    /** At most this many of these rows, which then end here too. */
    public Rows limit(long most) {
        Iterator<Row> rows = iterator();
        return new Rows(columns, new Cursor() {
            private long left = most;

            @Override
            public Row next() {
                return left-- > 0 && rows.hasNext() ? rows.next() : null;
            }

            @Override
            public boolean next(Cells cells) {
                return left-- > 0 && Rows.this.next(cells);
            }

            @Override
            public void close() {
                Rows.this.close();
            }
        });
    }

    /** The remaining rows; there is one pass only. */
    @Override
    public Iterator<Row> iterator() {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return peek(1) > 0;
            }

            @Override
            public Row next() {
                if (!hasNext()) throw new NoSuchElementException();
                return shown.remove(0);
            }
        };
    }

    /** Passes the values of the next row. @return false after the last */
    public boolean next(Cells cells) {
        if (!shown.isEmpty()) {
            give(shown.remove(0), cells);
            return true;
        }
        if (!ended && cursor.next(cells)) return true;
        if (!ended) close();
        return false;
    }

    private static void give(Row row, Cells cells) {
        for (Object value : row.values()) {
            if (value instanceof String text) cells.text(text.getBytes(StandardCharsets.UTF_8));
            else if (value instanceof Long number) cells.integer(number);
            else cells.other(value);
        }
        cells.endRow();
    }

    /** As {@link #iterator}; closing the stream closes the query. */
    public Stream<Row> stream() {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator(), Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(this::close);
    }

    /** All remaining rows, in memory. */
    public List<Row> list() {
        List<Row> list = new ArrayList<>();
        forEach(list::add);
        return list;
    }

    @Override
    public void close() {
        ended = true;
        cursor.close();
    }

    /** The next rows as a table, at most {@value #SHOWN}, on lines of their own: JShell writes {@code $1 ==>} before it. */
    @Override
    public String toString() {
        boolean more = peek(SHOWN + 1) > SHOWN;
        var table = new Table(columns.toArray(String[]::new));
        shown.stream().limit(SHOWN).forEach(row -> table.row(row.values().toArray()));
        return System.lineSeparator() + table + (more ? System.lineSeparator() + "… and more" : "");
    }

    private int peek(int wanted) {
        while (!ended && shown.size() < wanted) {
            Row row = cursor.next();
            if (row == null) close();
            else shown.add(row);
        }
        return shown.size();
    }
}
