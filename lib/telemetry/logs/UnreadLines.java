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
import telemetry.os.Account;
import telemetry.os.Attempt;

/** Pieces of day files that could not be read. Each is reported when it is met, up to {@value #NAMED} of a file, and counted. */
public final class UnreadLines {
    private static final int NAMED = 20;

    private final Consumer<String> notes;
    private final Map<Path, Long> damaged = new TreeMap<>();
    private final Set<Path> denied = new HashSet<>();

    /** @param notes receives a line for each, without the command's name */
    public UnreadLines(Consumer<String> notes) {
        this.notes = notes;
    }

    public void damaged(LogEntry entry) {
        if (damaged.merge(entry.file(), 1L, Long::sum) > NAMED) return;
        notes.accept(entry.file() + ": byte " + entry.offset() + ": " + ((Damage) entry.record()).reason());
    }

    /** Reports what has a day file's name and is none. */
    public void stranger(Path path) {
        damaged.merge(path, 1L, Long::sum);
        notes.accept(Attempt.of("look at", path, () -> path + " is " + Account.kindOf(path) + ": it is not read"));
    }

    /** Reports a file that may not be read, once; from any thread. */
    public synchronized void denied(StoreException e) {
        if (denied.add(e.path())) notes.accept(e.getMessage());
    }

    /** Reports the number of pieces for each file where not all were named. */
    public void sum() {
        damaged.forEach((file, count) -> {
            if (count > NAMED) notes.accept(file + ": " + count + " damaged pieces in all");
        });
    }

    public Check.Status status() {
        return status(!damaged.isEmpty());
    }

    /** A file that may not be read is worse than known damage, because nothing is known of it. */
    Check.Status status(boolean isDamaged) {
        return !denied.isEmpty() ? Check.Status.UNKNOWN : isDamaged ? Check.Status.WARNING : Check.Status.OK;
    }
}
