package telemetry.maintain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import telemetry.Check;
import telemetry.Database;
import telemetry.DayFile;
import telemetry.EventLog;
import telemetry.LogEntry;
import telemetry.Next;
import telemetry.Row;
import telemetry.Run;
import telemetry.Size;
import telemetry.Store;
import telemetry.StoreException;
import telemetry.daylog.BriefRecord;
import telemetry.daylog.LogReader;
import telemetry.os.Attempt;
import telemetry.os.Inside;
import telemetry.sqlite.DatabaseFile;
import telemetry.store.Pruned;
import telemetry.text.Runbook;
import telemetry.text.Table;
import telemetry.text.Words;

/**
 * Databases that somebody left beside the store's own: copies, damaged ones, what stood there before a restore. Nothing here deletes them.
 * Whether they have runs that neither the database nor a day file has is looked up by run_id.
 */
public final class DatabaseCopies {
    private static final String NAME = "copies";
    private static final List<String> COMPANIONS = List.of("-wal", "-shm", "-journal");

    /** @param runs that nothing else has; null when it cannot be read, or is none */
    record Copy(Path file, Size size, Instant changed, Long runs, String why) { }

    private final Store store;
    private final List<Path> files;

    /** Looks only. */
    public DatabaseCopies(Store store) {
        this.store = store;
        Path folder = store.database().getParent();
        this.files = Attempt.of("list the databases in", folder, () -> files(folder));
    }

    private List<Path> files(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        List<Path> own = DatabaseFile.present(store.database());
        for (Path file : Inside.list(folder)) {
            String name = file.getFileName().toString();
            boolean isOther = name.contains(".sqlite") && COMPANIONS.stream().noneMatch(name::endsWith) && !own.contains(file);
            if (isOther && !name.endsWith(".tmp") && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) found.add(file);
        }
        found.sort(null);
        return found;
    }

    public boolean isEmpty() {
        return files.isEmpty();
    }

    /** The checklist's item, for when there are any. */
    public Task task() {
        Map<Path, Set<String>> own = new HashMap<>();
        Map<Path, String> unread = new HashMap<>();
        for (Path file : files) {
            try {
                own.put(file, onlyIn(file));
            } catch (StoreException e) {
                unread.put(file, e.why());
            }
        }
        takeAwayThoseWithALine(own.values());
        List<Copy> copies = files.stream().map(file -> copy(file, own.get(file), unread.get(file))).toList();
        var table = new Table("file", "size", "changed", "runs that nothing else has");
        for (Copy copy : copies) table.row(copy.file.getFileName(), copy.size, DayFile.dayOf(copy.changed),
                copy.runs != null ? copy.runs : "unknown: " + copy.why);
        return judged(copies).with(table, copies);
    }

    private Copy copy(Path file, Set<String> runs, String why) {
        return Attempt.of("look at", file, () -> new Copy(file, new Size(Files.size(file)), Files.getLastModifiedTime(file).toInstant(),
                runs == null ? null : (long) runs.size(), why));
    }

    private Task judged(List<Copy> copies) {
        long runs = copies.stream().filter(copy -> copy.runs != null).mapToLong(Copy::runs).sum();
        long unread = copies.stream().filter(copy -> copy.runs == null).count();
        var size = new Size(copies.stream().mapToLong(copy -> copy.size.bytes()).sum());
        String detail = Words.count(copies.size(), "other file") + " beside the database, " + size + (runs == 0 ? ""
                : "; " + Words.count(runs, "run") + " in them that neither the database nor the day files have")
                + (unread == 0 ? "" : "; " + unread + " cannot be read");
        Next next = runs + unread > 0 ? Next.words("keep them elsewhere until their runs are known")
                : Next.words("delete what nobody needs");
        return Task.open(NAME, Check.Status.WARNING, detail, next.in(Runbook.MAINTENANCE));
    }

    /** Ids of runs that the store's database does not have and that were not pruned. */
    private Set<String> onlyIn(Path file) {
        Pruned pruned = Pruned.of(store);
        Set<String> only = new TreeSet<>();
        try (Database copy = Database.openFrozen(file); Database database = Database.openToRead(store.database())) {
            for (Row row : copy.query("SELECT run_id FROM agent_runs WHERE run_id IS NOT NULL")) {
                String id = String.valueOf(row.get(0));
                if (!pruned.contains(id) && database.lookUp("SELECT 1 FROM agent_runs WHERE run_id = ?", id).isEmpty()) only.add(id);
            }
        }
        return only;
    }

    /** Reads the day files only if there is a run to look for. */
    private void takeAwayThoseWithALine(Iterable<Set<String>> own) {
        boolean isAny = false;
        for (Set<String> runs : own) isAny |= !runs.isEmpty();
        if (!isAny) return;
        for (DayFile day : new EventLog(store).days()) {
            try (var entries = new LogReader(day.path(), 0, BriefRecord::read)) {
                while (entries.hasNext()) {
                    LogEntry entry = entries.next();
                    if (entry.record() instanceof Run run) for (Set<String> runs : own) runs.remove(run.id());
                }
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.MISSING && e.reason() != StoreException.Reason.DAMAGED) throw e;
            }
        }
    }
}
