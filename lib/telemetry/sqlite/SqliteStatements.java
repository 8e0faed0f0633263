package telemetry.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import telemetry.StoreException;
import telemetry.text.Words;

/** A connection's prepared statements and the values bound to them. */
final class SqliteStatements implements AutoCloseable {
    private static final int MOST = 64;

    private final Path file;
    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new LinkedHashMap<>(16, 0.75f, true);

    SqliteStatements(Path file, Connection connection) {
        this.file = file;
        this.connection = connection;
    }

    /** Keeps statements prepared: a writer sends the same few again and again. */
    PreparedStatement prepared(String sql) throws SQLException {
        PreparedStatement statement = prepared.get(sql);
        if (statement != null) return statement;
        if (prepared.size() >= MOST) {
            var eldest = prepared.values().iterator();
            eldest.next().close();
            eldest.remove();
        }
        statement = connection.prepareStatement(sql);
        prepared.put(sql, statement);
        return statement;
    }

    /** Checks the number of values: the driver would bind NULL for a missing one. */
    void bind(PreparedStatement statement, Object... params) throws SQLException {
        int marks = statement.getParameterMetaData().getParameterCount();
        if (marks != params.length) throw new StoreException(StoreException.Reason.REFUSED, "query", file, "the statement asks for "
                + Words.count(marks, "value") + ", " + params.length + " given", null);
        for (int i = 0; i < params.length; i++) {
            Object value = params[i];
            if (value instanceof Boolean bool) statement.setInt(i + 1, bool ? 1 : 0);
            else if (value == null || value instanceof Number || value instanceof byte[]) statement.setObject(i + 1, value);
            else statement.setString(i + 1, value.toString());
        }
    }

    @Override
    public void close() {
        prepared.values().forEach(SqliteCursor::close);
        prepared.clear();
    }
}
