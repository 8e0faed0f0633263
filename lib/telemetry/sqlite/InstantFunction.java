package telemetry.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import org.sqlite.Function;
import telemetry.Times;

/**
 * {@code telemetry_instant(value)} in SQL is {@link Times#instant} as a text that sorts as instants do, or NULL. Each connection of the
 * toolkit has it; no schema can hold it, so the agents, who do not have it, never need it.
 */
final class InstantFunction extends Function {
    private static final String NAME = "telemetry_instant";

    /** SQLite's SQLITE_DIRECTONLY: not for views, triggers, indexes and constraints. */
    private static final int DIRECT_ONLY = 0x80000;
    private static final int INTEGER = 1;
    private static final int FLOAT = 2;
    private static final int TEXT = 3;

    static void register(Path file, Connection connection) {
        try {
            Function.create(connection, NAME, new InstantFunction(), 1, FLAG_DETERMINISTIC | DIRECT_ONLY);
        } catch (SQLException e) {
            throw SqliteErrors.translate("open", file, e);
        }
    }

    @Override
    protected void xFunc() throws SQLException {
        Instant instant = Times.instant(switch (value_type(0)) {
            case INTEGER -> value_long(0);
            case FLOAT -> value_double(0);
            case TEXT -> value_text(0);
            default -> null;
        });
        if (instant == null) result();
        else result(Times.sortable(instant));
    }
}
