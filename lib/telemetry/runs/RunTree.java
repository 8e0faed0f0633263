package telemetry.runs;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import telemetry.Row;
import telemetry.Rows;

/**
 * A chain's runs, each behind its caller. A run whose caller is not in the chain begins a tree of its own, and so does the first of several
 * runs that call each other in a circle. No run is left out, and none comes twice.
 */
public final class RunTree {
    private final List<Row> runs;
    private final List<String> columns;
    private final Map<String, List<Integer>> called = new HashMap<>();
    private final BitSet placed = new BitSet();
    private final List<Row> ordered = new ArrayList<>();

    private RunTree(List<Row> runs, List<String> columns) {
        this.runs = runs;
        this.columns = columns;
    }

    /** @param chain rows with run_id and parent_run_id, in the order of their start; the result has one more column, depth */
    public static Rows of(Rows chain) {
        List<String> columns = new ArrayList<>(chain.columns());
        columns.add("depth");
        return Rows.of(columns, new RunTree(chain.list(), columns).ordered());
    }

    private List<Row> ordered() {
        Map<String, Integer> first = new HashMap<>();
        for (int i = 0; i < runs.size(); i++) first.putIfAbsent(runs.get(i).text("run_id"), i);
        for (int i = 0; i < runs.size(); i++) {
            String caller = runs.get(i).text("parent_run_id");
            if (caller == null || !first.containsKey(caller)) caller = "";
            called.computeIfAbsent(caller, none -> new ArrayList<>()).add(i);
        }
        for (int root : called.getOrDefault("", List.of())) place(root);
        for (int i = placed.nextClearBit(0); i < runs.size(); i = placed.nextClearBit(i)) place(i);
        return ordered;
    }

    /** Places the run, and behind it all that it led to. Without recursion, because a chain may be as deep as it is long. */
    private void place(int root) {
        Deque<int[]> next = new ArrayDeque<>();
        next.push(new int[] {root, 0});
        while (!next.isEmpty()) {
            int run = next.peek()[0];
            int depth = next.pop()[1];
            if (placed.get(run)) continue;
            placed.set(run);
            ordered.add(withDepth(runs.get(run), depth));
            List<Integer> children = called.getOrDefault(runs.get(run).text("run_id"), List.of());
            for (int i = children.size() - 1; i >= 0; i--) next.push(new int[] {children.get(i), depth + 1});
        }
    }

    private Row withDepth(Row run, int depth) {
        List<Object> values = new ArrayList<>(run.values());
        values.add((long) depth);
        return new Row(columns, values);
    }
}
