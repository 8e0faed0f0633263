//DEPS org.xerial:sqlite-jdbc:3.54.1.0
package telemetry.sqlite;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteLimits;
import telemetry.Row;
import telemetry.Rows;
import telemetry.StoreException;
import telemetry.os.Disk;
import telemetry.os.MountPoint;

/** A connection to a SQLite file by the driver. All other code uses {@code Database}. */
public final class SqliteConnection implements AutoCloseable {
    private final Path file;
    private final Path opened;
    private final String mode;
    private final Connection connection;
    private final SqliteStatements statements;
    private final StatementLimit limit;

    /** Of this database and of attached ones on read-only file systems. */
    private final List<ReadOnlyCopy> copies = new ArrayList<>();

    /**
     * @param file absolute
     * @param mode as in sqlite.org/uri.html: {@code mode=rw}
     * @throws StoreException when the file is missing, empty, a directory or not permitted, unless the mode is to create it
     */
    public SqliteConnection(Path file, String mode, Duration patience) {
        this(file, file, mode, patience);
    }

    /** The same with a copy of the file. @param file that is named where something goes wrong */
    SqliteConnection(Path file, Path opened, String mode, Duration patience) {
        this.file = file;
        this.opened = opened;
        this.mode = mode;
        this.connection = DatabaseFile.connect(opened, mode);
        InstantFunction.register(file, connection);
        JsonFunction.register(file, connection);
        this.statements = new SqliteStatements(file, connection);
        this.limit = guarded();
        patience(patience);
    }

    /**
     * What stands in the schema is other people's: no view, trigger or constraint of it calls functions that could do harm, a damaged page
     * is found when it is read, and no statement works for ever.
     */
    private StatementLimit guarded() {
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA trusted_schema=0");
            statement.execute("PRAGMA cell_size_check=1");
            return new StatementLimit(file, connection);
        } catch (SQLException e) {
            SqliteCursor.close(connection);
            throw SqliteErrors.translate("configure", file, e);
        }
    }

    public Path file() {
        return file;
    }

    /** The file, or the copy of it that is open. */
    Path opened() {
        return opened;
    }

    String mode() {
        return mode;
    }

    /** Lets statements work as long as they like: the operator writes them, and can stop them. */
    public void unlimited() {
        limit.off();
    }

    /** Sets how long a statement waits for a lock before it gives up. */
    public void patience(Duration patience) {
        try {
            driver().getDatabase().busy_timeout((int) patience.toMillis());
        } catch (SQLException e) {
            throw SqliteErrors.translate("configure", file, e);
        }
    }

    /** Refuses every later statement that would write, and the attaching of databases. */
    public void refuseWrites() {
        query("PRAGMA query_only=1").close();
        try {
            driver().getDatabase().limit(SQLiteLimits.SQLITE_LIMIT_ATTACHED.getId(), 0);
        } catch (SQLException e) {
            throw SqliteErrors.translate("configure", file, e);
        }
    }

    /** A copy that goes when this is closed. */
    public void owns(ReadOnlyCopy copy) {
        copies.add(copy);
    }

    /** Attaches another database as {@code name.table}. @param mode as in sqlite.org/uri.html: {@code rw} */
    public void attach(Path other, String mode, String name) {
        limit.attached(other);
        execute("ATTACH DATABASE '" + Disk.uri(DatabaseFile.real(other)) + "?mode=" + mode + "' AS " + name);
    }

    /** The same to read only; nothing is written beside it, nor folded in. */
    public void attachToRead(Path other, String name) {
        if (ReadOnlyCopy.isNeeded(other)) {
            owns(new ReadOnlyCopy(other.toAbsolutePath()));
            attach(copies.get(copies.size() - 1).file(), "rw", name);
            return;
        }
        String mode = Files.exists(DatabaseFile.beside(other, "-wal")) ? "ro" : MountPoint.isReadOnly(other) ? "ro&immutable=1" : "rw";
        attach(other, mode, name);
    }

    /** Refuses values that are longer, in bytes. */
    public void longest(int bytes) {
        try {
            driver().getDatabase().limit(SQLiteLimits.SQLITE_LIMIT_LENGTH.getId(), bytes);
        } catch (SQLException e) {
            throw SqliteErrors.translate("configure", file, e);
        }
    }

    /** The names of a statement's columns, without running it. */
    public List<String> columns(String sql) {
        limit.begin();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            return SqliteCursor.names(statement.getMetaData());
        } catch (SQLException e) {
            throw refused("query", sql, e);
        }
    }

    public Rows query(String sql, Object... params) {
        PreparedStatement statement = null;
        limit.begin();
        try {
            statement = connection.prepareStatement(sql);
            statements.bind(statement, params);
            return new SqliteCursor(statement, e -> refused("query", sql, e)).rows();
        } catch (SQLException e) {
            SqliteCursor.close(statement);
            throw refused("query", sql, e);
        } catch (StoreException e) {
            SqliteCursor.close(statement);
            throw e;
        }
    }

    /** The first row of a statement, which stays prepared. */
    public Optional<Row> lookUp(String sql, Object... params) {
        limit.begin();
        try {
            PreparedStatement statement = statements.prepared(sql);
            statements.bind(statement, params);
            try (ResultSet row = statement.executeQuery()) {
                return SqliteCursor.first(row);
            }
        } catch (SQLException e) {
            throw refused("query", sql, e);
        }
    }

    /** Runs a statement, which stays prepared. @return how many rows it changed */
    public int update(String sql, Object... params) {
        limit.begin();
        try {
            PreparedStatement statement = statements.prepared(sql);
            statements.bind(statement, params);
            return statement.executeUpdate();
        } catch (SQLException e) {
            throw refused("write to", sql, e);
        }
    }

    /** Runs a statement without parameters or result. */
    public void execute(String sql) {
        limit.begin();
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw refused(tried(sql), sql, e);
        }
    }

    /** As {@link #execute}, for frequent statements: the statement stays prepared. */
    public void again(String sql) {
        limit.begin();
        try {
            statements.prepared(sql).execute();
        } catch (SQLException e) {
            throw refused(tried(sql), sql, e);
        }
    }

    private StoreException refused(String tried, String sql, SQLException e) {
        StoreException stopped = limit.refusal(tried, sql, e);
        return stopped != null ? stopped : SqliteErrors.translate(tried, file, e);
    }

    private static String tried(String sql) {
        return sql.startsWith("BEGIN") ? "begin to write to" : "write to";
    }

    /** As {@link PageCopy#make}. */
    public void copyTo(Path target, long pages, long pageSize, Duration patience, LongConsumer bytes) {
        try {
            new PageCopy(file, driver(), pages, pageSize).make(target, patience, bytes);
        } catch (SQLException e) {
            throw SqliteErrors.translate("copy " + file + " to", target, e);
        }
    }

    /** Copies the database row by row into an empty file. */
    public void vacuumInto(Path empty) {
        update("VACUUM INTO ?", DatabaseFile.real(empty));
    }

    /** Stops the statement that another thread is running. */
    public void interrupt() {
        try {
            driver().getDatabase().interrupt();
        } catch (SQLException e) {
            throw SqliteErrors.translate("interrupt", file, e);
        }
    }

    /** Calls {@code tick} after this many steps of SQLite's machine while a statement runs, which has no limit then; 0 stops it. */
    public void onProgress(int steps, Runnable tick) {
        try {
            if (steps == 0) limit.again();
            else ProgressHandler.setHandler(connection, steps, new ProgressHandler() {
                @Override
                protected int progress() {
                    tick.run();
                    return 0;
                }
            });
        } catch (SQLException e) {
            throw SqliteErrors.translate("watch", file, e);
        }
    }

    private SQLiteConnection driver() throws SQLException {
        return connection.unwrap(SQLiteConnection.class);
    }

    /** Closes every statement and the connection. Never throws. */
    @Override
    public void close() {
        statements.close();
        SqliteCursor.close(connection);
        for (ReadOnlyCopy copy : copies) copy.close();
    }
}
