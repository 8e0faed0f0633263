package telemetry.health;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import telemetry.Check;
import telemetry.Database;
import telemetry.StoreException;

/**
 * A check of the database that goes on on a thread and a connection of its own while others are made: of a million runs SQLite's look takes
 * four seconds, and
 * the other checks, half a second to one, are made meanwhile.
 */
final class BackgroundCheck implements AutoCloseable {
    private final Database database;
    private final FutureTask<Check> check;

    /** Begins it. @throws StoreException when the database cannot be opened once more */
    BackgroundCheck(Path file, Duration patience, Function<Database, Check> look) {
        database = Database.openToRead(file, patience);
        check = new FutureTask<>(() -> look.apply(database));
        var thread = new Thread(check, "integrity");
        thread.setDaemon(true);
        thread.start();
    }

    /** Waits for it. @throws StoreException as the check did */
    Check result() {
        try {
            return check.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException known) throw known;
            if (e.getCause() instanceof Error known) throw known;
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(StoreException.Reason.FAILED, "check the database", database.file(), "interrupted", null, e);
        }
    }

    /** Ends it, if it goes on yet. */
    @Override
    public void close() {
        while (!check.isDone()) {
            database.interrupt();
            pause();
        }
        database.close();
    }

    /** It may be between two statements. */
    private static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
