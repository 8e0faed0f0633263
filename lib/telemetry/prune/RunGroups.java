package telemetry.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import telemetry.Row;
import telemetry.runs.Schema;

/**
 * Groups of rows that go or stay together: those of one run_id, a run and its caller, and the runs of a chain. Memory holds 12 bytes for
 * each row that may go, and a word for each chain and caller.
 */
final class RunGroups {

    /** What rows of a group have in common. */
    record Links(boolean byRunId, boolean byCaller, boolean byChain) {

        /** @param chains whether the runs of a chain belong together */
        static Links in(Schema schema, boolean chains) {
            boolean byCaller = schema.has("parent_run_id");
            return new Links(byCaller || schema.shape() == Schema.Shape.SERVICE, byCaller, chains && schema.has("insight_id"));
        }

        /** The columns that are read, as SQL behind others. */
        String columns() {
            return ", run_id" + (byCaller ? ", parent_run_id" : "") + (byChain ? ", insight_id" : "");
        }

        List<String> of(Row row) {
            List<String> links = new ArrayList<>(3);
            if (byRunId && isId(row.text("run_id"))) links.add("run " + row.text("run_id"));
            if (byCaller && isId(row.text("parent_run_id"))) links.add("run " + row.text("parent_run_id"));
            if (byChain && isId(row.text("insight_id"))) links.add("chain " + row.text("insight_id"));
            return links;
        }
    }

    /**
     * @param groups the rowids of each, in the order in which each group began
     * @param kept   how many rows that may go stay because of others in their group
     */
    record Going(List<long[]> groups, long kept) { }

    /** False for null and the empty text, which no two rows have in common. */
    static boolean isId(String id) {
        return id != null && !id.isBlank();
    }

    private final Links links;
    private long[] rowids = new long[1024];
    private int[] parents = new int[1024];
    private int size;
    private final BitSet staying = new BitSet();
    private final Map<String, Integer> rowOf = new HashMap<>();

    RunGroups(Links links) {
        this.links = links;
    }

    /** @param goes whether it may go by itself */
    void add(Row row, boolean goes) {
        List<String> shared = links.of(row);
        if (!goes && shared.isEmpty()) return;
        if (size == rowids.length) {
            rowids = Arrays.copyOf(rowids, size * 2);
            parents = Arrays.copyOf(parents, size * 2);
        }
        int at = size++;
        rowids[at] = row.number("place");
        parents[at] = at;
        if (!goes) staying.set(at);
        for (String link : shared) {
            Integer other = rowOf.putIfAbsent(link, at);
            if (other != null) join(other, at);
        }
    }

    private void join(int a, int b) {
        int first = root(Math.min(a, b));
        int second = root(Math.max(a, b));
        parents[Math.max(first, second)] = Math.min(first, second);
    }

    private int root(int at) {
        while (parents[at] != at) at = parents[at] = parents[parents[at]];
        return at;
    }

    /** The groups that go; a group that does not fit into {@code most} rows is left out. */
    Going going(long most) {
        BitSet stay = new BitSet();
        int[] members = new int[size];
        for (int at = 0; at < size; at++) {
            members[root(at)]++;
            if (staying.get(at)) stay.set(root(at));
        }
        List<long[]> groups = new ArrayList<>();
        Map<Integer, long[]> filling = new HashMap<>();
        long room = most;
        long kept = 0;
        for (int at = 0; at < size; at++) {
            int root = root(at);
            if (stay.get(root)) {
                if (!staying.get(at)) kept++;
            } else if (root == at && members[root] <= room) {
                room -= members[root];
                long[] group = new long[members[root]];
                groups.add(group);
                if (group.length > 1) filling.put(root, group);
                else group[0] = rowids[at];
            }
            long[] group = filling.get(root);
            if (group != null) group[group.length - members[root]--] = rowids[at];
        }
        return new Going(groups, kept);
    }
}
