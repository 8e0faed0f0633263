package telemetry.rebuild;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import telemetry.LogEntry;
import telemetry.Run;
import telemetry.StoreException;
import telemetry.daylog.LogFiles;
import telemetry.runs.RowForm;
import telemetry.runs.RunWriter;

/**
 * Runs whose row differs from an end in the day files. Where no other end of the run was read, that one decides. Else the row may be
 * another end, and the files are read again for all ends of these runs.
 */
final class Disputes {

    /** How many runs are examined at once. */
    private static final int MOST = 20_000;

    private final RowForm form;
    private final RunWriter writer;
    private final EndsSeen seen = new EndsSeen();
    private final Set<String> repeated = new HashSet<>();

    /** With the only end that was read. */
    private final Map<String, LogEntry> only = new LinkedHashMap<>();

    /** Those with several ends, or too many to keep the ends of. */
    private final Set<String> several = new HashSet<>();

    Disputes(RowForm form, RunWriter writer) {
        this.form = form;
        this.writer = writer;
    }

    /** An end of this run was read. */
    void ended(String key) {
        if (seen.add(key)) return;
        repeated.add(key);
        if (only.remove(key) != null) several.add(key);
    }

    /** Its ends differ from each other. */
    void addSeveral(String key) {
        several.add(key);
    }

    /** The row differs from this end. */
    void add(String key, LogEntry end) {
        if (repeated.contains(key) || only.size() == MOST) several.add(key);
        else if (!several.contains(key)) only.put(key, end);
    }

    /** All ends that were read so far have been compared with their rows. */
    void compared() {
        repeated.clear();
    }

    /** @param files as far as they were read @param each receives the disputes, some thousands at once */
    void settle(Map<Path, Long> files, Consumer<Collection<Dispute>> each) {
        List<Dispute> disputes = new ArrayList<>();
        for (LogEntry end : only.values()) {
            var dispute = new Dispute(form);
            dispute.add(end, (Run) end.record(), false);
            disputes.add(dispute);
        }
        each.accept(disputes);
        List<String> keys = List.copyOf(several);
        for (int from = 0; from < keys.size(); from += MOST)
            each.accept(read(new HashSet<>(keys.subList(from, Math.min(from + MOST, keys.size()))), files));
    }

    private Collection<Dispute> read(Set<String> keys, Map<Path, Long> files) {
        Map<String, Dispute> disputes = new HashMap<>();
        var again = new LogFiles(entry -> {
            if (!(entry.record() instanceof Run run) || !run.isEnd() || !keys.contains(writer.key(run))) return;
            disputes.computeIfAbsent(writer.key(run), none -> new Dispute(form)).add(entry, run,
                    writer.standing(run) == RunWriter.Standing.SAME);
        });
        files.forEach((file, until) -> {
            try {
                again.read(file, until);
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.MISSING) throw e;
            }
        });
        return disputes.values();
    }
}
