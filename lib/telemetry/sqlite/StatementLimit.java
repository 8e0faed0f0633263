package telemetry.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConnection;
import telemetry.StoreException;
import telemetry.Times;

/**
 * Stops a statement that does not come to its end: a view or a trigger that somebody put into the database can work for ever. The limit is
 * ten seconds of SQLite's work and one more for each MB of the databases, which is far more than any statement of the toolkit takes. What a
 * statement waits for does not count.
 */
final class StatementLimit extends ProgressHandler {

    /** Steps of SQLite's machine between two looks at the clock: some milliseconds. */
    private static final int STEPS = 100_000;

    private static final long LEAST = Duration.ofSeconds(10).toNanos();
    private static final long A_MB = Duration.ofSeconds(1).toNanos() / 1_000_000;

    /** More between two looks is waiting: for a lock, or for whoever takes the rows. */
    private static final long MOST_A_LOOK = Duration.ofMillis(100).toNanos();

    private final Path file;
    private final Connection connection;
    private final List<Path> attached = new ArrayList<>();
    private boolean isOff;
    private long last;
    private long used;
    private String stopped;

    StatementLimit(Path file, Connection connection) throws SQLException {
        this.file = file;
        this.connection = connection;
        ProgressHandler.setHandler(connection, STEPS, this);
    }

    /** Counts again from nothing, after another handler was set too. */
    void again() throws SQLException {
        ProgressHandler.setHandler(connection, STEPS, this);
    }

    /** For statements that the operator writes, who can stop them. */
    void off() {
        isOff = true;
    }

    /** Another database whose size counts. */
    void attached(Path other) {
        attached.add(other);
    }

    /** A statement begins. */
    void begin() {
        used = 0;
        last = System.nanoTime();
        stopped = null;
    }

    @Override
    protected int progress() {
        long now = System.nanoTime();
        used += Math.min(MOST_A_LOOK, now - last);
        last = now;
        if (isOff || used < LEAST || used < most()) return 0;
        stopped = Times.words(Duration.ofNanos(used));
        interrupt();
        return 1;
    }

    /** Some of SQLite's own statements prepare others and go on with the next one; this ends them all. */
    private void interrupt() {
        try {
            connection.unwrap(SQLiteConnection.class).getDatabase().interrupt();
        } catch (SQLException e) {
            // the statement alone is stopped then
        }
    }

    private long most() {
        long bytes = file.toFile().length();
        for (Path other : attached) bytes += other.toFile().length();
        return LEAST + A_MB * bytes;
    }

    /** @return what a statement's failure is because of this limit; null when it is something else */
    StoreException refusal(String tried, String sql, SQLException e) {
        if (stopped == null) return null;
        String why = "it was stopped after " + stopped + " of work" + suspects(sql);
        return new StoreException(StoreException.Reason.FAILED, tried, file, why, null, e);
    }

    /** The views that the statement names, or else the triggers of the tables that it names, or else all of them. */
    private String suspects(String sql) {
        begin();
        List<String> views = new ArrayList<>();
        List<String> triggers = new ArrayList<>();
        List<String> all = new ArrayList<>();
        try (var statement = connection.createStatement(); var schemas = connection.createStatement();
                var names = schemas.executeQuery("SELECT name FROM pragma_database_list")) {
            while (names.next()) try (var rows = statement.executeQuery("SELECT type, name, tbl_name FROM \""
                    + names.getString(1).replace("\"", "\"\"") + "\".sqlite_schema WHERE type IN ('view', 'trigger')")) {
                while (rows.next()) {
                    String name = "the " + rows.getString(1) + " " + rows.getString(2);
                    all.add(name);
                    if (names(sql, rows.getString(3))) (rows.getString(1).equals("view") ? views : triggers).add(name);
                }
            }
        } catch (SQLException e) {
            return "";
        }
        List<String> likely = !views.isEmpty() ? views : !triggers.isEmpty() ? triggers : all;
        return likely.isEmpty() ? "" : ": look at " + String.join(", ", likely.subList(0, Math.min(3, likely.size())))
                + (likely.size() > 3 ? " and " + (likely.size() - 3) + " more" : "");
    }

    private static boolean names(String sql, String table) {
        return Pattern.compile("(?i)(?<![\\w])" + Pattern.quote(table) + "(?![\\w])").matcher(sql).find();
    }
}
