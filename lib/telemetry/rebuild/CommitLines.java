package telemetry.rebuild;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import telemetry.Commit;
import telemetry.Database;
import telemetry.Event;
import telemetry.runs.CommitTable;
import telemetry.store.Pruned;

/** The commits of which day files tell, for a database that may lack them. */
final class CommitLines {

    private record Told(Commit commit, Instant when) { }

    private final Pruned pruned;

    /** By run. */
    private final Map<String, List<Told>> commits = new LinkedHashMap<>();

    /** @param pruned runs whose commits are left out; null for none */
    CommitLines(Pruned pruned) {
        this.pruned = pruned;
    }

    /** Takes the event if it tells of a commit. */
    void add(Event event) {
        Commit commit = Commit.of(event);
        if (commit == null || pruned != null && pruned.contains(commit.runId())) return;
        List<Told> ofRun = commits.computeIfAbsent(commit.runId(), none -> new ArrayList<>(1));
        var told = new Told(commit, event.timestamp());
        if (!ofRun.contains(told)) ofRun.add(told);
    }

    boolean isEmpty() {
        return commits.isEmpty();
    }

    void addAll(CommitLines others) {
        others.commits.forEach((run, told) -> commits.computeIfAbsent(run, none -> new ArrayList<>(1)).addAll(told));
    }

    /**
     * Adds those that are missing. A run's last commit becomes its own, unless the run has one of which no line tells.
     *
     * @param schema the name that the database is attached under
     * @return how many runs were changed
     */
    long addTo(Database database, String schema) {
        if (isEmpty()) return 0;
        CommitTable table = new CommitTable(database, schema).of(commits.keySet());
        return commits.values().stream().filter(ofRun -> isAdded(table, ofRun)).count();
    }

    private static boolean isAdded(CommitTable table, List<Told> ofRun) {
        ofRun.sort(Comparator.comparing(Told::when, Comparator.nullsFirst(Comparator.naturalOrder())));
        List<String> known = ofRun.stream().map(told -> told.commit.hash()).toList();
        boolean isChanged = table.setLast(ofRun.get(ofRun.size() - 1).commit, known);
        for (Told told : ofRun) isChanged |= table.add(told.commit, told.when);
        return isChanged;
    }
}
