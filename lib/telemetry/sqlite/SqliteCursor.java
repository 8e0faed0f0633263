package telemetry.sqlite;

import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.sqlite.core.Codes;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;
import telemetry.Row;
import telemetry.Rows;
import telemetry.StoreException;

/** The rows of one statement, closed after the last row. */
final class SqliteCursor implements Rows.Cursor {

    /** From this many rows on it pays to ask for the database's text encoding. */
    private static final int MANY = 100;

    private final Function<SQLException, StoreException> refused;
    private final PreparedStatement statement;
    private final ResultSet result;
    private final List<String> columns;
    private int rows;
    private boolean quick;

    /** @param refused what a failure means */
    SqliteCursor(PreparedStatement statement, Function<SQLException, StoreException> refused) throws SQLException {
        this.refused = refused;
        this.statement = statement;
        boolean hasRows = statement.execute();
        this.result = hasRows ? statement.getResultSet() : null;
        this.columns = hasRows ? names(result.getMetaData()) : List.of();
    }

    Rows rows() {
        return new Rows(columns, this);
    }

    @Override
    public Row next() {
        try {
            if (result == null || !result.next()) return null;
            if (++rows == MANY) quick = isUtf8();
            Object[] values = quick ? ((CoreStatement) statement).pointer.safeRun(this::quickly) : values(result, columns.size());
            return new Row(columns, Collections.unmodifiableList(Arrays.asList(values)));
        } catch (SQLException e) {
            close();
            throw refused.apply(e);
        }
    }

    @Override
    public boolean next(Rows.Cells cells) {
        if (!quick) return Rows.Cursor.super.next(cells);
        try {
            if (!result.next()) return false;
            ((CoreStatement) statement).pointer.safeRunConsume((sqlite, row) -> give(sqlite, row, cells));
            return true;
        } catch (SQLException e) {
            close();
            throw refused.apply(e);
        }
    }

    private void give(DB sqlite, long row, Rows.Cells cells) throws SQLException {
        for (int i = 0, count = columns.size(); i < count; i++) switch (sqlite.column_type(row, i)) {
            case Codes.SQLITE_INTEGER -> cells.integer(sqlite.column_long(row, i));
            case Codes.SQLITE_FLOAT -> cells.other(sqlite.column_double(row, i));
            case Codes.SQLITE_TEXT -> cells.text(sqlite.column_blob(row, i));
            case Codes.SQLITE_BLOB -> cells.other(sqlite.column_blob(row, i));
            default -> cells.other(null);
        }
        cells.endRow();
    }

    /** The first row of the caller's result, which stays open. */
    static Optional<Row> first(ResultSet result) throws SQLException {
        if (!result.next()) return Optional.empty();
        List<String> columns = names(result.getMetaData());
        return Optional.of(new Row(columns, Collections.unmodifiableList(Arrays.asList(values(result, columns.size())))));
    }

    private static Object[] values(ResultSet result, int count) throws SQLException {
        Object[] values = new Object[count];
        for (int i = 0; i < count; i++) {
            Object value = result.getObject(i + 1);
            values[i] = value instanceof Integer number ? (Object) number.longValue() : value;
        }
        return values;
    }

    /** Bypasses the driver's result set, which decodes texts through a buffer of its own and is slower (bench row {@code csv}). */
    private Object[] quickly(DB sqlite, long row) throws SQLException {
        Object[] values = new Object[columns.size()];
        for (int i = 0; i < values.length; i++) values[i] = switch (sqlite.column_type(row, i)) {
            case Codes.SQLITE_INTEGER -> (Object) sqlite.column_long(row, i);
            case Codes.SQLITE_FLOAT -> (Object) sqlite.column_double(row, i);
            case Codes.SQLITE_TEXT -> new String(sqlite.column_blob(row, i), StandardCharsets.UTF_8);
            case Codes.SQLITE_BLOB -> sqlite.column_blob(row, i);
            default -> null;
        };
        return values;
    }

    private boolean isUtf8() throws SQLException {
        try (var other = statement.getConnection().createStatement(); var encoding = other.executeQuery("PRAGMA encoding")) {
            return encoding.next() && "UTF-8".equals(encoding.getString(1));
        }
    }

    @Override
    public void close() {
        close(statement);
    }

    static List<String> names(ResultSetMetaData columns) throws SQLException {
        String[] names = new String[columns.getColumnCount()];
        for (int i = 0; i < names.length; i++) names[i] = columns.getColumnLabel(i + 1);
        return List.of(names);
    }

    static void close(AutoCloseable closeable) {
        try {
            if (closeable != null) closeable.close();
        } catch (Exception e) {
            // nothing is lost: commits were answered before
        }
    }
}
