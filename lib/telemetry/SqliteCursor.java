package telemetry;

import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The rows of one statement, which it closes after the last. */
final class SqliteCursor implements Rows.Cursor {
    private final Path file;
    private final PreparedStatement statement;
    private final ResultSet result;
    private final List<String> columns;

    SqliteCursor(Path file, PreparedStatement statement) throws SQLException {
        this.file = file;
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
            Object[] values = new Object[columns.size()];
            for (int i = 0; i < values.length; i++) {
                Object value = result.getObject(i + 1);
                values[i] = value instanceof Integer number ? (Object) number.longValue() : value;
            }
            return new Row(columns, Collections.unmodifiableList(Arrays.asList(values)));
        } catch (SQLException e) {
            close();
            throw SqliteErrors.translate("query", file, e);
        }
    }

    @Override
    public void close() {
        close(statement);
    }

    private static List<String> names(ResultSetMetaData columns) throws SQLException {
        String[] names = new String[columns.getColumnCount()];
        for (int i = 0; i < names.length; i++) names[i] = columns.getColumnLabel(i + 1);
        return List.of(names);
    }

    static void close(AutoCloseable closeable) {
        try {
            if (closeable != null) closeable.close();
        } catch (Exception e) {
            // a statement or connection that cannot be closed has nothing to lose: commits have been answered before
        }
    }
}
