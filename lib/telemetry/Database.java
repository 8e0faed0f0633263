package telemetry;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import telemetry.os.Disk;
import telemetry.sqlite.DatabaseFile;
import telemetry.sqlite.SqliteConnection;
import telemetry.sqlite.SqliteErrors;
import telemetry.sqlite.WalRoom;

/**
 * One connection to a SQLite file. For one thread at a time, except {@link #interrupt}.
 * Everything throws {@link StoreException}, whose reason says whether the file is missing, locked, damaged, full or not permitted.
 */
public final class Database implements AutoCloseable {

    /** How long a locked database is waited for: the runbook's 30 seconds. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int TRIES_TO_MEET = 5;

    private final Path file;
    private final String mode;
    private final SqliteConnection connection;
    private boolean inTransaction;

    private Database(Path file, String mode, Duration patience) {
        this.file = file;
        this.mode = mode;
        this.connection = new SqliteConnection(file, mode, patience);
    }

    /**
     * Has a thread of its own load SQLite and its driver, for a program that will open a database and has something else to do first, like
     * reading its command line: each is about half of the time of a short command.
     */
    public static void warmUp() {
        var thread = new Thread(DatabaseFile::warmUp, "SQLite");
        thread.setDaemon(true);
        thread.start();
    }

    /** Opens a database that exists, to read and write. */
    public static Database open(Path file) {
        return open(file, PATIENCE);
    }

    /** As the other, with another patience from the beginning on: a locked database is waited for when it is opened, too. */
    public static Database open(Path file, Duration patience) {
        return open(file, "mode=rw", patience, false);
    }

    /** Opens a database, making an empty one when there is none. */
    public static Database create(Path file) {
        return open(file, "mode=rwc", PATIENCE, false);
    }

    /**
     * Opens a database that exists, to look only: every statement that would write is refused, no database can be attached, and no file
     * is created or left behind. With a -wal or -journal that somebody left, SQLite's read-only mode is what leaves that one alone;
     * without, it is a normal opening, because the read-only mode would leave an empty -wal and -shm behind.
     *
     * @throws StoreException {@code DENIED} also when a program died while it wrote: its -journal has to be rolled back before anybody can
     *                        read
     */
    public static Database openToRead(Path file) {
        return openToRead(file, PATIENCE);
    }

    /**
     * As the other, with another patience from the beginning on. Where the file system is read-only, nobody writes, and nothing has to be
     * written beside the file.
     */
    public static Database openToRead(Path file, Duration patience) {
        boolean touched = Files.exists(DatabaseFile.beside(file, "-wal")) || Files.exists(DatabaseFile.beside(file, "-journal"));
        try {
            return open(file, touched ? "mode=ro" : "mode=rw", patience, true);
        } catch (StoreException e) {
            if (touched || e.reason() != StoreException.Reason.DENIED || !Disk.isReadOnly(file)) throw e;
            return openFrozen(file);
        }
    }

    /**
     * As {@link #openToRead}, but a -journal that a program left when it died while it wrote is rolled back first, which opening it to
     * write does.
     */
    public static Database openRolledBack(Path file, Duration patience) {
        try {
            return openToRead(file, patience);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.DENIED || Files.notExists(DatabaseFile.beside(file, "-journal"))) throw e;
            return open(file, patience);
        }
    }

    /** True when a program died while it wrote and its -journal has to be rolled back before anybody can read. Looks only. */
    public static boolean isTorn(Path file) {
        if (DatabaseFile.beside(file, "-journal").toFile().length() == 0) return false;
        try {
            openToRead(file, Duration.ZERO).close();
            return false;
        } catch (StoreException e) {
            return SqliteErrors.isLeftJournal(e);
        }
    }

    /** Opens a file that nobody writes, a finished backup say: no lock is taken and a -wal is ignored. */
    public static Database openFrozen(Path file) {
        return open(file, "mode=ro&immutable=1", PATIENCE, true);
    }

    private static Database open(Path file, String mode, Duration patience, boolean queryOnly) {
        Path absolute = file.toAbsolutePath();
        if (!mode.equals("mode=rwc") && !mode.endsWith("immutable=1")) WalRoom.require(absolute, patience);
        Database database = new Database(absolute, mode, patience);
        try {
            if (queryOnly) database.connection.refuseWrites();
            database.pragma("schema_version");
            return database;
        } catch (StoreException e) {
            database.close();
            throw e;
        }
    }

    /** Another connection to the same file, opened in the same way but to look only: for another thread. */
    Database another() {
        return open(file, mode.equals("mode=rwc") ? "mode=rw" : mode, PATIENCE, true);
    }

    /** A table's or column's name as SQL takes any. */
    public static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    public Path file() {
        return file;
    }

    /** How long a lock is waited for before a statement gives up; {@link #PATIENCE} at first. */
    public Database patience(Duration patience) {
        connection.patience(patience);
        return this;
    }

    /** The version of SQLite's library, for which no database is needed. @throws StoreException when it cannot be loaded */
    public static String libraryVersion() {
        return DatabaseFile.libraryVersion();
    }

    /** The version of the SQLite library in use. */
    public String sqliteVersion() {
        return (String) value("SELECT sqlite_version()");
    }

    /** Runs a query; its rows are fetched as they are asked for. */
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

    /** As {@link #one}, for what is asked again and again: the statement stays prepared, which is most of the time of a look at one row. */
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
     * Runs the work in one transaction that holds the write lock from its beginning (BEGIN IMMEDIATE), so that it cannot fail half-way
     * because of another writer. An exception rolls it back and is thrown on.
     */
    public <T> T inTransaction(Supplier<T> work) {
        if (inTransaction) throw new IllegalStateException("transactions do not nest");
        connection.again("BEGIN IMMEDIATE");
        inTransaction = true;
        try {
            T result = work.get();
            connection.again("COMMIT");
            return result;
        } catch (RuntimeException | Error e) {
            rollback(e);
            throw e;
        } finally {
            inTransaction = false;
        }
    }

    /** As the other, for work without a result. */
    public void inTransaction(Runnable work) {
        inTransaction(() -> {
            work.run();
            return null;
        });
    }

    /**
     * Runs the work on one state of the database: what others commit meanwhile it does not see. It must not write. Within a transaction it
     * is that one's state.
     */
    public <T> T inSnapshot(Supplier<T> work) {
        if (inTransaction) return work.get();
        execute("BEGIN");
        try {
            number("SELECT count(*) FROM sqlite_master");
            T result = work.get();
            execute("ROLLBACK");
            return result;
        } catch (RuntimeException | Error e) {
            rollback(e);
            throw e;
        }
    }

    /**
     * As the other, with a second connection to the same state, so that two threads can share the work. Where others commit so often that
     * the two cannot meet, and within a transaction, there is none.
     *
     * @param work is given the second connection, or null; it is closed afterwards
     */
    public <T> T inSnapshotOfTwo(Function<Database, T> work) {
        if (inTransaction) return work.apply(null);
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
     * Copies the whole of it, page by page, into a new file or over another database, whose users see the old content or the new. One in
     * WAL mode stays in it. Within {@link #inSnapshot} it is that state which is copied; outside, each commit of others makes it begin
     * anew.
     *
     * @param patience how long the target's lock is waited for
     * @param bytes    is given how many are copied, for the first time when nobody else can write to the target any more and all can still
     *                 read what was there
     * @throws StoreException with the target's path; {@code DAMAGED} may mean either of the two
     */
    public void copyTo(Path target, Duration patience, LongConsumer bytes) {
        connection.copyTo(target.toAbsolutePath(), number("PRAGMA page_count"), number("PRAGMA page_size"), patience, bytes);
    }

    private void rollback(Throwable cause) {
        try {
            execute("ROLLBACK");
        } catch (StoreException e) {
            cause.addSuppressed(e);
        }
    }

    /** Runs one statement without parameters or result: DDL, VACUUM, ATTACH. */
    public void execute(String sql) {
        connection.execute(sql);
    }

    /** Has another database at hand in this connection's statements, as {@code name.table}. */
    public void attach(Path other, String name) {
        execute("ATTACH DATABASE '" + Disk.uri(other.toAbsolutePath()) + "?mode=rw' AS " + name);
    }

    /** As the other, to read only; a -wal is left alone. On a read-only file system nothing has to be written beside it. */
    public void attachToRead(Path other, String name) {
        String mode = Files.exists(DatabaseFile.beside(other, "-wal")) ? "ro" : Disk.isReadOnly(other) ? "ro&immutable=1" : "rw";
        execute("ATTACH DATABASE '" + Disk.uri(other.toAbsolutePath()) + "?mode=" + mode + "' AS " + name);
    }

    public void detach(String name) {
        execute("DETACH DATABASE " + name);
    }

    /** A pragma's value as text, its first row; null when it gives none. */
    public String pragma(String name) {
        Object value = value("PRAGMA " + name);
        return value == null ? null : value.toString();
    }

    /** Sets a pragma. @return what SQLite answers, which for journal_mode may be another mode than the one asked for */
    public String pragma(String name, Object value) {
        return pragma(name + "=" + value);
    }

    /** Ends the statement that another thread is running, which then throws; does nothing when none runs. */
    public void interrupt() {
        connection.interrupt();
    }

    /** Has something called every so many steps of SQLite's machine (a million is some milliseconds) while a statement runs. */
    public void onProgress(int steps, Runnable tick) {
        connection.onProgress(steps, tick);
    }

    /** Closes every statement and the connection; what was not committed is rolled back. Never throws: nothing hangs on it. */
    @Override
    public void close() {
        connection.close();
    }
}
