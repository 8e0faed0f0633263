package telemetry.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.sqlite.Function;
import telemetry.text.PythonJson;

/** {@code telemetry_json(text)} in SQL is {@link PythonJson#canonical}, and NULL for what is no text. As {@link InstantFunction} it is. */
final class JsonFunction extends Function {
    private static final int DIRECT_ONLY = 0x80000;
    private static final int TEXT = 3;

    static void register(Path file, Connection connection) {
        try {
            Function.create(connection, "telemetry_json", new JsonFunction(), 1, FLAG_DETERMINISTIC | DIRECT_ONLY);
        } catch (SQLException e) {
            throw SqliteErrors.translate("open", file, e);
        }
    }

    @Override
    protected void xFunc() throws SQLException {
        if (value_type(0) == TEXT) result(PythonJson.canonical(value_text(0)));
        else result();
    }
}
