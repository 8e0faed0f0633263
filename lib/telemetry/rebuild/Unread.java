package telemetry.rebuild;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import telemetry.Check;
import telemetry.Damage;
import telemetry.LogEntry;
import telemetry.StoreException;
import telemetry.text.JsonText;

/**
 * What could not be read in the day files, or not reliably. It is filled during reading.
 *
 * @param damagedIn the files with damage, and the number of entries in each
 * @param doubtful  of these files, those whose checksum failed, and how much was taken from them nevertheless
 * @param denied    files that may not be read; what only they have is missing
 */
public record Unread(Map<Path, Long> damagedIn, Map<Path, String> doubtful, Set<Path> denied) implements JsonText.Inline {
    Unread() {
        this(new TreeMap<>(), new TreeMap<>(), new LinkedHashSet<>());
    }

    void add(LogEntry damaged) {
        damagedIn.merge(damaged.file(), 1L, Long::sum);
        if (damaged.isDoubt()) doubtful.put(damaged.file(), ((Damage) damaged.record()).reason());
    }

    void add(StoreException refused) {
        denied.add(refused.path());
    }

    /** How many entries. */
    long damaged() {
        return damagedIn.values().stream().mapToLong(Long::longValue).sum();
    }

    /** A line for the operator about each file with damage. */
    public List<String> remarks() {
        List<String> remarks = new ArrayList<>();
        damagedIn.forEach((file, entries) -> remarks.add(file + ": " + Rebuilt.damaged(entries)
                + (doubtful.containsKey(file) ? ": " + doubtful.get(file) : "")));
        return remarks;
    }

    /** Unknown while a file may not be read. @param isWell whether all else is as it should be */
    Check.Status status(boolean isWell) {
        return !denied.isEmpty() ? Check.Status.UNKNOWN : isWell ? Check.Status.OK : Check.Status.WARNING;
    }
}
