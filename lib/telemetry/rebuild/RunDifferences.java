package telemetry.rebuild;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import telemetry.Damage;
import telemetry.Database;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.Row;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.os.ScratchFolder;
import telemetry.runs.Columns;
import telemetry.store.Pruned;

/**
 * Compares a store's database with its day files, both ways, without a change to either. A run that the files know only as running is no
 * difference, whatever the database knows of it; nor is a run that was pruned, nor the form of a start time. Works in a scratch database in
 * the temporary folder, of the size of a rebuilt one.
 */
public final class RunDifferences implements AutoCloseable {

    /** Where a run is missing, or that it is not the same. */
    public enum Kind {
        ONLY_IN_DAY_FILES("only in the day files"), ONLY_IN_DATABASE("only in the database"), DIFFERENT("different");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** @param columns in which they differ; empty when the run is missing on one side */
    public record Difference(Kind kind, String runId, List<String> columns) { }

    /**
     * @param runs     in the database
     * @param inFiles  runs in the day files
     * @param damaged  entries that could not be read
     * @param damagedIn in which files, and how many in each
     * @param doubtful of these files, those whose checksum failed, and how much was taken from them all the same
     * @param denied   files that may not be read: the runs in them are missing on this side
     * @param missing  runs that the database lacks
     * @param unknown  runs that the day files lack
     * @param different runs of which the two say something different
     */
    public record Count(long runs, long inFiles, long damaged, Map<Path, Long> damagedIn, Map<Path, String> doubtful, List<Path> denied,
            long missing, long unknown, long different) {
        public boolean isSame() {
            return missing + unknown + different == 0;
        }
    }

    /** Lines that are written while they are read: after so many looks it is a difference. */
    private static final int ROUNDS = 3;

    private final Store store;
    private final Supplier<List<Path>> files;
    private final Map<Path, FileTime> read = new HashMap<>();
    private final Consumer<StoreException> onDenied;
    private final ScratchFolder folder = new ScratchFolder("telemetry-rebuild");
    private final Set<Path> denied = new LinkedHashSet<>();
    private final Map<Path, Long> damagedIn = new TreeMap<>();
    private final Map<Path, String> doubtful = new TreeMap<>();

    /** @param onDenied is told of each file that may not be read; what it throws ends the comparing */
    RunDifferences(Store store, Supplier<List<Path>> files, Consumer<StoreException> onDenied) {
        this.store = store;
        this.onDenied = onDenied;
        this.files = files;
    }

    /** @throws StoreException {@code DAMAGED} when the database is no good, {@code MISSING} when it is not there */
    Count find(Consumer<Difference> each) {
        OldDatabase old = OldDatabase.seen(store.database());
        if (old.state() != OldDatabase.State.INTACT)
            throw new StoreException(old.state() == OldDatabase.State.ABSENT ? StoreException.Reason.MISSING
                    : StoreException.Reason.DAMAGED, "compare", old.file(), old.why(), Next.command("rebuild"));
        try (var made = new NewDatabase(folder.path().resolve("scratch.sqlite"), old.ddl(), Pruned.of(store), this::damaged, this::denied)) {
            Count count = null;
            for (int round = 1; round <= ROUNDS && (count == null || !count.isSame() && hasUnread()); round++) {
                damagedIn.clear();
                doubtful.clear();
                denied.clear();
                made.load(this::unread, file -> { });
                count = count(made);
            }
            if (!count.isSame()) list(made, each);
            return count;
        }
    }

    private void damaged(LogEntry entry) {
        damagedIn.merge(entry.file(), 1L, Long::sum);
        if (entry.isDoubt()) doubtful.put(entry.file(), ((Damage) entry.record()).reason());
    }

    private void denied(StoreException e) {
        onDenied.accept(e);
        denied.add(e.path());
    }

    private boolean hasUnread() {
        return files.get().stream().anyMatch(file -> !changed(file).equals(read.get(file)));
    }

    private List<Path> unread() {
        List<Path> unread = new ArrayList<>();
        for (Path file : files.get()) {
            FileTime changed = changed(file);
            if (!changed.equals(read.put(file, changed))) unread.add(file);
        }
        return unread;
    }

    private static FileTime changed(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    private Count count(NewDatabase made) {
        Database database = made.database();
        database.attachToRead(store.database(), "live");
        try {
            String kinds = query(made);
            long damaged = damagedIn.values().stream().mapToLong(Long::longValue).sum();
            return new Count(database.number("SELECT count(*) FROM live.agent_runs"),
                    database.number("SELECT count(*) FROM main.agent_runs"), damaged, new TreeMap<>(damagedIn),
                    new TreeMap<>(doubtful), List.copyOf(denied),
                    database.number("SELECT count(*) FROM (" + kinds + ") WHERE kind = 0"),
                    database.number("SELECT count(*) FROM (" + kinds + ") WHERE kind = 1"),
                    database.number("SELECT count(*) FROM (" + kinds + ") WHERE kind = 2"));
        } finally {
            database.detach("live");
        }
    }

    private void list(NewDatabase made, Consumer<Difference> each) {
        made.database().attachToRead(store.database(), "live");
        for (Row row : made.database().query(query(made) + " ORDER BY kind, run_id")) {
            String columns = row.text("columns");
            each.accept(new Difference(Kind.values()[(int) row.number("kind")], row.text("run_id"),
                    columns == null ? List.of() : List.of(columns.strip().split(" "))));
        }
    }

    private static String query(NewDatabase made) {
        String key = made.schema().key();
        List<String> unequal = new ArrayList<>();
        List<String> columns = made.form().columns();
        for (int i = 0; i < columns.size(); i++) {
            String column = Database.quoted(columns.get(i));
            if (List.of("run_id", "event_id", "start_time").contains(columns.get(i)) || made.loader().isNamed(i).equals("0")) continue;
            String later = Columns.isFilledLater(columns.get(i)) ? " AND t." + column + " IS NOT NULL" : "";
            unequal.add("CASE WHEN t." + column + " IS NOT o." + column + later + " AND "
                    + made.loader().isNamed(i) + " THEN '" + columns.get(i).replace("'", "''") + " ' ELSE '' END");
        }
        return "SELECT 0 AS kind, run_id, NULL AS columns FROM main.agent_runs WHERE "
                + key + " NOT IN (SELECT " + key + " FROM live.agent_runs WHERE " + key + " IS NOT NULL)"
                + " UNION ALL SELECT 1, run_id, NULL FROM live.agent_runs WHERE " + key + " NOT IN (SELECT "
                + key + " FROM main.agent_runs)"
                + " UNION ALL SELECT 2, run_id, columns FROM (SELECT t.run_id, " + String.join(" || ", unequal) + " AS columns"
                + " FROM main.agent_runs AS t JOIN live.agent_runs AS o ON o." + key + " = t."
                + key + " WHERE t.status <> 'running') WHERE columns <> ''";
    }

    @Override
    public void close() {
        folder.close();
    }
}
