package telemetry.logs;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import telemetry.Check;
import telemetry.Damage;
import telemetry.LogEntry;
import telemetry.StoreException;

/** What of the day files could not be read: each piece is told when it is met, up to so many of a file, and counted. */
public final class Unread {
    private static final int NAMED = 20;

    private final Consumer<String> notes;
    private final Map<Path, Long> damaged = new TreeMap<>();
    private final Set<Path> denied = new HashSet<>();

    /** @param notes is told of each, a line without the command's name */
    public Unread(Consumer<String> notes) {
        this.notes = notes;
    }

    public void damaged(LogEntry entry) {
        if (damaged.merge(entry.file(), 1L, Long::sum) > NAMED) return;
        notes.accept(entry.file() + ": byte " + entry.offset() + ": " + ((Damage) entry.record()).reason());
    }

    /** Of a file that may not be read, from any thread; told once. */
    public synchronized void denied(StoreException e) {
        if (denied.add(e.path())) notes.accept(e.getMessage());
    }

    /** Tells how many pieces there were where not all were named. */
    public void sum() {
        damaged.forEach((file, count) -> {
            if (count > NAMED) notes.accept(file + ": " + count + " damaged pieces in all");
        });
    }

    public Check.Status status() {
        return status(!damaged.isEmpty());
    }

    /** Of what may not be read nothing can be told, which is worse than to know of damage. */
    Check.Status status(boolean isDamaged) {
        return !denied.isEmpty() ? Check.Status.UNKNOWN : isDamaged ? Check.Status.WARNING : Check.Status.OK;
    }
}
