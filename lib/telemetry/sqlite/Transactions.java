package telemetry.sqlite;

import java.util.function.Supplier;
import telemetry.StoreException;

/** The transactions of one connection, which do not nest. An exception in one rolls it back and is rethrown. */
public final class Transactions {
    private final SqliteConnection connection;
    private boolean isWriting;

    public Transactions(SqliteConnection connection) {
        this.connection = connection;
    }

    /** True within {@link #writing}. */
    public boolean isWriting() {
        return isWriting;
    }

    /** Does the work in one that holds the write lock from its beginning (BEGIN IMMEDIATE), and commits it. */
    public <T> T writing(Supplier<T> work) {
        if (isWriting) throw new IllegalStateException("transactions do not nest");
        connection.again("BEGIN IMMEDIATE");
        isWriting = true;
        try {
            T result = work.get();
            connection.again("COMMIT");
            return result;
        } catch (RuntimeException | Error e) {
            rollBack(e);
            throw e;
        } finally {
            isWriting = false;
        }
    }

    /** Does work that only reads, all of it on the state that is there when it begins. */
    public <T> T reading(Supplier<T> work) {
        connection.execute("BEGIN");
        try {
            connection.query("SELECT count(*) FROM sqlite_master").list();
            T result = work.get();
            connection.execute("ROLLBACK");
            return result;
        } catch (RuntimeException | Error e) {
            rollBack(e);
            throw e;
        }
    }

    private void rollBack(Throwable cause) {
        try {
            connection.execute("ROLLBACK");
        } catch (StoreException e) {
            cause.addSuppressed(e);
        }
    }
}
