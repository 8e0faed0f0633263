import java.util.ArrayList;
import java.util.List;

/**
 * What a figure of ours is to be, beside a peer's in the same round or by itself.
 *
 * @param peer null for none: the figure itself
 */
record Target(Figure figure, Form form, String peer, double limit) {

    enum Form { RATIO_AT_MOST, RATIO_AT_LEAST, DIFFERENCE_AT_MOST, AT_MOST }

    static Target ratio(Figure figure, String peer, double atMost) {
        return new Target(figure, Form.RATIO_AT_MOST, peer, atMost);
    }

    static Target times(Figure figure, String peer, double atLeast) {
        return new Target(figure, Form.RATIO_AT_LEAST, peer, atLeast);
    }

    static Target added(Figure figure, String peer, double atMost) {
        return new Target(figure, Form.DIFFERENCE_AT_MOST, peer, atMost);
    }

    static Target atMost(Figure figure, double limit) {
        return new Target(figure, Form.AT_MOST, null, limit);
    }

    /** As good as a peer's, or not worse by more than 3 %. */
    static Target noWorse(Figure figure, String peer) {
        return figure == Figure.RATE ? times(figure, peer, 0.97) : ratio(figure, peer, 1.03);
    }

    /** Round by round. @param peers of the peer; ignored where there is none. @return null when there are no figures */
    Spread measured(List<Double> ours, List<Double> peers) {
        List<Double> values = new ArrayList<>();
        for (int i = 0; i < ours.size() && (peer == null || i < peers.size()); i++)
            values.add(form == Form.AT_MOST ? ours.get(i) : form == Form.DIFFERENCE_AT_MOST ? ours.get(i) - peers.get(i)
                    : ours.get(i) / peers.get(i));
        return values.isEmpty() ? null : Spread.of(values);
    }

    boolean isMet(Spread measured) {
        return form == Form.RATIO_AT_LEAST ? measured.median() >= limit : measured.median() <= limit;
    }

    /** {@code wall s / sqlite3's at most 0.40} */
    @Override
    public String toString() {
        String of = peer == null ? "" : form == Form.DIFFERENCE_AT_MOST ? " more than " + peer : " / " + peer;
        return figure.heading() + of + (form == Form.RATIO_AT_LEAST ? " at least " : " at most ") + Spread.text(limit);
    }
}
