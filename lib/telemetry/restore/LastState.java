package telemetry.restore;

import java.nio.file.Path;
import java.time.Duration;
import telemetry.Database;
import telemetry.StoreException;

/**
 * What a database says at the last moment before it is overwritten. Making the safety copy takes a while, in which writers commit: in WAL
 * mode a reader that begins when they are locked out goes on seeing just that state, and it is kept instead when it is another. With a
 * rollback journal nobody can read then, and what was committed between the copy and the lock stands in the day files only.
 */
final class LastState implements AutoCloseable {
    private final Database database;
    private final String version;
    private boolean tried;
    private boolean pinned;

    LastState(Path live, Duration patience) {
        this.database = Database.openRolledBack(live, patience);
        this.version = database.pragma("data_version");
    }

    void keep(SafetyCopy safety) {
        database.inSnapshot(() -> {
            safety.snapshot(database);
            return null;
        });
    }

    /** To be called once the database is locked for writers; again does nothing. */
    void pin() {
        if (tried) return;
        tried = true;
        try {
            database.patience(Duration.ZERO).execute("BEGIN");
            database.number("SELECT count(*) FROM sqlite_master");
            pinned = true;
        } catch (StoreException e) {
            // a rollback journal: readers are locked out too
        }
    }

    /** Keeps the pinned state in the place of what was kept before, when somebody has written since. */
    void keepIfNewer(SafetyCopy safety) {
        if (pinned && !version.equals(database.pragma("data_version"))) safety.snapshot(database);
    }

    @Override
    public void close() {
        database.close();
    }
}
