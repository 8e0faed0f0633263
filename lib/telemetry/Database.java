package telemetry;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.Opening;
import telemetry.sqlite.SqliteConnection;
import telemetry.sqlite.Transactions;

/**
 * One connection to a SQLite file. For one thread at a time, except {@link #interrupt}.
 * Everything throws {@link StoreException}, whose reason says whether the file is missing, locked, damaged, full or not permitted.
 */
public final class Database implements AutoCloseable {

    /** How long to wait for a locked database: the runbook's 30 seconds. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int TRIES_TO_MEET = 5;

    private final SqliteConnection connection;
    private final Transactions transactions;

    private Database(SqliteConnection connection) {
        this.connection = connection;
        this.transactions = new Transactions(connection);
    }

    /**
     * Loads SQLite and its driver in a thread of its own. It is for a program that will open a database but must do something else first,
     * like reading its command line.
     */
    public static void warmUp() {
        var thread = new Thread(DatabaseFile::warmUp, "SQLite");
        thread.setDaemon(true);
        thread.start();
    }

    /** Opens an existing database to read and write. */
    public static Database open(Path file) {
        return open(file, PATIENCE);
    }

    /** The same with another patience, which counts from the opening on: a database can be locked then too. */
    public static Database open(Path file, Duration patience) {
        return new Database(Opening.toWrite(file, patience));
    }

    /** Opens a database, and makes an empty one when it is missing, with owner and group of its folder. */
    public static Database create(Path file) {
        return new Database(Opening.toMake(file, PATIENCE));
    }

    /**
     * Opens an existing database to look only. Every statement that would write is refused, no database can be attached, and no file is
     * created or left behind. A -wal or -journal that is there is left alone.
     *
     * @throws StoreException {@code DENIED} also when a program died while it wrote: its -journal must be rolled back before anybody can
     *                        read
     */
    public static Database openToRead(Path file) {
        return openToRead(file, PATIENCE);
    }

    /**
     * The same with another patience, which counts from the opening on. On a read-only file system, a copy in the temporary folder may be
     * what is opened; it goes with the connection.
     */
    public static Database openToRead(Path file, Duration patience) {
        return new Database(Opening.toRead(file, patience));
    }

    /**
     * As {@link #openToRead}. But if a program died while it wrote, its -journal is rolled back first, by opening the database to write.
     */
    public static Database openRolledBack(Path file, Duration patience) {
        return new Database(Opening.rolledBack(file, patience));
    }

    /** True when a program died while it wrote, and its -journal must be rolled back before anybody can read. Looks only. */
    public static boolean isTorn(Path file) {
        return Opening.isTorn(file);
    }

    /** Opens a file that nobody writes, such as a finished backup. No lock is taken, and a -wal is ignored. */
    public static Database openFrozen(Path file) {
        return new Database(Opening.frozen(file, PATIENCE));
    }

    /** Another connection to the same file for another thread, opened in the same way but to look only. */
    Database another() {
        return new Database(Opening.another(connection, PATIENCE));
    }

    /** The name of a table or column, quoted for SQL. */
    public static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    public Path file() {
        return connection.file();
    }

    /** Sets how long a statement waits for a lock before it gives up; {@link #PATIENCE} at first. */
    public Database patience(Duration patience) {
        connection.patience(patience);
        return this;
    }

    /** The version of SQLite's library; it needs no database. @throws StoreException when the library cannot be loaded */
    public static String libraryVersion() {
        return DatabaseFile.libraryVersion();
    }

    /** The version of the SQLite library in use. */
    public String sqliteVersion() {
        return (String) value("SELECT sqlite_version()");
    }

    /** Statements that meet a longer text or blob fail from now on; SQLite's own limit is a billion bytes. */
    public void longest(int bytes) {
        connection.longest(bytes);
    }

    /**
     * Statements work as long as they like from now on. Otherwise one that works far longer than its database's size explains is stopped.
     */
    public Database unlimited() {
        connection.unlimited();
        return this;
    }

    /** The names of the columns that a query would have. */
    public List<String> columns(String sql) {
        return connection.columns(sql);
    }

    /** Runs a query; its rows are fetched on demand. */
    public Rows query(String sql, Object... params) {
        return connection.query(sql, params);
    }

    /** The first row, if there is one. */
    public Optional<Row> one(String sql, Object... params) {
        try (Rows rows = query(sql, params)) {
            var iterator = rows.iterator();
            return iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
        }
    }

    /** As {@link #one}, for frequent questions: the statement stays prepared, and preparing takes longer than reading one row. */
    public Optional<Row> lookUp(String sql, Object... params) {
        return connection.lookUp(sql, params);
    }

    /** The first column of the first row; null when there is none. */
    public Object value(String sql, Object... params) {
        return one(sql, params).map(row -> row.get(0)).orElse(null);
    }

    /** The first column of the first row as a number: {@code SELECT count(*) …}. 0 when there is none. */
    public long number(String sql, Object... params) {
        return value(sql, params) instanceof Number number ? number.longValue() : 0;
    }

    /** Runs one statement that writes. @return how many rows it changed */
    public int update(String sql, Object... params) {
        return connection.update(sql, params);
    }

    /**
     * Runs the work in one transaction that holds the write lock from its beginning (BEGIN IMMEDIATE), so another writer cannot make it
     * fail half-way. An exception rolls it back and is rethrown.
     */
    public <T> T inTransaction(Supplier<T> work) {
        return transactions.writing(work);
    }

    /** The same for work without a result. */
    public void inTransaction(Runnable work) {
        inTransaction(() -> {
            work.run();
            return null;
        });
    }

    /**
     * Runs the work on one state of the database, without what others commit meanwhile. The work must not write. Within a transaction the
     * state is that of the transaction.
     */
    public <T> T inSnapshot(Supplier<T> work) {
        return transactions.isWriting() ? work.get() : transactions.reading(work);
    }

    /**
     * The same with a second connection to the same state, so that two threads can share the work. There is no second one within a
     * transaction, or when others commit so often that the two cannot meet.
     *
     * @param work receives the second connection, which is closed afterwards, or null
     */
    public <T> T inSnapshotOfTwo(Function<Database, T> work) {
        if (transactions.isWriting()) return work.apply(null);
        try (Database second = another()) {
            for (int i = 0; i < TRIES_TO_MEET; i++) {
                String version = pragma("data_version");
                Optional<T> result = second.inSnapshot(() -> inSnapshot(() -> version.equals(pragma("data_version"))
                        ? Optional.of(work.apply(second)) : Optional.empty()));
                if (result.isPresent()) return result.get();
            }
        }
        return inSnapshot(() -> work.apply(null));
    }

    /**
     * Copies the whole database, page by page, into a new file or over another database. Users of the target see the old content or the
     * new. A target in WAL mode stays in it. Within {@link #inSnapshot} that state is copied; outside, each commit of others starts the
     * copy again.
     *
     * @param patience how long to wait for the target's lock
     * @param bytes    receives the bytes copied so far, for the first time when nobody else can write to the target any more and all can
     *                 still read the old content
     * @throws StoreException with the target's path; {@code DAMAGED} may mean either of the two
     */
    public void copyTo(Path target, Duration patience, LongConsumer bytes) {
        connection.copyTo(target.toAbsolutePath(), number("PRAGMA page_count"), number("PRAGMA page_size"), patience, bytes);
    }

    /** Copies the whole database row by row into an empty file; SQLite makes all indexes anew, which is smaller. */
    public void vacuumInto(Path empty) {
        connection.vacuumInto(empty);
    }

    /** Runs one statement without parameters or result: DDL, VACUUM, ATTACH. */
    public void execute(String sql) {
        connection.execute(sql);
    }

    /** Attaches another database to this connection, as {@code name.table}. */
    public void attach(Path other, String name) {
        connection.attach(other, "rw", name);
    }

    /** The same to read only. A -wal is left alone, and nothing is written beside a database on a read-only file system. */
    public void attachToRead(Path other, String name) {
        connection.attachToRead(other, name);
    }

    /** As the other, for a file that nobody writes: a -wal beside it is left out, and nothing comes into being there. */
    public void attachFrozen(Path other, String name) {
        connection.attach(other, "ro&immutable=1", name);
    }

    public void detach(String name) {
        execute("DETACH DATABASE " + name);
    }

    /** A pragma's value as text, its first row; null when it gives none. */
    public String pragma(String name) {
        Object value = value("PRAGMA " + name);
        return value == null ? null : value.toString();
    }

    /** Sets a pragma. @return SQLite's answer; for journal_mode it may differ from the mode that was set */
    public String pragma(String name, Object value) {
        return pragma(name + "=" + value);
    }

    /** Stops the statement that another thread is running, which then throws; does nothing when none runs. */
    public void interrupt() {
        connection.interrupt();
    }

    /** Calls {@code tick} after this many steps of SQLite's machine (a million take some milliseconds) while a statement runs. */
    public void onProgress(int steps, Runnable tick) {
        connection.onProgress(steps, tick);
    }

    /** Closes every statement and the connection; what was not committed is rolled back. Never throws. */
    @Override
    public void close() {
        connection.close();
    }
}
