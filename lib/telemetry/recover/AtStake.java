package telemetry.recover;

import static java.util.stream.Collectors.joining;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import telemetry.Check;
import telemetry.Database;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.backup.Backup;
import telemetry.backup.BackupContent;
import telemetry.os.ScratchFolder;
import telemetry.restore.TakenAway;

/** What stands in a damaged database and not in what takes its place: said table by table before anything is replaced. */
final class AtStake {
    private AtStake() { }

    /**
     * Changes nothing.
     *
     * @param backup  what takes the place; null when the day files do, which have runs alone
     * @param isAlone whether the database is read without its -wal, which is another one's
     * @return null when there is nothing to name, or nobody can tell
     */
    static Check of(Store store, Backup backup, boolean isAlone, PrintWriter err) {
        try (Database old = old(store, isAlone);
                var folder = new ScratchFolder("telemetry-recover");
                var scratch = Database.create(folder.path().resolve("scratch.sqlite"))) {
            // SQLite reads two databases as one only when their texts are in the same encoding
            scratch.pragma("encoding", "'" + old.pragma("encoding") + "'");
            if (isAlone) scratch.attachFrozen(store.database(), "old");
            else scratch.attachToRead(store.database(), "old");
            List<TakenAway> taken = new ArrayList<>(backup == null ? TakenAway.between(scratch, "old", "main")
                    : against(backup, old, scratch, folder.path().resolve("unpacked"), err));
            if (backup == null) taken.removeIf(one -> one.table().equals("agent_runs") || one.table().equals("schema_migrations"));
            if (taken.isEmpty()) return null;
            return Check.warning("tables", "of the damaged database alone, to be filled in as far as they can be read: "
                    + taken.stream().map(TakenAway::toString).collect(joining("; ")), null);
        } catch (StoreException e) {
            return null;
        }
    }

    private static Database old(Store store, boolean isAlone) {
        return isAlone ? Database.openFrozen(store.database()) : Database.openToRead(store.database());
    }

    private static List<TakenAway> against(Backup backup, Database old, Database scratch, Path near, PrintWriter err) {
        if (!backup.isCompressed()) return against(backup.file(), old, scratch);
        try (BackupContent content = BackupContent.open(backup, near, err)) {
            return against(content.file(), old, scratch);
        }
    }

    private static List<TakenAway> against(Path backup, Database old, Database scratch) {
        try (Database now = Database.openFrozen(backup)) {
            if (!now.pragma("encoding").equals(old.pragma("encoding"))) return TakenAway.rowsOnlyIn(old, now);
        }
        scratch.attachFrozen(backup, "now");
        try {
            return TakenAway.between(scratch, "old", "now");
        } finally {
            scratch.detach("now");
        }
    }
}
