package telemetry.rebuild;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
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

    /** How many runs are examined at once, and about how many bytes of their ends are kept for it. */
    private static final int MOST = 20_000;
    private static final long MOST_BYTES = 16 << 20;

    private final RowForm form;
    private final RunWriter writer;
    private final EndsSeen seen = new EndsSeen();
    private final Set<String> repeated = new HashSet<>();

    /** With the only end that was read. */
    private final Map<String, LogEntry> only = new LinkedHashMap<>();

    /** Those with several ends, or too many to keep the ends of. */
    private final Set<String> several = new HashSet<>();
    private long bytes;

    Disputes(RowForm form, RunWriter writer) {
        this.form = form;
        this.writer = writer;
    }

    /** An end of this run was read. */
    void ended(String key) {
        if (seen.add(key)) return;
        repeated.add(key);
        LogEntry first = only.remove(key);
        if (first == null) return;
        bytes -= first.length();
        several.add(key);
    }

    /** Its ends differ from each other. */
    void addSeveral(String key) {
        several.add(key);
    }

    /** The row differs from this end. */
    void add(String key, LogEntry end) {
        if (repeated.contains(key) || only.size() == MOST || bytes > MOST_BYTES) several.add(key);
        else if (!several.contains(key) && only.put(key, end) == null) bytes += end.length();
    }

    /** All ends that were read so far have been compared with their rows. */
    void compared() {
        repeated.clear();
    }

    /** @param files as far as they were read @param each receives the disputes, as many at once as memory takes */
    void settle(Map<Path, Long> files, Consumer<Collection<Dispute>> each) {
        each.accept(ofOneEnd());
        while (!several.isEmpty()) {
            Map<String, Dispute> some = read(several, files);
            each.accept(some.values());
            if (some.isEmpty()) several.clear();
            else several.removeAll(some.keySet());
        }
    }

    private List<Dispute> ofOneEnd() {
        List<Dispute> disputes = new ArrayList<>();
        for (LogEntry end : only.values()) {
            var dispute = new Dispute(form);
            dispute.add(end, (Run) end.record(), false);
            disputes.add(dispute);
        }
        only.clear();
        return disputes;
    }

    /** Those of the first of these runs that come. */
    private Map<String, Dispute> read(Set<String> keys, Map<Path, Long> files) {
        Map<String, Dispute> disputes = new LinkedHashMap<>();
        long[] kept = new long[1];
        var again = new LogFiles(entry -> {
            if (!(entry.record() instanceof Run run) || !run.isEnd() || !keys.contains(writer.key(run))) return;
            String key = writer.key(run);
            if (!disputes.containsKey(key) && (disputes.size() == MOST || kept[0] > MOST_BYTES)) return;
            kept[0] += entry.length();
            disputes.computeIfAbsent(key, none -> new Dispute(form)).add(entry, run, writer.standing(run) == RunWriter.Standing.SAME);
        });
        files.forEach((file, until) -> {
            try {
                again.read(file, until);
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.MISSING) throw e;
            }
        });
        return disputes;
    }
}
