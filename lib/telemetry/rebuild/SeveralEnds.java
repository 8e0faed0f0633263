package telemetry.rebuild;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import telemetry.runs.RowForm;

/**
 * Merges several different ends of one run: each column comes from the best end that names it, by {@link RowForm#compare}. So nothing that
 * only a beaten end names is lost, and the order of reading makes no difference. Memory holds no more ends than there are columns.
 */
final class SeveralEnds {
    private record End(Object[] values, BitSet lacking) { }

    private final RowForm form;
    private final List<End> bestFirst = new ArrayList<>();

    SeveralEnds(RowForm form) {
        this.form = form;
    }

    /** @param values as {@link RowForm#row} has them */
    void add(Object[] values, BitSet lacking) {
        int place = 0;
        while (place < bestFirst.size() && form.compare(bestFirst.get(place).values, values) >= 0) place++;
        bestFirst.add(place, new End(values, lacking));
        var said = new BitSet();
        bestFirst.removeIf(end -> {
            int before = said.cardinality();
            said.or(form.said(end.values, end.lacking));
            return said.cardinality() == before;
        });
    }

    /** A row of all columns; a column that no end names is as in the best. */
    Object[] values() {
        Object[] values = bestFirst.get(0).values.clone();
        var said = new BitSet();
        for (End end : bestFirst) {
            BitSet more = form.said(end.values, end.lacking);
            more.andNot(said);
            more.stream().forEach(place -> values[place] = end.values[place]);
            said.or(more);
        }
        return values;
    }

    /** The columns that none of them names. */
    BitSet lacking() {
        BitSet lacking = (BitSet) bestFirst.get(0).lacking.clone();
        bestFirst.forEach(end -> lacking.and(end.lacking));
        return lacking;
    }
}
